//! Stored profiles beside credentials in the environment: what is given decides, and is completed only where nobody could
//! be misled.

use std::fs;

use simulator::TestKey;

use crate::support::{
    ISSUER_ID, KEY_ID, Run, Step,
    machine::{Machine, config, keys},
    proof::{assert_key_kept, assert_refused, assert_token_of},
};

const OTHER_ID: &str = "ABCDE12345";

#[test]
fn a_complete_environment_wins_and_no_config_file_is_opened() {
    let (machine, key, other) = (Machine::new(), TestKey::generate(), TestKey::generate());
    let path = machine.write_config("work", &config("MyApp", &[machine.profile("MyApp", &other)]));
    let run = |arguments: &[&str]| machine.run(arguments).team_key(&key);
    let flags = ["token", "--strict-auth"];
    let silent = |row: &str, run: Run| {
        let ran = run.run();
        assert_token_of(row, &ran, &key);
        assert_eq!(ran.stderr, "", "{row}");
    };
    silent("a repository's own config", run(&flags));

    // Each of these is an error to whoever opens it.
    fs::write(&path, "no JSON").unwrap();
    silent("a broken config", run(&flags));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    silent("a directory", run(&flags));
    silent("named", run(&flags).env("ASC_CONFIG_PATH", &path));
    machine
        .run(&flags)
        .run()
        .code(30)
        .says("./.asc/config.json can't be read: it is a directory");
}

/// Where a pull request from a fork gets no secrets, it must not get the runner's own, nor one that it brings itself.
#[test]
fn a_job_of_a_ci_uses_no_profile_that_it_did_not_name() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("Runner", &[machine.profile("Runner", &key)]));
    machine.write_config("work", &config("Fork", &[machine.profile("Fork", &key)]));
    for (variable, value) in [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITLAB_CI", "true"),
        ("TF_BUILD", "True"),
        ("JENKINS_URL", "https://ci.example.com/"),
    ] {
        for arguments in [&["token"][..], &["setup", "--ci=none", "--validate=false"]] {
            let run = machine.run(arguments).env("TMPDIR", machine.path("work"));
            let ran = run.env(variable, value).run().code(10);
            assert_refused(variable, &ran.says("no private key"), 10, "no key ID", "keys/");
        }
        let named = machine.run(&["token"]).env(variable, value);
        named.env("ASC_PROFILE", "Runner").run().code(0);
    }
    let person = machine.run(&["token"]).env("CI", "false").run();
    assert_token_of("no CI", &person, &key);
}

#[test]
fn an_empty_variable_is_told_where_a_profile_takes_its_place() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key)]));
    let ran = machine.run(&["token"]).env("ASC_PRIVATE_KEY", " ").run();
    assert_token_of("empty", &ran, &key);
    assert_eq!(
        ran.stderr,
        "warning: ASC_PRIVATE_KEY is set, but empty; the default profile is used\n"
    );
}

#[test]
fn a_variable_that_was_named_for_the_key_is_not_replaced_by_a_profile() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key)]));
    let run = machine.run(&["token", "--private-key-variable=MY_KEY"]);
    let ran = run.env("ASC_KEY_ID", KEY_ID).env("ASC_ISSUER_ID", ISSUER_ID).run();
    assert_refused("named", &ran.says("MY_KEY"), 10, "no private key was given", "keys/");
}

#[test]
fn a_profile_beside_credentials_is_mixed() {
    let (machine, key, other) = (Machine::new(), TestKey::generate(), TestKey::generate());
    machine.write_config("home", &keys(&[machine.profile("MyApp", &key)]));
    let run = |arguments: &[&str]| {
        machine
            .run(arguments)
            .team_key(&other)
            .env("ASC_PROFILE", "MyApp")
            .run()
    };
    let sentence = "a profile was named, and credentials were given beside it";
    let strict = run(&["token", "--strict-auth"])
        .says("ASC_PROFILE")
        .says("ASC_PRIVATE_KEY");
    assert_refused("strict", &strict, 11, sentence, &key.pem());
    let ran = run(&["token"]).says(&format!("warning: {sentence}: ASC_PROFILE is used\n"));
    assert_token_of("not strict", &ran, &key);
    assert_key_kept("not strict", &ran, &other);
}

#[test]
fn the_action_uses_the_profile_that_its_input_names() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key)]));
    let step = Step::new();
    let run = |run: Run| run.env("HOME", machine.path("home")).dir(&machine.path("work"));
    let ran = run(step.run(&["setup", "--action-inputs"]))
        .env("INPUT_PROFILE", "MyApp")
        .env("INPUT_VALIDATE", "false")
        .run();
    ran.code(0).says("from profile MyApp (~/.asc/config.json)");
    assert_eq!(step.outputs()["key-id"], KEY_ID);

    // Nothing is said: the runner's own profile is not for whoever opened the pull request.
    for variables in [&[][..], &[("INPUT_KEY-ID", KEY_ID)], &[("INPUT_STRICT-AUTH", "false")]] {
        let step = Step::new();
        let start = run(step.run(&["setup", "--action-inputs"]))
            .env("INPUT_PRIVATE-KEY", "")
            .env("INPUT_VALIDATE", "false");
        let start = variables.iter().fold(start, |run, (name, value)| run.env(name, value));
        let ran = start.run().says("input private-key").says("set, but empty");
        assert_refused(
            "nothing said",
            &ran,
            10,
            "no private key",
            &machine.path("keys").display().to_string(),
        );
        assert!(step.outputs().is_empty() && step.leftovers().is_empty());
    }
}

#[test]
fn a_default_profile_of_another_key_is_told_and_not_used() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key)]));
    let ran = machine.run(&["token"]).env("ASC_KEY_ID", OTHER_ID).run();
    let ran = ran.says("profile MyApp (~/.asc/config.json)  not used: its key ID is not that of ASC_KEY_ID\n");
    assert_refused(
        "another key",
        &ran,
        10,
        "no issuer ID and no private key were given",
        &key.pem(),
    );
    let same = machine.run(&["token"]).env("ASC_KEY_ID", KEY_ID).run();
    assert_token_of("the same key", &same, &key);
}

#[test]
fn what_is_missing_is_completed_with_a_warning() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key)]));
    let path = machine.path("keys").join("MyApp.p8");
    let title = "a part of the credential was given, and only a stored profile has the rest";
    for (row, run, given) in [
        ("ID", machine.run(&["token"]).env("ASC_KEY_ID", KEY_ID), "ASC_KEY_ID"),
        ("flag", machine.run(&["token", "--issuer-id", ISSUER_ID]), "--issuer-id"),
        (
            "key",
            machine.run(&["token"]).env("ASC_PRIVATE_KEY_PATH", &path),
            "ASC_PRIVATE_KEY_PATH",
        ),
    ] {
        let ran = run.run();
        assert_token_of(row, &ran, &key);
        let together = format!("{given} and profile MyApp (~/.asc/config.json) are used together");
        assert_eq!(ran.stderr, format!("warning: {title}: {together}\n"));
    }
    let strict = machine.run(&["token", "--strict-auth"]).env("ASC_KEY_ID", KEY_ID).run();
    let strict = strict.says("ASC_KEY_ID").says("has the rest");
    assert_refused("strict", &strict, 11, title, &key.pem());
    // This is what a pull request from a fork has in the place of a secret.
    let blank = machine
        .run(&["token", "--strict-auth"])
        .env("ASC_KEY_ID", KEY_ID)
        .env("ASC_PRIVATE_KEY", "");
    assert_refused(
        "blank",
        &blank.run(),
        10,
        "no issuer ID and no private key were given",
        "keys/",
    );
    let blank = machine
        .run(&["token"])
        .env("ASC_STRICT_AUTH", "1")
        .env("ASC_PRIVATE_KEY", " ");
    assert_refused(
        "all blank",
        &blank.run().says("set, but empty"),
        10,
        "no private key",
        "keys/",
    );
}

#[test]
fn a_profile_of_another_key_completes_nothing() {
    let (machine, key) = (Machine::new(), TestKey::generate());
    machine.write_config("home", &config("MyApp", &[machine.profile("MyApp", &key)]));
    let ran = machine.run(&["token"]).env("ASC_KEY_ID", OTHER_ID).run();
    assert_refused(
        "another",
        &ran,
        10,
        "no issuer ID and no private key were given",
        "keys/",
    );
    let ran = machine.run(&[
        "token",
        "--key-id",
        KEY_ID,
        "--issuer-id",
        "69a6de70-03db-47e3-e053-5b8c7c11a4d1",
    ]);
    assert_refused("another team", &ran.run(), 10, "no private key was given", "keys/");
}
