//! The flags that several commands share.

use clap::{Args, ValueEnum};

use crate::source::Flags;

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
    #[command(flatten)]
    pub timeout: TimeoutArgs,
}

#[derive(Args, Debug)]
pub struct TimeoutArgs {
    /// How long all requests and retries may take together
    #[arg(long, value_name = "TIME", default_value = "60s", help_heading = "Requests")]
    pub timeout: String,
}

/// For a command that looks at stored profiles.
#[derive(Args, Debug)]
pub struct KeychainArgs {
    /// Don't look into the keychain [env: ASC_BYPASS_KEYCHAIN]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    bypass_keychain: Option<String>,
}

impl KeychainArgs {
    pub fn settings(&self) -> Flags {
        Flags::default().with("--bypass-keychain", self.bypass_keychain.as_deref())
    }
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

impl CredentialArgs {
    pub(super) fn flags(&self) -> Flags {
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
    pub(super) fn add_to(&self, flags: Flags) -> Flags {
        let scopes = (!self.scope.is_empty()).then(|| self.scope.join("\n"));
        flags
            .with("--lifetime", self.lifetime.as_deref())
            .with("--scope", scopes.as_deref())
    }
}

impl PolicyArgs {
    pub(super) fn add_to(&self, flags: Flags) -> Flags {
        flags
            .with("--expect-app", self.expect_app.as_deref())
            .with("--forbid-admin", self.forbid_admin.as_deref())
    }
}
