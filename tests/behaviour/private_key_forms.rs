//! The `.p8` as people really have it: what holds the key is accepted, what does not is refused with the reason.

use std::{fs, path::PathBuf};

use asc_auth::credential::PrivateKey;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;
use simulator::TestKey;
use tempfile::TempDir;

use crate::support::{
    ISSUER_ID, KEY_ID, Run, Step,
    forms::{self, accepted_bytes, accepted_texts, body_of, no_keys, spoilt, utf16le, wrapped, wrong_keys},
    proof::{assert_key_kept, assert_not_told, assert_refused, assert_token_of},
    simulator_with,
};

/// `asc-auth token` with everything but the private key.
fn token(arguments: &[&str]) -> Run {
    Run::new(&[&["token"], arguments].concat())
        .env("ASC_KEY_ID", KEY_ID)
        .env("ASC_ISSUER_ID", ISSUER_ID)
}

fn every_form(key: &TestKey) -> Vec<forms::Form> {
    let texts = accepted_texts(key)
        .into_iter()
        .map(|(row, text)| (row, text.into_bytes()));
    texts.chain(accepted_bytes(key)).collect()
}

fn file_of(directory: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("key");
    fs::write(&path, bytes).expect("a file");
    path
}

#[test]
fn every_form_in_a_variable_is_the_same_key() {
    let key = TestKey::generate();
    for variable in ["ASC_PRIVATE_KEY", "ASC_PRIVATE_KEY_B64"] {
        for (row, text) in accepted_texts(&key) {
            let ran = token(&[]).env(variable, &text).run();
            assert_token_of(&format!("{row} in {variable}"), &ran, &key);
        }
    }
}

#[test]
fn every_form_in_a_file_is_the_same_key() {
    let key = TestKey::generate();
    let directory = tempfile::tempdir().unwrap();
    for (row, bytes) in every_form(&key) {
        let path = file_of(&directory, &bytes);
        let ran = token(&[]).env("ASC_PRIVATE_KEY_PATH", &path).run();
        assert_token_of(row, &ran, &key);
    }
}

#[test]
fn every_form_on_standard_input_is_the_same_key() {
    let key = TestKey::generate();
    for (row, bytes) in every_form(&key) {
        let ran = token(&["--private-key-path", "-"]).stdin(bytes).run();
        assert_token_of(row, &ran, &key);
    }
}

#[test]
fn what_is_no_key_is_named_and_not_told() {
    for (message, row, text) in no_keys().into_iter().chain(wrong_keys()) {
        let sentence = format!("the private key can't be used: {message}\n");
        for variable in ["ASC_PRIVATE_KEY", "ASC_PRIVATE_KEY_B64"] {
            let ran = token(&[]).env(variable, &text).run().says(&format!("from {variable}"));
            assert_refused(row, &ran, 10, &sentence, &text);
        }
    }
}

#[test]
fn a_spoilt_key_is_named_and_not_told() {
    let key = TestKey::generate();
    for (message, row, bytes) in spoilt(&key) {
        let sentence = format!("the private key can't be used: {message}\n");
        let given = String::from_utf8_lossy(&bytes).into_owned();
        let ran = token(&["--private-key-path", "-"]).stdin(bytes).run();
        assert_refused(row, &ran, 10, &sentence, &given);
        assert_key_kept(row, &ran, &key);
    }
}

#[test]
fn an_empty_or_endless_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for (row, bytes, message) in [
        ("empty", Vec::new(), "it is empty"),
        ("blank", b" \r\n\t\n".to_vec(), "it is empty"),
        ("a byte-order mark only", "\u{feff}".into(), "it is empty"),
        ("quotes only", b"\"\"".to_vec(), "it is empty"),
        ("too large", vec![b'A'; 70_000], "it is larger than any key"),
    ] {
        let path = file_of(&directory, &bytes);
        let ran = token(&[]).env("ASC_PRIVATE_KEY_PATH", &path).run();
        let sentence = format!("the private key can't be used: {message}\n");
        assert_refused(row, &ran, 10, &sentence, &String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_refusal_says_what_it_is_where_it_came_from_and_what_to_do() {
    let rsa = rsa_pem();
    let ran = token(&[]).env("ASC_PRIVATE_KEY", &rsa).run().code(10);
    assert_eq!(
        ran.stderr,
        "error: the private key can't be used: it is an RSA key\n\
         \u{20} .p8        from ASC_PRIVATE_KEY\n\
         App Store Connect keys are EC keys on P-256. Apple made the key: use the AuthKey_….p8 as downloaded.\n"
    );
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_refusal_is_an_annotation_on_github() {
    let step = Step::new();
    let ran = step
        .run(&["setup", "--action-inputs"])
        .env("INPUT_KEY-ID", KEY_ID)
        .env("INPUT_ISSUER-ID", ISSUER_ID)
        .env("INPUT_PRIVATE-KEY", rsa_pem())
        .run()
        .code(10);
    assert_eq!(
        ran.stdout,
        "::error title=the private key can't be used%3A it is an RSA key::\
         the private key can't be used: it is an RSA key%0A  .p8        from input private-key%0A\
         App Store Connect keys are EC keys on P-256. Apple made the key: use the AuthKey_….p8 as downloaded.\n"
    );
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_refusal_in_json_has_the_same_words() {
    let rows = [
        (rsa_pem(), "it is an RSA key", "use the AuthKey_….p8 as downloaded."),
        (
            "/run/key.p8".to_owned(),
            "it is a path, where the key itself belongs",
            "ASC_PRIVATE_KEY_PATH",
        ),
        (
            "${{ secrets.KEY }}".to_owned(),
            "it is a placeholder that was never filled in",
            "the secret's name",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nMIGT".to_owned(),
            "it is cut off",
            "Copy the whole file",
        ),
    ];
    for (given, defect, advice) in rows {
        let ran = token(&["--output", "json"])
            .env("ASC_PRIVATE_KEY_B64", &given)
            .run()
            .code(10);
        let json = ran.json();
        assert_eq!(json["exit_code"], 10, "{defect}");
        assert_eq!(
            json["error"]["title"],
            format!("the private key can't be used: {defect}")
        );
        let fact = serde_json::json!([{ "label": ".p8", "text": "from ASC_PRIVATE_KEY_B64" }]);
        assert_eq!(json["error"]["facts"], fact, "{defect}");
        let text = json["error"]["advice"].as_str().unwrap();
        assert!(text.contains(advice), "{defect}: {text}");
        assert_eq!(ran.stderr, "", "{defect}");
        assert_not_told(defect, &ran, &given);
    }
}

fn rsa_pem() -> String {
    let row = wrong_keys().into_iter().find(|(_, row, _)| *row == "RSA in PKCS#8");
    row.expect("an RSA row").2
}

#[test]
fn a_key_cut_off_anywhere_is_never_another_key() {
    let key = TestKey::generate();
    let whole = PrivateKey::decode(&key.apple_der()).unwrap().fingerprint();
    for (row, bytes) in every_form(&key) {
        for length in 0..bytes.len() {
            if let Ok(cut) = PrivateKey::decode(&bytes[..length]) {
                assert_eq!(cut.fingerprint(), whole, "{row} cut to {length} bytes");
            }
        }
    }
}

#[test]
fn a_key_with_one_changed_byte_is_never_another_key() {
    let key = TestKey::generate();
    let whole = PrivateKey::decode(&key.apple_der()).unwrap().fingerprint();
    for (row, der) in [
        ("Apple's", key.apple_der()),
        ("PKCS#8", key.pkcs8_der()),
        ("SEC1", key.sec1_der()),
    ] {
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] ^= 1;
            match PrivateKey::decode(&changed) {
                Ok(changed) if changed.check().is_ok() => {
                    assert_eq!(changed.fingerprint(), whole, "{row} with byte {at} changed");
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}

#[test]
fn a_changed_character_that_leaves_the_file_well_formed_is_found_before_apple_is_asked() {
    let key = TestKey::generate();
    let simulator = simulator_with(&key);
    let mut der = key.apple_der();
    der[40] ^= 1;
    let step = Step::new();
    for command in ["validate", "setup"] {
        step.run(&[command])
            .env("ASC_KEY_ID", KEY_ID)
            .env("ASC_ISSUER_ID", ISSUER_ID)
            .env("ASC_PRIVATE_KEY_B64", STANDARD.encode(&der))
            .api(&simulator)
            .run()
            .code(10)
            .says("the private key can't be used: it is damaged");
    }
    assert!(simulator.requests().is_empty());
    assert!(step.leftovers().is_empty());
}

/// What one tool, shell or secret store does to a text on its way.
#[derive(Clone, Copy, Debug)]
enum Wrapping {
    Crlf,
    Cr,
    Spaces,
    Indent,
    BlankLines,
    LiteralNewlines,
    Mark,
    Invisible,
    DoubleQuotes,
    SingleQuotes,
    Trimmed,
}

impl Wrapping {
    fn apply(self, text: &str) -> String {
        match self {
            Self::Crlf => text.replace('\n', "\r\n"),
            Self::Cr => text.replace('\n', "\r"),
            Self::Spaces => text.replace('\n', " "),
            Self::Indent => text.replace('\n', "\n\t  "),
            Self::BlankLines => format!("\n\n{}\n", text.replace('\n', "\n\n")),
            Self::LiteralNewlines => text.replace('\n', "\\n"),
            Self::Mark => format!("\u{feff}{text}"),
            Self::Invisible => format!("\u{200b}\u{a0}{text}\u{2060} "),
            Self::DoubleQuotes => format!("\"{text}\""),
            Self::SingleQuotes => format!("'{text}'"),
            Self::Trimmed => text.trim_end().to_owned(),
        }
    }
}

fn wrapping() -> impl Strategy<Value = Wrapping> {
    use Wrapping::*;
    proptest::sample::select(vec![
        Crlf,
        Cr,
        Spaces,
        Indent,
        BlankLines,
        LiteralNewlines,
        Mark,
        Invisible,
        DoubleQuotes,
        SingleQuotes,
        Trimmed,
    ])
}

fn base64(kind: u8, bytes: &[u8]) -> String {
    match kind {
        0 => STANDARD.encode(bytes),
        1 => URL_SAFE_NO_PAD.encode(bytes),
        2 => wrapped(&STANDARD.encode(bytes), 64),
        _ => wrapped(&STANDARD.encode(bytes), 76),
    }
}

proptest! {
    #[test]
    fn any_stack_of_wrappings_is_the_same_key(
        base in 0_usize..5,
        inner in proptest::collection::vec(wrapping(), 0..4),
        layers in proptest::collection::vec((0_u8..4, proptest::collection::vec(wrapping(), 0..4)), 0..3),
        utf16 in any::<bool>(),
    ) {
        let key = TestKey::generate();
        let whole = PrivateKey::decode(&key.apple_der()).expect("a key").fingerprint();
        let body = body_of(&key.pem());
        let base = [key.pem(), key.pkcs8_pem(), key.sec1_pem(), wrapped(&body, 64), body][base].clone();
        let mut text = inner.iter().fold(base, |text, wrapping| wrapping.apply(&text));
        for (kind, wrappings) in &layers {
            text = base64(*kind, text.as_bytes());
            text = wrappings.iter().fold(text, |text, wrapping| wrapping.apply(&text));
        }
        let bytes = if utf16 { utf16le(&format!("\u{feff}{text}")) } else { text.clone().into_bytes() };
        let decoded = PrivateKey::decode(&bytes);
        prop_assert!(decoded.is_ok(), "{:?} for {text:?}", decoded.err());
        prop_assert_eq!(decoded.expect("just seen").fingerprint(), whole);
    }

    #[test]
    fn bytes_that_hold_no_key_never_give_one(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(PrivateKey::decode(&bytes).is_err());
        prop_assert!(PrivateKey::decode(STANDARD.encode(&bytes).as_bytes()).is_err());
        prop_assert!(PrivateKey::decode(&[&[0x30, 0x81, 0x93, 2, 1][..], &bytes].concat()).is_err());
    }

    #[test]
    fn text_that_holds_no_key_never_gives_one(text in "(-----(BEGIN|END) [A-Z ]{0,12}-----|\\\\[nr]|[ -~\\n]|\\PC){0,60}") {
        prop_assert!(PrivateKey::decode(text.as_bytes()).is_err());
    }
}
