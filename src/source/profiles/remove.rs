//! Removing profiles from every place that stores them. A place that fails stops no other, and no key file is touched.

use super::{Config, ConfigFile, KeychainError, Profiles, SourceError, StoredIn};

/// Which profiles are to be removed.
#[derive(Clone, Copy, Debug)]
pub enum Leaving<'a> {
    Named(&'a str),
    All,
}

/// One profile in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub stored_in: StoredIn,
    /// The file that its key is in, or once came from. May be empty.
    pub key_path: String,
}

/// What there is to be removed.
#[derive(Debug, Default)]
pub struct Stock {
    pub items: Vec<Entry>,
    /// Config files that name one of them as the default.
    pub defaults: Vec<StoredIn>,
    /// Why there is no keychain that could hold one.
    pub no_keychain: Option<KeychainError>,
    /// Places that could not be looked into.
    pub failures: Vec<SourceError>,
}

impl Leaving<'_> {
    fn has(self, name: &str) -> bool {
        match self {
            Self::Named(named) => named == name,
            Self::All => true,
        }
    }
}

impl Stock {
    /// Whether nothing is there, as far as every place could be looked into.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.defaults.is_empty() && self.failures.is_empty()
    }
}

impl Profiles {
    /// What there is of these profiles.
    pub fn stock(&self, leaving: Leaving<'_>) -> Stock {
        let mut stock = Stock::default();
        match self.look_into_keychain(leaving, &mut stock) {
            Ok(()) => {}
            Err(error @ KeychainError::Unreachable { .. }) => stock.no_keychain = Some(error),
            Err(error) => stock.failures.push(error.into()),
        }
        for file in &self.files {
            match file.read() {
                Ok(Some(config)) => {
                    stock.items.extend(items_in(&config, file, leaving));
                    if names_a_default(&config, leaving) {
                        stock.defaults.push(file.stored_in());
                    }
                }
                Ok(None) => {}
                Err(error) => stock.failures.push(error.into()),
            }
        }
        stock
    }

    /// Removes them, and says what is gone and what failed.
    pub fn remove(&self, leaving: Leaving<'_>) -> Stock {
        let stock = self.stock(leaving);
        let mut gone = Stock {
            no_keychain: stock.no_keychain,
            failures: stock.failures,
            ..Stock::default()
        };
        let (secret, listed): (Vec<Entry>, Vec<Entry>) = stock
            .items
            .into_iter()
            .partition(|item| item.stored_in == StoredIn::Keychain);
        for item in secret {
            match self.keychain().map(|keychain| keychain?.remove(&item.name)) {
                Some(Ok(true)) => gone.items.push(item),
                Some(Err(error)) => gone.failures.push(error.into()),
                Some(Ok(false)) | None => {}
            }
        }
        // What a keychain did not let go of is still there to be the default.
        let keeps_default = gone
            .failures
            .iter()
            .any(|failure| matches!(failure, SourceError::Keychain(_)));
        for file in &self.files {
            let place = file.stored_in();
            let concerns = |item: &Entry| item.stored_in == place;
            if !listed.iter().any(concerns) && !stock.defaults.contains(&place) {
                continue;
            }
            let removed = file.change(|config| -> Result<_, SourceError> {
                // Others may have changed it since.
                let items = items_in(config, file, leaving);
                let is_default = names_a_default(config, leaving) && !keeps_default;
                for item in &items {
                    config.remove(&item.name);
                }
                if is_default {
                    config.set_default(None);
                }
                Ok((items, is_default))
            });
            match removed {
                Ok((items, is_default)) => {
                    gone.items.extend(items);
                    gone.defaults.extend(is_default.then_some(place));
                }
                Err(error) => gone.failures.push(error),
            }
        }
        gone
    }

    fn look_into_keychain(&self, leaving: Leaving<'_>, stock: &mut Stock) -> Result<(), KeychainError> {
        let Some(keychain) = self.keychain() else {
            return Ok(());
        };
        let keychain = keychain?;
        let names = match leaving {
            Leaving::Named(name) => vec![name.to_owned()],
            Leaving::All => keychain.names()?,
        };
        for name in names {
            let key_path = match keychain.read(&name) {
                Ok(Some(payload)) => payload.private_key_path,
                Ok(None) => continue,
                // What is there is no profile, and may go.
                Err(KeychainError::Damaged { .. }) => String::new(),
                Err(error @ KeychainError::Ambiguous { .. }) => {
                    stock.failures.push(error.into());
                    continue;
                }
                Err(error) => return Err(error),
            };
            stock.items.push(Entry {
                name,
                stored_in: StoredIn::Keychain,
                key_path,
            });
        }
        Ok(())
    }
}

fn items_in(config: &Config, file: &ConfigFile, leaving: Leaving<'_>) -> Vec<Entry> {
    let profiles = config.profiles(&file.stored_in()).into_iter();
    let leaving = profiles.filter(|profile| leaving.has(&profile.name));
    leaving
        .map(|profile| Entry {
            name: profile.name,
            stored_in: profile.stored_in,
            key_path: profile.private_key_path,
        })
        .collect()
}

fn names_a_default(config: &Config, leaving: Leaving<'_>) -> bool {
    config.default_name().is_some_and(|name| leaving.has(&name))
}
