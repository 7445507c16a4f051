//! An item that is replaced as one part of a change: what it held is kept, byte for byte, and put back if the rest fails.
//! Whether that worked is always told: nobody must be left to believe that nothing was changed.

use std::fmt;

use zeroize::Zeroizing;

use super::{Keychain, KeychainError, Payload};

/// An item before and after its replacement.
pub struct Replacement<'a> {
    keychain: &'a Keychain,
    name: &'a str,
    /// What it held, profile or not. None if there was no item.
    before: Option<Zeroizing<Vec<u8>>>,
    /// Whether it may hold something else by now.
    is_touched: bool,
}

impl<'a> Replacement<'a> {
    /// Looks at the item of this name. Nothing is changed.
    pub fn of(name: &'a str, keychain: &'a Keychain) -> Result<Self, KeychainError> {
        Ok(Self {
            before: keychain.bytes(name)?,
            keychain,
            name,
            is_touched: false,
        })
    }

    /// Whether anything has this name, profile or not.
    pub fn is_taken(&self) -> bool {
        self.before.is_some()
    }

    /// The profile that was there before, if there was one.
    pub fn before(&self) -> Result<Option<Payload>, KeychainError> {
        let before = self.before.as_deref();
        before.map(|json| Payload::parse(json, self.name)).transpose()
    }

    /// Stores the profile in the place of whatever has its name, and reads it back: the caller may have the only copy.
    pub fn write(&mut self, payload: &Payload) -> Result<(), KeychainError> {
        let json = payload.to_json().map_err(KeychainError::failed)?;
        let written = self.keychain.set(self.name, &json);
        self.is_touched = written.as_ref().err().is_none_or(KeychainError::may_be_done);
        written?;
        self.confirm(&json)
    }

    /// Makes the item what it was before. An error says that it may not be.
    pub fn take_back(self) -> Result<(), KeychainError> {
        match &self.before {
            _ if !self.is_touched => Ok(()),
            None => self.keychain.remove(self.name).map(drop),
            Some(before) => {
                self.keychain.set(self.name, before)?;
                self.confirm(before)
            }
        }
    }

    fn confirm(&self, written: &Zeroizing<Vec<u8>>) -> Result<(), KeychainError> {
        match self.keychain.bytes(self.name)? {
            Some(held) if held == *written => Ok(()),
            _ => Err(KeychainError::failed("it does not hold what was just written to it")),
        }
    }
}

impl fmt::Debug for Replacement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replacement([redacted])")
    }
}

#[cfg(test)]
mod tests;
