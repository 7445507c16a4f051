//! What a shell is given to read: the env file, and a word of a command that a person pastes.
//!
//! A shell gets back exactly what was quoted, and nothing else in it is a command.
#![no_main]

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use asc_auth::{
    handoff::{For, Place, PrivateDir, Variable, write_env_file},
    source::Environment,
    text::quoted,
};
use asc_auth_fuzz::posix::{OLD_PATH, commands};
use libfuzzer_sys::{arbitrary::Arbitrary, fuzz_target};
use tempfile::TempDir;

const NAMES: [&str; 3] = ["ASC_TOKEN", "ASC_KEY_ID", "FASTLANE_KEY"];
const UNSET: [&str; 1] = ["ASC_PRIVATE_KEY"];

static TEMP: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder"));
static DIRECTORY: LazyLock<PrivateDir> = LazyLock::new(|| {
    let temp = TEMP.path().to_str().expect("Unicode").to_owned();
    let environment = Environment::Fixed(BTreeMap::from([("TMPDIR".to_owned(), temp)]));
    PrivateDir::create(&Place::of(&environment), For::ThisProcess, |_| Ok(())).expect("a directory")
});
/// What stands around the commands, so that a shell that traces shows none of them.
static AROUND: LazyLock<(String, String)> = LazyLock::new(|| {
    let empty = written(&[], &[], None).expect("a file");
    let (pause, resume) = empty.split_once('\n').expect("two lines");
    (format!("{pause}\n"), resume.to_owned())
});

#[derive(Debug, Arbitrary)]
struct Input {
    values: [String; 3],
    path_entry: Option<String>,
    word: String,
}

fuzz_target!(|input: Input| {
    env_file(&input);
    if !input.word.contains('\0') {
        let expected = [["asc-auth".to_owned(), input.word.clone()]];
        let read = commands(&format!("asc-auth {}", quoted(&input.word))).expect("words");
        assert_eq!(read, expected);
    }
});

fn env_file(input: &Input) {
    let variables: Vec<Variable> = NAMES
        .iter()
        .zip(&input.values)
        .map(|(name, value)| Variable::plain(name, value.clone()))
        .collect();
    let entry = input.path_entry.as_deref().filter(|entry| !entry.contains('\0'));
    let Some(script) = written(&variables, &UNSET, entry.map(Path::new)) else {
        assert!(
            input.values.iter().any(|value| value.contains('\0')),
            "refused for no reason"
        );
        return;
    };
    let mut expected = vec![vec!["unset".to_owned(), UNSET[0].to_owned()]];
    for (name, value) in NAMES.iter().zip(&input.values) {
        expected.push(vec![format!("{name}={value}")]);
        expected.push(vec!["export".to_owned(), (*name).to_owned()]);
    }
    // A colon would make two entries of one.
    if let Some(entry) = entry.filter(|entry| !entry.contains(':')) {
        expected.push(vec![format!("PATH={entry}{OLD_PATH}")]);
        expected.push(vec!["export".to_owned(), "PATH".to_owned()]);
    }
    let (pause, resume) = &*AROUND;
    let script = script.strip_prefix(pause).expect("the pause comes first");
    let script = script.strip_suffix(resume).expect("the rest comes last");
    assert_eq!(commands(script).expect("words"), expected);
}

/// The env file's text. `None` if a value was refused.
fn written(variables: &[Variable], unset: &[&str], path_entry: Option<&Path>) -> Option<String> {
    let file = write_env_file(&DIRECTORY, variables, unset, path_entry).ok()?;
    let script = fs::read_to_string(&file).expect("a read");
    fs::remove_file(file).expect("a removal");
    Some(script)
}
