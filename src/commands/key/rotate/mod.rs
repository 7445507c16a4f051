//! `asc-auth key rotate`: put a new key in the place of an old one.
//!
//! Make → save → prove → publish → prove again → revoke the old one. In this order always; whatever fails or is
//! interrupted, the old key works until the last step, and the same command goes on where it was.

use std::{io, time::Duration};

use sha2::{Digest, Sha256};

mod judge;
mod words;

use self::words::Rotated;
use super::{
    making::{KeyMade, Making, Wanted},
    publish::{publish, refuse_blank},
    sign_in,
    stored::Profile,
    users::Users,
    wanted::{self, NewKey},
};
use crate::{
    cli::KeyRotateArgs,
    clock::Clock,
    commands::options,
    connect::{Accepted, Client, Root, TeamKeys, block_on, until_accepted},
    credential::KeyId,
    error::Error,
    handoff::{self, HandoffError, Journal, Plan},
    random,
    report::Console,
    source::{Environment, Flags, Resolved, Sources},
    token::{Audience, Lifetime, TokenRequest},
};

pub(super) fn run(args: &KeyRotateArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let rotation = Rotation::of(args, environment, console)?;
    let mut keys = sign_in(&args.web, environment, console)?;
    rotation.refuse_other_api(&keys)?;
    if args.dry_run {
        let roster = keys.list()?;
        let before = Journal::peek(&rotation.plan(&keys), environment);
        rotation.judge(&roster, before.as_ref())?;
        return rotation.tell_steps(&roster, before.as_ref());
    }
    let folder = rotation.new.folder()?;
    let wanted = Wanted {
        name: &rotation.new.name,
        roles: &rotation.new.roles,
        folder: &folder,
    };
    let mut making = Making::open(&mut keys, wanted, Some(&rotation.old), environment, console)?;
    let rotated = rotation.carry_out(&mut making);
    let rotated = rotated.inspect_err(|error| making.tell_what_is_there(error))?;
    rotated
        .tell(console)
        .inspect_err(|error| making.tell_what_is_there(error))?;
    making.finish()
}

/// What is to be done, judged before anything is.
pub(super) struct Rotation<'a> {
    pub(super) args: &'a KeyRotateArgs,
    pub(super) old: KeyId,
    pub(super) new: NewKey,
    pub(super) profile: Option<Profile>,
    api: Root,
    audience: Audience,
    known_within: Duration,
    environment: &'a Environment,
    pub(super) console: Console,
}

impl<'a> Rotation<'a> {
    fn of(args: &'a KeyRotateArgs, environment: &'a Environment, console: Console) -> Result<Self, Error> {
        let old = super::key_id("OLD_KEY_ID", &args.old_key_id)?;
        let new = NewKey::of(&args.new, environment, console)?;
        let profile = Profile::of(args.profile.as_deref(), &args.new, environment)?;
        if let Some(command) = &args.publish {
            refuse_blank(command)?;
            handoff::refuse_debug_trace(environment)?;
        }
        let settings = args.api_settings();
        let (api, audience) = options::api_root(&Sources::new(&settings, false, environment)?, false, None)?;
        options::warn_of_root(&api, console);
        if args.revoke_old && profile.is_none() && args.publish.is_none() {
            console.warn(&format!(
                "nobody is given the new key before {old} is revoked: --publish and --profile would hand it on"
            ));
        }
        Ok(Self {
            args,
            old,
            new,
            profile,
            api,
            audience,
            known_within: options::budget_of("--known-within", &args.known_within)?,
            environment,
            console,
        })
    }

    fn carry_out(&self, making: &mut Making<'_>) -> Result<Rotated<'_>, Error> {
        let roster = making.keys().list()?;
        self.judge(&roster, Some(&making.progress))?;

        let made = making.make(&roster)?;
        let accepted = self.prove(&made)?;
        making.done(|progress| progress.proofs = 1)?;

        let places = self.places();
        if making.progress.handed_on.as_ref() != Some(&places) {
            let interrupted = self.hand_on(&made, accepted.clock)?;
            making.done(|progress| progress.handed_on = Some(places))?;
            if let Some(signal) = interrupted {
                return Err(HandoffError::Interrupted { signal }.into());
            }
        }
        self.prove_what_was_handed_on(&made)?;
        making.done(|progress| progress.proofs = 2)?;

        if self.args.revoke_old {
            self.refuse_default(&self.users()?, None)?;
            making.keys().renew_budget();
            making.keys().revoke(&self.old)?;
        }
        Ok(Rotated { rotation: self, made })
    }

    /// What the new key is handed on to, as a digest: a run that goes on with other places has more to do.
    fn places(&self) -> String {
        let profile = self.profile.as_ref().map(Profile::described).unwrap_or_default();
        let command = self.args.publish.as_deref().unwrap_or_default();
        random::digits(&Sha256::digest(format!("{profile}\n{command}")))
    }

    fn plan(&self, keys: &TeamKeys) -> Plan {
        super::making::plan(keys, &self.new.name, &self.new.roles, Some(&self.old))
    }

    /// Who uses which key, as this machine knows.
    fn users(&self) -> Result<Users, Error> {
        Ok(Users::of(&wanted::profiles(&self.args.new, self.environment)?))
    }

    /// Has Apple accept a token of the key as it lies on the disk.
    fn prove(&self, made: &KeyMade) -> Result<Accepted, Error> {
        let accepted = self.ask_apple(&self.resolve(made)?)?;
        let forbids = if accepted.sees_apps {
            ""
        } else {
            ", and forbids it to list apps (403)"
        };
        self.console
            .note(&format!("proved the key {}: Apple knows it{forbids}", made.id));
        Ok(accepted)
    }

    /// Has Apple accept a token of the key as it was stored.
    fn prove_what_was_handed_on(&self, made: &KeyMade) -> Result<(), Error> {
        let resolved = match &self.profile {
            Some(profile) => profile.resolve(&made.id, self.environment, self.console)?,
            None => self.resolve(made)?,
        };
        self.ask_apple(&resolved)?;
        self.console.note(&format!("proved the key {} once more", made.id));
        Ok(())
    }

    fn ask_apple(&self, resolved: &Resolved) -> Result<Accepted, Error> {
        resolved.check_key()?;
        let request = TokenRequest::new(Lifetime::BRIEF, Vec::new(), self.audience)?;
        let mut mint = options::masked_mint(resolved, &request, self.console);
        let accepted = block_on(async {
            let mut client = Client::new(self.api.clone(), self.known_within)?;
            until_accepted(&mut client, resolved, &mut mint).await
        })??;
        Ok(accepted)
    }

    /// The new key, read from its file again.
    fn resolve(&self, made: &KeyMade) -> Result<Resolved, Error> {
        const FILE: &str = "the new key's file";
        const WEB: &str = "App Store Connect";
        let flags = Flags::default()
            .spelt("--key-id", WEB, Some(made.id.as_str()))
            .spelt("--issuer-id", WEB, Some(made.issuer.as_str()))
            .spelt("--key-type", WEB, Some("team"))
            .spelt("--private-key-path", FILE, made.path.to_str());
        options::resolve_with(&Sources::of_flags_alone(&flags)?, None, &mut io::empty(), self.console)
    }

    /// Runs the command that hands the key to others, and stores the profile after it: as long as the command fails, the
    /// profile has the old key, which may be nowhere else. `Some` if a signal asked the command for an end.
    fn hand_on(&self, made: &KeyMade, clock: Clock) -> Result<Option<u8>, Error> {
        let mut interrupted = None;
        if let Some(command) = &self.args.publish {
            self.console.note("running the publish command");
            let resolved = self.resolve(made)?;
            interrupted = publish(command, &resolved, &made.path, clock, self.environment, self.console)?;
            self.console.note("the publish command has succeeded");
        }
        if let Some(profile) = &self.profile {
            profile.store(made, self.console)?;
            self.console
                .note(&format!("stored the profile {}", profile.described()));
        }
        Ok(interrupted)
    }
}
