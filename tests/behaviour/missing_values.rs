//! What is missing, empty, unreadable or not where it was said to be: each is named, and nothing is guessed.

use std::fs;

use simulator::TestKey;

use crate::support::{
    ISSUER_ID, KEY_ID, Run, Step,
    proof::{assert_key_kept, assert_not_told, assert_refused, assert_token_of},
};

const ACCEPTED: &str = "accepts 1, true, yes, on, y, t or 0, false, no, off, n, f";

#[test]
fn with_nothing_set_every_variable_is_named() {
    let ran = Run::new(&["token"]).run().code(10);
    for place in [
        "ASC_KEY_ID",
        "ASC_ISSUER_ID",
        "ASC_PRIVATE_KEY_PATH",
        "ASC_PRIVATE_KEY_B64",
        "ASC_PRIVATE_KEY",
        "--key-id",
        "--issuer-id",
        "--private-key-path",
    ] {
        assert_eq!(fact(&ran.stderr, place), Some("not set"), "{place}:\n{}", ran.stderr);
    }
    assert!(
        ran.stderr
            .starts_with("error: no key ID, no issuer ID and no private key were given\n")
    );
    assert_eq!(ran.stdout, "", "nothing is printed for a script to take for a token");
}

/// What a refusal says about one place.
fn fact<'a>(text: &'a str, place: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (label, said) = line.trim_start().split_once("  ")?;
        (label == place).then(|| said.trim_start())
    })
}

#[test]
fn a_missing_or_empty_secret_names_the_variable() {
    let key = TestKey::generate();
    for (variable, what) in [
        ("ASC_KEY_ID", "key ID"),
        ("ASC_ISSUER_ID", "issuer ID"),
        ("ASC_PRIVATE_KEY", "private key"),
    ] {
        for (row, value, said) in [
            ("missing", None, "not set"),
            ("empty", Some(""), "set, but empty"),
            ("blank", Some(" \t\r\n"), "set, but empty"),
            ("invisible", Some("\u{a0}\u{200b}\u{feff}"), "set, but empty"),
            ("quoted nothing", Some("\"\""), "set, but empty"),
        ] {
            let run = Run::new(&["token"]).team_key(&key);
            let run = match value {
                None => run.unset(variable),
                Some(value) => run.env(variable, value),
            };
            let ran = run.run();
            let row = format!("{variable} {row}");
            assert_refused(&row, &ran, 10, &format!("error: no {what} was given\n"), &key.pem());
            assert_eq!(fact(&ran.stderr, variable), Some(said), "{row}");
            assert_eq!(
                ran.stderr.contains("misspelt"),
                value.is_some(),
                "{row}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn an_empty_variable_beside_a_full_one_counts_as_unset() {
    let key = TestKey::generate();
    let ran = Run::new(&["token", "--strict-auth"])
        .team_key(&key)
        .env("ASC_PRIVATE_KEY_PATH", "")
        .env("ASC_PRIVATE_KEY_B64", " ")
        .env("ASC_PROFILE", "")
        .env("ASC_KEY_TYPE", "")
        .run();
    assert_token_of("empty beside full", &ran, &key);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_fork_without_secrets_is_told_so() {
    let step = Step::new();
    let ran = [
        "KEY-ID",
        "ISSUER-ID",
        "PRIVATE-KEY",
        "PRIVATE-KEY-PATH",
        "KEY-TYPE",
        "PROFILE",
    ]
    .iter()
    .fold(step.run(&["setup", "--action-inputs"]), |run, input| {
        run.env(&format!("INPUT_{input}"), "")
    })
    .run()
    .code(10)
    .says("::error title=no key ID%2C no issuer ID and no private key were given::")
    .says("a pull request from a fork gets no secrets");
    let lines = ran.stdout.replace("%0A", "\n");
    for input in ["key-id", "issuer-id", "private-key", "private-key-path"] {
        let place = format!("input {input}");
        assert_eq!(fact(&lines, &place), Some("set, but empty"), "{place}:\n{lines}");
    }
    assert!(step.leftovers().is_empty());
    assert!(step.outputs().is_empty());
}

#[test]
fn a_named_profile_is_not_found() {
    let key = TestKey::generate();
    let ran = Run::new(&["token", "--profile", "release"]).run();
    assert_refused(
        "flag",
        &ran.says("from --profile"),
        10,
        "no profile named \"release\"\n",
        &key.pem(),
    );
    let ran = Run::new(&["token"]).env("ASC_PROFILE", "release").run();
    assert_refused(
        "variable",
        &ran.says("from ASC_PROFILE"),
        10,
        "no profile named \"release\"\n",
        &key.pem(),
    );
}

#[test]
fn a_key_given_as_the_profile_is_not_told() {
    let key = TestKey::generate();
    for (row, value) in [("a PEM", key.pem()), ("one line", key.pem().replace('\n', "\\n"))] {
        let ran = Run::new(&["token"]).env("ASC_PROFILE", &value).run();
        assert_refused(row, &ran, 10, "ASC_PROFILE", &key.pem());
        assert_not_told(row, &ran, &value);
    }
}

#[test]
fn an_unreadable_boolean_is_refused_and_never_guessed() {
    let key = TestKey::generate();
    let step = Step::new();
    for (arguments, variable, place) in [
        (&["token", "--strict-auth=maybe"][..], None, "--strict-auth"),
        (&["token", "--bypass-keychain=2"], None, "--bypass-keychain"),
        (&["token"], Some("ASC_STRICT_AUTH"), "ASC_STRICT_AUTH"),
        (&["token"], Some("ASC_BYPASS_KEYCHAIN"), "ASC_BYPASS_KEYCHAIN"),
        (
            &["token", "--strict-auth=true"],
            Some("ASC_STRICT_AUTH"),
            "ASC_STRICT_AUTH",
        ),
        (&["validate", "--forbid-admin=ja"], None, "--forbid-admin"),
        (&["setup", "--validate=nope"], None, "--validate"),
        (&["setup", "--forbid-admin=enabled"], None, "--forbid-admin"),
        (
            &["setup", "--action-inputs"],
            Some("INPUT_STRICT-AUTH"),
            "input strict-auth",
        ),
        (&["setup", "--action-inputs"], Some("INPUT_VALIDATE"), "input validate"),
        (
            &["setup", "--action-inputs"],
            Some("INPUT_FORBID-ADMIN"),
            "input forbid-admin",
        ),
    ] {
        let run = if arguments[0] == "setup" {
            step.run(arguments)
        } else {
            Run::new(arguments)
        };
        let run = variable
            .into_iter()
            .fold(run.team_key(&key), |run, name| run.env(name, "treu"));
        let ran = run.run().says(ACCEPTED).does_not_say("treu");
        assert_refused(place, &ran, 2, &format!("{place} can't be read"), &key.pem());
    }
    assert!(step.leftovers().is_empty());
}

#[test]
fn every_spelling_of_a_boolean_is_read() {
    let key = TestKey::generate();
    for (strict, spellings) in [
        (true, ["1", "true", "YES", "On", "y", "T\n"]),
        (false, ["0", "false", "NO", "Off", "n", "\"F\""]),
    ] {
        for spelling in spellings {
            let ran = Run::new(&["token"])
                .team_key(&key)
                .env("ASC_PRIVATE_KEY_B64", TestKey::generate().pem())
                .env("ASC_STRICT_AUTH", spelling)
                .run();
            let code = if strict { 11 } else { 0 };
            assert_eq!(ran.code, Some(code), "{spelling}: {}", ran.text());
            assert_key_kept(spelling, &ran, &key);
        }
    }
}

#[test]
fn an_unreadable_key_type_is_refused() {
    let key = TestKey::generate();
    let ran = Run::new(&["token"])
        .team_key(&key)
        .env("ASC_KEY_TYPE", "personal")
        .run();
    let ran = ran.says("accepts team or individual").does_not_say("personal");
    assert_refused("variable", &ran, 2, "ASC_KEY_TYPE can't be read\n", &key.pem());
    let ran = Run::new(&["token", "--key-type", "user"]).team_key(&key).run();
    assert_refused("flag", &ran, 2, "--key-type can't be read\n", &key.pem());
}

fn with_path(path: impl AsRef<std::ffi::OsStr>) -> Run {
    Run::new(&["token"])
        .env("ASC_KEY_ID", KEY_ID)
        .env("ASC_ISSUER_ID", ISSUER_ID)
        .env("ASC_PRIVATE_KEY_PATH", path)
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    let ran = with_path("keys/AuthKey_2X9R4QWVK6.p8")
        .run()
        .code(30)
        .says("error: the private key file can't be read: it does not exist\n");
    let said = "keys/AuthKey_2X9R4QWVK6.p8, from ASC_PRIVATE_KEY_PATH";
    assert_eq!(fact(&ran.stderr, "file"), Some(said), "{}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn a_directory_in_place_of_the_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    with_path(directory.path())
        .run()
        .code(30)
        .says("error: the private key file can't be read: it is a directory\n");
}

#[test]
fn a_key_in_place_of_its_path_is_named_and_not_told() {
    let key = TestKey::generate();
    let pem = key.pem();
    for (row, value) in crate::support::forms::accepted_texts(&key).into_iter().chain([
        ("a PEM cut off", pem[..120].to_owned()),
        ("a PEM and a dot", format!("{pem}.")),
    ]) {
        let ran = with_path(&value).run();
        let sentence = "ASC_PRIVATE_KEY_PATH holds a key, where the path of a key belongs\n";
        assert_refused(row, &ran, 10, sentence, &value);
        assert_not_told(row, &ran, &pem);
    }
}

#[test]
fn a_placeholder_in_place_of_the_path_is_named() {
    let ran = with_path("${{ secrets.KEY_PATH }}").run();
    let sentence = "the private key can't be used: it is a placeholder that was never filled in\n";
    assert_refused("placeholder", &ran, 10, sentence, "secrets.KEY_PATH");
}

#[test]
fn standard_input_is_for_the_flag_only() {
    let key = TestKey::generate();
    let ran = with_path("-").run();
    let sentence = "ASC_PRIVATE_KEY_PATH asks for standard input, which only the flag can\n";
    assert_refused("variable", &ran.says("--private-key-path -"), 2, sentence, &key.pem());

    let piped = Run::new(&["token", "--private-key-path", "-"]).team_key(&key);
    let ran = piped.unset("ASC_PRIVATE_KEY").stdin(key.pem()).run();
    assert_token_of("flag", &ran, &key);
}

#[test]
fn a_relative_path_is_looked_up_from_the_working_directory() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("key.p8"), key.pem()).unwrap();
    let ran = with_path("key.p8").dir(directory.path()).run();
    assert_token_of("relative", &ran, &key);
}

#[test]
fn a_flag_with_an_empty_value_is_refused_and_not_taken_for_absent() {
    let key = TestKey::generate();
    let simulator = crate::support::simulator_with(&key);
    for arguments in [
        ["validate", "--expect-app="],
        ["validate", "--forbid-admin="],
        ["validate", "--key-id="],
        ["token", "--scope="],
        ["token", "--strict-auth="],
        ["token", "--private-key-path="],
        ["token", "--profile= "],
    ] {
        let flag = arguments[1].split('=').next().expect("a flag");
        Run::new(&arguments)
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(2)
            .says(&format!("{flag} was given without a value"));
    }
    assert!(simulator.requests().is_empty());
}
