//! The hand-over itself: to each CI through its own channel, all of it or nothing.

use std::{env, path::Path};

use super::words::{HandedOver, summary};
use crate::{
    commands::session::Session,
    error::Error,
    handoff::{self, Channel, GitHub, Handover},
    report::Console,
};

/// Hands over, and leaves the private directory to the steps that follow. If anything fails, it is removed.
pub(super) fn hand_over(channel: &Channel, session: Session<'_>, console: Console) -> Result<(), Error> {
    let mut record = HandedOver::new(&session);
    let binary = env::current_exe().ok();
    let path_entry = binary.as_deref().and_then(directory_for_path);
    match channel {
        Channel::GitHub(github) => to_github(github, &session, &record, path_entry)?,
        Channel::Azure => {
            let commands = handoff::set_variables(&session.variables()?, path_entry);
            console.command(&commands).map_err(Error::Output)?;
        }
        Channel::Shell => {
            let file = session.write_env_file(path_entry)?;
            record.env_file = Some(in_words(&file));
            if console.is_json() {
                console.deliver_json(&record)?;
            } else {
                console.deliver(&format!("{}\n", file.display()))?;
            }
        }
    }
    if console.is_json() && !matches!(channel, Channel::Shell) {
        console.json(&record)?;
    }
    session.directory.hand_over();
    Ok(())
}

fn to_github(
    github: &GitHub,
    session: &Session<'_>,
    record: &HandedOver,
    path_entry: Option<&Path>,
) -> Result<(), Error> {
    let variables = session.exported()?;
    let number = |number: Option<String>| number.unwrap_or_default();
    let expires_at = record.token_expires_at.to_string();
    let remaining = number(record.rate_limit_remaining.map(|number| number.to_string()));
    let skew = number(record.clock_skew.map(|number| number.to_string()));
    let json_path = session.fastlane_json.as_deref().map(in_words).unwrap_or_default();
    github.hand_over(&Handover {
        outputs: vec![
            ("token", session.token.secret()),
            ("token-expires-at", &expires_at),
            ("key-id", &record.key_id),
            ("issuer-id", record.issuer_id.as_deref().unwrap_or_default()),
            ("key-type", record.key_type),
            ("key-path", &record.key_path),
            ("key-dir", &record.key_dir),
            ("api-key-json-path", &json_path),
            ("rate-limit-remaining", &remaining),
            ("clock-skew", &skew),
        ],
        environment: variables
            .iter()
            .map(|variable| (variable.name, variable.value.as_str()))
            .collect(),
        path: path_entry,
        summary: &summary(record, session.order.proof),
    })?;
    Ok(())
}

/// The binary's directory, if a later step finds it there as `asc-auth`.
fn directory_for_path(binary: &Path) -> Option<&Path> {
    let is_ours = binary.file_stem().is_some_and(|stem| stem == "asc-auth");
    binary.parent().filter(|_| is_ours)
}

fn in_words(path: &Path) -> String {
    path.display().to_string()
}
