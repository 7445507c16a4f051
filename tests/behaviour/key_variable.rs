//! `--private-key-variable`: the key in a variable of any name, in any form.

use std::{ffi::OsStr, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use simulator::TestKey;

use crate::support::{
    Run,
    job::{Job, env_file},
    proof::{assert_key_kept, assert_refused, assert_token_of},
};

const NAME: &str = "RELEASE_KEY";

fn by_variable(job: &Job, value: impl AsRef<OsStr>) -> Run {
    job.run(&["token", "--private-key-variable", NAME])
        .team_key(&TestKey::generate())
        .env(NAME, value)
}

#[test]
fn the_key_is_read_from_the_variable_that_is_named_in_any_form() {
    let job = Job::new();
    let key = &job.key;
    // GitLab names a file variable's file for the variable.
    for name in [NAME, "key.p8", "a key", "AuthKey_2X9R4QWVK6.p8"] {
        let path = job.temp().join(name);
        fs::write(&path, key.pem()).unwrap();
        assert_token_of(name, &by_variable(&job, &path).run(), key);
    }
    let base64 = STANDARD.encode(key.pem());
    for (row, text) in [
        ("text", key.pem()),
        ("Windows' line ends", key.pem().replace('\n', "\r\n")),
        ("literal line ends", key.pem().replace('\n', "\\n")),
        ("base64", base64.clone()),
        ("base64 with a line end", format!("{base64}\n")),
        ("base64 of DER", STANDARD.encode(key.apple_der())),
    ] {
        assert_token_of(row, &by_variable(&job, &text).run(), key);
    }
    let ran = job
        .run(&["setup", "--validate=false", "--private-key-variable", NAME])
        .team_key(&TestKey::generate())
        .env(NAME, &base64)
        .run();
    let key_file = env_file(&ran).with_file_name("AuthKey_2X9R4QWVK6.p8");
    assert_eq!(
        fs::read_to_string(key_file).unwrap(),
        key.pkcs8_pem(),
        "ASC_PRIVATE_KEY is another key"
    );
}

#[test]
fn a_variable_that_holds_no_key_is_named() {
    let job = Job::new();
    let other = job.key.pem();
    let ran = by_variable(&job, "").unset(NAME).env("ASC_PRIVATE_KEY", &other).run();
    assert_refused("unset", &ran, 10, "RELEASE_KEY", &other);
    assert!(ran.text().contains("not set"), "{}", ran.text());
    for blank in ["", "  ", "\n"] {
        let ran = by_variable(&job, blank).env("ASC_PRIVATE_KEY", &other).run();
        assert_refused("blank", &ran, 10, "RELEASE_KEY", &other);
        assert!(ran.text().contains("set, but empty"), "{}", ran.text());
    }
    for (row, value, code) in [
        ("garbage", "hunter2-hunter2-hunter2", 10),
        ("half a key", &other[..150], 10),
        ("a missing file", "/no/such/file", 30),
        ("a directory", "/usr/lib", 30),
    ] {
        let ran = by_variable(&job, value).run();
        assert_eq!(ran.code, Some(code), "{row}: {}", ran.text());
        assert!(ran.text().contains(NAME), "{row}: {}", ran.text());
        assert!(!ran.text().contains("hunter2"), "{}", ran.text());
        assert_key_kept(row, &ran, &job.key);
        assert_eq!(ran.stdout, "", "{row}");
    }
}

#[test]
fn what_is_no_name_is_refused_and_never_repeated() {
    let job = Job::new();
    let pem = job.key.pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    for name in [
        pem.as_str(),
        body.as_str(),
        &body[..38],
        &STANDARD.encode(&pem),
        "A-NAME",
        "A NAME",
        "1NAME",
        "A=NAME",
        "$NAME",
        "Ä",
    ] {
        for command in ["token", "setup"] {
            let argument = format!("--private-key-variable={name}");
            let ran = job.run(&[command, &argument]).team_key(&job.key).run();
            if name == &body[..38] && ran.code == Some(10) {
                // It can be a name, as far as anybody can tell.
                continue;
            }
            assert_eq!(ran.code, Some(2), "{name}: {}", ran.text());
            assert!(ran.text().contains("--private-key-variable"), "{}", ran.text());
            assert!(!ran.text().contains(name), "{name}: {}", ran.text());
            assert_key_kept(name, &ran, &job.key);
        }
    }
    let ran = job
        .run(&["token", "--private-key-variable", ""])
        .team_key(&job.key)
        .run();
    assert_refused("empty", &ran, 2, "--private-key-variable", &pem);
    assert!(job.leftovers().is_empty());
}

#[test]
fn a_variable_and_a_path_at_once_are_a_mistake() {
    let job = Job::new();
    for command in ["token", "setup", "validate"] {
        let ran = job
            .run(&[command, "--private-key-variable", NAME, "--private-key-path", "key.p8"])
            .team_key(&job.key)
            .env(NAME, job.key.pem())
            .run();
        assert_refused(command, &ran, 2, "--private-key-", &job.key.pem());
        assert_eq!(ran.stdout, "");
    }
    assert!(job.leftovers().is_empty());
}
