//! Each fault, as the client sees it.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use simulator::Fault;

use crate::client::Bench;

#[test]
fn a_queued_fault_strikes_once() {
    let bench = Bench::start();
    bench.apple.fail_next(Fault::Status(500));
    let failed = bench.get("/v1/apps");
    assert_eq!((failed.status, failed.code().as_str()), (500, "UNEXPECTED_ERROR"));
    assert_eq!(bench.get("/v1/apps").status, 200);
}

#[test]
fn a_standing_fault_strikes_until_it_is_cleared() {
    let bench = Bench::start();
    bench.apple.fail_always(Fault::Unauthorized);
    for _ in 0..2 {
        let answer = bench.get("/v1/apps");
        assert_eq!((answer.status, answer.code().as_str()), (401, "NOT_AUTHORIZED"));
    }
    bench.apple.clear_faults();
    assert_eq!(bench.get("/v1/apps").status, 200);
    assert!(bench.apple.requests().iter().all(|seen| seen.refusal.is_none()));
}

#[test]
fn a_reset_before_the_answer_leaves_nothing_but_the_record() {
    let bench = Bench::start();
    bench.apple.fail_next(Fault::ResetBeforeResponse);
    let answer = bench.get("/v1/apps");
    assert!(answer.silent);
    assert_eq!(answer.broken, Some(ErrorKind::ConnectionReset));
    let [seen] = bench.apple.requests().try_into().unwrap();
    assert_eq!(seen.status, None);
    assert!(seen.token.unwrap().signature_verified);
}

#[test]
fn a_reset_before_the_action_takes_nothing_from_the_hourly_limit() {
    let bench = Bench::start();
    bench.apple.fail_next(Fault::ResetBeforeAction);
    let answer = bench.get("/v1/apps");
    assert!(answer.silent);
    assert_eq!(answer.broken, Some(ErrorKind::ConnectionReset));
    let [seen] = bench.apple.requests().try_into().unwrap();
    assert_eq!(seen.status, None);
    assert_eq!(bench.apple.team_keys()[0].last_used, None);
    let next = bench.get("/v1/apps");
    assert_eq!(
        next.header("x-rate-limit"),
        Some("user-hour-lim:3600;user-hour-rem:3599;")
    );
}

#[test]
fn a_reset_in_the_body_comes_after_half_of_it() {
    let bench = Bench::start();
    let whole = bench.get("/v1/apps").body;
    bench.apple.fail_next(Fault::ResetInBody);
    let answer = bench.get("/v1/apps");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-length"), Some(whole.len().to_string().as_str()));
    assert_eq!(answer.body, whole[..whole.len() / 2]);
    assert_eq!(answer.broken, Some(ErrorKind::ConnectionReset));
}

#[test]
fn latency_and_dripping_delay_the_right_answer() {
    let bench = Bench::start();
    let whole = bench.get("/v1/apps").body;
    bench.apple.fail_next(Fault::Latency(Duration::from_millis(30)));
    bench.apple.fail_next(Fault::SlowDrip(Duration::from_micros(100)));
    let start = Instant::now();
    assert_eq!(bench.get("/v1/apps").body, whole);
    // A lower bound can't be missed by a slow machine.
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(bench.get("/v1/apps").body, whole);
}

#[test]
fn too_many_requests_may_say_when_to_come_back() {
    let bench = Bench::start();
    bench.apple.fail_next(Fault::TooManyRequests { retry_after: Some(7) });
    bench.apple.fail_next(Fault::TooManyRequests { retry_after: None });
    let told = bench.get("/v1/apps");
    assert_eq!((told.status, told.header("retry-after")), (429, Some("7")));
    assert_eq!(told.code(), "RATE_LIMIT_EXCEEDED");
    assert_eq!(bench.get("/v1/apps").header("retry-after"), None);
}

#[test]
fn a_gateway_answers_with_a_page_or_nothing() {
    let bench = Bench::start();
    bench.apple.fail_next(Fault::Html(503));
    bench.apple.fail_next(Fault::Empty(502));
    bench.apple.fail_next(Fault::HtmlAfterAction(504));
    let page = bench.get("/v1/apps");
    assert_eq!((page.status, page.header("content-type")), (503, Some("text/html")));
    assert!(page.body.starts_with(b"<html>"));
    assert_eq!(page.header("x-request-id"), None);
    let empty = bench.get("/v1/apps");
    assert_eq!((empty.status, empty.body.len()), (502, 0));
    assert_eq!(bench.apple.team_keys()[0].last_used, None);
    let late = bench.get("/v1/apps");
    assert_eq!((late.status, late.header("content-type")), (504, Some("text/html")));
    assert_eq!(late.header("x-request-id"), None);
    assert!(bench.apple.team_keys()[0].last_used.is_some());
}

#[test]
fn a_huge_body_comes_whole_to_whoever_reads_it() {
    let bench = Bench::start();
    bench.apple.fail_next(Fault::HugeBody {
        status: 500,
        bytes: 10 << 20,
    });
    let answer = bench.get("/v1/apps");
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("content-length"), None);
    assert!(answer.body.len() > 10 << 20, "{}", answer.body.len());
}

#[test]
fn a_redirect_names_its_place() {
    let bench = Bench::start();
    bench
        .apple
        .fail_next(Fault::Redirect("http://127.0.0.2:9/v1/apps".to_owned()));
    let answer = bench.get("/v1/apps");
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some("http://127.0.0.2:9/v1/apps"));
}

#[test]
fn a_raw_answer_is_sent_as_given() {
    let bench = Bench::start();
    let body = b"\n::error::owned\n".to_vec();
    let content_type = "text/plain".to_owned();
    bench.apple.fail_next(Fault::Raw {
        status: 418,
        content_type,
        body: body.clone(),
    });
    let answer = bench.get("/v1/apps");
    assert_eq!((answer.status, answer.body), (418, body));
}

#[test]
fn answers_that_go_out_together_wait_for_each_other() {
    let bench = Bench::start();
    bench.apple.answer_together(2);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| bench.get("/v1/apps"));
        while bench.apple.requests().is_empty() {
            std::thread::yield_now();
        }
        assert!(!first.is_finished());
        assert_eq!(bench.get("/v1/apps").status, 200);
        assert_eq!(first.join().unwrap().status, 200);
    });
    assert_eq!(bench.apple.most_at_once(), 2);
    // They have met.
    assert_eq!(bench.get("/v1/apps").status, 200);
}
