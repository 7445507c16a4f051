//! Judging what was found: sources that contradict each other stop a strict run and warn another; what is merely odd
//! is noted.

use super::{
    Mix, SourceError,
    fields::{API_URL, KEY_TYPE, PROFILE, STRICT_AUTH},
    key_material::{Candidate, Contender, Material},
    places::{Field, Found, Origin, Sources, parse_bool},
};
use crate::credential::{KeyFileName, KeyId, tidied, tidy};

/// A value that was given, and where. The value is tidied.
#[derive(Clone, Debug)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

/// What was found on the way, and whether it stops the run.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) strict: bool,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Judge {
    /// Strict if any place says so: an input and a variable that disagree must not switch it off. A flag decides
    /// alone. Where nothing is said, the Action is strict and the command line is not.
    pub(super) fn appoint(sources: &Sources<'_>) -> Result<Self, SourceError> {
        let said = sources.boolean(&STRICT_AUTH)?;
        let found = sources.find(&STRICT_AUTH);
        let by_flag = matches!(found.chosen(), Some((Origin::Flag(_), _)));
        let strict = match said {
            Some(said) if by_flag => said,
            Some(_) => found.set().any(|(_, text)| parse_bool(text) == Some(true)),
            None => sources.inputs,
        };
        Ok(Self {
            strict,
            notes: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Compares the places of every setting that is not part of the credential itself.
    pub(super) fn settings(&mut self, sources: &Sources<'_>) -> Result<(), SourceError> {
        self.agree(&STRICT_AUTH, &sources.find(&STRICT_AUTH), |one, other| {
            parse_bool(one) == parse_bool(other)
        })?;
        for setting in [&PROFILE, &KEY_TYPE, &API_URL] {
            self.agree(setting, &sources.find(setting), |one, other| tidy(one) == tidy(other))?;
        }
        Ok(())
    }

    /// The chosen value of an ID, with what is odd about it noted.
    pub(super) fn id(&mut self, sources: &Sources<'_>, field: &Field) -> Result<Option<Given<String>>, SourceError> {
        let found = sources.find(field);
        let Some((origin, text)) = found.chosen() else {
            return Ok(None);
        };
        if tidy(text) != text {
            self.note(tidied(origin));
        }
        self.agree(field, &found, |one, other| tidy(one).eq_ignore_ascii_case(tidy(other)))?;
        Ok(Some(Given {
            value: tidy(text).to_owned(),
            origin: origin.clone(),
        }))
    }

    /// Compares the key of the highest rank with every other that was given.
    pub(super) fn keys(
        &mut self,
        candidates: &[Candidate],
        read: &[Result<Material, SourceError>],
    ) -> Result<(), SourceError> {
        // A fingerprint costs as much as a signature, and one key contradicts nothing.
        if read.len() < 2 || read.iter().all(Result::is_err) {
            return Ok(());
        }
        let contenders: Vec<(Origin, Contender)> = candidates
            .iter()
            .zip(read)
            .map(|(candidate, read)| (candidate.origin.clone(), Contender::of(read)))
            .collect();
        if contenders.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            self.contradiction(Mix::Keys(contenders))?;
        }
        Ok(())
    }

    /// Compares what the key file's name says with what was given.
    pub(super) fn file_name(
        &mut self,
        file: &Given<&KeyFileName>,
        key_id: Option<&Given<KeyId>>,
        individual: Option<&Given<bool>>,
    ) -> Result<(), SourceError> {
        let name = file.value;
        let mut contradict = |says: String, origin: &Origin| {
            self.contradiction(Mix::FileName {
                file: file.origin.clone(),
                name: name.name.clone(),
                says,
                origin: origin.clone(),
            })
        };
        if let Some((given, says)) = key_id.and_then(|given| Some((given, name.denies_key_id(&given.value)?))) {
            contradict(says, &given.origin)?;
        }
        if let Some((given, says)) = individual.and_then(|given| Some((given, name.denies_kind(given.value)?))) {
            contradict(says, &given.origin)?;
        }
        Ok(())
    }

    /// Compares what an earlier `setup` left with what the environment says.
    pub(super) fn agrees_with(
        &mut self,
        origin: &Origin,
        value: &str,
        sources: &Sources<'_>,
        field: &Field,
    ) -> Result<(), SourceError> {
        for (other, text) in sources.find(field).set() {
            if !tidy(text).eq_ignore_ascii_case(value) {
                self.differ(field, origin, other)?;
            }
        }
        Ok(())
    }

    /// What strict-auth has nothing against, and a user must know.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Finds out whether the places of a field agree. A flag overrides what it differs from.
    fn agree(&mut self, field: &Field, found: &Found, same: fn(&str, &str) -> bool) -> Result<(), SourceError> {
        let Some((origin, text)) = found.chosen() else {
            return Ok(());
        };
        for (other, _) in found.set().skip(1).filter(|(_, value)| !same(value, text)) {
            if matches!(origin, Origin::Flag(_)) {
                self.note(format!("{origin} overrides {other}"));
            } else {
                self.differ(field, origin, other)?;
            }
        }
        Ok(())
    }

    fn differ(&mut self, field: &Field, first: &Origin, second: &Origin) -> Result<(), SourceError> {
        self.contradiction(Mix::Values {
            what: field.what,
            first: first.clone(),
            second: second.clone(),
        })
    }

    pub(super) fn contradiction(&mut self, mix: Mix) -> Result<(), SourceError> {
        if self.strict {
            return Err(SourceError::Mixed(Box::new(mix)));
        }
        self.warnings.push(mix.warning());
        Ok(())
    }
}
