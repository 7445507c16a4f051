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
    token::{ACCEPTED, Audience, CheckKey, Finding, Inspection, SignatureState, Times, inspect},
};

/// The exit code for a token that Apple refuses: it is a credential that is malformed.
const REFUSED: u8 = 10;
/// No token is larger than this, in bytes: what is larger is not read to its end.
const LARGEST: u64 = 64 * 1024;

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
    let mut lines = vec![inspection.headline()];
    let facts = inspection.facts(now, "--key AuthKey_….p8 checks it");
    lines.extend(facts.iter().map(|fact| line(&fact.label, &fact.text)));
    lines.push(String::new());
    lines.extend(verdict(&inspection.findings));
    lines
}

fn verdict(findings: &[Finding]) -> Vec<String> {
    if findings.is_empty() {
        return vec![ACCEPTED.to_owned()];
    }
    let mut lines = Vec::new();
    let mut said = None;
    for (index, finding) in findings.iter().enumerate() {
        if said != Some(finding.severity) {
            said = Some(finding.severity);
            lines.push(finding.severity.heading(index == 0).to_owned());
        }
        lines.push(format!("  {}. {} ({})", index + 1, finding.what, finding.rule));
        lines.push(format!("     {}", finding.remedy));
    }
    lines
}
