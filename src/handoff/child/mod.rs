//! A child process that gets the credential: started in a process group of its own, told of every signal, its output
//! redacted, and the private directory gone when it ends.
//!
//! Nothing that the child prints reaches a log before the redactor has seen it.

mod streams;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::{
    ffi::OsString,
    io,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

pub use self::system::Signals;
use self::{
    streams::{Stream, Watched},
    system::{Output, Process, Target},
};
use super::{HandoffError, PrivateDir, Secrets};
use crate::{text::io_reason, token::TOKENS};

/// What is run.
#[derive(Debug)]
pub struct Task {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Runs `task` to its end and says with which code this process ends: the child's own, or 128 and the number of the
/// signal that killed it. `secrets` is asked when the child prints something; without it the output goes through as it
/// is. The directory is removed when the child ends, and soon after SIGTERM even if it does not.
pub fn run_child(
    task: &Task,
    secrets: Option<&(dyn Fn() -> Secrets + Sync)>,
    directory: PrivateDir,
    signals: &Signals,
) -> Result<u8, HandoffError> {
    // Everything that can fail comes before the child.
    let watched = secrets.map(|secrets| Watched::new(secrets, directory.path().join(TOKENS)));
    let watched = watched.transpose().map_err(|error| unprepared(&error))?;
    let targets = [Target::stdout(), Target::stderr()];
    let (child_ended, end) = io::pipe().map_err(|error| unprepared(&error))?;
    let mut process = Process::spawn(task, watched.is_some(), signals).map_err(|error| cannot_start(task, &error))?;
    let directory = Arc::new(Mutex::new(Some(directory)));
    let remove = move || drop(directory.lock().unwrap_or_else(PoisonError::into_inner).take());
    process.pass_on(signals, remove.clone());

    let streams = process.take_streams();
    let (Some(watched), Some([out, err]), [Ok(to_out), Ok(to_err)]) = (&watched, streams, targets) else {
        // Where the streams are ours and there is nowhere to write to, the child learns of it when it writes.
        let code = process.wait();
        remove();
        return code.map_err(|error| lost(&error));
    };
    thread::scope(|scope| {
        let copies = [(out, to_out), (err, to_err)].map(|(stream, target)| {
            let output = Output::new(stream, &child_ended);
            scope.spawn(|| Stream::new(watched).copy(output, target))
        });
        let code = process.wait();
        watched.keep_hold();
        remove();
        drop(end);
        for copy in copies {
            // A panic has ended the process already.
            if let Ok(Err(error)) = copy.join() {
                return Err(HandoffError::ChildOutput(io_reason(&error)));
            }
        }
        code.map_err(|error| lost(&error))
    })
}

fn unprepared(error: &io::Error) -> HandoffError {
    HandoffError::ChildPrepare(error.to_string())
}

fn lost(error: &io::Error) -> HandoffError {
    HandoffError::ChildLost(error.to_string())
}

fn cannot_start(task: &Task, error: &io::Error) -> HandoffError {
    HandoffError::ChildStart {
        command: task
            .words
            .first()
            .map(|word| word.to_string_lossy().into_owned())
            .unwrap_or_default(),
        is_missing: error.kind() == io::ErrorKind::NotFound,
        reason: io_reason(error),
    }
}
