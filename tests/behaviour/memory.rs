//! Promise 8: once the private key has been used and dropped, nothing of it is left in the memory of the process. What is
//! looked at is the real program, held at its last system call.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use simulator::{ApiKey, Role, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Run,
    child::{Running, wait_until},
    deaths::can_trace,
    memory::{Dump, Finished},
    profiles::Home,
    simulator_with,
};

/// How a key is given, other than in a variable: the system keeps those for as long as the process lives.
const GIVEN: [(&str, fn(&TestKey) -> Vec<u8>); 4] = [
    ("the file", |key| key.pem().into_bytes()),
    ("base64", |key| STANDARD.encode(key.pem()).into_bytes()),
    ("literal \\n", |key| key.pkcs8_pem().replace('\n', "\\n").into_bytes()),
    ("DER", TestKey::apple_der),
];

fn is_skipped() -> bool {
    let is_skipped = !can_trace();
    if is_skipped {
        println!("skipped: strace is not here, or may not trace");
    }
    is_skipped
}

fn given(home: &Home, bytes: &[u8]) -> String {
    let path = home.work().join("given.p8");
    std::fs::write(&path, bytes).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

#[track_caller]
fn assert_wiped(what: &str, key: &TestKey, run: Run, printed: &str) {
    let finished = Finished::of(run);
    let text = finished.text();
    assert!(text.contains(printed), "{what}: {text}");
    assert_eq!(finished.dump().finds(key), BTreeMap::new(), "{what}");
}

#[test]
fn a_key_that_is_in_use_is_found_in_memory() {
    let home = Home::new();
    let apple = simulator_with(&home.key);
    apple.answer_together(2);
    let run = home.run(&[
        "validate",
        "--private-key-path",
        &given(&home, home.key.pem().as_bytes()),
    ]);
    let run = run
        .env("ASC_KEY_ID", KEY_ID)
        .env("ASC_ISSUER_ID", ISSUER_ID)
        .api(&apple);
    let running = Running::start(run);
    wait_until("the request", || apple.most_at_once() == 1);
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: only root may look into a process that is closed");
        return;
    }
    let found = Dump::of(running.pid()).finds(&home.key);
    for form in ["the scalar,", "a line of the PEM,"] {
        assert!(found.keys().any(|found| found.starts_with(form)), "{found:?}");
    }
}

#[test]
fn a_key_that_was_used_is_not() {
    if is_skipped() {
        return;
    }
    let home = Home::new();
    let apple = simulator::Simulator::start();
    apple.register(ApiKey::team(KEY_ID, ISSUER_ID, &home.key).with_roles([Role::Admin]));
    for (arguments, printed) in [
        (&["token"][..], "eyJ"),
        (&["validate"], "works"),
        (&["capabilities"], "apps"),
        (&["setup", "--ci=none"], "env"),
        (&["exec", "--", "echo", "done"], "done"),
        (&["status"], KEY_ID),
        (&["doctor"], KEY_ID),
    ] {
        for (what, bytes) in GIVEN {
            let path = given(&home, &bytes(&home.key));
            let cut = arguments
                .iter()
                .position(|word| *word == "--")
                .unwrap_or(arguments.len());
            let (before, after) = arguments.split_at(cut);
            let run = home
                .run(&[before, &["--private-key-path", &path, "--bypass-keychain"], after].concat())
                .env("ASC_KEY_ID", KEY_ID)
                .env("ASC_ISSUER_ID", ISSUER_ID)
                .api(&apple);
            assert_wiped(&format!("{arguments:?}, {what}"), &home.key, run, printed);
        }
    }
}
