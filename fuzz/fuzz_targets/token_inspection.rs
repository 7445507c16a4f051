//! A token that somebody wants to understand: as it was pasted, or its three parts, each behind a byte of `0xff`, in
//! base64url.
//!
//! The report is short lines, one a value, and as long as the token at most. A signature that no key made is never
//! called valid. Neither the signature nor a private key in the token (`\x01` to `\x06` stand for one) is told.
#![no_main]

use std::sync::LazyLock;

use asc_auth::{
    credential::PublicKey,
    token::{Audience, CheckKey, Inspection, SignatureState, TokenError, inspect},
};
use asc_auth_fuzz::{
    keys::{NOW, SAMPLES},
    screen::assert_one_line,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<CheckKey> = LazyLock::new(|| CheckKey {
    public: PublicKey::decode(SAMPLES[0].pem.as_bytes()).expect("a key"),
    file_name: None,
});

fuzz_target!(|bytes: &[u8]| {
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0xff).collect();
    let text = match parts.as_slice() {
        [pasted] => String::from_utf8_lossy(pasted).into_owned(),
        parts => parts.iter().map(|part| encoded(part)).collect::<Vec<_>>().join("."),
    };
    for (key, audience, now) in [
        (None, Audience::AppStoreConnect, NOW),
        (Some(&*KEY), Audience::Enterprise, i64::MAX),
    ] {
        match inspect(&text, key, audience, now) {
            Ok(inspection) => check(&inspection, &text, key.is_some(), now),
            Err(error) => assert!(!matches!(error, TokenError::Scope | TokenError::Lifetime)),
        }
    }
});

/// A part of a token, with a private key where one was asked for.
fn encoded(part: &[u8]) -> String {
    let sample = &SAMPLES[0];
    let mut json = Vec::new();
    for byte in part {
        match byte {
            1 => json.extend(sample.pem.replace('\n', "\\n").bytes()),
            2 => json.extend(STANDARD.encode(&sample.pem).bytes()),
            3 => json.extend(sample.body().bytes()),
            4 => json.extend(STANDARD.encode(&sample.scalar).bytes()),
            5 => json.extend(sample.scalar.iter().flat_map(|byte| format!("{byte:02x}").into_bytes())),
            6 => json.extend(
                format!(
                    r#"{{\"kty\":\"EC\",\"d\":\"{}\"}}"#,
                    URL_SAFE_NO_PAD.encode(&sample.scalar)
                )
                .bytes(),
            ),
            other => json.push(*other),
        }
    }
    URL_SAFE_NO_PAD.encode(json)
}

fn check(inspection: &Inspection, text: &str, has_key: bool, now: i64) {
    let expected = if has_key {
        SignatureState::Invalid
    } else {
        SignatureState::NotChecked
    };
    assert_eq!(inspection.signature, expected);
    let refused = inspection
        .findings
        .iter()
        .any(|finding| finding.severity == asc_auth::token::Severity::Refused);
    assert_eq!(inspection.is_refused(), refused);

    let facts = inspection.facts(now, "--key");
    assert!(
        facts.len() <= text.len() + 20,
        "{} lines of {} bytes",
        facts.len(),
        text.len()
    );
    let mut lines: Vec<&str> = facts
        .iter()
        .flat_map(|fact| [fact.label.as_str(), &fact.text])
        .collect();
    let headline = inspection.headline();
    lines.push(&headline);
    for finding in &inspection.findings {
        lines.extend([finding.rule, &finding.what, &finding.remedy]);
    }
    for line in &lines {
        assert_one_line(line, 400);
    }
    let json = format!("{:?} {:?}", inspection.header, inspection.claims);
    for told in lines.iter().copied().chain([json.as_str()]) {
        assert!(!SAMPLES[0].leaks_into(told.as_bytes()), "a private key is told: {told}");
    }
}
