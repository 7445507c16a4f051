//! A private key from text, as a secret store hands it to a variable.
//!
//! What stores and shells do to a text without changing its meaning changes nothing: the same key is found in it. And
//! where every mask of a key is applied to what was given, no key is left.
#![no_main]

use asc_auth::{credential::PrivateKey, handoff::forms_of_key};
use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(key) = PrivateKey::decode(text.as_bytes()) else {
        return;
    };
    // DER that happens to be text is not to be changed; a NUL may be half of UTF-16, and no variable can hold one.
    if key.given().next().is_none() || text.contains('\0') {
        return;
    }
    let utf16 = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, other) in [
        ("CRLF", text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()),
        ("a byte-order mark", format!("\u{feff}{text}").into_bytes()),
        ("a final newline", format!("{text}\n").into_bytes()),
        ("quotes", format!("\"{text}\"").into_bytes()),
        ("UTF-16", utf16),
    ] {
        assert_same(&key, &other, name);
    }
    // Three layers are the most.
    if key.form().to_string().matches("base64").count() < 3 {
        assert_same(&key, STANDARD.encode(text).as_bytes(), "base64");
    }

    let masked = forms_of_key(&key)
        .iter()
        .fold(text.to_owned(), |text, mask| text.replace(mask.as_str(), "***"));
    let left = PrivateKey::decode(masked.as_bytes());
    let is_left = left.is_ok_and(|left| left.fingerprint() == key.fingerprint());
    assert!(!is_left, "a key is left where all of its masks were applied");
});

fn assert_same(key: &PrivateKey, bytes: &[u8], name: &str) {
    let other = PrivateKey::decode(bytes).unwrap_or_else(|defect| panic!("{name}: {defect}"));
    assert_eq!(other.fingerprint(), key.fingerprint(), "{name}");
}
