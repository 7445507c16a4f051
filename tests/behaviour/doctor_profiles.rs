//! What `doctor` says of stored profiles and of the config files that they are in.

use std::fs;

use serde_json::{Value, json};
use simulator::TestKey;

use crate::{
    doctor::{Expected, assert_finds, assert_says, close, doctor, healthy},
    support::{
        KEY_ID,
        forms::wrong_keys,
        machine::{Machine, config, entry, keys},
        proof::assert_key_kept,
    },
};

#[test]
fn every_profile_is_judged_by_itself_and_none_hides_another() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let wrong = machine.key_file("AuthKey_ABCDE12345.p8", &key);
    let curve = machine.path("keys").join("p384.p8");
    let wrong_keys = wrong_keys();
    let (_, _, p384) = wrong_keys
        .iter()
        .find(|(_, row, _)| *row == "P-384 in PKCS#8")
        .expect("a row");
    fs::write(&curve, p384).expect("a file");
    let good = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let good = good.to_str().expect("UTF-8");
    let entries = [
        entry("MyApp", KEY_ID, good),
        entry("Moved", KEY_ID, "/nowhere/AuthKey.p8"),
        entry("Renamed", KEY_ID, &wrong),
        entry("Curve", KEY_ID, curve.to_str().expect("UTF-8")),
        entry("Keyless", KEY_ID, ""),
        entry("Bad ID", "lower", good),
        entry("Directory", KEY_ID, machine.path("keys").to_str().expect("UTF-8")),
    ];
    let file = machine.write_config("home", &config("MyApp", &entries));
    close(&file, 0o600);
    for path in [wrong.as_ref(), curve.as_path()] {
        close(path, 0o600);
    }
    let ran = doctor(&machine, &[]).env("ASC_STRICT_AUTH", "1").run().code(10);
    for title in [
        "profile Moved: the private key file can't be read: it does not exist\n",
        "profile Renamed: the key file's name contradicts what was given\n",
        "profile Curve: the private key can't be used: it is a key on P-384, not on P-256\n",
        "profile Keyless: no private key was given\n",
        "profile Bad ID: the key ID can't be right: ",
        "profile Directory: the private key file can't be read: it is a directory\n",
        "profiles      MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n",
        " Moved: can't be used, in ~/.asc/config.json\n",
        "\nFound 6 problems.\n",
    ] {
        assert!(ran.stdout.contains(title), "no {title:?} in:\n{}", ran.text());
    }
    assert_key_kept("profiles", &ran, &key);
}

#[test]
fn a_default_profile_that_can_not_be_used_is_told_once() {
    let machine = Machine::new();
    let file = machine.write_config(
        "home",
        &config("MyApp", &[entry("MyApp", KEY_ID, "/nowhere/AuthKey.p8")]),
    );
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    assert_finds(
        "moved",
        doctor(&machine, &["--output=json"]),
        &[("profile_unusable", true)],
    );
}

#[test]
fn names_that_are_repeated_improper_or_of_no_default_are_told() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let path = path.to_str().expect("UTF-8");
    let mut individual = entry("MyApp", KEY_ID, path);
    individual["key_type"] = json!("individual");
    let one = || entry("MyApp", KEY_ID, path);
    let rows: [(&str, Value, Expected); 6] = [
        ("twice alike", config("MyApp", &[one(), one()]), &[]),
        (
            "twice",
            config("MyApp", &[one(), individual]),
            &[("profile_repeated", true)],
        ),
        (
            "long",
            keys(&[entry(&"x".repeat(300), KEY_ID, path)]),
            &[("profile_name", true)],
        ),
        (
            "control",
            keys(&[entry("a\u{7}b", KEY_ID, path)]),
            &[("profile_name", true)],
        ),
        (
            "no default",
            keys(&[one(), entry("Other", KEY_ID, path)]),
            &[("no_default", true)],
        ),
        ("gone", config("Old", &[one()]), &[("default_missing", true)]),
    ];
    for (row, text, expected) in rows {
        let file = machine.write_config("home", &text);
        close(&file, 0o600);
        assert_finds(row, doctor(&machine, &["--output=json"]), expected);
        doctor(&machine, &[]).run().does_not_say(&"x".repeat(60));
    }
}

#[test]
fn one_name_for_different_profiles_in_two_places_is_told() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let mut other = entry("MyApp", KEY_ID, path.to_str().expect("UTF-8"));
    other["issuer_id"] = json!("69a6de70-03db-47e3-e053-5b8c7c11a4d1");
    let file = machine.write_config("work", &keys(&[other]));
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    for strict in ["0", "1"] {
        let run = doctor(&machine, &["--output=json"]).env("ASC_STRICT_AUTH", strict);
        assert_finds(strict, run, &[("profile_repeated", true)]);
    }
    assert_says(
        "two places",
        doctor(&machine, &[]),
        &[
            "different profiles are stored under the name MyApp\n",
            "./.asc/config.json  is used\n",
            "~/.asc/config.json  stores another one\n",
        ],
    );
}

#[test]
fn a_config_file_that_can_not_be_read_is_told_and_hides_no_other() {
    let key = TestKey::generate();
    for (row, text) in [
        ("empty", String::new()),
        ("truncated", r#"{"keys": [{"name":"#.to_owned()),
        ("no JSON", key.pem()),
        ("a list", "[]".to_owned()),
        ("another shape", r#"{"keys": {"a": 1}}"#.to_owned()),
    ] {
        let machine = healthy(&key);
        let file = machine.write_config_text("work", text);
        close(&file, 0o600);
        close(file.parent().expect("a folder"), 0o700);
        assert_finds(row, doctor(&machine, &["--output=json"]), &[("config_unusable", true)]);
        let ran = assert_says(
            row,
            doctor(&machine, &[]),
            &[
                "1. ./.asc/config.json can't be used: ",
                "MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n",
                "config files  ./.asc/config.json: can't be used\n",
                "~/.asc/config.json: in order\n",
            ],
        );
        assert_key_kept(row, &ran, &key);
    }
}

#[test]
fn where_no_profile_could_be_read_it_does_not_say_that_there_is_none() {
    let machine = Machine::new();
    machine.write_config_text("home", "{");
    let ran = assert_says("broken", doctor(&machine, &[]), &["profiles      none could be read\n"]);
    ran.does_not_say("none is stored");
}

#[test]
fn a_profile_that_has_its_key_id_from_the_file_s_name_is_told() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let mut profile = entry("MyApp", "", path.to_str().expect("UTF-8"));
    profile["keyid"] = json!(KEY_ID);
    close(&machine.write_config("home", &keys(&[profile])), 0o600);
    assert_finds(
        "misspelt",
        doctor(&machine, &["--output=json"]),
        &[("profile_key_id", false)],
    );
    assert_says(
        "misspelt",
        doctor(&machine, &[]),
        &[
            "1. advice: profile MyApp has no key ID of its own\n",
            "2X9R4QWVK6, from the file's name, AuthKey_2X9R4QWVK6.p8\n",
        ],
    );
}
