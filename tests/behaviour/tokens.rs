//! `asc-auth token`: exactly Apple's claims, exactly Apple's lifetimes, and nothing on stdout but the token.

use std::{fs::File, process::Stdio};

use serde_json::json;
use simulator::{ApiKey, Refusal, SeenToken, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Ran, Run,
    proof::{AUDIENCE, assert_key_kept, assert_refused, assert_token_of, judge, read_token},
    simulator_with,
};

const ENTERPRISE: &str = "apple-developer-enterprise-v1";
const DAY: i64 = 24 * 60 * 60;

fn token(key: &TestKey, arguments: &[&str]) -> Ran {
    Run::new(&[&["token"], arguments].concat()).team_key(key).run()
}

/// The token that was printed, taken apart, and its span in seconds.
#[track_caller]
fn minted(key: &TestKey, arguments: &[&str]) -> (SeenToken, i64) {
    let ran = token(key, arguments).code(0);
    assert_key_kept("a token", &ran, key);
    let token = read_token(ran.stdout.trim_end());
    let span = token.expires_at().unwrap() - token.issued_at().unwrap();
    (token, span)
}

#[test]
fn a_team_keys_token_has_these_claims_and_no_others() {
    let key = TestKey::generate();
    let (token, span) = minted(&key, &[]);
    let (iat, exp) = (token.issued_at().unwrap(), token.expires_at().unwrap());
    assert_eq!(
        json!(token.header),
        json!({ "alg": "ES256", "kid": KEY_ID, "typ": "JWT" })
    );
    assert_eq!(
        json!(token.claims),
        json!({ "iss": ISSUER_ID, "iat": iat, "exp": exp, "aud": "appstoreconnect-v1" })
    );
    assert_eq!(span, 15 * 60 + 60, "15 minutes from now, issued a minute ago");
}

#[test]
fn an_individual_keys_token_has_these_claims_and_no_others() {
    let key = TestKey::generate();
    let (token, _) = minted(&key, &["--key-type", "individual"]);
    let (iat, exp) = (token.issued_at().unwrap(), token.expires_at().unwrap());
    assert_eq!(
        json!(token.header),
        json!({ "alg": "ES256", "kid": KEY_ID, "typ": "JWT" })
    );
    assert_eq!(
        json!(token.claims),
        json!({ "sub": "user", "iat": iat, "exp": exp, "aud": "appstoreconnect-v1" })
    );
}

#[test]
fn scopes_are_an_array_and_limit_the_token() {
    let key = TestKey::generate();
    let scopes = ["GET /v1/apps?filter[platform]=IOS", "GET /v1/builds"];
    let (token, _) = minted(&key, &["--scope", scopes[0], "--scope", scopes[1]]);
    assert_eq!(token.scope(), Some(scopes.to_vec()));
    let team_key = ApiKey::team(KEY_ID, ISSUER_ID, &key);
    let allowed = judge(&token.raw, team_key.clone(), "/v1/builds", AUDIENCE);
    assert_eq!(allowed, Ok(team_key.clone()));
    let refused = judge(&token.raw, team_key, "/v1/users", AUDIENCE);
    assert_eq!(refused, Err(Refusal::ScopeMismatch));
}

#[test]
fn the_lifetime_counts_from_now_and_the_span_stays_within_apples_limit() {
    let key = TestKey::generate();
    for (lifetime, span) in [
        ("1s", 61),
        ("900", 960),
        ("19m", 1200),
        ("1170s", 1200),
        ("20m", 1200),
        ("1200", 1200),
    ] {
        assert_eq!(minted(&key, &["--lifetime", lifetime]).1, span, "{lifetime}");
    }
}

#[test]
fn a_scoped_token_may_live_up_to_180_days() {
    let key = TestKey::generate();
    let scope = "GET /v1/ciProducts";
    for (lifetime, span) in [("1201s", 1261), ("30d", 30 * DAY + 60), ("180d", 180 * DAY)] {
        let (token, actual) = minted(&key, &["--scope", scope, "--lifetime", lifetime]);
        assert_eq!(actual, span, "{lifetime}");
        let team_key = ApiKey::team(KEY_ID, ISSUER_ID, &key);
        let judged = judge(&token.raw, team_key.clone(), "/v1/ciProducts", AUDIENCE);
        assert_eq!(judged, Ok(team_key), "{lifetime}");
    }
}

#[test]
fn a_long_life_for_an_undocumented_resource_warns() {
    let key = TestKey::generate();
    let ran = token(&key, &["--scope", "GET /v1/apps", "--lifetime", "1h"]).code(0);
    assert!(
        ran.stderr
            .starts_with("warning: Apple documents lifetimes above 20 minutes for"),
        "{}",
        ran.stderr
    );
    let ran = token(&key, &["--scope", "GET /v1/ciProducts", "--lifetime", "1h"]).code(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn what_apple_would_refuse_is_refused_before_the_key_is_read() {
    for (row, arguments, sentence) in [
        ("no number", &["--lifetime", "soon"][..], "the lifetime can't be read"),
        ("no unit", &["--lifetime", "15min"], "the lifetime can't be read"),
        ("negative", &["--lifetime=-5"], "the lifetime can't be read"),
        ("a fraction", &["--lifetime", "1.5m"], "the lifetime can't be read"),
        ("zero", &["--lifetime", "0"], "a lifetime of zero seconds"),
        (
            "21 minutes",
            &["--lifetime", "21m"],
            "a lifetime above 20 minutes without a scope",
        ),
        (
            "one second too many",
            &["--lifetime", "1201"],
            "a lifetime above 20 minutes without a scope",
        ),
        (
            "181 days",
            &["--lifetime", "181d", "--scope", "GET /v1/ciProducts"],
            "a lifetime above 180 days",
        ),
        ("a POST", &["--scope", "POST /v1/apps"], "a scope that is not a GET"),
        (
            "a POST among others",
            &["--scope", "GET /v1/apps", "--scope", "POST /v1/apps"],
            "a scope that is not a GET",
        ),
        ("no method", &["--scope", "/v1/apps"], "a scope can't be read"),
        (
            "a URL",
            &["--scope", "GET https://api.appstoreconnect.apple.com/v1/apps"],
            "a scope can't be read",
        ),
    ] {
        let ran = Run::new(&[&["token"], arguments].concat()).run();
        assert_eq!(ran.code, Some(2), "{row}: {}", ran.text());
        let title = format!("error: {sentence}\n");
        assert!(ran.stderr.starts_with(&title), "{row}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{row}");
    }
}

#[test]
fn in_house_is_for_the_enterprise_program() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    simulator.set_audience(ENTERPRISE);
    let (token, _) = minted(&key, &["--in-house"]);
    assert_eq!(token.audience(), Some(ENTERPRISE));

    let validate = |arguments: &[&str]| Run::new(arguments).team_key(&key).api(&simulator).run();
    let ran = validate(&["validate", "--in-house"]).code(0);
    assert_key_kept("in-house", &ran, &key);
    let ran = validate(&["validate"]).code(12);
    assert_key_kept("the other audience", &ran, &key);
}

#[test]
fn the_token_alone_is_on_stdout() {
    let key = TestKey::generate();
    let ran = token(&key, &[]);
    assert_token_of("text", &ran, &key);
    assert_eq!(ran.stderr, "");
}

#[test]
fn in_json_the_token_comes_with_its_expiry() {
    let key = TestKey::generate();
    let ran = token(&key, &["--output", "json"]).code(0);
    let json = ran.json();
    let token = read_token(json["token"].as_str().unwrap());
    let expires_at: jiff::Timestamp = json["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(Some(expires_at.as_second()), token.expires_at());
    assert_eq!(json["key_id"], KEY_ID);
    assert_eq!(json["key_type"], "team");
    assert_eq!(json.as_object().unwrap().len(), 4, "{json}");
    assert_key_kept("json", &ran, &key);
}

#[test]
fn minting_needs_no_network() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let ran = Run::new(&["token"]).team_key(&key).api(&simulator).run();
    assert_token_of("offline", &ran, &key);
    assert!(simulator.requests().is_empty(), "{:?}", simulator.requests());
}

#[test]
fn on_github_the_masks_are_on_stderr_and_come_first() {
    let key = TestKey::generate();
    let run = || Run::new(&["token"]).team_key(&key).env("GITHUB_ACTIONS", "true");
    let ran = run().run();
    let printed = ran.stdout.strip_suffix('\n').unwrap();
    let masked: Vec<&str> = ran
        .stderr
        .lines()
        .map(|line| line.strip_prefix("::add-mask::").expect("a mask"))
        .collect();
    assert!(masked.contains(&printed), "the token is masked");
    for line in key.pem().lines().filter(|line| !line.starts_with("-----")) {
        assert!(masked.contains(&line), "each line of the key is masked");
    }
    assert_eq!(
        read_token(printed).key_id(),
        Some(KEY_ID),
        "stdout holds the token alone"
    );

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let log = File::create(&path).unwrap();
    let mut command = run().into_command();
    command
        .stdout(Stdio::from(log.try_clone().unwrap()))
        .stderr(Stdio::from(log));
    assert!(command.status().unwrap().success());
    let log = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    let (last, before) = lines.split_last().unwrap();
    assert!(
        before.iter().all(|line| line.starts_with("::add-mask::")),
        "masks only before the token"
    );
    assert!(
        before.contains(&format!("::add-mask::{last}").as_str()),
        "the token's mask before the token"
    );
}

#[test]
fn on_github_a_warning_does_not_mix_with_the_token() {
    let key = TestKey::generate();
    let ran = Run::new(&["token", "--scope", "GET /v1/apps", "--lifetime", "1h"])
        .team_key(&key)
        .env("GITHUB_ACTIONS", "true")
        .run()
        .code(0);
    assert_eq!(
        ran.stdout.lines().count(),
        1,
        "TOKEN=$(asc-auth token) takes all of stdout"
    );
    assert!(ran.stderr.contains("::warning"), "the warning is on stderr");
    let ran = Run::new(&["token"]).env("GITHUB_ACTIONS", "true").run();
    assert_refused("nothing given", &ran, 10, "no key ID", &key.pem());
    assert_eq!(ran.stdout, "", "an error is not captured as a token");
}
