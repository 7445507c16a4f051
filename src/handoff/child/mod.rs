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
    fmt,
    io::{self, PipeWriter, Write},
    mem,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use zeroize::{Zeroize, Zeroizing};

pub use self::system::Signals;
use self::{
    streams::{Source, Stream, Watched},
    system::{Output, Process, Target},
};
use super::{HandoffError, PrivateDir, Secrets};
use crate::{shortage::is_shortage, text::io_reason, token::TOKENS};

/// What is run. Its environment may hold a key: it is never printed, and wiped at the end.
pub struct Task {
    pub program: Program,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// All that it finds on its standard input. None: ours.
    pub stdin: Option<Zeroizing<Vec<u8>>>,
    /// Whether our standard output is taken, so that both its streams go to standard error.
    pub stdout_is_taken: bool,
}

/// The program of a task.
#[derive(Debug)]
pub enum Program {
    /// A program and its arguments.
    Words(Vec<OsString>),
    /// A text for the system's shell, which ends at the first command of it that fails where the shell can do that.
    Shell(OsString),
}

impl Program {
    /// What an error calls it.
    fn name(&self) -> String {
        match self {
            Self::Words(words) => words
                .first()
                .map_or_else(String::new, |word| word.to_string_lossy().into_owned()),
            Self::Shell(_) => system::SHELL.to_owned(),
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task([redacted])")
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        for (_, value) in mem::take(&mut self.environment) {
            value.into_encoded_bytes().zeroize();
        }
    }
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
    let tokens = directory.path().join(TOKENS);
    let watched = secrets.map(|secrets| Watched::new(secrets, tokens.clone()));
    let watched = watched.transpose().map_err(|error| unread(&tokens, &error))?;
    let to_out = if task.stdout_is_taken {
        Target::stderr()
    } else {
        Target::stdout()
    };
    let targets = [to_out, Target::stderr()];
    // A stream that was closed to us is the child's affair; one that there is no descriptor for is not.
    if let Some(error) = targets
        .iter()
        .filter_map(|target| target.as_ref().err())
        .find(|error| is_shortage(error))
    {
        return Err(unprepared(error));
    }
    let (child_ended, end) = io::pipe().map_err(|error| unprepared(&error))?;
    let mut process = Process::spawn(task, watched.is_some(), signals).map_err(|error| cannot_start(task, &error))?;
    if let (Some(stdin), Some(text)) = (process.take_stdin(), &task.stdin) {
        write_all_of(text.clone(), stdin);
    }
    let directory = Arc::new(Mutex::new(Some(directory)));
    let remove = move || drop(directory.lock().unwrap_or_else(PoisonError::into_inner).take());
    let is_over = Arc::new(AtomicBool::new(false));
    process.pass_on(signals, Arc::clone(&is_over), remove.clone());

    let copies = match (&watched, process.take_streams(), targets) {
        (Some(watched), Some(streams), [Ok(to_out), Ok(to_err)]) => {
            let [out, err] = streams.map(|stream| Output::new(stream, &child_ended));
            Some((watched, [(out, to_out), (err, to_err)]))
        }
        // Where the streams are ours and there is nowhere to write to, the child learns of it when it writes.
        _ => None,
    };
    let code = attend(&mut process, copies, remove, end);
    is_over.store(true, Ordering::SeqCst);
    code
}

/// Copies what the child prints until it has ended, and then removes what it was given. Dropping `end` tells the copies
/// of it.
fn attend(
    process: &mut Process,
    copies: Option<(&Watched<'_>, [(impl Source + Send, Target); 2])>,
    remove: impl Fn(),
    end: PipeWriter,
) -> Result<u8, HandoffError> {
    let Some((watched, copies)) = copies else {
        let code = process.wait();
        remove();
        return code.map_err(|error| lost(&error));
    };
    thread::scope(|scope| {
        let copies = copies.map(|(output, target)| scope.spawn(|| Stream::new(watched).copy(output, target)));
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

/// In the background: a child that never reads must not hold us up, and one that closes its input has its reasons.
fn write_all_of(text: Zeroizing<Vec<u8>>, mut to: impl Write + Send + 'static) {
    thread::spawn(move || {
        let _ = to.write_all(&text);
    });
}

fn unprepared(error: &io::Error) -> HandoffError {
    HandoffError::ChildPrepare(error.to_string())
}

fn unread(path: &Path, error: &io::Error) -> HandoffError {
    HandoffError::ChildPrepare(format!("{}: {}", path.display(), io_reason(error)))
}

fn lost(error: &io::Error) -> HandoffError {
    HandoffError::ChildLost(error.to_string())
}

fn cannot_start(task: &Task, error: &io::Error) -> HandoffError {
    // That is not the program's fault, and nothing that is done to the program would mend it.
    if is_shortage(error) {
        return unprepared(error);
    }
    HandoffError::ChildStart {
        command: task.program.name(),
        is_missing: error.kind() == io::ErrorKind::NotFound,
        reason: io_reason(error),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
