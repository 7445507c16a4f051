//! What an earlier run has left of a key, as the journal, the disk and the team's list tell.
//!
//! Only a key whose ID was written down is ever taken back: one that is known by its name may be somebody else's.

use std::path::PathBuf;

use super::{Making, web_error};
use crate::{
    connect::{LastUsed, NewKey, Roster, TeamKey, WebError},
    credential::KeyId,
    error::Error,
    handoff::Journal,
};

/// What there is of a key when a run begins or goes on.
pub(super) enum Found {
    Nothing,
    /// Nobody has its private half yet.
    Made(NewKey),
    Saved(KeyId, PathBuf),
    /// Its private half was handed out, and is on no disk.
    Lost(KeyId),
}

impl Making<'_> {
    pub(super) fn find(&mut self, roster: &Roster) -> Result<Found, Error> {
        let Some(id) = &self.progress.key_id else {
            return match self.of_the_name(roster).as_slice() {
                [] => Ok(Found::Nothing),
                [key] if self.is_resumed => match self.adoptable(key) {
                    Some(id) => Ok(Found::Made(self.made(id, key.can_download))),
                    None => Err(self.taken(key)),
                },
                [key, ..] => Err(self.taken(key)),
            };
        };
        let id = KeyId::parse(id).map_err(|_| Error::from(self.journal.damaged()))?;
        let Some(key) = roster.find(id.as_str()) else {
            return Err(other_team(&id, &self.journal));
        };
        if !key.is_active {
            self.console.warn(&format!(
                "{id}, which the run before had made, was revoked since: another key is made"
            ));
            self.start_again();
            return Ok(Found::Nothing);
        }
        if let Some(path) = self.progress.private_key_path.clone() {
            return Ok(Found::Saved(id, path));
        }
        if let Some(path) = self.wanted.folder.saved(&id, self.environment) {
            self.done(|progress| progress.private_key_path = Some(path.clone()))?;
            return Ok(Found::Saved(id, path));
        }
        if key.can_download == Some(false) {
            if key.last_used != LastUsed::Never {
                return Err(self.somebody_elses(&id));
            }
            return Ok(Found::Lost(id));
        }
        let can_download = key.can_download;
        Ok(Found::Made(NewKey { id, can_download }))
    }

    /// Active keys that have the name and did not have it when the run began.
    pub(super) fn of_the_name<'r>(&self, roster: &'r Roster) -> Vec<&'r TeamKey> {
        let is_new = |key: &&TeamKey| !self.progress.had_name.contains(&key.id);
        let named = roster.active().filter(|key| self.wanted.name.is_of(key));
        named.filter(is_new).collect()
    }

    /// The ID of a key that can be the one that was asked for: nobody has its private half, and it has the roles.
    pub(super) fn adoptable(&self, key: &TeamKey) -> Option<KeyId> {
        let wanted = &self.progress.plan.roles;
        let is_wanted = key.roles.len() == wanted.len() && wanted.iter().all(|role| key.roles.contains(role));
        let id = KeyId::parse(&key.id).ok()?;
        (is_wanted && key.can_download == Some(true)).then_some(id)
    }

    fn taken(&self, key: &TeamKey) -> Error {
        // There is nothing to go on with: none was made.
        let _ = self.journal.finish();
        web_error(WebError::NameTaken {
            name: key.name.clone(),
            key_id: key.id.clone(),
        })
    }

    /// Somebody has downloaded the key on App Store Connect's own page, and uses it.
    fn somebody_elses(&self, id: &KeyId) -> Error {
        let _ = self.journal.finish();
        Error::Usage {
            what: format!("the key {id}, which an interrupted run of this command has made, is in use by somebody"),
            advice:
                "Whoever downloaded it on App Store Connect's page has its private key. Nothing was revoked. Run this \
                     again with another name for a key of your own."
                    .to_owned(),
        }
    }
}

/// The session is signed in to another team than that of the run that was interrupted.
fn other_team(id: &KeyId, journal: &Journal) -> Error {
    Error::Usage {
        what: format!("the team has no key {id}, which an interrupted run of this command has made"),
        advice: format!(
            "The session may be of another team: sign in to the right one. To forget the run, remove {}.",
            journal.path().display()
        ),
    }
}
