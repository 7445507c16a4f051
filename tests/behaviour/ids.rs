//! Key IDs and issuer IDs: the classic mix-ups are named, what is invisible is trimmed, and a file's name counts.

use std::{fs, path::PathBuf};

use simulator::{ApiKey, TestKey};
use tempfile::TempDir;

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run,
    forms::body_of,
    proof::{AUDIENCE, assert_key_kept, assert_refused, assert_token_of, judge, read_token},
    simulator_with,
};

fn named(directory: &TempDir, name: &str, key: &TestKey) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, key.pem()).expect("a file");
    path
}

/// What `validate` noted on the way.
#[track_caller]
fn notes(ran: &Ran) -> Vec<String> {
    serde_json::from_value(ran.json()["notes"].clone()).expect("notes")
}

#[test]
fn swapped_ids_are_named() {
    let key = TestKey::generate();
    let ran = Run::new(&["token"])
        .team_key(&key)
        .env("ASC_KEY_ID", ISSUER_ID)
        .env("ASC_ISSUER_ID", format!("{KEY_ID}\n"))
        .run()
        .code(10);
    assert_eq!(
        ran.stderr,
        "error: the key ID and the issuer ID are swapped\n\
         \u{20} ASC_KEY_ID     holds a UUID, which is an issuer ID\n\
         \u{20} ASC_ISSUER_ID  holds ten characters, which are a key ID\n\
         Exchange the two values.\n"
    );
    assert_key_kept("swapped", &ran, &key);
}

#[test]
fn what_is_given_for_the_key_id_is_recognised_and_not_told() {
    let key = TestKey::generate();
    let body = body_of(&key.pem());
    for (row, value, defect) in [
        (
            "the key's name",
            "CI upload key",
            "it looks like a name, and a key's name is not its ID",
        ),
        (
            "a short name",
            "fastlane",
            "it looks like a name, and a key's name is not its ID",
        ),
        ("lower case", "abcde12345", "it has lower-case letters"),
        (
            "another issuer ID",
            "69a6de70-03db-47e3-e053-5b8c7c11a4d1",
            "it is a UUID, which is what an issuer ID looks like",
        ),
        (
            "an app ID",
            "1234567890",
            "it is a number, which is what an app ID looks like",
        ),
        ("an e-mail address", "dev@example.com", "it is an e-mail address"),
        ("a path", "./keys/AuthKey_ABCDE12345.p8", "it is a path"),
        ("a file name", "AuthKey_ABCDE12345.p8", "it is a path"),
        (
            "a placeholder",
            "${{ secrets.KEY }}",
            "it is a placeholder that was never filled in",
        ),
        ("a PEM", &key.pem(), "it is a private key"),
        (
            "a PEM with literal newlines",
            &key.pem().replace('\n', "\\n"),
            "it is a private key",
        ),
        ("the body of a PEM", &body, "it does not have the shape of one"),
    ] {
        let ran = Run::new(&["token"]).team_key(&key).env("ASC_KEY_ID", value).run();
        let sentence = format!("the key ID can't be right: {defect}\n");
        assert_refused(
            row,
            &ran.says("from ASC_KEY_ID").says("ten capital letters"),
            10,
            &sentence,
            value,
        );
    }
}

#[test]
fn what_is_given_for_the_issuer_id_is_recognised_and_not_told() {
    let key = TestKey::generate();
    let ten = "it has ten characters, which is what a key ID or a Team ID looks like";
    for (row, value, defect) in [
        ("a Team ID", "ABCDE12345", ten),
        (
            "an app ID",
            "987654321",
            "it is a number, which is what an app ID looks like",
        ),
        ("an e-mail address", "dev@example.com", "it is an e-mail address"),
        ("a path", "/run/secrets/issuer", "it is a path"),
        (
            "a placeholder",
            "$SOME_ISSUER",
            "it is a placeholder that was never filled in",
        ),
        ("a PEM", &key.pem(), "it is a private key"),
        ("a company", "Example Inc.", "it does not have the shape of one"),
        (
            "a UUID cut off",
            "69a6de70-03db-47e3-e053-5b8c7c11",
            "it does not have the shape of one",
        ),
    ] {
        let ran = Run::new(&["token"]).team_key(&key).env("ASC_ISSUER_ID", value).run();
        let sentence = format!("the issuer ID can't be right: {defect}\n");
        assert_refused(
            row,
            &ran.says("from ASC_ISSUER_ID").says("is not the Team ID"),
            10,
            &sentence,
            value,
        );
    }
}

#[test]
fn what_is_invisible_around_an_id_is_ignored_and_noted() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    for (row, id, issuer) in [
        ("quotes", format!("\"{KEY_ID}\""), format!("'{ISSUER_ID}'")),
        ("a newline", format!("{KEY_ID}\n"), format!("{ISSUER_ID}\r\n")),
        (
            "a no-break space",
            format!("\u{a0}{KEY_ID}"),
            format!("{ISSUER_ID}\u{a0}"),
        ),
        (
            "a byte-order mark",
            format!("\u{feff}{KEY_ID}"),
            format!("\u{200b}{ISSUER_ID}"),
        ),
    ] {
        let ran = Run::new(&["validate", "--output", "json"])
            .team_key(&key)
            .env("ASC_KEY_ID", id)
            .env("ASC_ISSUER_ID", issuer)
            .api(&simulator)
            .run()
            .code(0);
        assert_eq!(ran.json()["key_id"], KEY_ID, "{row}");
        assert_eq!(ran.json()["issuer_id"], ISSUER_ID, "{row}");
        assert_eq!(
            notes(&ran),
            [
                "white space or quotes around ASC_KEY_ID were ignored",
                "white space or quotes around ASC_ISSUER_ID were ignored",
            ],
            "{row}"
        );
        assert_key_kept(row, &ran, &key);
    }
}

#[test]
fn an_issuer_id_in_capitals_is_the_same_issuer() {
    let key = TestKey::generate();
    let ran = Run::new(&["token"])
        .team_key(&key)
        .env("ASC_ISSUER_ID", ISSUER_ID.to_uppercase())
        .run();
    assert_token_of("capitals", &ran, &key);
}

#[test]
fn the_files_name_supplies_a_missing_key_id() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().unwrap();
    for name in [
        format!("AuthKey_{KEY_ID}.p8"),
        format!("AuthKey_{KEY_ID} (1).p8"),
        format!("AuthKey_{KEY_ID}-2.p8"),
        format!("AuthKey_{KEY_ID}"),
    ] {
        let ran = Run::new(&["token"])
            .env("ASC_ISSUER_ID", ISSUER_ID)
            .env("ASC_PRIVATE_KEY_PATH", named(&directory, &name, &key))
            .run();
        assert_token_of(&name, &ran, &key);
    }
}

#[test]
fn a_name_that_apple_did_not_give_supplies_nothing() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().unwrap();
    for name in ["AuthKey.p8", "AuthKey_short.p8", "key.p8", "MyAuthKey_ABCDE12345.p8"] {
        let ran = Run::new(&["token"])
            .env("ASC_ISSUER_ID", ISSUER_ID)
            .env("ASC_PRIVATE_KEY_PATH", named(&directory, name, &key))
            .run();
        assert_refused(name, &ran, 10, "no key ID was given\n", &key.pem());
    }
}

#[test]
fn a_file_named_for_another_key_warns_and_under_strict_auth_stops() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().unwrap();
    let path = named(&directory, "AuthKey_ABCDE12345.p8", &key);
    let run = |arguments: &[&str]| {
        Run::new(arguments)
            .team_key(&key)
            .unset("ASC_PRIVATE_KEY")
            .env("ASC_PRIVATE_KEY_PATH", &path)
            .run()
    };
    let ran = run(&["token"]);
    assert_token_of("not strict", &ran, &key);
    assert_eq!(
        ran.stderr,
        "warning: the key file's name contradicts what was given: AuthKey_ABCDE12345.p8 means key ID ABCDE12345, \
         and ASC_KEY_ID says otherwise; ASC_KEY_ID is used\n"
    );

    let ran = run(&["token", "--strict-auth"])
        .says("ASC_PRIVATE_KEY_PATH")
        .says("ASC_KEY_ID");
    let sentence = "the key file's name contradicts what was given\n";
    assert_refused("strict", &ran, 11, sentence, &key.pem());
}

#[test]
fn an_api_key_file_is_an_individual_key() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().unwrap();
    let path = named(&directory, &format!("ApiKey_{KEY_ID}.p8"), &key);
    let ran = Run::new(&["token"]).env("ASC_PRIVATE_KEY_PATH", &path).run().code(0);
    let individual = ApiKey::individual(KEY_ID, &key);
    assert_eq!(
        judge(ran.stdout.trim_end(), individual.clone(), "/v1/apps", AUDIENCE),
        Ok(individual)
    );
    assert_key_kept("individual", &ran, &key);

    let said_team = |strict: &[&str]| {
        Run::new(&[&["token"], strict].concat())
            .env("ASC_PRIVATE_KEY_PATH", &path)
            .env("ASC_ISSUER_ID", ISSUER_ID)
            .env("ASC_KEY_TYPE", "team")
            .run()
    };
    let ran = said_team(&[]).says("means an individual key, and ASC_KEY_TYPE says otherwise");
    assert_token_of("said to be a team's", &ran, &key);
    assert_refused("strict", &said_team(&["--strict-auth"]), 11, "ASC_KEY_TYPE", &key.pem());
}

#[test]
fn a_subscription_key_is_refused_by_its_name() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().unwrap();
    let ran = Run::new(&["token"])
        .team_key(&key)
        .unset("ASC_PRIVATE_KEY")
        .env(
            "ASC_PRIVATE_KEY_PATH",
            named(&directory, "SubscriptionKey_ABCDE12345.p8", &key),
        )
        .run()
        .says("its file is named AuthKey_….p8");
    let sentence = "SubscriptionKey_ABCDE12345.p8 is an In-App Purchase key\n";
    assert_refused("In-App Purchase", &ran, 10, sentence, &key.pem());
}

#[test]
fn a_missing_issuer_is_an_error_unless_the_key_is_said_to_be_individual() {
    let key = TestKey::generate();
    let run = |arguments: &[&str]| Run::new(arguments).team_key(&key).unset("ASC_ISSUER_ID").run();
    let ran = run(&["token"]).says("say so with ASC_KEY_TYPE=individual");
    assert_refused("nothing said", &ran, 10, "no issuer ID was given\n", &key.pem());
    let ran = run(&["token", "--key-type", "team"]);
    assert_refused("team said", &ran, 10, "no issuer ID was given\n", &key.pem());
    let ran = run(&["token", "--key-type", "individual"]).code(0);
    assert_eq!(read_token(ran.stdout.trim_end()).subject(), Some("user"));
}

#[test]
fn an_individual_keys_issuer_is_noted_as_unused() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.register(ApiKey::individual(KEY_ID, &key));
    for (row, issuer) in [("well formed", ISSUER_ID), ("malformed", "Example Inc.")] {
        let ran = Run::new(&["validate", "--output", "json"])
            .team_key(&key)
            .env("ASC_ISSUER_ID", issuer)
            .env("ASC_KEY_TYPE", "individual")
            .api(&simulator)
            .run()
            .code(0);
        let unused = "ASC_ISSUER_ID is not used: an individual key has no issuer";
        assert_eq!(notes(&ran), [unused], "{row}");
        assert_eq!(ran.json()["key_type"], "individual", "{row}");
        assert_key_kept(row, &ran, &key);
    }
}
