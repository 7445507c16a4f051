//! What the name of a key file says: Apple names every `.p8` for its kind and its key ID.

use super::KeyId;

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
    /// Reads a file's name without its folder; `None` if Apple would not have named it so.
    pub fn parse(name: &str) -> Option<Self> {
        const PREFIXES: [(&str, Purpose); 3] = [
            ("AuthKey_", Purpose::Auth),
            ("ApiKey_", Purpose::Individual),
            ("SubscriptionKey_", Purpose::InAppPurchase),
        ];
        if name.chars().any(char::is_control) {
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
}
