//! The forms in which a secret could end up in a log or a file, and the search for them.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};

/// Of base64: long enough not to occur by chance, short enough that one lies whole in any line of
/// base64 that is wrapped at 64 or 76 characters. Divisible by 4, so that it stands for whole bytes.
const BLOCK: usize = 24;

/// The characters of a P-256 key's base64 before the private number: the same in every key.
const SAME_IN_EVERY_KEY: usize = 48;

/// A text that must not be found, and what it is.
#[derive(Debug)]
pub(crate) struct Needle {
    what: String,
    text: String,
}

impl Needle {
    fn new(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            text: text.into(),
        }
    }
}

/// Every form of a private key: the PEM, each line of it, its body joined (which is base64 of the
/// DER), base64 of the PEM and of the DER however they are aligned and wrapped, and hexadecimal.
pub(crate) fn forms_of_key(pem: &str) -> Vec<Needle> {
    let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let body = lines.concat();
    let mut forms = vec![
        Needle::new("the whole PEM", pem.trim()),
        Needle::new("the PEM's body, joined", &body),
    ];
    for (number, line) in (1..).zip(&lines) {
        forms.push(Needle::new(format!("line {number} of the PEM's body"), *line));
    }
    // What is the same in every key is no secret, and may well be printed.
    let first_secret = lines.first().and_then(|line| pem.find(line)).unwrap_or(0) + SAME_IN_EVERY_KEY;
    forms.extend(base64_forms(
        "the PEM",
        pem.get(first_secret..).unwrap_or(pem).as_bytes(),
    ));
    if let Ok(der) = BASE64_STANDARD.decode(&body) {
        let secret = der.get(SAME_IN_EVERY_KEY / 4 * 3..).unwrap_or(&der);
        forms.extend(base64_forms("the DER", secret));
        let number = secret.get(..32).unwrap_or(secret);
        forms.push(Needle::new("the private number in hexadecimal", hexadecimal(number)));
    }
    forms
}

/// Every form of a token: the whole, and its signature, which would complete the rest.
pub(crate) fn forms_of_token(token: &str) -> Vec<Needle> {
    let signature = token.rsplit('.').next().unwrap_or(token);
    vec![
        Needle::new("a token", token),
        Needle::new("a token's signature", signature),
    ]
}

/// What of `needles` occurs in `text`, and whether anything else in it looks like a token.
pub(crate) fn find(text: &str, needles: &[Needle]) -> Vec<String> {
    let known = needles
        .iter()
        .filter(|needle| text.contains(&needle.text))
        .map(|needle| needle.what.clone());
    let mut found: Vec<String> = known.collect();
    if text
        .split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c))
        .any(looks_like_a_token)
    {
        found.push("something that looks like a token".to_owned());
    }
    found.dedup();
    found
}

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// Blocks of what base64 makes of `bytes`, wherever in a longer input they stand: that depends only
/// on which of them begins a group of three.
fn base64_forms(what: &str, bytes: &[u8]) -> Vec<Needle> {
    let mut forms = Vec::new();
    for alphabet in [BASE64_STANDARD, BASE64_URL_SAFE] {
        for alignment in 0..3.min(bytes.len()) {
            let encoded = alphabet.encode(&bytes[alignment..]);
            // Whole blocks only: a rest could occur by chance, and may depend on what follows.
            let blocks = encoded.as_bytes().chunks_exact(BLOCK).map(String::from_utf8_lossy);
            forms.extend(blocks.map(|block| Needle::new(format!("base64 of {what}, alignment {alignment}"), block)));
        }
    }
    forms
}

/// Base64url of a JSON object, and two more parts.
fn looks_like_a_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.len() > 60 && word.split('.').count() == 3
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD_NO_PAD;
    use simulator::TestKey;

    use super::*;

    /// As a runner shows it: every line behind a prefix, among others.
    fn log(text: &str) -> String {
        let shown = text.replace('\n', "\n[success/release]   | ");
        format!("[success/release] ⭐ Run Main\n[success/release]   | {shown}\n[success/release]   ✅  Success\n")
    }

    fn wrapped(text: &str, columns: usize) -> String {
        let lines: Vec<_> = text.as_bytes().chunks(columns).map(String::from_utf8_lossy).collect();
        lines.join("\n")
    }

    #[test]
    fn every_form_of_a_key_is_found() {
        for pem in [TestKey::generate().pem(), TestKey::generate().pkcs8_pem()] {
            let needles = forms_of_key(&pem);
            let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let body = lines.concat();
            let der = BASE64_STANDARD.decode(&body).unwrap_or_default();

            let mut leaks = vec![pem.clone(), body, hexadecimal(&der)];
            leaks.extend(lines.iter().map(|line| (*line).to_owned()));
            for before in ["", "1", "12"] {
                for bytes in [pem.as_bytes(), pem.replace('\n', "\r\n").as_bytes(), &der] {
                    let input = [before.as_bytes(), bytes].concat();
                    let encoded = BASE64_STANDARD_NO_PAD.encode(&input);
                    leaks.extend([wrapped(&encoded, 64), wrapped(&encoded, 76), encoded]);
                    leaks.push(BASE64_URL_SAFE.encode(&input));
                }
            }
            for leak in leaks {
                assert!(!find(&log(&leak), &needles).is_empty(), "not found: {leak}");
            }
        }
    }

    #[test]
    fn a_token_its_signature_and_an_unknown_token_are_found() {
        let claims = serde_json::json!({ "iss": "57246542-96fe-1a63-e053-0824d011072a" });
        let token = TestKey::generate().sign_token(&serde_json::json!({ "alg": "ES256" }), &claims);
        let signature = token.rsplit('.').next().unwrap_or_default();

        let needles = forms_of_token(&token);
        assert_eq!(
            find(&log(&token), &needles),
            ["a token", "a token's signature", "something that looks like a token"]
        );
        assert_eq!(find(&log(signature), &needles), ["a token's signature"]);
        assert_eq!(
            find(&log(&format!("token={token}")), &[]),
            ["something that looks like a token"]
        );
    }

    #[test]
    fn what_every_key_shares_and_another_key_are_not_taken_for_a_leak() {
        let key = TestKey::generate();
        let needles = forms_of_key(&key.pem());
        let shared = &key.pem()[..28 + SAME_IN_EVERY_KEY];
        let said = "-----BEGIN PRIVATE KEY-----\n***\n***\n-----END PRIVATE KEY-----\nSHA256:3f1c…";
        for harmless in [
            shared,
            said,
            &BASE64_STANDARD.encode(shared),
            &TestKey::generate().pem(),
        ] {
            assert_eq!(find(&log(harmless), &needles), Vec::<String>::new(), "{harmless}");
        }
    }
}
