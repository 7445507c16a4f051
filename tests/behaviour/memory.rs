//! Promise 8: once the private key has been used and dropped, nothing of it is left in the memory of the process. What is
//! looked into is the program itself, held at its last system call.

use std::{collections::BTreeMap, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use simulator::{ApiKey, Role, Simulator, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Run,
    calls::can_trace,
    child::{Running, wait_until},
    memory::{Dump, Finished},
    new_key::{create, the_key},
    profiles::Home,
    simulator_with,
    web::Person,
};

/// A run with the home directory's key, in a file of these bytes. In a variable it would stay for as long as the process
/// lives: the system keeps those.
fn with_key(home: &Home, apple: &Simulator, words: &[&str], bytes: &[u8]) -> Run {
    let path = home.work().join("given.p8");
    fs::write(&path, bytes).expect("a file");
    let path = ["--private-key-path", path.to_str().expect("UTF-8"), "--bypass-keychain"];
    let cut = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    let (before, after) = words.split_at(cut);
    home.run(&[before, &path, after].concat())
        .env("ASC_KEY_ID", KEY_ID)
        .env("ASC_ISSUER_ID", ISSUER_ID)
        .api(apple)
}

#[track_caller]
fn assert_wiped(what: &str, key: &TestKey, finished: &Finished, printed: &str) {
    finished.wait_for(printed);
    assert_eq!(finished.dump().finds(key), BTreeMap::new(), "{what}");
}

#[test]
fn a_key_that_is_in_use_is_found_in_memory() {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: only root may look into a process that is closed");
        return;
    }
    let home = Home::new();
    let apple = simulator_with(&home.key);
    apple.answer_together(2);
    let running = Running::start(with_key(&home, &apple, &["validate"], home.key.pem().as_bytes()));
    wait_until("the request", || apple.most_at_once() == 1);
    let found = Dump::of(running.pid()).finds(&home.key);
    for form in ["the scalar,", "a line of the PEM,"] {
        assert!(found.keys().any(|found| found.starts_with(form)), "{found:?}");
    }
}

#[test]
fn a_key_that_was_used_is_not() {
    if !can_trace() {
        return;
    }
    let home = Home::new();
    let apple = Simulator::start();
    apple.register(ApiKey::team(KEY_ID, ISSUER_ID, &home.key).with_roles([Role::Admin]));
    for (words, printed) in [
        (&["token"][..], "eyJ"),
        (&["validate"], "works"),
        (&["capabilities"], "apps"),
        (&["setup", "--ci=none", "--export=fastlane"], "env"),
        (
            &["exec", "--", "sh", "-c", "cat \"$ASC_PRIVATE_KEY_PATH\"; echo done"],
            "done",
        ),
        (&["status", "--validate"], KEY_ID),
        (&["doctor"], KEY_ID),
    ] {
        let run = with_key(&home, &apple, words, home.key.pem().as_bytes());
        assert_wiped(&format!("{words:?}"), &home.key, &Finished::of(run), printed);
    }
}

#[test]
fn a_key_in_any_form_is_not() {
    if !can_trace() {
        return;
    }
    let home = Home::new();
    let apple = Simulator::start();
    let key = &home.key;
    for (what, bytes) in [
        ("base64", STANDARD.encode(key.pem()).into_bytes()),
        ("literal \\n", key.pkcs8_pem().replace('\n', "\\n").into_bytes()),
        ("SEC1", key.sec1_pem().into_bytes()),
        ("DER", key.apple_der()),
    ] {
        let run = with_key(&home, &apple, &["token"], &bytes);
        assert_wiped(what, key, &Finished::of(run), "eyJ");
    }
}

#[test]
fn a_key_that_was_made_is_not() {
    if !can_trace() {
        return;
    }
    let person = Person::new();
    let finished = Finished::of(create(&person, &[]));
    let file = format!(".blitz/AuthKey_{}.p8", the_key(&person).id);
    let pem = fs::read_to_string(person.home.path().join(file)).expect("the key");
    let key = TestKey::read(&pem).expect("a key");
    assert_wiped("key create", &key, &finished, "Keep it safe");
}
