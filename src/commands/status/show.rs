//! The status for people: what is used here, a table of all there is, where that was looked for, and at the end whatever
//! is wrong, each with its whole diagnosis.

use super::{Check, Row, Status, alike, key_id, verdict};
use crate::{
    error::Error,
    explanation::Explanation,
    report::{Cell, Console, Table, Tone, inert},
    source::{
        SourceError,
        profiles::{Looked, Outcome, told_name},
    },
};

/// Transient failures are not the credential's.
const MAY_PASS: u8 = 20;

/// All of it is the result, and is written at once: what is wrong with single credentials follows.
pub(super) fn status(status: &Status, validated: bool, console: Console) -> Result<(), Error> {
    let mut lines = match &status.in_use {
        Ok(in_use) => vec![format!("Used here: {}.", in_use.why(&status.inventory))],
        Err(error) => unused(error, validated),
    };
    let listed = if status.rows.is_empty() {
        lines.push(nothing(status));
        String::new()
    } else {
        table(status).render(console.screen())
    };
    let places: Vec<String> = status.inventory.places.iter().map(told_place).collect();
    let above: String = lines.iter().map(|line| inert(line) + "\n").collect();
    let below = inert(&format!("Looked in: {}.", places.join("; ")));
    console.result(&format!("{above}{listed}{below}\n"))?;
    diagnoses(status, validated, console);
    Ok(())
}

/// Why nothing is used. Where nothing was set up, and where the whole diagnosis follows, that is short.
fn unused(error: &Error, validated: bool) -> Vec<String> {
    let is_nothing_given = matches!(error, Error::Source(SourceError::Missing { missing, .. }) if missing.len() == 3);
    let is_choice = matches!(error, Error::Source(SourceError::NoDefaultAmong { .. }));
    let mut lines = vec![format!("Nothing is used here: {error}.")];
    if !is_nothing_given && (is_choice || !validated) {
        lines.extend(error.explain().body());
    }
    lines
}

fn nothing(status: &Status) -> String {
    if status.inventory.is_all_known() {
        "No profile is stored.".to_owned()
    } else {
        "No profile could be read.".to_owned()
    }
}

fn table(status: &Status) -> Table {
    let mut table = Table::new(["Name", "Key ID", "Kind", "Default", "Stored in", "Validation"]);
    for row in &status.rows {
        let [name, id, kind, mut stored_in] = texts(status, row);
        if row.is_in_use {
            stored_in.push_str(", used here");
        }
        let default = if row.is_default { "yes" } else { "" };
        let cells = [name.as_str(), &id, &kind, default, &stored_in].map(Cell::from);
        table.row(cells.into_iter().chain([validation(status, row)]));
    }
    table
}

/// Name, key ID, kind, place.
fn texts(status: &Status, row: &Row) -> [String; 4] {
    if let Some(item) = status.item(row) {
        let [id, kind] = match &item.read {
            Err(_) => [String::new(), String::new()],
            Ok(profile) => [
                match key_id(&profile.key_id) {
                    Some(id) => id.to_string(),
                    None if profile.key_id.is_empty() => String::new(),
                    None => "malformed".to_owned(),
                },
                profile.known_kind().unwrap_or("unknown").to_owned(),
            ],
        };
        return [told_name(&item.name), id, kind, item.stored_in.to_string()];
    }
    match &status.in_use {
        Err(_) => [const { String::new() }; 4],
        Ok(in_use) => {
            let credential = &in_use.resolved.credential;
            [
                in_use.name().to_owned(),
                credential.key_id.to_string(),
                credential.kind.name().to_owned(),
                // A profile may have such a name, and no place.
                "not stored".to_owned(),
            ]
        }
    }
}

fn validation(status: &Status, row: &Row) -> Cell {
    match &row.check {
        _ if status.item(row).is_some_and(|item| item.read.is_err()) => Cell::new("unreadable", Tone::Bad),
        Check::NotMade => Cell::from("-"),
        Check::Works(_) => Cell::new("works", Tone::Good),
        Check::Failed(error) if error.exit_code() == MAY_PASS => Cell::new(verdict::of(error), Tone::Doubtful),
        Check::Failed(error) => Cell::new(verdict::of(error), Tone::Bad),
    }
}

fn told_place(place: &Looked) -> String {
    let found = match &place.outcome {
        Outcome::Bypassed => "bypassed".to_owned(),
        Outcome::Absent => "does not exist".to_owned(),
        Outcome::Holds(1) => "1 profile".to_owned(),
        Outcome::Holds(count) => format!("{count} profiles"),
        Outcome::Failed(error) => error.to_string(),
    };
    format!("{} ({found})", place.stored_in)
}

/// Everything that is wrong, each once: what can't be used is often what can't be read.
fn diagnoses(status: &Status, validated: bool, console: Console) {
    let mut told = Vec::new();
    let mut tell = |explanation: Explanation| {
        if !told.contains(&explanation) {
            console.diagnosis(&explanation);
            told.push(explanation);
        }
    };
    let places = status.inventory.places.iter();
    places
        .filter_map(|place| place.outcome.failure())
        .for_each(|error| tell(error.explain()));
    let items = status.inventory.items.iter();
    items
        .filter_map(|item| item.read.as_ref().err())
        .for_each(|error| tell(SourceError::from(error.clone()).explain()));
    if let Some(error) = status.unusable().filter(|_| validated) {
        tell(error.explain());
    }
    let failed = status.rows.iter().filter_map(|row| Some((row, row.check.failure()?)));
    for (_, error) in failed.clone().filter(|(_, error)| !matches!(error, Error::Connect(_))) {
        tell(error.explain());
    }
    let answers = failed.filter(|(_, error)| matches!(error, Error::Connect(_)));
    let answers = answers.map(|(row, error)| {
        let [name, id, ..] = texts(status, row);
        (format!("{name} ({id})"), error.explain())
    });
    alike::merged(answers).into_iter().for_each(tell);
}
