//! Runs that were to make a key and did not come to their end: whoever looks at keys is told of them, so that none is left
//! behind unseen.

use std::path::Path;

use super::told;
use crate::{
    explanation::Explanation,
    handoff::{Journal, Progress},
    source::Environment,
    text::one_line,
};

/// The longest text of a record that is shown, in characters.
const LONGEST: usize = 100;

/// What each of them left undone. A run that is going on just now is among them.
pub(in crate::commands) fn all(environment: &Environment) -> Vec<Explanation> {
    let runs = Journal::unfinished(environment).into_iter();
    runs.map(|(path, progress)| match progress {
        Some(progress) => begun(&path, &progress),
        None => unreadable(&path),
    })
    .collect()
}

/// The same on one line, for a warning.
pub(super) fn on_one_line(run: &Explanation) -> String {
    let facts: Vec<String> = run
        .facts
        .iter()
        .map(|fact| format!("{}: {}", fact.label, fact.text))
        .collect();
    format!("{} ({}). {}", run.title, facts.join("; "), run.advice)
}

fn begun(path: &Path, progress: &Progress) -> Explanation {
    let line = |text: &str| one_line(text, LONGEST);
    let key = progress.key_id.as_deref().map_or("not known yet".to_owned(), line);
    let and_what = match progress.plan.old_key_id {
        None => ", with --login if it had that",
        Some(_) => ", with the same --profile, --publish and --revoke-old",
    };
    Explanation::new(format!(
        "a key was begun and not finished: {}",
        line(&progress.plan.name)
    ))
    .fact("key", key)
    .fact("record", path.display().to_string())
    .advice(format!(
        "Unless it is still running, run this again{and_what}: {}. It goes on from there, and makes no second key. To \
             forget it, remove the record.",
        told::command(&progress.plan)
    ))
}

fn unreadable(path: &Path) -> Explanation {
    Explanation::new("the record of an unfinished run can't be read")
        .fact("record", path.display().to_string())
        .advice(
            "Look at asc-auth key list for a key that nobody knows, revoke it, and remove the file: then nothing goes on \
             with it.",
        )
}
