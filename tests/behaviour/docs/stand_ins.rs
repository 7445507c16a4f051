//! Stand-ins for the programs that the pages call. Each writes down what it is called with; one that uses a credential fails unless it
//! finds it where the real one looks.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// What each does, in sh; `$key` is a file with the key's text.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "fastlane",
        "is_key \"$APP_STORE_CONNECT_API_KEY_PATH\" && is_key \"$APP_STORE_CONNECT_API_KEY_KEY_FILEPATH\"",
    ),
    (
        "xcrun",
        "case $1 in altool) is_key \"$API_PRIVATE_KEYS_DIR/AuthKey_$(after --apiKey \"$@\").p8\" ;; *) is_key \"$(after --key \"$@\")\" ;; esac",
    ),
    ("xcodebuild", "is_key \"$(after -authenticationKeyPath \"$@\")\""),
    (
        "app-store-connect",
        "is_key \"${APP_STORE_CONNECT_PRIVATE_KEY#@file:}\"",
    ),
    ("eas", "is_key \"$EXPO_ASC_API_KEY_PATH\""),
    ("npm", "is_key \"$APPLE_API_KEY_PATH\""),
    ("npx", "is_key \"$APPLE_API_KEY\""),
    ("quill", "is_key \"$QUILL_NOTARY_KEY\""),
    ("curl", "grep -q '^Authorization: Bearer [^ ]*\\.[^ ]*\\.'"),
    (
        "vault",
        "case $1 in write) cat >/dev/null; echo s.vault ;; *) cat \"$key\" ;; esac",
    ),
    ("aws", "cat \"$key\""),
    ("gcloud", "cat \"$key\""),
    ("az", "cat \"$key\""),
    ("gpg", "cat \"$key\""),
    ("gh", "cat >/dev/null"),
    ("glab", "cat >/dev/null"),
    ("envman", ":"),
    ("cargo", ":"),
    ("sleep", ":"),
];

/// Puts all of them into `folder`.
pub fn install(folder: &Path, pem: &str) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("key"), pem).expect("a file");
    fs::write(folder.join("calls"), "").expect("a file");
    for (name, body) in PROGRAMS {
        put(folder, name, body);
    }
}

/// Puts one of them, or another, into `folder`.
pub fn put(folder: &Path, name: &str, body: &str) {
    let script = format!(
        "#!/bin/sh
key='{folder}/key'
is_key() {{ grep -q 'BEGIN PRIVATE KEY' \"$1\" || {{ echo \"{name}: no key in $1\" >&2; exit 9; }}; }}
after() {{ word=$1; shift; while [ \"$1\" != \"$word\" ]; do shift; done; printf %s \"$2\"; }}
printf '%s\\n' \"{name} $*\" >>'{folder}/calls'
{body}
",
        folder = folder.display()
    );
    let path = folder.join(name);
    fs::write(&path, script).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

/// What was called, a line each, in order.
pub fn calls(folder: &Path) -> String {
    fs::read_to_string(folder.join("calls")).expect("the calls")
}
