//! The web session of a person: where it is looked for, what is wrong with it, and where its cookies go.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use serde_json::{Value, json};
use simulator::{Fault, SeenRequest, Simulator, WebRefusal, WebRole, WebSession, WebStep};

use crate::support::{
    KEY_ID, Ran,
    web::{Person, write_private},
};

fn utf8(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The cookies of a request, in order of their names.
fn cookies(request: &SeenRequest) -> Vec<(String, String)> {
    let header = request.header("cookie").expect("cookies");
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').expect("a cookie");
        (name.to_owned(), value.to_owned())
    };
    let mut cookies: Vec<_> = header.split("; ").map(pair).collect();
    cookies.sort();
    cookies
}

fn of(session: &WebSession) -> Vec<(String, String)> {
    let mut cookies = session.cookies();
    cookies.sort();
    cookies
}

#[test]
fn the_cookies_of_the_host_are_sent_with_what_a_browser_sends_and_nothing_else() {
    let person = Person::new();
    person.key(&["list"]).code(0);
    let requests = person.apple.requests();
    let [request] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(cookies(request), of(&person.session));
    let root = person.apple.url();
    for (name, value) in [
        ("x-requested-with", "XMLHttpRequest"),
        ("accept", "application/json"),
        ("origin", root.as_str()),
        ("referer", &format!("{root}/")),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert_eq!(request.header("authorization"), None);
}

#[test]
fn the_flag_comes_before_the_variable_and_the_variable_before_the_home_directory() {
    let person = Person::new();
    let work = person.home.work();
    let sessions = [(); 2].map(|()| person.apple.sign_in(WebRole::Admin));
    for (session, name) in sessions.iter().zip(["flag.json", "variable.json"]) {
        write_private(&work.join(name), &session.file());
    }
    let list = |flags: &[&str], variable: &str| {
        let run = person.run(&[&["key", "list"], flags].concat());
        person.done(run.env("ASC_WEB_SESSION", variable)).code(0);
        cookies(person.apple.requests().last().expect("a request"))
    };
    assert_eq!(list(&["--session=flag.json"], "variable.json"), of(&sessions[0]));
    assert_eq!(list(&[], "variable.json"), of(&sessions[1]));
    assert_eq!(list(&[], ""), of(&person.session));
}

#[test]
fn a_session_that_is_not_there_is_told_with_who_must_sign_in() {
    let person = Person::new();
    fs::remove_file(person.session_file()).expect("it was there");
    person
        .key(&["list"])
        .code(10)
        .says("no web session could be read: it does not exist")
        .says(utf8(&person.session_file()))
        .says("from the default")
        .says("An Account Holder or Admin of the team must sign in");
    let run = person.run(&["key", "list"]).env("ASC_WEB_SESSION", "other.json");
    person.done(run).code(10).says("other.json, from ASC_WEB_SESSION");
    let run = person.run(&["key", "list"]).unset("HOME");
    person
        .done(run)
        .code(10)
        .says("no home directory")
        .says("--session or ASC_WEB_SESSION");
    assert!(person.apple.requests().is_empty());
}

#[test]
fn what_is_no_file_is_told_and_never_waited_for() {
    let person = Person::new();
    let place = person.session_file();
    fs::remove_file(&place).expect("it was there");
    fs::create_dir(&place).expect("a directory");
    person.key(&["list"]).code(10).says("it is a directory");
    fs::remove_dir(&place).expect("it was there");
    let made = Command::new("mkfifo").arg(&place).status().expect("mkfifo is there");
    assert!(made.success());
    person.key(&["list"]).code(10).says("it is no regular file");
    person
        .key(&["list", "--session=/dev/zero"])
        .code(10)
        .says("it is no regular file");
}

#[test]
fn a_session_file_that_can_not_be_understood_is_told_and_not_shown() {
    let person = Person::new();
    let session: Value = serde_json::from_str(&person.session.file()).expect("JSON");
    let changed = |key: &str, value: Value| {
        let mut session = session.clone();
        session[key] = value;
        session.to_string()
    };
    let half = |text: &str| text[..text.len() / 2].to_owned();
    for (text, why) in [
        (String::new(), "it is not the JSON of a web session"),
        (half(&session.to_string()), "it is not the JSON of a web session"),
        (changed("sessions", json!([])), "it is not the JSON of a web session"),
        (
            changed("version", json!(2)),
            "it has a version that this asc-auth does not know",
        ),
        (
            changed("last_key", Value::Null),
            "it does not say which session was used last",
        ),
        (
            changed("last_key", json!("x")),
            "the session that was used last is not in it",
        ),
        (" ".repeat(1024 * 1024 + 1), "it is larger than 1 MiB"),
    ] {
        person.write_session(&text);
        person
            .key(&["list"])
            .code(10)
            .says("the web session can't be used")
            .says(why);
    }
    assert!(person.apple.requests().is_empty());
}

#[test]
fn a_session_of_another_host_is_not_sent() {
    let person = Person::new();
    let text = person.session.file().replace("127.0.0.1", "appstoreconnect.apple.com");
    person.write_session(&text);
    person
        .key(&["list"])
        .code(10)
        .says("no cookie in it belongs to App Store Connect");
    assert!(person.apple.requests().is_empty());
}

#[test]
fn a_file_that_others_can_read_is_warned_of_and_left_as_it_is() {
    let person = Person::new();
    let place = person.session_file();
    let link = person.home.work().join("link.json");
    std::os::unix::fs::symlink(&place, &link).expect("a link");
    for mode in [0o640, 0o604, 0o666] {
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).expect("it is ours");
        for flags in [&[][..], &["--session=link.json"]] {
            person
                .key(&[&["list"], flags].concat())
                .code(0)
                .says("warning: others may use the web session")
                .says(&format!("mode {mode:04o}: chmod 600 "));
        }
        let left = fs::metadata(&place).expect("it is there").permissions().mode();
        assert_eq!(left & 0o777, mode);
    }
    fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).expect("it is ours");
    person.key(&["list"]).code(0).does_not_say("warning");
}

#[test]
fn a_session_that_has_expired_is_told_with_what_to_do() {
    let person = Person::new();
    person.session.expire();
    let before = fs::read_to_string(person.session_file()).expect("a file");
    person
        .key(&["list"])
        .code(12)
        .says("the web session has expired (status 401)")
        .says(utf8(&person.session_file()))
        .says("must sign in");
    assert_eq!(person.apple.requests().len(), 1, "it is not tried again");
    assert_eq!(fs::read_to_string(person.session_file()).expect("a file"), before);
}

#[test]
fn who_may_not_manage_keys_is_told_who_may() {
    for (role, code) in [
        (WebRole::AccountHolder, 0),
        (WebRole::Admin, 0),
        (WebRole::AppManager, 13),
        (WebRole::Developer, 13),
    ] {
        let person = Person::who_is(role);
        let ran = person.key(&["list"]).code(code);
        if code == 13 {
            ran.says("this person may not list the team's keys (403)")
                .says("Only an Account Holder or an Admin may");
        }
    }
}

#[test]
fn a_root_that_no_session_may_go_to_stops_before_the_session_is_read() {
    let person = Person::new();
    fs::remove_file(person.session_file()).expect("it was there");
    for (url, why) in [
        (
            "http://appstoreconnect.apple.com",
            "plain http, which is for loopback hosts only",
        ),
        ("http://192.0.2.1", "plain http, which is for loopback hosts only"),
        (
            "https://example.com",
            "a session goes to Apple's own host and to loopback only",
        ),
        (
            "https://appstoreconnect.apple.com.example.com",
            "a session goes to Apple's own host",
        ),
        (
            "https://api.appstoreconnect.apple.com",
            "a session goes to Apple's own host",
        ),
        (
            "https://appstoreconnect.apple.com:8443",
            "a session goes to Apple's own host",
        ),
        ("https://me@appstoreconnect.apple.com", "a user name or a password"),
        ("appstoreconnect", "it is not a URL"),
        ("file:///etc/passwd", "it is not https"),
    ] {
        let run = person.run(&["key", "list"]).env("ASC_WEB_URL", url);
        let told = person.done(run).code(2).says("the web root can't be used").says(why);
        told.says("ASC_WEB_URL").does_not_say("me@");
        person.key(&["list", "--web-url", url]).code(2).says("--web-url");
    }
    assert!(person.apple.requests().is_empty());
}

#[test]
fn a_redirect_is_a_sign_in_page_and_is_not_followed() {
    let (person, elsewhere) = (Person::new(), Simulator::start());
    for to in [format!("{}/signin", elsewhere.url()), "/login".to_owned()] {
        person.apple.fail_web(WebStep::List, Fault::Redirect(to));
        person
            .key(&["list"])
            .code(12)
            .says("the web session has expired (status 302)");
    }
    assert!(elsewhere.requests().is_empty());
    assert_eq!(person.apple.requests().len(), 2);
}

#[test]
fn a_page_in_the_place_of_data_is_a_sign_in_page() {
    let person = Person::new();
    person.apple.fail_web(WebStep::List, Fault::Html(200));
    person
        .key(&["list"])
        .code(12)
        .says("the web session has expired (status 200)");
}

#[test]
fn what_is_neither_data_nor_a_page_is_told_as_unknown() {
    let person = Person::new();
    for body in ["", "null", r#"{"keys":[]}"#, r#"{"data":{}}"#] {
        let fault = Fault::Raw {
            status: 200,
            content_type: "application/json".to_owned(),
            body: body.as_bytes().to_vec(),
        };
        person.apple.fail_web(WebStep::List, fault);
        person
            .key(&["list"])
            .code(1)
            .says("App Store Connect answered in an unknown form when asked to list the team's keys");
    }
}

#[test]
fn what_passes_is_waited_for() {
    for fault in [
        Fault::Status(500),
        Fault::Html(502),
        Fault::Empty(503),
        Fault::ResetBeforeAction,
        Fault::ResetBeforeResponse,
        Fault::ResetInBody,
        Fault::TooManyRequests { retry_after: Some(1) },
        Fault::TooManyRequests { retry_after: None },
    ] {
        let person = Person::new();
        person.apple.fail_web(WebStep::List, fault.clone());
        person.key(&["list"]).code(0);
        assert_eq!(person.apple.requests().len(), 2, "{fault:?}");
    }
}

#[test]
fn what_lasts_longer_than_the_time_is_told() {
    let person = Person::new();
    person.apple.fail_always(Fault::Html(503));
    person
        .key(&["list", "--timeout=1s"])
        .code(20)
        .says("App Store Connect's web side failed (status 503)")
        .says("Run this again later");
    person.apple.clear_faults();
    person.apple.fail_always(Fault::TooManyRequests {
        retry_after: Some(9999),
    });
    let before = person.apple.requests().len();
    person
        .key(&["list"])
        .code(20)
        .says("Apple asks to wait 9999 s. Run this again then.");
    assert_eq!(person.apple.requests().len(), before + 1, "it is not waited for");
}

#[test]
fn requests_are_never_close_together() {
    for fault in [
        None,
        Some(Fault::ResetBeforeResponse),
        Some(Fault::ResetBeforeAction),
        Some(Fault::Html(503)),
    ] {
        let person = Person::new();
        person.register(KEY_ID, "CI pipeline");
        if let Some(fault) = fault.clone() {
            person.apple.fail_web(WebStep::List, fault.clone());
            person.apple.fail_web(WebStep::Revoke, fault);
        }
        person.key(&["revoke", KEY_ID, "--confirm"]).code(0);
        let requests = person.apple.requests();
        assert!(requests.len() >= 2);
        for request in requests {
            assert_ne!(request.web_refusal, Some(WebRefusal::TooSoon), "{fault:?}");
        }
    }
}

/// Whatever a server sends back of what it got, nobody reads it.
#[test]
fn a_cookie_that_comes_back_is_not_shown() {
    let person = Person::new();
    let cookies = person.session.cookies();
    let join = |told: fn(&(String, String)) -> String, with| cookies.iter().map(told).collect::<Vec<_>>().join(with);
    let all = join(|(_, value)| value.clone(), " ");
    let header = join(|(name, value)| format!("{name}={value}"), "; ");
    let error = json!({"errors": [{"id": all, "status": "403", "code": all, "title": header, "detail": all}]});
    let team = json!({"data": [{"id": all, "attributes": {"nickname": header, "roles": [all], "lastUsed": all}}]});
    let list = |output: &str| -> Ran { person.key(&["list", output, "--timeout=1s"]) };
    for output in ["--output=text", "--output=json"] {
        for (status, code) in [
            (400, 1),
            (401, 12),
            (403, 13),
            (404, 10),
            (409, 2),
            (429, 20),
            (500, 20),
        ] {
            person.apple.fail_always(Fault::Raw {
                status,
                content_type: "application/json".to_owned(),
                body: error.to_string().into_bytes(),
            });
            let ran = list(output).code(code);
            if status == 403 {
                ran.says("***");
            }
        }
        for body in [team.to_string(), header.clone(), format!("<html>{header}</html>")] {
            person.apple.fail_always(Fault::Raw {
                status: 200,
                content_type: "application/json".to_owned(),
                body: body.into_bytes(),
            });
            list(output);
        }
    }
}
