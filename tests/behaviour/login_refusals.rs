//! What `asc-auth login` refuses to store, and what it says of it.

use std::fs;

use crate::support::{ISSUER_ID, KEY_ID, profiles::Home, proof::assert_key_kept};

const BYPASS: &[&str] = &["--bypass-keychain"];

#[test]
fn a_key_without_a_file_can_not_be_stored_by_its_path() {
    for place in ["--bypass-keychain", "--local"] {
        let home = Home::new();
        let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
        let ran = home
            .run(&[&given[..], &[place, "--private-key", "-"]].concat())
            .run()
            .code(2)
            .says("a config file holds the path of a key, and this key is in no file")
            .says("chmod 600");
        assert_key_kept(place, &ran, &home.key);
        assert!(!home.config_path().exists() && !home.local_path().exists());
    }
}

#[test]
fn names_that_are_none_are_refused() {
    let home = Home::new();
    for (name, defect) in [
        (String::new(), "it is empty"),
        ("My\u{7}App".to_owned(), "it has control characters"),
        ("My\nApp".to_owned(), "it has control characters"),
        ("n".repeat(300), "it is longer than 64 characters"),
        (home.key.pem(), "it is longer than 64 characters"),
    ] {
        let name = format!("--name={name}");
        for run in [
            home.run(&["login", &name, "--bypass-keychain"]),
            home.run(&["switch", &name]),
            home.run(&["logout", &name]),
        ] {
            let ran = run
                .run()
                .code(2)
                .says("this can't be the name of a profile")
                .says(defect);
            assert_key_kept(defect, &ran, &home.key);
        }
    }
    home.run(&["login", "--bypass-keychain"])
        .run()
        .code(2)
        .says("no name was given");
    assert!(!home.config_path().exists());
}

#[test]
fn what_contradicts_itself_is_never_stored() {
    let home = Home::new();
    let file = home.key_file();
    let file = file.to_str().expect("UTF-8");
    let other = home.path().join("not-there.p8");
    for (flags, code, sentence) in [
        (
            vec![
                "--key-id",
                "3Y8S5RXWL7",
                "--issuer-id",
                ISSUER_ID,
                "--private-key",
                file,
            ],
            2,
            "AuthKey_2X9R4QWVK6.p8 means key ID 2X9R4QWVK6, and --key-id says otherwise",
        ),
        (
            vec!["--key-id", ISSUER_ID, "--issuer-id", KEY_ID, "--private-key", file],
            10,
            "the key ID and the issuer ID are swapped",
        ),
        (
            vec!["--key-id", KEY_ID, "--private-key", file],
            10,
            "no issuer ID was given",
        ),
        (
            vec![
                "--issuer-id",
                ISSUER_ID,
                "--key-id",
                KEY_ID,
                "--private-key",
                other.to_str().expect("UTF-8"),
            ],
            30,
            "the private key file can't be read: it does not exist",
        ),
        (
            vec!["--issuer-id", ISSUER_ID, "--key-id", "", "--private-key", file],
            2,
            "--key-id was given without a value",
        ),
    ] {
        let ran = home
            .run(&[&["login", "--name", "MyApp", "--bypass-keychain"], &flags[..]].concat())
            .run()
            .code(code)
            .says(sentence);
        assert_key_kept(sentence, &ran, &home.key);
    }
    assert!(!home.config_path().exists());
}

#[test]
fn a_key_in_the_place_of_its_path_is_not_told() {
    let home = Home::new();
    let pem = home.key.pem();
    let given = ["login", "--name", "MyApp", "--key-id", KEY_ID, "--issuer-id", ISSUER_ID];
    let ran = home
        .run(&[&given[..], BYPASS, &[&format!("--private-key={pem}")]].concat())
        .run()
        .code(10)
        .says("--private-key holds a key, where the path of a key belongs")
        .says("--private-key -");
    assert_key_kept("a key as an argument", &ran, &home.key);
}

#[test]
fn a_token_in_the_place_of_the_key_or_its_id_is_named() {
    let home = Home::new().stored(&["MyApp"]);
    let token = home.run(&["token"]).run().code(0).stdout.trim().to_owned();
    for (flags, sentence) in [
        (
            ["--private-key", &token, "--key-id", KEY_ID],
            "the private key can't be used: it is a token",
        ),
        (
            ["--private-key", "key.p8", "--key-id", &token],
            "the key ID can't be right: it is a token",
        ),
    ] {
        let ran = home
            .run(
                &[
                    &["login", "--name", "Other", "--key-type", "individual"],
                    BYPASS,
                    &flags,
                ]
                .concat(),
            )
            .run()
            .code(10)
            .says(sentence);
        assert!(!ran.text().contains(&token[..40]), "{}", ran.text());
    }
}

#[test]
fn a_damaged_key_is_named_and_not_stored() {
    let home = Home::new();
    fs::write(home.key_file(), &home.key.pem()[..150]).expect("a file");
    let ran = home
        .login("MyApp", BYPASS)
        .run()
        .code(10)
        .says("the private key can't be used")
        .says("from --private-key");
    assert_key_kept("a truncated key", &ran, &home.key);
    assert!(!home.config_path().exists());
}

#[test]
fn without_a_home_directory_there_is_no_place() {
    let home = Home::new();
    for flags in [BYPASS, &[]] {
        home.login("MyApp", flags)
            .unset("HOME")
            .run()
            .code(30)
            .says("there is no home directory to keep a config file in")
            .says("ASC_CONFIG_PATH");
    }
    home.login("MyApp", &["--local"]).unset("HOME").run().code(0);
}
