//! A profile that a new key is stored as.

use zeroize::Zeroizing;

use super::{making::KeyMade, wanted};
use crate::{
    cli::NewKeyArgs,
    commands::options,
    credential::KeyId,
    error::Error,
    report::Console,
    source::{
        Environment, Flags, Resolved, SourceError, Sources,
        profiles::{self, Destination, Manner, ProfileName, Profiles, StoredIn},
        resolve_profile,
    },
    text::quoted,
};

/// A name for a profile, and where it goes.
pub(super) struct Profile {
    name: ProfileName,
    profiles: Profiles,
    into: Destination,
}

impl Profile {
    pub(super) fn of(name: Option<&str>, args: &NewKeyArgs, environment: &Environment) -> Result<Option<Self>, Error> {
        // An unreadable value is an error, whether it matters or not.
        let profiles = wanted::profiles(args, environment)?;
        let Some(name) = name else { return Ok(None) };
        let name = options::profile_name(name)?;
        let into = profiles.own_place()?;
        Ok(Some(Self { name, profiles, into }))
    }

    pub(super) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Whether the key itself is in it, and not its path.
    pub(super) fn holds_the_key(&self) -> bool {
        self.into == Destination::Keychain
    }

    /// As a report has it.
    pub(super) fn described(&self) -> String {
        format!("{}, in {}", self.name, self.into.stored_in())
    }

    /// The command that uses it.
    pub(super) fn use_it(&self) -> String {
        let bypass = match self.into {
            Destination::Keychain => "",
            Destination::File(_) => " --bypass-keychain",
        };
        format!("asc-auth token --profile {}{bypass}", quoted(self.name()))
    }

    /// Refuses a name that a profile has, unless it was stored by the run that this one goes on with: for this key.
    pub(super) fn refuse_taken_unless_by(&self, key_id: Option<&str>) -> Result<(), Error> {
        let found = self.profiles.find(self.name())?;
        if found.is_some_and(|found| Some(found.profile.key_id.as_str()) == key_id) {
            return Ok(());
        }
        match self.profiles.refuse_taken(self.name(), &self.into, NEW) {
            Err(SourceError::NameTaken { .. }) => Err(self.taken()),
            judged => Ok(judged?),
        }
    }

    /// The flags that `login` would name are none of this command's.
    fn taken(&self) -> Error {
        Error::Usage {
            what: format!("a profile {} is stored already in {}", self.name, self.into.stored_in()),
            advice: "No key was made. Give --login a name that is free; key rotate --profile replaces a profile's key."
                .to_owned(),
        }
    }

    /// Refuses what could not be stored, or would not be what the name stands for, or would replace another key than
    /// those in `may_hold`. Nothing is stored.
    pub(super) fn refuse_if_it_cannot_be_stored(&self, may_hold: &[&str]) -> Result<(), Error> {
        self.profiles.refuse_taken(self.name(), &self.into, REPLACING)?;
        let into = self.into.stored_in();
        let found = self.profiles.find(self.name())?.map(|found| found.profile);
        if found
            .as_ref()
            .is_some_and(|found| !may_hold.contains(&found.key_id.as_str()))
        {
            return Err(Error::Usage {
                what: format!("the profile {} holds another key, and not {}", self.name, may_hold[0]),
                advice: format!(
                    "Nothing was made. Its key would be replaced, and a keychain may have the only copy. Name the profile of \
                     {}, or a new one; asc-auth status shows them all.",
                    may_hold[0]
                ),
            });
        }
        let first = found.map(|found| found.stored_in);
        match first.filter(|first| *first != into && into != StoredIn::Keychain) {
            None => Ok(()),
            Some(first) => Err(Error::Usage {
                what: format!(
                    "the profile {} would be stored in {into}, and {first} has one that comes first",
                    self.name
                ),
                advice: "Nothing was made. Remove that one with asc-auth logout, or leave --bypass-keychain out."
                    .to_owned(),
            }),
        }
    }

    /// Stores the key, in the place of one that has the name, and tells what is odd about it.
    pub(super) fn store(&self, made: &KeyMade, console: Console) -> Result<(), Error> {
        let profile = self.filled(made)?;
        for warning in self.profiles.store(&profile, &self.into, REPLACING)?.warnings {
            console.warn(&warning);
        }
        Ok(())
    }

    /// The credential that whoever uses the profile gets, which must be that of this key.
    pub(super) fn resolve(
        &self,
        key_id: &KeyId,
        environment: &Environment,
        console: Console,
    ) -> Result<Resolved, Error> {
        let found = self.profiles.find(self.name())?.map(|found| found.profile);
        let Some(profile) = found.filter(|profile| profile.key_id == key_id.as_str()) else {
            return Err(Error::Usage {
                what: format!("the profile {} is not that of the new key {key_id}", self.name),
                advice:
                    "Another place has a profile of this name, which comes first, or somebody has changed it: asc-auth \
                         status shows them. The old key still works."
                        .to_owned(),
            });
        };
        let flags = Flags::default();
        let sources = Sources::new(&flags, false, environment)?.with_profiles(&self.profiles);
        Ok(resolve_profile(&profile, &sources, &mut |key| {
            options::mask_key(key, console)
        })?)
    }

    fn filled(&self, made: &KeyMade) -> Result<profiles::Profile, Error> {
        let stored_in = self.into.stored_in();
        let path = made.path.to_str().ok_or_else(|| Error::Usage {
            what: "a config file can't hold the path of the key, which is not Unicode".to_owned(),
            advice: "Choose another --output-dir, or leave out --bypass-keychain.".to_owned(),
        })?;
        let private_key_pem = match stored_in {
            StoredIn::Keychain => made.private_key.to_pem(),
            StoredIn::Config(_) => Zeroizing::default(),
        };
        Ok(profiles::Profile {
            name: self.name.to_string(),
            stored_in,
            key_id: made.id.to_string(),
            issuer_id: made.issuer.to_string(),
            key_type: "team".to_owned(),
            private_key_path: path.to_owned(),
            private_key_pem,
        })
    }
}

const NEW: Manner = Manner {
    replace: false,
    default: false,
};

const REPLACING: Manner = Manner {
    replace: true,
    default: false,
};
