//! The headers of Apple's answers that are worth reading.

use jiff::fmt::rfc2822::DateTimeParser;
use serde::Serialize;

/// What is left of the hourly limit, from `X-Rate-Limit: user-hour-lim:3600;user-hour-rem:1450;`.
/// It is a rolling hour, per key; the header may be absent and the limit varies.
/// (Apple: Identifying Rate Limits.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    pub limit: u64,
    pub remaining: u64,
}

impl RateLimit {
    /// `None` unless both numbers are there.
    pub fn parse(header: &str) -> Option<Self> {
        let value = |wanted: &str| {
            header
                .split(';')
                .filter_map(|pair| pair.split_once(':'))
                .find(|(name, _)| name.trim() == wanted)
                .and_then(|(_, value)| value.trim().parse().ok())
        };
        Some(Self {
            limit: value("user-hour-lim")?,
            remaining: value("user-hour-rem")?,
        })
    }
}

/// `Date`, in Unix seconds. `None` for whatever is no date of RFC 2822.
pub fn parse_date(header: &str) -> Option<i64> {
    let timestamp = DateTimeParser::new().parse_timestamp(header).ok()?;
    Some(timestamp.as_second())
}

/// `Retry-After` in seconds, begun ones included. Apple sends numbers; a date counts from `now`, which is the answer's own
/// `Date` if it has one (Unix seconds). A number beyond all reckoning is the largest one.
pub fn parse_retry_after(header: &str, now: i64) -> Option<u64> {
    let header = header.trim();
    let (whole, part) = header.split_once('.').unwrap_or((header, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !whole.is_empty() && is_number(whole) && is_number(part) {
        let begun = u64::from(part.bytes().any(|digit| digit != b'0'));
        return Some(whole.parse().unwrap_or(u64::MAX).saturating_add(begun));
    }
    u64::try_from(parse_date(header)?.saturating_sub(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apples_rate_limit_is_read_with_its_trailing_semicolon() {
        let expected = Some(RateLimit {
            limit: 3600,
            remaining: 1450,
        });
        assert_eq!(RateLimit::parse("user-hour-lim:3600;user-hour-rem:1450;"), expected);
        assert_eq!(RateLimit::parse(" user-hour-rem: 1450; user-hour-lim: 3600"), expected);
        for text in [
            "",
            ";",
            "user-hour-lim:3600;",
            "user-hour-lim:x;user-hour-rem:1;",
            "user-hour-rem:-1;user-hour-lim:1",
        ] {
            assert_eq!(RateLimit::parse(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read_and_nonsense_is_not() {
        assert_eq!(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for text in ["", "yesterday", "Sun, 06 Nov 1994", "784111777"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        assert_eq!(parse_retry_after(" 17 ", 0), Some(17));
        assert_eq!(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_770), Some(7));
        assert_eq!(parse_retry_after("30.0", 0), Some(30));
        assert_eq!(parse_retry_after("30.5", 0), Some(31));
        assert_eq!(parse_retry_after("99999999999999999999999", 0), Some(u64::MAX));
        for text in ["soon", "", ".", ".5", "1.5.5", "1e3", "+5"] {
            assert_eq!(parse_retry_after(text, 0), None, "{text}");
        }
        assert_eq!(parse_retry_after("-5", 0), None);
    }
}
