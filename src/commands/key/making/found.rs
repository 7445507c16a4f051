//! What an earlier run has left of a key, as the journal, the disk and the team's list tell.
//!
//! Only a key whose ID was written down is ever taken back: one that is known by its name may be somebody else's.

use std::path::PathBuf;

use super::{Making, web_error};
use crate::{
    connect::{LastUsed, Left, Loss, NewKey, Roster, TeamKey, WebError},
    credential::{IssuerId, KeyId},
    error::Error,
    handoff::{Journal, KeyFolder, read_key},
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

/// What has come of asking for a key whose ID is not known.
pub(super) enum Asked<'r> {
    /// No key has come.
    Nothing,
    /// This one, which nobody has downloaded yet.
    Key(KeyId),
    /// This one may be it, or somebody else's.
    Doubtful(&'r TeamKey),
}

impl Making<'_> {
    pub(super) fn find(&mut self, roster: &Roster) -> Result<Found, Error> {
        self.refuse_other_team(roster)?;
        let Some(id) = &self.progress.key_id else {
            return self.find_without_id(roster);
        };
        let before = &self.progress.before;
        let id = KeyId::parse(id)
            .ok()
            .filter(|id| !before.iter().any(|other| other == id.as_str()));
        let id = id.ok_or_else(|| self.journal.damaged())?;
        let Some(key) = roster.find(id.as_str()) else {
            return Err(other_team(&id.to_string(), &self.journal));
        };
        if !key.is_active {
            self.console.warn(&format!(
                "{id}, which the run before had made, was revoked since: another key is made"
            ));
            self.start_again();
            return Ok(Found::Nothing);
        }
        if let Some(path) = self.find_file(&id)? {
            return Ok(Found::Saved(id, path));
        }
        if key.can_download != Some(false) {
            let can_download = key.can_download;
            return Ok(Found::Made(NewKey { id, can_download }));
        }
        if key.last_used != LastUsed::Never {
            return Err(self.somebody_elses(&id));
        }
        if self.progress.is_adopted && !self.progress.is_downloading {
            return Err(Self::lost(&id, Loss::Downloaded, Left::MaybeAnothers));
        }
        Ok(Found::Lost(id))
    }

    fn find_without_id(&mut self, roster: &Roster) -> Result<Found, Error> {
        if !self.is_resumed {
            let taken = roster.active().find(|key| self.wanted.name.is_of(key));
            return taken.map_or(Ok(Found::Nothing), |key| Err(taken_by(key)));
        }
        match self.asked_for(roster) {
            Asked::Nothing => Ok(Found::Nothing),
            Asked::Key(id) => Ok(Found::Made(self.adopt(id))),
            Asked::Doubtful(key) => Err(doubtful(key, &self.journal)),
        }
    }

    /// What is new since a key was asked for. A key of another name may be the one too, if nobody has downloaded it:
    /// Apple may have changed the name.
    pub(super) fn asked_for<'r>(&self, roster: &'r Roster) -> Asked<'r> {
        let name = self.wanted.name;
        let is_new = |key: &&TeamKey| !self.progress.before.contains(&key.id);
        let may_be = |key: &&TeamKey| name.is_of(key) || self.is_as_asked_for(key);
        let new: Vec<&TeamKey> = roster.active().filter(is_new).filter(may_be).collect();
        match new.as_slice() {
            [] => Asked::Nothing,
            [key] if name.is_of(key) && self.is_as_asked_for(key) => match KeyId::parse(&key.id) {
                Ok(id) => Asked::Key(id),
                Err(_) => Asked::Doubtful(key),
            },
            [key, ..] => Asked::Doubtful(key),
        }
    }

    /// Whether nobody has its private half, and it has the roles.
    fn is_as_asked_for(&self, key: &TeamKey) -> bool {
        let wanted = &self.progress.plan.roles;
        let has_roles = key.roles.len() == wanted.len() && wanted.iter().all(|role| key.roles.contains(role));
        has_roles && key.can_download == Some(true)
    }

    /// Where the private half is, if it was saved: where that was written down, in the directory of this run or of the one
    /// before, or where it was rescued to.
    fn find_file(&mut self, id: &KeyId) -> Result<Option<PathBuf>, Error> {
        let written = self.progress.private_key_path.clone();
        if let Some(path) = written.as_ref().filter(|path| read_key(path).is_ok()) {
            return Ok(Some(path.clone()));
        }
        let before = self.progress.output_dir.as_deref().map(KeyFolder::of).transpose()?;
        for folder in [Some(self.wanted.folder.clone()), before].into_iter().flatten() {
            if let Some(path) = folder.saved(id, self.environment)? {
                self.done(|progress| progress.private_key_path = Some(path.clone()))?;
                return Ok(Some(path));
            }
        }
        match written {
            // Where it was, and why it is not there.
            Some(path) => Ok(read_key(&path).map(|_| Some(path))?),
            None => Ok(None),
        }
    }

    fn refuse_other_team(&self, roster: &Roster) -> Result<(), Error> {
        let (then, now) = (&self.progress.team, roster.team.as_ref().map(IssuerId::as_str));
        match (then.as_deref(), now) {
            (Some(then), Some(now)) if then != now => Err(other_team(&self.progress.plan.name, &self.journal)),
            _ => Ok(()),
        }
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

fn taken_by(key: &TeamKey) -> Error {
    web_error(WebError::NameTaken {
        name: key.name.clone(),
        key_id: key.id.clone(),
    })
}

/// Nobody can tell whether it is the key that was asked for.
fn doubtful(key: &TeamKey, journal: &Journal) -> Error {
    Error::Usage {
        what: format!(
            "the key {} ({}) may be the one that an interrupted run of this command has asked for",
            key.id, key.name
        ),
        advice: format!(
            "It can't be told from a key that somebody else has made meanwhile, so nothing was made or revoked. If nobody \
             knows it, revoke it with asc-auth key revoke {} --confirm, and run this again. If it is somebody's, remove {}.",
            key.id,
            journal.path().display()
        ),
    }
}

/// The session is signed in to another team than that of the run that was interrupted. `key` is its ID, or its name.
fn other_team(key: &str, journal: &Journal) -> Error {
    Error::Usage {
        what: format!("this is not the team that an interrupted run of this command has asked for the key {key}"),
        advice: format!(
            "The session may be of another team: sign in to the right one. To forget the run, remove {}.",
            journal.path().display()
        ),
    }
}
