//! Key IDs and issuer IDs: the two names that a token carries.

use std::fmt;

use thiserror::Error;

use super::lookalike::{Lookalike, tidy};

/// The ID of an API key: ten capital letters and digits (App Store Connect → Users and Access →
/// Integrations, and the name of the file, `AuthKey_<key ID>.p8`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyId(String);

/// The ID of the team that issued a key: a UUID, the same for every team key of the team.
/// Kept in lower case, as Apple shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerId(String);

/// Why a value is not the ID that it was given as. Never holds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdDefect {
    #[error("it is empty")]
    Blank,
    #[error("it is a placeholder that was never filled in")]
    Placeholder,
    #[error("it is a private key")]
    PrivateKey,
    #[error("it is a path")]
    Path,
    #[error("it is a token")]
    Token,
    #[error("it is an e-mail address")]
    Email,
    #[error("it is a UUID, which is what an issuer ID looks like")]
    IssuerForKey,
    #[error("it has ten characters, which is what a key ID or a Team ID looks like")]
    TeamOrKeyIdForIssuer,
    #[error("it is a number, which is what an app ID looks like")]
    Number,
    #[error("it has lower-case letters")]
    LowerCase,
    #[error("it looks like a name, and a key's name is not its ID")]
    Name,
    #[error("it does not have the shape of one")]
    Shape,
}

impl IdDefect {
    /// What to do about it, in whole sentences. `place` is the ID's own [`KeyId::PLACE`] or [`IssuerId::PLACE`].
    pub fn remedy(self, place: &str) -> String {
        match self {
            Self::Placeholder => format!("Check the spelling of the secret's or variable's name. {place}"),
            Self::PrivateKey => format!("Take it out here, and give it as the private key. {place}"),
            _ => place.to_owned(),
        }
    }
}

/// The key ID and the issuer ID, each given as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the key ID and the issuer ID are swapped")]
pub struct Swapped;

impl Swapped {
    /// What stands where the key ID belongs.
    pub const KEY_ID_HOLDS: &str = "holds a UUID, which is an issuer ID";
    /// What stands where the issuer ID belongs.
    pub const ISSUER_ID_HOLDS: &str = "holds ten characters, which are a key ID";
    pub const REMEDY: &str = "Exchange the two values.";

    /// Judges what was given as either, each [`tidy`]ed.
    pub fn judge(key_id: &str, issuer_id: &str) -> Result<(), Self> {
        if Lookalike::of(key_id) == Lookalike::Uuid && KeyId::parse(issuer_id).is_ok() {
            return Err(Self);
        }
        Ok(())
    }
}

impl KeyId {
    /// What it is called.
    pub const NAME: &str = "key ID";
    /// What it looks like, and where it stands.
    pub const PLACE: &str = "The key ID has ten capital letters and digits. It stands beside the key's name in Users and \
                             Access → Integrations, and in the file's name: AuthKey_<key ID>.p8.";

    /// Accepts ten capital letters and digits, [`tidy`]ed of what is around them.
    pub fn parse(text: &str) -> Result<Self, IdDefect> {
        let text = tidy(text);
        match Lookalike::of(text) {
            Lookalike::TenCharacters => Ok(Self(text.to_owned())),
            Lookalike::Uuid => Err(IdDefect::IssuerForKey),
            Lookalike::Other if is_word(text) && text.len() == 10 => Err(IdDefect::LowerCase),
            Lookalike::Other if text.len() <= 60 => Err(IdDefect::Name),
            other => Err(wrong_thing(other)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl IssuerId {
    /// What it is called.
    pub const NAME: &str = "issuer ID";
    /// What it looks like, and where it stands.
    pub const PLACE: &str = "The issuer ID is a UUID. It stands above the list of keys in Users and Access → Integrations → \
                             App Store Connect API, and is not the Team ID.";

    /// Accepts a UUID, [`tidy`]ed of what is around it.
    pub fn parse(text: &str) -> Result<Self, IdDefect> {
        let text = tidy(text);
        match Lookalike::of(text) {
            Lookalike::Uuid => Ok(Self(text.to_ascii_lowercase())),
            Lookalike::TenCharacters => Err(IdDefect::TeamOrKeyIdForIssuer),
            other => Err(wrong_thing(other)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first group, which is enough to recognise it by in a log.
    pub fn short(&self) -> String {
        format!("{}-…", &self.0[..8])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn wrong_thing(lookalike: Lookalike) -> IdDefect {
    match lookalike {
        Lookalike::Blank => IdDefect::Blank,
        Lookalike::Placeholder => IdDefect::Placeholder,
        Lookalike::Pem => IdDefect::PrivateKey,
        Lookalike::Path => IdDefect::Path,
        Lookalike::Token => IdDefect::Token,
        Lookalike::Email => IdDefect::Email,
        Lookalike::Number => IdDefect::Number,
        Lookalike::Uuid | Lookalike::TenCharacters | Lookalike::Other => IdDefect::Shape,
    }
}
