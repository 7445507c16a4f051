//! The one resolver: which credential is used, and where each of its fields came from.
//!
//! Order: an explicit profile, then flags and environment, then the default profile. What contradicts itself is an error
//! under strict-auth and a warning without; what is missing or malformed is always an error.

use std::io::{self, Read};

use super::{
    AUTH_DIR, AuthDir, Mix, Origins, Resolved, SourceError, fields,
    judge::{Given, Judge},
    parts::{self, Parts},
    places::{Origin, Sources},
    profiles::{Profile, Profiles},
};
use crate::credential::{Credential, IdDefect, IssuerId, KeyId, KeyKind, PrivateKey, Swapped};

/// Finds the credential. `on_key` sees every private key that was read, before anything else is done with it,
/// so that a CI log can be told to mask it.
///
/// An `auth_dir` is a credential that was resolved before, by the `setup` that made it.
pub fn resolve(
    sources: &Sources<'_>,
    auth_dir: Option<&AuthDir>,
    stdin: &mut dyn Read,
    on_key: &mut dyn FnMut(&PrivateKey) -> Result<(), SourceError>,
) -> Result<Resolved, SourceError> {
    if let Some(directory) = auth_dir {
        return resolved_before(directory, on_key);
    }
    let mut judge = Judge::appoint(sources)?;
    // An unreadable value is refused wherever it stands, and whether or not anything asks for it.
    let bypass_keychain = sources.boolean(&fields::BYPASS_KEYCHAIN)?.unwrap_or(false);
    parts::said_individual(sources)?;
    judge.settings(sources)?;

    let own;
    let profiles = if let Some(shared) = sources.profiles {
        shared
    } else {
        own = Profiles::new(sources.environment, bypass_keychain);
        &own
    };
    let parts = match sources.text(&fields::PROFILE) {
        Some((origin, name)) => named_profile(sources, origin, name, profiles, &mut judge)?,
        None => Parts::given(sources, &mut judge)?.complete(sources, profiles, &mut judge)?,
    };
    check(parts, judge, sources, stdin, on_key)
}

/// The credential of one stored profile, whatever else there is. `on_key` is as above.
pub fn resolve_profile(
    profile: &Profile,
    sources: &Sources<'_>,
    on_key: &mut dyn FnMut(&PrivateKey) -> Result<(), SourceError>,
) -> Result<Resolved, SourceError> {
    let judge = Judge::appoint(sources)?;
    check(Parts::of_profile(profile)?, judge, sources, &mut io::empty(), on_key)
}

/// Makes a credential of its parts: nothing may be missing, malformed or, under strict-auth, contradict another part.
fn check(
    mut parts: Parts,
    mut judge: Judge,
    sources: &Sources<'_>,
    stdin: &mut dyn Read,
    on_key: &mut dyn FnMut(&PrivateKey) -> Result<(), SourceError>,
) -> Result<Resolved, SourceError> {
    refuse_missing(&mut parts, sources)?;
    let (is_individual, key_id_by_name) = (parts.is_individual(), parts.key_id_by_name());
    let individual = parts.individual();
    let Parts {
        key_id,
        issuer_id,
        said_individual,
        keys: candidates,
        ..
    } = parts;
    refuse_swap(key_id.as_ref(), issuer_id.as_ref())?;
    let key_id = key_id
        .map(|given| parse(given, KeyId::NAME, KeyId::PLACE, KeyId::parse))
        .transpose()?;
    let (kind, issuer_id, other_kind) = kind(is_individual, issuer_id, &mut judge)?;

    let mut read: Vec<_> = candidates.iter().map(|candidate| candidate.read(stdin)).collect();
    for material in read.iter().flatten() {
        on_key(&material.key)?;
    }
    judge.keys(&candidates, &read)?;
    let material = read.swap_remove(0)?;
    if let Some(name) = &material.file_name {
        let file = Given {
            value: name,
            origin: material.origin.clone(),
        };
        judge.file_name(&file, key_id.as_ref(), said_individual.as_ref())?;
    }

    let Some(key_id) = key_id.or(key_id_by_name) else {
        unreachable!("a missing key ID was refused above");
    };
    Ok(Resolved {
        origins: Origins {
            key_id: key_id.origin,
            issuer_id,
            key_type: individual.map_or(Origin::Default, |given| given.origin),
            private_key: material.origin,
        },
        credential: Credential {
            key_id: key_id.value,
            kind,
            private_key: material.key,
        },
        other_kind,
        notes: judge.notes,
        warnings: judge.warnings,
    })
}

/// The credential of an earlier `setup`.
fn resolved_before(
    directory: &AuthDir,
    on_key: &mut dyn FnMut(&PrivateKey) -> Result<(), SourceError>,
) -> Result<Resolved, SourceError> {
    let private_key = directory.private_key()?;
    on_key(&private_key)?;
    let origin = Origin::Variable(AUTH_DIR);
    Ok(Resolved {
        origins: Origins {
            key_id: origin.clone(),
            issuer_id: directory.kind.issuer_id().map(|_| origin.clone()),
            key_type: origin.clone(),
            private_key: origin,
        },
        other_kind: directory.kind.issuer_id().map(|_| KeyKind::Individual),
        credential: Credential {
            key_id: directory.key_id.clone(),
            kind: directory.kind.clone(),
            private_key,
        },
        notes: Vec::new(),
        warnings: directory.warnings.clone(),
    })
}

/// The kind of key, where its issuer came from, and the kind that it would be otherwise.
fn kind(
    is_individual: bool,
    issuer_id: Option<Given<String>>,
    judge: &mut Judge,
) -> Result<(KeyKind, Option<Origin>, Option<KeyKind>), SourceError> {
    let Some(given) = issuer_id else {
        return Ok((KeyKind::Individual, None, None));
    };
    if is_individual {
        judge.note(KeyKind::issuer_not_used(&given.origin));
        let team = IssuerId::parse(&given.value).ok().map(KeyKind::Team);
        return Ok((KeyKind::Individual, None, team));
    }
    let issuer = parse(given, IssuerId::NAME, IssuerId::PLACE, IssuerId::parse)?;
    Ok((
        KeyKind::Team(issuer.value),
        Some(issuer.origin),
        Some(KeyKind::Individual),
    ))
}

/// The profile that was asked for by name. What is given beside it contradicts it.
fn named_profile(
    sources: &Sources<'_>,
    origin: Origin,
    name: String,
    profiles: &Profiles,
    judge: &mut Judge,
) -> Result<Parts, SourceError> {
    let others = origins_beside_profile(sources);
    if !others.is_empty() {
        judge.contradiction(Mix::Profile {
            profile: origin.clone(),
            others,
        })?;
    }
    match profiles.find(&name)? {
        Some(found) => Parts::stored(&found, judge),
        None => Err(SourceError::NoSuchProfile {
            origin,
            name,
            stored: Box::new(profiles.stored()),
        }),
    }
}

fn origins_beside_profile(sources: &Sources<'_>) -> Vec<Origin> {
    [
        &fields::KEY_ID,
        &fields::ISSUER_ID,
        &fields::KEY_PATH,
        &fields::KEY_B64,
        &fields::KEY_TEXT,
        &fields::KEY_VARIABLE,
    ]
    .into_iter()
    .filter_map(|field| sources.find(field).chosen().map(|(origin, _)| origin.clone()))
    .collect()
}

fn refuse_missing(parts: &mut Parts, sources: &Sources<'_>) -> Result<(), SourceError> {
    let missing = parts.missing(sources);
    if missing.is_empty() {
        return Ok(());
    }
    Err(SourceError::Missing {
        missing,
        individual: parts.is_individual(),
        passed_over: parts.passed_over.take(),
    })
}

fn refuse_swap(key_id: Option<&Given<String>>, issuer_id: Option<&Given<String>>) -> Result<(), SourceError> {
    match (key_id, issuer_id) {
        (Some(key), Some(issuer)) => Swapped::judge(&key.value, &issuer.value).map_err(|_| SourceError::Swapped {
            key_id: key.origin.clone(),
            issuer_id: issuer.origin.clone(),
        }),
        _ => Ok(()),
    }
}

fn parse<T>(
    given: Given<String>,
    what: &'static str,
    place: &'static str,
    parse: impl Fn(&str) -> Result<T, IdDefect>,
) -> Result<Given<T>, SourceError> {
    match parse(&given.value) {
        Ok(value) => Ok(Given {
            value,
            origin: given.origin,
        }),
        Err(defect) => Err(SourceError::Id {
            what,
            place,
            origin: given.origin,
            defect,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use simulator::TestKey;

    use super::*;
    use crate::source::{Environment, Flags};

    const KEY_ID: &str = "2X9R4QWVK6";
    const ISSUER_ID: &str = "57246542-96fe-1a63-e053-0824d011072a";

    fn resolve_from(flags: &Flags, variables: &[(&str, &str)]) -> Result<Resolved, SourceError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Environment::Fixed(variables.collect::<BTreeMap<_, _>>());
        let sources = Sources::new(flags, false, &environment)?;
        resolve(&sources, None, &mut io::empty(), &mut |_| Ok(()))
    }

    #[test]
    fn every_field_remembers_where_it_came_from() {
        let pem = TestKey::generate().pem();
        let flags = Flags::default().with("--key-id", Some(KEY_ID));
        let resolved = resolve_from(
            &flags,
            &[
                ("ASC_KEY_ID", "AAAAAAAAAA"),
                ("ASC_ISSUER_ID", ISSUER_ID),
                ("ASC_PRIVATE_KEY", &pem),
            ],
        )
        .expect("a credential");
        assert_eq!(resolved.credential.key_id.as_str(), KEY_ID);
        assert_eq!(resolved.origins.key_id, Origin::Flag("--key-id"));
        assert_eq!(resolved.origins.issuer_id, Some(Origin::Variable("ASC_ISSUER_ID")));
        assert_eq!(resolved.origins.key_type, Origin::Default);
        assert_eq!(resolved.origins.private_key, Origin::Variable("ASC_PRIVATE_KEY"));
        assert_eq!(resolved.notes, ["--key-id overrides ASC_KEY_ID"]);
        assert_eq!(resolved.other_kind, Some(KeyKind::Individual));
    }

    #[test]
    fn an_individual_key_that_may_be_a_team_key_keeps_the_issuer_for_the_question() {
        let pem = TestKey::generate().pem();
        let resolved = resolve_from(
            &Flags::default(),
            &[
                ("ASC_KEY_ID", KEY_ID),
                ("ASC_ISSUER_ID", ISSUER_ID),
                ("ASC_KEY_TYPE", "individual"),
                ("ASC_PRIVATE_KEY", &pem),
            ],
        )
        .expect("a credential");
        assert_eq!(resolved.credential.kind, KeyKind::Individual);
        assert_eq!(resolved.origins.issuer_id, None);
        assert!(matches!(resolved.other_kind, Some(KeyKind::Team(_))));
    }
}
