//! Asking the person at the terminal: for a word, for a yes, for a key.
//!
//! Questions go to standard error, because standard output is a result. While a key is typed or pasted nothing of it is
//! shown, whatever way that ends, and what follows it in a paste never reaches the shell.

#[cfg(unix)]
mod hidden;
#[cfg(unix)]
mod typed;

use std::io::{self, IsTerminal, Write};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::explanation::Explanation;

#[derive(Debug, Error)]
pub enum TerminalError {
    /// Ctrl-C, where it sends no signal.
    #[error("interrupted")]
    Interrupted,
    #[error("this terminal can't hide what is typed")]
    CantHide,
    #[error("the terminal can't be used: {0}")]
    Failed(#[from] io::Error),
}

impl TerminalError {
    /// The process's exit code (design: Exit codes). Ctrl-C ends it as the signal would have.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted => 130,
            Self::CantHide => 2,
            Self::Failed(_) => 30,
        }
    }

    pub fn explain(&self) -> Explanation {
        Explanation::new(self.to_string()).advice(match self {
            Self::Interrupted => "Nothing was stored.",
            Self::CantHide => {
                "Give the key as a file, or as - and the key on standard input: --private-key AuthKey_….p8."
            }
            Self::Failed(_) => "Give the values as flags instead; asc-auth COMMAND --help lists them.",
        })
    }
}

/// Whether somebody is there to answer.
pub fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// One line, without white space around it. Empty at the end of input as well.
pub fn ask(question: &str) -> Result<String, TerminalError> {
    prompt(question)?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Whether the answer is yes, and nothing like it.
pub fn confirms(question: &str) -> Result<bool, TerminalError> {
    let answer = ask(&format!("{question} [y/N] "))?;
    Ok(["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)))
}

/// A text of several lines that is not shown. It ends with the END line of a private key's PEM, with an empty line, with
/// Ctrl-D, or with its first line if that `is_all`.
pub fn ask_hidden(question: &str, is_all: fn(&[u8]) -> bool) -> Result<Zeroizing<Vec<u8>>, TerminalError> {
    let typed = hidden::read(is_all, || prompt(question));
    // Nobody has seen the line end that was typed.
    let _ = writeln!(io::stderr());
    typed
}

fn prompt(question: &str) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()
}

#[cfg(windows)]
mod hidden {
    use super::{TerminalError, Zeroizing, io};

    pub(super) fn read(
        _: fn(&[u8]) -> bool,
        _: impl FnOnce() -> io::Result<()>,
    ) -> Result<Zeroizing<Vec<u8>>, TerminalError> {
        Err(TerminalError::CantHide)
    }
}
