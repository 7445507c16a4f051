//! The list for people, a table and what to do about it, and for scripts. Whatever Apple tells came from outside: it
//! stays in its cell.

use serde::Serialize;

use super::{Listing, Reason, Row};
use crate::{
    commands::key::told,
    connect::{LastUsed, Roster},
    credential::KeyId,
    error::Error,
    report::{Cell, Console, Table, Tone},
};

/// What can't be known of a key that was never used.
const NEVER_USED: &str = "Apple does not tell when a key was made: one that was never used may be new.";

/// The list for scripts. Its keys are stable.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    keys: Vec<ToldKey<'a>>,
    /// How many active keys the team has, listed or not.
    active: usize,
    /// How many it may have.
    limit: usize,
    /// What can't be known.
    notes: Vec<&'static str>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct ToldKey<'a> {
    key_id: &'a str,
    name: &'a str,
    /// Apple's names.
    roles: &'a [String],
    active: bool,
    /// RFC 3339; null for a key that was never used, and where that is unclear.
    last_used: LastUsed,
    /// Whether nobody has the private half yet. Null if Apple does not say.
    can_download: Option<bool>,
    /// Stored profiles that use it.
    profiles: &'a [String],
    /// `never_used`, `unused`, `never_downloaded`.
    stale_because: Vec<&'static str>,
}

pub(super) fn json(listing: &Listing) -> Told<'_> {
    Told {
        keys: listing.rows.iter().map(told_key).collect(),
        active: listing.active,
        limit: Roster::LIMIT,
        notes: listing.doubts(),
        warnings: &listing.warnings,
    }
}

fn told_key(row: &Row) -> ToldKey<'_> {
    let key = &row.key;
    ToldKey {
        key_id: &key.id,
        name: &key.name,
        roles: &key.roles,
        active: key.is_active,
        last_used: key.last_used,
        can_download: key.can_download,
        profiles: &row.profiles,
        stale_because: row.reasons.iter().map(|reason| reason.code()).collect(),
    }
}

pub(super) fn text(listing: &Listing, console: Console) -> Result<(), Error> {
    let count = format!("{} of {} active keys", listing.active, Roster::LIMIT);
    match (listing.rows.is_empty(), listing.is_selection) {
        (true, true) => console.lines(&["No active key looks forgotten.".to_owned(), count]),
        (true, false) => console.lines(&["The team has no key.".to_owned(), count]),
        (false, false) => {
            console.table(&all(&listing.rows))?;
            console.lines(&[String::new(), count])
        }
        (false, true) => {
            console.table(&selection(&listing.rows))?;
            let pointed = match listing.rows.len() {
                1 => "1 of them looks forgotten".to_owned(),
                several => format!("{several} of them look forgotten"),
            };
            let mut lines = vec![
                String::new(),
                format!("{count}; {pointed}."),
                "Revoke those that nobody needs:".to_owned(),
            ];
            lines.extend(listing.rows.iter().map(command));
            lines.extend(listing.doubts().into_iter().map(str::to_owned));
            console.lines(&lines)
        }
    }
}

impl Listing {
    fn doubts(&self) -> Vec<&'static str> {
        let mut reasons = self.rows.iter().flat_map(|row| &row.reasons);
        let is_in_doubt = reasons.any(|reason| *reason == Reason::NeverUsed);
        is_in_doubt.then_some(NEVER_USED).into_iter().collect()
    }
}

fn all(rows: &[Row]) -> Table {
    let mut table = Table::new(["Name", "Key ID", "Roles", "Active", "Last used", "Download", "Profiles"]);
    for row in rows {
        let active = if row.key.is_active {
            Cell::new("yes", Tone::Good)
        } else {
            Cell::from("revoked")
        };
        let [name, id, roles, last_used, download, profiles] = cells(row);
        table.row([name, id, roles, active, last_used, download, profiles]);
    }
    table
}

/// All of them are active, and whether nobody has the private half is a reason.
fn selection(rows: &[Row]) -> Table {
    let mut table = Table::new(["Name", "Key ID", "Roles", "Last used", "Profiles", "Why"]);
    for row in rows {
        let why: Vec<String> = row.reasons.iter().map(|reason| reason.describe()).collect();
        let why = Cell::new(why.join(", "), Tone::Doubtful);
        let [name, id, roles, last_used, _, profiles] = cells(row);
        table.row([name, id, roles, last_used, profiles, why]);
    }
    table
}

/// Name, key ID, roles, last used, download, profiles.
fn cells(row: &Row) -> [Cell; 6] {
    let key = &row.key;
    let download = match key.can_download {
        Some(true) => Cell::new("yes", Tone::Doubtful),
        Some(false) => Cell::from("no"),
        None => Cell::from("unclear"),
    };
    [
        Cell::from(&key.name),
        Cell::from(&key.id),
        Cell::from(told::roles(key)),
        Cell::from(told::last_used(key)),
        download,
        Cell::from(row.profiles.join(", ")),
    ]
}

/// The command that revokes it, and who would miss it. What is no key ID belongs into no command.
fn command(row: &Row) -> String {
    let key = &row.key;
    let command = match KeyId::parse(&key.id) {
        Ok(id) => format!("  asc-auth key revoke {id} --confirm"),
        Err(_) => format!("  {} by hand, under Users and Access → Integrations", key.id),
    };
    match row.profiles.as_slice() {
        [] => command,
        [one] => format!("{command}   # the profile {one} uses it"),
        several => format!("{command}   # the profiles {} use it", several.join(", ")),
    }
}
