//! The flags of the commands that a job runs: setup, cleanup, token, exec, validate.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};

use super::{CredentialArgs, LifetimeArgs, OutputArgs, PolicyArgs};
use crate::{handoff, source::Flags};

#[derive(Args, Debug)]
pub struct SetupArgs {
    #[command(flatten)]
    pub credential: CredentialArgs,
    #[command(flatten)]
    pub lifetime: LifetimeArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Prove the key with a request [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Validation")]
    validate: Option<String>,
    /// Set the variables and files that these tools read, with commas:
    /// asc, fastlane, altool, codemagic, expo, tauri, electron-builder, quill
    #[arg(long, value_name = "LIST", help_heading = "Hand-over")]
    export: Option<String>,
    /// The CI to hand over to; none is every other one and any shell: prints the path of an env file
    /// [default: recognised by its environment]
    #[arg(long, value_enum, help_heading = "Hand-over")]
    pub ci: Option<Ci>,
    /// Read the inputs of the GitHub Action, which the runner passes as INPUT_…
    #[arg(long, hide = true)]
    pub action_inputs: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    Github,
    Gitlab,
    Azure,
    None,
}

#[derive(Args, Debug)]
pub struct CleanupArgs {
    /// The private directory to remove [env: ASC_AUTH_DIR] [default: what this CI job has left]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Remove all that this CI job has left, whatever ASC_AUTH_DIR names
    #[arg(long, conflicts_with = "dir")]
    pub job: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
pub struct TokenArgs {
    #[command(flatten)]
    pub credential: CredentialArgs,
    #[command(flatten)]
    pub lifetime: LifetimeArgs,
    /// Reuse a token only while it is good for more than this
    #[arg(long, value_name = "TIME", help_heading = "Token")]
    min_remaining: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
pub struct ExecArgs {
    #[command(flatten)]
    pub credential: CredentialArgs,
    #[command(flatten)]
    pub lifetime: LifetimeArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Don't prove the key with a request first
    #[arg(long, help_heading = "Validation")]
    pub no_validate: bool,
    /// Set the variables and files that these tools read, with commas: as for setup
    #[arg(long, value_name = "LIST", help_heading = "Hand-over")]
    export: Option<String>,
    /// Let the output through as it is: for a person at a terminal
    #[arg(long, help_heading = "Output")]
    pub no_redact: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD", help_heading = "Command")]
    pub command: Vec<OsString>,
}

#[derive(Args, Debug)]
pub struct ValidateArgs {
    #[command(flatten)]
    pub credential: CredentialArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl SetupArgs {
    pub fn flags(&self) -> Flags {
        let flags = self.policy.add_to(self.lifetime.add_to(self.credential.flags()));
        flags
            .with("--validate", self.validate.as_deref())
            .with("--export", self.export.as_deref())
    }
}

impl TokenArgs {
    pub fn flags(&self) -> Flags {
        let flags = self.lifetime.add_to(self.credential.flags());
        flags.with("--min-remaining", self.min_remaining.as_deref())
    }
}

impl ExecArgs {
    pub fn flags(&self) -> Flags {
        let flags = self.policy.add_to(self.lifetime.add_to(self.credential.flags()));
        flags.with("--export", self.export.as_deref())
    }
}

impl ValidateArgs {
    pub fn flags(&self) -> Flags {
        self.policy.add_to(self.credential.flags())
    }
}

impl Ci {
    pub fn to_handoff(self) -> handoff::Ci {
        match self {
            Self::Github => handoff::Ci::GitHub,
            Self::Gitlab => handoff::Ci::GitLab,
            Self::Azure => handoff::Ci::Azure,
            Self::None => handoff::Ci::Shell,
        }
    }
}
