//! A key in words: how its roles and its last use are told to people.

use jiff::Timestamp;

use crate::{
    connect::{LastUsed, TeamKey},
    roles::ROLES,
};

/// The names of its roles as people know them, else Apple's codes.
pub(super) fn roles(key: &TeamKey) -> String {
    let name = |code: &String| {
        let role = ROLES.iter().find(|role| role.code == code);
        role.map_or_else(|| code.clone(), |role| role.name.to_owned())
    };
    key.roles.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// `2026-05-04`, by UTC, or `never`.
pub(super) fn last_used(key: &TeamKey) -> String {
    match key.last_used {
        LastUsed::At(at) => date(at),
        LastUsed::Never => "never".to_owned(),
        LastUsed::Unclear => "unclear".to_owned(),
    }
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
