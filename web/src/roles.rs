//! The table of roles: what a person wants to do, and the least privilege that can.

use asc_auth::roles::{Area, Chart, Reach, Row, areas_of};
use serde::Serialize;

use crate::verdict::{Tone, Verdict};

#[derive(Serialize)]
pub(crate) struct Shown {
    answer: Verdict,
    /// What was asked for, if anything was and the table knows it.
    wanted: Vec<Area>,
    areas: Vec<ShownArea>,
    roles: Vec<Row>,
    notes: Vec<&'static str>,
}

#[derive(Serialize)]
struct ShownArea {
    area: Area,
    title: &'static str,
    /// What it can be asked for with.
    words: &'static [&'static str],
}

pub(crate) fn roles(wanted: &str) -> Shown {
    let wishes = if wanted.trim().is_empty() {
        Some(Vec::new())
    } else {
        areas_of(wanted)
    };
    let chart = Chart::of(wishes.as_deref().unwrap_or_default());
    let answer = match wishes.as_deref() {
        None => unknown(),
        Some([]) => Verdict::new(Tone::Waiting, "Say what the key is for, or choose an area"),
        Some(wishes) => least(wishes, &chart),
    };
    let is_answer = wishes.as_ref().is_some_and(|wishes| !wishes.is_empty());
    Shown {
        answer,
        wanted: if is_answer { chart.areas.clone() } else { Vec::new() },
        areas: chart.areas.iter().map(|area| shown(*area)).collect(),
        roles: chart.roles,
        notes: chart.notes,
    }
}

/// The least privilege that can do all of it. A role that can do a part of it only in part is told with the one that can.
fn least(wishes: &[Vec<Area>], chart: &Chart) -> Verdict {
    let Some(row) = chart.roles.first() else {
        return Verdict::new(Tone::Doubtful, "no role can do all of this");
    };
    let short: Vec<String> = wishes.iter().filter_map(|wish| falls_short(row, wish)).collect();
    if short.is_empty() {
        let tone = if row.for_automation { Tone::Good } else { Tone::Doubtful };
        return Verdict::new(tone, row.name).advice(format!("When to choose it: {}.", row.choose));
    }
    let does_all = |row: &&Row| wishes.iter().all(|wish| falls_short(row, wish).is_none());
    let verdict = Verdict::new(Tone::Doubtful, row.name).fact("falls short", short.join(", "));
    match chart.roles.iter().find(does_all) {
        Some(full) => verdict.advice(format!("{} can do all of it: {}.", full.name, full.choose)),
        None => verdict,
    }
}

/// `Metadata: limited`, if a role can do what is wished in part only.
fn falls_short(row: &Row, wish: &[Area]) -> Option<String> {
    let reach = |area: &Area| row.reach.get(area).copied().unwrap_or(Reach::None);
    if wish.iter().any(|area| reach(area) == Reach::Full) {
        return None;
    }
    let best = wish.iter().find(|area| reach(area) != Reach::None)?;
    Some(format!("{}: {}", best.title(), reach(best).describe()))
}

fn unknown() -> Verdict {
    let verdict = Verdict::new(Tone::Doubtful, "the table of roles does not know this")
        .advice("Known are these words, and several of them as in “builds and certificates”.");
    Area::ALL.into_iter().fold(verdict, |verdict, area| {
        verdict.fact(area.title(), area.words().join(", "))
    })
}

fn shown(area: Area) -> ShownArea {
    ShownArea {
        area,
        title: area.title(),
        words: area.words(),
    }
}
