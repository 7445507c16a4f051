//! A real terminal, at which a test types and reads.

use std::{
    fs::File,
    io::Write,
    process::{Command, Stdio},
    thread::{self, JoinHandle},
};

use nix::{
    pty::openpty,
    sys::signal::{Signal, killpg},
    unistd::tcgetpgrp,
};

use super::{
    Run,
    child::{Running, Seen},
    shell::as_arguments,
};

pub const CTRL_C: &str = "\x03";
pub const CTRL_Z: &str = "\x1a";
pub const CTRL_D: &str = "\x04";

/// A terminal, and a process that it belongs to.
pub struct Terminal {
    master: File,
    pub screen: Seen,
    pub process: Running,
}

impl Terminal {
    /// Runs `script` in `sh` on a terminal of its own; in it `"$0" "$@"` is what `run` would have started. Ctrl-C must
    /// work, though whoever runs the tests in the background of a shell has made it ignored.
    pub fn script(script: &str, run: Run) -> Self {
        let pty = openpty(None, None).expect("a terminal");
        let slave = || Stdio::from(pty.slave.try_clone().expect("a descriptor"));
        let mut command = Command::new("setsid");
        command.args(["--ctty", "python3", "-c", RESET, "bash", "-c", script]);
        as_arguments(run, &mut command);
        command.stdin(slave()).stdout(slave()).stderr(slave());
        let process = Running::spawn(&mut command);
        drop(command);
        drop(pty.slave);
        let master = File::from(pty.master);
        let screen = Seen::of(master.try_clone().expect("a descriptor"));
        Self {
            master,
            screen,
            process,
        }
    }

    /// Sends a signal to every process that the terminal belongs to.
    pub fn signal(&self, signal: Signal) {
        let foreground = tcgetpgrp(&self.master).expect("somebody");
        killpg(foreground, signal).expect("they are there");
    }

    pub fn type_in(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("the terminal takes it");
    }

    /// Types more than the terminal holds: this ends when somebody has read enough of it.
    pub fn type_beside(&self, text: String) -> JoinHandle<()> {
        let mut master = self.master.try_clone().expect("a descriptor");
        thread::spawn(move || master.write_all(text.as_bytes()).expect("the terminal takes it"))
    }
}

impl Drop for Terminal {
    /// Nobody is left waiting at a terminal that is gone.
    fn drop(&mut self) {
        if self.process.is_running()
            && let Ok(foreground) = tcgetpgrp(&self.master)
            && foreground.as_raw() > 1
        {
            let _ = killpg(foreground, Signal::SIGKILL);
        }
    }
}

/// Becomes its arguments, with the signals of the keyboard as they were made.
const RESET: &str = "
import os, signal, sys
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
";
