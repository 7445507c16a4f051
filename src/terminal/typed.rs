//! What the keys at a terminal mean, where the editing of a line is left to us: which text was typed or pasted, and when
//! it ends. Nothing here reads.

use std::mem;

use zeroize::Zeroizing;

/// In bytes: no key is longer, and a buffer that grows leaves copies behind.
const LARGEST: usize = 64 * 1024;

/// What was typed so far, at a terminal that leaves the editing of a line to us.
pub(super) struct Typed {
    text: Zeroizing<Vec<u8>>,
    /// Where the line begins that is being typed.
    line: usize,
    /// Whether a line feed that comes now belongs to the line end before it.
    after_return: bool,
    /// Whether a first line is all of the text.
    is_all: fn(&[u8]) -> bool,
    escape: Escape,
    /// Whether a paste is under way that the terminal marks.
    is_pasting: bool,
    /// Whether the key is complete, and what follows it in the paste is not wanted.
    is_complete: bool,
}

/// A sequence that begins with ESC: a key such as an arrow, or the mark of a paste. It is no part of the text.
#[derive(Clone, Copy)]
enum Escape {
    No,
    Begun,
    /// After `ESC [`: the number in it.
    Number(u16),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    More,
    Done,
    Interrupted,
}

impl Typed {
    pub(super) fn new(is_all: fn(&[u8]) -> bool) -> Self {
        Self {
            text: Zeroizing::new(Vec::with_capacity(LARGEST + 256)),
            line: 0,
            after_return: false,
            is_all,
            escape: Escape::No,
            is_pasting: false,
            is_complete: false,
        }
    }

    pub(super) fn into_text(self) -> Zeroizing<Vec<u8>> {
        self.text
    }

    /// Whether this is too long for a key already.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= LARGEST
    }

    pub(super) fn push(&mut self, byte: u8) -> Next {
        const CTRL_C: u8 = 0x03;
        const CTRL_D: u8 = 0x04;
        const CTRL_U: u8 = 0x15;
        const BACKSPACE: u8 = 0x08;
        const DELETE: u8 = 0x7f;

        let after_return = mem::replace(&mut self.after_return, byte == b'\r');
        if let Some(next) = self.escaped(byte) {
            return next;
        }
        match byte {
            CTRL_C => return Next::Interrupted,
            CTRL_D => return Next::Done,
            _ if self.is_complete => {}
            b'\n' if after_return => {}
            b'\r' | b'\n' => return self.end_line(),
            CTRL_U => self.text.truncate(self.line),
            BACKSPACE | DELETE => {
                let shorter = self.text.len().saturating_sub(1);
                self.text.truncate(shorter.max(self.line));
            }
            b'\t' | b' '.. => {
                self.text.push(byte);
                self.is_complete = self.is_end_line();
                return self.after_key();
            }
            _ => {}
        }
        Next::More
    }

    /// `None` for what belongs to no sequence.
    fn escaped(&mut self, byte: u8) -> Option<Next> {
        const ESC: u8 = 0x1b;

        self.escape = match (self.escape, byte) {
            (_, ESC) => Escape::Begun,
            (Escape::Number(number), b'0'..=b'9') => {
                Escape::Number(number.saturating_mul(10).saturating_add(u16::from(byte - b'0')))
            }
            (Escape::Begun, b'[' | b'O') | (Escape::Number(_), b' '..=b'?') => Escape::Number(0),
            (Escape::Number(number), b'@'..=b'~') => {
                self.escape = Escape::No;
                return Some(self.end_escape(number, byte));
            }
            _ => {
                self.escape = Escape::No;
                return None;
            }
        };
        Some(Next::More)
    }

    /// `ESC [ 200 ~` begins a paste, and `ESC [ 201 ~` ends it.
    fn end_escape(&mut self, number: u16, last: u8) -> Next {
        match (number, last) {
            (200, b'~') => self.is_pasting = true,
            (201, b'~') => self.is_pasting = false,
            _ => {}
        }
        self.after_key()
    }

    /// The rest of a paste is waited for: the shell would get it.
    fn after_key(&self) -> Next {
        if self.is_complete && !self.is_pasting {
            Next::Done
        } else {
            Next::More
        }
    }

    /// An empty line ends the text, save before it has begun, and so does a first line that is all of it. A paste has an
    /// end of its own.
    fn end_line(&mut self) -> Next {
        let (before, line) = self.text.split_at(self.line);
        let (is_first, line) = (before.trim_ascii().is_empty(), line.trim_ascii());
        let is_done = match line {
            b"" => !is_first,
            line => is_first && (self.is_all)(line),
        };
        if is_done && !self.is_pasting {
            return Next::Done;
        }
        self.text.push(b'\n');
        self.line = self.text.len();
        Next::More
    }

    /// Whether the line ends as the last one of a key's PEM does: `-----END PRIVATE KEY-----`, with a word before it
    /// perhaps. Other blocks may come before the key: `openssl ecparam -genkey` writes `EC PARAMETERS`.
    fn is_end_line(&self) -> bool {
        const END: &[u8] = b"-----END ";
        const KEY: &[u8] = b"PRIVATE KEY";
        let Some(line) = self.text[self.line..].strip_suffix(b"-----") else {
            return false;
        };
        let label = line.windows(END.len()).rposition(|part| part == END);
        let label = label.map(|at| &line[at + END.len()..]);
        label.is_some_and(|label| !label.contains(&b'-') && label.windows(KEY.len()).any(|part| part == KEY))
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
    fn a_block_that_is_no_key_ends_nothing() {
        let block = "-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n";
        let sec1 = PEM.replace("PRIVATE", "EC PRIVATE");
        for text in [format!("{block}{sec1}"), format!("{block}{sec1}").replace('\n', "\\n")] {
            assert_eq!(typed(&format!("{text}\n")), (Next::Done, text, "\n".to_owned()));
        }
    }

    #[test]
    fn a_marked_paste_is_read_to_its_mark_and_has_none_of_it() {
        let paste = format!("\u{1b}[200~{PEM}\nmore\n\n{PEM}\u{1b}[201~ls");
        assert_eq!(typed(&paste), (Next::Done, PEM.to_owned(), "ls".to_owned()));
        let body = "\u{1b}[200~MIGT\n\nAgEA\n\u{1b}[201~\nls";
        assert_eq!(typed(body), (Next::Done, "MIGT\n\nAgEA\n".to_owned(), "ls".to_owned()));
        let given_up = format!("\u{1b}[200~{PEM}\n\u{3}");
        assert_eq!(typed(&given_up).0, Next::Interrupted);
    }

    #[test]
    fn an_arrow_key_is_no_text() {
        assert_eq!(typed("a\u{1b}[Ab\u{1b}OPc\u{1b}[1;5Cd\u{1b}e\n\n").1, "abcde\n");
        assert_eq!(typed("a\u{1b}[\u{3}").0, Next::Interrupted);
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
        assert_eq!(
            typed("\u{1b}[200~/keys/AuthKey.p8\n\u{1b}[201~\n").1,
            "/keys/AuthKey.p8\n"
        );
    }

    #[test]
    fn a_line_can_be_mended_and_all_of_it_given_up() {
        assert_eq!(typed("ab\u{7f}c\nxy\u{15}z\u{8}\u{8}\u{8}d\n\n").1, "ac\nd\n");
        assert_eq!(typed("MIGT\u{3}").0, Next::Interrupted);
    }
}
