//! An answer of App Store Connect's that a person has in hand, with any tool's request before it.

use serde_json::Value;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{AppleError, Forbidden, Refused, unavailable_advice, unavailable_title, with_quote};
use crate::{explanation::Explanation, text::one_line};

/// The longest request ID that is repeated, in characters.
const LONGEST: usize = 80;

/// Why nothing can be said of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unknown {
    #[error("there is nothing to explain")]
    Nothing,
    #[error("Apple accepted this: it is no error")]
    NoError,
    #[error("this is not an answer of App Store Connect's API")]
    NotApple,
}

impl Unknown {
    pub fn advice(self) -> &'static str {
        match self {
            Self::Nothing => "Paste the answer's body, {\"errors\":[…]}, or all that curl -i printed.",
            Self::NoError => "If something fails all the same, the answer to look at is another one.",
            Self::NotApple => {
                "Apple answers {\"errors\":[…]}. A tool's own words may hide it: ask for the answer itself, as curl -i prints \
                 it. A web page is a gateway's or a proxy's: does this network ask for a sign-in?"
            }
        }
    }
}

/// What an answer means and what to do, from its body alone or with the status line and headers that `curl -i` prints.
pub fn explain(text: &str) -> Result<Explanation, Unknown> {
    let answer = Answer::read(text.trim())?;
    let error = answer.error.as_ref();
    match (answer.status, error) {
        (Some(401), _) => {
            let code = error.map(|error| error.code.clone());
            Ok(Refused::of_unknown(code, answer.request_id).explain())
        }
        (Some(403), _) => {
            let why = Forbidden::of(error);
            Ok(answer.tell(why.title()).advice(why.advice()))
        }
        (Some(status @ (408 | 429 | 500..600)), _) => Ok(answer
            .tell(unavailable_title(status))
            .advice(unavailable_advice(status, None, None))),
        (_, None) => Err(Unknown::NotApple),
        (status, Some(error)) => Ok(answer.tell(request_title(status, error)).advice(
            "This does not look like authentication: the request asks for something that does not exist or does not fit. \
             Look at its path, parameters and body.",
        )),
    }
}

/// Apple knows the key where it judges the request. Without a status that is not certain.
fn request_title(status: Option<u16>, error: &AppleError) -> String {
    match status {
        Some(status @ 400..500) => format!("Apple accepts the key, and not the request ({status} {})", error.code),
        _ => format!("Apple refused the request ({})", error.code),
    }
}

#[derive(Debug)]
struct Answer {
    status: Option<u16>,
    /// Seconds.
    retry_after: Option<u64>,
    request_id: Option<String>,
    error: Option<AppleError>,
}

impl Answer {
    fn read(text: &str) -> Result<Self, Unknown> {
        if text.is_empty() {
            return Err(Unknown::Nothing);
        }
        // Headers stand before the body, so they are what is left of it. curl's -v writes "< " before each.
        let mut unmarked = Zeroizing::new(String::with_capacity(text.len() + 1));
        unmarked.extend(text.lines().flat_map(|line| [without_mark(line), "\n"]));
        let text = unmarked.as_str();
        let body = text.find(['{', '<']).map_or("", |at| &text[at..]);
        let head = &text[..text.len() - body.len()];
        let header = |wanted: &str| {
            let mut pairs = head.lines().filter_map(|line| line.split_once(':'));
            let found = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
            Some(found.1.trim().to_owned())
        };
        let error = AppleError::parse(body.as_bytes(), &ToOwned::to_owned);
        let document: Value = serde_json::from_str(body).unwrap_or_default();
        // The status line is what a client goes by; what the body says of it comes second.
        let status = head.lines().rev().find_map(status);
        let status = status
            .or_else(|| told_status(&document))
            .or_else(|| status_by_code(error.as_ref()?));
        // Data beside a refusing status is no success.
        let is_success = status.map_or(document.get("data").is_some(), |status| (200..300).contains(&status));
        if document.get("errors").is_none() && is_success {
            return Err(Unknown::NoError);
        }
        Ok(Self {
            status,
            retry_after: header("retry-after").and_then(|seconds| seconds.parse().ok()),
            request_id: header("x-request-id").map(|id| one_line(&id, LONGEST)),
            error,
        })
    }

    /// The title, Apple's own words, how long it asks to wait, and the request's ID.
    fn tell(&self, title: String) -> Explanation {
        let quote = self.error.as_ref().map(AppleError::quote);
        let explanation = with_quote(Explanation::new(title), quote.as_deref()).request_id(self.request_id.as_deref());
        match self.retry_after {
            Some(seconds) => explanation.fact("wait", format!("{seconds} s")),
            None => explanation,
        }
    }
}

/// What Apple's document says of its own status: a string, in which a success is none.
fn told_status(document: &Value) -> Option<u16> {
    let status = document.pointer("/errors/0/status")?.as_str()?.parse().ok()?;
    (status >= 400).then_some(status)
}

/// Where neither a status line nor the document tells.
fn status_by_code(error: &AppleError) -> Option<u16> {
    let statuses = [
        ("NOT_AUTHORIZED", 401),
        ("FORBIDDEN", 403),
        ("FORBIDDEN_ERROR", 403),
        ("RATE_LIMIT_EXCEEDED", 429),
        ("UNEXPECTED_ERROR", 500),
    ];
    let found = statuses.into_iter().find(|(code, _)| error.is(code))?;
    Some(found.1)
}

fn without_mark(line: &str) -> &str {
    line.strip_prefix("< ").unwrap_or(line)
}

/// The status of a line like `HTTP/2 401`.
fn status(line: &str) -> Option<u16> {
    let rest = line.trim().strip_prefix("HTTP/")?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(status: &str, code: &str, detail: &str) -> String {
        serde_json::json!({"errors": [{"status": status, "code": code, "title": "T", "detail": detail}]}).to_string()
    }

    fn title(text: &str) -> String {
        explain(text).map_or_else(|unknown| unknown.to_string(), |explanation| explanation.title)
    }

    #[test]
    fn every_row_of_apples_table_is_told_by_its_body_alone() {
        for (status, code, detail, told) in [
            (
                "401",
                "NOT_AUTHORIZED",
                "",
                "Apple refused this credential (401 NOT_AUTHORIZED)",
            ),
            (
                "403",
                "FORBIDDEN_ERROR",
                "The API key in use does not allow this request",
                "the key's role is too small",
            ),
            (
                "403",
                "FORBIDDEN_ERROR",
                "not associated with an active membership",
                "membership is not active",
            ),
            (
                "403",
                "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
                "",
                "an agreement is missing",
            ),
            (
                "403",
                "FORBIDDEN",
                "A required agreement has expired.",
                "an agreement is missing",
            ),
            ("403", "OTHER", "", "for a reason of Apple's own"),
            (
                "404",
                "NOT_FOUND",
                "",
                "Apple accepts the key, and not the request (404 NOT_FOUND)",
            ),
            ("429", "RATE_LIMIT_EXCEEDED", "", "Apple's rate limit was reached (429)"),
            (
                "400",
                "PARAMETER_ERROR.INVALID",
                "",
                "not the request (400 PARAMETER_ERROR.INVALID)",
            ),
            ("500", "UNEXPECTED_ERROR", "", "Apple's service failed (status 500)"),
        ] {
            assert!(title(&body(status, code, detail)).contains(told), "{code}: {told}");
        }
    }

    #[test]
    fn a_refusal_of_which_only_the_answer_is_known_names_the_causes_of_both_kinds() {
        let refusal = explain(&body("401", "NOT_AUTHORIZED", "")).expect("a refusal");
        let causes = refusal.causes.join("\n");
        for cause in [
            "issuer ID",
            "does not belong to this .p8",
            "has expired",
            "revoked",
            "individual",
        ] {
            assert!(causes.contains(cause), "{cause}");
        }
        assert!(!refusal.advice.contains("well formed"), "nothing is known of the key");
    }

    #[test]
    fn what_curl_prints_is_read_with_its_headers() {
        let answer = format!(
            "HTTP/2 429 \r\nretry-after: 17\r\nx-request-id: ABC123\r\n\r\n{}",
            body("429", "RATE_LIMIT_EXCEEDED", "")
        );
        let told = explain(&answer).expect("an error");
        assert!(told.facts.iter().any(|fact| fact.text == "17 s"));
        assert_eq!(told.request_id.as_deref(), Some("ABC123"));
        assert_eq!(
            title("< HTTP/1.1 502 Bad Gateway\n< server: x\n\n<html></html>"),
            "Apple's service failed (status 502)"
        );
        assert_eq!(title("HTTP/2 200\n\n{\"data\":[]}"), Unknown::NoError.to_string());
    }

    #[test]
    fn a_body_without_its_status_is_told_by_its_code() {
        let told = |code: &str| title(&serde_json::json!({"errors": [{"code": code}]}).to_string());
        assert!(told("NOT_AUTHORIZED").contains("refused this credential"));
        assert!(told("FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED").contains("an agreement is missing"));
        assert_eq!(told("ENTITY_ERROR.X"), "Apple refused the request (ENTITY_ERROR.X)");
    }

    #[test]
    fn the_status_line_has_the_last_word() {
        let told = |head: &str, body: &str| title(&format!("{head}\n\n{body}"));
        let success = body("200", "NOT_AUTHORIZED", "");
        assert!(told("HTTP/2 401", &success).contains("(401 NOT_AUTHORIZED)"));
        assert!(told("HTTP/2 401", "").contains("(401 without a code)"));
        assert!(told("HTTP/2 401", "<html>").contains("(401 without a code)"));
        assert!(told("HTTP/2 403", "").contains("for a reason of Apple's own"));
        assert!(told("HTTP/2 401", "{\"data\":[]}").contains("(401 without a code)"));
        assert!(told("HTTP/2 200", &body("404", "NOT_FOUND", "")).contains("refused the request (NOT_FOUND)"));
    }

    #[test]
    fn what_is_no_answer_of_apples_is_not_guessed() {
        for text in [
            "<html>",
            "hello",
            "{}",
            "HTTP/2 302\n\n<html>",
            "{\"errors\":[]}",
            "{\"errors\":\"x\",\"data\":1}",
        ] {
            assert_eq!(explain(text), Err(Unknown::NotApple), "{text}");
        }
        assert_eq!(explain(" \n"), Err(Unknown::Nothing));
        assert_eq!(explain("{\"data\":{}}"), Err(Unknown::NoError));
    }
}
