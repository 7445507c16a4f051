//! The terminal between this process and its child: whoever has it in front may read from it. One that is another
//! process's is never taken.

use std::fs::File;

use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};

/// The terminal that this process belongs to, if there is one, whatever its standard input is.
pub(super) struct Terminal(Option<File>);

impl Terminal {
    pub(super) fn open() -> Self {
        Self(File::open("/dev/tty").ok())
    }

    pub(super) fn give_to(&self, group: Pid) -> bool {
        self.move_from(getpgrp(), group)
    }

    pub(super) fn take_back(&self, group: Pid) {
        self.move_from(group, getpgrp());
    }

    fn move_from(&self, from: Pid, to: Pid) -> bool {
        let Some(terminal) = &self.0 else { return false };
        tcgetpgrp(terminal) == Ok(from) && tcsetpgrp(terminal, to).is_ok()
    }
}
