//! Why a credential could not be handed over. Paths are named, contents never.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    explanation::Explanation,
    private_files::Unfit,
    text::{has_short_parts, io_reason},
};

#[derive(Debug, Error)]
pub enum HandoffError {
    #[error("no CI system was recognised")]
    NoCi,
    #[error("two CI systems were recognised, by {first} and {second}")]
    SeveralCis { first: &'static str, second: &'static str },
    #[error("{variable} is on, which prints every secret of the job")]
    DebugTrace { variable: &'static str },
    #[error("{variable} is not set")]
    NoVariable { variable: &'static str },
    #[error("{variable} can't hold the private directory: {why}")]
    BadTemp {
        variable: &'static str,
        path: PathBuf,
        why: String,
    },
    #[error("the job's directory can't be trusted: {unfit}")]
    JobDir { path: PathBuf, unfit: Unfit },
    #[error("{what} could not be written: {reason}")]
    Write {
        what: String,
        path: PathBuf,
        reason: String,
    },
    #[error("the token could not be written: {reason}")]
    Keep { path: PathBuf, reason: String },
    #[error("the directory {} is still there: {reason}", path.display())]
    Remove { path: PathBuf, reason: String },
    #[error("{name} can't be handed over: {why}")]
    Value { name: String, why: &'static str },
    #[error("{}: {}", shown(command), if *is_missing { "command not found" } else { reason })]
    ChildStart {
        command: String,
        is_missing: bool,
        reason: String,
    },
    #[error("the command could not be prepared: {0}")]
    ChildPrepare(String),
    #[error("the command's end was lost: {0}")]
    ChildLost(String),
    #[error("the command's output could not be passed on: {0}")]
    ChildOutput(String),
    #[error("the publish command ended with code {code}")]
    Publish { code: u8 },
    #[error("the publish command could not be run: {reason}")]
    PublishStart { reason: String },
    #[error("interrupted by signal {signal}")]
    Interrupted { signal: u8 },
    #[error("{} is not a private directory of asc-auth", named(.path))]
    NotPrivateDir { path: PathBuf, why: &'static str },
    #[error("no key can be saved in {}: {reason}", path.display())]
    KeyFolder { path: PathBuf, reason: String },
    #[error("the private key that was saved is not in {}: {reason}", path.display())]
    SavedKey { path: PathBuf, reason: String },
    #[error("what is done could not be written down: {reason}")]
    Journal { path: PathBuf, reason: String },
    #[error("another asc-auth key command is running")]
    JournalBusy { path: PathBuf },
    #[error("the record of an unfinished run can't be read")]
    JournalDamaged { path: PathBuf },
    #[error("there is no home directory to write down in what is done")]
    NoHome,
    #[error("the system has no random numbers: {0}")]
    Random(String),
}

impl HandoffError {
    pub(super) fn remove(path: &Path, error: &io::Error) -> Self {
        Self::Remove {
            path: path.to_owned(),
            reason: io_reason(error),
        }
    }

    pub fn write(what: impl Into<String>, path: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::Write {
            what: what.into(),
            path: path.into(),
            reason: io_reason(error),
        }
    }

    pub fn keep(directory: &Path, error: &io::Error) -> Self {
        Self::Keep {
            path: directory.to_owned(),
            reason: io_reason(error),
        }
    }

    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoCi | Self::SeveralCis { .. } | Self::DebugTrace { .. } | Self::NotPrivateDir { .. } => 2,
            // As a shell has it.
            Self::ChildStart { is_missing: true, .. } => 127,
            Self::ChildStart { is_missing: false, .. } => 126,
            // What it talks to may be there again the next time.
            Self::Publish { .. } | Self::PublishStart { .. } => 20,
            // As a shell has it.
            Self::Interrupted { signal } => 128_u8.saturating_add(*signal),
            _ => 30,
        }
    }

    pub fn explain(&self) -> Explanation {
        let explanation = Explanation::new(self.to_string());
        match self {
            Self::NoCi => explanation.advice(
                "Say where to hand over to: --ci github, gitlab or azure, or --ci none for an env file that any shell \
                 reads, whose path is printed.",
            ),
            Self::SeveralCis { .. } => explanation.advice("Say which of them it is: --ci github, gitlab, azure or none."),
            Self::DebugTrace { .. } => explanation.advice(
                "GitLab would write the token into the log, and can't mask it. Remove the variable from the job, the \
                 project and the group, and run the job again.",
            ),
            Self::JobDir { path, .. } => explanation.fact("directory", path.display().to_string()).advice(
                "It is named for this job, and somebody else made it. Nothing was written. Set TMPDIR to a directory of \
                 your own.",
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
            Self::Keep { path, .. } => explanation.fact("directory", path.display().to_string()).advice(
                "A token that is not written there is not handed out, because nobody would know to redact it. Check \
                 space and permissions, or run asc-auth setup again.",
            ),
            Self::Remove { .. } => explanation.advice("Remove it by hand: it holds the private key."),
            Self::Value { .. } => explanation.advice("Nothing was handed over."),
            Self::NotPrivateDir { why, .. } => explanation.fact("because", *why).advice("Nothing was removed."),
            Self::ChildStart { is_missing: true, .. } => explanation.advice(
                "Nothing was run. Check the program's name and PATH; for a script, also the program that its first line names.",
            ),
            Self::ChildStart { .. } => explanation.advice(
                "Nothing was run. Make the file executable, and give a script a first line such as #!/bin/sh.",
            ),
            Self::ChildPrepare(_) => explanation.advice("Nothing was run, and the private directory was removed."),
            Self::ChildLost(_) => explanation.advice("Whether it succeeded is not known. The private directory was removed."),
            Self::ChildOutput(_) => explanation.advice("The command was cut off from its output. Check space and permissions."),
            Self::Publish { .. } | Self::PublishStart { .. } => explanation.advice(
                "The old key still works: nothing was revoked. The new one is saved. Mend the command and run the same \
                 asc-auth key rotate again: it goes on from here, with the same new key.",
            ),
            Self::Interrupted { .. } => explanation.advice(
                "What is done stays done, and the old key still works. The same asc-auth key rotate goes on from here.",
            ),
            Self::KeyFolder { .. } => explanation.advice(
                "Choose another directory with --output-dir, or check space and permissions. No private key was downloaded.",
            ),
            Self::SavedKey { .. } => explanation.advice(
                "A run of this command has saved it there. Put it back, or into the directory of --output-dir. If it is lost, \
                 revoke the key with asc-auth key revoke, and run this again for another one.",
            ),
            Self::Journal { path, .. } => explanation.fact("file", path.display().to_string()).advice(
                "Nothing is begun that could not be finished after an interruption. Check space and permissions; \
                 the directory must be yours alone (chmod 700).",
            ),
            Self::JournalBusy { path } => explanation.fact("lock", path.display().to_string()).advice(
                "Two at once could take each other's key for their own. Run this again when the other one has ended.",
            ),
            Self::JournalDamaged { path } => explanation.fact("file", path.display().to_string()).advice(
                "Look at asc-auth key list for a key that the run may have made, revoke it if nobody has its private \
                 key, and remove the file.",
            ),
            Self::NoHome => explanation.advice("Set HOME to a directory of your own. Nothing was made."),
            Self::Random(_) => explanation.advice("Nothing was written."),
        }
    }
}

/// The program's name, if it is one: what is long may be a secret in the wrong place.
fn shown(command: &str) -> &str {
    if has_short_parts(command) {
        command
    } else {
        "the command"
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
