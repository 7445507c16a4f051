//! Apple's error bodies, alone or as `curl -i` prints an answer, and whatever stands in their place.
//!
//! What is told of them is short, on lines of its own, and no command to a CI or a terminal. A token that is sent back
//! (`\x01` stands for it, `\x02` for its signature) is told nowhere.
#![no_main]

use asc_auth::diagnosis::{AppleError, Forbidden, explain};
use asc_auth_fuzz::{
    keys::SAMPLES,
    screen::{assert_explanation, assert_one_line},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match explain(text) {
        Ok(explanation) => assert_explanation(&explanation),
        Err(unknown) => assert!(!unknown.advice().is_empty()),
    }

    let token = &SAMPLES[0].token;
    let sent_back = text.replace('\x01', token.secret()).replace('\x02', token.signature());
    let body = sent_back.find('{').map_or("", |at| &sent_back[at..]);
    let Some(error) = AppleError::parse(body.as_bytes(), &|text| token.conceal_in(text)) else {
        return;
    };
    for told in [&error.code, &error.title, &error.detail] {
        assert_one_line(told, 300);
        assert_concealed(told);
    }
    assert_concealed(&error.quote());
    assert_one_line(&Forbidden::of(Some(&error)).title(), 100);
    assert!(error.is(&error.code));
});

/// Neither the claims nor the signature is told. A part of one may be innocent: libFuzzer learns words by what they are
/// compared with.
fn assert_concealed(told: &str) {
    let secret = SAMPLES[0].token.secret();
    assert!(
        !secret.split('.').skip(1).any(|part| told.contains(part)),
        "the token is told: {told}"
    );
}
