//! From what people paste to the three parts of a token, and from a part to its JSON.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    Findings,
    secret::{Secret, conceal_in, is_private_key},
};
use crate::{credential::tidy, token::TokenError};

/// A token that Apple accepts has a few hundred bytes; with many scopes a few thousand.
const LARGEST: usize = 64 * 1024;

/// What base64 of `{"` and of `{ ` begins with, so any token.
const START: &str = "ey";

/// The three parts, as far as there are three.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) header: Option<&'a str>,
    pub(super) claims: Option<&'a str>,
    pub(super) signature: Option<&'a str>,
    /// What is signed: the first two parts, and the dot between them.
    pub(super) signed: &'a str,
}

/// The token alone, and what was taken off around it.
pub(super) fn peel(text: &str, findings: &mut Findings) -> Result<(Zeroizing<String>, Vec<&'static str>), TokenError> {
    if text.len() > LARGEST {
        return Err(TokenError::TooLarge);
    }
    let mut notes = Vec::new();
    let mut rest = tidy(text);
    if rest.len() != text.trim_end_matches(['\r', '\n']).len() {
        notes.push("quotes or white space around the token were taken off");
    }
    for (prefix, note) in [
        ("authorization:", "it was a whole Authorization header"),
        ("bearer ", "the word Bearer before the token was taken off"),
    ] {
        if let Some(after) = without_prefix(rest, prefix) {
            rest = tidy(after);
            notes.push(note);
        }
    }
    if rest.is_empty() {
        return Err(TokenError::NoToken);
    }
    if is_private_key(rest) {
        return Err(TokenError::KeyForToken);
    }
    let mut token = Zeroizing::new(String::with_capacity(rest.len()));
    token.extend(rest.chars().filter(|c| !c.is_whitespace()));
    if token.len() != rest.len() {
        findings.refuse(
            "white_space",
            "there is white space inside of the token",
            "A token is one line without spaces: it was wrapped, perhaps by base64 or by a log.",
        );
    }
    Ok((token, notes))
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

impl<'a> Parts<'a> {
    /// A token that was cut off is judged; what only lacks the dots was none.
    pub(super) fn split(token: &'a str, findings: &mut Findings) -> Result<Self, TokenError> {
        let all: Vec<&str> = token.split('.').collect();
        match all.len() {
            ..3 if !token.starts_with(START) => return Err(TokenError::NotAToken),
            3 => {}
            5 => findings.refuse(
                "parts",
                "it has five parts, so it is an encrypted token",
                "Apple takes signed tokens (JWS): header, payload and signature.",
            ),
            1 => findings.refuse(
                "parts",
                "there is no dot in it",
                "A token is header, payload and signature with dots between them. Is it cut off?",
            ),
            n => findings.refuse(
                "parts",
                format!("it has {n} parts"),
                "A token is header, payload and signature with dots between them. Is it cut off?",
            ),
        }
        let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
        let is_signed = all.len() == 3;
        Ok(Self {
            header: all.first().copied(),
            claims: all.get(1).copied(),
            signature: all.get(2).copied().filter(|_| is_signed),
            signed,
        })
    }
}

/// The bytes of a part, also where another base64 was taken for base64url, which is a finding.
pub(super) fn bytes(part: &str, name: &'static str, findings: &mut Findings) -> Option<Vec<u8>> {
    if let Ok(bytes) = URL_SAFE_NO_PAD.decode(part) {
        return Some(bytes);
    }
    let standard: String = part
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    let bytes = STANDARD_NO_PAD.decode(standard).ok();
    let what = match bytes {
        Some(_) => format!("the {name} is base64, and not base64url"),
        None => format!("the {name} is not base64url"),
    };
    let remedy = match bytes {
        Some(_) => "Write - for +, _ for / and no = at the end. (RFC 7515, 2)",
        None => "Something in it was changed or cut off. Copy the whole token.",
    };
    findings.refuse("base64url", what, remedy);
    bytes
}

/// The JSON object in a part. What looks like a private key in it is replaced.
pub(super) fn decode(part: &str, name: &'static str, findings: &mut Findings) -> Option<Map<String, Value>> {
    let bytes = bytes(part, name, findings)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(mut object)) => {
            match conceal_in(&mut object) {
                Secret::None => {}
                Secret::Perhaps => findings.doubt(
                    "secret",
                    format!("the {name} holds 32 bytes or more that may be a private key"),
                    "If they are, whoever sees the token has the key: revoke it under Users and Access → Integrations.",
                ),
                Secret::Certain => findings.refuse(
                    "secret",
                    format!("the {name} holds a private key"),
                    "Whoever sees the token has the key: revoke it under Users and Access → Integrations.",
                ),
            }
            Some(object)
        }
        other => {
            let what = if other.is_ok() {
                "is no JSON object"
            } else {
                "is no JSON"
            };
            findings.refuse(
                "json",
                format!("the {name} {what}"),
                "Copy the whole token, and only that.",
            );
            None
        }
    }
}
