//! Processes, signals and the terminal, the Unix way.

use std::{
    fs::File,
    io::{self, IsTerminal, PipeReader, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, Command},
    thread,
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal, kill, killpg},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, getpgrp, getpid, tcgetpgrp, tcsetpgrp},
};

use super::streams::{Event, Source};

/// The signals that are the child's to answer. SIGTSTP is what Ctrl-Z sends.
const PASSED_ON: [Signal; 7] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGTSTP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// How long a child may take after SIGTERM before its credential is taken away. GitHub's runner kills 2.5 s after it.
const GRACE: Duration = Duration::from_secs(2);

/// How long a stream may be silent after the child's end before it is given up: a daemon that the child left behind
/// holds its end of it for ever.
const LINGER: Duration = Duration::from_secs(1);

/// Signals that are held back until there is a child to pass them on to. Held before anything is left on disk.
#[derive(Debug)]
pub struct Signals(SigSet);

impl Signals {
    pub fn hold() -> io::Result<Self> {
        let passed_on: SigSet = PASSED_ON.into_iter().collect();
        passed_on.thread_block()?;
        // Taking the terminal back from the background would stop this process otherwise.
        let of_the_terminal: SigSet = [Signal::SIGTTOU, Signal::SIGTTIN].into_iter().collect();
        of_the_terminal.thread_block()?;
        Ok(Self(passed_on))
    }
}

/// The child, which leads a process group of its own.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Pid,
}

impl Process {
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        Ok(Self { child, group })
    }

    /// Passes every held signal on to the child's group from now on. After SIGTERM, `remove` is called when the child
    /// has had its time.
    pub(super) fn pass_on(&self, signals: &Signals, remove: impl Fn() + Send + Clone + 'static) {
        let group = self.group;
        let passed_on = signals.0;
        thread::spawn(move || {
            while let Ok(signal) = passed_on.wait() {
                let _ = killpg(group, signal);
                if signal == Signal::SIGTERM {
                    let remove = remove.clone();
                    thread::spawn(move || {
                        thread::sleep(GRACE);
                        remove();
                    });
                }
            }
        });
    }

    /// Waits for the child's end: its exit code, or 128 and the number of its signal.
    pub(super) fn wait(&mut self) -> io::Result<u8> {
        if io::stdin().is_terminal() {
            return self.wait_at_terminal();
        }
        let status = self.child.wait()?;
        Ok(code(
            status.code().or_else(|| status.signal().map(|signal| 128 + signal)),
        ))
    }

    /// The same for a child that may want the terminal, or be stopped from it.
    fn wait_at_terminal(&self) -> io::Result<u8> {
        loop {
            match waitpid(self.group, Some(WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::Exited(_, exit_code)) => {
                    take_terminal_back(self.group);
                    return Ok(code(Some(exit_code)));
                }
                Ok(WaitStatus::Signaled(_, signal, _)) => {
                    take_terminal_back(self.group);
                    return Ok(code(Some(128 + signal as i32)));
                }
                Ok(WaitStatus::Stopped(_, signal)) => self.stopped(signal),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A child that wants the terminal gets it, if it is ours. A child that was stopped otherwise stops us as well, so
    /// that the shell sees it, and goes on when we do.
    fn stopped(&self, signal: Signal) {
        let wants_terminal = matches!(signal, Signal::SIGTTIN | Signal::SIGTTOU);
        if wants_terminal && tcgetpgrp(io::stdin()) == Ok(getpgrp()) {
            let _ = tcsetpgrp(io::stdin(), self.group);
        } else {
            take_terminal_back(self.group);
            let _ = kill(getpid(), Signal::SIGSTOP);
        }
        let _ = killpg(self.group, Signal::SIGCONT);
    }

    /// Both streams of the child, if they are ours to read.
    pub(super) fn take_streams(&mut self) -> Option<[OwnedFd; 2]> {
        let (out, err) = (self.child.stdout.take()?, self.child.stderr.take()?);
        Some([out.into(), err.into()])
    }
}

fn take_terminal_back(from: Pid) {
    if tcgetpgrp(io::stdin()) == Ok(from) {
        let _ = tcsetpgrp(io::stdin(), getpgrp());
    }
}

fn code(number: Option<i32>) -> u8 {
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}

/// The child's end of a stream.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pipe: File,
    ended: BorrowedFd<'a>,
    has_ended: bool,
}

impl<'a> Output<'a> {
    /// `ended` wakes whoever waits when its writer is dropped.
    pub(super) fn new(stream: OwnedFd, ended: &'a PipeReader) -> Self {
        Self {
            pipe: File::from(stream),
            ended: ended.as_fd(),
            has_ended: false,
        }
    }
}

impl Read for Output<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(buffer)
    }
}

impl Source for Output<'_> {
    fn wait(&mut self, limit: Option<Duration>) -> io::Result<Event> {
        let limit = if self.has_ended { Some(LINGER) } else { limit };
        let timeout = match limit {
            None => PollTimeout::NONE,
            Some(limit) => PollTimeout::try_from(limit).map_err(io::Error::other)?,
        };
        let readable = PollFlags::POLLIN;
        let mut both = [
            PollFd::new(self.pipe.as_fd(), readable),
            PollFd::new(self.ended, readable),
        ];
        let waited_for = if self.has_ended { &mut both[..1] } else { &mut both[..] };
        match poll(waited_for, timeout) {
            Err(Errno::EINTR) => Ok(Event::Quiet),
            Err(error) => Err(error.into()),
            Ok(0) if self.has_ended => Ok(Event::Abandoned),
            Ok(0) => Ok(Event::Quiet),
            Ok(_) if both[0].any() == Some(true) => Ok(Event::Ready),
            Ok(_) => {
                self.has_ended = true;
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
                    poll(
                        &mut [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)],
                        PollTimeout::NONE,
                    )?;
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
