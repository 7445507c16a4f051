//! `doctor`: everything that can be checked is, what is wrong is numbered with what to do, and nothing is changed.

use std::fs;

use simulator::{Fault, Simulator, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run, Step,
    machine::{Machine, config, contents, entry},
    proof::{assert_key_kept, assert_not_told},
};

/// What is changed about a run that is fine; the key is another one.
type Change = fn(Run, &TestKey) -> Run;

/// The findings by their names, and whether each is a problem.
pub type Expected = &'static [(&'static str, bool)];

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
pub fn assert_finds(row: &str, run: Run, expected: &[(&str, bool)]) {
    let expected: Vec<(String, bool)> = expected.iter().map(|(id, bad)| ((*id).to_owned(), *bad)).collect();
    let found = findings(run);
    assert_eq!(found, expected, "{row}");
}

#[track_caller]
pub fn assert_says(row: &str, run: Run, words: &[&str]) -> Ran {
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
        "Checked       Found\n",
        "keychain      not looked into, as --bypass-keychain or ASC_BYPASS_KEYCHAIN says\n",
        "profiles      MyApp: 2X9R4QWVK6 (team key), in ~/.asc/config.json\n",
        "the default is MyApp: default_key_name in ~/.asc/config.json\n",
        "~/.asc/config.json: in order\n",
        "key files     1 file of this user alone\n",
        "environment   set: ASC_BYPASS_KEYCHAIN\n              13 ASC_… variables are not set\n",
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
    let ran = doctor(&machine, &["--network"]).api(&apple).run().code(0);
    ran.says("asc-auth status --validate");
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
