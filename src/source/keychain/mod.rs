//! The system's keychain, where a profile's credential lies at rest: the Secret Service (GNOME Keyring, `KWallet`), the
//! macOS Keychain, the Windows Credential Manager.
//!
//! Every profile is one item, with the asc CLI's service, account and payload. No operation lasts longer than a person
//! may need for the system's prompt, and no program is ever started. Nothing of an item but its name reaches an error.

mod deadline;
mod error;
mod platform;
mod replacement;

use std::{collections::BTreeSet, fmt, mem, sync::Arc};

use keyring_core::{CredentialStore, Error};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use error::KeychainError;
pub use replacement::Replacement;

use super::environment::Environment;
use deadline::Deadline;

/// The service that every item belongs to, as the asc CLI names it.
const SERVICE: &str = "asc";

/// How an item's account begins; the profile's name follows.
const PREFIX: &str = "asc:credential:";

/// A profile's fields as the keychain holds them: the asc CLI's payload, JSON. A field that is missing there is empty
/// here, and one that nobody here knows is left out when the profile is written again.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payload {
    pub key_id: String,
    /// Empty for an individual key.
    pub issuer_id: String,
    /// Where the key was read from when it was stored.
    pub private_key_path: String,
    /// The key itself. Empty if only its path was stored.
    pub private_key_pem: Zeroizing<String>,
    /// `team`, `individual`, or empty, which is a team key.
    pub key_type: String,
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload([redacted])")
    }
}

impl Payload {
    fn parse(json: &[u8], name: &str) -> Result<Self, KeychainError> {
        serde_json::from_slice(json).map_err(|_| KeychainError::Damaged { name: name.to_owned() })
    }

    fn to_json(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        // A character takes six at most: a buffer that had to grow would leave a copy of the key behind.
        let fields = [
            &self.key_id,
            &self.issuer_id,
            &self.private_key_path,
            &*self.private_key_pem,
            &self.key_type,
        ];
        let text: usize = fields.iter().map(|field| 6 * field.len()).sum();
        let mut json = Zeroizing::new(Vec::with_capacity(text + 256));
        serde_json::to_writer(&mut *json, self)?;
        Ok(json)
    }
}

/// The keychain of the user who runs this process.
#[derive(Debug)]
pub struct Keychain {
    store: Arc<CredentialStore>,
    deadline: Deadline,
}

impl Keychain {
    /// Connects to it. Nothing is unlocked yet, and nobody is asked anything.
    pub fn open() -> Result<Self, KeychainError> {
        platform::find(&Environment::Process)?;
        let deadline = Deadline::for_this_process();
        let store = deadline.keep("", platform::open)?;
        Ok(Self { store, deadline })
    }

    /// The names of all profiles, in alphabetical order. What an item holds is not looked at.
    pub fn names(&self) -> Result<Vec<String>, KeychainError> {
        let store = Arc::clone(&self.store);
        let accounts = self.deadline.keep("", move || platform::accounts(&*store))?;
        let names: BTreeSet<&str> = accounts
            .iter()
            .filter_map(|account| account.strip_prefix(PREFIX))
            .collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    /// The profile of this name, if there is one.
    pub fn read(&self, name: &str) -> Result<Option<Payload>, KeychainError> {
        let json = self.bytes(name)?;
        json.map(|json| Payload::parse(&json, name)).transpose()
    }

    /// What the item of this name holds, whatever that is.
    fn bytes(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        let entry = self.entry(name)?;
        self.deadline.keep(name, move || match entry.get_secret() {
            Err(Error::NoEntry) => Ok(None),
            secret => secret.map(|secret| Some(Zeroizing::new(secret))),
        })
    }

    fn set(&self, name: &str, bytes: &Zeroizing<Vec<u8>>) -> Result<(), KeychainError> {
        let entry = self.entry(name)?;
        let bytes = Zeroizing::clone(bytes);
        self.deadline.keep(name, move || entry.set_secret(&bytes))
    }

    /// Removes the profile. False if there is none of this name.
    pub fn remove(&self, name: &str) -> Result<bool, KeychainError> {
        let entry = self.entry(name)?;
        let mut is_repeated = false;
        self.deadline.keep(name, move || {
            // The first try may have worked, and only its answer be lost.
            let was_there = mem::replace(&mut is_repeated, true);
            match entry.delete_credential() {
                Err(Error::NoEntry) => Ok(was_there),
                deleted => deleted.map(|()| true),
            }
        })
    }

    fn entry(&self, name: &str) -> Result<keyring_core::Entry, KeychainError> {
        platform::entry(&*self.store, name).map_err(|error| platform::explain(&error, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Payload {
        Payload {
            key_id: "2X9R4QWVK6".to_owned(),
            issuer_id: "57246542-96fe-1a63-e053-0824d011072a".to_owned(),
            private_key_path: "/keys/AuthKey_2X9R4QWVK6.p8".to_owned(),
            private_key_pem: Zeroizing::new(
                "-----BEGIN PRIVATE KEY-----\nbody\n-----END PRIVATE KEY-----\n".to_owned(),
            ),
            key_type: "team".to_owned(),
        }
    }

    #[test]
    fn the_payload_is_what_the_asc_cli_writes_and_reads() {
        let json = payload().to_json().expect("JSON");
        assert_eq!(
            String::from_utf8_lossy(&json),
            r#"{"key_id":"2X9R4QWVK6","issuer_id":"57246542-96fe-1a63-e053-0824d011072a","#.to_owned()
                + r#""private_key_path":"/keys/AuthKey_2X9R4QWVK6.p8","#
                + r#""private_key_pem":"-----BEGIN PRIVATE KEY-----\nbody\n-----END PRIVATE KEY-----\n","key_type":"team"}"#
        );
        assert_eq!(serde_json::from_slice::<Payload>(&json).expect("a payload"), payload());
    }

    #[test]
    fn what_is_missing_is_empty_and_what_is_unknown_is_ignored() {
        let read: Payload = serde_json::from_str(r#"{"key_id":"2X9R4QWVK6","later":{"a":1}}"#).expect("a payload");
        assert_eq!(read.key_id, "2X9R4QWVK6");
        assert_eq!(
            read,
            Payload {
                key_id: read.key_id.clone(),
                ..Payload::default()
            }
        );
    }

    #[test]
    fn a_buffer_that_holds_the_key_never_grows() {
        let worst = Payload {
            private_key_pem: Zeroizing::new("\u{1}".repeat(10_000)),
            ..payload()
        };
        let json = worst.to_json().expect("JSON");
        assert!(json.len() > 60_000);
        let fields = "2X9R4QWVK657246542-96fe-1a63-e053-0824d011072a/keys/AuthKey_2X9R4QWVK6.p8team";
        assert_eq!(json.capacity(), 6 * (10_000 + fields.len()) + 256);
    }

    #[test]
    fn a_payload_is_not_printed() {
        assert_eq!(format!("{:?}", payload()), "Payload([redacted])");
    }
}
