//! `doctor` and the web session: who else can use its file, and whether it can be read. Nothing of it is told or sent.

use std::{fs, path::Path};

use crate::{
    doctor::close,
    support::{
        Ran, Run,
        job::mode,
        web::{Person, write_private},
    },
};

fn doctor(person: &Person, flags: &[&str]) -> Run {
    person
        .run(&[&["doctor"], flags].concat())
        .env("ASC_BYPASS_KEYCHAIN", "1")
}

/// The findings about the web session and about values, each with its severity.
#[track_caller]
fn findings(person: &Person, run: Run) -> Vec<(String, String)> {
    let told = person.done(run).json();
    let findings = told["findings"].as_array().expect("findings");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let findings = findings
        .iter()
        .map(|finding| (text(&finding["id"]), text(&finding["severity"])));
    let is_ours = |(id, _): &(String, String)| id.starts_with("web_session") || id == "value_unreadable";
    findings.filter(is_ours).collect()
}

fn one(id: &str, severity: &str) -> Vec<(String, String)> {
    vec![(id.to_owned(), severity.to_owned())]
}

const JSON: &[&str] = &["--output=json"];

fn done(person: &Person, flags: &[&str]) -> Ran {
    person.done(doctor(person, flags))
}

#[test]
fn a_session_that_can_be_read_is_in_order_and_nothing_is_sent() {
    let person = Person::new();
    assert_eq!(findings(&person, doctor(&person, JSON)), []);
    done(&person, &[]).says(".blitz/asc-agent/web-session.json: can be read");
    fs::remove_file(person.session_file()).expect("it was there");
    assert_eq!(findings(&person, doctor(&person, JSON)), []);
    done(&person, &[]).says("web session").says("there is none");
    assert!(person.apple.requests().is_empty());
}

#[test]
fn a_session_that_others_can_read_is_shown_and_then_closed() {
    let person = Person::new();
    let file = person.session_file();
    close(&file, 0o644);
    assert_eq!(
        findings(&person, doctor(&person, JSON)),
        one("web_session_mode", "problem")
    );
    done(&person, &["--fix"])
        .code(10)
        .says("mode       0644, not 0600")
        .says("can make and revoke keys in your name");
    assert_eq!(mode(&file), 0o644);
    let before = fs::read(&file).expect("a file");
    done(&person, &["--fix", "--confirm"])
        .code(0)
        .says("done: set the mode of ");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(fs::read(&file).expect("a file"), before);
}

#[test]
fn a_session_that_can_not_be_used_is_advice_and_is_not_shown() {
    let person = Person::new();
    let whole = person.session.file();
    let unusable = one("web_session_unusable", "advice");
    for text in [
        "",
        &whole[..whole.len() - 9],
        &whole.replace("127.0.0.1", "example.com"),
    ] {
        person.write_session(text);
        assert_eq!(findings(&person, doctor(&person, JSON)), unusable, "{text}");
        done(&person, &[]).code(0).says("the web session can't be used");
    }
    let run = doctor(&person, JSON).env("ASC_WEB_SESSION", "nowhere.json");
    assert_eq!(findings(&person, run), unusable);
}

#[test]
fn what_a_variable_names_and_is_no_session_keeps_its_mode() {
    let person = Person::new();
    let page = person.home.work().join("README.md");
    write_private(&page, "# App");
    close(&page, 0o644);
    let fix = |path: &Path| doctor(&person, &["--fix", "--confirm"]).env("ASC_WEB_SESSION", path);
    person.done(fix(&page)).code(0);
    assert_eq!(mode(&page), 0o644);
    fs::write(&page, person.session.file()).expect("a file");
    person.done(fix(&page)).code(0).says("done: set the mode of ");
    assert_eq!(mode(&page), 0o600);
}

#[test]
fn a_web_root_that_can_not_be_used_is_a_problem() {
    let person = Person::new();
    for url in ["http://example.com", "https://example.com", "nonsense"] {
        let run = || doctor(&person, JSON).env("ASC_WEB_URL", url);
        assert_eq!(findings(&person, run()), one("value_unreadable", "problem"), "{url}");
        person
            .done(doctor(&person, &[]).env("ASC_WEB_URL", url))
            .code(10)
            .says("the web root can't be used")
            .says("ASC_WEB_URL");
    }
}
