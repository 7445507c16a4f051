//! A scanner that finds a private key or a token in a text, in every form that a log could show it in.

use std::fmt::Write as _;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use simulator::TestKey;

/// Where the private scalar lies in the PKCS#8 of a test key.
const SCALAR: std::ops::Range<usize> = 36..68;

/// So many characters in a row of the scalar's encodings are no accident.
const PIECE: usize = 20;

/// What must not be found, and the name of its form.
#[derive(Debug, Default)]
pub struct Secrets {
    needles: Vec<(&'static str, String)>,
}

impl Secrets {
    /// Every form of a private key.
    pub fn of_key(key: &TestKey) -> Self {
        let mut secrets = Self::default();
        let scalar = &scalar_of(key);
        for form in [hex(scalar), hex(scalar).to_uppercase()] {
            secrets.add_pieces("the scalar in hex", &form);
        }
        for before in 0..3 {
            let text = aligned_base64(scalar, before);
            secrets.add_pieces("the scalar in base64", &text);
            secrets.add_pieces("the scalar in base64url", &text.replace('+', "-").replace('/', "_"));
        }
        for (pem, der) in [
            (key.pem(), key.apple_der()),
            (key.pkcs8_pem(), key.pkcs8_der()),
            (key.sec1_pem(), key.sec1_der()),
        ] {
            secrets.add_pem(pem.trim_end());
            secrets.add_base64("base64 of the DER", &der);
            secrets.add("hex of the DER", &hex(&der));
        }
        secrets
    }

    /// The same and every form of a token.
    #[must_use]
    pub fn and_token(mut self, token: &str) -> Self {
        self.add("the token", token);
        self.add("the token's signature", token.rsplit('.').next().unwrap_or_default());
        self.add_base64("base64 of the token", token.as_bytes());
        self.add("hex of the token", &hex(token.as_bytes()));
        self
    }

    /// The same and every form of a cookie's value.
    #[must_use]
    pub fn and_cookie(mut self, value: &str) -> Self {
        let last = value.len().saturating_sub(PIECE);
        for at in (0..last).step_by(PIECE).chain([last]) {
            let piece = &value[at..value.len().min(at + PIECE)];
            self.add("a cookie", piece);
            self.add("a cookie in JSON", escaped(piece).as_str());
            self.add("a cookie, URL-encoded", &url_encoded(piece));
            self.add_base64("base64 of a cookie", piece.as_bytes());
            self.add("hex of a cookie", &hex(piece.as_bytes()));
        }
        self
    }

    /// The same and every form of another key.
    #[must_use]
    pub fn and_key(mut self, key: &TestKey) -> Self {
        self.needles.extend(Self::of_key(key).needles);
        self
    }

    /// The names of the forms that are in `text`, also where white space wraps them.
    pub fn found_in(&self, text: &str) -> Vec<&'static str> {
        let dense: String = text.split_whitespace().collect();
        let mut found: Vec<&'static str> = self
            .needles
            .iter()
            .filter(|(_, needle)| text.contains(needle.as_str()) || dense.contains(needle.as_str()))
            .map(|(form, _)| *form)
            .collect();
        found.dedup();
        found
    }

    fn add(&mut self, form: &'static str, text: &str) {
        self.needles.push((form, text.to_owned()));
    }

    fn add_pem(&mut self, pem: &str) {
        let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        self.add("the PEM", pem);
        self.add("the PEM with its line ends escaped", &pem.replace('\n', "\\n"));
        self.add("the body of the PEM", &lines.join("\n"));
        self.add("the body of the PEM on one line", &lines.concat());
        for line in lines {
            self.add("a line of the PEM", line);
            self.add("a line of the PEM, URL-encoded", &url_encoded(line));
            self.add("a line of the PEM with its slashes escaped", &line.replace('/', "\\/"));
            self.add("hex of a line of the PEM", &hex(line.as_bytes()));
            self.add_base64("base64 of a line of the PEM", line.as_bytes());
        }
        self.add_base64("base64 of the PEM", pem.as_bytes());
    }

    fn add_pieces(&mut self, form: &'static str, text: &str) {
        for piece in text.as_bytes().windows(PIECE) {
            self.add(form, &String::from_utf8_lossy(piece));
        }
    }

    fn add_base64(&mut self, form: &'static str, bytes: &[u8]) {
        for before in 0..3 {
            self.add(form, &aligned_base64(bytes, before));
        }
    }
}

/// Whether something in this text has the form of a token, whoever it is of: three parts of base64url, of which the
/// first two are JSON objects.
pub fn has_token(text: &str) -> bool {
    let is_of_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let dense: String = text.split_whitespace().collect();
    [text, &dense].iter().any(|text| {
        text.match_indices("eyJ").any(|(at, _)| {
            let mut parts = text[at..].splitn(3, '.');
            let [Some(header), Some(claims), Some(signature)] = [parts.next(), parts.next(), parts.next()] else {
                return false;
            };
            header.chars().all(is_of_part)
                && claims.starts_with("eyJ")
                && claims.chars().all(is_of_part)
                && signature.starts_with(is_of_part)
        })
    })
}

/// The private scalar of a key, as a number whose highest byte comes first.
pub fn scalar_of(key: &TestKey) -> [u8; 32] {
    key.pkcs8_der()[SCALAR].try_into().expect("32 bytes")
}

/// As it is somewhere inside of the base64 of something longer, behind so many bytes (0 to 2) of a group of three,
/// without the characters that depend on the neighbours.
pub fn aligned_base64(bytes: &[u8], before: usize) -> String {
    let padded = [&[0; 2][..before], bytes].concat();
    let whole = padded.len() / 3 * 3;
    let text = STANDARD.encode(&padded[..whole]);
    text[if before == 0 { 0 } else { 4 }..].to_owned()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// As JSON has it between its quotes.
fn escaped(text: &str) -> String {
    let json = serde_json::json!(text).to_string();
    json.trim_matches('"').to_owned()
}

fn url_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn every_form_of_a_key_and_of_a_token_is_found() {
    let key = TestKey::generate();
    let token = key.sign_token(&serde_json::json!({"alg": "ES256"}), &serde_json::json!({"aud": "x"}));
    let cookie = "DAWTOKEN+/\"=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";
    let secrets = Secrets::of_key(&key).and_token(&token).and_cookie(cookie);
    let pem = key.pem();
    let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let scalar = &scalar_of(&key);
    let base64 = STANDARD.encode(&pem);
    let wrapped: Vec<&str> = (0..base64.len())
        .step_by(76)
        .map(|at| &base64[at..base64.len().min(at + 76)])
        .collect();

    for (form, text) in [
        ("the file", pem.clone()),
        ("what asc-auth writes", key.pkcs8_pem()),
        ("SEC1", key.sec1_pem()),
        ("the first line", body[0].to_owned()),
        ("the second line", body[1].to_owned()),
        ("the third line", body[2].to_owned()),
        ("the body", body.concat()),
        ("JSON", serde_json::json!({ "key": pem }).to_string()),
        ("a Rust string", format!("{pem:?}")),
        ("a form", url_encoded(&pem)),
        ("base64", base64.clone()),
        ("base64 after one more byte", STANDARD.encode(format!("x{pem}\n"))),
        ("base64 after two more bytes", STANDARD.encode(format!("xx{pem}\n"))),
        ("wrapped base64", wrapped.join("\n")),
        ("base64 of the DER", STANDARD.encode(key.apple_der())),
        ("base64 of the DER of SEC1", STANDARD.encode(key.sec1_der())),
        ("hex of the DER", hex(&key.pkcs8_der())),
        ("hex of the scalar", hex(scalar)),
        ("upper-case hex of the scalar", hex(scalar).to_uppercase()),
        ("a JWK", URL_SAFE_NO_PAD.encode(scalar)),
        ("half of the scalar", STANDARD.encode(&scalar[..16])),
        ("the token", token.clone()),
        (
            "its signature",
            token.rsplit('.').next().expect("three parts").to_owned(),
        ),
        ("its base64", STANDARD.encode(format!("Bearer {token}"))),
        ("its hex", hex(token.as_bytes())),
        ("a line's base64", STANDARD.encode(format!("{}\n", body[1]))),
        ("a line's hex", hex(body[0].as_bytes())),
        ("a cookie", format!("myacinfo={cookie}; path=/")),
        ("a part of a cookie", cookie[20..40].to_owned()),
        ("a cookie in JSON", serde_json::json!({ "value": cookie }).to_string()),
        ("a cookie in a form", url_encoded(cookie)),
        ("a cookie's base64", STANDARD.encode(format!("x{cookie}"))),
        ("a cookie's hex", hex(cookie.as_bytes())),
    ] {
        let log = format!("some words\n  {text}, and more");
        assert!(!secrets.found_in(&log).is_empty(), "{form} is not found");
    }
}

#[test]
fn a_token_of_anybody_is_found() {
    let token = TestKey::generate().sign_token(&serde_json::json!({"alg": "ES256"}), &serde_json::json!({"aud": "x"}));
    let (header, rest) = token.split_once('.').expect("three parts");
    for text in [
        token.clone(),
        format!("eyJ and eyJ.eyJ: ASC_TOKEN={token}\n"),
        format!("{header}.\n{rest}"),
    ] {
        assert!(has_token(&text), "{text}");
    }
    let (unsigned, _) = token.rsplit_once('.').expect("three parts");
    for text in ["", "eyJ", "ASC_TOKEN=***", unsigned, &format!("{unsigned}.***")] {
        assert!(!has_token(text), "{text}");
    }
}

#[test]
fn innocent_text_is_not_taken_for_a_secret() {
    let (key, other) = (TestKey::generate(), TestKey::generate());
    let secrets = Secrets::of_key(&key);
    for text in [
        other.pem(),
        STANDARD.encode(other.pem()),
        STANDARD.encode(key.public_key()),
        format!("{key:?}"),
        "-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----".to_owned(),
        String::new(),
    ] {
        assert_eq!(secrets.found_in(&text), Vec::<&str>::new(), "{text}");
    }
}
