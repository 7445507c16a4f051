//! `asc-auth roles`: show what each role of a key can do, the least privilege first.

use super::validate::line;
use crate::{
    cli::RolesArgs,
    error::Error,
    report::{Cell, Console, Table, Tone},
    roles::{Area, Chart, Reach, Row, areas_of},
};

/// Shows the table, or the part of it that `--can` asks for.
pub(super) fn run(args: &RolesArgs, console: Console) -> Result<(), Error> {
    let wishes = wishes(&args.can)?;
    let chart = Chart::of(&wishes);
    if console.is_json() {
        return console.json(&chart);
    }
    if wishes.is_empty() {
        console.table(&table(&chart.roles, &Area::MAIN, &[]))?;
        console.lines(&[String::new()])?;
        console.table(&table(&chart.roles, &[], &["Choose it"]))?;
    } else {
        console.table(&table(&chart.roles, &chart.areas, &["Choose it"]))?;
    }
    for note in chart.notes {
        console.note(note);
    }
    Ok(())
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

/// The areas, and in the last column when to choose the role, if that has a heading.
fn table(roles: &[Row], areas: &[Area], last: &[&str]) -> Table {
    let titles = areas.iter().map(|area| area.title());
    let mut table = Table::new(["Role"].into_iter().chain(titles).chain(last.iter().copied()));
    for role in roles {
        let reaches = areas
            .iter()
            .map(|area| reach(role.reach.get(area).copied().unwrap_or(Reach::None)));
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
