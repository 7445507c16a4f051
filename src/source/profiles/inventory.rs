//! Everything that is stored, place by place, for people to look at.
//!
//! What can't be read is told beside what can, and hides nothing of it: unlike a search for one profile, a look at all of
//! them does not end at the first place that fails. Nothing here says which profile is used; the resolver does.

use super::{ConfigFile, Default, DefaultBy, Profile, Profiles, StoredIn};
use crate::source::{Keychain, KeychainError, SourceError};

/// What was found in which place.
#[derive(Debug)]
pub struct Inventory {
    /// In the order in which they are asked: the keychain first.
    pub places: Vec<Looked>,
    /// In the same order.
    pub items: Vec<Item>,
    /// Unknown, too, where a place can't be read that could say otherwise.
    pub default: Option<Default>,
}

/// A place that was looked into.
#[derive(Debug)]
pub struct Looked {
    pub stored_in: StoredIn,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    /// The user said not to look there.
    Bypassed,
    /// There is no such file.
    Absent,
    /// It has so many profiles.
    Holds(usize),
    Failed(SourceError),
}

/// A profile, or one that is there and can't be read.
#[derive(Debug)]
pub struct Item {
    pub name: String,
    pub stored_in: StoredIn,
    pub read: Result<Profile, KeychainError>,
}

impl Outcome {
    /// Why it is not known what is stored there. Where there is no keychain, nothing is in it.
    pub fn failure(&self) -> Option<&SourceError> {
        match self {
            Self::Failed(SourceError::Keychain(KeychainError::Unreachable { .. })) => None,
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }
}

impl Inventory {
    pub(super) fn of(profiles: &Profiles) -> Self {
        let mut inventory = Self {
            places: Vec::new(),
            items: Vec::new(),
            default: None,
        };
        inventory.look_into_keychain(profiles);
        for file in profiles.files() {
            inventory.look_into_file(file);
        }
        inventory.find_the_only_one();
        inventory
    }

    /// The profile of this name that is used: the first.
    pub fn first_named(&self, name: &str) -> Option<usize> {
        self.items.iter().position(|item| item.name == name)
    }

    /// Whether every place could be read that may hold a profile.
    pub fn is_all_known(&self) -> bool {
        self.places.iter().all(|place| place.outcome.failure().is_none())
    }

    fn look_into_keychain(&mut self, profiles: &Profiles) {
        let names = profiles.keychain().map(|keychain| keychain.and_then(Keychain::names));
        let outcome = match names {
            None => Outcome::Bypassed,
            Some(Err(error)) => Outcome::Failed(error.into()),
            Some(Ok(names)) => {
                for name in names {
                    // An item that is gone by now is none.
                    if let Some(read) = profiles.in_keychain(&name).transpose() {
                        self.add(name, StoredIn::Keychain, read);
                    }
                }
                Outcome::Holds(self.items.len())
            }
        };
        self.looked(StoredIn::Keychain, outcome);
    }

    fn look_into_file(&mut self, file: &ConfigFile) {
        let outcome = match file.read() {
            Err(error) => Outcome::Failed(error.into()),
            Ok(None) => Outcome::Absent,
            Ok(Some(config)) => {
                let profiles = config.profiles(&file.stored_in());
                let count = profiles.len();
                for profile in profiles {
                    self.add(profile.name.clone(), file.stored_in(), Ok(profile));
                }
                if self.default.is_none() && !self.has_failed_file() {
                    self.default = config.default_name().map(|name| Default {
                        name,
                        said_by: DefaultBy::Config(file.stored_in()),
                    });
                }
                Outcome::Holds(count)
            }
        };
        self.looked(file.stored_in(), outcome);
    }

    fn find_the_only_one(&mut self) {
        if let (None, Some(first), true) = (&self.default, self.items.first(), self.is_all_known())
            && self.items.iter().all(|item| item.name == first.name)
        {
            self.default = Some(Default {
                name: first.name.clone(),
                said_by: DefaultBy::Only,
            });
        }
    }

    fn has_failed_file(&self) -> bool {
        let mut files = self.places.iter().filter(|place| place.stored_in != StoredIn::Keychain);
        files.any(|place| place.outcome.failure().is_some())
    }

    fn add(&mut self, name: String, stored_in: StoredIn, read: Result<Profile, KeychainError>) {
        self.items.push(Item { name, stored_in, read });
    }

    fn looked(&mut self, stored_in: StoredIn, outcome: Outcome) {
        self.places.push(Looked { stored_in, outcome });
    }
}
