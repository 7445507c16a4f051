//! The API keys that this App Store Connect knows, active or revoked. A store is a handle: clones
//! share the same keys, so that everything that creates, revokes or checks a key sees one truth.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

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

impl Role {
    const ALL: [Self; 8] = [
        Self::Admin,
        Self::AppManager,
        Self::Developer,
        Self::Finance,
        Self::Sales,
        Self::Marketing,
        Self::CustomerSupport,
        Self::AccessToReports,
    ];

    /// The role of this name.
    pub(crate) fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// As Apple writes it: `APP_MANAGER`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::AppManager => "APP_MANAGER",
            Self::Developer => "DEVELOPER",
            Self::Finance => "FINANCE",
            Self::Sales => "SALES",
            Self::Marketing => "MARKETING",
            Self::CustomerSupport => "CUSTOMER_SUPPORT",
            Self::AccessToReports => "ACCESS_TO_REPORTS",
        }
    }
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
    /// What people call it.
    pub nickname: String,
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
            nickname: format!("key {key_id}"),
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

    /// The same key under this nickname, in place of `key <key ID>`.
    #[must_use]
    pub fn named(mut self, nickname: impl Into<String>) -> Self {
        self.nickname = nickname.into();
        self
    }

    /// Whether the key has at least one of `roles`.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

/// A key and what became of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: ApiKey,
    pub(crate) active: bool,
    /// When the API last accepted a token of it.
    pub(crate) last_used: Option<SystemTime>,
    pub(crate) revoked_at: Option<SystemTime>,
    /// For a key that was made through the web side.
    pub(crate) made: Option<Made>,
}

impl Entry {
    pub(crate) fn new(key: ApiKey, made: Option<Made>) -> Self {
        Self {
            key,
            active: true,
            last_used: None,
            revoked_at: None,
            made,
        }
    }

    fn revoke(&mut self, at: SystemTime) {
        self.active = false;
        self.revoked_at = Some(at);
        if let Some(made) = &mut self.made {
            made.private_half = None;
        }
    }
}

/// What is known only of a key that was made here.
#[derive(Debug)]
pub(crate) struct Made {
    /// Until it is handed out, or the key is revoked.
    pub(crate) private_half: Option<TestKey>,
    /// How often the private half was handed out.
    pub(crate) downloads: u32,
    /// To so many API requests it is still unknown.
    pub(crate) unknown_for: u32,
}

/// The keys, by key ID.
#[derive(Debug, Clone, Default)]
pub struct KeyStore {
    entries: Arc<Mutex<BTreeMap<String, Entry>>>,
}

impl KeyStore {
    /// Adds `key`, active, in place of any earlier one of the same ID.
    pub fn register(&self, key: ApiKey) {
        self.insert(Entry::new(key, None));
    }

    /// Revokes a key; false when there is none of that ID.
    pub fn revoke(&self, key_id: &str) -> bool {
        self.revoke_at(key_id, SystemTime::now())
    }

    /// The key and whether it is active.
    pub fn find(&self, key_id: &str) -> Option<(ApiKey, bool)> {
        self.with(|entries| entries.get(key_id).map(|entry| (entry.key.clone(), entry.active)))
    }

    pub(crate) fn insert(&self, entry: Entry) {
        self.with(|entries| entries.insert(entry.key.key_id.clone(), entry));
    }

    pub(crate) fn revoke_at(&self, key_id: &str, at: SystemTime) -> bool {
        self.with(|entries| entries.get_mut(key_id).map(|entry| entry.revoke(at)))
            .is_some()
    }

    /// Notes when the key was last used; false when there is none of that ID.
    pub(crate) fn set_last_used(&self, key_id: &str, at: Option<SystemTime>) -> bool {
        self.with(|entries| entries.get_mut(key_id).map(|entry| entry.last_used = at))
            .is_some()
    }

    /// Whether the key was made too short a time ago to be known everywhere; counts the request that asks.
    pub(crate) fn is_still_unknown(&self, key_id: &str) -> bool {
        self.with(|entries| {
            let made = entries.get_mut(key_id).and_then(|entry| entry.made.as_mut());
            made.is_some_and(|made| match made.unknown_for.checked_sub(1) {
                Some(left) => {
                    made.unknown_for = left;
                    true
                }
                None => false,
            })
        })
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> T {
        work(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
