//! The API keys that this App Store Connect knows, active or revoked. A store is a handle: clones
//! share the same keys, so that everything that creates, revokes or checks a key sees one truth.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::material::key::TestKey;

/// A role of a key, as Apple names them in its API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    AppManager,
    Developer,
    Finance,
    Sales,
    Marketing,
    CustomerSupport,
    AccessToReports,
}

/// Who a key acts for, which decides whether its tokens carry `iss` or `sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A team key: tokens carry `iss`, the team's issuer ID.
    Team { issuer_id: String },
    /// An individual key: tokens carry `sub: "user"` and no `iss`.
    Individual,
}

/// One key as Apple's side knows it: never the private half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key ID, `kid` in a token.
    pub key_id: String,
    /// Whose key it is.
    pub owner: Owner,
    /// What it may do.
    pub roles: Vec<Role>,
    /// The P-256 public key as a 65-byte uncompressed point.
    pub public_key: Vec<u8>,
}

impl ApiKey {
    /// A team key for `key`, as an App Manager.
    pub fn team(key_id: impl Into<String>, issuer_id: impl Into<String>, key: &TestKey) -> Self {
        let issuer_id = issuer_id.into();
        Self::new(key_id.into(), Owner::Team { issuer_id }, key)
    }

    /// An individual key for `key`, as an App Manager.
    pub fn individual(key_id: impl Into<String>, key: &TestKey) -> Self {
        Self::new(key_id.into(), Owner::Individual, key)
    }

    fn new(key_id: String, owner: Owner, key: &TestKey) -> Self {
        Self {
            key_id,
            owner,
            roles: vec![Role::AppManager],
            public_key: key.public_key().to_vec(),
        }
    }

    /// The same key with these roles and no others.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles = roles.into_iter().collect();
        self
    }

    /// Whether the key has at least one of `roles`.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

#[derive(Debug, Clone)]
struct Entry {
    key: ApiKey,
    active: bool,
}

/// The keys, by key ID.
#[derive(Debug, Clone, Default)]
pub struct KeyStore {
    entries: Arc<Mutex<BTreeMap<String, Entry>>>,
}

impl KeyStore {
    /// Adds `key`, active, in place of any earlier one of the same ID.
    pub fn register(&self, key: ApiKey) {
        let entry = Entry { key, active: true };
        self.with(|entries| entries.insert(entry.key.key_id.clone(), entry));
    }

    /// Revokes a key; false when there is none of that ID.
    pub fn revoke(&self, key_id: &str) -> bool {
        self.with(|entries| entries.get_mut(key_id).map(|entry| entry.active = false))
            .is_some()
    }

    /// The key and whether it is active.
    pub fn find(&self, key_id: &str) -> Option<(ApiKey, bool)> {
        self.with(|entries| entries.get(key_id).map(|entry| (entry.key.clone(), entry.active)))
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> T {
        work(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
