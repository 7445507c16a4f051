//! An inspected token in words for people. All of what it holds comes from outside, so each value is told on one line.

use jiff::Timestamp;
use serde_json::Value;

use super::{Inspection, Severity, SignatureState, span};
use crate::{explanation::Fact, text::one_line};

/// The longest value that is shown, in characters, and the most values of a list.
const LONGEST: usize = 200;
const MOST: usize = 20;

/// What is said of a token in which nothing was found.
pub const ACCEPTED: &str = "Apple accepts this token, as far as can be told offline.";

impl Severity {
    /// What stands above the findings of one severity, which may be the first of all.
    pub fn heading(self, is_first: bool) -> &'static str {
        match self {
            Self::Refused => "Apple refuses this token:",
            Self::Doubtful if is_first => "Apple may accept this token, but:",
            Self::Doubtful => "Besides:",
        }
    }
}

impl Inspection {
    /// Whose token it is.
    pub fn headline(&self) -> String {
        let claim = |name: &str| self.claims.as_ref()?.get(name)?.as_str();
        match (self.is_foreign, claim("iss")) {
            (true, Some(iss)) => format!("This is no App Store Connect token: it is {}'s", one_line(iss, LONGEST)),
            (true, None) => "This is no App Store Connect token: nothing in it is Apple's".to_owned(),
            (false, _) if self.claims.is_none() => "Token".to_owned(),
            (false, _) => "App Store Connect token".to_owned(),
        }
    }

    /// What it says, each header and claim by its name, with the times told from `now` (Unix seconds). A list has a line
    /// for each entry, and the name before the first. `check` says how the signature is checked, if it was not.
    pub fn facts(&self, now: i64, check: &str) -> Vec<Fact> {
        let mut facts = Vec::new();
        for (name, value) in self.header.iter().flatten() {
            facts.extend(value_facts(name, value));
        }
        for (name, value) in self.claims.iter().flatten() {
            let time = match name.as_str() {
                "iat" => self.times.issued_at,
                "exp" => self.times.expires_at,
                _ => None,
            };
            match time {
                Some(seconds) => facts.push(fact(name, time_text(name, seconds, now))),
                None => facts.extend(value_facts(name, value)),
            }
        }
        let signature = match self.signature {
            SignatureState::NotChecked => format!("not checked: {check}"),
            SignatureState::Valid => "valid: this key signed it".to_owned(),
            SignatureState::Invalid => "not this key's".to_owned(),
        };
        facts.push(fact("signature", signature));
        facts.extend(self.notes.iter().map(|note| fact("note", *note)));
        facts
    }
}

fn fact(label: impl Into<String>, text: impl Into<String>) -> Fact {
    Fact {
        label: label.into(),
        text: text.into(),
    }
}

/// `2026-09-21T14:32:10Z, expires in 12 min 3 s`.
fn time_text(name: &str, seconds: i64, now: i64) -> String {
    let distance = seconds.saturating_sub(now);
    let relative = match (name, distance) {
        ("exp", 1..) => format!("expires in {}", span(distance)),
        ("exp", _) => format!("expired {} ago", span(distance)),
        (_, 1..) => format!("in {}", span(distance)),
        (_, _) => format!("{} ago", span(distance)),
    };
    match Timestamp::from_second(seconds) {
        Ok(time) => format!("{time}, {relative}"),
        Err(_) => format!("{seconds}, {relative}"),
    }
}

fn value_facts(name: &str, value: &Value) -> Vec<Fact> {
    let name = one_line(name, 20);
    let text = |value: &Value| match value {
        Value::String(text) => one_line(text, LONGEST),
        other => one_line(&other.to_string(), LONGEST),
    };
    let Value::Array(items) = value else {
        return vec![fact(name, text(value))];
    };
    let mut facts: Vec<Fact> = items.iter().take(MOST).map(|item| fact("", text(item))).collect();
    if items.len() > MOST {
        facts.push(fact("", format!("… and {} more", items.len() - MOST)));
    }
    match facts.first_mut() {
        Some(first) => first.label = name,
        None => facts.push(fact(name, "none")),
    }
    facts
}
