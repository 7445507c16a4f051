//! A key that was given where it does not belong, to a flag or as an argument, is not repeated.

use std::path::Path;

use simulator::TestKey;

use super::{base64, truncated};
use crate::support::{
    ISSUER_ID, KEY_ID, Run, Step,
    runner::{assert_no_mask, without_masks},
    secrets::Secrets,
};

#[test]
fn a_key_file_is_named_and_not_shown() {
    let key = TestKey::generate();
    let step = Step::new();
    let path = step.file("AuthKey_2X9R4QWVK6.p8");
    std::fs::write(&path, truncated(&key)).expect("a file");
    for command in ["validate", "token", "setup"] {
        let ran = step
            .run(&[command, "--private-key-path", path.to_str().expect("Unicode")])
            .env("ASC_ISSUER_ID", ISSUER_ID)
            .run()
            .code(10);
        assert_eq!(
            Secrets::of_key(&key).found_in(&ran.text()),
            Vec::<&str>::new(),
            "{}",
            ran.text()
        );
    }
    assert!(Path::new(&path).is_file());
}

#[test]
fn a_key_that_was_given_as_an_argument_is_not_repeated() {
    let key = TestKey::generate();
    let secrets = Secrets::of_key(&key);
    for text in [key.pem(), base64(&key)] {
        for command in [
            "setup",
            "validate",
            "token",
            "cleanup",
            "login",
            "status",
            "switch",
            "logout",
            "doctor",
            "roles",
            "man",
            "completions",
            "capabilities",
            "key",
            "key create",
            "key create --name CI --role developer",
            "key list",
            "key revoke",
            "key revoke 2X9R4QWVK6",
        ] {
            let command: Vec<&str> = command.split(' ').collect();
            for arguments in [
                &[text.as_str()][..],
                &["--private-key", &text],
                &[&format!("--private-key={text}")],
                &[&format!("--{text}")],
                &["--output", &text],
            ] {
                let ran = Run::new(&[&command, arguments].concat()).run().code(2);
                assert_eq!(secrets.found_in(&ran.text()), Vec::<&str>::new(), "{}", ran.text());
                let ran = Run::new(&[arguments, &command].concat()).run().code(2);
                assert_eq!(secrets.found_in(&ran.text()), Vec::<&str>::new(), "{}", ran.text());
            }
        }
    }
}

#[test]
fn a_key_that_was_given_to_a_flag_is_not_repeated() {
    let key = TestKey::generate();
    let secrets = Secrets::of_key(&key);
    for text in [key.pem(), base64(&key)] {
        for (command, flag, code) in [
            ("token", "--key-id", 10),
            ("token", "--issuer-id", 10),
            ("token", "--private-key-path", 10),
            ("token", "--key-type", 2),
            ("token", "--strict-auth", 2),
            ("token", "--bypass-keychain", 2),
            ("token", "--api-url", 2),
            ("token", "--lifetime", 2),
            ("token", "--scope", 2),
            ("token", "--profile", 10),
            ("validate", "--timeout", 2),
            ("validate", "--forbid-admin", 2),
            ("setup", "--export", 2),
            ("setup", "--validate", 2),
            ("setup", "--ci", 2),
            ("cleanup", "--dir", 2),
            ("login", "--name", 2),
            ("switch", "--name", 2),
            ("logout", "--name", 2),
            ("inspect", "--key", 2),
            ("roles", "--can", 2),
            ("capabilities", "--vendor-number", 2),
            ("status", "--timeout", 2),
            ("doctor", "--timeout", 2),
            ("man", "--dir", 2),
            ("key create --role=developer", "--name", 2),
            ("key create --name=CI", "--role", 2),
            ("key create --name=CI --role=developer", "--output-dir", 2),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--login",
                2,
            ),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--bypass-keychain",
                2,
            ),
            ("key create --name=CI --role=developer", "--confirm-admin", 2),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--session",
                10,
            ),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--web-url",
                2,
            ),
            (
                "key create --name=CI --role=developer --output-dir=/nonexistent",
                "--timeout",
                2,
            ),
            ("key list", "--session", 10),
            ("key list", "--web-url", 2),
            ("key list", "--unused-for", 2),
            ("key list", "--timeout", 2),
            ("key list", "--bypass-keychain", 2),
            ("key revoke 2X9R4QWVK6", "--session", 10),
            ("key revoke 2X9R4QWVK6", "--web-url", 2),
            ("key revoke 2X9R4QWVK6", "--confirm", 2),
        ] {
            for step in [None, Some(Step::new())] {
                let given = format!("{flag}={text}");
                let arguments: Vec<&str> = command.split(' ').chain([given.as_str()]).collect();
                let run = step
                    .as_ref()
                    .map_or_else(|| Run::new(&arguments), |step| step.run(&arguments));
                let run = if command == "setup" {
                    run.env("GITHUB_ACTIONS", "true")
                } else {
                    run
                };
                let ran = run.env("ASC_KEY_ID", KEY_ID).run();
                if command == "setup" && step.is_none() {
                    continue; // It has no CI to hand over to, and stops there.
                }
                assert_eq!(ran.code, Some(code), "{command} {flag}: {}", ran.text());
                let is_in_github = step.is_some() || command == "setup";
                let shown = if is_in_github {
                    without_masks(&ran.text())
                } else {
                    assert_no_mask(&ran.text());
                    ran.text()
                };
                let found = secrets.found_in(&shown);
                assert_eq!(found, Vec::<&str>::new(), "{command} {flag}: {}", ran.text());
            }
        }
    }
}
