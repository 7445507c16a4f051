//! Storing a profile and making one the default.
//!
//! The config file that names the default is locked for all of a change, the keychain's part of it too: each of several
//! processes sees what the one before it did. What can't be finished is taken back, or told. Nothing is ever replaced unasked.

use std::cell::OnceCell;

use super::{
    Config, ConfigFile, ConfigPlace, Default, Keychain, KeychainError, Profile, Profiles, Replacement, SourceError,
    StoredIn, told_name,
};
use crate::source::{Mix, Origin};

/// Where a profile goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The key itself, into the system's keychain.
    Keychain,
    /// The path of the key, into a config file.
    File(ConfigFile),
}

/// How a profile is stored.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// In the place of one that has its name.
    pub replace: bool,
    /// As the default one, which the first profile becomes anyway.
    pub default: bool,
}

/// What came of storing a profile.
#[derive(Debug)]
pub struct Kept {
    pub replaced: bool,
    /// The place that stores another profile of this name, which is the one that is used.
    pub hidden_by: Option<StoredIn>,
    /// The default profile from now on, as this directory has it.
    pub default: Option<Default>,
    /// What is odd about it, in one sentence each.
    pub warnings: Vec<String>,
}

/// What came of making a profile the default.
#[derive(Debug)]
pub struct Switched {
    /// Where the profile is stored.
    pub stored_in: StoredIn,
    /// The name of the default profile until now.
    pub before: Option<String>,
    /// The config file that names it from now on.
    pub file: StoredIn,
    /// The default profile from now on, as this directory has it.
    pub default: Option<Default>,
    pub warnings: Vec<String>,
}

impl Destination {
    pub fn stored_in(&self) -> StoredIn {
        match self {
            Self::Keychain => StoredIn::Keychain,
            Self::File(file) => file.stored_in(),
        }
    }
}

impl Profiles {
    /// The config file that is this user's own: it names the default profile of the keychain.
    pub fn own_file(&self) -> Result<&ConfigFile, SourceError> {
        let own = self.files.iter().find(|file| file.place != ConfigPlace::Local);
        own.ok_or(SourceError::NoHome)
    }

    /// Where a profile of this user's own goes where nothing else is said.
    pub fn own_place(&self) -> Result<Destination, SourceError> {
        if self.bypass_keychain {
            return Ok(Destination::File(self.own_file()?.clone()));
        }
        Ok(Destination::Keychain)
    }

    /// The config file of the working directory, which may be the home directory. `None` if a variable names the only
    /// one.
    pub fn local_file(&self) -> Option<&ConfigFile> {
        self.files.iter().find(|file| file.place != ConfigPlace::Named)
    }

    /// The same alone: no other file, and no keychain.
    pub fn local_alone(&self) -> Option<Self> {
        Some(Self {
            bypass_keychain: true,
            keychain: OnceCell::new(),
            files: vec![self.local_file()?.clone()],
        })
    }

    /// Whether the keychain has this name, though it is bypassed: who does not bypass it gets that profile. Nothing is
    /// unlocked for it, and a keychain that can't be asked has none.
    pub fn is_in_bypassed_keychain(&self, name: &str) -> bool {
        let names = || Keychain::open().and_then(|keychain| keychain.names());
        self.bypass_keychain && names().is_ok_and(|names| names.iter().any(|other| other == name))
    }

    /// Refuses a name that [`Profiles::store`] would refuse, before anybody is asked for a key.
    pub fn refuse_taken(&self, name: &str, into: &Destination, manner: Manner) -> Result<(), SourceError> {
        let is_taken = match into {
            Destination::File(file) => file.profiles()?.iter().any(|profile| profile.name == name),
            Destination::Keychain => {
                self.own_file()?;
                let keychain = self.keychain_to_store()?;
                let item = Replacement::of(name, keychain).map_err(|error| self.not_stored(error))?;
                item.is_taken()
            }
        };
        refuse(is_taken, name, &into.stored_in(), manner)
    }

    /// Stores a profile. In a config file its key itself is left out.
    pub fn store(&self, profile: &Profile, into: &Destination, manner: Manner) -> Result<Kept, SourceError> {
        let (replaced, is_default) = match into {
            Destination::File(file) => file.change(|config| put(config, file, profile, manner))?,
            Destination::Keychain => self.keep(profile, manner)?,
        };
        let (default, mut warnings) = self.decided(&profile.name, is_default);
        let (hidden_by, doubt) = self.doubts(profile);
        warnings.extend(doubt);
        Ok(Kept {
            replaced,
            hidden_by,
            default,
            warnings,
        })
    }

    /// Makes the profile of this name the default one: in the config file that stores it, or for the keychain in this
    /// user's own.
    pub fn set_default(&self, name: &str) -> Result<Switched, SourceError> {
        let Some(found) = self.find(name)? else {
            return Err(self.no_such(Origin::Flag("--name"), name));
        };
        let stored_in = found.profile.stored_in;
        let storing = self.files.iter().find(|file| file.stored_in() == stored_in);
        let before = self.named_default()?.map(|default| default.name);
        let file = match storing {
            Some(file) => file,
            None => self.own_file()?,
        };
        file.change(|config| {
            // It may have been removed since it was found.
            if storing.is_some() && !names_in(config, file).iter().any(|other| other == name) {
                return Err(self.no_such(Origin::Flag("--name"), name));
            }
            config.set_default(Some(name));
            Ok(())
        })?;
        let (default, warnings) = self.decided(name, true);
        Ok(Switched {
            file: file.stored_in(),
            stored_in,
            before,
            default,
            warnings,
        })
    }

    /// That no profile has the name that `origin` gives, and which ones there are.
    pub fn no_such(&self, origin: Origin, name: &str) -> SourceError {
        SourceError::NoSuchProfile {
            origin,
            name: name.to_owned(),
            stored: Box::new(self.stored()),
        }
    }

    /// Whether it replaced one, and whether it is the default now.
    fn keep(&self, profile: &Profile, manner: Manner) -> Result<(bool, bool), SourceError> {
        let name = &profile.name;
        let file = self.own_file()?;
        let keychain = self.keychain_to_store()?;
        let mut item = None;
        let kept = file.change(|config| {
            let failed = |error| self.not_stored(error);
            let before = Replacement::of(name, keychain).map_err(failed)?;
            let is_taken = before.is_taken();
            refuse(is_taken, name, &StoredIn::Keychain, manner)?;
            let mut others = keychain.names().map_err(failed)?;
            others.extend(names_in(config, file));
            let default = manner.default || is_first(config, &others, name);
            item.insert(before).write(&profile.payload()).map_err(failed)?;
            if default {
                config.set_default(Some(name));
            }
            Ok((is_taken, default))
        });
        kept.map_err(|why| match item.map_or(Ok(()), Replacement::take_back) {
            Ok(()) => why,
            Err(error) => SourceError::NotTakenBack {
                why: Box::new(why),
                name: name.clone(),
                error,
            },
        })
    }

    fn keychain_to_store(&self) -> Result<&Keychain, SourceError> {
        match self.keychain() {
            Some(keychain) => keychain.map_err(|error| self.not_stored(error)),
            None => Err(self.not_stored(KeychainError::Unreachable {
                reason: "it is bypassed".to_owned(),
            })),
        }
    }

    fn not_stored(&self, error: KeychainError) -> SourceError {
        SourceError::NotStored {
            error,
            instead: self.own_file().ok().map(|file| file.path().to_owned()),
        }
    }

    /// The default profile as this directory has it, and what is to be said if it should be another one.
    fn decided(&self, name: &str, should_be: bool) -> (Option<Default>, Vec<String>) {
        match self.named_default() {
            Ok(Some(default)) if should_be && default.name != name => {
                let warning = format!(
                    "in this directory {} is the default all the same: {} comes first",
                    told_name(&default.name),
                    default.said_by
                );
                (Some(default), vec![warning])
            }
            Ok(default) => (default, Vec::new()),
            Err(error) => (None, vec![error.to_string()]),
        }
    }

    /// The place whose profile is used under the name of one that was just stored, if that is another, and what is to
    /// be said of others with its name.
    fn doubts(&self, profile: &Profile) -> (Option<StoredIn>, Option<String>) {
        let found = match self.find(&profile.name) {
            Ok(Some(found)) => found,
            Ok(None) => return (None, None),
            Err(error) => return (None, Some(error.to_string())),
        };
        let is_used = found.profile.stored_in == profile.stored_in;
        let others = if is_used {
            found.differing
        } else if found.profile.agrees_with(profile) {
            Vec::new()
        } else {
            vec![profile.stored_in.clone()]
        };
        if others.is_empty() {
            return (None, None);
        }
        let used = found.profile.stored_in;
        let mix = Mix::StoredTwice {
            name: profile.name.clone(),
            used: used.clone(),
            others,
        };
        (Some(used).filter(|_| !is_used), Some(mix.warning()))
    }
}

/// Whether it replaced one, and whether it is the default now.
fn put(config: &mut Config, file: &ConfigFile, profile: &Profile, manner: Manner) -> Result<(bool, bool), SourceError> {
    let others = names_in(config, file);
    let is_taken = others.contains(&profile.name);
    refuse(is_taken, &profile.name, &file.stored_in(), manner)?;
    let default = manner.default || is_first(config, &others, &profile.name);
    config.put(profile);
    if default {
        config.set_default(Some(&profile.name));
    }
    Ok((
        is_taken,
        default || config.default_name().as_ref() == Some(&profile.name),
    ))
}

fn refuse(is_taken: bool, name: &str, stored_in: &StoredIn, manner: Manner) -> Result<(), SourceError> {
    if is_taken && !manner.replace {
        return Err(SourceError::NameTaken {
            name: name.to_owned(),
            stored_in: stored_in.clone(),
        });
    }
    Ok(())
}

/// Whether there is no other profile, and no default one.
fn is_first(config: &Config, others: &[String], name: &str) -> bool {
    config.default_name().is_none() && others.iter().all(|other| other == name)
}

fn names_in(config: &Config, file: &ConfigFile) -> Vec<String> {
    let profiles = config.profiles(&file.stored_in());
    profiles.into_iter().map(|profile| profile.name).collect()
}
