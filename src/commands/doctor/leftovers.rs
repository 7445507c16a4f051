//! Private directories of earlier runs. One whose processes are gone holds a key that nobody uses.

use std::path::PathBuf;

use super::{
    finding::{Check, Finding, count},
    repair::Repair,
};
use crate::{
    explanation::Explanation,
    handoff::{Leftover, Owners, Place, leftovers},
    source::{AUTH_DIR, Environment},
};

pub(super) fn check(environment: &Environment) -> Check {
    let mut check = Check::new("directories");
    let own: Option<PathBuf> = environment
        .path(AUTH_DIR)
        .map(|path| path.canonicalize().unwrap_or(path));
    let temporary = Place::temporary(environment);
    let mut in_use = 0;
    for Leftover { path, owners } in leftovers(&temporary) {
        match owners {
            // Whoever set the variable means to use it.
            _ if own.as_ref() == Some(&path) => in_use += 1,
            Owners::Alive(_) => in_use += 1,
            Owners::Gone => check.found(orphaned(path)),
            Owners::Unknown(why) => check.found(unknown(&path, why)),
        }
    }
    let looked_at: Vec<String> = temporary.iter().map(|path| path.display().to_string()).collect();
    check.line(match in_use {
        0 => format!("none in use in {}", looked_at.join(", ")),
        number => format!("{} in use in {}", count(number, "is", "are"), looked_at.join(", ")),
    });
    check
}

fn orphaned(path: PathBuf) -> Finding {
    let explanation = Explanation::new("an earlier run left its private directory, with the key in it")
        .fact("directory", path.display().to_string())
        .advice("The processes that it was made for have ended, by SIGKILL perhaps, and nobody removes it any more.");
    Finding::problem("orphaned_directory", explanation).with(Repair::Remove { directory: path })
}

fn unknown(path: &std::path::Path, why: &'static str) -> Finding {
    let explanation = Explanation::new("a private directory may or may not be in use")
        .fact("directory", path.display().to_string())
        .fact("because", why)
        .advice(
            "It is left alone. If no job uses it any more, remove it with asc-auth cleanup --dir. A job removes its own at \
             its end with asc-auth cleanup --job.",
        );
    Finding::advice("unowned_directory", explanation)
}
