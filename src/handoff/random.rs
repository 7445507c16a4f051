//! Names and delimiters that nobody can foresee.

use std::fmt::Write;

use super::HandoffError;

/// 128 bits from the system, as hexadecimal digits.
pub(super) const DIGITS: usize = 32;

pub(super) fn hex() -> Result<String, HandoffError> {
    let mut bytes = [0; DIGITS / 2];
    getrandom::fill(&mut bytes).map_err(|error| HandoffError::Random(error.to_string()))?;
    Ok(bytes.iter().fold(String::with_capacity(DIGITS), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
