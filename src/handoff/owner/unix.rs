//! Processes where there is no `/proc`: by their numbers alone, and no one's parents but our own.

use std::path::Path;

use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

use super::{Process, World, host};

pub(super) fn world() -> Option<World> {
    Some(World {
        host: host()?,
        machine: None,
        boot: None,
        pid_namespace: None,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the other systems' may not know")]
pub(super) fn this_process() -> Option<Process> {
    Some(Process {
        pid: std::process::id(),
        started: None,
    })
}

/// The parent's parent is not told without asking a program for it.
pub(super) fn callers() -> Option<(Vec<Process>, bool)> {
    None
}

pub(super) fn may_be_alive(process: &Process) -> bool {
    let Ok(pid) = i32::try_from(process.pid) else {
        return true;
    };
    kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
}

pub(super) fn somebody_told(_: &Path) -> Option<u32> {
    None
}
