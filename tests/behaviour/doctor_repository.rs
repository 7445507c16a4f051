//! What `doctor` says of key files and config files that lie in a git repository.

use std::{fs, process::Command};

use simulator::TestKey;

use crate::{
    doctor::{assert_finds, assert_says, close, doctor, healthy},
    support::{
        KEY_ID, Run,
        machine::{Machine, entry, keys},
        proof::assert_key_kept,
    },
};

const KEY_FILE: &str = "AuthKey_2X9R4QWVK6.p8";

fn git(machine: &Machine, arguments: &[&str]) {
    let mut git = Command::new("git");
    let done = git.args(arguments).current_dir(machine.path("work")).output();
    assert!(done.expect("git is there").status.success(), "{arguments:?}");
}

/// A machine that works in a repository.
fn in_repository(key: &TestKey) -> Machine {
    let machine = healthy(key);
    git(&machine, &["init", "--quiet"]);
    machine
}

fn run(machine: &Machine, arguments: &[&str]) -> Run {
    doctor(machine, arguments).env("PATH", std::env::var_os("PATH").expect("a path"))
}

/// The key in the repository.
fn place_key(machine: &Machine, key: &TestKey) -> String {
    let file = machine.path("work").join(KEY_FILE);
    fs::write(&file, key.pem()).expect("a file");
    close(&file, 0o600);
    file.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_config_file_that_git_tracks_or_would_is_told() {
    let machine = in_repository(&TestKey::generate());
    let file = machine.write_config("work", &keys(&[]));
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    assert_finds(
        "untracked",
        run(&machine, &["--output=json"]),
        &[("config_unignored", false)],
    );
    assert_says(
        "untracked",
        run(&machine, &[]),
        &[
            "1. advice: git does not ignore ./.asc/config.json\n",
            "Add the line .asc/ to .gitignore.\n",
        ],
    );
    git(&machine, &["add", ".asc/config.json"]);
    assert_finds(
        "tracked",
        run(&machine, &["--output=json"]),
        &[("config_tracked", true)],
    );
    git(&machine, &["rm", "--quiet", "--cached", ".asc/config.json"]);
    fs::write(machine.path("work").join(".gitignore"), ".asc/\n").expect("a file");
    assert_finds("ignored", run(&machine, &["--output=json"]), &[]);
}

#[test]
fn a_key_file_that_git_tracks_is_told_before_all_else() {
    let key = TestKey::generate();
    let machine = in_repository(&key);
    let path = place_key(&machine, &key);
    close(
        &machine.write_config("home", &keys(&[entry("MyApp", KEY_ID, &path)])),
        0o644,
    );
    let expected = |id, is_problem| [(id, is_problem), ("config_mode", true)];
    assert_finds(
        "untracked",
        run(&machine, &["--output=json"]),
        &expected("key_file_unignored", false),
    );
    git(&machine, &["add", "-A"]);
    assert_finds(
        "tracked",
        run(&machine, &["--output=json"]),
        &expected("key_file_tracked", true),
    );
    let ran = assert_says(
        "tracked",
        run(&machine, &[]),
        &[
            &format!("\n1. git tracks the private key {path}\n"),
            "from profile MyApp (~/.asc/config.json)\n",
            "Revoke it under Users and Access",
        ],
    );
    assert_key_kept("tracked", &ran, &key);

    git(&machine, &["rm", "--quiet", "--cached", KEY_FILE]);
    fs::write(machine.path("work").join(".gitignore"), "*.p8\n").expect("a file");
    assert_finds("ignored", run(&machine, &["--output=json"]), &[("config_mode", true)]);
}

#[test]
fn the_key_file_that_the_environment_names_is_looked_at_as_well() {
    let key = TestKey::generate();
    let machine = in_repository(&key);
    place_key(&machine, &key);
    git(&machine, &["add", "-A"]);
    let run = run(&machine, &["--output=json"])
        .team_key(&key)
        .unset("ASC_PRIVATE_KEY");
    assert_finds(
        "relative",
        run.env("ASC_PRIVATE_KEY_PATH", KEY_FILE),
        &[("key_file_tracked", true)],
    );
}
