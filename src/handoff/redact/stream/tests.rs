//! What the redactor does to a stream, however a secret is shown in it and wherever the stream is cut.

use std::io::ErrorKind;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use simulator::TestKey;

use super::*;
use crate::{
    credential::PrivateKey,
    handoff::redact::{
        SHORTEST,
        forms::{self, Form, Part},
    },
};

mod reference;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// Where the scalar lies in PKCS#8, and its first digit in the PEM's body.
const SCALAR: std::ops::Range<usize> = 36..68;
const FIRST_OWN: usize = 48;

fn secrets_of(given: &str) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.add_key(&PrivateKey::decode(given.as_bytes()).expect("a key"));
    secrets
}

fn sample() -> (TestKey, Secrets) {
    let key = TestKey::generate();
    let secrets = secrets_of(&key.pem());
    (key, secrets)
}

fn token_of(key: &TestKey) -> String {
    key.sign_token(
        &json!({"alg": "ES256", "kid": "2X9R4QWVK6"}),
        &json!({"aud": "x", "exp": 1}),
    )
}

fn body_of(pem: &str) -> Vec<&str> {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

fn wrapped(text: &str, width: usize) -> String {
    let lines: Vec<_> = text.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
    lines.join("\n")
}

/// What comes out in chunks of these sizes, in turn, with a pause behind those that are marked.
fn streamed(secrets: &Secrets, log: &[u8], chunks: &[(usize, bool)]) -> Vec<u8> {
    let (mut redactor, mut out, mut rest) = (Redactor::new(), Vec::new(), log);
    for (size, pause) in chunks.iter().cycle() {
        let mut chunk = rest.split_off(..rest.len().min(*size)).unwrap_or_default();
        if chunk.is_empty() {
            break;
        }
        while redactor.read_from(&mut chunk).expect("a read") > 0 {
            redactor.redact(secrets, &mut out).expect("a write");
        }
        if *pause {
            redactor.pause(secrets, &mut out).expect("a write");
        }
    }
    redactor.finish(secrets, &mut out).expect("a write");
    assert!(!redactor.holds_back());
    out
}

/// What comes out, which is the same for chunks of any size.
fn redacted_bytes(secrets: &Secrets, log: &[u8]) -> Vec<u8> {
    let whole = streamed(secrets, log, &[(log.len().min(BUFFER / 2), false)]);
    for size in [1, 7, 64] {
        assert!(streamed(secrets, log, &[(size, false)]) == whole, "chunks of {size}");
    }
    whole
}

fn redacted(secrets: &Secrets, log: &str) -> String {
    String::from_utf8(redacted_bytes(secrets, log.as_bytes())).expect("text")
}

fn assert_none_of(output: &str, secret: &str) {
    for fragment in secret.as_bytes().windows(SHORTEST) {
        let fragment = String::from_utf8_lossy(fragment);
        assert!(!output.contains(&*fragment), "{fragment} is in {output}");
    }
}

#[test]
fn a_pem_keeps_its_first_and_its_last_line_only() {
    let (key, secrets) = sample();
    for pem in [key.pem(), key.pkcs8_pem()] {
        for line_end in ["\n", "\r\n", "\\n", "\\r\\n", " "] {
            let expected = [BEGIN, "***", END, "done"].join(line_end);
            assert_eq!(
                redacted(&secrets, &format!("{}\ndone", pem.trim_end()).replace('\n', line_end)),
                expected
            );
        }
    }
}

#[test]
fn a_sec1_key_is_redacted_in_its_own_form_and_in_the_other() {
    let key = TestKey::generate();
    let secrets = secrets_of(&key.sec1_pem());
    let expected = "-----BEGIN EC PRIVATE KEY-----\n***\n-----END EC PRIVATE KEY-----\n";
    assert_eq!(redacted(&secrets, &key.sec1_pem()), expected);
    assert_eq!(redacted(&secrets, &key.pkcs8_pem()), format!("{BEGIN}\n***\n{END}\n"));
    let (key, secrets) = sample();
    let output = redacted(&secrets, &key.sec1_pem());
    assert_none_of(&output, &body_of(&key.sec1_pem()).concat()[10..52]);
}

#[test]
fn each_line_of_a_pem_is_redacted_alone() {
    let (key, secrets) = sample();
    for pem in [key.pem(), key.pkcs8_pem()] {
        for line in body_of(&pem) {
            // A letter there might be the one that the key goes on with.
            let log = format!("[12:00] {line}\n[12:01] next\n");
            assert_eq!(redacted(&secrets, &log), "[12:00] ***\n[12:01] next\n");
        }
        let body = body_of(&pem).concat();
        assert_eq!(redacted(&secrets, &format!("KEY={body};")), "KEY=***;");
        for width in [9, 10, 40, 76] {
            let output = redacted(&secrets, &wrapped(&body, width));
            assert_none_of(&output, &body[FIRST_OWN..FIRST_OWN + 42]);
            assert_none_of(&output, &body[body.len() - 80..]);
        }
    }
}

#[test]
fn what_is_cut_off_a_line_is_redacted_from_eight_characters_on() {
    let (key, secrets) = sample();
    let pem = key.pem();
    let line = &body_of(&pem)[3 - 2][..27];
    for length in 0..=line.len() {
        let log = format!("<{}>", &line[..length]);
        let expected = if length < 8 { log.clone() } else { "<***>".to_owned() };
        assert_eq!(redacted(&secrets, &log), expected);
    }
}

#[test]
fn base64_of_a_key_is_redacted_wherever_it_stands() {
    let (key, secrets) = sample();
    let pem = key.pem();
    let json = json!({ "key": pem }).to_string();
    let crlf = pem.replace('\n', "\r\n");
    for text in [&pem, &json, &crlf, &body_of(&pem).concat()] {
        let own = text.find(&body_of(&pem)[0][FIRST_OWN..]).expect("the key's own");
        let end = text
            .find("\n-----END")
            .or(text.find("\\n-----END"))
            .or(text.find("\r\n-----END"));
        let end = end.unwrap_or(text.len());
        for before in 0..3 {
            let plain = format!("{}{text}", &"K="[..before]);
            let digits = STANDARD.encode(&plain);
            let output = redacted(&secrets, &digits);
            assert_eq!(output.matches("***").count(), 1, "{output}");
            assert!(output.len() < digits.len() - (end - own), "{output}");
            let secret = &digits[((own + before) * 8).div_ceil(6)..(end + before) * 8 / 6];
            for width in [64, 76] {
                let log = wrapped(&digits, width);
                let output = redacted(&secrets, &log);
                assert_none_of(&output, secret);
                assert_eq!(output.lines().count(), log.lines().count());
            }
            let twice = STANDARD.encode(&digits);
            let secret = &twice[((own + before) * 16).div_ceil(9) + 4..(end + before) * 16 / 9 - 4];
            assert_none_of(&redacted(&secrets, &twice), &secret[..40]);
        }
    }
}

#[test]
fn base64_of_the_der_is_redacted_at_any_offset_in_both_alphabets() {
    let (key, secrets) = sample();
    for before in 0..3 {
        let bytes = [&[7; 2][..before.min(2)], &key.pkcs8_der()].concat();
        let begin = ((SCALAR.start + before) * 8).div_ceil(6);
        let end = (SCALAR.end + before) * 8 / 6;
        for digits in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            let output = redacted(&secrets, &digits);
            assert_none_of(&output, &digits[begin..end]);
            assert_eq!(output.matches("***").count(), 1, "{output}");
        }
    }
    let jwk = json!({ "d": URL_SAFE_NO_PAD.encode(&key.pkcs8_der()[SCALAR]) }).to_string();
    let output = redacted(&secrets, &jwk);
    assert!(
        output.starts_with("{\"d\":\"***") && output.len() <= "{\"d\":\"***x\"}".len(),
        "{output}"
    );
}

#[test]
fn an_escaped_key_is_redacted() {
    // Where a key has what must be escaped is a matter of luck.
    for (key, secrets) in [sample(), sample(), sample(), sample()] {
        let safe = body_of(&key.pem()).concat().replace('+', "-").replace('/', "_");
        assert_eq!(redacted(&secrets, &format!("k={safe}&x=1")), "k=***&x=1");
        let form: String = url::form_urlencoded::byte_serialize(key.pem().as_bytes()).collect();
        let expected = "-----BEGIN+PRIVATE+KEY-----%0A***%0A-----END+PRIVATE+KEY-----";
        assert_eq!(redacted(&secrets, &form), expected);
        let lower = form.replace("%2B", "%2b").replace("%2F", "%2f").replace("%0A", "%0a");
        assert_eq!(redacted(&secrets, &lower), expected.replace("%0A", "%0a"));
        let one_line = form.replace("%0A", "+");
        assert_eq!(redacted(&secrets, &one_line), expected.replace("%0A", "+"));
        let json = json!({ "key": key.pem() }).to_string();
        let expected = format!("{{\"key\":\"{BEGIN}\\n***\\n{END}\"}}");
        assert_eq!(redacted(&secrets, &json), expected);
        assert_eq!(redacted(&secrets, &json.replace('/', "\\/")), expected);
    }
}

#[test]
fn a_key_of_slashes_is_redacted_where_each_is_escaped() {
    let head =
        b"0A\x02\x01\0\x30\x13\x06\x07*\x86H\xce=\x02\x01\x06\x08*\x86H\xce=\x03\x01\x07\x04'0%\x02\x01\x01\x04 ";
    let der = [&head[..], &[0x3f], &[0xff; 31]].concat();
    let body = wrapped(&STANDARD.encode(der), 64);
    let secrets = secrets_of(&format!("{BEGIN}\n{body}\n{END}\n"));
    let escaped = body.replace('\n', "\\n").replace('/', "\\/");
    assert!(escaped.contains("\\/\\n\\/"), "{escaped}");
    assert_eq!(redacted(&secrets, &format!("\"{escaped}\"")), "\"***\"");
}

#[test]
fn the_scalar_is_redacted_in_a_dump() {
    let (key, secrets) = sample();
    let scalar = &key.pkcs8_der()[SCALAR];
    for joint in ["", ":", " "] {
        let hex: Vec<_> = scalar.iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = hex.join(joint);
        assert_eq!(redacted(&secrets, &format!("priv={hex}\n")), "priv=***\n");
        assert_eq!(
            redacted(&secrets, &format!("priv={}\n", hex.to_uppercase())),
            "priv=***\n"
        );
    }
    assert_eq!(redacted_bytes(&secrets, &[b"\n", scalar, b"\n"].concat()), b"\n***\n");
}

#[test]
fn a_token_is_redacted_whole_in_parts_and_in_base64() {
    let key = TestKey::generate();
    let token = token_of(&key);
    let mut secrets = Secrets::new();
    secrets.add_token(&token);
    assert_eq!(redacted(&secrets, &format!("Bearer {token}\n")), "Bearer ***\n");
    for part in token.split('.') {
        assert_eq!(redacted(&secrets, &format!("part: {part}\n")), "part: ***\n");
    }
    for header in ["", "A", "Au", "Authorization: Bearer ", "machine x password "] {
        let digits = STANDARD.encode(format!("{header}{token}"));
        let output = redacted(&secrets, &digits);
        assert_eq!(output.matches("***").count(), 1, "{output}");
        assert!(output.len() < STANDARD.encode(header).len() + 8, "{output}");
    }
}

#[test]
fn what_every_key_has_is_not_redacted() {
    let (key, secrets) = sample();
    let other = TestKey::generate();
    let spki = [
        &b"0Y0\x13\x06\x07*\x86H\xce=\x02\x01\x06\x08*\x86H\xce=\x03\x01\x07\x03B\0"[..],
        key.public_key(),
    ];
    for text in [
        other.pem(),
        other.pkcs8_pem(),
        other.sec1_pem(),
        format!("{BEGIN}\n{END}\n"),
    ] {
        assert_eq!(redacted(&secrets, &text), text);
        for before in 0..3 {
            let digits = STANDARD.encode(format!("{}{text}", &"xy"[..before.min(2)]));
            assert_eq!(redacted(&secrets, &digits), digits);
            assert_eq!(redacted(&secrets, &STANDARD.encode(&digits)), STANDARD.encode(&digits));
        }
    }
    for before in 0..3 {
        for der in [&spki.concat(), &other.apple_der()] {
            let certificate = STANDARD.encode([&[9; 2][..before.min(2)], der].concat());
            let known = before == 2 && der.ends_with(key.public_key());
            assert_eq!(redacted(&secrets, &certificate) == certificate, !known, "{before}");
        }
    }
}

#[test]
fn what_is_added_later_is_redacted_from_then_on() {
    let ((one, mut secrets), other) = (sample(), TestKey::generate());
    let token = token_of(&other);
    let log = format!("{}\n{}\n{token}\n", one.pem(), other.pem());
    let (first, second) = (format!("{BEGIN}\n***\n{END}\n"), other.pem() + "\n");
    assert_eq!(redacted(&secrets, &log), format!("{first}{second}{token}\n"));
    secrets.add_key(&PrivateKey::decode(other.pem().as_bytes()).expect("a key"));
    secrets.add_token(&token);
    secrets.add_token(&token);
    assert_eq!(redacted(&secrets, &log), format!("{first}{first}***\n"));
}

#[test]
fn a_secret_longer_than_the_buffer_is_one_mask() {
    let numbers = (0..200_000_u32).map(|n| n.wrapping_mul(0x9e37_79b9).to_string());
    let token = numbers.collect::<Vec<_>>().join(".");
    let mut secrets = Secrets::new();
    secrets.add_token(&token);
    assert!(token.len() > BUFFER);
    let output = streamed(&secrets, format!("<{token}>").as_bytes(), &[(65_536, false)]);
    assert_eq!(output, b"<***>");
}

#[test]
fn a_long_line_takes_no_more_memory_and_arrives_whole() {
    let (key, secrets) = sample();
    let line = "x".repeat(BUFFER + 100);
    let log = format!("{line}{}{line}", body_of(&key.pem()).concat());
    for size in [1000, 65_536, BUFFER] {
        let output = streamed(&secrets, log.as_bytes(), &[(size, false)]);
        assert!(output == format!("{line}***{line}").as_bytes(), "chunks of {size}");
    }
}

#[test]
fn a_prompt_is_shown_when_the_program_waits() {
    let (_, secrets) = sample();
    let (mut redactor, mut out) = (Redactor::new(), Vec::new());
    redactor.read_from(&mut &b"Password: "[..]).expect("a read");
    redactor.redact(&secrets, &mut out).expect("a write");
    assert_eq!(out, b"Passwor");
    assert!(redactor.holds_back());
    redactor.pause(&secrets, &mut out).expect("a write");
    assert_eq!(out, b"Password: ");
    assert!(!redactor.holds_back());
}

#[test]
fn the_end_of_a_secret_line_is_shown_when_the_program_waits() {
    let (key, secrets) = sample();
    let pem = key.pem();
    let (mut redactor, mut out) = (Redactor::new(), Vec::new());
    for line in &body_of(&pem)[..2] {
        redactor.read_from(&mut format!("{line}\n").as_bytes()).expect("a read");
        redactor.redact(&secrets, &mut out).expect("a write");
        redactor.pause(&secrets, &mut out).expect("a write");
    }
    assert_eq!(out, b"***\n***\n");
}

#[test]
fn a_program_that_types_slowly_shows_three_characters_at_most() {
    let (key, secrets) = sample();
    let log = format!(">{}\n", body_of(&key.pem())[1]);
    let output = String::from_utf8(streamed(&secrets, log.as_bytes(), &[(1, true)])).expect("text");
    assert_eq!(output, format!(">{}***\n", &log[1..4]));
}

#[test]
fn an_error_of_the_output_is_told() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut redactor = Redactor::new();
    redactor.read_from(&mut &b"some text"[..]).expect("a read");
    let error = redactor.redact(&Secrets::new(), &mut Closed).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[test]
fn nothing_is_shown_by_debug() {
    let (_, secrets) = sample();
    assert_eq!(
        format!("{secrets:?} {:?}", Redactor::new()),
        "Secrets([redacted]) Redactor([redacted])"
    );
}

/// A form that begins with so many bytes that every key has.
fn form(text: &str, common: usize) -> Form {
    let mut parts = vec![Part::Own; text.len()];
    parts[..common].fill(Part::Common);
    Form {
        bytes: Zeroizing::new(text.as_bytes().to_vec()),
        parts,
    }
}

#[test]
fn secrets_that_overlap_are_one() {
    let mut secrets = Secrets::new();
    secrets.add(&[form("abcdefghijklmnop", 0), form("lmnopqrs", 0)]);
    for before in 0..10 {
        let before = "-".repeat(before);
        assert_eq!(
            redacted(&secrets, &format!("{before}abcdefghijklmnopqrs-")),
            before + "***-"
        );
    }
}

#[test]
fn a_secret_that_began_first_is_not_cut_by_one_that_is_known_first() {
    let mut secrets = Secrets::new();
    secrets.add(&[form("0123456789abcdef", 6), form("23456789XY", 0)]);
    assert_eq!(redacted(&secrets, "<0123456789abcdef>"), "<***>");
    assert_eq!(redacted(&secrets, "<0123456789XY>"), "<01***>");
}

#[test]
fn a_secret_that_begins_in_the_joint_of_another_is_whole() {
    let mut wrapped = form("abcdefgh%0A01234567PQ", 0);
    wrapped.parts[8..11].fill(Part::Joint);
    let mut secrets = Secrets::new();
    secrets.add(&[wrapped, form("A01234567", 0)]);
    for before in 0..10 {
        let before = "-".repeat(before);
        assert_eq!(
            redacted(&secrets, &format!("{before}%0A01234567PQ-")),
            before + "%0***-"
        );
    }
}

#[test]
fn the_end_of_one_form_and_the_beginning_of_another_are_no_secret() {
    let mut secrets = Secrets::new();
    secrets.add(&[form("abcdefgh", 0), form("ijklmnop", 0)]);
    assert_eq!(redacted(&secrets, "efgh\0ijkl"), "efgh\0ijkl");
}
