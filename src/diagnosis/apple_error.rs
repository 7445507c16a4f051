//! Apple's error bodies: `{"errors":[{"status","code","title","detail",…}]}`, or a gateway's HTML, or nothing.

use serde::Deserialize;

use crate::text::one_line;

/// The longest piece of Apple's text that is repeated, in characters.
const LONGEST: usize = 300;

/// Takes out of a text what was sent and must not be shown: a server may send back what it got.
pub type Conceal<'a> = dyn Fn(&str) -> String + Sync + 'a;

/// The first error of a body. Its texts are one line each, so that they can't pose as anything else in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppleError {
    /// Hierarchical by dots: `FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED`.
    pub code: String,
    pub title: String,
    pub detail: String,
}

impl AppleError {
    /// `None` for whatever is not Apple's error document. Whoever answers may repeat what was sent: secrets
    /// are concealed.
    pub fn parse(body: &[u8], conceal: &Conceal<'_>) -> Option<Self> {
        #[derive(Deserialize)]
        struct Document {
            errors: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            #[serde(default)]
            code: String,
            #[serde(default)]
            title: String,
            #[serde(default)]
            detail: String,
        }
        let document: Document = serde_json::from_slice(body).ok()?;
        let first = document.errors.into_iter().next()?;
        let line = |text: &str| one_line(&conceal(text), LONGEST);
        Some(Self {
            code: line(&first.code),
            title: line(&first.title),
            detail: line(&first.detail),
        })
    }

    /// Whether the code is `prefix` or lies below it.
    pub fn is(&self, prefix: &str) -> bool {
        self.code
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Whether Apple's words mention `word`, whatever the code.
    pub fn mentions(&self, word: &str) -> bool {
        let text = format!("{} {}", self.title, self.detail).to_lowercase();
        text.contains(word)
    }

    /// Apple's own words, in quotes.
    pub fn quote(&self) -> String {
        match (self.title.as_str(), self.detail.as_str()) {
            ("", "") => "no words".to_owned(),
            (one, "") | ("", one) => format!("“{one}”"),
            (title, detail) => format!("“{title}” “{detail}”"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Token;

    fn parse(body: &[u8]) -> Option<AppleError> {
        let token = Token::of_text("header.payload-part.signature-part");
        AppleError::parse(body, &|text| token.conceal_in(text))
    }

    #[test]
    fn a_token_that_is_sent_back_is_concealed() {
        let body = serde_json::json!({"errors": [{"code": "header.payload-part.signature-part", "title": "got signature-part"}]});
        let error = parse(body.to_string().as_bytes()).expect("an error");
        assert_eq!((error.code.as_str(), error.title.as_str()), ("***", "got ***"));
    }

    #[test]
    fn codes_match_by_prefix_at_the_dots() {
        let error = AppleError {
            code: "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED".to_owned(),
            ..AppleError::default()
        };
        assert!(error.is("FORBIDDEN"));
        assert!(error.is("FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"));
        assert!(!error.is("FORBID"));
        assert!(!error.is("FORBIDDEN_ERROR"));
    }

    #[test]
    fn text_from_outside_becomes_one_short_line() {
        let body = serde_json::json!({"errors": [{"code": "X", "title": "a\n::error::b\r\u{1b}[31m", "detail": "y".repeat(1000)}]});
        let error = parse(body.to_string().as_bytes()).expect("an error");
        assert_eq!(error.title, "a ::error::b [31m");
        assert_eq!(error.detail.len(), LONGEST);
    }

    #[test]
    fn html_and_nothing_are_no_error_documents() {
        for body in [
            "",
            "<html>",
            "{}",
            "[]",
            r#"{"errors":[]}"#,
            r#"{"errors":"x"}"#,
            "null",
        ] {
            assert_eq!(parse(body.as_bytes()), None, "{body}");
        }
    }
}
