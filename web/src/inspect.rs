//! A token taken apart, with everything in it that Apple would refuse.

use asc_auth::{
    credential::{KeyFileName, PublicKey},
    explanation::Fact,
    token::{self, ACCEPTED, Audience, CheckKey, Finding, Inspection, TokenError},
};
use serde::Serialize;

use crate::verdict::{Tone, Verdict};

#[derive(Serialize)]
pub(crate) struct Inspected {
    conclusion: Verdict,
    lines: Vec<Fact>,
    findings: Vec<Finding>,
}

pub(crate) fn inspect(text: &str, key: &[u8], file_name: &str, in_house: bool, now: i64) -> Inspected {
    let audience = if in_house {
        Audience::Enterprise
    } else {
        Audience::AppStoreConnect
    };
    // What is no key checks nothing: its own field says what is wrong with it.
    let key = PublicKey::decode(key).ok().map(|public| CheckKey {
        public,
        file_name: KeyFileName::parse(file_name),
    });
    match token::inspect(text, key.as_ref(), audience, now) {
        Ok(inspection) => Inspected {
            conclusion: conclusion(&inspection),
            lines: inspection.facts(now, "the private key under Check checks it"),
            findings: inspection.findings,
        },
        Err(error) => Inspected {
            conclusion: no_token(&error),
            lines: Vec::new(),
            findings: Vec::new(),
        },
    }
}

fn no_token(error: &TokenError) -> Verdict {
    match error {
        TokenError::NoToken => {
            Verdict::new(Tone::Waiting, "no token yet").advice("Paste one, or a whole Authorization header.")
        }
        TokenError::KeyForToken => Verdict::new(Tone::Wrong, error.to_string())
            .advice("Take it out here: it belongs under Check, and a token is made of it above."),
        error => Verdict::of(Tone::Wrong, error.explain()),
    }
}

fn conclusion(inspection: &Inspection) -> Verdict {
    let tone = match inspection.findings.first() {
        None => Tone::Good,
        Some(_) if inspection.is_refused() => Tone::Wrong,
        Some(_) => Tone::Doubtful,
    };
    let verdict = match inspection.findings.first() {
        None => ACCEPTED,
        Some(first) => first.severity.heading(true),
    };
    Verdict::new(tone, inspection.headline()).advice(verdict)
}
