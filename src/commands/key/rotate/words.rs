//! What `key rotate` says: its steps, its report, and both as JSON.

use serde::Serialize;

use super::Rotation;
use crate::{
    commands::{
        key::{making::KeyMade, stored::Profile, told},
        validate::line,
    },
    connect::Roster,
    error::Error,
    handoff::Progress,
    report::Console,
};

/// A rotation that is done.
pub(super) struct Rotated<'a> {
    pub(super) rotation: &'a Rotation<'a>,
    pub(super) made: KeyMade,
}

#[derive(Serialize)]
struct Told<'a> {
    old_key_id: &'a str,
    old_key_revoked: bool,
    key_id: &'a str,
    issuer_id: &'a str,
    name: &'a str,
    /// Apple's names.
    roles: Vec<&'static str>,
    /// The only copy of the private key.
    private_key_path: String,
    /// The profile that has it.
    profile: Option<&'a str>,
    /// Whether the publish command was run, here or before an interruption.
    published: bool,
    /// What is left to do.
    next: Option<String>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Steps {
    dry_run: bool,
    steps: Vec<String>,
}

impl Rotated<'_> {
    pub(super) fn tell(&self, console: Console) -> Result<(), Error> {
        let Rotation {
            args,
            old,
            new,
            profile,
            ..
        } = self.rotation;
        let made = &self.made;
        let path = made.path.display().to_string();
        let next = (!args.revoke_old).then(|| format!("asc-auth key revoke {old} --confirm"));
        let warnings = told::warnings(made, profile.as_ref());
        let warn = || warnings.iter().for_each(|warning| console.warn(warning));
        if console.is_json() {
            warn();
            return console.deliver_json(&Told {
                old_key_id: old.as_str(),
                old_key_revoked: args.revoke_old,
                key_id: made.id.as_str(),
                issuer_id: made.issuer.as_str(),
                name: new.name.as_str(),
                roles: new.roles.iter().map(|role| role.code).collect(),
                private_key_path: path,
                profile: profile.as_ref().map(Profile::name),
                published: args.publish.is_some(),
                next,
                warnings: &warnings,
            });
        }
        let mut lines = vec![
            line("new key", &format!("{} (team key), {}", made.id, new.name)),
            line("issuer", made.issuer.as_str()),
            line("role", &new.role_names()),
            line("file", &path),
        ];
        lines.extend(profile.as_ref().map(|profile| line("profile", &profile.described())));
        lines.extend(args.publish.as_ref().map(|_| line("published", "by your command")));
        let state = if args.revoke_old { "revoked" } else { "still works" };
        lines.push(line("old key", &format!("{old}, {state}")));
        lines.extend(next.map(|next| line("next", &format!("when nothing uses the old key any more: {next}"))));
        console.report(
            &format!("App Store Connect: {} takes the place of {old}", made.id),
            &lines,
        );
        warn();
        Ok(())
    }
}

impl Rotation<'_> {
    /// Says what would be done, in its order.
    pub(super) fn tell_steps(&self, roster: &Roster, before: Option<&Progress>) -> Result<(), Error> {
        let steps = self.steps(before);
        if self.console.is_json() {
            return self.console.json(&Steps { dry_run: true, steps });
        }
        let lines = steps
            .iter()
            .enumerate()
            .map(|(index, step)| format!("{}. {step}", index + 1));
        let old = roster.find(self.old.as_str());
        let described = old
            .map(|key| format!(" ({}, {})", key.name, told::roles(key)))
            .unwrap_or_default();
        let mut told = vec![format!(
            "Rotating {}{described} takes these steps; none was done now.",
            self.old
        )];
        told.extend(lines);
        self.console.lines(&told)
    }

    fn steps(&self, before: Option<&Progress>) -> Vec<String> {
        let Self { args, old, new, .. } = self;
        let made = before.and_then(|before| before.key_id.as_deref());
        let mut steps = vec![
            match made {
                Some(id) => format!(
                    "go on with the key {id}, {}, which an interrupted run has made",
                    new.name
                ),
                None => format!("make the key {} with the role {}", new.name, new.role_names()),
            },
            format!("save its private key in {}", new.directory.display()),
            format!(
                "prove it with the API, for at most {} until Apple knows it",
                args.known_within.trim()
            ),
        ];
        if args.publish.is_some() {
            steps.push("run the publish command with it".to_owned());
        }
        if let Some(profile) = &self.profile {
            steps.push(format!("store it as the profile {}", profile.described()));
        }
        steps.push("prove it once more".to_owned());
        steps.push(if args.revoke_old {
            format!("revoke {old}")
        } else {
            format!("leave {old} as it is: --revoke-old revokes it")
        });
        steps
    }
}
