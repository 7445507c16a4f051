//! `asc-auth key revoke`: revoke a team key for good.
//!
//! What is about to be revoked is shown before it is, and the key that the default profile uses is not revoked by
//! mistake: where nobody can tell whether it is that one, it counts as that one.

use serde::Serialize;

use super::{
    key_id, options, sign_in, told,
    users::{DefaultUse, Users},
};
use crate::{
    cli::KeyRevokeArgs,
    commands::validate::line,
    connect::{ConnectError, LastUsed, TeamKey, WebError},
    error::Error,
    report::Console,
    source::{Environment, Flags, Sources, fields},
    terminal,
};

#[derive(Serialize)]
struct Told<'a> {
    key_id: &'a str,
    name: &'a str,
    /// Apple's names.
    roles: &'a [String],
    /// Whether it is revoked now.
    revoked: bool,
    /// Whether it was active until now.
    was_active: bool,
    /// RFC 3339, or null.
    last_used: LastUsed,
    /// Stored profiles that use it, and stop working.
    profiles: Vec<String>,
    warnings: &'a [String],
}

pub(super) fn run(args: &KeyRevokeArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let id = key_id("KEY_ID", &args.key_id)?;
    let profiles = options::profiles(&args.keychain.settings(), environment)?;
    let mut keys = sign_in(&args.web, environment, console)?;
    let roster = keys.list()?;
    let key = roster
        .find(id.as_str())
        .ok_or(ConnectError::from(WebError::NoSuchKey))?;
    let users = Users::of(&profiles);
    let default = users.default(&key.id);
    let warnings = warnings(key, &users, &default, environment)?;
    let ending = Ending {
        key,
        users: &users,
        warnings: &warnings,
    };
    for warning in &warnings {
        console.warn(warning);
    }
    if !key.is_active {
        return ending.tell("was revoked before: nothing was done", console);
    }
    console.report("App Store Connect: this key is about to be revoked", &ending.lines());
    if !args.force {
        refuse_default(&default)?;
    }
    if !args.confirm && !is_confirmed(console)? {
        console.note("Nothing was revoked.");
        return Ok(());
    }
    keys.revoke(&id).inspect_err(|error| doubt(error, console))?;
    ending.tell("is revoked: its tokens stop working", console)
}

/// What is being revoked, and what is to be said of it.
struct Ending<'a> {
    key: &'a TeamKey,
    users: &'a Users,
    warnings: &'a [String],
}

impl Ending<'_> {
    fn lines(&self) -> Vec<String> {
        let key = self.key;
        let profiles = self.users.places(&key.id);
        let roles = told::roles(key);
        let mut lines = vec![
            line("name", &key.name),
            line("key", &key.id),
            line("roles", if roles.is_empty() { "none" } else { &roles }),
            line("last used", &told::last_used(key)),
        ];
        lines.push(match profiles.as_slice() {
            [] => line("profiles", "no stored profile uses it"),
            some => line("profiles", &some.join(", ")),
        });
        lines
    }

    fn tell(&self, what: &str, console: Console) -> Result<(), Error> {
        let key = self.key;
        if console.is_json() {
            return console.json(&Told {
                key_id: &key.id,
                name: &key.name,
                roles: &key.roles,
                revoked: true,
                was_active: key.is_active,
                last_used: key.last_used,
                profiles: self.users.names(&key.id),
                warnings: self.warnings,
            });
        }
        console.note(&format!("App Store Connect: the key {} {what}", key.id));
        Ok(())
    }
}

/// Who would miss the key.
fn warnings(
    key: &TeamKey,
    users: &Users,
    default: &DefaultUse,
    environment: &Environment,
) -> Result<Vec<String>, Error> {
    let mut warnings = users.unread();
    let default = match default {
        DefaultUse::Yes(name) => Some(name),
        DefaultUse::No | DefaultUse::Unknown(_) => None,
    };
    for name in users.names(&key.id) {
        let which = if default == Some(&name) {
            "the default profile"
        } else {
            "the profile"
        };
        warnings.push(format!("{which} {name} uses this key, and needs another"));
    }
    let flags = Flags::default();
    let given = Sources::new(&flags, false, environment)?.text(&fields::KEY_ID);
    if let Some((origin, id)) = given.filter(|(_, id)| *id == key.id) {
        warnings.push(format!("{origin} names this key, {id}: who uses it here needs another"));
    }
    Ok(warnings)
}

fn refuse_default(default: &DefaultUse) -> Result<(), Error> {
    const FORCE: &str = "--force revokes it all the same.";
    match default {
        DefaultUse::No => Ok(()),
        DefaultUse::Yes(name) => Err(Error::Usage {
            what: format!("the default profile, {name}, uses this key"),
            advice: format!(
                "Nothing was revoked. Give the profile another key first (asc-auth key rotate does both), or make another \
                 profile the default (asc-auth switch). {FORCE}"
            ),
        }),
        DefaultUse::Unknown(why) => Err(Error::Usage {
            what: format!("whether the default profile uses this key can't be told: {why}"),
            advice: format!("Nothing was revoked. asc-auth doctor tells how that is repaired. {FORCE}"),
        }),
    }
}

/// Nobody there is no yes.
fn is_confirmed(console: Console) -> Result<bool, Error> {
    if console.is_json() || !terminal::is_attended() {
        return Err(Error::Usage {
            what: "a revoked key never works again, and nobody is there to say yes".to_owned(),
            advice: "Nothing was revoked. Give --confirm as well if that is meant.".to_owned(),
        });
    }
    Ok(terminal::confirms("It can't be undone. Revoke this key?")?)
}

/// Where no answer came, the request may have worked all the same.
fn doubt(error: &ConnectError, console: Console) {
    if error.exit_code() == 20 {
        console.warn("whether the key was revoked is not known: asc-auth key list tells, and this can be run again");
    }
}
