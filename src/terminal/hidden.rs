//! Reading from a terminal that shows nothing, and leaves the editing of a line to us. Nothing but the buffer that is
//! wiped ever holds what was typed.

use std::{
    fs::File,
    io::{self, Read},
    mem,
    os::fd::AsFd,
    process, thread,
};

use nix::sys::{
    signal::{SigSet, Signal},
    termios::{InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr},
};
use zeroize::Zeroizing;

use super::TerminalError;

/// In bytes: no key is longer, and a buffer that grows leaves copies behind.
const LARGEST: usize = 64 * 1024;

/// Standard input's terminal, which shows nothing and makes no signals until this is dropped.
struct Hiding {
    terminal: File,
    before: Termios,
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
        let hiding = Self { terminal, before };
        tcsetattr(&hiding.terminal, SetArg::TCSAFLUSH, &hidden)?;
        Ok(hiding)
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
            let _ = tcsetattr(&terminal, SetArg::TCSAFLUSH, &before);
            process::exit(128 + signal as i32);
        }
    })?;
    Ok(())
}

impl Drop for Hiding {
    /// What a paste still holds is thrown away.
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
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
                Next::Done => return Ok(typed.text),
                Next::Interrupted => return Err(TerminalError::Interrupted),
            }
        }
        if length == 0 || typed.text.len() >= LARGEST {
            return Ok(typed.text);
        }
    }
}

/// What was typed so far, at a terminal that leaves the editing of a line to us.
struct Typed {
    text: Zeroizing<Vec<u8>>,
    /// Where the line begins that is being typed.
    line: usize,
    /// Whether a line feed that comes now belongs to the line end before it.
    after_return: bool,
    /// Whether a first line is all of the text.
    is_all: fn(&[u8]) -> bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    More,
    Done,
    Interrupted,
}

impl Typed {
    fn new(is_all: fn(&[u8]) -> bool) -> Self {
        Self {
            text: Zeroizing::new(Vec::with_capacity(LARGEST + 256)),
            line: 0,
            after_return: false,
            is_all,
        }
    }

    fn push(&mut self, byte: u8) -> Next {
        const CTRL_C: u8 = 0x03;
        const CTRL_D: u8 = 0x04;
        const CTRL_U: u8 = 0x15;
        const BACKSPACE: u8 = 0x08;
        const DELETE: u8 = 0x7f;

        let after_return = mem::replace(&mut self.after_return, byte == b'\r');
        match byte {
            CTRL_C => return Next::Interrupted,
            CTRL_D => return Next::Done,
            b'\n' if after_return => {}
            b'\r' | b'\n' => return self.end_line(),
            CTRL_U => self.text.truncate(self.line),
            BACKSPACE | DELETE => {
                let shorter = self.text.len().saturating_sub(1);
                self.text.truncate(shorter.max(self.line));
            }
            b'\t' | b' '.. => {
                self.text.push(byte);
                return if self.is_end_line() { Next::Done } else { Next::More };
            }
            _ => {}
        }
        Next::More
    }

    /// An empty line ends the text, save before it has begun, and so does a first line that is all of it.
    fn end_line(&mut self) -> Next {
        let (before, line) = self.text.split_at(self.line);
        let (is_first, line) = (before.trim_ascii().is_empty(), line.trim_ascii());
        let is_done = match line {
            b"" => !is_first,
            line => is_first && (self.is_all)(line),
        };
        if is_done {
            return Next::Done;
        }
        self.text.push(b'\n');
        self.line = self.text.len();
        Next::More
    }

    /// Whether the line ends as the last one of a PEM does: `-----END PRIVATE KEY-----`.
    fn is_end_line(&self) -> bool {
        const END: &[u8] = b"-----END ";
        let line = &self.text[self.line..];
        let label = line.windows(END.len()).position(|part| part == END);
        label.is_some_and(|at| line[at + END.len()..].ends_with(b"-----"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of `keys`, and what stays unread.
    fn typed(keys: &str) -> (Next, String, String) {
        let mut typed = Typed::new(|line| line.ends_with(b".p8"));
        for (index, byte) in keys.bytes().enumerate() {
            let next = typed.push(byte);
            if next != Next::More {
                let text = String::from_utf8(typed.text.to_vec()).expect("UTF-8");
                return (next, text, keys[index + 1..].to_owned());
            }
        }
        panic!("it does not end: {keys:?}");
    }

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIGT\nAgEA\n-----END PRIVATE KEY-----";

    #[test]
    fn a_pem_ends_with_its_end_line_however_its_lines_end() {
        for end in ["\n", "\r", "\r\n"] {
            for before in ["", "\n", " \n\n"] {
                let paste = format!("{before}{PEM}\nls\n").replace('\n', end);
                let (next, text, rest) = typed(&paste);
                assert_eq!((next, text.trim_start()), (Next::Done, PEM), "{paste:?}");
                assert_eq!(rest, format!("{end}ls{end}"));
            }
        }
        let one_line = PEM.replace('\n', "\\n");
        assert_eq!(typed(&one_line), (Next::Done, one_line.clone(), String::new()));
    }

    #[test]
    fn an_empty_line_and_ctrl_d_end_any_other_text() {
        for keys in ["MIGT\nAgEA\n\nls", "MIGT\r\nAgEA\r\n\r\nls", "MIGT\nAgEA\n\u{4}ls"] {
            let (next, text, rest) = typed(keys);
            assert_eq!(
                (next, text.as_str(), rest.trim_start()),
                (Next::Done, "MIGT\nAgEA\n", "ls")
            );
        }
        assert_eq!(typed("\u{4}"), (Next::Done, String::new(), String::new()));
    }

    #[test]
    fn a_first_line_ends_the_text_if_it_is_all_of_it() {
        assert_eq!(typed("\r\n/keys/AuthKey.p8\r\nls").1.trim_start(), "/keys/AuthKey.p8");
        assert_eq!(typed("MIGT\nAgEA.p8\n\n").1, "MIGT\nAgEA.p8\n");
    }

    #[test]
    fn a_line_can_be_mended_and_all_of_it_given_up() {
        assert_eq!(typed("ab\u{7f}c\nxy\u{15}z\u{8}\u{8}\u{8}d\n\n").1, "ac\nd\n");
        assert_eq!(typed("MIGT\u{3}").0, Next::Interrupted);
    }
}
