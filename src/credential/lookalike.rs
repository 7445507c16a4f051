//! What a value is that stands in the wrong place: the classic mix-ups, told by their shape.

use std::fmt;

/// What a value looks like, whatever it was given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookalike {
    Blank,
    /// `${{ secrets.X }}`, `$NAME`, `$(NAME)`, `***`: something that was meant to be expanded.
    Placeholder,
    /// PEM armour, so a key, a certificate or the like.
    Pem,
    Path,
    /// A JSON Web Token, which is made with a key.
    Token,
    Email,
    /// A UUID, as issuer IDs are.
    Uuid,
    /// Ten capital letters and digits, as key IDs and Team IDs are.
    TenCharacters,
    /// Digits alone, as app IDs are.
    Number,
    Other,
}

impl Lookalike {
    /// Classifies a value that has been [`tidy`]ed.
    pub fn of(text: &str) -> Self {
        if text.is_empty() {
            Self::Blank
        } else if is_placeholder(text) {
            Self::Placeholder
        } else if text.contains("-----BEGIN") {
            Self::Pem
        } else if is_uuid(text) {
            Self::Uuid
        } else if text.len() > 10 && text.bytes().all(|b| b.is_ascii_digit()) || is_app_id(text) {
            Self::Number
        } else if is_ten_characters(text) {
            Self::TenCharacters
        } else if is_token(text) {
            Self::Token
        } else if is_path(text) {
            Self::Path
        } else if is_email(text) {
            Self::Email
        } else {
            Self::Other
        }
    }
}

/// `text` without white space, control characters, invisible characters and quotes around it.
pub fn tidy(text: &str) -> &str {
    let mut rest = text.trim_matches(is_invisible);
    while let Some(inner) = unquote(rest) {
        rest = inner.trim_matches(is_invisible);
    }
    rest
}

/// That what is around something was [`tidy`]ed off.
pub fn tidied(what: impl fmt::Display) -> String {
    format!("white space or quotes around {what} were ignored")
}

/// White space of every kind, control characters, byte-order marks and zero-width characters.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

fn unquote(text: &str) -> Option<&str> {
    const PAIRS: [(char, char); 5] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('\u{201c}', '\u{201d}'),
        ('\u{2018}', '\u{2019}'),
    ];
    PAIRS
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close)))
}

fn is_placeholder(text: &str) -> bool {
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text.contains("${{")
        || text.chars().all(|c| c == '*')
        || text
            .strip_prefix("${")
            .and_then(|t| t.strip_suffix('}'))
            .is_some_and(name)
        || text.strip_prefix('$').is_some_and(name)
        || text
            .strip_prefix('%')
            .and_then(|t| t.strip_suffix('%'))
            .is_some_and(name)
        || text.strip_prefix("$env:").is_some_and(name)
        || [("$(", ')'), ("<", '>')]
            .iter()
            .any(|(open, close)| text.starts_with(open) && text.ends_with(*close))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_ten_characters(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// App IDs have nine or ten digits today; a ten-digit key ID without a letter is next to impossible.
fn is_app_id(text: &str) -> bool {
    matches!(text.len(), 9 | 10) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Base64 never holds `.`, `~`, `:` or `\`, and base64 of a key begins with `/` only where UTF-16 has its mark.
fn is_path(text: &str) -> bool {
    let one_line = !text.contains(['\n', '\r']) && text.len() <= 4096;
    let drive = text.len() > 2
        && text.as_bytes()[0].is_ascii_alphabetic()
        && text.as_bytes()[1] == b':'
        && matches!(text.as_bytes()[2], b'\\' | b'/');
    let utf16 = ["//4", "//5", "/v8A"].iter().any(|mark| text.starts_with(mark));
    // Compared in place: a lower-case copy of a key would stay in memory.
    let ends_with = |suffix: &str| {
        text.len()
            .checked_sub(suffix.len())
            .and_then(|at| text.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
    };
    one_line
        && !utf16
        && (drive
            || ["/", "./", "../", "~/", "\\\\", "file:", "@/", "@file:"]
                .iter()
                .any(|prefix| text.starts_with(prefix))
            || [".p8", ".pem", ".key", ".txt", ".der", ".p12", ".base64", ".b64"]
                .iter()
                .any(|suffix| ends_with(suffix)))
}

/// Three parts in base64url, the first of which begins with `{"`.
fn is_token(text: &str) -> bool {
    let is_part = |part: &str| {
        part.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(is_part)
}

fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_utf16_is_no_path_though_it_begins_with_a_slash() {
        for text in ["//4tAC0ALQAtAC0A", "//5NAEkARwBUAA==", "/v8ALQAtAC0ALQAt"] {
            assert_eq!(Lookalike::of(text), Lookalike::Other, "{text}");
        }
        for text in ["/v8/AuthKey.p8", "/run/secrets/key", "//server/share/key"] {
            assert_eq!(Lookalike::of(text), Lookalike::Path, "{text}");
        }
    }

    #[test]
    fn a_drive_alone_is_no_path() {
        assert_eq!(Lookalike::of("C:"), Lookalike::Other);
        assert_eq!(Lookalike::of("C:/"), Lookalike::Path);
        assert_eq!(Lookalike::of("C:\\key"), Lookalike::Path);
        assert_eq!(Lookalike::of("C:key"), Lookalike::Other);
    }

    #[test]
    fn a_token_is_told_from_a_path_with_dots() {
        assert_eq!(
            Lookalike::of("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiIifQ.c2ln-_"),
            Lookalike::Token
        );
        assert_eq!(Lookalike::of("eyJ/keys.d/AuthKey.p8"), Lookalike::Path);
    }

    #[test]
    fn what_is_invisible_or_quotes_is_tidied_from_the_ends_only() {
        for text in [
            "ab c",
            " ab c\n",
            "\"ab c\"",
            "'\u{a0}ab c\u{200b}'\r\n",
            "\u{feff}\u{201c}ab c\u{201d}",
        ] {
            assert_eq!(tidy(text), "ab c", "{text:?}");
        }
        assert_eq!(tidy("\"ab c"), "\"ab c", "a quote without its other half is no quote");
    }
}
