//! The parts of a credential as they were given, from flags and environment or from a stored profile, before any of
//! them was checked.

use super::{
    Mix, SourceError,
    environment::Presence,
    fields,
    judge::{Given, Judge},
    key_material::{self, Candidate},
    keychain::KeychainError,
    missing::{MissingField, PassedOver},
    places::{Field, Origin, Place, Sources},
    profiles::{ConfigFile, Found, Profile, Profiles},
};
use crate::credential::{KeyFileName, KeyId, Purpose, tidy};

/// The fields that hold the key, the highest rank first.
const KEY: [&Field; 3] = [&fields::KEY_PATH, &fields::KEY_B64, &fields::KEY_TEXT];

#[derive(Default)]
pub(super) struct Parts {
    pub(super) key_id: Option<Given<String>>,
    pub(super) issuer_id: Option<Given<String>>,
    /// Whether the key was said to be an individual one, if its type was said at all.
    pub(super) said_individual: Option<Given<bool>>,
    /// The highest rank first.
    pub(super) keys: Vec<Candidate>,
    /// The variable that was named to hold the key.
    named: Option<Place>,
    /// The profile that all of it is from.
    profile: Option<Origin>,
    /// The default profile, where it is of another key.
    pub(super) passed_over: Option<Box<PassedOver>>,
}

impl Parts {
    /// What flags, inputs and variables give.
    pub(super) fn given(sources: &Sources<'_>, judge: &mut Judge) -> Result<Self, SourceError> {
        let named = key_material::named_variable(sources)?;
        let (keys, overridden) = key_material::candidates(sources, named.as_ref());
        for origin in overridden {
            judge.note(format!("{} overrides {origin}", keys[0].origin));
        }
        Ok(Self {
            key_id: judge.id(sources, &fields::KEY_ID)?,
            issuer_id: judge.id(sources, &fields::ISSUER_ID)?,
            said_individual: said_individual(sources)?,
            keys,
            named,
            ..Self::default()
        })
    }

    /// What a stored profile gives, whatever flags and variables say. That it is stored twice is judged.
    pub(super) fn stored(found: &Found, judge: &mut Judge) -> Result<Self, SourceError> {
        judge_found(found, judge)?;
        Self::of_profile(&found.profile)
    }

    /// What one stored profile gives.
    pub(super) fn of_profile(profile: &Profile) -> Result<Self, SourceError> {
        let origin = Origin::Profile {
            name: profile.name.clone(),
            stored_in: profile.stored_in.clone(),
        };
        let given = |text: &str| {
            let value = tidy(text).to_owned();
            (!value.is_empty()).then(|| Given {
                value,
                origin: origin.clone(),
            })
        };
        Ok(Self {
            key_id: given(&profile.key_id),
            issuer_id: given(&profile.issuer_id),
            said_individual: Some(individual_of_profile(&origin, profile)?),
            keys: Candidate::of_profile(profile, &origin).into_iter().collect(),
            profile: Some(origin),
            ..Self::default()
        })
    }

    /// Fills in from the default profile what flags and environment lack. Only where nobody could take that for what
    /// was given: a CI's jobs use stored profiles by name alone, and under strict-auth an empty variable, which is what
    /// stands in the place of a secret that a job may not see, is missing and nothing else.
    pub(super) fn complete(
        self,
        sources: &Sources<'_>,
        profiles: &Profiles,
        judge: &mut Judge,
    ) -> Result<Self, SourceError> {
        let blank = given_blank(sources);
        // A variable that was named to hold the key, and does not, is missing too.
        let is_key_named = self.named.is_some() && self.keys.is_empty();
        let may_complete = sources.reads_default_profile() && !is_key_named && !(judge.strict && blank.is_some());
        if !self.lacks_any() || !may_complete {
            return Ok(self);
        }
        if self.is_nothing() {
            let Some(found) = profiles.default()? else {
                return Ok(self);
            };
            if let Some(origin) = blank {
                judge.warn(format!("{origin} is set, but empty; the default profile is used"));
            }
            return Self::stored(&found, judge);
        }
        // Whatever keeps the profile from being found, it is not what the user gave: what is missing is told.
        match profiles.default() {
            Ok(Some(found)) => self.completed_by(&found, judge),
            _ => Ok(self),
        }
    }

    /// A profile of another key completes nothing.
    fn completed_by(mut self, found: &Found, judge: &mut Judge) -> Result<Self, SourceError> {
        let stored = Self::of_profile(&found.profile)?;
        let Some(profile) = stored.profile.clone() else {
            return Ok(self);
        };
        let ids = [
            (&fields::KEY_ID, &self.key_id, &stored.key_id),
            (&fields::ISSUER_ID, &self.issuer_id, &stored.issuer_id),
        ];
        let differs = ids.into_iter().find_map(|(field, given, stored)| {
            let (given, stored) = (given.as_ref()?, stored.as_ref()?);
            (!given.value.eq_ignore_ascii_case(&stored.value)).then(|| (field.what, given.origin.clone()))
        });
        if let Some((what, given)) = differs {
            self.passed_over = Some(Box::new(PassedOver { profile, what, given }));
            return Ok(self);
        }
        judge_found(found, judge)?;
        judge.contradiction(Mix::Completed {
            given: self.origins(),
            profile,
        })?;
        self.key_id = self.key_id.or_else(|| stored.key_id.clone());
        self.issuer_id = self.issuer_id.or_else(|| stored.issuer_id.clone());
        self.said_individual = self.said_individual.or_else(|| stored.said_individual.clone());
        if self.keys.is_empty() {
            self.keys.extend(stored.keys.iter().cloned());
        }
        Ok(self)
    }

    /// What the path of the key says about it, if Apple named the file.
    pub(super) fn file_name(&self) -> Option<KeyFileName> {
        self.keys.first().and_then(Candidate::file_name)
    }

    /// Whether it is an individual key, and what says so. `ApiKey_….p8` does; `AuthKey_….p8` says nothing.
    pub(super) fn individual(&self) -> Option<Given<bool>> {
        let by_name = || {
            let name = self.file_name().filter(|name| name.purpose == Purpose::Individual)?;
            Some(Given {
                value: true,
                origin: Origin::FileName(name.name),
            })
        };
        self.said_individual.clone().or_else(by_name)
    }

    pub(super) fn is_individual(&self) -> bool {
        self.individual().is_some_and(|given| given.value)
    }

    pub(super) fn key_id_by_name(&self) -> Option<Given<KeyId>> {
        let name = self.file_name()?;
        Some(Given {
            value: name.key_id?,
            origin: Origin::FileName(name.name),
        })
    }

    fn lacks_key_id(&self) -> bool {
        self.key_id.is_none() && self.key_id_by_name().is_none()
    }

    fn lacks_issuer_id(&self) -> bool {
        self.issuer_id.is_none() && !self.is_individual()
    }

    fn lacks_any(&self) -> bool {
        self.keys.is_empty() || self.lacks_key_id() || self.lacks_issuer_id()
    }

    /// A key type alone gives nothing.
    fn is_nothing(&self) -> bool {
        self.keys.is_empty() && self.named.is_none() && self.key_id.is_none() && self.issuer_id.is_none()
    }

    fn origins(&self) -> Vec<Origin> {
        let ids = [&self.key_id, &self.issuer_id].into_iter().flatten();
        let keys = self.keys.iter().map(|key| key.origin.clone());
        ids.map(|given| given.origin.clone()).chain(keys).collect()
    }

    /// What is not there, and where it could be.
    pub(super) fn missing(&self, sources: &Sources<'_>) -> Vec<MissingField> {
        let fields: [(&[&Field], bool); 3] = [
            (&[&fields::KEY_ID], self.lacks_key_id()),
            (&[&fields::ISSUER_ID], self.lacks_issuer_id()),
            (&KEY, self.keys.is_empty()),
        ];
        let missing = fields.into_iter().filter(|(_, missing)| *missing);
        missing
            .map(|(fields, _)| MissingField {
                what: fields[0].what,
                places: self.places_of(fields, sources),
            })
            .collect()
    }

    fn places_of(&self, fields: &[&Field], sources: &Sources<'_>) -> Vec<(Origin, Presence)> {
        if let Some(profile) = &self.profile {
            return vec![(profile.clone(), Presence::Unset)];
        }
        match self.named.as_ref().filter(|_| fields.len() == KEY.len()) {
            Some(place) => vec![(place.origin.clone(), place.presence.clone())],
            None => fields
                .iter()
                .flat_map(|field| sources.find(field).into_places())
                .map(|place| (place.origin, place.presence))
                .collect(),
        }
    }
}

/// What is odd about where a profile was found: a place that could not be asked, and others that store another one.
fn judge_found(found: &Found, judge: &mut Judge) -> Result<(), SourceError> {
    judge_unasked(found, judge)?;
    if found.differing.is_empty() {
        return Ok(());
    }
    judge.contradiction(Mix::StoredTwice {
        name: found.profile.name.clone(),
        used: found.profile.stored_in.clone(),
        others: found.differing.clone(),
    })
}

/// A keychain that can't be asked may have the profile that was meant. One in its place that came with a directory's files,
/// perhaps a checked-out repository's, is not taken for it; where there is no keychain at all, that is told.
fn judge_unasked(found: &Found, judge: &mut Judge) -> Result<(), SourceError> {
    let Some(error) = &found.unasked else {
        return Ok(());
    };
    let stored_in = &found.profile.stored_in;
    let is_local = *stored_in == ConfigFile::local().stored_in();
    let is_absent = matches!(error, KeychainError::Unreachable { .. });
    if !is_absent && (judge.strict || is_local) {
        return Err(error.clone().into());
    }
    if !is_absent || is_local {
        judge.warn(format!("{error}; the profile in {stored_in} is used"));
    }
    Ok(())
}

/// Whether the key was said to be an individual one, if its type was said at all.
pub(super) fn said_individual(sources: &Sources<'_>) -> Result<Option<Given<bool>>, SourceError> {
    let said = sources.text(&fields::KEY_TYPE);
    said.map(|(origin, text)| individual(origin, &text)).transpose()
}

fn individual(origin: Origin, text: &str) -> Result<Given<bool>, SourceError> {
    match text {
        "team" => Ok(Given { value: false, origin }),
        "individual" => Ok(Given { value: true, origin }),
        _ => Err(SourceError::Unreadable {
            origin,
            accepted: "team or individual",
        }),
    }
}

fn individual_of_profile(origin: &Origin, profile: &Profile) -> Result<Given<bool>, SourceError> {
    individual(origin.clone(), tidy(profile.kind())).map_err(|_| SourceError::ProfileKind { origin: origin.clone() })
}

/// A variable of the credential that is set, and empty.
fn given_blank(sources: &Sources<'_>) -> Option<Origin> {
    let fields = [&fields::KEY_ID, &fields::ISSUER_ID].into_iter().chain(KEY);
    let mut places = fields.flat_map(|field| sources.find(field).into_places());
    let blank = places.find(|place| place.presence == Presence::Blank)?;
    Some(blank.origin)
}
