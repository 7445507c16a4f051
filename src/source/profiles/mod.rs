//! Stored profiles: credentials under a name, in the system's keychain or in config files.
//!
//! The keychain comes before config files, and the file in the working directory before the one in the home directory.
//! Which profile is the default one stands in a config file, whatever place holds the profile. No place is ever passed
//! over because it can't be read: that is an error, or at least told.

mod config;
mod config_file;
mod inventory;
mod profile;
mod remove;
mod store;

use std::cell::OnceCell;

use zeroize::Zeroizing;

pub use config::{Config, ConfigDefect};
pub use config_file::{CONFIG_PATH, ConfigError, ConfigFile, ConfigPlace};
pub use inventory::{Inventory, Item, Looked, Outcome};
pub use profile::{NameDefect, Profile, ProfileName, StoredIn, told_name};
pub use remove::{Entry, Leaving, Stock};
pub use store::{Destination, Kept, Manner, Switched};

use super::{
    Environment, SourceError, Stored,
    keychain::{Keychain, KeychainError, Payload, Replacement},
};

/// Every place of this environment that profiles are stored in.
#[derive(Debug)]
pub struct Profiles {
    bypass_keychain: bool,
    /// Opened when it is first asked.
    keychain: OnceCell<Result<Keychain, KeychainError>>,
    files: Vec<ConfigFile>,
}

/// A profile that was looked for, and what else has its name.
#[derive(Clone, Debug)]
pub struct Found {
    pub profile: Profile,
    /// Other places that store a different profile under this name.
    pub differing: Vec<StoredIn>,
    /// Why the keychain could not be asked whether it has one.
    pub unasked: Option<KeychainError>,
}

/// The name of the default profile, and what makes it the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Default {
    pub name: String,
    pub said_by: DefaultBy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultBy {
    /// A config file names it.
    Config(StoredIn),
    /// No other is stored.
    Only,
}

impl Profiles {
    pub fn new(environment: &Environment, bypass_keychain: bool) -> Self {
        Self {
            bypass_keychain,
            keychain: OnceCell::new(),
            files: ConfigFile::all(environment),
        }
    }

    pub fn bypasses_keychain(&self) -> bool {
        self.bypass_keychain
    }

    /// The config files, the first to be asked first.
    pub fn files(&self) -> &[ConfigFile] {
        &self.files
    }

    /// The keychain, unless it is bypassed.
    pub fn keychain(&self) -> Option<Result<&Keychain, KeychainError>> {
        (!self.bypass_keychain).then(|| self.keychain.get_or_init(Keychain::open).as_ref().map_err(Clone::clone))
    }

    /// The profile of this name. A keychain that can't be asked is passed over if a config file has the profile, and that
    /// is told.
    pub fn find(&self, name: &str) -> Result<Option<Found>, SourceError> {
        let (mut all, mut failure) = (Vec::new(), None);
        match self.in_keychain(name) {
            Ok(profile) => all.extend(profile),
            Err(error) => failure = Some(error),
        }
        for file in &self.files {
            all.extend(file.profiles()?.into_iter().filter(|profile| profile.name == name));
        }
        if all.is_empty() {
            return match failure {
                // Where there is no keychain, nothing is in it.
                None | Some(KeychainError::Unreachable { .. }) => Ok(None),
                Some(error) => Err(error.into()),
            };
        }
        let profile = all.remove(0);
        let differing = all.into_iter().filter(|other| !other.agrees_with(&profile));
        Ok(Some(Found {
            differing: differing.map(|other| other.stored_in).collect(),
            profile,
            unasked: failure,
        }))
    }

    /// The profile that is used where nothing else is said, if there is one: the default one, else the only one.
    pub fn default(&self) -> Result<Option<Found>, SourceError> {
        if let Some(default) = self.named_default()? {
            let found = self.find(&default.name)?;
            return found.map(Some).ok_or_else(|| SourceError::NoDefaultProfile {
                name: default.name,
                said_by: default.said_by.to_string(),
                stored: Box::new(self.stored()),
            });
        }
        let names = self.names()?;
        match names.as_slice() {
            [only] => self.find(only),
            [] => Ok(None),
            _ => Err(SourceError::NoDefaultAmong { known: names }),
        }
    }

    /// What there is, for an error to tell.
    pub(super) fn stored(&self) -> Stored {
        let keychain = self.keychain().map(|keychain| keychain.and_then(Keychain::names).err());
        Stored {
            places: matches!(keychain, Some(None))
                .then_some(StoredIn::Keychain)
                .into_iter()
                .chain(self.files.iter().map(ConfigFile::stored_in))
                .collect(),
            keychain: keychain.flatten(),
            names: self.names().unwrap_or_default(),
        }
    }

    /// The name of every profile, once.
    pub fn names(&self) -> Result<Vec<String>, SourceError> {
        let mut names = match self.keychain() {
            None | Some(Err(KeychainError::Unreachable { .. })) => Vec::new(),
            Some(keychain) => keychain?.names()?,
        };
        for file in &self.files {
            names.extend(file.profiles()?.into_iter().map(|profile| profile.name));
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Everything that is stored, and what of it can't be read.
    pub fn inventory(&self) -> Inventory {
        Inventory::of(self)
    }

    /// The default profile's name, as the first config file that names one has it.
    pub fn named_default(&self) -> Result<Option<Default>, SourceError> {
        for file in &self.files {
            if let Some(name) = file.read()?.and_then(|config| config.default_name()) {
                return Ok(Some(Default {
                    name,
                    said_by: DefaultBy::Config(file.stored_in()),
                }));
            }
        }
        Ok(None)
    }

    fn in_keychain(&self, name: &str) -> Result<Option<Profile>, KeychainError> {
        let Some(keychain) = self.keychain() else {
            return Ok(None);
        };
        let payload = keychain?.read(name)?;
        Ok(payload.map(|payload| payload.into_profile(name)))
    }
}

impl DefaultBy {
    /// As it follows `because`.
    pub fn reason(&self) -> String {
        match self {
            Self::Config(_) => format!("{self} says so"),
            Self::Only => self.to_string(),
        }
    }
}

impl std::fmt::Display for DefaultBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(file) => write!(f, "default_key_name in {file}"),
            Self::Only => f.write_str("no other profile is stored"),
        }
    }
}

impl Payload {
    fn into_profile(self, name: &str) -> Profile {
        Profile {
            name: name.to_owned(),
            stored_in: StoredIn::Keychain,
            key_id: self.key_id,
            issuer_id: self.issuer_id,
            key_type: self.key_type,
            private_key_path: self.private_key_path,
            private_key_pem: self.private_key_pem,
        }
    }
}

impl Profile {
    /// As the keychain holds it.
    pub fn payload(&self) -> Payload {
        Payload {
            key_id: self.key_id.clone(),
            issuer_id: self.issuer_id.clone(),
            private_key_path: self.private_key_path.clone(),
            private_key_pem: Zeroizing::clone(&self.private_key_pem),
            key_type: self.key_type.clone(),
        }
    }
}
