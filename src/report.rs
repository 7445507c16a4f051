//! Results and errors for a terminal, a GitHub log and JSON: the same words in each.
//!
//! Results go to stdout. Words for people go to stderr, except in a step of a GitHub job: there everything goes to
//! stdout, because the runner reads two streams in no fixed order and masks work forward only. A command whose
//! stdout is a result, so that scripts capture it, says its words and its masks on stderr there too.

use std::io::{self, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    cli::Command,
    error::Error,
    explanation::Explanation,
    handoff::{self, Annotation},
    source::Environment,
    text::defuse,
};

/// Where this process's words go, and in which form.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    github: bool,
    json: bool,
    /// Whether stdout is a result that scripts capture.
    captured: bool,
}

impl Console {
    /// The console of a command, which may name its CI.
    pub fn of(command: &Command, environment: &Environment) -> Self {
        Self {
            github: command.is_for_github() || handoff::GitHub::is_here(environment),
            json: command.wants_json(),
            captured: command.is_captured() || command.wants_json(),
        }
    }

    /// The console for a command line that could not be read.
    pub fn without_command(environment: &Environment) -> Self {
        Self {
            github: handoff::GitHub::is_here(environment),
            json: false,
            captured: true,
        }
    }

    pub fn is_github(self) -> bool {
        self.github
    }

    pub fn is_json(self) -> bool {
        self.json
    }

    /// Tells GitHub's runner what to mask, and flushes. Elsewhere nothing can be masked, and `forms` is not asked.
    pub fn mask(self, forms: impl FnOnce() -> Vec<Zeroizing<String>>) -> io::Result<()> {
        if !self.github {
            return Ok(());
        }
        self.say(&handoff::masks(&forms()))
    }

    /// A headline and its lines: a group on GitHub.
    pub fn report(self, headline: &str, lines: &[String]) {
        let lines = defused(lines);
        self.tell(&if self.github {
            format!("::group::{headline}\n{lines}\n::endgroup::\n")
        } else {
            format!("{headline}\n{lines}\n")
        });
    }

    /// Something odd that did not stop the run. Beside JSON it stands on stderr.
    pub fn warn(self, text: &str) {
        let _ = self.say(&if self.github {
            handoff::annotate(Annotation::Warning, "App Store Connect", &[text.to_owned()])
        } else {
            format!("warning: {}\n", defuse(text))
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

    pub fn json<T: Serialize>(self, value: &T) -> Result<(), Error> {
        let text = Zeroizing::new(serde_json::to_string_pretty(value).map_err(|error| Error::Output(error.into()))?);
        self.result(&text)?;
        self.result("\n")
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
        } else if self.github {
            let lines = annotation_lines(&explanation);
            self.tell(&handoff::annotate(Annotation::Error, &explanation.title, &lines));
        } else {
            let title = defuse(&explanation.title);
            self.tell(&format!("error: {title}\n{}\n", defused(&explanation.body())));
        }
    }

    /// Words that stand in JSON in another form.
    fn tell(self, text: &str) {
        if !self.json {
            let _ = self.say(text);
        }
    }

    fn say(self, text: &str) -> io::Result<()> {
        if self.github && !self.captured {
            write_all(&mut io::stdout().lock(), text)
        } else {
            write_all(&mut io::stderr().lock(), text)
        }
    }
}

fn defused(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| defuse(line)).collect();
    lines.join("\n")
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
