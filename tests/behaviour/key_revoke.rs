//! `asc-auth key revoke`: a key that is shown before it ends, and not ended by mistake.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use simulator::{ApiKey, Fault, TestKey, WebStep};

use crate::support::{ISSUER_ID, KEY_ID, Ran, Run, proof::assert_token_of, web::Person};

const OTHER: &str = "3Y8S5RXWL7";

/// A team with two keys.
fn team() -> Person {
    let person = Person::new();
    person.register(KEY_ID, "CI pipeline");
    person.register(OTHER, "Old pipeline");
    person
}

fn is_active(person: &Person, key_id: &str) -> bool {
    let keys = person.apple.team_keys();
    keys.iter().any(|key| key.id == key_id && key.active)
}

#[track_caller]
fn assert_nothing_revoked(person: &Person) {
    assert!(is_active(person, KEY_ID) && is_active(person, OTHER));
    assert!(!person.apple.web_requests().contains(&WebStep::Revoke));
}

#[test]
fn a_key_is_shown_then_revoked_and_its_tokens_stop_working() {
    let person = team();
    let validate = || {
        Run::new(&["validate"])
            .env("ASC_KEY_ID", KEY_ID)
            .env("ASC_ISSUER_ID", person.apple.issuer_id())
            .env("ASC_PRIVATE_KEY", person.home.key.pem())
            .api(&person.apple)
            .run()
    };
    validate().code(0);
    let in_may = UNIX_EPOCH + Duration::from_secs(1_777_882_353);
    person.apple.set_last_used(KEY_ID, Some(in_may));
    let ran = person.key(&["revoke", KEY_ID, "--confirm"]).code(0);
    assert_eq!(
        ran.stderr,
        format!(
            "App Store Connect: this key is about to be revoked\n\
             \x20 name       CI pipeline\n\
             \x20 key        {KEY_ID}\n\
             \x20 roles      App Manager\n\
             \x20 last used  2026-05-04\n\
             \x20 profiles   no stored profile uses it\n\
             App Store Connect: the key {KEY_ID} is revoked: its tokens stop working\n"
        )
    );
    assert_eq!(ran.stdout, "");
    assert!(!is_active(&person, KEY_ID) && is_active(&person, OTHER));
    assert_eq!(person.apple.web_requests(), [WebStep::List, WebStep::Revoke]);
    validate().code(12);
}

#[test]
fn it_is_shown_before_anything_is_sent_that_revokes() {
    let person = team();
    person.apple.fail_web(WebStep::Revoke, Fault::Status(400));
    person
        .key(&["revoke", KEY_ID, "--confirm"])
        .code(1)
        .says("name       CI pipeline")
        .does_not_say("is revoked");
}

#[test]
fn the_result_can_be_read_as_json() {
    let person = team();
    let told = person
        .key(&["revoke", KEY_ID, "--confirm", "--output=json"])
        .code(0)
        .json();
    let mut expected = json!({
        "key_id": KEY_ID,
        "name": "CI pipeline",
        "roles": ["APP_MANAGER"],
        "revoked": true,
        "was_active": true,
        "last_used": null,
        "profiles": [],
        "warnings": [],
    });
    assert_eq!(told, expected);
    let again = person
        .key(&["revoke", KEY_ID, "--confirm", "--output=json"])
        .code(0)
        .json();
    expected["was_active"] = json!(false);
    assert_eq!(again, expected);
}

#[test]
fn without_a_yes_nothing_is_revoked() {
    let person = team();
    person
        .key(&["revoke", KEY_ID])
        .code(2)
        .says("name       CI pipeline")
        .says("nobody is there to say yes")
        .says("Nothing was revoked. Give --confirm as well if that is meant.");
    let ran = person.key(&["revoke", KEY_ID, "--output=json"]).code(2);
    assert_eq!(ran.json()["exit_code"], 2);
    assert_nothing_revoked(&person);
}

#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_it_is_asked_and_only_yes_revokes() {
    use crate::support::terminal::Terminal;

    const AFTER: &str = r#""$0" "$@"; echo "code $?""#;
    let person = team();
    for (answer, is_yes) in [("", false), ("no", false), ("yep", false), ("y", true)] {
        let mut terminal = Terminal::script(AFTER, person.run(&["key", "revoke", KEY_ID]));
        terminal.screen.wait_for("It can't be undone. Revoke this key? [y/N] ");
        assert!(terminal.screen.text().contains("name       CI pipeline"));
        assert!(is_active(&person, KEY_ID), "{answer}");
        terminal.type_in(&format!("{answer}\n"));
        terminal.screen.wait_for("code 0");
        let says_nothing = terminal.screen.text().contains("Nothing was revoked.");
        assert_eq!(says_nothing, !is_yes, "{answer}");
        assert_eq!(is_active(&person, KEY_ID), !is_yes, "{answer}");
        person.assert_kept(&terminal.screen.text());
        terminal.process.end();
    }
    let mut terminal = Terminal::script(AFTER, person.run(&["key", "revoke", OTHER, "--output=json"]));
    terminal.screen.wait_for("code 2");
    assert!(is_active(&person, OTHER), "with JSON nobody is asked");
    terminal.process.end();
}

#[test]
fn a_key_that_was_revoked_before_is_told_and_nothing_is_sent() {
    let person = team();
    person.apple.revoke(KEY_ID);
    for flags in [&[][..], &["--confirm"]] {
        person
            .key(&[&["revoke", KEY_ID], flags].concat())
            .code(0)
            .says(&format!("the key {KEY_ID} was revoked before: nothing was done"));
    }
    assert!(!person.apple.web_requests().contains(&WebStep::Revoke));
}

#[test]
fn a_key_that_the_team_has_not_is_told() {
    let person = team();
    person
        .key(&["revoke", "ZZZZZZZZZ9", "--confirm"])
        .code(10)
        .says("the team has no such key")
        .says("asc-auth key list");
    assert_nothing_revoked(&person);
}

#[test]
fn an_individual_key_is_none_of_the_teams() {
    let person = team();
    let individual = ApiKey::individual("4Z9T6SYXM8", &TestKey::generate());
    person.apple.register(individual);
    person.key(&["revoke", "4Z9T6SYXM8", "--confirm"]).code(10);
}

#[test]
fn what_is_no_key_id_is_told_and_never_repeated() {
    let person = team();
    let pem = person.home.key.pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for (given, looks) in [
        (ISSUER_ID, "it is a UUID, which is what an issuer ID looks like"),
        ("~/.blitz/AuthKey_2X9R4QWVK6.p8", "it is a path"),
        ("CI pipeline", "it looks like a name, and a key's name is not its ID"),
        ("2x9r4qwvk6", "it has lower-case letters"),
        ("owner@example.com", "it is an e-mail address"),
        (
            "${{ secrets.ASC_KEY_ID }}",
            "it is a placeholder that was never filled in",
        ),
        ("", "it is empty"),
        (&pem[11..], "it is a private key"),
        (&body, "it is a private key"),
    ] {
        let ran = person
            .key(&["revoke", "--confirm", given])
            .code(2)
            .says(looks)
            .says("Nothing was revoked.");
        assert!(given.is_empty() || !ran.text().contains(given), "{}", ran.text());
        assert!(!ran.text().contains(&body[..40]), "{}", ran.text());
    }
    assert!(person.apple.requests().is_empty());
}

#[test]
fn white_space_and_quotes_around_the_id_are_none_of_it() {
    let person = team();
    person
        .key(&["revoke", &format!(" \"{KEY_ID}\"\n"), "--confirm"])
        .code(0);
    assert!(!is_active(&person, KEY_ID));
}

#[test]
fn the_key_of_the_default_profile_is_revoked_by_force_only() {
    for names in [&["MyApp"][..], &["MyApp", "Other"]] {
        let person = team().stored(names);
        person
            .key(&["revoke", KEY_ID, "--confirm"])
            .code(2)
            .says("profiles   MyApp (~/.asc/config.json)")
            .says("error: the default profile, MyApp, uses this key")
            .says("Nothing was revoked.")
            .says("--force");
        assert_nothing_revoked(&person);
        person
            .key(&["revoke", KEY_ID, "--force"])
            .code(2)
            .says("Give --confirm as well");
        assert_nothing_revoked(&person);
        person
            .key(&["revoke", KEY_ID, "--confirm", "--force"])
            .code(0)
            .says("warning: the default profile MyApp uses this key, and needs another");
        assert!(!is_active(&person, KEY_ID));
        // Nothing of the profile is touched.
        assert_token_of("of the default", &person.run(&["token"]).run(), &person.home.key);
    }
}

#[test]
fn another_profile_and_the_environment_are_warned_of() {
    let person = team();
    let mut first = person.home.entry("First");
    first["key_id"] = json!(OTHER);
    let config = json!({"default_key_name": "First", "keys": [first, person.home.entry("Second")]});
    person.home.write_config(&config.to_string());
    let run = person.run(&["key", "revoke", KEY_ID, "--confirm", "--output=json"]);
    let ran = person.done(run.env("ASC_KEY_ID", KEY_ID)).code(0);
    let told = ran.json();
    assert_eq!(told["profiles"], json!(["Second"]));
    assert_eq!(
        told["warnings"],
        json!([
            "the profile Second uses this key, and needs another",
            format!("ASC_KEY_ID names this key, {KEY_ID}: who uses it here needs another"),
        ])
    );
    assert!(
        ran.stderr.contains("warning: the profile Second uses this key"),
        "{}",
        ran.stderr
    );
    assert!(!is_active(&person, KEY_ID));
}

/// What keeps the default profile from being known.
#[track_caller]
fn assert_unknown(person: &Person, why: &str, run: impl Fn(&[&str]) -> Ran) {
    run(&["key", "revoke", KEY_ID, "--confirm"])
        .code(2)
        .says("whether the default profile uses this key can't be told")
        .says(why)
        .says("Nothing was revoked.");
    assert_nothing_revoked(person);
    run(&["key", "revoke", KEY_ID, "--confirm", "--force"]).code(0);
    assert!(!is_active(person, KEY_ID));
}

#[test]
fn where_the_default_profile_can_not_be_known_it_counts_as_a_user() {
    for (config, why) in [
        ("{".to_owned(), "can't be used: it is no JSON"),
        (
            json!({"default_key_name": "Gone", "keys": []}).to_string(),
            "the default profile, Gone, is not found",
        ),
    ] {
        let person = team();
        person.home.write_config(&config);
        assert_unknown(&person, why, |arguments| person.done(person.run(arguments)));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_locked_keychain_may_hold_the_default_profile() {
    use crate::support::keyring::Keyring;

    let (person, keyring) = (team(), Keyring::unlocked());
    let in_session = |run| person.home.in_session(&keyring, run);
    in_session(person.home.login("Chain", &[])).run().code(0);
    person
        .done(in_session(person.run(&["key", "revoke", KEY_ID, "--confirm"])))
        .code(2)
        .says("the default profile, Chain, uses this key")
        .says("profiles   Chain (keychain)");
    keyring.lock();
    assert_unknown(&person, "the keychain is locked", |arguments| {
        person.done(in_session(person.run(arguments)))
    });
}

#[test]
fn a_connection_that_is_lost_is_tried_again() {
    for (fault, requests) in [
        (Fault::ResetBeforeAction, &[WebStep::List, WebStep::Revoke][..]),
        (
            Fault::ResetBeforeResponse,
            // The second is told that it was revoked before, so one looks.
            &[WebStep::List, WebStep::Revoke, WebStep::Revoke, WebStep::List],
        ),
        (
            Fault::HtmlAfterAction(504),
            &[WebStep::List, WebStep::Revoke, WebStep::Revoke, WebStep::List],
        ),
        (Fault::Html(503), &[WebStep::List, WebStep::Revoke, WebStep::Revoke]),
    ] {
        let person = team();
        person.apple.fail_web(WebStep::Revoke, fault.clone());
        person
            .key(&["revoke", KEY_ID, "--confirm"])
            .code(0)
            .says("is revoked: its tokens stop working");
        assert!(!is_active(&person, KEY_ID), "{fault:?}");
        assert_eq!(person.apple.web_requests(), requests, "{fault:?}");
    }
}

#[test]
fn an_answer_that_does_not_say_that_it_is_revoked_is_not_believed() {
    for (body, code) in [
        (json!({"data": {"id": KEY_ID, "attributes": {"isActive": true}}}), 1),
        (json!({"data": {"id": KEY_ID}}), 1),
    ] {
        let person = team();
        let fault = Fault::Raw {
            status: 200,
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
        };
        person.apple.fail_web(WebStep::Revoke, fault);
        person
            .key(&["revoke", KEY_ID, "--confirm"])
            .code(code)
            .does_not_say("is revoked: ");
        assert!(is_active(&person, KEY_ID));
    }
}

#[test]
fn where_no_answer_comes_it_is_told_that_nobody_knows() {
    let person = team();
    for _ in 0..20 {
        person.apple.fail_web(WebStep::Revoke, Fault::ResetBeforeResponse);
    }
    person
        .key(&["revoke", KEY_ID, "--confirm", "--timeout=2s"])
        .code(20)
        .says("whether the key was revoked is not known: asc-auth key list tells");
}
