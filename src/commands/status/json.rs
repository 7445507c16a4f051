//! The status for scripts. Its keys are stable.

use serde::Serialize;

use super::{Check, InUse, Row, Status, Whence, key_id, verdict};
use crate::{
    connect::RateLimit,
    credential::IssuerId,
    error::Error,
    explanation::{Explanation, Fact},
    source::{
        self, SourceError,
        profiles::{Looked, Outcome, told_name},
    },
};

#[derive(Serialize)]
pub(super) struct Told<'a> {
    in_use: Option<Used<'a>>,
    /// Why nothing is used.
    in_use_error: Option<Failure>,
    profiles: Vec<Profile>,
    keychain: Option<Place>,
    config_files: Vec<Place>,
}

#[derive(Serialize)]
struct Used<'a> {
    /// `profile`, `setup`, `command_line` or `environment`.
    source: &'static str,
    /// The profile's.
    name: Option<String>,
    stored_in: Option<String>,
    why: String,
    key_id: &'a str,
    key_type: &'a str,
    issuer_id: Option<&'a str>,
    facts: Vec<Fact>,
    notes: &'a [String],
    warnings: &'a [String],
    validation: Option<Validation>,
}

#[derive(Serialize)]
struct Profile {
    name: String,
    stored_in: String,
    /// Null if what is stored is none.
    key_id: Option<String>,
    /// The same.
    key_type: Option<&'static str>,
    default: bool,
    in_use: bool,
    /// Why its item can't be read.
    error: Option<Failure>,
    validation: Option<Validation>,
}

/// Null where none was asked for.
#[derive(Serialize)]
struct Validation {
    /// `works`, or what is wrong in a few words.
    verdict: String,
    valid: bool,
    exit_code: u8,
    error: Option<Explanation>,
    rate_limit: Option<RateLimit>,
    /// Seconds that this machine's clock is ahead of Apple's.
    clock_skew: Option<i64>,
}

#[derive(Serialize)]
struct Place {
    stored_in: String,
    /// `read`, `absent`, `bypassed` or `failed`.
    state: &'static str,
    profiles: Option<usize>,
    error: Option<Failure>,
}

#[derive(Serialize)]
struct Failure {
    error: Explanation,
    exit_code: u8,
}

pub(super) fn of(status: &Status) -> Told<'_> {
    let mut places = status
        .inventory
        .places
        .iter()
        .map(|place| (&place.stored_in, told_place(place)));
    let keychain = places.by_ref().next().map(|(_, place)| place);
    Told {
        in_use: status.in_use.as_ref().ok().map(|in_use| used(status, in_use)),
        in_use_error: status.in_use.as_ref().err().map(Failure::of),
        profiles: status.rows.iter().filter_map(|row| profile(status, row)).collect(),
        keychain,
        config_files: places.map(|(_, place)| place).collect(),
    }
}

fn used<'a>(status: &'a Status, in_use: &'a InUse) -> Used<'a> {
    let credential = &in_use.resolved.credential;
    let (source, name, stored_in) = match &in_use.whence {
        Whence::Profile { name, stored_in, .. } => ("profile", Some(told_name(name)), Some(stored_in.to_string())),
        Whence::AuthDir => ("setup", None, None),
        Whence::CommandLine => ("command_line", None, None),
        Whence::Environment => ("environment", None, None),
    };
    let row = status.rows.iter().find(|row| row.is_in_use);
    Used {
        source,
        name,
        stored_in,
        why: in_use.why(&status.inventory),
        key_id: credential.key_id.as_str(),
        key_type: credential.kind.name(),
        issuer_id: credential.kind.issuer_id().map(IssuerId::as_str),
        facts: in_use.resolved.facts(),
        notes: &in_use.resolved.notes,
        warnings: &in_use.resolved.warnings,
        validation: row.and_then(|row| validation(&row.check)),
    }
}

/// `None` for the row of what is given, which `in_use` tells.
fn profile(status: &Status, row: &Row) -> Option<Profile> {
    let item = status.item(row)?;
    let read = item.read.as_ref().ok();
    Some(Profile {
        name: told_name(&item.name),
        stored_in: item.stored_in.to_string(),
        key_id: read.and_then(|profile| Some(key_id(&profile.key_id)?.to_string())),
        key_type: read.and_then(source::profiles::Profile::known_kind),
        default: row.is_default,
        in_use: row.is_in_use,
        error: item
            .read
            .as_ref()
            .err()
            .map(|error| Failure::of(&SourceError::from(error.clone()).into())),
        validation: validation(&row.check),
    })
}

fn validation(check: &Check) -> Option<Validation> {
    match check {
        Check::NotMade => None,
        Check::Works(proof) => Some(Validation {
            verdict: "works".to_owned(),
            valid: true,
            exit_code: 0,
            error: None,
            rate_limit: proof.rate_limit,
            clock_skew: proof.skew.map(|skew| skew.0),
        }),
        Check::Failed(error) => Some(Validation {
            verdict: verdict::of(error),
            valid: false,
            exit_code: error.exit_code(),
            error: Some(error.explain()),
            rate_limit: None,
            clock_skew: None,
        }),
    }
}

fn told_place(place: &Looked) -> Place {
    let (state, profiles, error) = match &place.outcome {
        Outcome::Bypassed => ("bypassed", None, None),
        Outcome::Absent => ("absent", None, None),
        Outcome::Holds(count) => ("read", Some(*count), None),
        Outcome::Failed(error) => ("failed", None, Some(error)),
    };
    Place {
        stored_in: place.stored_in.to_string(),
        state,
        profiles,
        error: error.map(|error| Failure {
            error: error.explain(),
            exit_code: error.exit_code(),
        }),
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            error: error.explain(),
            exit_code: error.exit_code(),
        }
    }
}
