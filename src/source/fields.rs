//! The table of what can be given, and under which names.

use super::places::Field;

macro_rules! field {
    ($name:ident, $what:literal, $flag:expr, $input:expr, $variable:expr) => {
        pub const $name: Field = Field {
            what: $what,
            flag: $flag,
            input: $input,
            variable: $variable,
        };
    };
}

field!(
    PROFILE,
    "profile",
    Some("--profile"),
    Some("profile"),
    Some("ASC_PROFILE")
);
field!(KEY_ID, "key ID", Some("--key-id"), Some("key-id"), Some("ASC_KEY_ID"));
field!(
    ISSUER_ID,
    "issuer ID",
    Some("--issuer-id"),
    Some("issuer-id"),
    Some("ASC_ISSUER_ID")
);
field!(
    KEY_TYPE,
    "key type",
    Some("--key-type"),
    Some("key-type"),
    Some("ASC_KEY_TYPE")
);
field!(
    STRICT_AUTH,
    "strict-auth setting",
    Some("--strict-auth"),
    Some("strict-auth"),
    Some("ASC_STRICT_AUTH")
);
field!(
    BYPASS_KEYCHAIN,
    "bypass-keychain",
    Some("--bypass-keychain"),
    None,
    Some("ASC_BYPASS_KEYCHAIN")
);
field!(
    API_URL,
    "API root",
    Some("--api-url"),
    Some("api-url"),
    Some("ASC_API_URL")
);
field!(WEB_URL, "web root", Some("--web-url"), None, Some("ASC_WEB_URL"));
field!(
    WEB_SESSION,
    "web session",
    Some("--session"),
    None,
    Some("ASC_WEB_SESSION")
);

// The private key, the highest rank first. Only paths are ever arguments.
field!(
    KEY_PATH,
    "private key",
    Some("--private-key-path"),
    Some("private-key-path"),
    Some("ASC_PRIVATE_KEY_PATH")
);
field!(KEY_B64, "private key", None, None, Some("ASC_PRIVATE_KEY_B64"));
field!(
    KEY_TEXT,
    "private key",
    None,
    Some("private-key"),
    Some("ASC_PRIVATE_KEY")
);
field!(KEY_VARIABLE, "private key", Some("--private-key-variable"), None, None);

/// The fields that make up a credential.
pub const CREDENTIAL: [&Field; 7] = [
    &PROFILE,
    &KEY_ID,
    &ISSUER_ID,
    &KEY_TYPE,
    &KEY_PATH,
    &KEY_VARIABLE,
    &KEY_TEXT,
];

// What only a command's flags or the action's inputs say.
field!(LIFETIME, "lifetime", Some("--lifetime"), Some("lifetime"), None);
field!(MIN_REMAINING, "min-remaining", Some("--min-remaining"), None, None);
field!(SCOPE, "scope", Some("--scope"), Some("scope"), None);
field!(VALIDATE, "validate", Some("--validate"), Some("validate"), None);
field!(EXPORT, "export", Some("--export"), Some("export"), None);
field!(EXPECT_APP, "expect-app", Some("--expect-app"), Some("expect-app"), None);
field!(
    FORBID_ADMIN,
    "forbid-admin",
    Some("--forbid-admin"),
    Some("forbid-admin"),
    None
);
