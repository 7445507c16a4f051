//! What `doctor` can repair. Each repair says what it would do, looks again just before it does it, follows no link, and
//! does nothing a second time. None of them removes the only copy of anything.

use std::{fmt, path::PathBuf};

use serde::{Serialize, Serializer};

use super::{Patient, stock::alone};
use crate::{
    credential::PrivateKey,
    handoff::{HandoffError, remove_leftover},
    private_files,
    source::{
        KeychainError, Payload, SourceError, fields,
        profiles::{Config, ConfigError, ConfigFile, Profile, Profiles, told_name},
    },
    text::io_reason,
};

#[derive(Clone, Debug)]
pub(super) enum Repair {
    /// Gives a file or a directory a mode that closes it to others.
    Close {
        path: PathBuf,
        told: String,
        wanted: &'static str,
    },
    /// Moves a config file's old credential into its `keys`.
    AdoptLegacy { file: ConfigFile },
    /// Stores a config file's profile in the keychain, with its key, and removes it from the file.
    IntoKeychain { file: ConfigFile, name: String },
    /// Removes a private directory whose owners have ended.
    Remove { directory: PathBuf },
}

impl fmt::Display for Repair {
    /// As it follows "would": `set the mode of ~/.asc/config.json to 0600`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { told, wanted, .. } => write!(f, "set the mode of {told} to {wanted}"),
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
    /// Why it was not done, if it was not. Then nothing was changed.
    pub(super) not_done: Option<String>,
}

/// Why a repair was not done.
struct NotDone(String);

impl Repair {
    pub(super) fn carry_out(&self, id: &'static str, patient: &Patient<'_>) -> Outcome {
        let done = match self {
            Self::Close { path, .. } => {
                private_files::close_to_others(path).map_err(|error| NotDone(io_reason(&error)))
            }
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

/// Writes to the keychain first, which reads back what it wrote. Only then, and if the file still says the same, the
/// profile is removed from it.
fn into_keychain(file: &ConfigFile, name: &str, patient: &Patient<'_>) -> Result<(), NotDone> {
    let before = file.read()?.unwrap_or_default();
    let profile = the_only(&before, file, name)?;
    let resolved = alone(&profile, patient)?;
    let bypass = patient.sources.boolean(&fields::BYPASS_KEYCHAIN)?.unwrap_or(false);
    let profiles = Profiles::new(patient.environment, bypass);
    let Some(keychain) = profiles.keychain() else {
        return Err(NotDone("the keychain is bypassed".to_owned()));
    };
    let (keychain, key) = (keychain?, &resolved.credential.private_key);
    match keychain.read(name)? {
        Some(stored) if is_same(&stored, &profile, key) => {}
        Some(_) => return Err(NotDone("the keychain has another profile of this name".to_owned())),
        None => {
            let payload = Payload {
                private_key_pem: key.to_pem(),
                key_type: resolved.credential.kind.name().to_owned(),
                key_id: resolved.credential.key_id.to_string(),
                ..profile.payload()
            };
            keychain.write(name, &payload)?;
        }
    }
    file.change(|config| {
        if !profile.agrees_with(&the_only(config, file, name)?) {
            return Err(NotDone("another process has just changed it".to_owned()));
        }
        let default = config.default_name();
        config.remove(name);
        // Beside keys it may have been the default without being named so.
        if default.as_deref() == Some(name) {
            config.set_default(default.as_deref());
        }
        Ok(())
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
