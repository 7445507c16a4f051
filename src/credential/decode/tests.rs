//! The edges of the rules. The forms themselves are in `tests/behaviour/private_key_forms.rs`.

use base64::engine::general_purpose::STANDARD;
use simulator::TestKey;

use super::*;

fn defect(bytes: &[u8]) -> Option<KeyDefect> {
    decode(bytes).err()
}

#[test]
fn only_what_is_larger_than_the_limit_is_too_large() {
    let key = TestKey::generate().pem();
    let padded = |length: usize| format!("{key}{}", " ".repeat(length - key.len()));
    assert_eq!(defect(padded(LARGEST).as_bytes()), None);
    assert_eq!(defect(padded(LARGEST + 1).as_bytes()), Some(KeyDefect::TooLarge));
}

#[test]
fn a_label_tells_what_it_is() {
    let block = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
    for (label, expected) in [
        ("DSA PRIVATE KEY", KeyDefect::OtherAlgorithm("DSA")),
        ("RSA PRIVATE KEY", KeyDefect::Rsa),
        ("CERTIFICATE", KeyDefect::Certificate),
        ("EC PARAMETERS", KeyDefect::OtherPem),
        ("private key", KeyDefect::Armour),
        (&"A".repeat(41), KeyDefect::Armour),
        (&"A".repeat(40), KeyDefect::OtherPem),
    ] {
        assert_eq!(defect(block(label).as_bytes()), Some(expected), "{label}");
    }
}

#[test]
fn what_is_wrong_with_base64_is_told_of_what_begins_like_a_key_and_is_long() {
    let body = STANDARD.encode(TestKey::generate().apple_der());
    let damaged = |length: usize| format!("{}!", &body[..length - 1]);
    assert_eq!(defect(damaged(60).as_bytes()), Some(KeyDefect::NotBase64));
    assert_eq!(defect(damaged(59).as_bytes()), Some(KeyDefect::NotAKey));
    assert_eq!(defect("word!".repeat(20).as_bytes()), Some(KeyDefect::NotAKey));
}

/// PKCS#8 with nothing in it but the algorithm's identifier.
#[test]
fn a_key_for_another_algorithm_is_named() {
    for (identifier, name) in [
        (&[0x2b, 0x65, 0x6e][..], "X25519 or X448"),
        (&[0x2b, 0x65, 0x6f], "X25519 or X448"),
        (&[0x2b, 0x65, 0x70], "Ed25519"),
        (&[0x2b, 0x65, 0x71], "Ed448"),
        (&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01], "DSA"),
        (&[0x2b, 0x65, 0x01], "an unknown algorithm"),
    ] {
        let tagged =
            |tag: u8, contents: &[u8]| [&[tag, u8::try_from(contents.len()).expect("short")], contents].concat();
        let algorithm = tagged(0x30, &tagged(6, identifier));
        let key = tagged(0x30, &[tagged(2, &[0]), algorithm, tagged(4, &[0; 34])].concat());
        assert_eq!(defect(&key), Some(KeyDefect::OtherAlgorithm(name)));
    }
}

#[test]
fn what_was_mended_is_told() {
    let pem = TestKey::generate().pem();
    let utf16: Vec<u8> = pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (given, form) in [
        (pem.clone().into_bytes(), "PEM"),
        (pem.replace('\n', "\\n").into_bytes(), r"PEM, with literal \n"),
        (pem.replace('\n', " ").into_bytes(), "PEM, on one line"),
        (utf16, "PEM, from UTF-16"),
        (STANDARD.encode(&pem).into_bytes(), "base64 of a PEM"),
    ] {
        let decoded = decode(&given).map(|decoded| decoded.form.to_string());
        assert_eq!(decoded.as_deref(), Ok(form));
    }
}
