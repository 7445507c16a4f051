//! How long a token is valid from now.

use super::TokenError;

/// Apple's limit for a token without scopes, in seconds, as the span from `iat` to `exp`.
/// (Apple: Generating Tokens for API Requests, "Determine the Appropriate Token Lifetime".)
pub(super) const MAX_UNSCOPED: u64 = 20 * 60;
/// Six months, the limit for a token with scopes, in seconds, taken as 180 days.
pub(super) const MAX_SCOPED: u64 = 180 * 24 * 60 * 60;

/// A token's lifetime in whole seconds, from 1 s to 180 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(u64);

impl Lifetime {
    /// Fifteen minutes: long enough for an upload to start, far enough from Apple's 20 minutes that a
    /// clock which is minutes fast does no harm.
    pub const DEFAULT: Self = Self(15 * 60);

    /// Five minutes, for a token that only proves the key.
    pub const BRIEF: Self = Self(5 * 60);

    pub fn from_secs(seconds: u64) -> Result<Self, TokenError> {
        match seconds {
            0 => Err(TokenError::NoLifetime),
            1..=MAX_SCOPED => Ok(Self(seconds)),
            _ => Err(TokenError::TooLong),
        }
    }

    /// Reads `900`, `900s`, `15m`, `12h` or `30d`.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        parse_seconds(text)
            .ok_or(TokenError::Lifetime)
            .and_then(Self::from_secs)
    }

    pub fn as_secs(self) -> u64 {
        self.0
    }

    pub fn needs_scope(self) -> bool {
        self.0 > MAX_UNSCOPED
    }

    /// `15 min`, `90 s`, `30 d`: for people.
    pub fn describe(self) -> String {
        match self.0 {
            s if s % 86_400 == 0 => format!("{} d", s / 86_400),
            s if s % 3_600 == 0 => format!("{} h", s / 3_600),
            s if s % 60 == 0 => format!("{} min", s / 60),
            s => format!("{s} s"),
        }
    }
}

/// Seconds from `900`, `900s`, `15m`, `12h` or `30d`; a number beyond all reckoning is the largest one.
pub fn parse_seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        None => (text, 1),
        Some(digits) if text.ends_with('s') => (digits, 1),
        Some(digits) if text.ends_with('m') => (digits, 60),
        Some(digits) if text.ends_with('h') => (digits, 60 * 60),
        Some(digits) => (digits, 24 * 60 * 60),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().unwrap_or(u64::MAX);
    Some(number.saturating_mul(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_minutes_hours_and_days_are_read() {
        for (text, seconds) in [
            ("900", 900),
            ("900s", 900),
            ("15m", 900),
            ("20m", 1200),
            ("12h", 43_200),
            ("180d", MAX_SCOPED),
            (" 1s ", 1),
        ] {
            assert_eq!(Lifetime::parse(text).map(Lifetime::as_secs), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_not_guessed() {
        for text in ["", "m", "15 m", "-1", "+5", "1.5m", "15min", "١٥", "0x10"] {
            assert_eq!(Lifetime::parse(text), Err(TokenError::Lifetime), "{text}");
        }
        assert_eq!(Lifetime::parse("0"), Err(TokenError::NoLifetime));
        for text in ["181d", "99999999999999999999", "18446744073709551615d"] {
            assert_eq!(Lifetime::parse(text), Err(TokenError::TooLong), "{text}");
        }
    }
}
