//! Processes, signals and the terminal, the Unix way.

mod terminal;

use std::{
    ffi::{CString, OsStr},
    fs::File,
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp},
    sys::{
        signal::{SigSet, Signal, kill, killpg},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, getpid},
};
use zeroize::Zeroizing;

use self::terminal::Terminal;
use super::{
    Program, Task,
    streams::{Event, Source},
};

pub(super) const SHELL: &str = "sh";

/// The signals that are the child's to answer, which are all that could end us. SIGTSTP is what Ctrl-Z sends.
const PASSED_ON: [Signal; 12] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGTSTP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGXCPU,
    Signal::SIGIO,
];

/// Those by which somebody asks for an end.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// How long a child may take after SIGTERM before its credential is taken away. GitHub's runner kills 2.5 s after it.
const GRACE: Duration = Duration::from_secs(2);

/// How long a stream may be silent after the child's end before it is given up: a daemon that the child left behind
/// holds its end of it for ever.
const LINGER: Duration = Duration::from_secs(1);

/// How long it may go on after the child's end if it is not silent.
const LONGEST_LINGER: Duration = Duration::from_secs(10);

/// Signals that are held back until there is a child to pass them on to. Held before anything is left on disk.
#[derive(Debug)]
pub struct Signals {
    held: SigSet,
    /// What was held back before, and is by the child: nothing of ours must be.
    inherited: SigSet,
    /// The number of the first that asked for an end and was passed on. Zero: none.
    asked: Arc<AtomicU8>,
}

impl Signals {
    pub fn hold() -> io::Result<Self> {
        let inherited = SigSet::thread_get_mask()?;
        let held: SigSet = PASSED_ON.into_iter().collect();
        held.thread_block()?;
        // Taking the terminal back from the background would stop this process otherwise.
        let of_the_terminal: SigSet = [Signal::SIGTTOU, Signal::SIGTTIN].into_iter().collect();
        of_the_terminal.thread_block()?;
        Ok(Self {
            held,
            inherited,
            asked: Arc::default(),
        })
    }

    /// Lets them through again, one that came meanwhile first.
    pub fn release(self) -> io::Result<()> {
        Ok(self.inherited.thread_set_mask()?)
    }

    /// The number of the first signal that asked the child for an end, whatever the child made of it.
    pub fn asked_for_an_end(&self) -> Option<u8> {
        Some(self.asked.load(Ordering::SeqCst)).filter(|number| *number != 0)
    }

    /// Ends this process when one of them comes, as it would have ended without us, after `remove`.
    pub fn end_with(&self, remove: impl Fn() + Send + 'static) {
        let held = self.held;
        in_background(Box::new(move || {
            while let Ok(signal) = held.wait() {
                answer(signal, &remove);
            }
        }));
    }
}

/// What `signal` would have done to this process without us, after `remove`.
fn answer(signal: Signal, remove: &impl Fn()) {
    if signal == Signal::SIGTSTP {
        let _ = kill(getpid(), Signal::SIGSTOP);
    } else {
        remove();
        process::exit(128 + signal as i32);
    }
}

/// One thread's code for all of them.
fn in_background(work: Box<dyn FnOnce() + Send>) {
    thread::spawn(work);
}

/// The child, which leads a process group of its own.
#[derive(Debug)]
pub(super) struct Process {
    group: Pid,
    streams: Option<[OwnedFd; 2]>,
    stdin: Option<PipeWriter>,
}

impl Process {
    /// Starts it with the signals that this process was started with, which the standard library's `Command` can't:
    /// its child would hold back what is held here. `is_redacted` says whether its output is ours to read.
    pub(super) fn spawn(task: &Task, is_redacted: bool, signals: &Signals) -> io::Result<Self> {
        let mut attributes = PosixSpawnAttr::init()?;
        let flags = PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF;
        attributes.set_flags(flags)?;
        attributes.set_pgroup(Pid::from_raw(0))?;
        attributes.set_sigmask(&signals.inherited)?;
        // Rust programs ignore it; others must not.
        attributes.set_sigdefault(&[Signal::SIGPIPE].into_iter().collect())?;
        let mut actions = PosixSpawnFileActions::init()?;
        let pipes = if is_redacted {
            Some([io::pipe()?, io::pipe()?])
        } else {
            None
        };
        if let Some([(_, out), (_, err)]) = &pipes {
            actions.add_dup2(out.as_raw_fd(), 1)?;
            actions.add_dup2(err.as_raw_fd(), 2)?;
        } else if task.stdout_is_taken {
            actions.add_dup2(2, 1)?;
        }
        let stdin = task.stdin.as_ref().map(|_| io::pipe()).transpose()?;
        if let Some((reader, _)) = &stdin {
            actions.add_dup2(reader.as_raw_fd(), 0)?;
        }
        let words = words_of(&task.program)?;
        let variables = task.environment.iter();
        let variables = variables.map(|(name, value)| c_string(&[name, OsStr::new("="), value]));
        let variables = variables.collect::<io::Result<Vec<_>>>()?;
        let program = words.first().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let group = posix_spawnp(program, &actions, &attributes, &words, &variables)?;
        Ok(Self {
            group,
            streams: pipes.map(|pipes| pipes.map(|(reader, _)| reader.into())),
            stdin: stdin.map(|(_, writer)| writer),
        })
    }

    /// Passes every held signal on to the child's group from now on. After SIGTERM, `remove` is called when the child
    /// has had its time. Once it is over, whatever the child left behind is told nothing more.
    pub(super) fn pass_on(
        &self,
        signals: &Signals,
        is_over: Arc<AtomicBool>,
        remove: impl Fn() + Send + Clone + 'static,
    ) {
        let group = self.group;
        let held = signals.held;
        let asked = Arc::clone(&signals.asked);
        in_background(Box::new(move || {
            while let Ok(signal) = held.wait() {
                // Before the look at `is_over`: either this thread sees the end, or who waits for it sees the signal.
                if ENDING.contains(&signal) {
                    let number = code(Some(signal as i32));
                    let _ = asked.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
                }
                if is_over.load(Ordering::SeqCst) {
                    answer(signal, &remove);
                    continue;
                }
                if killpg(group, signal) == Err(Errno::ESRCH) && signal != Signal::SIGTSTP {
                    // The child has ended, and we may be stuck in a write that nobody reads.
                    remove();
                    process::exit(128 + signal as i32);
                }
                if signal == Signal::SIGTERM {
                    let remove = remove.clone();
                    in_background(Box::new(move || {
                        thread::sleep(GRACE);
                        remove();
                    }));
                }
            }
        }));
    }

    /// Waits for the child's end: its exit code, or 128 and the number of its signal. It may be stopped before, or want
    /// the terminal.
    pub(super) fn wait(&mut self) -> io::Result<u8> {
        let terminal = Terminal::open();
        loop {
            let ended = match waitpid(self.group, Some(WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::Exited(_, exit_code)) => exit_code,
                Ok(WaitStatus::Signaled(_, signal, _)) => 128 + signal as i32,
                Ok(WaitStatus::Stopped(_, signal)) => {
                    self.stopped(signal, &terminal);
                    continue;
                }
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            terminal.take_back(self.group);
            return Ok(code(Some(ended)));
        }
    }

    /// A child that wants the terminal gets it, if it is ours. A child that was stopped otherwise stops us as well, so
    /// that the shell sees it, and goes on when we do.
    fn stopped(&self, signal: Signal, terminal: &Terminal) {
        let wants_terminal = matches!(signal, Signal::SIGTTIN | Signal::SIGTTOU);
        if !(wants_terminal && terminal.give_to(self.group)) {
            terminal.take_back(self.group);
            let _ = kill(getpid(), Signal::SIGSTOP);
        }
        let _ = killpg(self.group, Signal::SIGCONT);
    }

    /// Both streams of the child, if they are ours to read.
    pub(super) fn take_streams(&mut self) -> Option<[OwnedFd; 2]> {
        self.streams.take()
    }

    /// Its standard input, if it is ours to write.
    pub(super) fn take_stdin(&mut self) -> Option<PipeWriter> {
        self.stdin.take()
    }
}

fn words_of(program: &Program) -> io::Result<Vec<Zeroizing<CString>>> {
    match program {
        Program::Words(words) => words.iter().map(|word| c_string(&[word])).collect(),
        Program::Shell(text) => [SHELL, "-e", "-c"]
            .iter()
            .map(OsStr::new)
            .chain([text.as_os_str()])
            .map(|word| c_string(&[word]))
            .collect(),
    }
}

/// The parts, joined without a copy that would outlive them.
fn c_string(parts: &[&OsStr]) -> io::Result<Zeroizing<CString>> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    // With room for the byte at the end.
    let mut bytes = Vec::with_capacity(length + 1);
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
    }
    Ok(Zeroizing::new(CString::new(bytes)?))
}

fn code(number: Option<i32>) -> u8 {
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}

/// The child's end of a stream.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pipe: File,
    ended: BorrowedFd<'a>,
    ended_at: Option<Instant>,
}

impl<'a> Output<'a> {
    /// `ended` wakes whoever waits when its writer is dropped.
    pub(super) fn new(stream: OwnedFd, ended: &'a PipeReader) -> Self {
        Self {
            pipe: File::from(stream),
            ended: ended.as_fd(),
            ended_at: None,
        }
    }
}

impl Read for Output<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.pipe.read(buffer) {
                // The child goes on writing, whatever signal came.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl Source for Output<'_> {
    fn wait(&mut self, limit: Option<Duration>) -> io::Result<Event> {
        let limit = match self.ended_at {
            Some(at) if at.elapsed() > LONGEST_LINGER => return Ok(Event::Abandoned),
            Some(_) => Some(LINGER),
            None => limit,
        };
        let timeout = match limit {
            None => PollTimeout::NONE,
            Some(limit) => PollTimeout::try_from(limit).map_err(io::Error::other)?,
        };
        let readable = PollFlags::POLLIN;
        let mut both = [
            PollFd::new(self.pipe.as_fd(), readable),
            PollFd::new(self.ended, readable),
        ];
        let waited_for = if self.ended_at.is_some() {
            &mut both[..1]
        } else {
            &mut both[..]
        };
        match poll(waited_for, timeout) {
            Err(Errno::EINTR) => Ok(Event::Quiet),
            Err(error) => Err(error.into()),
            Ok(0) if self.ended_at.is_some() => Ok(Event::Abandoned),
            Ok(0) => Ok(Event::Quiet),
            Ok(_) if both[0].any() == Some(true) => Ok(Event::Ready),
            Ok(_) => {
                self.ended_at = Some(Instant::now());
                Ok(Event::Quiet)
            }
        }
    }
}

/// Where a stream goes, without a buffer in between.
#[derive(Debug)]
pub(super) struct Target(File);

impl Target {
    pub(super) fn stdout() -> io::Result<Self> {
        Ok(Self(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
    }

    pub(super) fn stderr() -> io::Result<Self> {
        Ok(Self(File::from(io::stderr().as_fd().try_clone_to_owned()?)))
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(bytes) {
                // Whoever started us may have made it so: then it is waited for.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait_for_room(&self.0)?;
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn wait_for_room(target: &File) -> io::Result<()> {
    match poll(
        &mut [PollFd::new(target.as_fd(), PollFlags::POLLOUT)],
        PollTimeout::NONE,
    ) {
        // Whoever writes tries again, and comes back if there is none.
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
