//! `doctor`: everything that can be checked is, what is wrong is numbered with what to do, and nothing is changed.

use std::fs;

use serde_json::{Value, json};
use simulator::{Fault, Simulator, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run, Step,
    forms::wrong_keys,
    machine::{Machine, config, contents, entry, keys},
    proof::{assert_key_kept, assert_not_told},
};

/// What is changed about a run that is fine; the key is another one.
type Change = fn(Run, &TestKey) -> Run;

/// The findings by their names, and whether each is a problem.
type Expected = &'static [(&'static str, bool)];

/// A machine on which nothing is wrong: one profile, everything in it this user's alone.
pub fn healthy(key: &TestKey) -> Machine {
    let machine = Machine::new();
    let path = machine.key_file(&format!("AuthKey_{KEY_ID}.p8"), key);
    let file = machine.write_config("home", &config("MyApp", &[entry("MyApp", KEY_ID, &path)]));
    for path in [path.as_ref(), file.as_path()] {
        close(path, 0o600);
    }
    close(file.parent().expect("a folder"), 0o700);
    machine
}

#[cfg(unix)]
pub fn close(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[cfg(not(unix))]
pub fn close(_: &std::path::Path, _: u32) {}

pub fn doctor(machine: &Machine, arguments: &[&str]) -> Run {
    machine
        .run(&[&["doctor"], arguments].concat())
        .env("ASC_BYPASS_KEYCHAIN", "1")
}

/// The findings of `doctor --output json`: each with its name, and whether it is a problem.
#[track_caller]
pub fn findings(run: Run) -> Vec<(String, bool)> {
    let ran = run.run();
    let told = ran.json();
    let findings = told["findings"].as_array().expect("findings");
    let findings: Vec<(String, bool)> = findings
        .iter()
        .map(|finding| {
            let id = finding["id"].as_str().expect("a name");
            (id.to_owned(), finding["severity"] == "problem")
        })
        .collect();
    let is_broken = findings.iter().any(|(_, is_problem)| *is_problem);
    assert_eq!(ran.code, Some(if is_broken { 10 } else { 0 }), "{}", ran.text());
    assert_eq!(told["healthy"], !is_broken);
    findings
}

#[track_caller]
fn assert_finds(row: &str, run: Run, expected: &[(&str, bool)]) {
    let expected: Vec<(String, bool)> = expected.iter().map(|(id, bad)| ((*id).to_owned(), *bad)).collect();
    let found = findings(run);
    assert_eq!(found, expected, "{row}");
}

#[track_caller]
fn assert_says(row: &str, run: Run, words: &[&str]) -> Ran {
    let ran = run.run();
    for word in words {
        assert!(ran.stdout.contains(word), "{row}: no {word:?} in:\n{}", ran.text());
    }
    ran
}

// What is fine

#[test]
fn where_nothing_is_wrong_it_says_so_and_what_it_looked_at() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let before = contents(&machine.path(""));
    let ran = doctor(&machine, &[]).run().code(0);
    assert!(ran.stdout.ends_with("\nNo issues found.\n"), "{}", ran.text());
    assert_eq!(ran.stderr, "");
    for line in [
        "keychain      not looked into, as --bypass-keychain or ASC_BYPASS_KEYCHAIN says\n",
        "profiles      MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n",
        "the default is MyApp: default_key_name in ~/.asc/config.json\n",
        "~/.asc/config.json: in order\n",
        "key files     1 file of this user alone\n",
        "environment   set: ASC_BYPASS_KEYCHAIN\n",
        "key: 2X9R4QWVK6 (team key), from profile MyApp (~/.asc/config.json)\n",
    ] {
        assert!(ran.stdout.contains(line), "no {line:?} in:\n{}", ran.stdout);
    }
    assert_key_kept("healthy", &ran, &key);
    assert_eq!(contents(&machine.path("")), before);
    assert_finds("healthy", doctor(&machine, &["--output=json"]), &[]);
}

#[test]
fn variables_are_told_as_set_empty_or_not_and_never_with_their_value() {
    let machine = Machine::new();
    let key = TestKey::generate();
    let run = machine.run(&["doctor", "--bypass-keychain", "--output=json"]);
    let ran = run.team_key(&key).env("ASC_PROFILE", " ").run();
    let variables = &ran.json()["variables"];
    for (name, state) in [
        ("ASC_KEY_ID", "set"),
        ("ASC_PRIVATE_KEY", "set"),
        ("ASC_PROFILE", "empty"),
        ("ASC_PRIVATE_KEY_B64", "not_set"),
        ("ASC_WEB_SESSION", "not_set"),
    ] {
        assert_eq!(variables[name], state, "{name}");
    }
    assert_eq!(variables.as_object().expect("variables").len(), 14);
    let ran = ran.code(0).does_not_say(ISSUER_ID);
    assert_key_kept("variables", &ran, &key);
}

#[test]
fn where_nothing_was_set_up_nothing_is_broken() {
    let machine = Machine::new();
    let run = doctor(&machine, &[]);
    let ran = assert_says(
        "nothing",
        run,
        &[
            "1. advice: no credential is given here, and no profile is stored\n",
            "asc-auth login",
            "\nNothing is broken; 1 piece of advice.\n",
        ],
    );
    ran.code(0);
}

// The environment

#[test]
fn what_can_not_be_read_in_the_environment_is_told_all_at_once() {
    let machine = Machine::new();
    let key = TestKey::generate();
    for value in ["perhaps", key.pem().as_str()] {
        let mut run = machine.run(&["doctor"]).team_key(&key);
        for name in ["ASC_BYPASS_KEYCHAIN", "ASC_STRICT_AUTH", "ASC_KEY_TYPE", "ASC_API_URL"] {
            run = run.env(name, value);
        }
        let ran = run.run().code(10);
        for title in [
            "1. ASC_STRICT_AUTH can't be read\n",
            "2. ASC_BYPASS_KEYCHAIN can't be read\n",
            "3. ASC_KEY_TYPE can't be read\n",
            "4. the API root can't be used: it is not a URL\n",
            "not looked into: ASC_BYPASS_KEYCHAIN can't be read\n",
            "\nFound 4 problems.\n",
        ] {
            assert!(ran.stdout.contains(title), "no {title:?} in:\n{}", ran.text());
        }
        assert_not_told("unreadable", &ran, "perhaps");
        assert_key_kept("unreadable", &ran, &key);
    }
}

#[test]
fn what_the_resolver_refuses_is_told_in_its_words() {
    let machine = Machine::new();
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let run = || {
        machine
            .run(&["doctor", "--bypass-keychain", "--output=json"])
            .team_key(&key)
    };
    let rows: [(&str, Change, &str, bool); 7] = [
        (
            "swapped",
            |run, _| run.env("ASC_KEY_ID", ISSUER_ID).env("ASC_ISSUER_ID", KEY_ID),
            "ids_swapped",
            true,
        ),
        (
            "no key ID",
            |run, _| run.env("ASC_KEY_ID", ""),
            "credential_incomplete",
            true,
        ),
        (
            "two keys",
            |run, other| run.env("ASC_PRIVATE_KEY_B64", other.pem()),
            "mixed_sources",
            false,
        ),
        (
            "two keys, strict",
            |run, other| run.env("ASC_PRIVATE_KEY_B64", other.pem()).env("ASC_STRICT_AUTH", "1"),
            "mixed_sources",
            true,
        ),
        (
            "half a key",
            |run, other| run.env("ASC_PRIVATE_KEY", &other.pem()[..150]),
            "credential_unusable",
            true,
        ),
        (
            "no directory",
            |run, _| run.env("ASC_AUTH_DIR", "/nowhere/asc-auth-1"),
            "auth_dir",
            true,
        ),
        (
            "no such file",
            |run, _| run.env("ASC_PRIVATE_KEY_PATH", "/nowhere/AuthKey.p8"),
            "credential_unusable",
            true,
        ),
    ];
    for (row, change, id, is_problem) in rows {
        assert_finds(row, change(run(), &other), &[(id, is_problem)]);
        let ran = change(run(), &other).run();
        assert_key_kept(row, &ran, &key);
        assert_key_kept(row, &ran, &other);
    }
}

#[test]
fn of_conflicting_sources_it_tells_which_there_are_and_which_is_used() {
    let machine = Machine::new();
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let run = machine.run(&["doctor", "--bypass-keychain"]).team_key(&key);
    assert_says(
        "two keys",
        run.env("ASC_PRIVATE_KEY_B64", other.pem()),
        &[
            "1. advice: two private keys were given, and they differ: ASC_PRIVATE_KEY_B64, ASC_PRIVATE_KEY; \
         ASC_PRIVATE_KEY_B64 is used\n",
            "Unset what is not meant.\n",
        ],
    )
    .code(0);
}

#[test]
fn a_name_that_is_nearly_right_is_told_where_the_right_one_is_missing() {
    let machine = Machine::new();
    let key = TestKey::generate();
    for (given, read) in [
        ("ASC_API_KEY_ID", "ASC_KEY_ID"),
        ("APP_STORE_CONNECT_API_KEY_KEY_ID", "ASC_KEY_ID"),
        ("APP_STORE_CONNECT_API_KEY_ISSUER_ID", "ASC_ISSUER_ID"),
    ] {
        let run = || {
            let run = machine.run(&["doctor", "--bypass-keychain"]);
            run.team_key(&key).env(given, "anything")
        };
        let sentence = format!(
            "{given} is set, which asc-auth does not read\n   If it is meant for asc-auth, its name is {read}."
        );
        assert_says(given, run().unset(read), &[&sentence]).code(10);
        run().run().code(0).does_not_say(given);
    }
}

// Stored profiles

#[test]
fn every_profile_is_judged_by_itself_and_none_hides_another() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let wrong = machine.key_file("AuthKey_ABCDE12345.p8", &key);
    let curve = machine.path("keys").join("p384.p8");
    let wrong_keys = wrong_keys();
    let (_, _, p384) = wrong_keys
        .iter()
        .find(|(_, row, _)| *row == "P-384 in PKCS#8")
        .expect("a row");
    fs::write(&curve, p384).expect("a file");
    let good = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let good = good.to_str().expect("UTF-8");
    let entries = [
        entry("MyApp", KEY_ID, good),
        entry("Moved", KEY_ID, "/nowhere/AuthKey.p8"),
        entry("Renamed", KEY_ID, &wrong),
        entry("Curve", KEY_ID, curve.to_str().expect("UTF-8")),
        entry("Keyless", KEY_ID, ""),
        entry("Bad ID", "lower", good),
        entry("Directory", KEY_ID, machine.path("keys").to_str().expect("UTF-8")),
    ];
    let file = machine.write_config("home", &config("MyApp", &entries));
    close(&file, 0o600);
    for path in [wrong.as_ref(), curve.as_path()] {
        close(path, 0o600);
    }
    let ran = doctor(&machine, &[]).env("ASC_STRICT_AUTH", "1").run().code(10);
    for title in [
        "profile Moved: the private key file can't be read: it does not exist\n",
        "profile Renamed: the key file's name contradicts what was given\n",
        "profile Curve: the private key can't be used: it is a key on P-384, not on P-256\n",
        "profile Keyless: no private key was given\n",
        "profile Bad ID: the key ID can't be right: ",
        "profile Directory: the private key file can't be read: it is a directory\n",
        "profiles      MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n",
        "\nFound 6 problems.\n",
    ] {
        assert!(ran.stdout.contains(title), "no {title:?} in:\n{}", ran.text());
    }
    assert_key_kept("profiles", &ran, &key);
}

#[test]
fn a_default_profile_that_can_not_be_used_is_told_once() {
    let machine = Machine::new();
    let file = machine.write_config(
        "home",
        &config("MyApp", &[entry("MyApp", KEY_ID, "/nowhere/AuthKey.p8")]),
    );
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    assert_finds(
        "moved",
        doctor(&machine, &["--output=json"]),
        &[("profile_unusable", true)],
    );
}

#[test]
fn names_that_are_repeated_improper_or_of_no_default_are_told() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let path = path.to_str().expect("UTF-8");
    let mut individual = entry("MyApp", KEY_ID, path);
    individual["key_type"] = json!("individual");
    let one = || entry("MyApp", KEY_ID, path);
    let rows: [(&str, Value, Expected); 6] = [
        ("twice alike", config("MyApp", &[one(), one()]), &[]),
        (
            "twice",
            config("MyApp", &[one(), individual]),
            &[("profile_repeated", true)],
        ),
        (
            "long",
            keys(&[entry(&"x".repeat(300), KEY_ID, path)]),
            &[("profile_name", true)],
        ),
        (
            "control",
            keys(&[entry("a\u{7}b", KEY_ID, path)]),
            &[("profile_name", true)],
        ),
        (
            "no default",
            keys(&[one(), entry("Other", KEY_ID, path)]),
            &[("no_default", true)],
        ),
        ("gone", config("Old", &[one()]), &[("default_missing", true)]),
    ];
    for (row, text, expected) in rows {
        let file = machine.write_config("home", &text);
        close(&file, 0o600);
        assert_finds(row, doctor(&machine, &["--output=json"]), expected);
        doctor(&machine, &[]).run().does_not_say(&"x".repeat(60));
    }
}

#[test]
fn one_name_for_different_profiles_in_two_places_is_told() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let path = machine.path("keys").join(format!("AuthKey_{KEY_ID}.p8"));
    let mut other = entry("MyApp", KEY_ID, path.to_str().expect("UTF-8"));
    other["issuer_id"] = json!("69a6de70-03db-47e3-e053-5b8c7c11a4d1");
    let file = machine.write_config("work", &keys(&[other]));
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    for strict in ["0", "1"] {
        let run = doctor(&machine, &["--output=json"]).env("ASC_STRICT_AUTH", strict);
        assert_finds(strict, run, &[("profile_repeated", true)]);
    }
    assert_says(
        "two places",
        doctor(&machine, &[]),
        &[
            "different profiles are stored under the name MyApp\n",
            "./.asc/config.json  is used\n",
            "~/.asc/config.json  stores another one\n",
        ],
    );
}

#[test]
fn a_config_file_that_can_not_be_read_is_told_and_hides_no_other() {
    let key = TestKey::generate();
    for (row, text) in [
        ("empty", String::new()),
        ("truncated", r#"{"keys": [{"name":"#.to_owned()),
        ("no JSON", key.pem()),
        ("a list", "[]".to_owned()),
        ("another shape", r#"{"keys": {"a": 1}}"#.to_owned()),
    ] {
        let machine = healthy(&key);
        let file = machine.write_config_text("work", text);
        close(&file, 0o600);
        close(file.parent().expect("a folder"), 0o700);
        assert_finds(row, doctor(&machine, &["--output=json"]), &[("config_unusable", true)]);
        let ran = assert_says(
            row,
            doctor(&machine, &[]),
            &[
                "1. ./.asc/config.json can't be used: ",
                "MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n",
                "~/.asc/config.json: in order\n",
            ],
        );
        assert_key_kept(row, &ran, &key);
    }
}

#[test]
fn a_config_file_that_git_tracks_is_told() {
    let key = TestKey::generate();
    let machine = healthy(&key);
    let file = machine.write_config("work", &keys(&[]));
    close(&file, 0o600);
    close(file.parent().expect("a folder"), 0o700);
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        let done = git.args(arguments).current_dir(machine.path("work")).output();
        assert!(done.expect("git is there").status.success());
    };
    git(&["init", "--quiet"]);
    let path = std::env::var_os("PATH").expect("a path");
    let run = || doctor(&machine, &["--output=json"]).env("PATH", &path);
    assert_finds("untracked", run(), &[]);
    git(&["add", "-f", ".asc/config.json"]);
    assert_finds("tracked", run(), &[("config_tracked", true)]);
}

#[test]
fn without_a_home_directory_it_says_what_it_did_not_look_for() {
    let machine = Machine::new();
    let key = TestKey::generate();
    let run = Run::new(&["doctor", "--bypass-keychain"])
        .env("TMPDIR", machine.path("temp"))
        .team_key(&key)
        .dir(&machine.path("work"));
    run.run()
        .code(0)
        .says("~/.asc/config.json: not looked for, because the environment names no home directory\n")
        .says("No issues found.");
}

// CI

#[test]
fn each_pitfall_of_a_ci_is_told() {
    let key = TestKey::generate();
    let step = Step::new();
    let event = step.file("event.json");
    fs::write(&event, r#"{"pull_request":{"head":{"repo":{"fork":true}}}}"#).expect("a file");
    let run = || {
        step.run(&["doctor", "--output=json"])
            .env("TMPDIR", step.temp())
            .team_key(&key)
    };
    assert_finds("none", run(), &[]);
    for (variable, value, expected) in [
        ("GITLAB_CI", "true", ("several_cis", true)),
        ("CI_DEBUG_TRACE", "true", ("debug_trace", true)),
        ("CI_DEBUG_TRACE", "perhaps", ("debug_trace", true)),
        ("RUNNER_DEBUG", "1", ("debug_logging", false)),
        ("ACTIONS_STEP_DEBUG", "true", ("debug_logging", false)),
        ("RUNNER_TEMP", "", ("no_runner_temp", true)),
        ("RUNNER_TEMP", "/nowhere", ("temporary_directory", true)),
        ("RUNNER_TEMP", "relative", ("temporary_directory", true)),
    ] {
        assert_finds(variable, run().env(variable, value), &[expected]);
    }
    let fork = || {
        run()
            .env("GITHUB_EVENT_NAME", "pull_request")
            .env("GITHUB_EVENT_PATH", &event)
    };
    assert_finds("fork", fork(), &[("fork_without_secrets", false)]);
    assert_finds(
        "fork's secrets",
        fork().env("ASC_PRIVATE_KEY", ""),
        &[("credential_incomplete", true), ("fork_without_secrets", false)],
    );
    for harmless in [
        r#"{"pull_request":{"head":{"repo":{"fork":false}}}}"#,
        r#"{"pull_request":{}}"#,
        "no JSON",
    ] {
        fs::write(&event, harmless).expect("a file");
        assert_finds(harmless, fork(), &[]);
    }
}

#[test]
fn on_github_the_key_is_masked_before_anything_is_said_and_stdout_holds_none_of_it() {
    let (step, key) = (Step::new(), TestKey::generate());
    let ran = step
        .run(&["doctor"])
        .env("TMPDIR", step.temp())
        .team_key(&key)
        .run()
        .code(0);
    assert!(ran.stderr.starts_with("::add-mask::"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("::"), "{}", ran.stdout);
}

// The clock

#[test]
fn the_clock_is_compared_with_one_request_that_carries_no_token() {
    let machine = Machine::new();
    let key = TestKey::generate();
    let apple = Simulator::start();
    for (offset, expected) in [
        (0, None),
        (-20, Some(false)),
        (-600, Some(true)),
        (3 * 86400, Some(true)),
    ] {
        apple.set_clock_offset(offset);
        let run = |arguments: &[&str]| {
            machine
                .run(&[&["doctor", "--bypass-keychain", "--network"], arguments].concat())
                .team_key(&key)
                .api(&apple)
        };
        let before = apple.requests().len();
        let found = findings(run(&["--output=json"]));
        let expected: Vec<(String, bool)> = expected.map(|bad| ("clock_skew".to_owned(), bad)).into_iter().collect();
        assert_eq!(found, expected, "{offset}");
        let requests = apple.requests();
        assert_eq!(requests.len(), before + 1, "{offset}");
        assert_eq!(requests[before].header("authorization"), None);
    }
}

#[test]
fn without_network_no_request_is_made() {
    let (apple, key) = (Simulator::start(), TestKey::generate());
    let machine = healthy(&key);
    doctor(&machine, &[]).api(&apple).run().code(0);
    assert!(apple.requests().is_empty());
}

#[test]
fn a_network_that_fails_is_a_finding_and_no_exit_20() {
    let (apple, key) = (Simulator::start(), TestKey::generate());
    let machine = healthy(&key);
    apple.fail_always(Fault::ResetBeforeResponse);
    let run = doctor(&machine, &["--network", "--timeout=5s", "--output=json"]).api(&apple);
    assert_finds("closed", run, &[("network", true)]);
}

// The command line

#[test]
fn confirm_without_fix_and_a_key_on_standard_input_are_usage_errors() {
    let machine = Machine::new();
    let run = |arguments: &[&str]| machine.run(&[&["doctor"], arguments].concat()).run();
    run(&["--confirm"]).code(2).says("--confirm was given without --fix");
    run(&["--private-key-path", "-"])
        .code(2)
        .says("doctor reads no key from standard input");
}
