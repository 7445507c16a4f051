//! Processes and streams, the Windows way: a job object ends the child and all that it started when this process ends.

use std::{
    fs::File,
    io::{self, PipeReader, Read, Write},
    os::windows::{
        io::{AsHandle, AsRawHandle, OwnedHandle},
        process::CommandExt,
    },
    process::{self, Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use win32job::{ExtendedLimitInfo, Job};
use zeroize::Zeroizing;

use super::{
    Program, Task,
    streams::{Event, Source},
};

pub(super) const SHELL: &str = "cmd";

/// In bytes.
const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 4;

/// How often a silent stream is asked whether the child has ended.
const TICK: Duration = Duration::from_millis(100);

/// How long a stream may be silent after the child's end before it is given up.
const LINGER: Duration = Duration::from_secs(1);

/// How long it may go on after the child's end if it is not silent.
const LONGEST_LINGER: Duration = Duration::from_secs(10);

/// The console tells the child of Ctrl-C as well: this process only has to outlive it.
#[derive(Debug)]
pub struct Signals(());

impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same as on Unix")]
    pub fn hold() -> io::Result<Self> {
        Ok(Self(()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same as on Unix")]
    pub fn release(self) -> io::Result<()> {
        Ok(())
    }

    /// The console has told the child itself.
    pub fn asked_for_an_end(&self) -> Option<u8> {
        None
    }

    /// Ends this process at Ctrl-C, after `remove`.
    #[expect(clippy::unused_self, reason = "the same as on Unix")]
    pub fn end_with(&self, remove: impl Fn() + Send + 'static) {
        // Without the handler Ctrl-C ends it all the same, and clean-up is left to the CI.
        let _ = ctrlc::set_handler(move || {
            remove();
            process::exit(130);
        });
    }
}

/// The child and its job.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    _job: Job,
}

impl Process {
    /// `is_redacted` says whether its output is ours to read.
    pub(super) fn spawn(task: &Task, is_redacted: bool, _: &Signals) -> io::Result<Self> {
        let mut command = command_of(&task.program)?;
        command.env_clear();
        command.envs(task.environment.iter().map(|(name, value)| (name, value)));
        if task.stdin.is_some() {
            command.stdin(Stdio::piped());
        }
        if is_redacted {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        } else if task.stdout_is_taken {
            command.stdout(io::stderr());
        }
        let job = Job::create_with_limit_info(ExtendedLimitInfo::new().limit_kill_on_job_close());
        let job = job.map_err(io::Error::other)?;
        let mut child = command.spawn()?;
        match job.assign_process(child.as_raw_handle() as isize) {
            Ok(()) => Ok(Self { child, _job: job }),
            Err(error) => {
                child.kill()?;
                Err(io::Error::other(error))
            }
        }
    }

    /// There are no signals to pass on: the child has been told as well. Once it is over, Ctrl-C ends this process.
    #[expect(clippy::unused_self, reason = "the same as on Unix")]
    pub(super) fn pass_on(&self, _: &Signals, is_over: Arc<AtomicBool>, remove: impl Fn() + Send + Clone + 'static) {
        let _ = ctrlc::set_handler(move || {
            if is_over.load(Ordering::Acquire) {
                remove();
                process::exit(130);
            }
        });
    }

    /// Waits for the child's end. A code above 255 counts as 255.
    pub(super) fn wait(&mut self) -> io::Result<u8> {
        let code = self.child.wait()?.code();
        Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
    }

    /// Both streams of the child, if they are ours to read.
    pub(super) fn take_streams(&mut self) -> Option<[OwnedHandle; 2]> {
        let (out, err) = (self.child.stdout.take()?, self.child.stderr.take()?);
        Some([out.into(), err.into()])
    }

    /// Its standard input, if it is ours to write.
    pub(super) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }
}

fn command_of(program: &Program) -> io::Result<Command> {
    match program {
        Program::Words(words) => {
            let (program, arguments) = words.split_first().ok_or(io::ErrorKind::NotFound)?;
            let mut command = Command::new(program);
            command.args(arguments);
            Ok(command)
        }
        Program::Shell(text) => {
            let mut command = Command::new(SHELL);
            // With /S cmd takes what stands between the first and the last quote as it is, so nothing is escaped.
            command
                .args(["/D", "/S", "/C"])
                .raw_arg("\"")
                .raw_arg(text)
                .raw_arg("\"");
            Ok(command)
        }
    }
}

/// The child's end of a stream, which a thread reads: a pipe can't be waited for with a time-out.
#[derive(Debug)]
pub(super) struct Output {
    chunks: Receiver<io::Result<Zeroizing<Vec<u8>>>>,
    /// What was received and is still to be read.
    rest: io::Cursor<Zeroizing<Vec<u8>>>,
    is_at_end: bool,
    child_ended: Arc<AtomicBool>,
    ended_at: Option<Instant>,
}

impl Output {
    pub(super) fn new(stream: OwnedHandle, ended: &PipeReader) -> Self {
        let (sender, chunks) = sync_channel(CHUNKS);
        thread::spawn(move || {
            let mut pipe = File::from(stream);
            loop {
                let mut chunk = Zeroizing::new(vec![0; CHUNK]);
                let read = pipe.read(&mut chunk).map(|length| {
                    chunk.truncate(length);
                    chunk
                });
                let is_last = read.as_ref().map_or(true, |chunk| chunk.is_empty());
                if sender.send(read).is_err() || is_last {
                    break;
                }
            }
        });
        let child_ended = Arc::new(AtomicBool::new(false));
        if let Ok(mut ended) = ended.try_clone() {
            let child_ended = Arc::clone(&child_ended);
            thread::spawn(move || {
                let _ = ended.read(&mut [0]);
                child_ended.store(true, Ordering::Release);
            });
        }
        Self {
            chunks,
            rest: io::Cursor::new(Zeroizing::new(Vec::new())),
            is_at_end: false,
            child_ended,
            ended_at: None,
        }
    }

    fn has_rest(&self) -> bool {
        self.rest.position() < self.rest.get_ref().len() as u64
    }
}

impl Read for Output {
    /// Reads what [`Source::wait`] has found.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let position = usize::try_from(self.rest.position()).map_err(io::Error::other)?;
        let rest = self.rest.get_ref().get(position..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.rest.set_position((position + length) as u64);
        Ok(length)
    }
}

impl Source for Output {
    fn wait(&mut self, limit: Option<Duration>) -> io::Result<Event> {
        if self.has_rest() || self.is_at_end {
            return Ok(Event::Ready);
        }
        let since = Instant::now();
        loop {
            let has_ended = self.child_ended.load(Ordering::Acquire);
            if has_ended && self.ended_at.get_or_insert_with(Instant::now).elapsed() > LONGEST_LINGER {
                return Ok(Event::Abandoned);
            }
            match self.chunks.recv_timeout(limit.map_or(TICK, |limit| limit.min(TICK))) {
                Ok(chunk) => {
                    let chunk = chunk?;
                    self.is_at_end = chunk.is_empty();
                    self.rest = io::Cursor::new(chunk);
                    return Ok(Event::Ready);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.is_at_end = true;
                    return Ok(Event::Ready);
                }
                Err(RecvTimeoutError::Timeout) if has_ended && since.elapsed() >= LINGER => {
                    return Ok(Event::Abandoned);
                }
                Err(RecvTimeoutError::Timeout) if !has_ended && limit.is_some() => return Ok(Event::Quiet),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// Where a stream goes, without a buffer in between.
#[derive(Debug)]
pub(super) struct Target(File);

impl Target {
    pub(super) fn stdout() -> io::Result<Self> {
        Ok(Self(File::from(io::stdout().as_handle().try_clone_to_owned()?)))
    }

    pub(super) fn stderr() -> io::Result<Self> {
        Ok(Self(File::from(io::stderr().as_handle().try_clone_to_owned()?)))
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
