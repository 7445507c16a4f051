//! `asc-auth key list`: show the team's keys, and point at those to revoke.
//!
//! Nothing is revoked here, and no key that a stored profile uses is pointed at without its profile.

mod forgotten;
mod show;

use self::forgotten::{Criteria, Reason};
use super::{options, sign_in, unfinished, users::Users};
use crate::{
    cli::KeyListArgs,
    clock::Clock,
    connect::{Roster, TeamKey},
    error::Error,
    report::Console,
    source::Environment,
};

/// What is to be shown.
struct Listing {
    rows: Vec<Row>,
    /// How many active keys the team has, shown or not.
    active: usize,
    /// Whether only the keys are shown that were asked to be pointed at.
    is_selection: bool,
    warnings: Vec<String>,
}

struct Row {
    key: TeamKey,
    /// The names of the stored profiles that use it.
    profiles: Vec<String>,
    /// Why it looks forgotten. Empty if it does not.
    reasons: Vec<Reason>,
}

pub(super) fn run(args: &KeyListArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let criteria = Criteria::of(args)?;
    let profiles = options::profiles(&args.keychain.settings(), environment)?;
    let roster = sign_in(&args.web, environment, console)?.list()?;
    let mut listing = Listing::of(roster, &criteria, &Users::of(&profiles));
    let unfinished = unfinished::all(environment);
    listing.warnings.extend(unfinished.iter().map(unfinished::on_one_line));
    for warning in &listing.warnings {
        console.warn(warning);
    }
    if console.is_json() {
        console.json(&show::json(&listing))
    } else {
        show::text(&listing, console)
    }
}

impl Listing {
    fn of(roster: Roster, criteria: &Criteria, users: &Users) -> Self {
        let now = Clock::default().now();
        let active = roster.active().count();
        let rows = roster.keys.into_iter().map(|key| Row {
            profiles: users.names(&key.id),
            reasons: criteria.reasons(&key, now),
            key,
        });
        let is_selection = criteria.select();
        Self {
            rows: rows.filter(|row| !is_selection || !row.reasons.is_empty()).collect(),
            active,
            is_selection,
            warnings: users.unread(),
        }
    }
}
