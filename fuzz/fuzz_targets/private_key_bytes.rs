//! A private key from bytes, as a file or standard input has them.
//!
//! What is accepted is a key for good: it signs what another library verifies, its normal form is the same key again
//! and stays as it is, and neither `Debug` nor the masks and the redactor let any of it through.
#![no_main]

use asc_auth::{
    credential::{PrivateKey, PublicKey},
    handoff::{Redactor, Secrets, forms_of_key},
};
use asc_auth_fuzz::keys::token_of;
use libfuzzer_sys::fuzz_target;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

fuzz_target!(|bytes: &[u8]| {
    let public = PublicKey::decode(bytes);
    let Ok(key) = PrivateKey::decode(bytes) else {
        return;
    };
    let public = public.expect("the public half of a key that was accepted");
    assert_eq!(format!("{key:?}"), "PrivateKey([redacted])");

    let pem = key.to_pem();
    let again = PrivateKey::decode(pem.as_bytes()).expect("the normal form");
    assert_eq!(again.fingerprint(), key.fingerprint());
    assert_eq!(again.to_pem(), pem);
    assert_eq!(again.form().to_string(), "PEM");
    // Where what came with the file is no whole point, the right one takes its place.
    assert!(again.check().is_ok() || key.check().is_err());

    let masks = forms_of_key(&key);
    for line in pem.lines().filter(|line| !line.starts_with("-----") && line.len() >= 8) {
        assert!(masks.iter().any(|mask| mask.as_str() == line), "a line is not masked");
    }
    let mut secrets = Secrets::new();
    secrets.add_key(&key);
    let (mut redactor, mut shown) = (Redactor::new(), Vec::new());
    redactor.read_from(&mut pem.as_bytes()).expect("a read");
    redactor.redact(&secrets, &mut shown).expect("a write");
    redactor.finish(&secrets, &mut shown).expect("a write");
    // Pieces of what was given are masked as well, and may be any text.
    for line in pem.lines().filter(|line| !line.starts_with("-----")) {
        for piece in line.as_bytes().windows(8) {
            assert!(!shown.windows(8).any(|window| window == piece), "a piece is shown");
        }
    }

    let token = token_of(key);
    let (message, signature) = token.secret().rsplit_once('.').expect("three parts");
    let signature = decoded(signature);
    assert!(public.has_signed(message.as_bytes(), &signature));
    let point = point_of(&pem);
    if again.check().is_ok() {
        let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &signature);
        assert!(verified.is_ok(), "another library refuses the signature");
    }
});

fn decoded(base64url: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(base64url).expect("base64url")
}

/// The public key comes last in the normal form.
fn point_of(pem: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).expect("base64");
    der[der.len() - 65..].to_vec()
}
