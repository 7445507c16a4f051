//! Results and errors for a terminal, a GitHub log and JSON: the same words in each.
//!
//! Text for people goes to stderr and results to stdout. On GitHub everything goes to stdout, because the runner
//! reads two streams in no fixed order and masks work forward only.

use std::io::{self, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    explanation::Explanation,
    handoff::{self, Annotation},
    source::Environment,
};

/// Where this process's words go.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    github: bool,
    json: bool,
}

impl Console {
    pub fn new(environment: &Environment, json: bool) -> Self {
        Self {
            github: handoff::GitHub::is_here(environment),
            json,
        }
    }

    /// The same console for a CI that was named and not recognised.
    #[must_use]
    pub fn on_github(self) -> Self {
        Self { github: true, ..self }
    }

    pub fn is_github(self) -> bool {
        self.github
    }

    pub fn is_json(self) -> bool {
        self.json
    }

    /// Tells GitHub's runner what to mask, and flushes. `to_stderr` keeps stdout for a result that is captured.
    pub fn mask(self, forms: &[Zeroizing<String>], to_stderr: bool) -> io::Result<()> {
        if !self.github || forms.is_empty() {
            return Ok(());
        }
        let commands = handoff::masks(forms);
        if to_stderr {
            write_all(&mut io::stderr().lock(), &commands)
        } else {
            write_all(&mut io::stdout().lock(), &commands)
        }
    }

    /// A headline and its lines: a group on GitHub.
    pub fn report(self, headline: &str, lines: &[String]) {
        if self.json {
            return;
        }
        let lines = lines.join("\n");
        let _ = if self.github {
            write_all(
                &mut io::stdout().lock(),
                &format!("::group::{headline}\n{lines}\n::endgroup::\n"),
            )
        } else {
            write_all(&mut io::stderr().lock(), &format!("{headline}\n{lines}\n"))
        };
    }

    /// Something odd that did not stop the run.
    pub fn warn(self, text: &str) {
        if self.json {
            return;
        }
        let _ = if self.github {
            let warning = handoff::annotate(Annotation::Warning, "App Store Connect", &[text.to_owned()]);
            write_all(&mut io::stdout().lock(), &warning)
        } else {
            write_all(&mut io::stderr().lock(), &format!("warning: {text}\n"))
        };
    }

    /// A line of progress for people.
    pub fn note(self, text: &str) {
        if self.json {
            return;
        }
        let _ = if self.github {
            write_all(&mut io::stdout().lock(), &format!("{text}\n"))
        } else {
            write_all(&mut io::stderr().lock(), &format!("{text}\n"))
        };
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
        self.result(&format!("{}\n", *text))
    }

    /// The error, told once, in the one form that fits.
    pub fn error(self, error: &Error) {
        let explanation = error.explain();
        let _ = if self.json {
            let failure = Failure {
                error: &explanation,
                exit_code: error.exit_code(),
            };
            let text = serde_json::to_string_pretty(&failure).unwrap_or_default();
            write_all(&mut io::stdout().lock(), &format!("{text}\n"))
        } else if self.github {
            let text = handoff::annotate(Annotation::Error, &explanation.title, &annotation_lines(&explanation));
            write_all(&mut io::stdout().lock(), &text)
        } else {
            write_all(
                &mut io::stderr().lock(),
                &format!("error: {}\n{}\n", explanation.title, explanation.body().join("\n")),
            )
        };
    }
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
