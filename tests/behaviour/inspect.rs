//! `asc-auth inspect`: what a token says, what Apple would refuse in it, and nothing of what makes it a token.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use simulator::TestKey;

use crate::support::{ISSUER_ID, KEY_ID, Ran, Run, Step, job::now, secrets::Secrets};

fn header() -> Value {
    json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"})
}

fn claims() -> Value {
    let now = now();
    json!({"iss": ISSUER_ID, "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1"})
}

fn with(mut value: Value, name: &str, change: impl Into<Value>) -> Value {
    value[name] = change.into();
    value
}

/// Inspects what standard input holds, and makes sure that no signature comes back.
#[track_caller]
fn inspect(token: &str, arguments: &[&str]) -> Ran {
    let ran = Run::new(&[&["inspect", "-"], arguments].concat()).stdin(token).run();
    let signature = token.rsplit('.').next().unwrap_or_default().trim();
    assert!(
        signature.is_empty() || !ran.text().contains(signature),
        "{}",
        ran.text()
    );
    ran
}

#[test]
fn a_token_that_asc_auth_mints_is_acceptable() {
    let key = TestKey::generate();
    for arguments in [
        &["token"][..],
        &["token", "--key-type", "individual"],
        &["token", "--lifetime", "20m"],
        &["token", "--lifetime", "1s"],
        &["token", "--scope", "GET /v1/apps"],
        &["token", "--lifetime", "180d", "--scope", "GET /v1/ciProducts"],
    ] {
        let token = Run::new(arguments).team_key(&key).run().code(0).stdout;
        // One second may be over by now.
        if !arguments.contains(&"1s") {
            inspect(&token, &[])
                .code(0)
                .says("Apple accepts this token, as far as can be told offline.");
        }
    }
    let token = Run::new(&["token", "--in-house"]).team_key(&key).run().code(0).stdout;
    inspect(&token, &["--in-house"])
        .code(0)
        .says("Apple accepts this token");
    inspect(&token, &[])
        .code(0)
        .says("Apple may accept this token, but:")
        .says("--in-house");
}

#[test]
fn header_claims_and_times_are_shown_for_people() {
    let token = TestKey::generate().sign_token(&header(), &claims());
    let ran = inspect(&token, &[])
        .code(0)
        .says("  alg        ES256\n")
        .says(&format!("  kid        {KEY_ID}\n"))
        .says(&format!("  iss        {ISSUER_ID}\n"))
        .says("  aud        appstoreconnect-v1\n")
        .says("Z, expires in 1")
        .says("Z, 1 min")
        .says("  signature  not checked");
    assert_eq!(ran.stderr, "", "all of it is the result");
}

#[test]
fn header_claims_times_and_findings_are_shown_for_scripts() {
    let token = TestKey::generate().sign_token(&header(), &with(claims(), "bid", "com.example.app"));
    let shown = inspect(&token, &["--output", "json"]).code(10).json();
    assert_eq!(shown["acceptable"], false);
    assert_eq!(shown["header"], header());
    assert_eq!(shown["claims"]["iss"], ISSUER_ID);
    assert_eq!(shown["times"]["lifetime"], 960);
    assert!(shown["times"]["expires_in"].as_i64().is_some_and(|left| left <= 900));
    assert!(
        shown["times"]["expires_at"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
    assert_eq!(shown["signature"], "not_checked");
    let finding = &shown["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["severity"]),
        (&json!("bid"), &json!("refused"))
    );
    assert!(
        finding["remedy"]
            .as_str()
            .is_some_and(|remedy| remedy.ends_with("Leave it out."))
    );
}

#[test]
fn what_apple_would_refuse_is_told_with_its_rule_and_what_to_do() {
    let key = TestKey::generate();
    let now = now();
    for (header, claims, says) in [
        (with(header(), "alg", "RS256"), claims(), "alg is “RS256” (alg)"),
        (
            with(header(), "kid", ISSUER_ID),
            claims(),
            "which is what an issuer ID looks like (kid)",
        ),
        (
            header(),
            with(claims(), "aud", json!(["appstoreconnect-v1"])),
            "aud is an array (aud)",
        ),
        (
            header(),
            with(claims(), "iss", "ABCDE12345"),
            "a key ID or a Team ID looks like (iss)",
        ),
        (
            header(),
            with(claims(), "sub", "user"),
            "there are both iss and sub (owner)",
        ),
        (header(), with(claims(), "bid", "com.example"), "there is a bid (bid)"),
        (
            header(),
            with(claims(), "exp", now + 86_400),
            "from iat to exp (lifetime)",
        ),
        (header(), with(claims(), "exp", now - 5), "it expired "),
        (
            header(),
            with(claims(), "exp", (now + 900) * 1000),
            "which are milliseconds (milliseconds)",
        ),
        (
            header(),
            with(claims(), "iat", now + 600),
            "in the future (issued_in_future)",
        ),
        (
            header(),
            with(claims(), "scope", "GET /v1/apps"),
            "scope is “GET /v1/apps” (scope)",
        ),
    ] {
        inspect(&key.sign_token(&header, &claims), &[])
            .code(10)
            .says("Apple refuses this token:\n  1. ")
            .says(says);
    }
}

#[test]
fn what_apple_may_accept_is_a_doubt_and_no_failure() {
    let key = TestKey::generate();
    for claims in [with(claims(), "jti", "1"), with(claims(), "iat", now() + 30)] {
        inspect(&key.sign_token(&header(), &claims), &[])
            .code(0)
            .says("Apple may accept this token, but:\n  1. ");
    }
}

#[test]
fn a_token_may_be_an_argument_or_a_whole_header() {
    let token = TestKey::generate().sign_token(&header(), &claims());
    for text in [
        token.clone(),
        format!("'{token}'"),
        format!("Authorization: Bearer {token}"),
    ] {
        Run::new(&["inspect", &text])
            .run()
            .code(0)
            .says("Apple accepts this token")
            .does_not_say(&token);
    }
    inspect(&format!("Authorization: Bearer {token}\r\n"), &[])
        .code(0)
        .says("it was a whole Authorization header");
}

#[test]
fn a_key_tells_whether_it_signed_the_token() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let token = key.sign_token(&header(), &claims());
    let step = Step::new();
    let write = |name: &str, bytes: Vec<u8>| {
        fs::write(step.file(name), bytes).expect("a file");
        step.file(name).to_str().expect("Unicode").to_owned()
    };
    for file in [
        write("AuthKey_2X9R4QWVK6.p8", key.pem().into_bytes()),
        write("key.b64", STANDARD.encode(key.pem()).into_bytes()),
        write("public.pem", public_pem(&key).into_bytes()),
    ] {
        inspect(&token, &["--key", &file])
            .code(0)
            .says("valid: this key signed it");
    }
    let renamed = write("AuthKey_ABCDE12345.p8", key.pem().into_bytes());
    inspect(&token, &["--key", &renamed])
        .code(0)
        .says("the name of the key file says ABCDE12345 (key_file_name)");
    let wrong = write("wrong.p8", other.pem().into_bytes());
    let ran = inspect(&token, &["--key", &wrong, "--output", "json"]).code(10);
    assert_eq!(ran.json()["signature"], "invalid");
    assert_eq!(ran.json()["findings"][0]["rule"], "signature");
    Run::new(&["inspect", &token, "--key", "-"])
        .stdin(key.pem())
        .run()
        .code(0)
        .says("valid: this key signed it");
}

/// The SPKI of a key: what `openssl pkey -pubout` writes.
fn public_pem(key: &TestKey) -> String {
    const HEAD: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let body = STANDARD.encode([&HEAD[..], key.public_key()].concat());
    let (first, second) = body.split_at(64);
    format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn only_one_thing_can_come_from_standard_input() {
    Run::new(&["inspect", "-", "--key", "-"])
        .run()
        .code(2)
        .says("both the token and the key are asked for on standard input");
}

#[test]
fn what_is_no_token_at_all_is_a_usage_error() {
    for (arguments, stdin, says) in [
        (&["inspect"][..], "", "no token was given"),
        (&["inspect", ""], "", "TOKEN was given without a value"),
        (&["inspect", "-"], "", "no token was given"),
        (&["inspect", "-"], "\n", "no token was given"),
    ] {
        Run::new(arguments).stdin(stdin).run().code(2).says(says);
    }
}

#[test]
fn a_private_key_in_the_place_of_a_token_is_named_and_never_shown() {
    let key = TestKey::generate();
    let secrets = Secrets::of_key(&key);
    for text in [
        key.pem(),
        STANDARD.encode(key.pem()),
        key.sec1_pem(),
        key.pem()[..150].to_owned(),
    ] {
        let missing = format!("/nonexistent/{KEY_ID}.p8");
        for (ran, code) in [
            (Run::new(&["inspect", "-"]).stdin(text.clone()).run(), 2),
            (Run::new(&["inspect", &format!("Bearer {text}")]).run(), 2),
            (
                Run::new(&["inspect", "-", "--output", "json"])
                    .stdin(text.clone())
                    .run(),
                2,
            ),
            (Run::new(&["inspect", "a.b.c", &format!("--key={text}")]).run(), 10),
            (Run::new(&["inspect", "a.b.c", "--key", &missing]).run(), 30),
        ] {
            let found = secrets.found_in(&ran.text());
            assert_eq!(found, Vec::<&str>::new(), "{}", ran.text());
            assert_eq!(ran.code, Some(code), "{}", ran.text());
        }
    }
    let token = key.sign_token(&with(header(), "kid", key.pem()), &claims());
    let ran = inspect(&token, &[])
        .code(10)
        .says("the header holds a private key (secret)");
    assert_eq!(secrets.found_in(&ran.text()), Vec::<&str>::new(), "{}", ran.text());
}

#[test]
fn what_a_token_holds_poses_as_nothing_in_a_log() {
    let evil = "a\n::error::b\r\u{1b}[31m##[error]c\u{9b}31m\u{202e}d\u{2066}e\u{200b}f\u{e0041}";
    let key = TestKey::generate();
    let long = "x".repeat(10_000);
    let claims = with(
        with(with(with(claims(), evil, evil), "::error::x", 1), "iss", evil),
        "scope",
        json!([evil, "::error::x", long]),
    );
    let token = key.sign_token(&with(header(), "kid", evil), &claims);
    for output in ["text", "json"] {
        let ran = Step::new()
            .run(&["inspect", "-", "--output", output])
            .stdin(token.clone())
            .run()
            .code(10);
        for line in ran.text().lines() {
            assert!(!line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##["), "{line}");
            let inert = |c| !"\u{1b}\u{9b}\u{202e}\u{2066}\u{200b}\u{e0041}".contains(c);
            assert!(line.chars().all(inert), "{line:?}");
        }
        if output == "text" {
            assert!(
                ran.stdout.lines().all(|line| line.chars().count() < 300),
                "{}",
                ran.stdout
            );
        }
    }
}

#[test]
fn a_token_of_another_service_is_not_called_app_store_connects() {
    let key = TestKey::generate();
    let google =
        json!({"iss": "https://accounts.google.com", "aud": "example.apps.googleusercontent.com", "exp": now()});
    let google = key.sign_token(&json!({"alg": "RS256", "kid": "a".repeat(40), "typ": "JWT"}), &google);
    let ran = inspect(&google, &[]).code(10).says("Apple refuses this token:\n  1. ");
    assert!(
        ran.stdout
            .starts_with("This is no App Store Connect token: it is https://accounts.google.com's\n"),
        "{}",
        ran.stdout
    );
    let plain = key.sign_token(
        &json!({"alg": "HS256"}),
        &json!({"sub": "1234567890", "name": "Example"}),
    );
    inspect(&plain, &[]).code(10).says("nothing in it is Apple's\n");
    assert_eq!(inspect(&plain, &["--output", "json"]).json()["foreign"], true);
    for claims in [
        with(claims(), "aud", "com.example"),
        with(claims(), "iss", "https://example.com"),
    ] {
        let ran = inspect(&key.sign_token(&header(), &claims), &[]).code(10);
        assert!(ran.stdout.starts_with("App Store Connect token\n"), "{}", ran.stdout);
    }
}

#[test]
fn the_name_of_a_file_is_told_from_a_token() {
    let step = Step::new();
    for name in ["tok.txt", "AuthKey_2X9R4QWVK6.p8", "a.b.c"] {
        fs::write(step.file(name), "a.b.c").expect("a file");
        let path = step.file(name);
        Run::new(&["inspect", path.to_str().expect("Unicode")])
            .run()
            .code(2)
            .says("TOKEN is the name of a file")
            .says("asc-auth inspect - < FILE");
    }
}

#[test]
fn a_word_is_no_token_and_is_not_repeated() {
    for text in [
        "zzz",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AuthKey_2X9R4QWVK6.p8",
    ] {
        Run::new(&["inspect", text])
            .run()
            .code(2)
            .says("what was given is no token")
            .does_not_say(text);
    }
}
