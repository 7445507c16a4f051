//! What a credential is, and how its parts are checked.
//!
//! Nothing here reads a file, a variable or a clock, and no error holds the value it refuses:
//! the floors above say where a value came from, this one says what is wrong with it.

mod decode;
mod der;
mod file_name;
mod ids;
mod lookalike;
mod private_key;
mod public_key;
mod stack;

use std::fmt;

pub use decode::{Form, KeyDefect};
pub use file_name::{KeyFileName, Purpose};
pub use ids::{IdDefect, IssuerId, KeyId, Swapped};
pub use lookalike::{Lookalike, tidied, tidy};
pub use private_key::{Fingerprint, PrivateKey, pem_of};
pub use public_key::PublicKey;

/// An App Store Connect API key, complete and well formed. Only Apple knows whether it is valid.
#[derive(Debug)]
pub struct Credential {
    pub key_id: KeyId,
    pub kind: KeyKind,
    pub private_key: PrivateKey,
}

/// Whose key it is, which decides how a token names its bearer.
/// (Apple: Generating Tokens for API Requests; Creating API Keys for App Store Connect API.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A team's key: the token carries `iss`, the issuer ID.
    Team(IssuerId),
    /// One person's key: the token carries `sub: "user"` and no issuer.
    Individual,
}

impl KeyKind {
    /// `team` or `individual`, as `ASC_KEY_TYPE` spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Team(_) => "team",
            Self::Individual => "individual",
        }
    }

    /// That an issuer ID was given for an individual key.
    pub fn issuer_not_used(what: impl fmt::Display) -> String {
        format!("{what} is not used: an individual key has no issuer")
    }

    /// The issuer ID that a tool has to be told, which an individual key does not have.
    pub fn issuer_id(&self) -> Option<&IssuerId> {
        match self {
            Self::Team(issuer) => Some(issuer),
            Self::Individual => None,
        }
    }
}
