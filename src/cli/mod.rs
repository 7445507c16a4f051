//! Every flag and its help, nothing else. No flag takes key material.

mod doctor;
mod job;
mod key;
mod knowledge;
mod profiles;
mod shared;
mod status;

use clap::{Parser, Subcommand};

pub use doctor::DoctorArgs;
pub use job::{Ci, CleanupArgs, ExecArgs, SetupArgs, TokenArgs, ValidateArgs};
pub use key::{KeyArgs, KeyCommand, KeyCreateArgs, KeyListArgs, KeyRevokeArgs, KeyRotateArgs, NewKeyArgs, WebArgs};
pub use knowledge::{CapabilitiesArgs, CompletionsArgs, InspectArgs, ManArgs, RolesArgs};
pub use profiles::{LoginArgs, LogoutArgs, SwitchArgs};
pub use shared::{CredentialArgs, KeychainArgs, LifetimeArgs, Output, OutputArgs, PolicyArgs, TimeoutArgs};
pub use status::StatusArgs;

use crate::handoff;

/// App Store Connect authentication in CI.
///
/// Reads the API key from CI secrets, says what is wrong if anything is, proves it with one request,
/// hands short-lived tokens to the steps that need them, and removes everything afterwards.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes:
   0  done
   1  a defect of asc-auth itself
   2  usage: unknown flag, unreadable value
  10  the credential is missing, incomplete or malformed
  11  strict-auth: mixed sources
  12  Apple refused the credential (401)
  13  Apple accepted the key but forbids this (403: role, agreement, membership)
  14  a policy that you set failed (--expect-app, --forbid-admin)
  20  the network or Apple's service failed; trying again may help
  30  a local file could not be written or read
exec ends with the code of its command: 128 and the signal's number if it was killed, 127 if it was not found,
126 if it could not be run.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the key, prove it, and hand a token and a private key file to the steps that follow
    Setup(SetupArgs),
    /// Remove what setup left
    Cleanup(CleanupArgs),
    /// Print a token: the one that setup made while it is fresh, else a new one
    Token(TokenArgs),
    /// Run a command with the credential in its environment, and everything secret redacted from its output
    Exec(ExecArgs),
    /// Prove that the credential works, with one GET /v1/apps
    Validate(ValidateArgs),
    /// Decode a token, and say what Apple would refuse in it; no request is made
    Inspect(InspectArgs),
    /// Show which endpoints this key can reach, with one GET each
    Capabilities(CapabilitiesArgs),
    /// Show what each role of a key can do, the least privilege first
    Roles(RolesArgs),
    /// Store a credential under a name, in the keychain or in a config file
    Login(LoginArgs),
    /// Show the stored profiles, and which credential is used here
    Status(StatusArgs),
    /// Make a stored profile the default one
    Switch(SwitchArgs),
    /// Remove a stored profile, or all of them
    Logout(LogoutArgs),
    /// Make, list, revoke and rotate team keys, through a web session
    Key(KeyArgs),
    /// Check everything that can be checked, offline, and repair what can be repaired
    Doctor(DoctorArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them
    Man(ManArgs),
}

impl Command {
    /// Whether stdout is a result that scripts capture, as in `TOKEN=$(asc-auth token)`, or a child's own.
    pub fn is_captured(&self) -> bool {
        matches!(
            self,
            Self::Token(_)
                | Self::Exec(_)
                | Self::Inspect(_)
                | Self::Roles(_)
                | Self::Doctor(_)
                | Self::Completions(_)
                | Self::Man(_)
        )
    }

    /// Whether everything secret is redacted from the log, so that nothing need be masked in it.
    pub fn is_redacted(&self) -> bool {
        matches!(self, Self::Exec(args) if !args.no_redact)
    }

    /// The CI that was named, so that it need not be recognised.
    pub fn ci(&self) -> Option<handoff::Ci> {
        match self {
            Self::Setup(args) => args.ci.map(Ci::to_handoff),
            _ => None,
        }
    }

    pub fn wants_json(&self) -> bool {
        let output = match self {
            Self::Exec(_) | Self::Completions(_) | Self::Man(_) => return false,
            Self::Setup(args) => &args.output,
            Self::Cleanup(args) => &args.output,
            Self::Token(args) => &args.output,
            Self::Validate(args) => &args.output,
            Self::Inspect(args) => &args.output,
            Self::Capabilities(args) => &args.output,
            Self::Roles(args) => &args.output,
            Self::Status(args) => &args.output,
            Self::Login(args) => &args.output,
            Self::Switch(args) => &args.output,
            Self::Logout(args) => &args.output,
            Self::Key(args) => args.output(),
            Self::Doctor(args) => &args.output,
        };
        output.output == Output::Json
    }
}
