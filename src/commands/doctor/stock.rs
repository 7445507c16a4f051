//! All stored profiles, and what the resolver says of each by itself. Taken once for every look, because a keychain may
//! ask a person each time.

use std::collections::BTreeMap;

use super::Patient;
use crate::commands::options;
use crate::source::{
    Environment, Flags, Resolved, SourceError, Sources, fields,
    profiles::{Inventory, Item, Outcome, Profile, Profiles, StoredIn},
    resolve_profile,
};

/// What is stored, and whether each profile makes a credential.
pub(super) struct Stock {
    pub(super) profiles: Profiles,
    pub(super) inventory: Inventory,
    /// Whether a setting that can't be read keeps the keychain from being looked into.
    pub(super) is_bypass_unreadable: bool,
    /// In the order of the inventory's items; `None` for one that can't be read.
    resolved: Vec<Option<Result<Resolved, SourceError>>>,
}

impl Stock {
    pub(super) fn take(patient: &Patient<'_>) -> Self {
        let bypass = patient.sources.boolean(&fields::BYPASS_KEYCHAIN);
        let is_bypass_unreadable = bypass.is_err();
        let profiles = Profiles::new(patient.environment, bypass.unwrap_or(Some(true)).unwrap_or(false));
        let inventory = profiles.inventory();
        let resolve = |item: &Item| item.read.as_ref().ok().map(|profile| alone(profile, patient));
        Self {
            resolved: inventory.items.iter().map(resolve).collect(),
            profiles,
            inventory,
            is_bypass_unreadable,
        }
    }

    /// Every profile that can be read, and what became of it.
    pub(super) fn readable(&self) -> impl Iterator<Item = (&Profile, &Result<Resolved, SourceError>)> {
        let items = self.inventory.items.iter().zip(&self.resolved);
        items.filter_map(|(item, resolved)| Some((item.read.as_ref().ok()?, resolved.as_ref()?)))
    }

    /// What came of the look into the keychain.
    pub(super) fn keychain(&self) -> &Outcome {
        let mut places = self.inventory.places.iter();
        places
            .find(|place| place.stored_in == StoredIn::Keychain)
            .map_or(&Outcome::Bypassed, |place| &place.outcome)
    }
}

/// The credential of a profile, whatever else is given: under strict-auth, so that a key file of another key is found.
pub(super) fn alone(profile: &Profile, patient: &Patient<'_>) -> Result<Resolved, SourceError> {
    let strict = Flags::default().with("--strict-auth", Some("true"));
    let nothing = Environment::Fixed(BTreeMap::new());
    let sources = Sources::new(&strict, false, &nothing)?;
    let resolved = resolve_profile(profile, &sources, &mut |key| options::mask_key(key, patient.console))?;
    resolved.check_key()?;
    Ok(resolved)
}
