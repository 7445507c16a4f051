//! `asc-auth cleanup`: remove what setup left.

use serde::Serialize;

use crate::{
    cli::CleanupArgs,
    error::Error,
    handoff::{self, HandoffError, Removal},
    report::Console,
    source::Environment,
};

#[derive(Serialize)]
struct Cleaned {
    removed: bool,
}

/// Removes one private directory. It may be gone already; and what can't be removed is told, but fails no job.
pub(super) fn run(args: &CleanupArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let directory = args.dir.clone().or_else(|| environment.path("ASC_AUTH_DIR"));
    let removed = match directory {
        None => {
            console.note("App Store Connect: nothing to remove, no private directory is named");
            false
        }
        Some(directory) => match handoff::remove(&directory) {
            Ok(Removal::Removed) => {
                console.note(&format!("App Store Connect: removed {}", directory.display()));
                true
            }
            Ok(Removal::NothingThere) => {
                console.note("App Store Connect: nothing to remove, the private directory is gone");
                false
            }
            // Whoever names a directory wants to know; a variable may have been anything by now.
            Err(error @ HandoffError::NotPrivateDir { .. }) if args.dir.is_some() => return Err(error.into()),
            Err(error @ HandoffError::NotPrivateDir { .. }) => {
                console.warn(&format!("ASC_AUTH_DIR names nothing that setup made: {error}"));
                false
            }
            Err(error) => {
                console.warn(&format!(
                    "the private directory {} is still there: {error}",
                    directory.display()
                ));
                false
            }
        },
    };
    if console.is_json() {
        console.json(&Cleaned { removed })?;
    }
    Ok(())
}
