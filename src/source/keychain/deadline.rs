//! One deadline for each operation: a prompt that nobody sees, or a service that never answers, must not hold up a job.
//! The systems' own interfaces block, so each operation has a thread, which is left behind if it does not end in time.
//! It must never be left behind silently: nothing is asked of a keychain any more that has failed to answer once.

use std::{
    io::{self, IsTerminal},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{KeychainError, platform};

/// Long enough for a machine under load, short enough for a job that nobody watches.
const UNATTENDED: Duration = Duration::from_secs(10);

/// Long enough for a person to type a password.
const ATTENDED: Duration = Duration::from_secs(60);

/// How long an operation may last, and whether one has lasted longer.
#[derive(Debug)]
pub(super) struct Deadline {
    limit: Duration,
    has_passed: AtomicBool,
}

impl Deadline {
    /// More time where a person is there to answer a prompt.
    pub(super) fn for_this_process() -> Self {
        let is_attended = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self::of(if is_attended { ATTENDED } else { UNATTENDED })
    }

    fn of(limit: Duration) -> Self {
        Self {
            limit,
            has_passed: AtomicBool::new(false),
        }
    }

    /// Does `work`, which concerns the profile `name` or all of them. The libraries have shorter limits of their own
    /// for one message, which a machine under load misses: `work` is done again then, while there is time.
    pub(super) fn keep<T: Send + 'static>(
        &self,
        name: &str,
        mut work: impl FnMut() -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let late = KeychainError::TimedOut {
            seconds: self.limit.as_secs(),
        };
        if self.has_passed.load(Ordering::Relaxed) {
            return Err(late);
        }
        let began = Instant::now();
        let limit = self.limit;
        let (sender, result) = mpsc::sync_channel(1);
        let worker = thread::Builder::new().name("keychain".to_owned()).spawn(move || {
            let outcome = loop {
                match work() {
                    Err(error) if platform::is_silence(&error) && began.elapsed() < limit => {}
                    outcome => break outcome,
                }
            };
            // Nobody listens any more if it came too late.
            let _ = sender.send(outcome);
        });
        let worker = worker.map_err(KeychainError::failed)?;
        match result.recv_timeout(limit) {
            Ok(Err(error)) if platform::is_silence(&error) => Err(late),
            Ok(outcome) => {
                // A thread that is about to end would still be there when signals are blocked for all that follow.
                let _ = worker.join();
                outcome.map_err(|error| platform::explain(&error, name))
            }
            Err(RecvTimeoutError::Timeout) => {
                self.has_passed.store(true, Ordering::Relaxed);
                Err(late)
            }
            Err(RecvTimeoutError::Disconnected) => Err(KeychainError::failed("its client library failed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_is_given_up_and_not_asked_again() {
        let deadline = Deadline::of(Duration::ZERO);
        let (never, answer) = mpsc::channel::<()>();
        let silent = deadline.keep("", move || Ok(answer.recv()));
        assert!(matches!(silent, Err(KeychainError::TimedOut { .. })), "{silent:?}");

        let next = deadline.keep("", || -> keyring_core::Result<()> { panic!("it was asked") });
        assert!(matches!(next, Err(KeychainError::TimedOut { .. })), "{next:?}");
        drop(never);
    }

    #[test]
    fn an_answer_in_time_is_passed_on() {
        let deadline = Deadline::of(UNATTENDED);
        assert!(matches!(deadline.keep("", || Ok(7)), Ok(7)));
        let failed = deadline.keep("main", || -> keyring_core::Result<()> {
            Err(keyring_core::Error::Ambiguous(Vec::new()))
        });
        assert!(matches!(failed, Err(KeychainError::Ambiguous { .. })), "{failed:?}");
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn a_message_that_was_not_answered_is_sent_again_while_there_is_time() {
        let silence = || {
            let error = dbus::Error::new_custom("org.freedesktop.DBus.Error.NoReply", "");
            keyring_core::Error::PlatformFailure(Box::new(dbus_secret_service::Error::Dbus(error)))
        };
        let mut tries = 0;
        let answer = Deadline::of(UNATTENDED).keep("", move || {
            tries += 1;
            if tries < 3 { Err(silence()) } else { Ok(tries) }
        });
        assert!(matches!(answer, Ok(3)), "{answer:?}");

        let late = Deadline::of(Duration::ZERO).keep("", move || -> keyring_core::Result<()> { Err(silence()) });
        assert!(matches!(late, Err(KeychainError::TimedOut { .. })), "{late:?}");
    }
}
