//! Random identifiers in the shapes Apple gives them.

use std::fmt::Write as _;

use ring::rand::{SecureRandom, SystemRandom};

/// What Apple's key IDs and request IDs are made of, 32 characters so that no draw is biased.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A key ID: 10 capital letters and digits.
pub fn random_key_id() -> String {
    text::<10>()
}

/// An issuer ID: a version 4 UUID in lower case.
pub fn random_issuer_id() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut uuid = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        write!(uuid, "{byte:02x}").expect("a String takes all text");
    }
    uuid
}

/// What Apple's support asks for.
pub(crate) fn random_request_id() -> String {
    format!("{}.0.0", text::<26>())
}

fn text<const LENGTH: usize>() -> String {
    random::<LENGTH>()
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect()
}

pub(crate) fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_id_is_a_version_4_uuid() {
        let id = random_issuer_id();
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert_ne!(id, random_issuer_id());
    }
}
