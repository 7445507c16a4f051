//! What is tried again, for how long, and what is said when the time is up.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use simulator::{Fault, TestKey};

use crate::support::{Ran, Run, simulator_with};

/// No run may send more, however small its random pauses were.
const MOST_REQUESTS: usize = 25;

#[test]
fn a_sporadic_401_is_tried_once_more_with_the_same_token() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.fail_next(Fault::Unauthorized);
    Run::new(&["validate"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0)
        .says("the credential works");
    let seen = simulator.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].token, seen[1].token);
    assert!(seen[0].token.is_some());
}

#[test]
fn what_passes_is_waited_for() {
    for (fault, time) in [
        // A pause is half of the time at most, so that half is left for the answer.
        (Fault::TooManyRequests { retry_after: Some(1) }, "10s"),
        (Fault::TooManyRequests { retry_after: None }, "10s"),
        (Fault::Status(408), "60s"),
        (Fault::Status(500), "60s"),
        (Fault::Html(502), "60s"),
        (Fault::Html(503), "60s"),
        (Fault::Empty(504), "60s"),
        (Fault::ResetBeforeResponse, "60s"),
        (Fault::ResetInBody, "60s"),
    ] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        simulator.fail_next(fault.clone());
        let ran = Run::new(&["validate", "--timeout", time])
            .team_key(&key)
            .api(&simulator)
            .run();
        assert_eq!(ran.code, Some(0), "{fault:?}: {}", ran.text());
        assert_eq!(simulator.requests().len(), 2, "{fault:?}");
    }
}

#[test]
fn what_lasts_longer_than_the_time_is_told_with_its_number_of_attempts() {
    for (fault, title, advice) in [
        (
            Fault::TooManyRequests { retry_after: None },
            "Apple's rate limit was reached (429)",
            "Run this again later",
        ),
        (
            Fault::Status(408),
            "Apple took too long (408)",
            "Nothing is wrong with the key",
        ),
        (
            Fault::Status(500),
            "Apple's service failed (status 500)",
            "https://developer.apple.com/system-status/",
        ),
        (
            Fault::Html(502),
            "Apple's service failed (status 502)",
            "https://developer.apple.com/system-status/",
        ),
        (
            Fault::Html(503),
            "Apple's service failed (status 503)",
            "https://developer.apple.com/system-status/",
        ),
        (
            Fault::Empty(504),
            "Apple's service failed (status 504)",
            "Run this again later",
        ),
        (
            Fault::ResetBeforeResponse,
            "the connection was closed in the middle",
            "Try again",
        ),
        (
            Fault::ResetInBody,
            "the connection was closed in the middle",
            "Try again",
        ),
    ] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        simulator.fail_always(fault);
        let ran = Run::new(&["validate", "--timeout", "1s"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(20)
            .says(title)
            .says(advice);
        let sent = simulator.requests().len();
        assert!(sent <= MOST_REQUESTS, "{sent} requests");
        // The last one may have been cut off before it was sent.
        let told = [sent, sent + 1].map(|attempts| format!("  attempts   {attempts}\n"));
        assert!(
            told.iter().any(|told| ran.text().contains(told)),
            "{sent} requests: {}",
            ran.text()
        );
    }
}

#[test]
fn a_wait_that_is_longer_than_the_time_is_not_begun() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.fail_always(Fault::TooManyRequests {
        retry_after: Some(9999),
    });
    let mut command = Run::new(&["validate", "--timeout", "10m"])
        .team_key(&key)
        .api(&simulator)
        .into_command();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let began = Instant::now();
    while child.try_wait().expect("it can be asked").is_none() {
        if began.elapsed() > Duration::from_secs(60) {
            child.kill().expect("it can be killed");
            panic!("it waits");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ran::from(child.wait_with_output().expect("it has ended"))
        .code(20)
        .says("Apple's rate limit was reached (429)")
        .says("Apple asks to wait 9999 s, and there was no time for it. Run this again then. Jobs")
        .says("Jobs that share a key share its limit");
    assert_eq!(simulator.requests().len(), 1);
}

#[test]
fn an_hour_without_requests_left_is_said_and_not_waited_for() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.set_rate_limit(3500, 0);
    Run::new(&["validate"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(20)
        .says("0 of 3500 requests left this hour")
        .says("Each comes back an hour after it was made")
        .says("switch validation off in all but one");
    assert_eq!(simulator.requests().len(), 1);
}

#[test]
fn a_token_that_a_pause_outlived_is_made_anew_and_says_nothing_of_the_key() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.fail_next(Fault::TooManyRequests { retry_after: Some(4) });
    Run::new(&["exec", "--lifetime", "2s", "--timeout", "8s", "--", "true"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0);
    let refusals: Vec<bool> = simulator.requests().iter().map(|seen| seen.refusal.is_some()).collect();
    assert_eq!(refusals, [false, true, false]);
}

#[test]
fn an_answer_that_does_not_come_in_time_is_not_waited_for() {
    for fault in [
        Fault::Latency(Duration::from_secs(300)),
        Fault::SlowDrip(Duration::from_secs(30)),
    ] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        simulator.fail_always(fault);
        Run::new(&["validate", "--timeout", "1s"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(20)
            .says("it took too long")
            .says("give more time with --timeout");
        assert_eq!(simulator.requests().len(), 1);
    }
}

#[test]
fn a_token_that_is_refused_after_it_was_accepted_is_apples_failure() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.fail_next(Fault::Latency(Duration::ZERO));
    simulator.fail_always(Fault::Unauthorized);
    Run::new(&["validate", "--expect-app", "com.example.app"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(20)
        .says("Apple refused a token that it had just accepted (401)")
        .says("Run this again later");
    assert_eq!(simulator.requests().len(), 2);
}

#[test]
fn a_time_out_that_can_not_be_read_stops_before_anything_is_sent() {
    for text in ["0", "0s", "11m", "1h", "-1", "soon", "", "1.5s"] {
        let key = TestKey::generate();
        let simulator = simulator_with(&key);
        Run::new(&["validate", &format!("--timeout={text}")])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(2)
            .says("from 1s to 10m");
        assert!(simulator.requests().is_empty(), "{text}");
    }
}
