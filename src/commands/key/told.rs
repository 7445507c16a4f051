//! A key in words: how its roles, its last use and the file of a new one are told to people.

use jiff::Timestamp;

use super::{making::KeyMade, stored::Profile};
use crate::{
    connect::{LastUsed, TeamKey},
    git,
    handoff::{KeyFolder, Plan},
    roles::ROLES,
    text::{one_line, quoted},
};

/// In characters: a name, and all roles there are.
const LONGEST: usize = 400;

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

/// The command line that makes what a plan says, as far as it was written down.
pub(super) fn command(plan: &Plan) -> String {
    let command = match &plan.old_key_id {
        None => "create".to_owned(),
        Some(old) => format!("rotate {}", quoted(old)),
    };
    let roles = plan
        .roles
        .iter()
        .map(|role| format!(" --role {}", role.to_lowercase().replace('_', "-")));
    let is_admin = plan.roles.iter().any(|role| role == "ADMIN");
    let confirmed = is_admin.then(|| " --confirm-admin".to_owned());
    let flags: String = roles.chain(confirmed).collect();
    one_line(
        &format!("asc-auth key {command} --name {}{flags}", quoted(&plan.name)),
        LONGEST,
    )
}

/// What is to be known of a new key's file, in one sentence each.
pub(super) fn warnings(made: &KeyMade, profile: Option<&Profile>) -> Vec<String> {
    // A key in a repository is one commit away from everybody.
    let is_exposed = git::is_ignored(&made.path) == Some(false);
    let exposed = is_exposed.then(|| {
        format!(
            "git does not ignore {}: move it out of the repository, or it may be committed",
            made.path.display()
        )
    });
    let copy = if profile.is_some_and(Profile::holds_the_key) {
        "Apple never gives this private key out again: it is in this file and in the keychain. Keep it safe"
    } else {
        "this file is the only copy of the private key: Apple never gives it out again. Keep it safe"
    };
    let folder = made.path.parent().and_then(|folder| KeyFolder::of(folder).ok());
    let doubt = folder.and_then(|folder| folder.doubt());
    exposed.into_iter().chain(doubt).chain([copy.to_owned()]).collect()
}
