//! `asc-auth cleanup`: remove what setup left.

use serde::Serialize;

use crate::{
    cli::CleanupArgs,
    error::Error,
    handoff::{self, HandoffError, Place, Removal},
    report::Console,
    source::{AUTH_DIR, Environment},
};

#[derive(Serialize)]
struct Cleaned {
    removed: bool,
}

/// Removes one private directory, or all that this CI job has left if none is named. It may be gone already; and what
/// can't be removed is told, but fails no job.
pub(super) fn run(args: &CleanupArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let named = || environment.path(AUTH_DIR).filter(|_| !args.job);
    let directory = args.dir.clone().or_else(named);
    let place = Place::of(environment);
    let (what, removal) = match (&directory, place.job_dir()) {
        (Some(directory), _) => (directory.as_path(), handoff::remove(directory)),
        (None, Some(job_dir)) => (job_dir, place.remove_job_dir()),
        (None, None) => {
            console.note("App Store Connect: nothing to remove, no private directory is named (ASC_AUTH_DIR, --dir), and no CI job recognised");
            return tell(false, console);
        }
    };
    let removed = match removal {
        Ok(Removal::Removed) => {
            console.note(&format!("App Store Connect: removed {}", what.display()));
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
        Err(error @ HandoffError::JobDir { .. }) => {
            console.warn(&format!("{} may still be there: {error}", what.display()));
            false
        }
        Err(error) => {
            console.warn(&error.to_string());
            false
        }
    };
    tell(removed, console)
}

fn tell(removed: bool, console: Console) -> Result<(), Error> {
    if console.is_json() {
        console.json(&Cleaned { removed })?;
    }
    Ok(())
}
