//! Team keys that were begun here and not finished. Whether the team has forgotten ones, asc-auth key list tells.

use super::finding::{Check, Finding};
use crate::{commands::key::unfinished, source::Environment};

pub(super) fn check(environment: &Environment) -> Check {
    let mut check = Check::new("team_keys");
    for run in unfinished::all(environment) {
        check.found(Finding::advice("key_unfinished", run));
    }
    check.line(match check.findings.len() {
        0 => "none was begun and not finished",
        _ => "begun and not finished, as told below",
    });
    check
}
