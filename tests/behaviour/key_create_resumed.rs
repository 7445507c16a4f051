//! `asc-auth key create` after a run that was not finished: it goes on where that one ended, or says why it can't.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use serde_json::json;
use simulator::{Fault, Simulator, WebRole, WebStep};

use crate::support::{
    KEY_ID,
    job::mode,
    new_key::{
        NAME, OTHER, answer, assert_no_key_told, assert_one_key, assert_saved_in, blitz, create, done, ever_made,
        file_in, left, run, someone, the_key, times,
    },
    shell::in_shell,
    web::Person,
};

/// Someone whose run was interrupted when the key was made and saved.
fn interrupted() -> Person {
    let person = someone();
    person.apple.fail_web(WebStep::Issuer, Fault::Status(403));
    run(&person).code(13);
    person
}

fn journal(person: &Person) -> PathBuf {
    let names = left(person);
    let journal = names.iter().find(|name| name.starts_with("create-"));
    blitz(person).join("asc-auth").join(journal.expect("a journal"))
}

#[test]
fn what_an_unfinished_run_has_written_down_is_for_its_owner_alone_and_holds_no_secret() {
    let person = interrupted();
    let file = journal(&person);
    assert_eq!(mode(&file), 0o600);
    let text = fs::read_to_string(&file).expect("a journal");
    person.assert_kept(&text);
    assert_no_key_told(&person, &text);
    assert!(text.contains(&the_key(&person).id), "{text}");
}

#[test]
fn an_unfinished_run_is_gone_on_with_only_as_it_began() {
    let person = interrupted();
    let made = the_key(&person);
    let as_it_began = format!(
        "Give what it was given, so that it can go on: asc-auth key create --name '{NAME}' --role developer. ",
    );
    done(&person, create(&person, &["--role", "marketing"]))
        .code(2)
        .says("an interrupted run of this command wanted another key")
        .says(&as_it_began)
        .says(&journal(&person).display().to_string());
    assert_eq!(times(&person, WebStep::Create), 1);
    // A key of another name has nothing to do with it.
    let words = ["key", "create", "--name", "Weekly", "--role", "marketing"];
    done(&person, person.run(&words)).code(0);
    let folder = blitz(&person);
    let folder = folder.to_str().expect("UTF-8");
    done(&person, create(&person, &["--output-dir", folder, "--output=json"])).code(0);
    assert_eq!(assert_one_key("as it began", &person).id, made.id);
}

#[test]
fn a_record_that_can_not_be_read_is_not_passed_over() {
    let person = interrupted();
    let file = journal(&person);
    let text = fs::read_to_string(&file).expect("a journal");
    let made = the_key(&person);
    let bad_id = text.replace(&made.id, "../../x");
    for spoilt in ["", "{}", &text[..text.len() / 2], &bad_id] {
        fs::write(&file, spoilt).expect("it is ours");
        run(&person)
            .code(30)
            .says("the record of an unfinished run can't be read")
            .says(&file.display().to_string());
    }
    assert_eq!(times(&person, WebStep::Create), 1);
    fs::write(&file, text).expect("it is ours");
    run(&person).code(0);
    assert_eq!(assert_one_key("read again", &person).id, made.id);
}

#[test]
fn a_session_of_another_team_does_not_go_on() {
    let person = interrupted();
    let made = the_key(&person);
    let keys = json!({"data": [{"type": "apiKeys", "id": KEY_ID, "attributes": {"nickname": OTHER}}]});
    person.apple.fail_web(WebStep::List, answer(200, &keys));
    run(&person)
        .code(2)
        .says(&format!(
            "this is not the team that an interrupted run of this command has asked for the key {}",
            made.id
        ))
        .says("sign in to the right one");
    run(&person).code(0);
    assert_eq!(assert_one_key("the right one", &person).id, made.id);
}

#[test]
fn a_key_that_was_revoked_by_hand_meanwhile_is_made_anew() {
    let person = interrupted();
    let made = the_key(&person);
    person.apple.revoke(&made.id);
    run(&person).code(0).says(&format!(
        "{}, which the run before had made, was revoked since",
        made.id
    ));
    assert_ne!(assert_one_key("anew", &person).id, made.id);
}

#[test]
fn a_saved_key_that_somebody_moves_is_asked_for_and_no_other_is_made() {
    let person = interrupted();
    let file = file_in(&blitz(&person), &the_key(&person));
    let elsewhere = person.home.path().join("elsewhere.p8");
    fs::rename(&file, &elsewhere).expect("it is ours");
    run(&person)
        .code(30)
        .says(&format!("the private key that was saved is not in {}", file.display()))
        .says("Put it back");
    assert_eq!(times(&person, WebStep::Create), 1);
    fs::rename(&elsewhere, &file).expect("it is ours");
    run(&person).code(0);
    assert_one_key("put back", &person);
}

/// A request that somebody else's session makes, in the way of App Store Connect's own page.
fn by_hand(person: &Person, method: &str, path: &str, body: &str) {
    person.apple.set_web_spacing(None);
    let session = person.apple.sign_in(WebRole::Admin);
    let cookies: Vec<String> = session
        .cookies()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut line = TcpStream::connect(person.apple.address()).expect("the simulator listens");
    let root = person.apple.url();
    write!(
        line,
        "{method} /iris/v1/apiKeys{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: {root}\r\n\
         Referer: {root}/\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
         X-Requested-With: XMLHttpRequest\r\nCookie: {}\r\nContent-Length: {}\r\n\r\n{body}",
        cookies.join("; "),
        body.len()
    )
    .expect("the request is sent");
    let mut answer = String::new();
    line.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
}

#[test]
fn a_key_that_somebody_else_downloaded_and_uses_is_not_revoked() {
    let person = someone();
    person.apple.fail_web(WebStep::Download, Fault::Status(403));
    run(&person).code(13);
    let made = the_key(&person);
    by_hand(&person, "GET", &format!("/{}?fields[apiKeys]=privateKey", made.id), "");
    let in_may = UNIX_EPOCH + Duration::from_secs(1_777_882_353);
    person.apple.set_last_used(&made.id, Some(in_may));
    run(&person)
        .code(2)
        .says(&format!("the key {}, which an interrupted run", made.id))
        .says("is in use by somebody")
        .says("Nothing was revoked.");
    assert_eq!(the_key(&person).id, made.id);
    assert_eq!(times(&person, WebStep::Revoke), 0);
}

#[test]
fn a_key_of_the_name_with_other_roles_is_somebody_elses() {
    let person = someone();
    person.apple.fail_web(WebStep::Create, Fault::ResetBeforeAction);
    run(&person).code(20);
    let attributes = json!({
        "nickname": NAME, "roles": ["MARKETING"], "allAppsVisible": true, "keyType": "PUBLIC_API",
    });
    let body = json!({"data": {"type": "apiKeys", "attributes": attributes}});
    by_hand(&person, "POST", "", &body.to_string());
    let theirs = the_key(&person);
    run(&person)
        .code(2)
        .says("may be the one that an interrupted run of this command has asked for")
        .says(&theirs.id);
    let theirs = the_key(&person);
    assert!(theirs.can_download && theirs.downloads == 0);
}

#[test]
fn a_lost_key_is_replaced_where_the_team_has_room_for_no_other() {
    let person = someone();
    for number in 2..Simulator::WEB_KEY_LIMIT {
        person.register(&format!("KEYNUMB{number:03}"), &format!("key {number}"));
    }
    person.apple.fail_web(WebStep::Download, Fault::ResetBeforeResponse);
    person.apple.fail_web(WebStep::Revoke, Fault::Status(403));
    run(&person).code(20);
    run(&person).code(0);
    assert_one_key("the fiftieth", &person);
    assert_eq!(ever_made(&person), 2);
}

#[test]
fn a_result_that_could_not_be_told_is_told_by_the_next_run() {
    let person = someone();
    let login = || create(&person, &["--login=MyApp", "--bypass-keychain", "--output=json"]);
    let ran = in_shell("exec \"$0\" \"$@\" >/dev/full", login()).code(30);
    let made = assert_saved_in(&blitz(&person), &person);
    ran.says(&format!("the private key of {} is in ", made.id));
    // Its profile has the name by now, and is no obstacle.
    let told = done(&person, login()).code(0).json();
    assert_eq!((&told["key_id"], &told["profile"]), (&json!(made.id), &json!("MyApp")));
    assert_one_key("told", &person);
    assert_eq!(times(&person, WebStep::Create), 1);
    done(&person, login()).code(2);
}
