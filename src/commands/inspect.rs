//! `asc-auth inspect TOKEN`: decode a token, and say what Apple would refuse in it. No request is made.

use std::{
    io::{self, Read},
    path::Path,
};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{options::Stdin, validate::line};
use crate::{
    cli::InspectArgs,
    clock::Clock,
    credential::PublicKey,
    error::Error,
    report::Console,
    source::{Environment, Origin, SourceError, Sources, read_key_file},
    text::one_line,
    token::{Audience, CheckKey, Finding, Inspection, Severity, SignatureState, Times, inspect, span},
};

/// The exit code for a token that Apple refuses: it is a credential that is malformed.
const REFUSED: u8 = 10;
/// No token is larger than this, in bytes: what is larger is not read to its end.
const LARGEST: u64 = 64 * 1024;
/// The longest value that is shown, in characters, and the most values of a list.
const LONGEST: usize = 200;
const MOST: usize = 20;

#[derive(Serialize)]
struct Inspected<'a> {
    /// Whether Apple accepts it, as far as can be told offline.
    acceptable: bool,
    header: &'a Option<Map<String, Value>>,
    claims: &'a Option<Map<String, Value>>,
    /// Whether it is another service's.
    foreign: bool,
    times: ShownTimes,
    signature: SignatureState,
    findings: &'a [Finding],
    notes: &'a [&'static str],
}

#[derive(Serialize)]
struct ShownTimes {
    /// RFC 3339, UTC.
    issued_at: Option<Timestamp>,
    /// RFC 3339, UTC.
    expires_at: Option<Timestamp>,
    /// Seconds; negative if it has expired.
    expires_in: Option<i64>,
    /// Seconds from iat to exp.
    lifetime: Option<i64>,
}

/// Reads the token, and the key if one is given; judges; shows. Ends with 10 if Apple refuses the token.
pub(super) fn run(args: &InspectArgs, environment: &Environment, console: Console) -> Result<u8, Error> {
    let flags = args.flags();
    Sources::new(&flags, false, environment)?;
    if args.token == "-" && args.key.as_deref() == Some("-") {
        return Err(Error::Usage {
            what: "both the token and the key are asked for on standard input".to_owned(),
            advice: "Give one of them as a file or as an argument: --key AuthKey_….p8.".to_owned(),
        });
    }
    let key = args.key.as_deref().map(read_key).transpose()?;
    let token = if args.token == "-" {
        read_token()?
    } else {
        refuse_file(&args.token)?;
        Zeroizing::new(args.token.clone())
    };
    let audience = if args.in_house {
        Audience::Enterprise
    } else {
        Audience::AppStoreConnect
    };
    let now = Clock::default().now();
    let inspection = inspect(&token, key.as_ref(), audience, now)?;
    if console.is_json() {
        console.json(&inspected(&inspection, now))?;
    } else {
        console.lines(&lines_of(&inspection, now))?;
    }
    Ok(if inspection.is_refused() { REFUSED } else { 0 })
}

/// The name of a file is taken for a token by nobody but us. It is not told: what is no token may be anything.
fn refuse_file(token: &str) -> Result<(), Error> {
    if !Path::new(token).is_file() {
        return Ok(());
    }
    Err(Error::Usage {
        what: "TOKEN is the name of a file".to_owned(),
        advice: "If a token is in it: asc-auth inspect - < FILE. A key verifies a token with --key FILE, and asc-auth \
                 token makes one of it."
            .to_owned(),
    })
}

fn read_key(path: &str) -> Result<CheckKey, Error> {
    let (bytes, file_name) = read_key_file("--key", path, &mut Stdin)?;
    let public = PublicKey::decode(&bytes).map_err(|defect| SourceError::Key {
        origin: Origin::Flag("--key"),
        defect,
    })?;
    Ok(CheckKey { public, file_name })
}

fn read_token() -> Result<Zeroizing<String>, Error> {
    let unreadable = |error: &io::Error| Error::Usage {
        what: format!("no token could be read from standard input: {error}"),
        advice: "Pipe it in: asc-auth token | asc-auth inspect -".to_owned(),
    };
    let mut text = Zeroizing::new(String::with_capacity(4096));
    Stdin
        .take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(&error))?;
    Ok(text)
}

fn inspected(inspection: &Inspection, now: i64) -> Inspected<'_> {
    let Times { issued_at, expires_at } = inspection.times;
    let timestamp = |seconds: i64| Timestamp::from_second(seconds).ok();
    Inspected {
        acceptable: !inspection.is_refused(),
        header: &inspection.header,
        claims: &inspection.claims,
        foreign: inspection.is_foreign,
        times: ShownTimes {
            issued_at: issued_at.and_then(timestamp),
            expires_at: expires_at.and_then(timestamp),
            expires_in: expires_at.map(|exp| exp.saturating_sub(now)),
            lifetime: expires_at.zip(issued_at).map(|(exp, iat)| exp.saturating_sub(iat)),
        },
        signature: inspection.signature,
        findings: &inspection.findings,
        notes: &inspection.notes,
    }
}

fn lines_of(inspection: &Inspection, now: i64) -> Vec<String> {
    let mut lines = vec![headline(inspection)];
    for (name, value) in inspection.header.iter().flatten() {
        lines.extend(value_lines(name, value));
    }
    for (name, value) in inspection.claims.iter().flatten() {
        let time = match name.as_str() {
            "iat" => inspection.times.issued_at,
            "exp" => inspection.times.expires_at,
            _ => None,
        };
        match time {
            Some(seconds) => lines.push(line(name, &time_text(name, seconds, now))),
            None => lines.extend(value_lines(name, value)),
        }
    }
    lines.push(line(
        "signature",
        match inspection.signature {
            SignatureState::NotChecked => "not checked: --key AuthKey_….p8 checks it",
            SignatureState::Valid => "valid: this key signed it",
            SignatureState::Invalid => "not this key's",
        },
    ));
    lines.extend(inspection.notes.iter().map(|note| line("note", note)));
    lines.push(String::new());
    lines.extend(verdict(&inspection.findings));
    lines
}

fn headline(inspection: &Inspection) -> String {
    let claim = |name: &str| inspection.claims.as_ref()?.get(name)?.as_str();
    match (inspection.is_foreign, claim("iss")) {
        (true, Some(iss)) => format!("This is no App Store Connect token: it is {}'s", one_line(iss, LONGEST)),
        (true, None) => "This is no App Store Connect token: nothing in it is Apple's".to_owned(),
        (false, _) if inspection.claims.is_none() => "Token".to_owned(),
        (false, _) => "App Store Connect token".to_owned(),
    }
}

fn verdict(findings: &[Finding]) -> Vec<String> {
    if findings.is_empty() {
        return vec!["Apple accepts this token, as far as can be told offline.".to_owned()];
    }
    let mut lines = Vec::new();
    let mut said = None;
    for (index, finding) in findings.iter().enumerate() {
        if said != Some(finding.severity) {
            said = Some(finding.severity);
            lines.push(match finding.severity {
                Severity::Refused => "Apple refuses this token:".to_owned(),
                Severity::Doubtful if index == 0 => "Apple may accept this token, but:".to_owned(),
                Severity::Doubtful => "Besides:".to_owned(),
            });
        }
        lines.push(format!("  {}. {} ({})", index + 1, finding.what, finding.rule));
        lines.push(format!("     {}", finding.remedy));
    }
    lines
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

/// A value on one line, a list on a line for each of its entries. All of it comes from outside.
fn value_lines(name: &str, value: &Value) -> Vec<String> {
    let name = one_line(name, 20);
    let text = |value: &Value| match value {
        Value::String(text) => one_line(text, LONGEST),
        other => one_line(&other.to_string(), LONGEST),
    };
    let Value::Array(items) = value else {
        return vec![line(&name, &text(value))];
    };
    let mut lines: Vec<String> = items.iter().take(MOST).map(|item| line("", &text(item))).collect();
    if items.len() > MOST {
        lines.push(line("", &format!("… and {} more", items.len() - MOST)));
    }
    match lines.first_mut() {
        Some(first) => *first = line(&name, &items.first().map(text).unwrap_or_default()),
        None => lines.push(line(&name, "none")),
    }
    lines
}
