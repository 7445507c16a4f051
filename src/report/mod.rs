//! Results and errors for a terminal, a CI's log and JSON: the same words in each.
//!
//! Results go to stdout. Words for people go to stderr, except where the CI reads commands out of its log, as GitHub
//! and Azure Pipelines do: there everything goes to stdout, because two streams are read in no fixed order and masks
//! work forward only. A command whose stdout is a result, so that scripts capture it, says its words and its masks on
//! stderr there too.

mod screen;
mod table;

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;
use zeroize::Zeroizing;

use self::screen::Colours;
use crate::{
    cli::Command,
    error::Error,
    explanation::Explanation,
    handoff::{self, Annotation, Ci},
    source::Environment,
    text::{defuse, is_unprintable},
};

pub use screen::Screen;
pub use table::{Cell, Table, Tone};

/// Where this process's words go, and in which form.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    log: Log,
    json: bool,
    /// Whether stdout is a result that scripts capture.
    captured: bool,
    /// Whether the log is redacted. A mask would carry the secret to wherever stderr goes, a file perhaps.
    redacted: bool,
    colours: Colours,
}

/// Who reads the log for commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    Plain,
    GitHub,
    Azure,
}

impl Log {
    fn of(ci: Option<Ci>) -> Self {
        match ci {
            Some(Ci::GitHub) => Self::GitHub,
            Some(Ci::Azure) => Self::Azure,
            Some(Ci::GitLab | Ci::Shell) | None => Self::Plain,
        }
    }
}

impl Console {
    /// The console of a command, which may name its CI.
    pub fn of(command: &Command, environment: &Environment) -> Self {
        Self {
            log: Log::of(command.ci().or_else(|| Ci::detect(environment))),
            json: command.wants_json(),
            captured: command.is_captured() || command.wants_json(),
            redacted: command.is_redacted(),
            colours: Colours::of(environment),
        }
    }

    /// The console for a command line that could not be read, save whether it asks for JSON.
    pub fn without_command(environment: &Environment, json: bool) -> Self {
        Self {
            log: Log::of(Ci::detect(environment)),
            json,
            captured: true,
            redacted: false,
            colours: Colours::Unwelcome,
        }
    }

    pub fn is_json(self) -> bool {
        self.json
    }

    /// Tells the CI what to mask, and flushes. Where nothing can be masked, `forms` is not asked.
    pub fn mask(self, forms: impl FnOnce() -> Vec<Zeroizing<String>>) -> io::Result<()> {
        match self.log {
            _ if self.redacted => Ok(()),
            Log::Plain => Ok(()),
            Log::GitHub => self.say(&handoff::masks_for_github(&forms())),
            Log::Azure => self.say(&handoff::masks_for_azure(&forms())),
        }
    }

    /// A headline and its lines: a group where the log knows groups.
    pub fn report(self, headline: &str, lines: &[String]) {
        let (headline, lines) = (defuse(headline), defused(lines));
        self.tell(&match self.log {
            Log::Plain => format!("{headline}\n{lines}\n"),
            Log::GitHub => format!("::group::{headline}\n{lines}\n::endgroup::\n"),
            Log::Azure => format!("##[group]{headline}\n{lines}\n##[endgroup]\n"),
        });
    }

    /// Something odd that did not stop the run. Beside JSON it stands on stderr.
    pub fn warn(self, text: &str) {
        let lines = [text.to_owned()];
        let _ = self.say(&match self.log {
            Log::Plain => format!("warning: {}\n", defuse(text)),
            Log::GitHub => handoff::annotate_github(Annotation::Warning, "App Store Connect", &lines),
            Log::Azure => handoff::annotate_azure(Annotation::Warning, &lines),
        });
    }

    /// A line of progress for people.
    pub fn note(self, text: &str) {
        self.tell(&format!("{}\n", defuse(text)));
    }

    /// A result for scripts. A reader that went away is no error.
    pub fn result(self, text: &str) -> Result<(), Error> {
        match write_all(&mut io::stdout().lock(), text) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(Error::Output),
        }
    }

    /// Lines for people as a result.
    pub fn lines(self, lines: &[String]) -> Result<(), Error> {
        self.result(&lines.iter().map(|line| inert(line) + "\n").collect::<String>())
    }

    /// A table as a result, made to fit the terminal. Beside JSON there is none.
    pub fn table(self, table: &Table) -> Result<(), Error> {
        if self.json {
            return Ok(());
        }
        self.result(&table.render(self.screen()))
    }

    /// What a result is shown on, for one that is put together of several pieces.
    pub fn screen(self) -> Screen {
        Screen::of_stdout(self.colours)
    }

    /// A result without which the caller could not find what was made for it: it must arrive.
    pub fn deliver(self, text: &str) -> Result<(), Error> {
        if is_nowhere(&io::stdout()) {
            return Err(Error::Output(io::Error::other(
                "standard output is closed, or leads nowhere",
            )));
        }
        write_all(&mut io::stdout().lock(), text).map_err(Error::Output)
    }

    /// The same as JSON.
    pub fn deliver_json<T: Serialize>(self, value: &T) -> Result<(), Error> {
        self.deliver(&json_text(value)?)
    }

    /// Commands for the CI that reads the log.
    pub fn command(self, text: &str) -> io::Result<()> {
        self.say(text)
    }

    pub fn json<T: Serialize>(self, value: &T) -> Result<(), Error> {
        self.result(&json_text(value)?)
    }

    /// The error, told once, in the one form that fits. Nothing is left to be done if that fails.
    pub fn error(self, error: &Error) {
        let explanation = error.explain();
        if self.json {
            let failure = Failure {
                error: &explanation,
                exit_code: error.exit_code(),
            };
            let _ = self.json(&failure);
            return;
        }
        self.diagnosis(&explanation);
    }

    /// What is wrong, as an error tells it, for a command that goes on. Beside JSON it is not told: it stands in there.
    pub fn diagnosis(self, explanation: &Explanation) {
        self.tell(&match self.log {
            Log::Plain => {
                let title = defuse(&explanation.title);
                format!("error: {title}\n{}\n", defused(&explanation.body()))
            }
            Log::GitHub => {
                handoff::annotate_github(Annotation::Error, &explanation.title, &annotation_lines(explanation))
            }
            Log::Azure => handoff::annotate_azure(Annotation::Error, &annotation_lines(explanation)),
        });
    }

    /// Words that stand in JSON in another form.
    fn tell(self, text: &str) {
        if !self.json {
            let _ = self.say(text);
        }
    }

    fn say(self, text: &str) -> io::Result<()> {
        if self.log != Log::Plain && !self.captured {
            write_all(&mut io::stdout().lock(), text)
        } else {
            write_all(&mut io::stderr().lock(), text)
        }
    }
}

/// A line of a result. What of it comes from outside begins no command of GitHub's, which may be indented.
pub fn inert(line: &str) -> String {
    match line.trim_start().strip_prefix("::") {
        Some(rest) => format!("  : :{}", defuse(rest.trim_start_matches(':'))),
        None => defuse(line),
    }
}

fn defused(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| defuse(line)).collect();
    lines.join("\n")
}

/// On lines of its own. A CI that reads commands out of its log, reads this as well, and so does a terminal: `##` and
/// what can't be printed, which stand in strings only, are escaped.
fn json_text<T: Serialize>(value: &T) -> Result<Zeroizing<String>, Error> {
    let text = Zeroizing::new(serde_json::to_string_pretty(value).map_err(|error| Error::Output(error.into()))?);
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut inert = Zeroizing::new(String::with_capacity(4 * text.len() + 1));
    for c in text.chars() {
        let is_command = c == '#' && inert.ends_with('#');
        if is_command || (c != '\n' && is_unprintable(c)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string can't fail.
                let _ = write!(inert, "\\u{unit:04x}");
            }
        } else {
            inert.push(c);
        }
    }
    inert.push('\n');
    Ok(inert)
}

/// Whether nobody can ever read what is written there. A stream that was closed when this process started is the null
/// device by now.
#[cfg(unix)]
fn is_nowhere(stream: &impl std::os::fd::AsFd) -> bool {
    use std::{
        fs::{self, File},
        os::unix::fs::MetadataExt,
    };

    let stream = stream.as_fd().try_clone_to_owned().map(File::from);
    let device = stream.and_then(|file| file.metadata()).map(|file| file.rdev());
    let null = fs::metadata("/dev/null").map(|null| null.rdev());
    matches!((device, null), (Ok(device), Ok(null)) if device == null)
}

#[cfg(not(unix))]
fn is_nowhere<T>(_: &T) -> bool {
    false
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a Explanation,
    exit_code: u8,
}

/// The log shows an annotation without its title, so the title is its first line as well.
fn annotation_lines(explanation: &Explanation) -> Vec<String> {
    let mut lines = vec![explanation.title.clone()];
    lines.extend(explanation.body());
    lines
}

fn write_all(stream: &mut dyn Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_json_obeys_nobody_and_stays_what_it_is() {
        for (text, told) in [
            ("Über-App 🙂 a#b", "Über-App 🙂 a#b"),
            ("##[error] ###", r"#\u0023[error] #\u0023#"),
            ("\u{1b}[1m\u{7f}\u{9b}31m\u{85}", r"\u001b[1m\u007f\u009b31m\u0085"),
            ("a\u{202e}b\u{2066}c\u{2028}d", r"a\u202eb\u2066c\u2028d"),
            ("x\u{200b}\u{ad}\u{feff}y\u{e0041}", r"x\u200b\u00ad\ufeffy\udb40\udc41"),
        ] {
            let json = json_text(&[text]).expect("JSON");
            assert_eq!(*json, format!("[\n  \"{told}\"\n]\n"));
            assert_eq!(serde_json::from_str::<[String; 1]>(&json).expect("JSON"), [text]);
        }
    }
}
