//! Reading from a terminal that shows nothing, and leaves the editing of a line to us. Nothing but the buffer that is
//! wiped ever holds what was typed, and nothing of a paste is left for whoever reads the terminal next.

use std::{
    env,
    fs::File,
    io::{self, Read, Write},
    os::fd::AsFd,
    process, thread,
    time::{Duration, Instant},
};

use nix::sys::{
    signal::{SigSet, Signal},
    termios::{InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr},
};
use zeroize::Zeroizing;

use super::{
    TerminalError,
    typed::{Next, Typed},
};

/// In tenths of a second: a paste that comes over a network has gaps, and is over when nothing came for so long.
const SILENCE: u8 = 3;
/// A key that is held down, or a paste without end, is not waited out.
const PATIENCE: Duration = Duration::from_secs(5);

/// Has the terminal say where a paste begins and ends. (XTerm Control Sequences: Bracketed Paste Mode.)
const MARK_PASTES: &str = "\x1b[?2004h";
const MARK_NO_PASTES: &str = "\x1b[?2004l";

/// Standard input's terminal, which shows nothing and makes no signals until this is dropped.
struct Hiding {
    terminal: File,
    before: Termios,
    hidden: Termios,
}

impl Hiding {
    fn begin() -> io::Result<Self> {
        let terminal = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let before = tcgetattr(&terminal)?;
        give_back_on_signals(terminal.try_clone()?, before.clone())?;
        let mut hidden = before.clone();
        hidden
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::IEXTEN);
        // A line end stays what it is: the CR LF of a paste is one and no empty line.
        hidden
            .input_flags
            .remove(InputFlags::ICRNL | InputFlags::INLCR | InputFlags::IGNCR);
        hidden.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        hidden.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &hidden)?;
        tell_terminal(MARK_PASTES);
        Ok(Self {
            terminal,
            before,
            hidden,
        })
    }

    /// Reads on, and keeps nothing, until the terminal is silent: what follows a key in a paste may be more of the key.
    fn drain(&self) {
        let mut hidden = self.hidden.clone();
        hidden.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
        hidden.control_chars[SpecialCharacterIndices::VTIME as usize] = SILENCE;
        if tcsetattr(&self.terminal, SetArg::TCSANOW, &hidden).is_ok() {
            let began = Instant::now();
            read_until_silence(&mut &self.terminal, || began.elapsed() > PATIENCE);
        }
    }
}

/// A read that gives nothing is silence, a failed one the end of the terminal.
fn read_until_silence(terminal: &mut dyn Read, is_too_long: impl Fn() -> bool) {
    let mut chunk = Zeroizing::new([0; 256]);
    while !is_too_long() {
        match terminal.read(&mut *chunk) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Whatever ends this process from now on, the terminal shows again what is typed.
fn give_back_on_signals(terminal: File, before: Termios) -> io::Result<()> {
    let ends: SigSet = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM]
        .into_iter()
        .collect();
    ends.thread_block()?;
    thread::Builder::new().spawn(move || {
        if let Ok(signal) = ends.wait() {
            give_back(&terminal, &before);
            process::exit(128 + signal as i32);
        }
    })?;
    Ok(())
}

/// What has come and was not read is thrown away.
fn give_back(terminal: &File, before: &Termios) {
    tell_terminal(MARK_NO_PASTES);
    let _ = tcsetattr(terminal, SetArg::TCSAFLUSH, before);
}

/// A terminal that is too simple for this would show it.
fn tell_terminal(sequence: &str) {
    if env::var_os("TERM").is_some_and(|kind| !kind.is_empty() && kind != "dumb") {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(sequence.as_bytes()).and_then(|()| stderr.flush());
    }
}

impl Drop for Hiding {
    fn drop(&mut self) {
        self.drain();
        give_back(&self.terminal, &self.before);
    }
}

/// Asks when nothing is shown any more.
pub(super) fn read(
    is_all: fn(&[u8]) -> bool,
    ask: impl FnOnce() -> io::Result<()>,
) -> Result<Zeroizing<Vec<u8>>, TerminalError> {
    let hiding = Hiding::begin()?;
    ask()?;
    let mut typed = Typed::new(is_all);
    let mut chunk = Zeroizing::new([0; 256]);
    loop {
        let length = match (&hiding.terminal).read(&mut *chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        for byte in &chunk[..length] {
            match typed.push(*byte) {
                Next::More => {}
                Next::Done => return Ok(typed.into_text()),
                Next::Interrupted => return Err(TerminalError::Interrupted),
            }
        }
        if length == 0 || typed.is_full() {
            return Ok(typed.into_text());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A terminal that gives so many bytes a read, or fails.
    struct Paste<'a>(&'a Cell<usize>, &'a [Result<usize, io::ErrorKind>]);

    impl Read for Paste<'_> {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let read = self.1[self.0.get()];
            self.0.set(self.0.get() + 1);
            read.map_err(io::Error::from)
        }
    }

    #[test]
    fn the_rest_of_a_paste_is_read_until_nothing_comes() {
        let interrupted = Err(io::ErrorKind::Interrupted);
        for (reads, patience, wanted) in [
            (&[Ok(256), interrupted, Ok(3), Ok(0), Ok(9)][..], 99, 4),
            (&[Ok(0), Ok(9)], 99, 1),
            (&[Ok(256), Err(io::ErrorKind::Other), Ok(9)], 99, 2),
            (&[Ok(256), Ok(256), Ok(256), Ok(256)], 3, 3),
        ] {
            let count = Cell::new(0);
            read_until_silence(&mut Paste(&count, reads), || count.get() >= patience);
            assert_eq!(count.get(), wanted, "{reads:?}");
        }
    }
}
