//! GitHub Actions: workflow commands on stdout, and the files for outputs, environment, PATH, state and summary.
//! (GitHub: Workflow commands for GitHub Actions.)

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::HandoffError;
use crate::{random, source::Environment};

/// The name under which the post step finds the private directory: `STATE_private_dir`.
const STATE_PRIVATE_DIR: &str = "private_dir";

/// The files through which a step speaks to the runner.
#[derive(Debug)]
pub struct GitHub {
    output: PathBuf,
    environment: PathBuf,
    path: PathBuf,
    state: PathBuf,
    summary: Option<PathBuf>,
}

/// How loud an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotation {
    Error,
    Warning,
}

/// Everything that is handed over at once: either all of it, or none.
#[derive(Debug, Default)]
pub struct Handover<'a> {
    pub outputs: Vec<(&'a str, &'a str)>,
    pub environment: Vec<(&'a str, &'a str)>,
    /// A directory to put on PATH.
    pub path: Option<&'a Path>,
    /// Markdown, without secrets.
    pub summary: &'a str,
}

impl GitHub {
    pub(super) const TEMP: &'static str = "RUNNER_TEMP";

    /// The runner's files, all of which must be named before anything is done.
    pub fn open(environment: &Environment) -> Result<Self, HandoffError> {
        let named = |variable| environment.path(variable).ok_or(HandoffError::NoVariable { variable });
        named(Self::TEMP)?;
        Ok(Self {
            output: named("GITHUB_OUTPUT")?,
            environment: named("GITHUB_ENV")?,
            path: named("GITHUB_PATH")?,
            state: named("GITHUB_STATE")?,
            summary: environment.path("GITHUB_STEP_SUMMARY"),
        })
    }

    /// Tells the post step of a directory that is about to be created.
    pub fn record_private_dir(&self, directory: &Path) -> Result<(), HandoffError> {
        let directory = directory.to_str().ok_or(HandoffError::Value {
            name: Self::TEMP.to_owned(),
            why: "it is not Unicode",
        })?;
        let state = entries(&[(STATE_PRIVATE_DIR, directory)])?;
        append_all(&[("GITHUB_STATE", &self.state, &state)])
    }

    /// Writes everything, and takes all of it back if any of it fails.
    pub fn hand_over(&self, handover: &Handover<'_>) -> Result<(), HandoffError> {
        let outputs = entries(&handover.outputs)?;
        let environment = entries(&handover.environment)?;
        let path = match handover
            .path
            .map(|path| path.to_str().filter(|path| !path.contains(['\n', '\r'])))
        {
            None => String::new(),
            Some(Some(path)) => format!("{path}\n"),
            Some(None) => {
                return Err(HandoffError::Value {
                    name: "the binary's directory".to_owned(),
                    why: "it is not Unicode or has line breaks",
                });
            }
        };
        let mut files = vec![
            ("GITHUB_OUTPUT", &self.output, outputs.as_str()),
            ("GITHUB_ENV", &self.environment, environment.as_str()),
            ("GITHUB_PATH", &self.path, path.as_str()),
        ];
        if let Some(summary) = &self.summary {
            files.push(("GITHUB_STEP_SUMMARY", summary, handover.summary));
        }
        append_all(&files)
    }
}

/// `::add-mask::` commands, one a line. They must be flushed before anything derived from the secret is written.
pub fn masks(forms: &[Zeroizing<String>]) -> Zeroizing<String> {
    let capacity = forms.iter().map(|form| form.len() * 3 + 14).sum();
    let mut commands = Zeroizing::new(String::with_capacity(capacity));
    for form in forms {
        commands.push_str("::add-mask::");
        push_escaped(&mut commands, form);
        commands.push('\n');
    }
    commands
}

/// An annotation: its title beside the file list, its lines in the log.
pub fn annotate(kind: Annotation, title: &str, lines: &[String]) -> String {
    let kind = match kind {
        Annotation::Error => "error",
        Annotation::Warning => "warning",
    };
    let mut data = String::new();
    push_escaped(&mut data, &lines.join("\n").replace("##[", "## ["));
    format!("::{kind} title={}::{data}\n", escape_property(title))
}

/// Escapes the data part of a command, which ends at the line's end.
fn push_escaped(to: &mut String, data: &str) {
    for c in data.chars() {
        match c {
            '%' => to.push_str("%25"),
            '\r' => to.push_str("%0D"),
            '\n' => to.push_str("%0A"),
            c => to.push(c),
        }
    }
}

fn escape_property(text: &str) -> String {
    let mut escaped = String::new();
    push_escaped(&mut escaped, text);
    escaped.replace(':', "%3A").replace(',', "%2C")
}

/// Name and value in the heredoc form, each with a delimiter of its own that nobody can foresee.
fn entries(pairs: &[(&str, &str)]) -> Result<Zeroizing<String>, HandoffError> {
    let mut text = Zeroizing::new(String::with_capacity(
        pairs.iter().map(|(name, value)| name.len() + value.len() + 128).sum(),
    ));
    for (name, value) in pairs {
        let digits = random::hex().map_err(|error| HandoffError::Random(error.to_string()))?;
        let delimiter = format!("asc_auth_{digits}");
        if value.contains(&delimiter) || name.is_empty() || name.contains(['\n', '\r', '<', '=']) {
            return Err(HandoffError::Value {
                name: (*name).to_owned(),
                why: "it would break out of the runner's file",
            });
        }
        let _ = write!(text, "{name}<<{delimiter}\n{value}\n{delimiter}\n");
    }
    Ok(text)
}

/// Appends to every file or to none: a half-written entry would fail the runner, or hand over half a credential.
fn append_all(files: &[(&str, &PathBuf, &str)]) -> Result<(), HandoffError> {
    let mut opened: Vec<(File, u64)> = Vec::new();
    for (what, path, _) in files {
        let open = || {
            let file = OpenOptions::new().append(true).open(path)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        opened.push(open().map_err(|error| HandoffError::write(*what, path.as_path(), &error))?);
    }
    for (index, (what, path, text)) in files.iter().enumerate() {
        let written = opened[index].0.write_all(text.as_bytes());
        if let Err(error) = written {
            for (file, length) in &opened {
                let _: io::Result<()> = file.set_len(*length);
            }
            return Err(HandoffError::write(*what, path.as_path(), &error));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_not_be_broken_out_of() {
        let lines = ["100% sure\r\n::warning::injected".to_owned()];
        assert_eq!(
            annotate(Annotation::Error, "a: b, c\n", &lines),
            "::error title=a%3A b%2C c%0A::100%25 sure%0D%0A::warning::injected\n"
        );
    }

    #[test]
    fn every_entry_has_a_delimiter_of_its_own() {
        let text = entries(&[("a", "1\n2"), ("b", "3")]).expect("entries");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 7);
        let first = lines[0].strip_prefix("a<<").expect("a heredoc");
        let second = lines[4].strip_prefix("b<<").expect("a heredoc");
        assert_eq!((lines[3], lines[6]), (first, second));
        assert_ne!(first, second);
    }

    #[test]
    fn a_name_that_would_break_the_file_is_refused() {
        for name in ["a\nb", "a=b", "a<<b", ""] {
            assert!(entries(&[(name, "1")]).is_err(), "{name:?}");
        }
    }
}
