//! `asc-auth roles`: show what each role of a key can do, the least privilege first.

use std::collections::BTreeMap;

use serde::Serialize;

use super::validate::line;
use crate::{
    cli::RolesArgs,
    error::Error,
    report::{Cell, Console, Table, Tone},
    roles::{Area, ROLES, Reach, Role, areas_of, that_can},
};

#[derive(Serialize)]
struct Shown {
    /// What was asked for, and each role's reach is told of; all areas, if nothing was.
    areas: Vec<Area>,
    roles: Vec<ShownRole>,
    /// What is not settled about these areas.
    notes: Vec<&'static str>,
}

/// The table says no, as Apple's does.
const DISPUTED: &str = "Sources disagree whether an App Manager key reaches certificates: asc-auth capabilities shows \
                        what a key reaches.";

#[derive(Serialize)]
struct ShownRole {
    role: &'static str,
    name: &'static str,
    reach: BTreeMap<Area, Reach>,
    choose: &'static str,
    for_automation: bool,
}

/// Shows the table, or the part of it that `--can` asks for.
pub(super) fn run(args: &RolesArgs, console: Console) -> Result<(), Error> {
    let wishes = wishes(&args.can)?;
    let areas = areas(&wishes, console.is_json());
    let roles = if wishes.is_empty() {
        ROLES.iter().collect()
    } else {
        that_can(&wishes)
    };
    let notes = if areas.contains(&Area::Certificates) {
        vec![DISPUTED]
    } else {
        Vec::new()
    };
    if console.is_json() {
        let roles = roles.iter().map(|role| shown(role, &areas)).collect();
        return console.json(&Shown { areas, roles, notes });
    }
    if wishes.is_empty() {
        console.table(&table(&roles, &areas, &[]))?;
        console.lines(&[String::new()])?;
        console.table(&table(&roles, &[], &["Choose it"]))?;
    } else {
        console.table(&table(&roles, &areas, &["Choose it"]))?;
    }
    for note in notes {
        console.note(note);
    }
    Ok(())
}

/// Those that were asked for, or all, or as many of them as people can take in.
fn areas(wishes: &[Vec<Area>], all: bool) -> Vec<Area> {
    let is_wanted = |area: &Area| wishes.iter().any(|wish| wish.contains(area));
    if !wishes.is_empty() {
        Area::ALL.into_iter().filter(is_wanted).collect()
    } else if all {
        Area::ALL.to_vec()
    } else {
        Area::MAIN.to_vec()
    }
}

fn wishes(texts: &[String]) -> Result<Vec<Vec<Area>>, Error> {
    let wishes: Option<Vec<_>> = texts.iter().map(|text| areas_of(text)).collect();
    let unknown = || Error::Usage {
        what: "--can asks for something that the table does not know".to_owned(),
        advice: format!(
            "Known are these words, and several of them as in 'builds and certificates':\n{}\nNothing else is in Apple's \
             table of roles: asc-auth capabilities shows what a key reaches.",
            Area::ALL.map(words).join("\n")
        ),
    };
    Ok(wishes.ok_or_else(unknown)?.into_iter().flatten().collect())
}

fn words(area: Area) -> String {
    line(area.title(), &area.words().join(", "))
}

fn shown(role: &Role, areas: &[Area]) -> ShownRole {
    ShownRole {
        role: role.code,
        name: role.name,
        reach: areas.iter().map(|area| (*area, role.reach(*area))).collect(),
        choose: role.choose,
        for_automation: role.for_automation,
    }
}

/// The areas, and in the last column when to choose the role, if that has a heading.
fn table(roles: &[&Role], areas: &[Area], last: &[&str]) -> Table {
    let titles = areas.iter().map(|area| area.title());
    let mut table = Table::new(["Role"].into_iter().chain(titles).chain(last.iter().copied()));
    for role in roles {
        let reaches = areas.iter().map(|area| reach(role.reach(*area)));
        let tone = if role.for_automation {
            Tone::Neutral
        } else {
            Tone::Doubtful
        };
        let choose = Cell::new(role.choose, tone);
        table.row([Cell::from(role.name)].into_iter().chain(reaches).chain([choose]));
    }
    table
}

fn reach(reach: Reach) -> Cell {
    let tone = match reach {
        Reach::Full => Tone::Good,
        Reach::Limited | Reach::ReadOnly => Tone::Doubtful,
        Reach::None => Tone::Neutral,
    };
    Cell::new(reach.describe(), tone)
}
