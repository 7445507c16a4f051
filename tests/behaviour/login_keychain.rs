//! `asc-auth login` with a keychain: a real GNOME Keyring, and the places where there is none.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    ISSUER_ID, KEY_ID,
    keyring::Keyring,
    profiles::Home,
    proof::{assert_key_kept, assert_token_of},
    secrets::Secrets,
};

#[test]
fn the_keychain_keeps_the_key_itself() {
    let (home, keyring) = (Home::new(), Keyring::unlocked());
    let run = |arguments: &[&str]| home.in_session(&keyring, home.run(arguments));
    let login = home.in_session(&keyring, home.login("MyApp", &[]));
    let ran = login.run().code(0).says("stored in  keychain").says("default    yes");
    assert_key_kept("login", &ran, &home.key);

    let item: Value = serde_json::from_str(&keyring.lookup("asc:credential:MyApp").expect("an item")).expect("JSON");
    assert_eq!(item["key_id"], KEY_ID);
    assert_eq!(item["private_key_path"], json!(home.key_file()));
    assert!(
        item["private_key_pem"]
            .as_str()
            .expect("text")
            .starts_with("-----BEGIN PRIVATE KEY-----\n")
    );
    let config = fs::read_to_string(home.config_path()).expect("text");
    assert_eq!(
        serde_json::from_str::<Value>(&config).expect("JSON"),
        json!({"default_key_name": "MyApp"})
    );
    assert!(Secrets::of_key(&home.key).found_in(&config).is_empty());

    fs::remove_file(home.key_file()).expect("it is there");
    assert_token_of("without the .p8", &run(&["token"]).run(), &home.key);
}

#[test]
fn a_key_from_standard_input_needs_no_file() {
    let (home, keyring) = (Home::new(), Keyring::unlocked());
    let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
    let run = home.run(&[&given[..], &["--private-key", "-", "--output", "json"]].concat());
    let ran = home.in_session(&keyring, run).stdin(home.key.pem()).run().code(0);
    assert_eq!(ran.json()["private_key_path"], Value::Null);
    assert_eq!(ran.json()["stored_in"], "keychain");
    let token = home.in_session(&keyring, home.run(&["token", "--profile", "MyApp"]));
    assert_token_of("from standard input", &token.run(), &home.key);
}

#[test]
fn a_profile_of_the_keychain_is_replaced_only_with_force() {
    let (home, keyring) = (Home::new(), Keyring::unlocked());
    let login = |flags: &[&str]| home.in_session(&keyring, home.login("MyApp", flags));
    keyring.store("asc:credential:MyApp", "something else");
    login(&[]).run().code(2).says("MyApp, in keychain");
    assert_eq!(
        keyring.lookup("asc:credential:MyApp").as_deref(),
        Some("something else")
    );
    login(&["--force"]).run().code(0).says("replaced the profile MyApp");
    login(&[]).run().code(2);
}

#[test]
fn a_keychain_that_fails_names_the_file_that_would_do() {
    let home = Home::new();
    let locked = Keyring::unlocked();
    locked.lock();
    for (keyring, sentence) in [
        (locked, "the keychain is locked"),
        (Keyring::without_bus(), "there is no keychain here"),
        (Keyring::without_collection(), "there is no keychain here"),
    ] {
        let ran = home
            .in_session(&keyring, home.login("MyApp", &[]))
            .run()
            .code(30)
            .says(sentence)
            .says(&format!("--bypass-keychain stores in {}", home.config_path().display()));
        assert_key_kept(sentence, &ran, &home.key);
        assert!(!home.config_path().exists());
    }
}

#[test]
fn what_can_not_be_finished_is_taken_back() {
    let (home, keyring) = (Home::new(), Keyring::unlocked());
    // The draft of the config file can't be written: its name is too long.
    let path = home.path().join(format!("{}.json", "n".repeat(240)));
    // As another program may have written it: with more in it than asc-auth knows.
    let old = r#"{ "later": {"a": 1.50}, "key_id": "3Y8S5RXWL7", "key_type": "individual" }"#;
    let rows = [("New", None), ("Old", Some(old)), ("Broken", Some("something else"))];
    for (name, before) in rows {
        if let Some(before) = before {
            keyring.store(&format!("asc:credential:{name}"), before);
        }
        let flags = &["--default", "--force"][..];
        home.in_session(&keyring, home.login(name, flags))
            .env("ASC_CONFIG_PATH", &path)
            .run()
            .code(30)
            .says("could not be changed");
        let after = keyring.lookup(&format!("asc:credential:{name}"));
        assert_eq!(after.as_deref(), before, "{name}");
    }
}
