//! `asc-auth key create`, and what there is of the new key: in the team, on the disk, and nowhere else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use simulator::{Fault, TeamKey, TestKey, WebStep};

use super::{KEY_ID, Ran, Run, child::entries, job::mode, runner::without_masks, secrets::Secrets, web::Person};

/// What the key is called.
pub const NAME: &str = "CI pipeline";

/// `asc-auth key create` of a Developer's key called [`NAME`].
pub fn create(person: &Person, flags: &[&str]) -> Run {
    let words = ["key", "create", "--name", NAME, "--role", "developer"];
    person.run(&[&words[..], flags].concat())
}

/// The end of `run`, whose output has no cookie in it and no key of the person's files.
#[track_caller]
pub fn done(person: &Person, run: Run) -> Ran {
    let ran = person.done(run);
    assert_no_key_told(person, &ran.text());
    ran
}

/// That a text has no key in it that lies in a file of the person's.
#[track_caller]
pub fn assert_no_key_told(person: &Person, text: &str) {
    let shown = without_masks(text);
    for file in key_files(&person.home.path())
        .into_iter()
        .chain(key_files(&person.home.work()))
    {
        let key = fs::read_to_string(&file).expect("a file");
        let key = TestKey::read(&key).unwrap_or_else(|| panic!("no key in {}", file.display()));
        let found = Secrets::of_key(&key).found_in(&shown);
        assert!(found.is_empty(), "{found:?} of {} in:\n{shown}", file.display());
    }
}

/// Every `.p8` at `path` and below.
fn key_files(path: &Path) -> Vec<PathBuf> {
    match path.is_dir() {
        true => entries(path).iter().flat_map(|path| key_files(path)).collect(),
        false if path.extension().is_some_and(|extension| extension == "p8") => vec![path.to_owned()],
        false => Vec::new(),
    }
}

/// The active keys called [`NAME`].
pub fn active(person: &Person) -> Vec<TeamKey> {
    let mut keys = person.apple.team_keys();
    keys.retain(|key| key.active && key.nickname == NAME);
    keys
}

/// The active key called [`NAME`], which is the only one.
#[track_caller]
pub fn the_key(person: &Person) -> TeamKey {
    let [key] = active(person).try_into().expect("one key");
    key
}

/// `~/.blitz`, where keys are saved.
pub fn blitz(person: &Person) -> PathBuf {
    person.home.path().join(".blitz")
}

pub fn file_in(folder: &Path, key: &TeamKey) -> PathBuf {
    folder.join(format!("AuthKey_{}.p8", key.id))
}

/// That the one active key has its private half in `folder`, for its owner alone.
#[track_caller]
pub fn assert_saved_in(folder: &Path, person: &Person) -> TeamKey {
    let key = the_key(person);
    let file = file_in(folder, &key);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(key.is_private_half(&text), "another key is in {}", file.display());
    assert_eq!(mode(&file), 0o600);
    key
}

/// That nothing is left of the runs: no journal, no draft, no probe.
#[track_caller]
pub fn assert_nothing_left(folder: &Path, person: &Person) {
    assert_eq!(left(person), ["key.lock"]);
    let probes = entries(folder);
    let names = probes
        .iter()
        .map(|path| path.file_name().expect("a name").to_string_lossy());
    let hidden: Vec<_> = names.filter(|name| name.starts_with('.')).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

/// The names of what lies in `~/.blitz/asc-auth`.
pub fn left(person: &Person) -> Vec<String> {
    let folder = blitz(person).join("asc-auth");
    if !folder.exists() {
        return Vec::new();
    }
    let paths = entries(&folder);
    let names = paths.iter().map(|path| path.file_name().expect("a name"));
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// How often a step was asked for, so that it may have had an effect.
pub fn times(person: &Person, step: WebStep) -> usize {
    let requests = person.apple.web_requests();
    requests.iter().filter(|seen| **seen == step).count()
}

/// What the team's other key is called.
pub const OTHER: &str = "Nightly";

/// Someone whose team has a key that has nothing to do with it.
pub fn someone() -> Person {
    let person = Person::new();
    person.register(KEY_ID, OTHER);
    person
}

pub fn run(person: &Person) -> Ran {
    done(person, create(person, &[]))
}

pub fn answer(status: u16, body: &Value) -> Fault {
    raw(status, "application/json", &body.to_string())
}

pub fn raw(status: u16, content_type: &str, body: &str) -> Fault {
    Fault::Raw {
        status,
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
    }
}

/// That one key is there and saved, that nothing else is left, and that the other key is as it was.
#[track_caller]
pub fn assert_one_key(row: &str, person: &Person) -> TeamKey {
    assert_eq!(active(person).len(), 1, "{row}");
    let key = assert_saved_in(&blitz(person), person);
    assert_nothing_left(&blitz(person), person);
    assert_other_kept(row, person);
    key
}

#[track_caller]
pub fn assert_other_kept(row: &str, person: &Person) {
    let keys = person.apple.team_keys();
    let other = keys
        .iter()
        .find(|key| key.nickname == OTHER)
        .expect("it was registered");
    assert!(other.active, "{row}");
}

/// How many keys called [`NAME`] were ever made.
pub fn ever_made(person: &Person) -> usize {
    let keys = person.apple.team_keys();
    keys.iter().filter(|key| key.nickname == NAME).count()
}
