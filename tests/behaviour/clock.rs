//! A machine whose clock is wrong: the run succeeds, says so, and hands over a token that is right by Apple's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use simulator::{Simulator, TestKey};

use crate::support::{Run, Step, http::status_with, simulator_with};

/// Seconds between two readings of two clocks that agree, at most, on a busy machine.
const SLACK: i64 = 5;

fn skewed(key: &TestKey, server_is_ahead: i64) -> Simulator {
    let simulator = simulator_with(key);
    simulator.set_clock_offset(server_is_ahead);
    simulator
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("past 1970");
    i64::try_from(since.as_secs()).expect("not that far")
}

#[test]
fn a_wrong_clock_is_told_and_the_token_is_right_all_the_same() {
    for (server_is_ahead, lifetime, requests, words) in [
        (3600, "15m", 2, "behind Apple's"),
        (-3600, "15m", 2, "ahead of Apple's"),
        (30, "15m", 1, "behind Apple's"),
        (-30, "15m", 1, "ahead of Apple's"),
        // The longest lifetime leaves no room for a fast clock: Apple refuses it, and it is corrected.
        (-30, "20m", 2, "ahead of Apple's"),
    ] {
        let key = TestKey::generate();
        let simulator = skewed(&key, server_is_ahead);
        let step = Step::new();
        step.run(&["setup", "--lifetime", lifetime])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(0)
            .says("::warning title=App Store Connect::this machine's clock is ")
            .says(&format!("{words}; tokens are minted with Apple's"))
            .says(&format!("{words}\n"));
        assert_eq!(simulator.requests().len(), requests, "{server_is_ahead} {lifetime}");

        let outputs = step.outputs();
        let skew: i64 = outputs["clock-skew"].parse().expect("a number");
        assert!((skew + server_is_ahead).abs() <= SLACK, "{skew}");
        assert_eq!(status_with(&outputs["token"], &simulator), 200);
        let seen = simulator.requests();
        let token = seen.last().and_then(|request| request.token.as_ref()).expect("a token");
        let server = now() + server_is_ahead;
        let (issued, expires) = (token.issued_at().expect("iat"), token.expires_at().expect("exp"));
        assert!(
            issued <= server && expires > server && expires <= server + 1200,
            "{issued} {expires} {server}"
        );
        let told: jiff::Timestamp = outputs["token-expires-at"].parse().expect("RFC 3339");
        assert_eq!(told.as_second(), expires);
    }
}

#[test]
fn a_clock_that_is_off_by_seconds_is_within_bounds() {
    for (server_is_ahead, words) in [
        (4, "behind Apple's, within bounds"),
        (-4, "ahead of Apple's, within bounds"),
    ] {
        let key = TestKey::generate();
        let simulator = skewed(&key, server_is_ahead);
        let step = Step::new();
        step.run(&["setup"])
            .team_key(&key)
            .api(&simulator)
            .run()
            .code(0)
            .says(words)
            .does_not_say("::warning");
        let seen = simulator.requests();
        assert_eq!(seen.len(), 1);
        assert_eq!(
            step.outputs()["token"],
            seen[0].token.as_ref().expect("a token").raw,
            "the token that was proven is handed over"
        );
    }
}

#[test]
fn a_clock_in_step_is_said_to_be() {
    let key = TestKey::generate();
    let simulator = skewed(&key, 0);
    Run::new(&["validate"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(0)
        .says("  clock      in step with Apple's\n")
        .does_not_say("warning");
}

#[test]
fn a_wrong_clock_is_a_number_in_json() {
    let key = TestKey::generate();
    let simulator = skewed(&key, 3600);
    let ran = Run::new(&["validate", "--output", "json"])
        .team_key(&key)
        .api(&simulator)
        .run();
    let skew = ran.code(0).json()["clock_skew"].as_i64().expect("a number");
    assert!((skew + 3600).abs() <= SLACK, "{skew}");
}

#[test]
fn a_key_that_is_refused_by_both_clocks_is_not_blamed_on_the_clock() {
    let key = TestKey::generate();
    let simulator = skewed(&key, 3600);
    simulator.revoke(crate::support::KEY_ID);
    Run::new(&["validate"])
        .team_key(&key)
        .api(&simulator)
        .run()
        .code(12)
        .says("behind Apple's\n")
        .says("a second attempt with Apple's clock was refused too")
        .does_not_say("the clock is right");
    assert_eq!(simulator.requests().len(), 3);
}
