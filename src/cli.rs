//! Every flag and its help, nothing else. No flag takes key material.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{handoff, source::Flags};

/// App Store Connect authentication in CI.
///
/// Reads the API key from CI secrets, says what is wrong if anything is, proves it with one request,
/// hands short-lived tokens to the steps that need them, and removes everything afterwards.
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXIT_CODES)]
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
}

/// The credential. Each may come from the environment instead; key material is never an argument.
#[derive(Args, Debug)]
#[command(next_help_heading = "Credential")]
pub struct CredentialArgs {
    /// Use a stored profile [env: ASC_PROFILE]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Key ID, ten characters [env: ASC_KEY_ID]
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// Issuer ID, a UUID; an individual key has none [env: ASC_ISSUER_ID]
    #[arg(long, value_name = "UUID")]
    issuer_id: Option<String>,
    /// The .p8 file, or - for standard input [env: ASC_PRIVATE_KEY_PATH, ASC_PRIVATE_KEY_B64, ASC_PRIVATE_KEY]
    #[arg(long, value_name = "FILE")]
    private_key_path: Option<String>,
    /// The variable that holds the key: as text, as base64, or as the path of a file
    #[arg(long, value_name = "NAME", conflicts_with = "private_key_path")]
    private_key_variable: Option<String>,
    /// team or individual [env: ASC_KEY_TYPE] [default: team]
    #[arg(long, value_name = "TYPE")]
    key_type: Option<String>,
    /// Fail on mixed sources instead of warning [env: ASC_STRICT_AUTH] [default: false; in the Action true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    strict_auth: Option<String>,
    /// Don't look into the keychain [env: ASC_BYPASS_KEYCHAIN]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    bypass_keychain: Option<String>,
    /// API root: https, or http on loopback [env: ASC_API_URL] [default: Apple's]
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// For the Apple Developer Enterprise Program: its audience and host
    #[arg(long)]
    pub in_house: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Token")]
pub struct LifetimeArgs {
    /// How long the token is valid: 900, 900s, 15m; with scopes up to 180d [default: 15m]
    #[arg(long, value_name = "TIME")]
    lifetime: Option<String>,
    /// Limit the token to one request, such as 'GET /v1/apps'; may be repeated
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Validation")]
pub struct PolicyArgs {
    /// Fail unless the key sees the app with this bundle ID
    #[arg(long, value_name = "BUNDLE_ID")]
    expect_app: Option<String>,
    /// Fail if the key can list users, as Admin keys can
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    forbid_admin: Option<String>,
    /// How long all requests and retries may take together
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub timeout: String,
}

#[derive(Args, Debug)]
pub struct OutputArgs {
    /// For people, or for scripts
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

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
    /// The CI to hand over to [default: recognised by its environment]
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
    /// Every other CI, and any shell: prints the path of an env file
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

impl CredentialArgs {
    fn flags(&self) -> Flags {
        Flags::default()
            .with("--profile", self.profile.as_deref())
            .with("--key-id", self.key_id.as_deref())
            .with("--issuer-id", self.issuer_id.as_deref())
            .with("--private-key-path", self.private_key_path.as_deref())
            .with("--private-key-variable", self.private_key_variable.as_deref())
            .with("--key-type", self.key_type.as_deref())
            .with("--strict-auth", self.strict_auth.as_deref())
            .with("--bypass-keychain", self.bypass_keychain.as_deref())
            .with("--api-url", self.api_url.as_deref())
    }
}

impl LifetimeArgs {
    fn add_to(&self, flags: Flags) -> Flags {
        let scopes = (!self.scope.is_empty()).then(|| self.scope.join("\n"));
        flags
            .with("--lifetime", self.lifetime.as_deref())
            .with("--scope", scopes.as_deref())
    }
}

impl PolicyArgs {
    fn add_to(&self, flags: Flags) -> Flags {
        flags
            .with("--expect-app", self.expect_app.as_deref())
            .with("--forbid-admin", self.forbid_admin.as_deref())
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

impl Command {
    /// Whether stdout is a result that scripts capture, as in `TOKEN=$(asc-auth token)`, or a child's own.
    pub fn is_captured(&self) -> bool {
        matches!(self, Self::Token(_) | Self::Exec(_))
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
            Self::Exec(_) => return false,
            Self::Setup(args) => &args.output,
            Self::Cleanup(args) => &args.output,
            Self::Token(args) => &args.output,
            Self::Validate(args) => &args.output,
        };
        output.output == Output::Json
    }
}
