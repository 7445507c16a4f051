//! One stored profile, as it stands in the keychain or in a config file. Nothing in it was checked yet: what is wrong
//! with it is said when it is used, or by `doctor`.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{credential::tidy, text};

/// A name that a profile can be stored under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileName(String);

/// Why a name is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameDefect {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {LONGEST} characters")]
    Long,
    #[error("it has control characters")]
    Control,
    /// So long is a line of a key.
    #[error("it has a word of more than 40 characters")]
    LongWord,
}

/// In characters: what fits a table.
const LONGEST: usize = 64;

impl ProfileName {
    /// White space around it is not part of a name.
    pub fn parse(text: &str) -> Result<Self, NameDefect> {
        let name = tidy(text);
        match name.chars().count() {
            0 => Err(NameDefect::Empty),
            count if count > LONGEST => Err(NameDefect::Long),
            _ if name.contains(char::is_control) => Err(NameDefect::Control),
            _ if !text::has_short_parts(name) => Err(NameDefect::LongWord),
            _ => Ok(Self(name.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A profile's name for people. What stands there and can't be a name may be a piece of a key, and is not told.
pub fn told_name(name: &str) -> String {
    match ProfileName::parse(name) {
        Ok(name) => text::one_line(name.as_str(), LONGEST),
        Err(_) => "(no proper name)".to_owned(),
    }
}

/// Where a profile is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredIn {
    Keychain,
    /// A config file, as people write its path: `~/.asc/config.json`.
    Config(String),
}

impl fmt::Display for StoredIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keychain => f.write_str("keychain"),
            Self::Config(path) => f.write_str(path),
        }
    }
}

/// A stored profile. Where a text is empty, nothing is stored.
#[derive(Clone)]
pub struct Profile {
    pub name: String,
    pub stored_in: StoredIn,
    pub key_id: String,
    /// Empty for an individual key.
    pub issuer_id: String,
    /// `team` or `individual`; empty is `team`.
    pub key_type: String,
    pub private_key_path: String,
    /// The key itself, which only a keychain holds.
    pub private_key_pem: Zeroizing<String>,
}

impl Profile {
    /// The kind of key, as tables show it.
    pub fn kind(&self) -> &str {
        if self.key_type.is_empty() {
            "team"
        } else {
            &self.key_type
        }
    }

    /// The kind, if it is one: in its place may stand something that must not be told.
    pub fn known_kind(&self) -> Option<&'static str> {
        ["team", "individual"]
            .into_iter()
            .find(|kind| *kind == tidy(self.kind()))
    }

    /// Whether both name the same key. A path beside the key itself is only where the key once came from.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let same_path = self.private_key_path == other.private_key_path;
        self.key_id == other.key_id
            && self.issuer_id.eq_ignore_ascii_case(&other.issuer_id)
            && self.kind() == other.kind()
            && (same_path || self.stored_in == StoredIn::Keychain || other.stored_in == StoredIn::Keychain)
    }
}

impl fmt::Debug for Profile {
    /// What stands in the wrong place may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile([redacted], in {})", self.stored_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_name_is_not_told() {
        assert_eq!(told_name("MyApp ##[group]"), "MyApp ## [group]");
        let line = "MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQg";
        for name in [line, "My\nApp", ""] {
            assert_eq!(told_name(name), "(no proper name)");
        }
    }

    #[test]
    fn a_name_is_short_visible_text() {
        for name in ["MyApp", "My App (beta)", "Über-App", "a"] {
            assert_eq!(
                ProfileName::parse(name).map(|name| name.to_string()),
                Ok(name.to_owned())
            );
        }
        assert_eq!(
            ProfileName::parse(" MyApp\n").map(|name| name.to_string()),
            Ok("MyApp".to_owned())
        );
        for (name, defect) in [
            (String::new(), NameDefect::Empty),
            (" \t".to_owned(), NameDefect::Empty),
            ("My\u{7}App".to_owned(), NameDefect::Control),
            ("My\nApp".to_owned(), NameDefect::Control),
            ("x".repeat(300), NameDefect::Long),
            ("ab ".repeat(100), NameDefect::Long),
            ("x".repeat(41), NameDefect::LongWord),
        ] {
            assert_eq!(ProfileName::parse(&name), Err(defect), "{name:?}");
        }
    }
}
