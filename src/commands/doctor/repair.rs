//! What `doctor` can repair. Each repair says what it would do, looks again just before it does it, follows no link, and
//! does nothing a second time. None of them removes the only copy of anything.

use std::{
    fmt,
    fs::{File, FileType},
    path::{Path, PathBuf},
};

use serde::{Serialize, Serializer};

use super::{Patient, stock::alone};
use crate::{
    credential::PrivateKey,
    handoff::{HandoffError, remove_leftover},
    private_files,
    source::{
        KeychainError, Payload, Replacement, SourceError, fields, holds_key,
        profiles::{Config, ConfigError, ConfigFile, Profile, Profiles, told_name},
    },
    text::io_reason,
};

#[derive(Clone, Debug)]
pub(super) enum Repair {
    /// Gives a file or a directory a mode that closes it to others.
    Close { path: PathBuf, told: String, what: Closed },
    /// Moves a config file's old credential into its `keys`.
    AdoptLegacy { file: ConfigFile },
    /// Stores a config file's profile in the keychain, with its key, and removes it from the file.
    IntoKeychain { file: ConfigFile, name: String },
    /// Removes a private directory whose owners have ended.
    Remove { directory: PathBuf },
}

/// What is closed to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    KeyFile,
    ConfigFile,
    /// Of a web session.
    SessionFile,
    Folder,
}

impl fmt::Display for Repair {
    /// As it follows "would": `set the mode of ~/.asc/config.json to 0600`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { told, what, .. } => write!(f, "set the mode of {told} to {}", what.mode()),
            Self::AdoptLegacy { file } => write!(f, "move the credential beside keys in {file} into keys"),
            Self::IntoKeychain { file, name } => write!(
                f,
                "move profile {} from {file} into the keychain, and leave the key file where it is",
                told_name(name)
            ),
            Self::Remove { directory } => write!(f, "remove {}", directory.display()),
        }
    }
}

impl Serialize for Repair {
    /// The same words.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What came of a repair.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// The finding's.
    pub(super) id: &'static str,
    pub(super) what: String,
    /// Why it was not done, if it was not. Then nothing was changed, or this says what may be.
    pub(super) not_done: Option<String>,
}

/// Why a repair was not done.
struct NotDone(String);

impl Repair {
    pub(super) fn carry_out(&self, id: &'static str, patient: &Patient<'_>) -> Outcome {
        let done = match self {
            Self::Close { path, what, .. } => what.close(path),
            Self::AdoptLegacy { file } => file.change(|config| {
                config.adopt_legacy();
                Ok(())
            }),
            Self::IntoKeychain { file, name } => into_keychain(file, name, patient),
            Self::Remove { directory } => match remove_leftover(directory) {
                Ok(Some(_)) => Ok(()),
                Ok(None) => Err(NotDone("it is in use".to_owned())),
                Err(error) => Err(error.into()),
            },
        };
        Outcome {
            id,
            what: self.to_string(),
            not_done: done.err().map(|NotDone(why)| why),
        }
    }
}

impl Closed {
    /// As people write it.
    pub(super) fn mode(self) -> &'static str {
        match self {
            Self::KeyFile | Self::ConfigFile | Self::SessionFile => "0600",
            Self::Folder => "0700",
        }
    }

    /// Something else may be at its path by now.
    fn close(self, path: &Path) -> Result<(), NotDone> {
        let closed = private_files::close_to_others(path, |file, kind| self.is(file, kind));
        closed.map_err(|error| NotDone(io_reason(&error)))
    }

    fn is(self, file: &mut File, kind: FileType) -> bool {
        match self {
            Self::KeyFile => kind.is_file() && holds_key(file),
            Self::ConfigFile | Self::SessionFile => kind.is_file(),
            Self::Folder => kind.is_dir(),
        }
    }
}

/// The file is locked for all of it. The keychain comes first, and is what it was again if the file can't be changed.
fn into_keychain(file: &ConfigFile, name: &str, patient: &Patient<'_>) -> Result<(), NotDone> {
    let bypass = patient.sources.boolean(&fields::BYPASS_KEYCHAIN)?.unwrap_or(false);
    let profiles = Profiles::new(patient.environment, bypass);
    let Some(keychain) = profiles.keychain() else {
        return Err(NotDone("the keychain is bypassed".to_owned()));
    };
    let (keychain, mut item) = (keychain?, None);
    let moved = file.change(|config| {
        let profile = the_only(config, file, name)?;
        let resolved = alone(&profile, patient)?;
        let key = &resolved.credential.private_key;
        let before = Replacement::of(name, keychain)?;
        match before.before()? {
            Some(stored) if is_same(&stored, &profile, key) => {}
            Some(_) => return Err(NotDone("the keychain has another profile of this name".to_owned())),
            None => item.insert(before).write(&Payload {
                private_key_pem: key.to_pem(),
                key_type: resolved.credential.kind.name().to_owned(),
                key_id: resolved.credential.key_id.to_string(),
                ..profile.payload()
            })?,
        }
        let default = config.default_name();
        config.remove(name);
        // Beside keys it may have been the default without being named so.
        if default.as_deref() == Some(name) {
            config.set_default(default.as_deref());
        }
        Ok(())
    });
    moved.map_err(|NotDone(why)| match item.map_or(Ok(()), Replacement::take_back) {
        Ok(()) => NotDone(why),
        Err(error) => NotDone(format!(
            "{why}; and what was written to the keychain could not be taken back: {error}"
        )),
    })
}

/// The profile of this name in a config file, if it has one and no more.
fn the_only(config: &Config, file: &ConfigFile, name: &str) -> Result<Profile, NotDone> {
    let profiles = config.profiles(&file.stored_in());
    let mut named = profiles.into_iter().filter(|profile| profile.name == name);
    match (named.next(), named.next()) {
        (Some(profile), None) => Ok(profile),
        _ => Err(NotDone(format!("{file} does not have it once, as it had"))),
    }
}

/// Whether the keychain holds this very profile, with its key.
fn is_same(stored: &Payload, profile: &Profile, key: &PrivateKey) -> bool {
    let holds_key = PrivateKey::decode(stored.private_key_pem.as_bytes())
        .is_ok_and(|stored| stored.fingerprint() == key.fingerprint());
    let is_team = |kind: &str| kind.is_empty() || kind == "team";
    holds_key
        && stored.key_id == profile.key_id
        && stored.issuer_id.eq_ignore_ascii_case(&profile.issuer_id)
        && is_team(&stored.key_type) == is_team(&profile.key_type)
}

impl From<ConfigError> for NotDone {
    fn from(error: ConfigError) -> Self {
        Self(error.to_string())
    }
}

impl From<KeychainError> for NotDone {
    fn from(error: KeychainError) -> Self {
        Self(error.to_string())
    }
}

impl From<SourceError> for NotDone {
    fn from(error: SourceError) -> Self {
        Self(error.to_string())
    }
}

impl From<HandoffError> for NotDone {
    fn from(error: HandoffError) -> Self {
        Self(error.to_string())
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use simulator::TestKey;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn only_what_is_still_there_is_closed_to_others() {
        let folder = tempfile::tempdir().expect("a directory");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("key"), TestKey::generate().pem()).expect("a file");
        fs::write(at("text"), "{}").expect("a file");
        fs::create_dir(at("folder")).expect("a directory");
        let closed = [Closed::KeyFile, Closed::ConfigFile, Closed::Folder];
        for (name, open, shut, fitting) in [
            ("key", 0o644, 0o600, &closed[..2]),
            ("text", 0o644, 0o600, &closed[1..2]),
            ("folder", 0o755, 0o700, &closed[2..]),
        ] {
            for what in closed {
                fs::set_permissions(at(name), fs::Permissions::from_mode(open)).expect("a mode");
                let fits = fitting.contains(&what);
                assert_eq!(what.close(&at(name)).is_ok(), fits, "{name}, {what:?}");
                assert_eq!(mode(&at(name)), if fits { shut } else { open }, "{name}, {what:?}");
            }
        }
    }
}
