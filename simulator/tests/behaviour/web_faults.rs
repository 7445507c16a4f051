//! What goes wrong on the web side, before a request takes effect and after.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use simulator::{Fault, Simulator, WebRole, WebStep};

use crate::client::Browser;

#[test]
fn a_reset_before_the_action_makes_no_key() {
    let browser = Browser::start();
    browser.apple.fail_web(WebStep::Create, Fault::ResetBeforeAction);
    let answer = browser.create("CI");
    assert!(answer.silent);
    assert_eq!(answer.broken, Some(ErrorKind::ConnectionReset));
    assert!(browser.apple.team_keys().is_empty());
    assert!(browser.apple.web_requests().is_empty());
    let [seen] = browser.apple.requests().try_into().unwrap();
    assert_eq!((seen.status, seen.method.as_str()), (None, "POST"));
    assert!(seen.body.unwrap().contains("CI"));
    browser.created("CI");
}

#[test]
fn a_reset_before_the_action_leaves_the_private_half_and_the_key() {
    let browser = Browser::start();
    let id = browser.created("CI");
    browser.apple.fail_web(WebStep::Download, Fault::ResetBeforeAction);
    browser.apple.fail_web(WebStep::Revoke, Fault::ResetBeforeAction);
    assert!(browser.download(&id).silent);
    assert!(browser.revoke(&id).silent);
    let [key] = browser.apple.team_keys().try_into().unwrap();
    assert_eq!((key.can_download, key.downloads, key.active), (true, 0, true));
}

#[test]
fn an_answer_that_is_lost_has_had_its_effect() {
    for fault in [
        Fault::ResetBeforeResponse,
        Fault::ResetInBody,
        Fault::HtmlAfterAction(504),
    ] {
        let browser = Browser::start();
        let fail = |step| browser.apple.fail_web(step, fault.clone());
        fail(WebStep::Create);
        let answer = browser.create("CI");
        assert!(answer.broken.is_some() || answer.status == 504, "{answer:?}");
        let key = || browser.apple.team_keys().pop().unwrap();
        assert!(key().can_download);

        let id = key().id;
        fail(WebStep::Download);
        let answer = browser.download(&id);
        assert!(serde_json::from_slice::<Value>(&answer.body).is_err(), "{answer:?}");
        assert_eq!((key().can_download, key().downloads), (false, 1));

        fail(WebStep::Revoke);
        browser.revoke(&id);
        assert!(!key().active);
        assert_eq!(
            browser.apple.web_requests(),
            [WebStep::Create, WebStep::Download, WebStep::Revoke]
        );
    }
}

#[test]
fn a_fault_in_place_of_the_answer_has_no_effect() {
    let browser = Browser::start();
    browser.apple.fail_next(Fault::Status(500));
    browser.apple.fail_at("/iris/v1/apiKeys", Fault::Html(503));
    assert_eq!([(); 2].map(|()| browser.create("CI").status), [500, 503]);
    browser.apple.clear_faults();
    assert!(browser.apple.team_keys().is_empty());
}

#[test]
fn a_fault_for_a_step_waits_for_it() {
    let browser = Browser::start();
    browser.apple.fail_web(WebStep::Issuer, Fault::Status(500));
    let id = browser.created("CI");
    let view = format!("/iris/v1/apiKeys/{id}");
    let issuer = format!("{view}?include=provider");
    assert_eq!(
        [&view, &issuer, &issuer].map(|target| browser.get(target).status),
        [200, 500, 200]
    );
}

#[test]
fn a_test_is_called_before_and_after_a_request_takes_effect() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let after = Arc::clone(&calls);
    let apple = Simulator::builder()
        .on_request(move |seen| {
            let step = seen.web_step.unwrap();
            after.lock().unwrap().push(format!("after {step:?}"));
        })
        .start()
        .unwrap();
    let keys = apple.keys();
    let before = Arc::clone(&calls);
    apple.before_web(move |step| before.lock().unwrap().push(format!("before {step:?}: {keys:?}")));
    let session = apple.sign_in(WebRole::Admin);
    let browser = Browser { apple, session };
    browser.created("CI");
    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 2);
    assert!(
        calls[0].starts_with("before Create") && !calls[0].contains("CI"),
        "{calls:?}"
    );
    assert_eq!(calls[1], "after Create");
}
