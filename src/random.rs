//! Names and delimiters that nobody can foresee.

use std::{fmt::Write, io};

/// 128 bits from the system, as hexadecimal digits.
pub const DIGITS: usize = 32;

pub fn hex() -> io::Result<String> {
    let mut bytes = [0; DIGITS / 2];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(digits(&bytes))
}

/// Whether this can have come from [`hex`].
pub fn is_hex(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Two lower-case digits a byte.
pub fn digits(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
