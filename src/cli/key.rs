//! The flags of the commands for team keys.

use clap::{Args, Subcommand};

use super::{KeychainArgs, OutputArgs, TimeoutArgs};
use crate::source::Flags;

const SESSION: &str =
    "Apple's API can't do this: it takes the web session of a person, who is an Account Holder or Admin of the
team. The session's file is read and never changed. Its cookies go to App Store Connect and nowhere else.

Exit codes:
   0  done
   1  Apple's answer was not understood, or a defect of asc-auth itself
   2  usage: unknown flag, unreadable value, a name that is taken, something that wants to be confirmed
  10  no session, or one that can't be understood; no such key
  12  the session has expired: sign in again
  13  this person may not, or the team has all of its 50 keys
  20  the network or Apple's service failed, trying again may help; or the publish command failed
  30  a local file could not be written or read";

const CREATE: &str =
    "Apple gives the private key out once, ever. It is on the disk, readable for you alone, before anything else
happens to it. If this is interrupted, the same command goes on where it was, and makes no second key.";

const ROTATE: &str =
    "In this order: make the new key, save it, prove it with the API, store it as a profile (--profile), hand it to
your command (--publish), prove it again, revoke the old key (--revoke-old). The old key works until the last step.
Each step is written down; if this is interrupted, the same command goes on where it was, and makes no second key.

The command of --publish is run by sh -e. It finds ASC_KEY_ID, ASC_ISSUER_ID, ASC_PRIVATE_KEY_PATH, ASC_PRIVATE_KEY,
ASC_PRIVATE_KEY_B64 and ASC_TOKEN in its environment and the .p8 on standard input. It may run twice if this is
interrupted.";

/// The commands for a team's keys.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct KeyArgs {
    #[command(subcommand)]
    pub command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a team key, and save its private half, which Apple gives out once
    Create(KeyCreateArgs),
    /// Show the team's keys, and point at those to revoke
    List(KeyListArgs),
    /// Revoke a team key for good
    Revoke(KeyRevokeArgs),
    /// Put a new key in the place of an old one, in an order that loses nothing
    Rotate(KeyRotateArgs),
}

/// The person who is signed in.
#[derive(Args, Debug)]
#[command(next_help_heading = "Web session")]
pub struct WebArgs {
    /// The file of the web session [env: ASC_WEB_SESSION] [default: ~/.blitz/asc-agent/web-session.json]
    #[arg(long, value_name = "FILE")]
    session: Option<String>,
    /// App Store Connect's web root, or http on loopback [env: ASC_WEB_URL] [default: Apple's]
    #[arg(long, value_name = "URL")]
    web_url: Option<String>,
    #[command(flatten)]
    pub timeout: TimeoutArgs,
}

/// What the new key is.
#[derive(Args, Debug)]
#[command(next_help_heading = "New key")]
pub struct NewKeyArgs {
    /// What it is called in App Store Connect: what it is for
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Its role, such as app-manager or developer; asc-auth roles shows them all
    #[arg(long, value_name = "ROLE", required = true)]
    pub role: Vec<String>,
    /// Make an Admin key all the same: whoever has it has the whole team
    #[arg(long)]
    pub confirm_admin: bool,
    /// Where the .p8 is saved [default: ~/.blitz]
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<String>,
    /// Store a profile in the config file instead of the keychain [env: ASC_BYPASS_KEYCHAIN]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    bypass_keychain: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = SESSION, before_help = CREATE)]
pub struct KeyCreateArgs {
    #[command(flatten)]
    pub new: NewKeyArgs,
    /// Store it as a profile of this name at once
    #[arg(long, value_name = "PROFILE", help_heading = "New key")]
    pub login: Option<String>,
    #[command(flatten)]
    pub web: WebArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
#[command(after_help = SESSION)]
pub struct KeyListArgs {
    /// Only active keys that were not used for so long, or never: 90d, 12h
    #[arg(long, value_name = "TIME")]
    pub unused_for: Option<String>,
    /// Only active keys that look forgotten: not used for 180 days, never used, or never downloaded
    #[arg(long)]
    pub stale: bool,
    #[command(flatten)]
    pub keychain: KeychainArgs,
    #[command(flatten)]
    pub web: WebArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
#[command(after_help = SESSION)]
pub struct KeyRevokeArgs {
    /// The key's ID, as asc-auth key list shows it
    #[arg(value_name = "KEY_ID")]
    pub key_id: String,
    /// Revoke it without asking: it can't be undone
    #[arg(long)]
    pub confirm: bool,
    /// Revoke it even if the default profile uses it
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub keychain: KeychainArgs,
    #[command(flatten)]
    pub web: WebArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
#[command(after_help = SESSION, before_help = ROTATE)]
pub struct KeyRotateArgs {
    /// The ID of the key to replace
    #[arg(value_name = "OLD_KEY_ID")]
    pub old_key_id: String,
    #[command(flatten)]
    pub new: NewKeyArgs,
    /// Store the new key as this profile, in the place of the one that has the name
    #[arg(long, value_name = "NAME", help_heading = "Steps")]
    pub profile: Option<String>,
    /// Run this command with the new key, to hand it to whoever uses the old one
    #[arg(long, value_name = "CMD", help_heading = "Steps")]
    pub publish: Option<String>,
    /// Revoke the old key at the end
    #[arg(long, help_heading = "Steps")]
    pub revoke_old: bool,
    /// Revoke the old key even if the default profile uses it
    #[arg(long, help_heading = "Steps")]
    pub force: bool,
    /// Print the steps, and do none of them
    #[arg(long, help_heading = "Steps")]
    pub dry_run: bool,
    /// API root, to prove the new key: https, or http on loopback [env: ASC_API_URL] [default: Apple's]
    #[arg(long, value_name = "URL", help_heading = "Steps")]
    api_url: Option<String>,
    /// How long to go on until Apple knows the new key
    #[arg(long, value_name = "TIME", default_value = "5m", help_heading = "Steps")]
    pub known_within: String,
    #[command(flatten)]
    pub web: WebArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl KeyArgs {
    pub(super) fn output(&self) -> &OutputArgs {
        match &self.command {
            KeyCommand::Create(args) => &args.output,
            KeyCommand::List(args) => &args.output,
            KeyCommand::Revoke(args) => &args.output,
            KeyCommand::Rotate(args) => &args.output,
        }
    }
}

impl WebArgs {
    /// Who is signed in, and where.
    pub fn settings(&self) -> Flags {
        Flags::default()
            .with("--session", self.session.as_deref())
            .with("--web-url", self.web_url.as_deref())
    }
}

impl NewKeyArgs {
    /// Where profiles are stored.
    pub fn profile_settings(&self) -> Flags {
        Flags::default().with("--bypass-keychain", self.bypass_keychain.as_deref())
    }
}

impl KeyRotateArgs {
    /// Where the new key is proved.
    pub fn api_settings(&self) -> Flags {
        Flags::default().with("--api-url", self.api_url.as_deref())
    }
}
