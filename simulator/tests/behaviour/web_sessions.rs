//! Who may pass to the web side.

use std::time::Duration;

use serde_json::Value;
use simulator::{WebRefusal, WebRole};

use crate::client::Browser;
use crate::web::{KEYS, LIST, form};

#[test]
fn only_an_account_holder_or_an_admin_may() {
    let statuses = [
        WebRole::AccountHolder,
        WebRole::Admin,
        WebRole::AppManager,
        WebRole::Developer,
    ]
    .map(|role| {
        let browser = Browser::of(role);
        (
            browser.get(LIST).status,
            browser.create("CI").status,
            browser.apple.team_keys().len(),
        )
    });
    assert_eq!(statuses, [(200, 201, 1), (200, 201, 1), (403, 403, 0), (403, 403, 0)]);
}

#[test]
fn a_session_that_expired_is_signed_out() {
    let browser = Browser::start();
    assert_eq!(browser.get(LIST).status, 200);
    browser.session.expire();
    let answer = browser.create("CI");
    assert_eq!((answer.status, answer.code().as_str()), (401, "NOT_AUTHORIZED"));
    assert!(browser.apple.team_keys().is_empty());
    assert_eq!(browser.apple.requests()[1].web_refusal, Some(WebRefusal::SignedOut));
}

#[test]
fn all_cookies_of_the_session_must_come_and_others_are_noticed() {
    let browser = Browser::start();
    let with = |cookies: &[(String, String)]| {
        let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = browser.headers();
        headers.last_mut().unwrap().1 = cookies.join("; ");
        let status = browser.send_with(&headers, "GET", LIST, "").status;
        (status, browser.apple.requests().pop().unwrap().foreign_cookies)
    };
    let good = browser.session.cookies();
    assert_eq!(good.len(), 3);
    assert_eq!(with(&good), (200, vec![]));
    for missing in 0..good.len() {
        let mut cookies = good.clone();
        cookies.remove(missing);
        assert_eq!(with(&cookies), (401, vec![]));
    }
    let mut cookies = good.clone();
    cookies.push(("s_vi".to_owned(), "1".to_owned()));
    assert_eq!(with(&cookies), (200, vec!["s_vi".to_owned()]));
    cookies[0].1.push('x');
    assert_eq!(with(&cookies), (401, vec![good[0].0.clone(), "s_vi".to_owned()]));
}

#[test]
fn the_session_file_holds_what_is_sent_and_what_is_not() {
    let browser = Browser::start();
    let file: Value = serde_json::from_str(&browser.session.file()).unwrap();
    assert_eq!(file["version"], 1);
    let session = &file["sessions"][file["last_key"].as_str().unwrap()];
    assert_eq!(session["version"], 1);
    let origins = session["cookies"].as_object().unwrap();
    assert_eq!(origins.len(), 2);
    assert!(origins.contains_key(&format!("{}/", browser.apple.url())));
    let mut sent = Vec::new();
    let mut kept = Vec::new();
    for cookie in origins.values().flat_map(|cookies| cookies.as_array().unwrap()) {
        let text = |name: &str| cookie[name].as_str().unwrap().to_owned();
        let list = if text("domain") == "127.0.0.1" && !text("value").is_empty() {
            &mut sent
        } else {
            &mut kept
        };
        list.push((text("name"), text("value")));
    }
    let mut expected = browser.session.cookies();
    expected.sort();
    sent.sort();
    assert_eq!(sent, expected);
    assert_eq!(kept.len(), 2);
    let secrets = browser.session.secrets();
    assert_eq!(secrets.len(), 4);
    assert!(
        secrets
            .iter()
            .all(|secret| secret.len() > 100 && browser.session.file().contains(secret))
    );
    assert!(
        !secrets
            .iter()
            .any(|secret| format!("{:?}", browser.session).contains(secret))
    );
}

#[test]
fn every_header_of_a_browser_is_needed_and_no_token() {
    let browser = Browser::start();
    let good = browser.headers();
    for index in 0..good.len() - 1 {
        for value in [None, Some("https://example.com/")] {
            let mut headers = good.clone();
            let (name, _) = headers.remove(index);
            headers.extend(value.map(|value| (name, value.to_owned())));
            let answer = browser.send_with(&headers, "POST", KEYS, &form("CI").to_string());
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "FORBIDDEN_ERROR"),
                "{name}"
            );
            let seen = browser.apple.requests().pop().unwrap();
            let header = name.to_lowercase();
            assert!(matches!(seen.web_refusal, Some(WebRefusal::Header(name)) if name == header));
        }
    }
    let mut headers = good;
    headers.push(("Authorization", "Bearer x".to_owned()));
    assert_eq!(browser.send_with(&headers, "GET", LIST, "").status, 400);
    assert!(browser.apple.team_keys().is_empty());
}

#[test]
fn a_request_too_soon_after_the_one_before_has_no_effect() {
    let browser = Browser::start();
    browser.apple.set_web_spacing(Some(Duration::from_secs(3600)));
    assert_eq!(browser.get(LIST).status, 200);
    let answer = browser.create("CI");
    assert_eq!((answer.status, answer.code().as_str()), (429, "RATE_LIMIT_EXCEEDED"));
    assert_eq!(browser.apple.requests()[1].web_refusal, Some(WebRefusal::TooSoon));
    assert!(browser.apple.team_keys().is_empty());

    // Another session has its own pause.
    let other = Browser {
        session: browser.apple.sign_in(WebRole::Admin),
        apple: browser.apple,
    };
    assert_eq!(other.get(LIST).status, 200);
    // A lower bound can't be missed by a slow machine.
    let pause = Duration::from_millis(20);
    other.apple.set_web_spacing(Some(pause));
    std::thread::sleep(pause);
    assert_eq!(other.create("CI").status, 201);
}
