//! The flags of the commands for stored profiles, in alphabetical order.

use clap::Args;

use super::{KeychainArgs, OutputArgs};
use crate::source::Flags;

const LOGIN: &str = "The keychain keeps the key itself, so that the profile works when the .p8 file is gone; a config \
file keeps its path.
The credential comes from these flags, and what they lack is asked for at a terminal. Of the environment nothing is
read but ASC_BYPASS_KEYCHAIN, ASC_CONFIG_PATH and ASC_API_URL.

Exit codes:
   0  stored
   2  usage: unknown flag, unreadable value, a name that is taken, flags that contradict each other
  10  the credential is missing, incomplete or malformed, or a config file can't be understood
  30  the keychain, the key file or a config file can't be read or written
With --network also 12, 13 and 20, as validate has them.";

const SWITCH: &str = "Exit codes:
   0  it is the default profile of the config file that decides
   2  usage: unknown flag, unreadable value, no name
  10  no profile has this name, or a config file can't be understood
  30  the keychain or a config file can't be read or written";

const LOGOUT: &str = "A profile is removed from the keychain and from every config file. No .p8 file is removed.

Exit codes:
   0  removed
   2  usage: unknown flag, unreadable value, --all without --confirm where nobody can be asked
  10  no profile has this name, or a config file can't be understood
  30  the keychain or a config file can't be read or written
What can be removed is removed, whatever fails.";

#[derive(Args, Debug)]
#[command(after_help = LOGIN)]
pub struct LoginArgs {
    /// The profile's name, such as MyApp
    #[arg(long, visible_alias = "profile", value_name = "NAME", help_heading = "Profile")]
    pub name: Option<String>,
    /// Make it the default profile, which the first one is anyway
    #[arg(long, help_heading = "Profile")]
    pub default: bool,
    /// Replace the profile that has this name
    #[arg(long, help_heading = "Profile")]
    pub force: bool,
    /// Store it in the config file instead of the keychain [env: ASC_BYPASS_KEYCHAIN]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Profile")]
    bypass_keychain: Option<String>,
    /// Store it in ./.asc/config.json, for this directory
    #[arg(long, help_heading = "Profile")]
    pub local: bool,
    /// Key ID, ten characters; the name of the file may say it: AuthKey_<key ID>.p8
    #[arg(long, value_name = "ID", help_heading = "Credential")]
    key_id: Option<String>,
    /// Issuer ID, a UUID; an individual key has none
    #[arg(long, value_name = "UUID", help_heading = "Credential")]
    issuer_id: Option<String>,
    /// The .p8 file, or - for standard input; a terminal asks for the key without it
    #[arg(long, value_name = "FILE", help_heading = "Credential")]
    private_key: Option<String>,
    /// The same, as the other commands call it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "private_key",
        help_heading = "Credential"
    )]
    private_key_path: Option<String>,
    /// team or individual [default: team]
    #[arg(long, value_name = "TYPE", help_heading = "Credential")]
    key_type: Option<String>,
    #[command(flatten)]
    pub proof: ProofArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Validation")]
pub struct ProofArgs {
    /// Prove the credential with a request, and store it only if it works
    #[arg(long)]
    pub network: bool,
    /// API root: https, or http on loopback [env: ASC_API_URL] [default: Apple's]
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// For the Apple Developer Enterprise Program: its audience and host
    #[arg(long)]
    pub in_house: bool,
    /// How long all requests and retries may take together [default: 60s]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = LOGOUT)]
pub struct LogoutArgs {
    /// The profile to remove
    #[arg(long, visible_alias = "profile", value_name = "NAME")]
    pub name: Option<String>,
    /// Remove every profile
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// Remove it from ./.asc/config.json alone
    #[arg(long)]
    pub local: bool,
    /// Don't ask whether every profile is to be removed
    #[arg(long)]
    pub confirm: bool,
    /// Leave the keychain as it is [env: ASC_BYPASS_KEYCHAIN]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    bypass_keychain: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
#[command(after_help = SWITCH)]
pub struct SwitchArgs {
    /// The profile that is used from now on where none is named
    #[arg(long, visible_alias = "profile", value_name = "NAME")]
    pub name: Option<String>,
    #[command(flatten)]
    pub keychain: KeychainArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl LoginArgs {
    /// What is to be stored.
    pub fn credential(&self) -> Flags {
        Flags::default()
            .with("--key-id", self.key_id.as_deref())
            .with("--issuer-id", self.issuer_id.as_deref())
            .with("--key-type", self.key_type.as_deref())
    }

    /// What gives the private key, and the path that it gives.
    pub fn private_key(&self) -> Option<(&'static str, &str)> {
        let flag = self.private_key.as_deref().map(|path| ("--private-key", path));
        flag.or_else(|| {
            self.private_key_path
                .as_deref()
                .map(|path| ("--private-key-path", path))
        })
    }

    /// The flag that a command needs as well to find what was stored: where a variable says it, it needs none.
    pub fn bypass(&self) -> Option<&'static str> {
        self.bypass_keychain.is_some().then_some("--bypass-keychain")
    }

    /// How, and how it is proved.
    pub fn settings(&self) -> Flags {
        Flags::default()
            .with("--bypass-keychain", self.bypass_keychain.as_deref())
            .with("--api-url", self.proof.api_url.as_deref())
    }
}

impl ProofArgs {
    /// A flag that does nothing without `--network`.
    pub fn idle(&self) -> Option<&'static str> {
        let flags = [
            (self.api_url.is_some(), "--api-url"),
            (self.in_house, "--in-house"),
            (self.timeout.is_some(), "--timeout"),
        ];
        let given = flags.into_iter().find(|(given, _)| *given && !self.network);
        given.map(|(_, name)| name)
    }
}

impl LogoutArgs {
    pub fn settings(&self) -> Flags {
        Flags::default().with("--bypass-keychain", self.bypass_keychain.as_deref())
    }
}
