//! What `login` says: the report, and the same as JSON.

use serde::Serialize;

use super::{Given, Proof};
use crate::{
    commands::validate::{line, lines_of, proof_lines},
    error::Error,
    report::Console,
    source::profiles::{Kept, Profile, StoredIn, told_name},
    text::quoted,
};

/// Everything worth telling of a login.
pub(super) struct Login<'a> {
    pub(super) profile: &'a Profile,
    pub(super) given: &'a Given,
    pub(super) proof: Option<&'a Proof>,
    pub(super) kept: &'a Kept,
    /// The flag without which the keychain's profile of this name is used.
    pub(super) bypass: Option<&'static str>,
    pub(super) in_house: bool,
}

#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    key_id: &'a str,
    key_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_id: Option<&'a str>,
    /// `keychain`, or a config file.
    stored_in: String,
    /// Where the key was read from. Null if that was no file.
    private_key_path: Option<&'a str>,
    /// Whether a profile of this name was there before.
    replaced: bool,
    /// Whether it is the default profile in this directory.
    is_default: bool,
    /// The default profile in this directory.
    default: Option<String>,
    /// Whether Apple was asked.
    validated: bool,
    /// The command that uses it. Null if another place has another profile of this name, which is used.
    next: Option<String>,
    notes: &'a [String],
    warnings: &'a [String],
}

impl Login<'_> {
    pub(super) fn tell(&self, warnings: &[String], console: Console) -> Result<(), Error> {
        let profile = self.profile;
        let in_house = self.in_house.then_some("--in-house");
        let next = self.kept.hidden_by.is_none().then(|| {
            let name = quoted(&profile.name);
            ["asc-auth token --profile", &name]
                .into_iter()
                .chain(self.bypass)
                .chain(in_house)
                .collect::<Vec<_>>()
                .join(" ")
        });
        if console.is_json() {
            return console.json(&Told {
                name: &profile.name,
                key_id: &profile.key_id,
                key_type: &profile.key_type,
                issuer_id: some(&profile.issuer_id),
                stored_in: profile.stored_in.to_string(),
                private_key_path: some(&profile.private_key_path),
                replaced: self.kept.replaced,
                is_default: self.is_default(),
                default: self.kept.default.as_ref().map(|default| told_name(&default.name)),
                validated: self.proof.is_some(),
                next,
                notes: &self.given.resolved.notes,
                warnings,
            });
        }
        let mut lines = lines_of(&self.given.resolved);
        lines.extend(self.proof.map(proof_lines).unwrap_or_default());
        lines.push(line("stored in", &self.place()));
        lines.push(line("default", &self.default()));
        lines.extend(next.map(|next| line("next", &next)));
        let done = if self.kept.replaced { "replaced" } else { "stored" };
        console.report(
            &format!("App Store Connect: {done} the profile {}", profile.name),
            &lines,
        );
        Ok(())
    }

    fn is_default(&self) -> bool {
        let default = self.kept.default.as_ref();
        self.kept.hidden_by.is_none() && default.is_some_and(|default| default.name == self.profile.name)
    }

    fn place(&self) -> String {
        match &self.profile.stored_in {
            StoredIn::Keychain => "keychain, with the key itself: it works without the .p8 file".to_owned(),
            StoredIn::Config(file) => format!("{file}, with the path of the key: {}", self.profile.private_key_path),
        }
    }

    fn default(&self) -> String {
        match (&self.kept.default, &self.kept.hidden_by) {
            _ if self.is_default() => "yes".to_owned(),
            (Some(default), Some(place)) if default.name == self.profile.name => {
                format!("no, that is the one of this name in {place}")
            }
            (Some(default), _) => format!("no, that is {} ({})", told_name(&default.name), default.said_by),
            (None, _) => "no".to_owned(),
        }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
