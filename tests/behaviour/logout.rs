//! `asc-auth logout`: what is removed, what stays, and what is used from then on.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    profiles::{Home, names, read, write},
    secrets::Secrets,
};

const CONFIRMED: &[&str] = &["logout", "--all", "--confirm"];

#[test]
fn one_profile_is_removed_and_its_key_file_stays() {
    let home = Home::new().stored(&["First", "Second"]);
    home.run(&["logout", "--name", "Second"])
        .run()
        .code(0)
        .says("removed    Second, in ~/.asc/config.json")
        .says(&format!(
            "kept       {}, the key file: First needs it",
            home.key_file().display()
        ))
        .says("default    First, in ~/.asc/config.json");
    assert_eq!(names(&home.config()), ["First"]);
    assert_eq!(home.config()["default_key_name"], "First");
    assert!(home.key_file().exists());
}

#[test]
fn without_the_default_profile_the_report_says_what_is_used() {
    let home = Home::new().stored(&["First", "Second", "Third"]);
    home.run(&["logout", "--name", "First"])
        .run()
        .code(0)
        .says("removed    default_key_name in ~/.asc/config.json")
        .says("default    none: 2 profiles are stored, and none of them is the default");
    assert_eq!(home.config().get("default_key_name"), None);
    assert_eq!(home.config().get("key_id"), None);
    home.run(&["logout", "--name", "Second"])
        .run()
        .code(0)
        .says("default    Third, in ~/.asc/config.json");
    home.run(&["logout", "--name", "Third"])
        .run()
        .code(0)
        .says("the key file: yours to keep or remove")
        .says("default    none: no profile is stored");
}

#[test]
fn the_result_can_be_read_as_json() {
    let home = Home::new().stored(&["First", "Second"]);
    home.login("First", &["--local"]).run().code(0);
    let ran = home
        .run(&["logout", "--name", "First", "--bypass-keychain", "--output", "json"])
        .run()
        .code(0);
    assert_eq!(
        ran.json(),
        json!({
            "removed": [
                {"name": "First", "stored_in": "./.asc/config.json"},
                {"name": "First", "stored_in": "~/.asc/config.json"},
            ],
            "no_default_in": ["./.asc/config.json", "~/.asc/config.json"],
            "default": "Second",
            "key_files": [home.key_file()],
            "no_keychain": null,
        })
    );
}

#[test]
fn a_key_in_the_place_of_a_name_is_not_shown() {
    let home = Home::new();
    let pem = home.key.pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let config = json!({"keys": [home.entry("First"), home.entry(&body)], "default_key_name": body});
    write(&home.config_path(), &config.to_string());
    let logout = |flags: &[&str]| {
        let ran = home
            .run(&[&["logout", "--output", "json"], flags].concat())
            .run()
            .code(0);
        assert_eq!(Secrets::of_key(&home.key).found_in(&ran.text()), Vec::<&str>::new());
        ran.json()
    };
    assert_eq!(logout(&["--name", "First"])["default"], "(no proper name)");
    assert_eq!(
        logout(&["--all", "--confirm"])["removed"][0]["name"],
        "(no proper name)"
    );
}

#[test]
fn what_is_elsewhere_stays_if_only_this_directory_is_meant() {
    let home = Home::new().stored(&["Home"]);
    home.login("Here", &["--local"]).run().code(0);
    home.run(&["logout", "--name", "Home", "--local"])
        .run()
        .code(10)
        .says("not in     ./.asc/config.json");
    home.run(&["logout", "--all", "--local", "--confirm"]).run().code(0);
    assert_eq!(names(&read(&home.local_path())), Vec::<String>::new());
    assert_eq!(names(&home.config()), ["Home"]);
    home.run(&["logout", "--all", "--local", "--confirm"])
        .env("ASC_CONFIG_PATH", home.config_path())
        .run()
        .code(2)
        .says("--local and ASC_CONFIG_PATH");
}

#[test]
fn a_name_that_nobody_stored_is_refused() {
    let home = Home::new().stored(&["First"]);
    home.run(&["logout", "--name", "Other"])
        .run()
        .code(10)
        .says("no profile named \"Other\"")
        .says("First");
    for arguments in [&["logout"][..], &["logout", "--name", "First", "--all"]] {
        home.run(arguments).run().code(2);
    }
    assert_eq!(names(&home.config()), ["First"]);
}

#[test]
fn all_are_removed_only_if_that_was_confirmed() {
    let home = Home::new().stored(&["First", "Second"]);
    home.login("Here", &["--local"]).run().code(0);
    home.run(&["logout", "--all"])
        .run()
        .code(2)
        .says("nobody is there to say yes")
        .says("--confirm");
    assert_eq!(names(&home.config()), ["First", "Second"]);
    home.run(CONFIRMED).run().code(0).says("removed 3 profiles");
    assert_eq!(home.config(), json!({"keys": []}));
    assert_eq!(read(&home.local_path()), json!({"keys": []}));
    home.run(&["logout", "--all"])
        .run()
        .code(0)
        .says("no profile was removed");
}

#[test]
fn where_nothing_is_stored_nothing_is_made() {
    let home = Home::new();
    home.run(CONFIRMED).run().code(0);
    home.run(&["logout", "--name", "MyApp"]).run().code(10);
    assert!(!home.path().join(".asc").exists() && !home.work().join(".asc").exists());
}

#[test]
fn what_belongs_to_other_features_survives() {
    let home = Home::new();
    let text = format!(
        r#"{{"app_id": 0.10e400, "keys": [{}], "default_key_name": "One", "upload": {{"b" : 1,  "a": [ ]}}}}"#,
        home.entry("One")
    );
    write(&home.config_path(), &text);
    home.run(&["logout", "--name", "One"]).run().code(0);
    let after = fs::read_to_string(home.config_path()).expect("text");
    for part in [r#""app_id": 0.10e400"#, r#"{"b" : 1,  "a": [ ]}"#] {
        assert!(after.contains(part), "no {part} in:\n{after}");
    }
    assert!(!after.contains("One"), "{after}");
}

#[test]
fn a_profile_from_before_profiles_had_names_is_removed() {
    let home = Home::new();
    let mut entry = home.entry("");
    entry.as_object_mut().expect("an object").remove("name");
    write(&home.config_path(), &entry.to_string());
    home.run(&["logout", "--name", "default"]).run().code(0);
    assert_eq!(home.config(), json!({}));
}

#[test]
fn a_default_that_is_not_stored_any_more_can_be_removed() {
    let home = Home::new();
    write(&home.config_path(), r#"{"default_key_name": "Gone"}"#);
    home.run(&["token"])
        .run()
        .code(10)
        .says("the default profile is not stored any more");
    home.run(&["logout", "--name", "Gone"])
        .run()
        .code(0)
        .says("removed    default_key_name in ~/.asc/config.json");
    assert_eq!(home.config(), json!({}));
}

#[test]
fn a_file_that_can_not_be_read_stops_no_other() {
    let home = Home::new().stored(&["First", "Second"]);
    write(&home.local_path(), "{");
    let ran = home
        .run(CONFIRMED)
        .run()
        .code(10)
        .says("not everything could be removed")
        .says("removed    First, in ~/.asc/config.json")
        .says("./.asc/config.json can't be used: it is no JSON");
    assert!(ran.text().contains("Second"), "{}", ran.text());
    assert_eq!(home.config(), json!({"keys": []}));
}

#[cfg(target_os = "linux")]
mod keychain {
    use super::*;
    use crate::support::keyring::Keyring;

    /// One name in both places, and one in the keychain alone.
    fn stored(home: &Home, keyring: &Keyring) {
        for name in ["Both", "Chain"] {
            home.in_session(keyring, home.login(name, &[])).run().code(0);
        }
        home.login("Both", &["--bypass-keychain"]).run().code(0);
    }

    #[test]
    fn a_profile_is_removed_from_every_place() {
        let (home, keyring) = (Home::new(), Keyring::unlocked());
        stored(&home, &keyring);
        home.in_session(&keyring, home.run(&["logout", "--name", "Both"]))
            .run()
            .code(0)
            .says("removed    Both, in keychain")
            .says("removed    Both, in ~/.asc/config.json")
            .says("default    Chain, in keychain");
        assert_eq!(keyring.lookup("asc:credential:Both"), None);
        assert!(keyring.lookup("asc:credential:Chain").is_some());
        assert_eq!(home.config(), json!({"keys": []}));
    }

    #[test]
    fn a_bypassed_keychain_keeps_what_it_has() {
        let (home, keyring) = (Home::new(), Keyring::unlocked());
        stored(&home, &keyring);
        let flags = [CONFIRMED, &["--bypass-keychain"]].concat();
        home.in_session(&keyring, home.run(&flags))
            .run()
            .code(0)
            .does_not_say("keychain");
        assert!(keyring.lookup("asc:credential:Both").is_some());
        assert_eq!(names(&home.config()), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_profile_can_be_removed_as_well() {
        let (home, keyring) = (Home::new(), Keyring::unlocked());
        keyring.store("asc:credential:Bad", "no profile");
        home.in_session(&keyring, home.run(&["logout", "--name", "Bad"]))
            .run()
            .code(0);
        assert_eq!(keyring.lookup("asc:credential:Bad"), None);
    }

    #[test]
    fn a_locked_keychain_is_told_at_the_end_and_keeps_its_default() {
        let (home, keyring) = (Home::new(), Keyring::unlocked());
        stored(&home, &keyring);
        keyring.lock();
        let flags = [CONFIRMED, &["--output", "json"]].concat();
        let ran = home.in_session(&keyring, home.run(&flags)).run().code(30);
        let error: Value = ran.json();
        assert_eq!(error["error"]["title"], "not everything could be removed");
        assert_eq!(
            error["error"]["facts"],
            json!([
                {"label": "removed", "text": "Both, in ~/.asc/config.json"},
                {"label": "failed", "text": "the keychain is locked, and was not unlocked"},
            ])
        );
        assert_eq!(home.config()["default_key_name"], "Both");
    }
}
