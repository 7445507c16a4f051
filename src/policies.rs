//! What a user wants to hold besides the key being valid. Apple is asked for it when the key is validated.

use serde::Serialize;
use thiserror::Error;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Policies {
    /// The bundle ID of an app that the key must see.
    pub expect_app: Option<String>,
    /// Whether a key that can list users is refused.
    pub forbid_admin: bool,
}

/// A check that is never made must not look like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expect-app and forbid-admin need validation, which is switched off")]
pub struct Idle;

impl Idle {
    pub const REMEDY: &str =
        "Leave validate on, or leave the two out: a check that is never made must not look like one.";
}

impl Policies {
    /// Refuses policies that nobody would hold.
    pub fn refuse_idle(&self, validate: bool) -> Result<(), Idle> {
        if validate || *self == Self::default() {
            return Ok(());
        }
        Err(Idle)
    }
}
