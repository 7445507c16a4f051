//! What a token says, and everything in it that Apple would refuse, each with its rule.
//!
//! It judges by what is written in the token: whether Apple knows the key, only Apple can tell. No I/O: the time comes
//! in as an argument. Whatever a token holds comes from outside, so it is told on one short line; its signature, without
//! which it is no token, is never told, nor anything in it that looks like a private key.

mod claims;
mod header;
mod parts;
mod secret;
mod signature;
mod times;
mod words;

use serde::Serialize;
use serde_json::{Map, Value};

pub use secret::is_private_key;
pub use signature::{CheckKey, SignatureState};
pub use times::{Times, span};
pub use words::ACCEPTED;

use super::{Audience, TokenError};
use crate::text::one_line;

/// The longest value that is told, in characters.
const LONGEST: usize = 60;

/// A token, taken apart and judged.
#[derive(Debug)]
pub struct Inspection {
    /// `None` if it could not be decoded.
    pub header: Option<Map<String, Value>>,
    /// `None` if they could not be decoded.
    pub claims: Option<Map<String, Value>>,
    /// Whether nothing in it is App Store Connect's, nor what people take for it: it is another service's.
    pub is_foreign: bool,
    pub times: Times,
    pub signature: SignatureState,
    /// What Apple refuses comes first.
    pub findings: Vec<Finding>,
    /// What was taken off around the token, in a few words each.
    pub notes: Vec<&'static str>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name: `alg`, `lifetime`.
    pub rule: &'static str,
    pub severity: Severity,
    /// What is wrong, with the value at fault.
    pub what: String,
    /// What to do about it, in whole sentences.
    pub remedy: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Apple refuses the token for it.
    Refused,
    /// Apple may accept the token all the same.
    Doubtful,
}

impl Inspection {
    pub fn is_refused(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Refused)
    }
}

/// Judges `text`, which may be a whole `Authorization` header, as a token for `audience` at `now` (Unix seconds).
///
/// Only what is no token at all is an error: nothing, a word, or a private key. Whatever else is wrong is a finding.
pub fn inspect(text: &str, key: Option<&CheckKey>, audience: Audience, now: i64) -> Result<Inspection, TokenError> {
    let mut findings = Findings::default();
    let (token, notes) = parts::peel(text, &mut findings)?;
    let parts = parts::Parts::split(&token, &mut findings)?;
    let decode = |part: Option<&str>, name, findings: &mut Findings| parts::decode(part?, name, findings);
    let header = decode(parts.header, "header", &mut findings);
    let claims = decode(parts.claims, "payload", &mut findings);
    if let Some(header) = &header {
        header::judge(header, key, &mut findings);
    }
    let times = claims.as_ref().map_or_else(Times::default, |claims| {
        claims::judge(claims, audience, now, &mut findings)
    });
    let signature = signature::judge(&parts, key, &mut findings);
    findings.0.sort_by_key(|finding| finding.severity);
    let is_foreign = claims
        .as_ref()
        .is_some_and(|claims| claims::is_foreign(claims) && !header.as_ref().is_some_and(header::has_key_id));
    Ok(Inspection {
        is_foreign,
        header,
        claims,
        times,
        signature,
        findings: findings.0,
        notes,
    })
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn refuse(&mut self, rule: &'static str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(rule, Severity::Refused, what.into(), remedy.into());
    }

    fn doubt(&mut self, rule: &'static str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(rule, Severity::Doubtful, what.into(), remedy.into());
    }

    fn add(&mut self, rule: &'static str, severity: Severity, what: String, remedy: String) {
        self.0.push(Finding {
            rule,
            severity,
            what,
            remedy,
        });
    }
}

/// `is missing`, or `is “RS256”`.
fn is_what(value: Option<&Value>) -> String {
    match value {
        None => "is missing".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "is empty".to_owned(),
        Some(Value::String(text)) => format!("is “{}”", one_line(text, LONGEST)),
        Some(Value::Array(_)) => "is an array".to_owned(),
        Some(Value::Object(_)) => "is an object".to_owned(),
        Some(other) => format!("is {}", one_line(&other.to_string(), LONGEST)),
    }
}

#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
