//! Making a key so that it is never lost: list → write down → make → download → on the disk → ask for the issuer.
//!
//! From the moment that Apple is asked for a key until its private half is on the disk, no signal ends this process.
//! What ends it all the same finds its way back here through the journal.

mod found;

use std::path::PathBuf;

use self::found::{Asked, Found};
use super::told;
use crate::{
    commands::options,
    connect::{ConnectError, KeyName, Left, Loss, Made, NewKey, Roster, TeamKeys, WebError},
    credential::{IssuerId, KeyId, PrivateKey},
    error::Error,
    handoff::{Journal, KeyFolder, Plan, Progress, Signals, read_key, rescue},
    report::Console,
    roles::Role,
    source::Environment,
    text::io_reason,
};

/// What is wanted, and where it goes.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a KeyName,
    pub(super) roles: &'a [&'static Role],
    pub(super) folder: &'a KeyFolder,
}

/// A run that makes one key, from its beginning or from where another one was interrupted.
pub(super) struct Making<'a> {
    keys: &'a mut TeamKeys,
    wanted: Wanted<'a>,
    journal: Journal,
    pub(super) progress: Progress,
    /// Whether another run began it.
    is_resumed: bool,
    /// Whether the directory was, as long as there is something to save in it.
    is_proven: bool,
    /// Whether Apple was asked for a key and nobody knows what came of it.
    is_in_doubt: bool,
    environment: &'a Environment,
    console: Console,
}

/// A key whose private half is on the disk.
#[derive(Debug)]
pub(super) struct KeyMade {
    pub(super) id: KeyId,
    pub(super) issuer: IssuerId,
    pub(super) path: PathBuf,
    pub(super) private_key: PrivateKey,
}

/// A private half that is on the disk.
struct Saved {
    path: PathBuf,
    private_key: PrivateKey,
    /// Why it is not where it was to be.
    trouble: Option<String>,
}

impl<'a> Making<'a> {
    /// Opens the journal. What it says must be what is wanted now.
    pub(super) fn open(
        keys: &'a mut TeamKeys,
        wanted: Wanted<'a>,
        old: Option<&KeyId>,
        environment: &'a Environment,
        console: Console,
    ) -> Result<Self, Error> {
        let plan = plan(keys, wanted.name, wanted.roles, old);
        let (journal, before) = Journal::open(&plan, environment)?;
        if let Some(before) = before.as_ref().filter(|before| before.plan != plan) {
            return Err(another_plan(&before.plan, &journal));
        }
        let is_saved = before.as_ref().is_some_and(|before| before.private_key_path.is_some());
        if !is_saved {
            wanted.folder.prove()?;
        }
        Ok(Self {
            keys,
            wanted,
            journal,
            is_proven: !is_saved,
            is_resumed: before.is_some(),
            is_in_doubt: false,
            progress: before.unwrap_or_else(|| Progress::new(plan)),
            environment,
            console,
        })
    }

    pub(super) fn keys(&mut self) -> &mut TeamKeys {
        self.keys
    }

    /// Writes down a step of the caller's.
    pub(super) fn done(&mut self, step: impl FnOnce(&mut Progress)) -> Result<(), Error> {
        step(&mut self.progress);
        Ok(self.journal.write(&self.progress)?)
    }

    /// Forgets the run: everything is done, and told.
    pub(super) fn finish(self) -> Result<(), Error> {
        Ok(self.journal.finish()?)
    }

    /// Tells what is there after a failure, and that nothing is lost, unless the error tells what is.
    pub(super) fn tell_what_is_there(&self, error: &Error) {
        let is_told = matches!(error, Error::Connect(ConnectError::Web(WebError::Lost { .. })));
        let told = match (&self.progress.key_id, &self.progress.private_key_path) {
            _ if is_told => return,
            (Some(_), Some(path)) if !path.exists() => return,
            (Some(id), Some(path)) => format!("the private key of {id} is in {}", path.display()),
            (Some(id), None) => format!("the key {id} was made, and its private key is not saved yet"),
            (None, _) if self.is_in_doubt => "whether a key was made is not known".to_owned(),
            (None, _) => return,
        };
        self.console.warn(&format!(
            "{told}: the same command goes on from here, and makes no second key"
        ));
    }

    /// The key, made now or by the run that was interrupted. `roster` is what the team has.
    pub(super) fn make(&mut self, roster: &Roster) -> Result<KeyMade, Error> {
        let renewed;
        let mut roster = roster;
        let found = match self.find(roster)? {
            Found::Lost(id) => {
                if let Err(error) = self.take_back(&id) {
                    return Err(Self::lost(&id, Loss::Downloaded, Left::Active(error.to_string())));
                }
                self.console.warn(&format!(
                    "the run that was interrupted had lost the private key of {id}: it was revoked, and another key is made"
                ));
                // There is room for one more now.
                renewed = self.keys.list()?;
                roster = &renewed;
                Found::Nothing
            }
            found => found,
        };
        if let Found::Saved(id, _) | Found::Made(NewKey { id, .. }) = &found {
            self.console
                .note(&format!("going on with the key {id}, which a run before has made"));
        }
        let (id, path, private_key) = match found {
            Found::Saved(id, path) => {
                let private_key = read_key(&path)?;
                options::mask_key(&private_key, self.console)?;
                (id, path, private_key)
            }
            found => self.obtain(found, roster)?,
        };
        let issuer = self.issuer(&id)?;
        Ok(KeyMade {
            id,
            issuer,
            path,
            private_key,
        })
    }

    /// Until the private half is on the disk, nothing but SIGKILL ends this. What ends it with an error, is told. The log
    /// is to mask the key before it is told of.
    fn obtain(&mut self, found: Found, roster: &Roster) -> Result<(KeyId, PathBuf, PrivateKey), Error> {
        if !self.is_proven {
            self.wanted.folder.prove()?;
        }
        let signals = Signals::hold().map_err(Error::Output)?;
        let key = match found {
            Found::Made(key) => key,
            _ => self.ask_for_one(roster)?,
        };
        let Saved {
            path,
            private_key,
            trouble,
        } = self.save(&key)?;
        options::mask_key(&private_key, self.console)?;
        if let Some(reason) = trouble {
            self.console.warn(&format!(
                "the private key could not be saved in {}: {reason}. It is in {} instead, which a restart may empty: copy it \
                 to a safe place now",
                self.wanted.folder.path().display(),
                path.display()
            ));
        }
        self.console.note(&format!(
            "saved the private key of {} in {}; if this is interrupted, the same command goes on",
            key.id,
            path.display()
        ));
        signals.release().map_err(Error::Output)?;
        Ok((key.id, path, private_key))
    }

    /// Asks Apple for a key. If the answer is lost, the list tells whether there is one.
    fn ask_for_one(&mut self, roster: &Roster) -> Result<NewKey, Error> {
        if roster.active().count() >= Roster::LIMIT {
            return Err(web_error(WebError::Full));
        }
        self.progress = Progress::new(self.progress.plan.clone());
        self.progress.team = roster.team.as_ref().map(ToString::to_string);
        self.progress.before = roster.keys.iter().map(|key| key.id.clone()).collect();
        self.progress.output_dir = Some(self.wanted.folder.path().to_owned());
        self.journal.write(&self.progress)?;
        self.keys.renew_budget();
        match self.keys.create(self.wanted.name, self.wanted.roles) {
            Ok(Made::Key(key)) if roster.find(key.id.as_str()).is_none() => Ok(self.made(key)),
            // A key that was there before is not the new one, whatever the answer says.
            Ok(Made::Key(_)) => self.look_for_it(WebError::UnknownId.into()),
            Ok(Made::Unknown(error)) => self.look_for_it(error),
            Err(error) => {
                // None was made, so there is nothing to go on with.
                let _ = self.journal.finish();
                Err(error.into())
            }
        }
    }

    /// The answer was lost: the list tells whether there is a new key. `error` is why it was lost.
    fn look_for_it(&mut self, error: ConnectError) -> Result<NewKey, Error> {
        self.is_in_doubt = true;
        self.keys.renew_budget();
        let roster = self.keys.list();
        match roster.as_ref().map(|roster| self.asked_for(roster)) {
            Ok(Asked::Key(id)) => Ok(self.adopt(id)),
            _ => Err(error.into()),
        }
    }

    /// Writes the ID down, by which the key can be found again. If that fails, saving the key matters more.
    fn made(&mut self, key: NewKey) -> NewKey {
        self.progress.key_id = Some(key.id.to_string());
        let _ = self.journal.write(&self.progress);
        key
    }

    /// Takes a key for the one that was asked for, by its name.
    fn adopt(&mut self, id: KeyId) -> NewKey {
        self.progress.is_adopted = true;
        let can_download = Some(true);
        self.made(NewKey { id, can_download })
    }

    /// Downloads the private half and puts it on the disk. If it can't be had or saved, the key is revoked.
    fn save(&mut self, key: &NewKey) -> Result<Saved, Error> {
        let id = &key.id;
        if key.can_download == Some(false) {
            return Err(self.give_up(id, Loss::Downloaded));
        }
        if self.progress.is_adopted {
            self.done(|progress| progress.is_downloading = true)?;
        }
        self.keys.renew_budget();
        let private_key = match self.keys.download(id) {
            Ok(private_key) => private_key,
            Err(ConnectError::Web(WebError::Gone { loss, to_us: false })) if self.progress.is_adopted => {
                // Somebody else has it.
                self.done(|progress| progress.is_downloading = false)?;
                return Err(Self::lost(id, loss, Left::MaybeAnothers));
            }
            Err(ConnectError::Web(WebError::Gone { loss, .. })) => return Err(self.give_up(id, loss)),
            Err(error) => return Err(error.into()),
        };
        let (path, trouble) = match self.wanted.folder.save(id, &private_key) {
            Ok(path) => (path, None),
            Err(error) => {
                let reason = io_reason(&error);
                match rescue(self.environment, id, &private_key) {
                    Ok(path) => (path, Some(reason)),
                    Err(error) => return Err(self.give_up(id, Loss::Unsaved(format!("{reason}; {error}")))),
                }
            }
        };
        self.progress.private_key_path = Some(path.clone());
        // It is on the disk, which is what counts.
        let _ = self.journal.write(&self.progress);
        Ok(Saved {
            path,
            private_key,
            trouble,
        })
    }

    /// Revokes a key that nobody can use.
    fn give_up(&mut self, id: &KeyId, loss: Loss) -> Error {
        let left = match self.take_back(id) {
            Ok(()) => Left::Revoked,
            Err(error) => Left::Active(error.to_string()),
        };
        Self::lost(id, loss, left)
    }

    fn lost(id: &KeyId, loss: Loss, left: Left) -> Error {
        web_error(WebError::Lost {
            key_id: id.to_string(),
            loss,
            left,
        })
    }

    /// Revokes a key that this command has made, and forgets it. What can't be revoked stays written down.
    fn take_back(&mut self, id: &KeyId) -> Result<(), Error> {
        self.keys.renew_budget();
        self.keys.revoke(id)?;
        self.wanted.folder.remove_torn(id);
        if let Some(Ok(before)) = self.progress.output_dir.as_deref().map(KeyFolder::of) {
            before.remove_torn(id);
        }
        self.start_again();
        Ok(())
    }

    /// As if nothing had been asked for. A record that stays tells the next run of a key that is revoked.
    fn start_again(&mut self) {
        self.progress = Progress::new(self.progress.plan.clone());
        self.is_resumed = false;
        let _ = self.journal.finish();
    }

    fn issuer(&mut self, id: &KeyId) -> Result<IssuerId, Error> {
        let known = self.progress.issuer_id.as_deref();
        if let Some(issuer) = known.and_then(|issuer| IssuerId::parse(issuer).ok()) {
            return Ok(issuer);
        }
        self.keys.renew_budget();
        let issuer = self.keys.issuer(id)?;
        self.done(|progress| progress.issuer_id = Some(issuer.to_string()))?;
        Ok(issuer)
    }
}

/// What is to be done, as it is written down.
pub(super) fn plan(keys: &TeamKeys, name: &KeyName, roles: &[&Role], old: Option<&KeyId>) -> Plan {
    Plan {
        web_root: keys.root().to_string(),
        name: name.to_string(),
        roles: roles.iter().map(|role| role.code.to_owned()).collect(),
        old_key_id: old.map(ToString::to_string),
    }
}

fn web_error(error: WebError) -> Error {
    Error::Connect(error.into())
}

/// The run that was interrupted wanted something else.
fn another_plan(before: &Plan, journal: &Journal) -> Error {
    Error::Usage {
        what: "an interrupted run of this command wanted another key".to_owned(),
        advice: format!(
            "Give what it was given, so that it can go on: {}. To forget it, remove {} and look at asc-auth key list for a \
             key that it may have made.",
            told::command(before),
            journal.path().display()
        ),
    }
}
