//! What goes wrong between asking Apple for a key and having it: whatever it is, running the same command again ends with
//! one active key, its private half on the disk, and nobody else's key touched.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use simulator::{ApiKey, Fault, ProviderShape, TestKey, WebStep};

use crate::support::{
    Ran,
    forms::{spoilt, wrong_keys},
    new_key::{
        NAME, answer, assert_nothing_left, assert_one_key, assert_other_kept, assert_saved_in, blitz, ever_made,
        file_in, left, raw, run, someone, the_key, times,
    },
    proof::assert_not_told,
    web::Person,
};

const GOES_ON: &str = "the same command goes on from here, and makes no second key";

#[test]
fn a_key_whose_answer_is_lost_is_found_by_its_name() {
    for fault in [
        Fault::ResetBeforeResponse,
        Fault::ResetInBody,
        Fault::HtmlAfterAction(504),
        Fault::HtmlAfterAction(201),
        Fault::TooManyRequests { retry_after: Some(1) },
    ] {
        let row = format!("{fault:?}");
        let person = someone();
        person.apple.fail_web(WebStep::Create, fault);
        run(&person).code(0);
        assert_one_key(&row, &person);
        assert_eq!(ever_made(&person), 1, "{row}");
    }
}

#[test]
fn a_key_that_was_found_by_its_name_and_that_somebody_else_downloads_is_not_revoked() {
    let person = someone();
    person.apple.fail_web(WebStep::Create, Fault::ResetBeforeResponse);
    let without = json!({"data": {"type": "apiKeys", "id": "2X9R4QWVK6", "attributes": {}}});
    person.apple.fail_web(WebStep::Download, answer(200, &without));
    run(&person)
        .code(20)
        .says("somebody else may have made it and have its private key")
        .does_not_say("makes no second key");
    assert_eq!(times(&person, WebStep::Revoke), 0);
    // It was a lie: nobody has it.
    run(&person).code(0);
    assert_one_key("the same", &person);
    assert_eq!((ever_made(&person), times(&person, WebStep::Revoke)), (1, 0));
}

#[test]
fn where_apple_asks_to_wait_for_long_nothing_was_made_and_that_is_no_doubt() {
    let person = someone();
    let fault = Fault::TooManyRequests {
        retry_after: Some(3600),
    };
    person.apple.fail_web(WebStep::Create, fault);
    run(&person)
        .code(20)
        .says("Apple asks to wait 3600 s")
        .does_not_say("whether a key was made");
    assert_eq!((ever_made(&person), left(&person)), (0, vec!["key.lock".to_owned()]));
}

#[test]
fn where_nobody_knows_whether_there_is_a_key_it_is_told_and_looked_for_again() {
    let no_key_id = json!({"data": {"type": "apiKeys", "id": "../../x", "attributes": {"canDownload": true}}});
    for (fault, code) in [
        (Fault::ResetBeforeAction, 20),
        (Fault::Status(500), 20),
        (raw(201, "application/json", "{\"data\":"), 1),
        (raw(200, "text/plain", ""), 1),
        (answer(201, &no_key_id), 1),
    ] {
        let row = format!("{fault:?}");
        let person = someone();
        person.apple.fail_web(WebStep::Create, fault);
        run(&person)
            .code(code)
            .says("whether a key was made is not known")
            .says(GOES_ON)
            .does_not_say("../../x");
        assert_eq!(ever_made(&person), 0, "{row}");
        run(&person).code(0);
        assert_one_key(&row, &person);
    }
}

#[test]
fn a_key_that_could_not_even_be_looked_for_is_found_by_the_next_run() {
    let person = someone();
    person.apple.fail_web(WebStep::Create, Fault::ResetBeforeResponse);
    person.apple.before_web({
        let (session, mut lists) = (person.session.clone(), 0);
        move |step| {
            lists += usize::from(step == WebStep::List);
            if lists == 2 {
                session.expire();
            }
        }
    });
    run(&person)
        .code(20)
        .says("whether a key was made is not known")
        .says(GOES_ON);
    let made = the_key(&person);
    let person = signed_in_again(person);
    run(&person).code(0);
    assert_eq!(assert_one_key("found", &person).id, made.id);
    assert_eq!(times(&person, WebStep::Create), 1);
}

/// The same person with a new session.
fn signed_in_again(mut person: Person) -> Person {
    person.apple.before_web(|_| {});
    person.session = person.apple.sign_in(simulator::WebRole::Admin);
    person.write_session(&person.session.file());
    person
}

#[test]
fn a_key_of_the_name_that_somebody_else_makes_meanwhile_is_left_alone() {
    let person = someone();
    let theirs = "9ZZZZZZZZ9";
    let (keys, issuer) = (person.apple.keys(), person.apple.issuer_id());
    person.apple.fail_web(WebStep::Create, Fault::ResetBeforeAction);
    person.apple.before_web(move |step| {
        if step == WebStep::Create {
            keys.register(ApiKey::team(theirs, &issuer, &TestKey::generate()).named(NAME));
        }
    });
    run(&person).code(20);
    run(&person)
        .code(2)
        .says(&format!(
            "the key {theirs} ({NAME}) may be the one that an interrupted run of this command has asked for"
        ))
        .says(&format!("asc-auth key revoke {theirs} --confirm"));
    assert_eq!(the_key(&person).id, theirs);
    assert_eq!(
        (times(&person, WebStep::Download), times(&person, WebStep::Revoke)),
        (0, 0)
    );
    assert_other_kept("theirs", &person);
    // Its owner says that nobody knows it.
    person.apple.before_web(|_| {});
    person.key(&["revoke", theirs, "--confirm"]).code(0);
    run(&person).code(0);
    assert_one_key("when that is gone", &person);
}

#[test]
fn a_private_key_whose_answer_is_lost_costs_the_key_and_the_next_run_makes_another() {
    for fault in [
        Fault::ResetBeforeResponse,
        Fault::ResetInBody,
        Fault::HtmlAfterAction(504),
    ] {
        let row = format!("{fault:?}");
        let person = someone();
        person.apple.fail_web(WebStep::Download, fault);
        assert_lost(&row, &run(&person), &person, "Apple's answer did not hold it");
        run(&person).code(0);
        assert_one_key(&row, &person);
        assert_eq!(ever_made(&person), 2, "{row}");
    }
}

/// That the key was revoked, and that it is told.
#[track_caller]
fn assert_lost(row: &str, ran: &Ran, person: &Person, why: &str) {
    let text = ran.text();
    assert_eq!(ran.code, Some(20), "{row}: {text}");
    let keys = person.apple.team_keys();
    let key = keys.iter().find(|key| key.nickname == NAME).expect("it was made");
    assert!(!key.active, "{row}");
    for says in [
        format!("the key {} was made, and its private key is lost: ", key.id),
        why.to_owned(),
        format!("{}, revoked: nobody can use it", key.id),
        "Nothing is left behind. Run this again, which makes another key.".to_owned(),
    ] {
        assert!(text.contains(&says), "{row}: no {says:?} in:\n{text}");
    }
    assert!(!text.contains("the same command goes on"), "{row}: {text}");
    assert_nothing_left(&blitz(person), person);
    assert!(!file_in(&blitz(person), key).exists(), "{row}");
    assert_other_kept(row, person);
}

#[test]
fn a_private_key_that_can_not_be_read_costs_the_key_and_is_never_shown() {
    let key = TestKey::generate();
    let wanted = [
        "RSA in PKCS#1",
        "P-384 in PKCS#8",
        "no END line",
        "DER cut off",
        "half of the body alone",
    ];
    let wrong = wrong_keys()
        .into_iter()
        .map(|(why, row, text)| (why, row, text.into_bytes()));
    let rows: Vec<_> = wrong
        .chain(spoilt(&key))
        .filter(|(_, row, _)| wanted.contains(row))
        .collect();
    assert_eq!(rows.len(), wanted.len());
    let person = someone();
    for (why, row, bytes) in rows {
        let given = STANDARD.encode(&bytes);
        let attributes = json!({"privateKey": given});
        let fault = answer(200, &json!({"data": {"id": "x", "attributes": attributes}}));
        person.apple.fail_web(WebStep::Download, fault);
        let ran = run(&person);
        assert_lost(row, &ran, &person, why);
        assert_not_told(row, &ran, &given);
        assert_not_told(row, &ran, &String::from_utf8_lossy(&bytes));
    }
    let fault = answer(200, &json!({"data": {"id": "x", "attributes": {"canDownload": false}}}));
    person.apple.fail_web(WebStep::Download, fault);
    assert_lost("none", &run(&person), &person, "Apple's answer did not hold it");
    run(&person).code(0);
    assert_one_key("all of them", &person);
}

#[test]
fn a_key_that_can_not_be_downloaded_from_the_start_is_revoked() {
    let person = someone();
    let lost = "9ZZZZZZZZ9";
    let (keys, issuer) = (person.apple.keys(), person.apple.issuer_id());
    person.apple.before_web(move |step| {
        if step == WebStep::Create {
            keys.register(ApiKey::team(lost, &issuer, &TestKey::generate()).named(NAME));
        }
    });
    let body = json!({"data": {"type": "apiKeys", "id": lost, "attributes": {"canDownload": false}}});
    person.apple.fail_web(WebStep::Create, answer(201, &body));
    assert_lost("canDownload", &run(&person), &person, "it was downloaded before");
    assert_eq!(times(&person, WebStep::Download), 0);
    person.apple.before_web(|_| {});
    run(&person).code(0);
    assert_one_key("canDownload", &person);
}

#[test]
fn a_download_that_had_no_effect_is_done_again() {
    for fault in [Fault::ResetBeforeAction, Fault::Status(500), Fault::Html(502)] {
        let row = format!("{fault:?}");
        let person = someone();
        person.apple.fail_web(WebStep::Download, fault);
        run(&person).code(0);
        assert_one_key(&row, &person);
        assert_eq!(ever_made(&person), 1, "{row}");
    }
}

#[test]
fn a_download_that_is_refused_is_done_by_the_next_run() {
    for (fault, code) in [
        (Fault::Status(403), 13),
        (Fault::Unauthorized, 12),
        (Fault::Status(404), 10),
        (raw(200, "application/json", "[]"), 1),
    ] {
        let row = format!("{fault:?}");
        let person = someone();
        person.apple.fail_web(WebStep::Download, fault);
        let ran = run(&person).code(code);
        let made = the_key(&person);
        ran.says(&format!("the key {} was made", made.id)).says(GOES_ON);
        run(&person).code(0);
        assert_eq!(assert_one_key(&row, &person).id, made.id, "{row}");
        assert_eq!(ever_made(&person), 1, "{row}");
    }
}

#[test]
fn a_lost_key_that_can_not_be_revoked_is_told_and_revoked_by_the_next_run() {
    let person = someone();
    person.apple.fail_web(WebStep::Download, Fault::ResetBeforeResponse);
    person.apple.fail_web(WebStep::Revoke, Fault::Status(403));
    let ran = run(&person).code(20);
    let lost = the_key(&person);
    ran.says(&format!(
        "{}, STILL ACTIVE: this person may not revoke the key (403)",
        lost.id
    ))
    .says(&format!("asc-auth key revoke {} --confirm", lost.id))
    .does_not_say("makes no second key");
    // It fails once more, and no other key is made before this one is gone.
    person.apple.fail_web(WebStep::Revoke, Fault::Status(403));
    run(&person).code(20).says(&format!("{}, STILL ACTIVE", lost.id));
    assert_eq!(the_key(&person).id, lost.id);
    run(&person).code(0).says(&format!(
        "had lost the private key of {}: it was revoked, and another key is made",
        lost.id
    ));
    assert_ne!(assert_one_key("revoked", &person).id, lost.id);
    assert_eq!(ever_made(&person), 2);
}

#[test]
fn an_issuer_that_is_not_told_is_asked_for_by_the_next_run() {
    let person = someone();
    person.apple.set_web_provider(ProviderShape::RelationshipOnly);
    run(&person).code(0).says(&person.apple.issuer_id());
    assert_one_key("relationship", &person);

    for (fault, code) in [
        (None, 1),
        (Some(Fault::Status(403)), 13),
        (Some(Fault::Status(404)), 10),
    ] {
        let row = format!("{fault:?}");
        let person = someone();
        match fault {
            None => person.apple.set_web_provider(ProviderShape::Missing),
            Some(fault) => person.apple.fail_web(WebStep::Issuer, fault),
        }
        let ran = run(&person).code(code);
        let made = assert_saved_in(&blitz(&person), &person);
        let file = file_in(&blitz(&person), &made);
        ran.says(&format!("the private key of {} is in {}", made.id, file.display()))
            .says(GOES_ON);
        person.apple.set_web_provider(ProviderShape::Included);
        run(&person).code(0).says(&person.apple.issuer_id());
        assert_eq!(assert_one_key(&row, &person).id, made.id, "{row}");
        let asked = (times(&person, WebStep::Create), times(&person, WebStep::Download));
        assert_eq!(asked, (1, 1), "{row}");
    }
}

#[test]
fn an_issuer_that_was_slow_to_come_is_waited_for() {
    let person = someone();
    person.apple.fail_web(WebStep::Issuer, Fault::Html(503));
    run(&person).code(0);
    assert_one_key("503", &person);
}
