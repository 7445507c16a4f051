//! The one resolver: which credential is used, and where each of its fields came from.
//!
//! Order: an explicit profile, then flags and environment. What contradicts itself is an error under
//! strict-auth and a warning without; what is missing or malformed is always an error.

use std::io::Read;

use super::{
    Mix, SourceError,
    error::MissingField,
    fields,
    key_material::{self, Candidate, Contender, Material},
    places::{Field, Found, Origin, Sources, parse_bool},
};
use crate::{
    credential::{Credential, IssuerId, KeyFileName, KeyId, KeyKind, Lookalike, PrivateKey, Purpose, tidy},
    explanation::Fact,
};

/// The credential that will be used, and everything worth saying about how it was found.
#[derive(Debug)]
pub struct Resolved {
    pub credential: Credential,
    pub origins: Origins,
    /// The kind that this key would be if it is not the kind it was said to be, as far as it is known.
    pub other_kind: Option<KeyKind>,
    /// What was tidied or overridden, in one sentence each.
    pub notes: Vec<String>,
    /// What strict-auth would have refused, in one sentence each.
    pub warnings: Vec<String>,
}

/// Where each field came from.
#[derive(Debug)]
pub struct Origins {
    pub key_id: Origin,
    pub issuer_id: Option<Origin>,
    pub key_type: Origin,
    pub private_key: Origin,
}

impl Resolved {
    /// The credential for people, without anything secret: what each field is and where it came from.
    pub fn facts(&self) -> Vec<Fact> {
        let fact = |label: &str, text: String| Fact {
            label: label.to_owned(),
            text,
        };
        let credential = &self.credential;
        let mut facts = vec![fact(
            "key",
            format!(
                "{} ({} key), from {}",
                credential.key_id,
                credential.kind.name(),
                self.origins.key_id
            ),
        )];
        if let (Some(issuer), Some(origin)) = (credential.kind.issuer_id(), &self.origins.issuer_id) {
            facts.push(fact("issuer", format!("{}, from {origin}", issuer.short())));
        }
        facts.push(fact(
            ".p8",
            format!(
                "P-256, well formed, from {}: {}",
                self.origins.private_key,
                credential.private_key.form()
            ),
        ));
        facts
    }
}

/// Finds the credential. `on_key` sees every private key that was read, before anything else is done with it,
/// so that a CI log can be told to mask it.
pub fn resolve(
    sources: &Sources<'_>,
    stdin: &mut dyn Read,
    on_key: &mut dyn FnMut(&PrivateKey) -> Result<(), SourceError>,
) -> Result<Resolved, SourceError> {
    let strict = is_strict(sources)?;
    // Nothing reads a keychain yet, but an unreadable value is refused wherever it stands.
    sources.boolean(&fields::BYPASS_KEYCHAIN)?;
    let said_kind = said_kind(sources)?;
    let mut findings = Findings {
        strict,
        notes: Vec::new(),
        warnings: Vec::new(),
    };
    for setting in [
        &fields::STRICT_AUTH,
        &fields::PROFILE,
        &fields::KEY_TYPE,
        &fields::API_URL,
    ] {
        findings.compare(setting, &sources.find(setting))?;
    }
    refuse_profile(sources, strict)?;

    let (candidates, overridden) = key_material::candidates(sources);
    findings.note_overridden(&overridden, candidates.first());
    let file_name = candidates.first().and_then(Candidate::file_name);

    let key_id = findings.pick(sources, &fields::KEY_ID)?;
    let issuer_id = findings.pick(sources, &fields::ISSUER_ID)?;
    let individual = match &said_kind {
        Some((_, individual)) => *individual,
        None => file_name
            .as_ref()
            .is_some_and(|name| name.purpose == Purpose::Individual),
    };
    let key_id_from_name = file_name.as_ref().and_then(|name| name.key_id.clone());
    refuse_missing(
        sources,
        &[
            (&[&fields::KEY_ID], key_id.is_none() && key_id_from_name.is_none()),
            (&[&fields::ISSUER_ID], issuer_id.is_none() && !individual),
            (
                &[&fields::KEY_PATH, &fields::KEY_B64, &fields::KEY_TEXT],
                candidates.is_empty(),
            ),
        ],
        individual,
    )?;
    refuse_swap(key_id.as_ref(), issuer_id.as_ref())?;

    let issuer = issuer_id
        .as_ref()
        .map(|(origin, text)| parse_id("issuer ID", origin, IssuerId::parse(text)))
        .transpose();
    let given_key_id = key_id
        .as_ref()
        .map(|(origin, text)| parse_id("key ID", origin, KeyId::parse(text)))
        .transpose()?;
    let (issuer, other_kind) = if individual {
        if let Some((origin, _)) = &issuer_id {
            findings
                .notes
                .push(format!("{origin} is not used: an individual key has no issuer"));
        }
        (None, issuer.ok().flatten().map(KeyKind::Team))
    } else {
        (issuer?, Some(KeyKind::Individual))
    };

    let material = findings.read_key(&candidates, stdin, on_key)?;
    if let Some(name) = &material.file_name {
        findings.compare_with_name(
            name,
            &material.origin,
            key_id.as_ref(),
            given_key_id.as_ref(),
            said_kind.as_ref(),
        )?;
    }

    let from_name = || Origin::FileName(file_name.as_ref().map(|name| name.name.clone()).unwrap_or_default());
    let kind = issuer.map_or(KeyKind::Individual, KeyKind::Team);
    let key_type = match said_kind {
        Some((origin, _)) => origin,
        None if individual => from_name(),
        None => Origin::Default,
    };
    let (Some(key_id), key_id_origin) = (
        given_key_id.or(key_id_from_name),
        key_id.map_or_else(from_name, |(origin, _)| origin),
    ) else {
        unreachable!("a missing key ID was refused above");
    };
    Ok(Resolved {
        origins: Origins {
            key_id: key_id_origin,
            issuer_id: kind.issuer_id().and(issuer_id.map(|(origin, _)| origin)),
            key_type,
            private_key: material.origin,
        },
        credential: Credential {
            key_id,
            kind,
            private_key: material.key,
        },
        other_kind,
        notes: findings.notes,
        warnings: findings.warnings,
    })
}

/// Strict if any place says so: an input and a variable that disagree must not switch it off.
/// The Action is strict by default, the command line is not.
fn is_strict(sources: &Sources<'_>) -> Result<bool, SourceError> {
    let said = sources.boolean(&fields::STRICT_AUTH)?;
    let found = sources.find(&fields::STRICT_AUTH);
    let by_flag = matches!(found.chosen(), Some((Origin::Flag(_), _)));
    let any = found.set().any(|(_, text)| parse_bool(text) == Some(true));
    Ok(match said {
        Some(said) if by_flag => said,
        Some(_) => any,
        None => sources.inputs,
    })
}

fn said_kind(sources: &Sources<'_>) -> Result<Option<(Origin, bool)>, SourceError> {
    let Some((origin, text)) = sources.text(&fields::KEY_TYPE) else {
        return Ok(None);
    };
    match text.as_str() {
        "team" => Ok(Some((origin, false))),
        "individual" => Ok(Some((origin, true))),
        _ => Err(SourceError::Unreadable {
            origin,
            accepted: "team or individual",
        }),
    }
}

/// Profiles are stored on people's machines, and nothing stores any yet: a named one is never found.
fn refuse_profile(sources: &Sources<'_>, strict: bool) -> Result<(), SourceError> {
    let Some((profile, name)) = sources.text(&fields::PROFILE) else {
        return Ok(());
    };
    let others: Vec<Origin> = [
        &fields::KEY_ID,
        &fields::ISSUER_ID,
        &fields::KEY_PATH,
        &fields::KEY_B64,
        &fields::KEY_TEXT,
    ]
    .into_iter()
    .filter_map(|field| sources.find(field).chosen().map(|(origin, _)| origin.clone()))
    .collect();
    if strict && !others.is_empty() {
        return Err(SourceError::Mixed(Mix::Profile { profile, others }));
    }
    Err(SourceError::NoSuchProfile { origin: profile, name })
}

fn refuse_missing(sources: &Sources<'_>, fields: &[(&[&Field], bool)], individual: bool) -> Result<(), SourceError> {
    let missing: Vec<MissingField> = fields
        .iter()
        .filter(|(_, missing)| *missing)
        .map(|(fields, _)| MissingField {
            what: fields[0].what,
            places: fields
                .iter()
                .flat_map(|field| sources.find(field).places)
                .map(|place| (place.origin, place.presence))
                .collect(),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(SourceError::Missing { missing, individual })
}

type Given = (Origin, String);

fn refuse_swap(key_id: Option<&Given>, issuer_id: Option<&Given>) -> Result<(), SourceError> {
    let (Some((key_origin, key)), Some((issuer_origin, issuer))) = (key_id, issuer_id) else {
        return Ok(());
    };
    let swapped = Lookalike::of(tidy(key)) == Lookalike::Uuid && KeyId::parse(issuer).is_ok();
    if swapped {
        return Err(SourceError::Swapped {
            key_id: key_origin.clone(),
            issuer_id: issuer_origin.clone(),
        });
    }
    Ok(())
}

fn parse_id<T>(
    what: &'static str,
    origin: &Origin,
    parsed: Result<T, crate::credential::IdDefect>,
) -> Result<T, SourceError> {
    parsed.map_err(|defect| SourceError::Id {
        what,
        origin: origin.clone(),
        defect,
    })
}

/// What is found on the way, and whether it stops the run.
struct Findings {
    strict: bool,
    notes: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    fn contradiction(&mut self, mix: Mix) -> Result<(), SourceError> {
        if self.strict {
            return Err(SourceError::Mixed(mix));
        }
        self.warnings.push(mix.warning());
        Ok(())
    }

    fn note_overridden(&mut self, overridden: &[Origin], by: Option<&Candidate>) {
        if let Some(by) = by {
            for origin in overridden {
                self.notes.push(format!("{} overrides {origin}", by.origin));
            }
        }
    }

    /// Finds out whether the places of a field agree. A flag overrides what it differs from.
    fn compare(&mut self, field: &Field, found: &Found) -> Result<(), SourceError> {
        let Some((origin, text)) = found.chosen() else {
            return Ok(());
        };
        for (other, _) in found.set().skip(1).filter(|(_, value)| !same_value(value, text)) {
            if matches!(origin, Origin::Flag(_)) {
                self.notes.push(format!("{origin} overrides {other}"));
            } else {
                self.contradiction(Mix::Values {
                    what: field.what,
                    first: origin.clone(),
                    second: other.clone(),
                })?;
            }
        }
        Ok(())
    }

    /// The chosen value of an ID, with what is odd about it noted.
    fn pick(&mut self, sources: &Sources<'_>, field: &Field) -> Result<Option<Given>, SourceError> {
        let found = sources.find(field);
        let Some((origin, text)) = found.chosen() else {
            return Ok(None);
        };
        if tidy(text) != text {
            self.notes
                .push(format!("white space or quotes around {origin} were ignored"));
        }
        self.compare(field, &found)?;
        Ok(Some((origin.clone(), tidy(text).to_owned())))
    }

    /// Reads the key of the highest rank, and compares it with every other that was given.
    fn read_key(
        &mut self,
        candidates: &[Candidate],
        stdin: &mut dyn Read,
        on_key: &mut dyn FnMut(&PrivateKey) -> Result<(), SourceError>,
    ) -> Result<Material, SourceError> {
        let mut read: Vec<Result<Material, SourceError>> =
            candidates.iter().map(|candidate| candidate.read(stdin)).collect();
        for material in read.iter().flatten() {
            on_key(&material.key)?;
        }
        let contenders: Vec<(Origin, Contender)> = candidates
            .iter()
            .zip(&read)
            .map(|(candidate, read)| {
                let contender = match read {
                    Ok(material) => Contender::Key(material.key.fingerprint()),
                    Err(error) => Contender::Unusable(error.reason()),
                };
                (candidate.origin.clone(), contender)
            })
            .collect();
        let usable = contenders
            .iter()
            .any(|(_, contender)| matches!(contender, Contender::Key(_)));
        if usable && contenders.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            self.contradiction(Mix::Keys(contenders))?;
        }
        read.swap_remove(0)
    }

    fn compare_with_name(
        &mut self,
        name: &KeyFileName,
        file: &Origin,
        key_id_place: Option<&Given>,
        key_id: Option<&KeyId>,
        said_kind: Option<&(Origin, bool)>,
    ) -> Result<(), SourceError> {
        if let (Some((origin, _)), Some(key_id), Some(named)) = (key_id_place, key_id, &name.key_id)
            && key_id != named
        {
            self.contradiction(Mix::FileName {
                file: file.clone(),
                name: name.name.clone(),
                says: format!("key ID {named}"),
                origin: origin.clone(),
            })?;
        }
        if let (Purpose::Individual, Some((origin, false))) = (name.purpose, said_kind) {
            self.contradiction(Mix::FileName {
                file: file.clone(),
                name: name.name.clone(),
                says: "an individual key".to_owned(),
                origin: origin.clone(),
            })?;
        }
        Ok(())
    }
}

/// Whether two places say the same: IDs and URLs in any case, booleans in any spelling.
fn same_value(one: &str, other: &str) -> bool {
    let boolean = parse_bool(one);
    tidy(one).eq_ignore_ascii_case(tidy(other)) || (boolean.is_some() && boolean == parse_bool(other))
}
