//! What a team key is called, as people read it in App Store Connect.

use std::fmt;

use super::TeamKey;
use crate::{
    credential::tidy,
    text::{has_short_parts, is_unprintable},
};

/// In characters.
pub(super) const LONGEST: usize = 100;

/// A name for a key: visible text on one line. No word of it is as long as a line of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// White space around it is not part of a name. `Err` says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let name = tidy(text);
        match name.chars().count() {
            0 => Err("it is empty"),
            count if count > LONGEST => Err("it is longer than 100 characters"),
            _ if name.contains(is_unprintable) => Err("it has control characters or invisible ones"),
            _ if !has_short_parts(name) => Err("it has a word of more than 40 characters"),
            _ => Ok(Self(name.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a key is called so, whatever white space is in it.
    pub fn is_of(&self, key: &TeamKey) -> bool {
        self.0.split_whitespace().eq(key.nickname.split_whitespace())
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyName;

    #[test]
    fn a_name_is_visible_text_on_one_line() {
        for name in ["CI pipeline", "Über-CI (2026)", "a"] {
            assert!(
                KeyName::parse(name).is_ok_and(|parsed| parsed.as_str() == name),
                "{name}"
            );
        }
        for name in ["", "  ", "a\nb", "a\u{7}b", &"ab ".repeat(60), &"x".repeat(41)] {
            assert!(KeyName::parse(name).is_err(), "{name:?}");
        }
        for looks_otherwise in ["a\u{202e}b", "a\u{200b}b", "a\u{2028}b", "a\u{feff}b", "a\u{e0041}b"] {
            let why = KeyName::parse(looks_otherwise);
            assert_eq!(
                why,
                Err("it has control characters or invisible ones"),
                "{looks_otherwise:?}"
            );
        }
    }
}
