//! The keychain, against a real GNOME Keyring and in the places where there is none.
//!
//! libdbus reads the environment of its process, so every call is made by another process of this test binary.

use std::{env, fs, process::Command};

use asc_auth::source::{Keychain, KeychainError, Payload, Replacement};
use serde_json::{Value, json};
use simulator::TestKey;

use crate::support::{ISSUER_ID, KEY_ID, Run, keyring::Keyring, proof::assert_token_of, secrets::Secrets};

/// The calls that the other process makes, JSON, and the file that it answers in.
const CALLS: &str = "ASC_AUTH_TEST_CALLS";
const ANSWERS: &str = "ASC_AUTH_TEST_ANSWERS";

/// What the other process runs. Nothing is called when the tests run as usual.
#[test]
fn the_process_that_calls() {
    let Some(file) = env::var_os(ANSWERS) else { return };
    let calls: Vec<Value> = serde_json::from_str(&env::var(CALLS).expect("calls")).expect("JSON");
    let answers: Vec<Value> = match Keychain::open() {
        Err(error) => calls.iter().map(|_| refusal(&error)).collect(),
        Ok(keychain) => calls
            .iter()
            .map(|call| answer(&keychain, call).unwrap_or_else(|error| refusal(&error)))
            .collect(),
    };
    fs::write(file, json!(answers).to_string()).expect("a file");
}

fn answer(keychain: &Keychain, call: &Value) -> Result<Value, KeychainError> {
    let name = call[1].as_str().unwrap_or_default();
    Ok(match call[0].as_str().expect("a call") {
        "names" => json!(keychain.names()?),
        "read" => json!(keychain.read(name)?),
        "write" => {
            let payload: Payload = serde_json::from_value(call[2].clone()).expect("a payload");
            json!(Replacement::of(name, keychain)?.write(&payload)?)
        }
        "remove" => json!(keychain.remove(name)?),
        other => panic!("no such call: {other}"),
    })
}

fn refusal(error: &KeychainError) -> Value {
    json!({"error": error.to_string(), "advice": error.advice(), "exit_code": error.exit_code()})
}

/// Makes the calls in the session of `keyring`. Whatever they come to, neither it nor an error tells a form of `key`.
#[track_caller]
fn call(keyring: &Keyring, key: &TestKey, calls: Value) -> Vec<Value> {
    call_with(keyring, &[], key, calls)
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "every caller makes it in place")]
fn call_with(keyring: &Keyring, variables: &[(&str, &str)], key: &TestKey, calls: Value) -> Vec<Value> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut command = Command::new(env::current_exe().expect("a path"));
    command
        .args(["--exact", "keychain::the_process_that_calls", "--nocapture"])
        .env_clear()
        .envs(keyring.env())
        .envs(variables.iter().copied())
        .env(CALLS, calls.to_string())
        .env(ANSWERS, file.path());
    let output = command.output().expect("it starts");
    let mut told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{told}");
    let answers = fs::read_to_string(file.path()).expect("UTF-8");
    let answers: Vec<Value> = serde_json::from_str(&answers).unwrap_or_else(|error| panic!("{error}: {told}"));
    for refusal in answers.iter().filter(|answer| answer.get("error").is_some()) {
        told += &refusal.to_string();
    }
    let found = Secrets::of_key(key).found_in(&told);
    assert!(found.is_empty(), "{found:?} in:\n{told}");
    answers
}

fn profile(key: &TestKey) -> Value {
    json!({
        "key_id": KEY_ID,
        "issuer_id": ISSUER_ID,
        "private_key_path": format!("/keys/AuthKey_{KEY_ID}.p8"),
        "private_key_pem": key.pem(),
        "key_type": "team",
    })
}

#[track_caller]
fn assert_refused(answer: &Value, title: &str, advice: &str) {
    let told = |field: &str| {
        answer[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field}: {answer}"))
            .to_owned()
    };
    assert!(told("error").contains(title), "no {title:?} in: {answer}");
    for part in [advice, "--bypass-keychain", "~/.asc/config.json"] {
        assert!(told("advice").contains(part), "no {part:?} in: {answer}");
    }
    assert_eq!(answer["exit_code"], 30, "{answer}");
}

// A keyring that is there and unlocked

#[test]
fn a_stored_profile_is_found_by_the_next_process_and_by_other_programs() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    let stored = call(&keyring, &key, json!([["write", "main", profile(&key)]]));
    assert_eq!(stored, [Value::Null]);

    let found = call(&keyring, &key, json!([["read", "main"], ["read", "other"], ["names"]]));
    assert_eq!(found, [profile(&key), Value::Null, json!(["main"])]);
    let item = keyring.lookup("asc:credential:main").expect("an item");
    assert_eq!(serde_json::from_str::<Value>(&item).expect("JSON"), profile(&key));
    assert!(keyring.listing().contains("label = App Store Connect API key (main)"));
}

#[test]
fn the_bus_is_also_found_by_its_address() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    let address = keyring.address();
    let variables = [("DBUS_SESSION_BUS_ADDRESS", address.as_str()), ("XDG_RUNTIME_DIR", "")];
    let answers = call_with(
        &keyring,
        &variables,
        &key,
        json!([["write", "main", profile(&key)], ["names"]]),
    );
    assert_eq!(answers, [Value::Null, json!(["main"])]);
}

#[test]
fn a_profile_that_is_stored_again_takes_the_place_of_the_first() {
    let (keyring, key, other) = (Keyring::unlocked(), TestKey::generate(), TestKey::generate());
    let calls = json!([
        ["write", "main", profile(&other)],
        ["write", "main", profile(&key)],
        ["read", "main"],
        ["names"]
    ]);
    let answers = call(&keyring, &key, calls);
    assert_eq!(answers[2..], [profile(&key), json!(["main"])]);
    assert_eq!(keyring.listing().matches("asc:credential:main").count(), 1);
}

#[test]
fn profiles_are_listed_by_name_and_nothing_else_is() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    keyring.store("asc:metadata:main", "{}");
    keyring.store("somebody", "else");
    let names = ["release", "Überprüfung 🚀", "a b", "main", "x@asc"];
    let mut calls: Vec<Value> = names.iter().map(|name| json!(["write", name, profile(&key)])).collect();
    calls.push(json!(["names"]));
    let answers = call(&keyring, &key, json!(calls));
    assert_eq!(
        answers.last(),
        Some(&json!(["a b", "main", "release", "x@asc", "Überprüfung 🚀"]))
    );
}

#[test]
fn what_another_program_stored_is_read_as_far_as_it_goes() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    let item = json!({"key_id": KEY_ID, "private_key_pem": key.pem(), "a_later_field": {"x": [1]}});
    keyring.store("asc:credential:theirs", &item.to_string());
    let answers = call(&keyring, &key, json!([["names"], ["read", "theirs"]]));
    assert_eq!(answers[0], json!(["theirs"]));
    let empty = json!("");
    assert_eq!(answers[1]["private_key_pem"], key.pem());
    assert_eq!((&answers[1]["issuer_id"], &answers[1]["key_type"]), (&empty, &empty));
}

#[test]
fn an_item_that_is_no_profile_is_named_and_hides_no_other() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    let inside_out = json!({"key_id": {"pem": key.pem()}}).to_string();
    for (name, secret) in [("bad", key.pem()), ("worse", inside_out), ("empty", String::new())] {
        keyring.store(&format!("asc:credential:{name}"), &secret);
        let calls = json!([
            ["write", "good", profile(&key)],
            ["read", name],
            ["read", "good"],
            ["names"]
        ]);
        let answers = call(&keyring, &key, calls);
        assert_refused(
            &answers[1],
            &format!("item of the profile \"{name}\" can't be read"),
            "asc-auth login",
        );
        assert_eq!(answers[2], profile(&key), "{name}");
        assert!(answers[3].as_array().expect("names").contains(&json!(name)), "{name}");
    }

    let calls = json!([
        ["write", "bad", profile(&key)],
        ["read", "bad"],
        ["remove", "worse"],
        ["names"]
    ]);
    let answers = call(&keyring, &key, calls);
    assert_eq!(
        answers,
        [Value::Null, profile(&key), json!(true), json!(["bad", "empty", "good"])]
    );
}

#[test]
fn a_removed_profile_is_gone_and_the_others_stay() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    let calls = json!([
        ["write", "main", profile(&key)],
        ["write", "main2", profile(&key)],
        ["remove", "main"],
        ["remove", "main"],
        ["read", "main"],
        ["names"],
    ]);
    let answers = call(&keyring, &key, calls);
    assert_eq!(answers[2..], [json!(true), json!(false), Value::Null, json!(["main2"])]);
    assert_eq!(keyring.lookup("asc:credential:main"), None);
    assert!(keyring.lookup("asc:credential:main2").is_some());
}

#[test]
fn of_two_items_for_one_profile_none_is_chosen() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    keyring.store("asc:credential:main", &profile(&key).to_string());
    keyring.store_with("asc:credential:main", "{}", &["target", "elsewhere"]);
    let calls = json!([
        ["read", "main"],
        ["write", "main", profile(&key)],
        ["remove", "main"],
        ["names"]
    ]);
    let answers = call(&keyring, &key, calls);
    for answer in &answers[..3] {
        assert_refused(
            answer,
            "more than one item of the profile \"main\"",
            "Nothing was chosen",
        );
    }
    assert_eq!(answers[3], json!(["main"]));
    assert_eq!(keyring.listing().matches("asc:credential:main").count(), 2);
}

// A keyring that does not open

#[test]
fn a_credential_in_the_environment_needs_no_keychain() {
    let (keyring, key) = (Keyring::deaf_bus(), TestKey::generate());
    let run = Run::new(&["token"]).team_key(&key);
    let ran = keyring.apply(run).run();
    assert_token_of("beside a D-Bus that answers nothing", &ran, &key);
}

#[test]
fn a_locked_keyring_names_the_way_around_it() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    call(&keyring, &key, json!([["write", "main", profile(&key)]]));
    keyring.lock();
    let calls = json!([
        ["names"],
        ["read", "main"],
        ["write", "new", profile(&key)],
        ["remove", "main"]
    ]);
    for answer in call(&keyring, &key, calls) {
        assert_refused(&answer, "the keychain is locked", "gnome-keyring-daemon --unlock");
    }
}

#[test]
fn a_prompt_that_nobody_sees_is_given_up() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    call(&keyring, &key, json!([["write", "main", profile(&key)]]));
    keyring.lock();
    let _prompter = keyring.unseen_prompter();
    for answer in call(&keyring, &key, json!([["read", "main"], ["names"], ["read", "main"]])) {
        assert_refused(&answer, "did not answer within 10 seconds", "a prompt that nobody sees");
    }
}

#[test]
fn a_service_that_never_answers_is_given_up() {
    let (keyring, key) = (Keyring::unlocked(), TestKey::generate());
    keyring.silence();
    for answer in call(&keyring, &key, json!([["names"]])) {
        assert_refused(&answer, "did not answer within 10 seconds", "its service may hang");
    }
}

#[test]
fn a_bus_that_never_answers_is_given_up() {
    let (keyring, key) = (Keyring::deaf_bus(), TestKey::generate());
    for answer in call(&keyring, &key, json!([["names"]])) {
        assert_refused(&answer, "did not answer within 10 seconds", "its service may hang");
    }
}

// No keyring

#[test]
fn where_there_is_no_keychain_the_error_says_what_is_missing() {
    let key = TestKey::generate();
    let calls = json!([
        ["names"],
        ["read", "main"],
        ["write", "main", profile(&key)],
        ["remove", "main"]
    ]);
    let (no_bus, no_service) = (Keyring::without_bus(), Keyring::without_service());
    let gone = no_bus.address();
    for (keyring, variables, reason) in [
        (&no_bus, &[][..], "DBUS_SESSION_BUS_ADDRESS is not set"),
        (
            &no_bus,
            &[("DBUS_SESSION_BUS_ADDRESS", gone.as_str())],
            "the D-Bus can't be reached",
        ),
        (
            &no_bus,
            &[("DBUS_SESSION_BUS_ADDRESS", "nonsense")],
            "the D-Bus can't be reached",
        ),
        (
            &no_bus,
            &[("DBUS_SESSION_BUS_ADDRESS", "autolaunch:"), ("DISPLAY", ":0")],
            "asks for a bus to be started",
        ),
        (&no_service, &[], "no service for it is on the D-Bus"),
    ] {
        for answer in call_with(keyring, variables, &key, calls.clone()) {
            assert_refused(&answer, "there is no keychain here: ", "desktop session");
            assert_refused(&answer, reason, "desktop session");
        }
    }
}

#[test]
fn a_keyring_without_a_collection_is_empty_and_keeps_nothing() {
    let (keyring, key) = (Keyring::without_collection(), TestKey::generate());
    let calls = json!([
        ["names"],
        ["read", "main"],
        ["remove", "main"],
        ["write", "main", profile(&key)]
    ]);
    let answers = call(&keyring, &key, calls);
    assert_eq!(answers[..3], [json!([]), Value::Null, json!(false)]);
    assert_refused(&answers[3], "its service has no default collection", "desktop session");
}
