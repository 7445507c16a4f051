//! What the name of a key file says: Apple names every `.p8` for its kind and its key ID.

use super::KeyId;
use crate::text::is_unprintable;

/// A name like `AuthKey_2X9R4QWVK6.p8`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFileName {
    pub name: String,
    pub purpose: Purpose,
    /// The key ID in the name, if it has the shape of one.
    pub key_id: Option<KeyId>,
}

/// What Apple issued the key for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `AuthKey_…`: App Store Connect, mostly a team key.
    Auth,
    /// `ApiKey_…`: App Store Connect, an individual key.
    Individual,
    /// `SubscriptionKey_…`: In-App Purchase, another API altogether.
    InAppPurchase,
}

impl KeyFileName {
    /// What to do with an In-App Purchase key.
    pub const IN_APP_PURCHASE_REMEDY: &str = "SubscriptionKey_….p8 signs for In-App Purchase only. Create a key under Users \
                                              and Access → Integrations → App Store Connect API; its file is named \
                                              AuthKey_….p8.";
    /// That a name says something else than was given.
    pub const CONTRADICTION: &str = "the key file's name contradicts what was given";
    pub const CONTRADICTION_REMEDY: &str = "Apple names a key file for its key. Correct the one that is wrong, or rename the \
                                            file if the name is.";

    /// Reads a file's name without its folder; `None` if Apple would not have named it so.
    pub fn parse(name: &str) -> Option<Self> {
        const PREFIXES: [(&str, Purpose); 3] = [
            ("AuthKey_", Purpose::Auth),
            ("ApiKey_", Purpose::Individual),
            ("SubscriptionKey_", Purpose::InAppPurchase),
        ];
        if name.chars().any(is_unprintable) {
            return None;
        }
        let (rest, purpose) = PREFIXES
            .iter()
            .find_map(|(prefix, purpose)| Some((name.strip_prefix(prefix)?, *purpose)))?;
        // Browsers add " (1)" to a second download.
        let stem = rest.strip_suffix(".p8").unwrap_or(rest);
        let id = stem.split([' ', '(', '.', '-']).next().unwrap_or_default();
        Some(Self {
            name: name.to_owned(),
            purpose,
            key_id: KeyId::parse(id).ok(),
        })
    }

    /// The name that Apple gives a key's file, which some tools look for.
    pub fn of(key_id: &KeyId, individual: bool) -> String {
        let prefix = if individual { "ApiKey" } else { "AuthKey" };
        format!("{prefix}_{key_id}.p8")
    }

    /// What the name says of the key ID, if it is another one than was given.
    pub fn denies_key_id(&self, given: &KeyId) -> Option<String> {
        let named = self.key_id.as_ref().filter(|named| *named != given)?;
        Some(format!("key ID {named}"))
    }

    /// What the name says of the key's kind, if the key was said to be of another.
    pub fn denies_kind(&self, individual: bool) -> Option<String> {
        (self.purpose == Purpose::Individual && !individual).then(|| "an individual key".to_owned())
    }
}
