//! The verdict on each field as it is typed, and on all of them.

use asc_auth::credential::{
    IdDefect, IssuerId, KeyDefect, KeyFileName, KeyId, KeyKind, PrivateKey, Swapped, tidied, tidy,
};
use serde::Serialize;

use crate::{
    given::Given,
    verdict::{Tone, Verdict},
};

#[derive(Serialize)]
pub(crate) struct Checked {
    key_id: Verdict,
    issuer_id: Verdict,
    kind: Verdict,
    key: Verdict,
    /// What the file's name says, if Apple named it.
    file: Option<Verdict>,
    fingerprint: Option<String>,
    conclusion: Verdict,
}

impl Checked {
    /// That a field is wrong, for who goes on from here.
    pub(crate) fn problem(&self) -> Option<Verdict> {
        (self.conclusion.tone == Tone::Wrong).then(|| self.conclusion.clone())
    }

    fn tones(&self) -> impl Iterator<Item = Tone> {
        let all = [
            Some(&self.key_id),
            Some(&self.issuer_id),
            Some(&self.key),
            self.file.as_ref(),
        ];
        all.map(|verdict| verdict.map_or(Tone::Good, |verdict| verdict.tone))
            .into_iter()
    }
}

pub(crate) fn check(given: &Given) -> Checked {
    let mut checked = Checked {
        key_id: key_id(given),
        issuer_id: issuer_id(given),
        kind: kind(given),
        key: key(given),
        file: file(given),
        fingerprint: given.key.as_ref().ok().map(|key| key.fingerprint().to_string()),
        conclusion: Verdict::new(Tone::Waiting, ""),
    };
    if Swapped::judge(tidy(given.key_id()), tidy(given.issuer_id())).is_err() {
        let swapped = |holds: &str| {
            Verdict::new(Tone::Wrong, Swapped.to_string())
                .fact("this field", holds)
                .advice(Swapped::REMEDY)
        };
        checked.key_id = swapped(Swapped::KEY_ID_HOLDS);
        checked.issuer_id = swapped(Swapped::ISSUER_ID_HOLDS);
    }
    checked.conclusion = conclusion(&checked);
    checked
}

fn key_id(given: &Given) -> Verdict {
    let by_name = given.file_name.as_ref().filter(|_| tidy(given.key_id()).is_empty());
    if let Some((key_id, name)) = by_name.and_then(|name| Some((name.key_id.as_ref()?, &name.name))) {
        return Verdict::new(Tone::Note, format!("{key_id}, from the file's name {name}"));
    }
    id(KeyId::NAME, KeyId::PLACE, given.key_id(), |text| {
        KeyId::parse(text).map(|key_id| key_id.to_string())
    })
}

fn issuer_id(given: &Given) -> Verdict {
    let text = given.issuer_id();
    if !given.is_individual() {
        return id(IssuerId::NAME, IssuerId::PLACE, text, |text| {
            IssuerId::parse(text).map(|issuer| issuer.to_string())
        });
    }
    if tidy(text).is_empty() {
        return Verdict::new(Tone::Good, "none: an individual key has no issuer");
    }
    Verdict::new(Tone::Note, KeyKind::issuer_not_used("the issuer ID"))
}

fn id(
    name: &'static str,
    place: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<String, IdDefect>,
) -> Verdict {
    match parse(text) {
        Ok(value) if tidy(text) == text => Verdict::new(Tone::Good, value),
        Ok(value) => Verdict::new(Tone::Note, value).advice(tidied(format_args!("the {name}"))),
        Err(IdDefect::Blank) => Verdict::new(Tone::Waiting, format!("no {name} yet")).advice(place),
        Err(defect) => {
            Verdict::new(Tone::Wrong, format!("the {name} can't be right: {defect}")).advice(defect.remedy(place))
        }
    }
}

fn kind(given: &Given) -> Verdict {
    match (given.said_individual(), given.is_individual()) {
        (None, true) => Verdict::new(Tone::Note, "an individual key, by the file's name"),
        (None, false) => Verdict::new(Tone::Note, "a team key, because nothing else was said"),
        (Some(_), true) => Verdict::new(Tone::Good, "an individual key"),
        (Some(_), false) => Verdict::new(Tone::Good, "a team key"),
    }
}

fn key(given: &Given) -> Verdict {
    match &given.key {
        _ if given.is_foreign() => {
            let name = given.file_name.as_ref().map_or("this", |name| &name.name);
            Verdict::new(Tone::Wrong, format!("{name} is an In-App Purchase key"))
                .advice(KeyFileName::IN_APP_PURCHASE_REMEDY)
        }
        Ok(key) => Verdict::new(Tone::Good, format!("{}: {}", PrivateKey::WELL_FORMED, key.form())),
        Err(defect @ KeyDefect::Empty) => Verdict::new(Tone::Waiting, "no private key yet").advice(defect.remedy()),
        Err(defect) => {
            Verdict::new(Tone::Wrong, format!("the private key can't be used: {defect}")).advice(defect.remedy())
        }
    }
}

/// Apple names a file for its key, so a name that says something else is one of two things gone wrong. One of another
/// service is told at the key.
fn file(given: &Given) -> Option<Verdict> {
    let name = given.file_name.as_ref().filter(|_| !given.is_foreign())?;
    let denied = given.contradictions();
    if denied.is_empty() {
        return Some(Verdict::new(Tone::Good, name.name.clone()));
    }
    let verdict = Verdict::new(Tone::Wrong, KeyFileName::CONTRADICTION)
        .fact("file", format!("{}, which means {}", name.name, denied.join(" and ")))
        .advice(KeyFileName::CONTRADICTION_REMEDY);
    Some(verdict)
}

fn conclusion(checked: &Checked) -> Verdict {
    if checked.tones().any(|tone| tone == Tone::Wrong) {
        return Verdict::new(Tone::Wrong, "this can't work yet: see the fields under Check");
    }
    if checked.tones().any(|tone| tone == Tone::Waiting) {
        return Verdict::new(Tone::Waiting, "something is still missing");
    }
    Verdict::new(Tone::Good, "well formed, as far as can be told without asking Apple").advice(
        "Whether Apple accepts it, only Apple knows: a browser may not call Apple's API. asc-auth validate asks, with one \
         request; so do the action and the component in every job.",
    )
}
