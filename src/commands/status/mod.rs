//! `asc-auth status`: show the stored profiles, and which credential is used here.
//!
//! What is used, the resolver says; nothing of its answer is found out a second time here. One profile that is broken
//! hides no other, and a place that can't be read is told.

mod alike;
mod check;
mod in_use;
mod json;
mod show;
mod verdict;

use self::{
    check::{Check, Order},
    in_use::{InUse, Whence},
};
use super::options;
use crate::{
    cli::StatusArgs,
    credential::{KeyId, tidy},
    error::Error,
    report::Console,
    source::{
        Environment, KeychainError, SourceError, Sources,
        profiles::{Inventory, Item},
    },
};

/// What was found out.
struct Status {
    in_use: Result<InUse, Error>,
    inventory: Inventory,
    /// What is used here, if it is no stored profile; then every item of the inventory.
    rows: Vec<Row>,
}

/// A credential: one of those that are stored, or the one that is given.
struct Row {
    /// Index in the inventory. `None` for what is given.
    item: Option<usize>,
    is_default: bool,
    is_in_use: bool,
    check: Check,
}

/// Looks at what is used and at what is stored; with `--validate`, proves all of it at once. Ends with the code of the
/// worst failure.
pub(super) fn run(args: &StatusArgs, environment: &Environment, console: Console) -> Result<u8, Error> {
    let flags = args.flags();
    let sources = Sources::new(&flags, false, environment)?.with_auth_dir();
    let profiles = options::profiles(&flags, environment)?;
    let sources = sources.with_profiles(&profiles);
    // What can't be read is refused, whether or not anything is asked of it.
    let order = Order::of(args, &sources)?;
    let in_use = match InUse::find(&sources, console) {
        // What can't be read as a setting, nothing can be told under.
        Err(error) if error.exit_code() == 2 => return Err(error),
        found => found,
    };
    let mut status = Status::of(in_use, profiles.inventory());
    if args.validate {
        check::all(&mut status, order, &sources, console)?;
    }
    if console.is_json() {
        console.json(&json::of(&status))?;
    } else {
        show::status(&status, args.validate, console)?;
    }
    Ok(status.exit_code(args.validate))
}

impl Status {
    fn of(in_use: Result<InUse, Error>, inventory: Inventory) -> Self {
        let whence = in_use.as_ref().ok().map(|in_use| &in_use.whence);
        let is_used = |item: &Item| {
            matches!(whence, Some(Whence::Profile { name, stored_in, .. })
                if *name == item.name && *stored_in == item.stored_in)
        };
        let default = inventory.default.as_ref();
        let default = default.and_then(|default| inventory.first_named(&default.name));
        let given = match whence {
            Some(whence) if !matches!(whence, Whence::Profile { .. }) => Some(Row::given()),
            _ => None,
        };
        let stored = inventory.items.iter().enumerate().map(|(index, item)| Row {
            item: Some(index),
            is_default: default == Some(index),
            is_in_use: is_used(item),
            check: Check::NotMade,
        });
        Self {
            rows: given.into_iter().chain(stored).collect(),
            in_use,
            inventory,
        }
    }

    fn item(&self, row: &Row) -> Option<&Item> {
        self.inventory.items.get(row.item?)
    }

    /// Why nothing can be used here, and where that is a failure: not where only a choice is missing.
    fn unusable(&self) -> Option<&Error> {
        let error = self.in_use.as_ref().err()?;
        (!matches!(error, Error::Source(SourceError::NoDefaultAmong { .. }))).then_some(error)
    }

    /// Of the failures that there are, the worst one's: what is definite comes before what may pass.
    fn exit_code(&self, validated: bool) -> u8 {
        let places = self.inventory.places.iter().filter_map(|place| place.outcome.failure());
        let items = self.inventory.items.iter().filter_map(|item| item.read.as_ref().err());
        let checks = self.rows.iter().filter_map(|row| row.check.failure());
        let codes = places.map(SourceError::exit_code);
        let codes = codes.chain(items.map(KeychainError::exit_code));
        let codes = codes.chain(checks.map(Error::exit_code));
        let unusable = self.unusable().filter(|_| validated).map(Error::exit_code);
        // What is not among them is a defect, and worse than all.
        let rank = |code: &u8| WORST_FIRST.iter().position(|other| other == code);
        codes.chain(unusable).min_by_key(rank).unwrap_or(0)
    }
}

const WORST_FIRST: [u8; 7] = [12, 13, 14, 11, 10, 30, 20];

impl Row {
    fn given() -> Self {
        Self {
            item: None,
            is_default: false,
            is_in_use: true,
            check: Check::NotMade,
        }
    }
}

/// The key ID, if it is one: in its place may stand something that must not be told.
fn key_id(text: &str) -> Option<KeyId> {
    KeyId::parse(tidy(text)).ok()
}
