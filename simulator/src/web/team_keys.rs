//! The team's keys as the web side sees them: the same entries that the API verifies tokens with. The private half of a
//! key that was made here leaves once, and is forgotten as it leaves.

use std::cmp::Reverse;
use std::time::SystemTime;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::new_key::NewKey;
use crate::keys::{ApiKey, Entry, KeyStore, Made, Owner, Role};
use crate::material::ids::random_key_id;
use crate::material::key::TestKey;

/// Most keys a team may have active.
pub(crate) const MOST_ACTIVE: usize = 50;

/// A team key as it is at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamKey {
    /// The key ID.
    pub id: String,
    /// Whose key it is.
    pub issuer_id: String,
    pub nickname: String,
    pub roles: Vec<Role>,
    pub active: bool,
    /// Whether the private half can still be had.
    pub can_download: bool,
    /// How often the private half was handed out.
    pub downloads: u32,
    /// When the API last accepted a token of it.
    pub last_used: Option<SystemTime>,
    pub revoked_at: Option<SystemTime>,
    /// Made through the web side, not registered by the test.
    pub made_by_web: bool,
    public_key: Vec<u8>,
}

impl TeamKey {
    /// None for an individual key.
    fn read(entry: &Entry) -> Option<Self> {
        let Owner::Team { issuer_id } = &entry.key.owner else {
            return None;
        };
        let made = entry.made.as_ref();
        Some(Self {
            id: entry.key.key_id.clone(),
            issuer_id: issuer_id.clone(),
            nickname: entry.key.nickname.clone(),
            roles: entry.key.roles.clone(),
            active: entry.active,
            can_download: made.is_some_and(|made| made.private_half.is_some()),
            downloads: made.map_or(0, |made| made.downloads),
            last_used: entry.last_used,
            revoked_at: entry.revoked_at,
            made_by_web: made.is_some(),
            public_key: entry.key.public_key.clone(),
        })
    }

    /// Whether `pem` is a PKCS#8 file of this key's private half.
    pub fn is_private_half(&self, pem: &str) -> bool {
        let Ok(der) = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()) else {
            return false;
        };
        let pair = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            der.secret_pkcs8_der(),
            &SystemRandom::new(),
        );
        pair.is_ok_and(|pair| pair.public_key().as_ref() == self.public_key)
    }
}

/// Why a key was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    NameTaken,
    TooMany,
}

impl KeyStore {
    /// All team keys, the active ones first, then those that were revoked last.
    pub(crate) fn team_keys(&self) -> Vec<TeamKey> {
        let mut keys: Vec<TeamKey> = self.with(|entries| entries.values().filter_map(TeamKey::read).collect());
        keys.sort_by_key(|key| (!key.active, Reverse(key.revoked_at)));
        keys
    }

    /// The team key of this ID.
    pub(crate) fn team_key(&self, key_id: &str) -> Option<TeamKey> {
        self.with(|entries| entries.get(key_id).and_then(TeamKey::read))
    }

    /// Makes a key, which stays unknown to so many API requests.
    pub(crate) fn create(&self, new: NewKey, issuer_id: &str, unknown_for: u32) -> Result<TeamKey, Denial> {
        let active: Vec<TeamKey> = self.team_keys().into_iter().filter(|key| key.active).collect();
        if active.iter().any(|key| key.nickname == new.nickname) {
            return Err(Denial::NameTaken);
        }
        if active.len() >= MOST_ACTIVE {
            return Err(Denial::TooMany);
        }
        let private_half = TestKey::generate();
        let key = ApiKey::team(random_key_id(), issuer_id, &private_half)
            .named(new.nickname)
            .with_roles(new.roles);
        let made = Made {
            private_half: Some(private_half),
            downloads: 0,
            unknown_for,
        };
        let entry = Entry::new(key, Some(made));
        let key = TeamKey::read(&entry).expect("made as a team key");
        self.insert(entry);
        Ok(key)
    }

    /// The private half's PEM, which is gone with it. None if it went before, or the key is not one made here.
    pub(crate) fn hand_out(&self, key_id: &str) -> Option<String> {
        self.with(|entries| {
            let made = entries.get_mut(key_id)?.made.as_mut()?;
            let private_half = made.private_half.take()?;
            made.downloads += 1;
            Some(private_half.pem())
        })
    }
}
