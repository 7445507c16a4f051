//! `asc-auth key rotate`: put a new key in the place of an old one.
//!
//! Make → save → prove → publish → prove again → revoke the old one. In this order always; whatever fails or is
//! interrupted, the old key works until the last step, and the same command goes on where it was.

use std::{io, time::Duration};

use super::{
    making::{KeyMade, Making, Wanted},
    publish::{publish, refuse_blank},
    sign_in,
    stored::Profile,
    users::{DefaultUse, Users},
    wanted::{self, NewKey},
    words::Rotated,
};
use crate::{
    cli::KeyRotateArgs,
    clock::Clock,
    commands::options,
    connect::{Accepted, Client, Root, Roster, TeamKey, WebError, block_on, until_accepted},
    credential::KeyId,
    error::Error,
    handoff::{self, HandoffError},
    report::Console,
    source::{Environment, Flags, Resolved, Sources, profiles::Profiles},
    token::{Audience, Lifetime, TokenRequest},
};

pub(super) fn run(args: &KeyRotateArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let rotation = Rotation::of(args, environment, console)?;
    let mut keys = sign_in(&args.web, environment, console)?;
    if args.dry_run {
        let roster = keys.list()?;
        rotation.old_key(&roster, false)?;
        return rotation.tell_steps();
    }
    let folder = rotation.new.folder()?;
    let wanted = Wanted {
        name: &rotation.new.name,
        roles: &rotation.new.roles,
        folder: &folder,
    };
    let mut making = Making::open(&mut keys, wanted, Some(&rotation.old), environment, console)?;
    let rotated = rotation.carry_out(&mut making);
    let rotated = rotated.inspect_err(|_| making.tell_what_is_there())?;
    rotated.tell(console)?;
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
        let old = super::key_id(&args.old_key_id)?;
        let new = NewKey::of(&args.new, environment, console)?;
        let profile = Profile::of(args.profile.as_deref(), &args.new, environment)?;
        if let Some(profile) = &profile {
            profile.refuse_if_it_cannot_be_stored()?;
        }
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
        self.old_key(&roster, making.progress.key_id.is_some())?;
        self.refuse_users()?;

        let made = making.make(&roster)?;
        let accepted = self.prove(&made)?;
        making.done(|progress| progress.proven = true)?;

        if !making.progress.published {
            let interrupted = self.hand_on(&made, accepted.clock)?;
            making.done(|progress| progress.published = true)?;
            if let Some(signal) = interrupted {
                return Err(HandoffError::Interrupted { signal }.into());
            }
        }
        self.prove_what_was_handed_on(&made)?;
        making.done(|progress| progress.proven_again = true)?;

        if self.args.revoke_old {
            self.refuse_users()?;
            making.keys().renew_budget();
            making.keys().revoke(&self.old)?;
        }
        Ok(Rotated { rotation: self, made })
    }

    /// The key that is to be replaced, which must work as long as no other has been made.
    fn old_key<'r>(&self, roster: &'r Roster, has_begun: bool) -> Result<&'r TeamKey, Error> {
        match roster.find(self.old.as_str()) {
            None => Err(Error::Connect(WebError::NoSuchKey.into())),
            Some(key) if !key.is_active && !has_begun => Err(Error::Usage {
                what: format!("the key {} was revoked already", self.old),
                advice: "Nothing was made. asc-auth key create makes a key that replaces none.".to_owned(),
            }),
            Some(key) => Ok(key),
        }
    }

    /// Refuses to revoke what is used here. The profile that gets the new key is no user of the old one.
    fn refuse_users(&self) -> Result<(), Error> {
        if !self.args.revoke_old {
            return Ok(());
        }
        let users = Users::of(&self.profiles()?);
        let replaced = self.profile.as_ref().map(Profile::name);
        let left: Vec<String> = users.names(self.old.as_str());
        let left: Vec<&str> = left
            .iter()
            .map(String::as_str)
            .filter(|name| Some(*name) != replaced)
            .collect();
        match users.default(self.old.as_str()) {
            DefaultUse::Yes(name) if Some(name.as_str()) != replaced && !self.args.force => Err(Error::Usage {
                what: format!("{name}, the default profile, uses the key {}", self.old),
                advice: format!(
                    "It would stop working. Give it the new key with --profile {}, or add --force if that is meant.",
                    crate::text::quoted(&name)
                ),
            }),
            DefaultUse::Unknown(why) if !self.args.force => Err(Error::Usage {
                what: format!(
                    "whether the default profile uses the key {} can't be told: {why}",
                    self.old
                ),
                advice: "Mend that first, or add --force.".to_owned(),
            }),
            _ => {
                for name in left {
                    self.console
                        .warn(&format!("the profile {name} uses {} and will stop working", self.old));
                }
                Ok(())
            }
        }
    }

    fn profiles(&self) -> Result<Profiles, Error> {
        wanted::profiles(&self.args.new, self.environment)
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

    /// Stores the profile, and runs the command that hands the key to others. `Some` if a signal asked it for an end.
    fn hand_on(&self, made: &KeyMade, clock: Clock) -> Result<Option<u8>, Error> {
        if let Some(profile) = &self.profile {
            profile.store(made, self.console)?;
            self.console
                .note(&format!("stored the profile {}", profile.described()));
        }
        let Some(command) = &self.args.publish else {
            return Ok(None);
        };
        self.console.note("running the publish command");
        let resolved = self.resolve(made)?;
        let interrupted = publish(command, &resolved, &made.path, clock, self.environment, self.console)?;
        self.console.note("the publish command has succeeded");
        Ok(interrupted)
    }
}
