//! Which stored profiles use a key. A profile names its key by the ID, or by the name that Apple gave the key's file.
//!
//! A place that can't be read is never taken for an empty one.

use std::{collections::BTreeSet, path::Path};

use crate::{
    credential::{KeyFileName, tidy},
    source::{
        SourceError,
        profiles::{Inventory, Item, Profile, Profiles, told_name},
    },
};

/// Everything that is stored, looked at once: a keychain may ask a person each time.
pub(super) struct Users(Inventory);

/// Whether the default profile uses a key.
pub(super) enum DefaultUse {
    No,
    /// Under this name.
    Yes(String),
    /// Nobody knows, for this reason.
    Unknown(String),
}

impl Users {
    pub(super) fn of(profiles: &Profiles) -> Self {
        Self(profiles.inventory())
    }

    /// The names of the profiles that use the key, for people, each once.
    pub(super) fn names(&self, key_id: &str) -> Vec<String> {
        let using = self.using(key_id).map(|item| told_name(&item.name));
        using.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The profiles that use the key, each with its place: `MyApp (keychain)`.
    pub(super) fn places(&self, key_id: &str) -> Vec<String> {
        let told = |item: &Item| format!("{} ({})", told_name(&item.name), item.stored_in);
        self.using(key_id).map(told).collect()
    }

    /// Whether the profile that is used where nothing else is said uses the key.
    pub(super) fn default(&self, key_id: &str) -> DefaultUse {
        if let Some(failure) = self.failures().next() {
            return DefaultUse::Unknown(failure.to_string());
        }
        let Some(default) = &self.0.default else {
            return DefaultUse::No;
        };
        let named = || self.0.items.iter().filter(|item| item.name == default.name);
        if let Some(error) = named().find_map(|item| item.read.as_ref().err()) {
            return DefaultUse::Unknown(error.to_string());
        }
        match named().any(|item| is_user(item, key_id)) {
            true => DefaultUse::Yes(told_name(&default.name)),
            // It may be in a keychain that was not looked into.
            false if named().next().is_none() => DefaultUse::Unknown(format!(
                "the default profile, {}, is not found: {} names it",
                told_name(&default.name),
                default.said_by
            )),
            false => DefaultUse::No,
        }
    }

    /// What could not be read, one line each.
    pub(super) fn unread(&self) -> Vec<String> {
        let items = self.0.items.iter().filter_map(|item| item.read.as_ref().err());
        let all = self
            .failures()
            .map(ToString::to_string)
            .chain(items.map(ToString::to_string));
        all.map(|why| format!("not every profile could be read, so a key may have a user that is not shown: {why}"))
            .collect()
    }

    fn failures(&self) -> impl Iterator<Item = &SourceError> {
        self.0.places.iter().filter_map(|place| place.outcome.failure())
    }

    fn using<'a>(&'a self, key_id: &'a str) -> impl Iterator<Item = &'a Item> {
        self.0.items.iter().filter(move |item| is_user(item, key_id))
    }
}

fn is_user(item: &Item, key_id: &str) -> bool {
    item.read.as_ref().is_ok_and(|profile| uses(profile, key_id))
}

fn uses(profile: &Profile, key_id: &str) -> bool {
    let id = tidy(&profile.key_id);
    if !id.is_empty() {
        return id == key_id;
    }
    let name = Path::new(tidy(&profile.private_key_path)).file_name();
    let named = name.and_then(|name| KeyFileName::parse(name.to_str()?)?.key_id);
    named.is_some_and(|id| id.as_str() == key_id)
}
