//! What stands in the form: the fields of a credential as they were typed, pasted or dropped.

use asc_auth::credential::{Credential, IssuerId, KeyDefect, KeyFileName, KeyId, KeyKind, PrivateKey, Purpose, tidy};
use serde::Deserialize;
use zeroize::Zeroizing;

/// The form, and the key in it as far as it can be read.
pub(crate) struct Given {
    fields: Fields,
    pub(crate) key: Result<PrivateKey, KeyDefect>,
    /// What the key's file is named, if Apple named it.
    pub(crate) file_name: Option<KeyFileName>,
}

#[derive(Deserialize)]
struct Fields {
    // Anything may have been pasted here, the key too.
    key_id: Zeroizing<String>,
    issuer_id: Zeroizing<String>,
    /// `team`, `individual`, or empty if it was not said.
    kind: String,
    file_name: String,
}

impl Given {
    pub(crate) fn new(fields: String, key: Vec<u8>) -> Self {
        let (fields, key) = (Zeroizing::new(fields), Zeroizing::new(key));
        let fields: Fields = crate::read(&fields);
        let decoded = PrivateKey::decode(&key);
        Self {
            // `token` leaves it to Apple whether the two halves fit; here nobody asks Apple.
            key: decoded.and_then(|key| key.check().map(|()| key)),
            file_name: KeyFileName::parse(&fields.file_name),
            fields,
        }
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.fields.key_id
    }

    pub(crate) fn issuer_id(&self) -> &str {
        &self.fields.issuer_id
    }

    /// Whether it was said to be an individual key, if its kind was said at all.
    pub(crate) fn said_individual(&self) -> Option<bool> {
        match self.fields.kind.as_str() {
            "team" => Some(false),
            "individual" => Some(true),
            _ => None,
        }
    }

    /// As the binary takes it: what was said, else what the file's name says, else a team key.
    pub(crate) fn is_individual(&self) -> bool {
        self.said_individual().unwrap_or_else(|| {
            self.file_name
                .as_ref()
                .is_some_and(|name| name.purpose == Purpose::Individual)
        })
    }

    /// The key ID that was given, else the one in the file's name.
    pub(crate) fn right_key_id(&self) -> Option<KeyId> {
        if tidy(self.key_id()).is_empty() {
            return self.file_name.as_ref()?.key_id.clone();
        }
        KeyId::parse(self.key_id()).ok()
    }

    /// The kind of key, if all that belongs to it was given.
    pub(crate) fn right_kind(&self) -> Option<KeyKind> {
        if self.is_individual() {
            return Some(KeyKind::Individual);
        }
        IssuerId::parse(self.issuer_id()).ok().map(KeyKind::Team)
    }

    /// What the file's name says, where it says something else than was given.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let Some(name) = &self.file_name else {
            return Vec::new();
        };
        let key_id = KeyId::parse(self.key_id()).ok();
        let denied = [
            key_id.and_then(|key_id| name.denies_key_id(&key_id)),
            self.said_individual()
                .and_then(|individual| name.denies_kind(individual)),
        ];
        denied.into_iter().flatten().collect()
    }

    /// Whether it is a key for another of Apple's services, by its file's name.
    pub(crate) fn is_foreign(&self) -> bool {
        self.file_name
            .as_ref()
            .is_some_and(|name| name.purpose == Purpose::InAppPurchase)
    }

    /// What a token is made with, if all of it was given and can be right.
    pub(crate) fn into_credential(self) -> Option<Credential> {
        if self.is_foreign() || !self.contradictions().is_empty() {
            return None;
        }
        Some(Credential {
            key_id: self.right_key_id()?,
            kind: self.right_kind()?,
            private_key: self.key.ok()?,
        })
    }
}
