//! What standard output is: a terminal of some width that may show colours, or anything else.
//!
//! A file, a pipe and a CI's log are no terminal: they get whole lines and no escape sequence.

use std::io::{self, IsTerminal};

use terminal_size::{Width, terminal_size_of};

use crate::source::Environment;

/// The usual width, for a terminal that does not tell its own.
const USUAL_WIDTH: usize = 80;

/// How wide a line may be, and whether it may be coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// In columns of the terminal; `None` where lines may have any length.
    pub width: Option<usize>,
    pub colour: bool,
}

impl Screen {
    /// Standard output's.
    pub(super) fn of_stdout(colours: Colours) -> Self {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return Self::default();
        }
        let width = terminal_size_of(&stdout).map_or(USUAL_WIDTH, |(Width(columns), _)| columns.into());
        Self {
            width: Some(width),
            colour: colours == Colours::Welcome && obeys_escapes(),
        }
    }
}

/// Whether a terminal may be coloured, as far as the environment tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    Welcome,
    Unwelcome,
}

impl Colours {
    /// `NO_COLOR` that is set and not empty forbids them (<https://no-color.org>), a `dumb` terminal has none.
    pub(super) fn of(environment: &Environment) -> Self {
        let is_set = |name| environment.path(name).is_some();
        let term = environment.get("TERM");
        if is_set("NO_COLOR") || term.text() == Some("dumb") || !(is_set("TERM") || cfg!(windows)) {
            Self::Unwelcome
        } else {
            Self::Welcome
        }
    }
}

/// A console of Windows has to be asked first.
#[cfg(windows)]
fn obeys_escapes() -> bool {
    anstyle_query::windows::enable_ansi_colors() == Some(true)
}

#[cfg(not(windows))]
fn obeys_escapes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_and_a_dumb_terminal_forbid_colours() {
        for (variables, wanted) in [
            (&[("TERM", "xterm")][..], true),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], true),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], false),
            (&[("TERM", "xterm"), ("NO_COLOR", "0")], false),
            (&[("TERM", "dumb")], false),
            (&[], cfg!(windows)),
        ] {
            let variables = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let environment = Environment::Fixed(variables.collect());
            let welcome = Colours::of(&environment) == Colours::Welcome;
            assert_eq!(welcome, wanted, "{environment:?}");
        }
    }
}
