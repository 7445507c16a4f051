//! Why a credential could not be handed over. Paths are named, contents never.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{explanation::Explanation, text::io_reason};

#[derive(Debug, Error)]
pub enum HandoffError {
    #[error("no CI system was recognised")]
    NoCi,
    #[error("{variable} is not set")]
    NoVariable { variable: &'static str },
    #[error("{variable} can't hold the private directory: {why}")]
    BadTemp {
        variable: &'static str,
        path: PathBuf,
        why: String,
    },
    #[error("{what} could not be written: {reason}")]
    Write {
        what: String,
        path: PathBuf,
        reason: String,
    },
    #[error("{name} can't be handed over: {why}")]
    Value { name: String, why: &'static str },
    #[error("export knows no tool named {name:?}")]
    UnknownConvention { name: String },
    #[error("{variable} can't serve both {first} and {second}")]
    ConventionsClash {
        variable: &'static str,
        first: &'static str,
        second: &'static str,
    },
    #[error("{} is not a private directory of asc-auth", named(.path))]
    NotPrivateDir { path: PathBuf, why: &'static str },
    #[error("the system has no random numbers: {0}")]
    Random(String),
}

impl HandoffError {
    pub(super) fn write(what: impl Into<String>, path: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::Write {
            what: what.into(),
            path: path.into(),
            reason: io_reason(error),
        }
    }

    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoCi
            | Self::UnknownConvention { .. }
            | Self::ConventionsClash { .. }
            | Self::NotPrivateDir { .. } => 2,
            _ => 30,
        }
    }

    pub fn explain(&self) -> Explanation {
        let explanation = Explanation::new(self.to_string());
        match self {
            Self::NoCi => explanation.advice(
                "setup hands over through the CI's own channels, and knows GitHub Actions so far (GITHUB_ACTIONS=true, \
                 or --ci github). Elsewhere, asc-auth validate and asc-auth token work without it.",
            ),
            Self::NoVariable { .. } => {
                explanation.advice("GitHub's runner sets it for every step. Outside of one, set it as the runner would.")
            }
            Self::BadTemp { path, .. } => explanation
                .fact("directory", path.display().to_string())
                .advice("It must be an absolute path to an existing directory, and no link. Nothing was written."),
            Self::Write { path, .. } => explanation
                .fact("file", path.display().to_string())
                .advice("What was written before was taken back, and the private directory was removed. Check space and permissions."),
            Self::Value { .. } => explanation.advice("Nothing was handed over."),
            Self::UnknownConvention { .. } => explanation.advice(format!(
                "Give one or more of these, with commas: {}.",
                super::conventions::names().join(", ")
            )),
            Self::ConventionsClash { .. } => explanation.advice("Export for one of them, and set the other's variables from the step's outputs."),
            Self::NotPrivateDir { why, .. } => explanation.fact("because", *why).advice("Nothing was removed."),
            Self::Random(_) => explanation.advice("Nothing was written."),
        }
    }
}

/// What is no absolute path may be anything that was put into the wrong place, a key even.
fn named(path: &Path) -> String {
    if path.is_absolute() {
        path.display().to_string()
    } else {
        "what was named to be removed".to_owned()
    }
}
