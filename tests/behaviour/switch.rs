//! `asc-auth switch`: which profile is the default from now on.

use serde_json::json;

use crate::support::{
    profiles::{Home, names, read, write},
    proof::assert_token_of,
};

#[test]
fn another_profile_becomes_the_default() {
    let home = Home::new().stored(&["First", "Second"]);
    home.run(&["switch", "--name", "Second"])
        .run()
        .code(0)
        .says("Second is the default profile")
        .says("default_key_name in ~/.asc/config.json")
        .says("before     First");
    assert_eq!(home.config()["default_key_name"], "Second");
    assert_eq!(names(&home.config()), ["First", "Second"]);
    assert_token_of("of the default", &home.run(&["token"]).run(), &home.key);
}

#[test]
fn the_result_can_be_read_as_json() {
    let home = Home::new().stored(&["First", "Second"]);
    let switch = || {
        home.run(&["switch", "--name", "Second", "--output", "json"])
            .run()
            .code(0)
            .json()
    };
    let mut told = json!({
        "name": "Second",
        "stored_in": "~/.asc/config.json",
        "before": "First",
        "changed": true,
        "config_file": "~/.asc/config.json",
        "is_default": true,
        "default": "Second",
        "warnings": [],
    });
    assert_eq!(switch(), told);
    told["before"] = json!("Second");
    told["changed"] = json!(false);
    assert_eq!(switch(), told);
}

#[test]
fn a_name_that_nobody_stored_changes_nothing_and_tells_those_that_there_are() {
    let home = Home::new().stored(&["First", "Second"]);
    let before = home.config();
    home.run(&["switch", "--name", "Third"])
        .run()
        .code(10)
        .says("no profile named \"Third\"")
        .says("from --name")
        .says("First, Second");
    assert_eq!(home.config(), before);
    home.run(&["switch"]).run().code(2).says("switch --name MyApp");
}

#[test]
fn each_config_file_names_a_default_of_its_own() {
    let home = Home::new().stored(&["Home", "Other"]);
    home.login("Here", &["--local"]).run().code(0);
    home.login("There", &["--local"]).run().code(0);
    home.run(&["switch", "--name", "There"])
        .run()
        .code(0)
        .says("default_key_name in ./.asc/config.json");
    home.run(&["switch", "--name", "Other"])
        .run()
        .code(0)
        .says("warning: in this directory There is the default all the same: default_key_name in ./.asc/config.json");
    assert_eq!(read(&home.local_path())["default_key_name"], "There");
    assert_eq!(home.config()["default_key_name"], "Other");
}

#[test]
fn what_belongs_to_other_features_survives() {
    let home = Home::new();
    let text = format!(
        r#"{{"app_id": 12345678901234567890.5e3, "keys": [{}, {{"name": "Two", "key_id": "3Y8S5RXWL7", "note": [1, {{}}]}}],
            "upload": {{"timeout": "5m", "nested": {{"deep": [null, true]}}}}}}"#,
        home.entry("One")
    );
    write(&home.config_path(), &text);
    home.run(&["switch", "--name", "Two"]).run().code(0);
    let after = std::fs::read_to_string(home.config_path()).expect("text");
    for part in [
        "12345678901234567890.5e3",
        r#""note": [1, {}]"#,
        r#"{"timeout": "5m", "nested": {"deep": [null, true]}}"#,
    ] {
        assert!(after.contains(part), "no {part} in:\n{after}");
    }
    assert_eq!(home.config()["default_key_name"], "Two");
    assert_eq!(home.config()["key_id"], "3Y8S5RXWL7");
}

#[cfg(target_os = "linux")]
#[test]
fn a_profile_of_the_keychain_becomes_the_default_in_the_home_directory() {
    use crate::support::keyring::Keyring;

    let (home, keyring) = (Home::new().stored(&["File"]), Keyring::unlocked());
    home.in_session(&keyring, home.login("Chain", &[])).run().code(0);
    assert_eq!(home.config()["default_key_name"], "File");
    let switch = |name| home.in_session(&keyring, home.run(&["switch", "--name", name]));
    switch("Chain").run().code(0).says("stored in  keychain");
    assert_eq!(home.config()["default_key_name"], "Chain");
    assert_eq!(home.config().get("key_id"), None, "no copy of another profile");
    switch("Chain")
        .env("ASC_BYPASS_KEYCHAIN", "1")
        .run()
        .code(10)
        .says("File");
}

#[test]
fn a_name_poses_as_no_command_of_a_log() {
    let home = Home::new();
    let name = "a##[error]b";
    for run in [
        home.login(name, &["--bypass-keychain"]),
        home.run(&["switch", "--name", name]),
    ] {
        run.run().code(0).says("## [error]b").does_not_say("##[error]");
    }
}
