//! A private key in what a token says, in any form in which people write one down: a PEM, DER, a JWK or the bare scalar,
//! in base64 or hex, wrapped, escaped, cut into an array. What holds one is replaced, and must never be told.
//!
//! A scalar is 32 bytes that look like any others, such as a digest: what can only be guessed is concealed as well.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::{Map, Value};

use crate::credential::{KeyDefect, PrivateKey};

/// Half the base64 of a key's scalar and of what stands before it.
const SHORTEST_KEY: usize = 48;

/// By what a key of P-256 is known whatever was cut off or damaged behind it: the BEGIN line without its spaces, and base64
/// of what stands before the scalar, in PKCS#8 and SEC 1, with a public key and without.
const STARTS: [&str; 7] = [
    "PRIVATEKEY-----",
    "MIGTAgEA",
    "MIGHAgEA",
    "MHcCAQEE",
    "MEECAQAw",
    "ME4CAQAw",
    "MDECAQEE",
];

/// What stands before the scalar in DER: version 1, and an OCTET STRING of 32 bytes. (RFC 5915, 3)
const BEFORE_SCALAR: [u8; 5] = [2, 1, 1, 4, 32];

/// Digits of a scalar, in base64 and in hex.
const IN_BASE64: usize = 43;
const IN_HEX: usize = 64;

/// How often one thing is looked for in another: base64 of base64 of a PEM.
const DEPTH: u8 = 3;

/// Characters that are written otherwise in JSON and in a URL. A line end in JSON goes, as white space does.
const ESCAPES: [(&str, &str); 10] = [
    ("\\r", ""),
    ("\\n", ""),
    ("\\", ""),
    ("%0A", ""),
    ("%0a", ""),
    ("%2B", "+"),
    ("%2b", "+"),
    ("%2F", "/"),
    ("%2f", "/"),
    ("%20", " "),
];

/// Base64 of which the end may be cut off.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether there is a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Secret {
    None,
    /// There are 32 bytes or more that look like nothing else.
    Perhaps,
    Certain,
}

impl Secret {
    /// What stands in its place.
    fn word(self) -> &'static str {
        match self {
            Self::None | Self::Perhaps => "[perhaps a private key, not shown]",
            Self::Certain => "[a private key, not shown]",
        }
    }

    fn perhaps(is_perhaps: bool) -> Self {
        if is_perhaps { Self::Perhaps } else { Self::None }
    }
}

/// A key in any form, whole or damaged. Any short word may be base64 of what begins like one.
pub fn is_private_key(text: &str) -> bool {
    if text.len() < SHORTEST_KEY {
        return false;
    }
    match PrivateKey::decode(text.as_bytes()) {
        Ok(_) => true,
        Err(defect) => matches!(
            defect,
            KeyDefect::Encrypted
                | KeyDefect::OpenSsh
                | KeyDefect::Pkcs12
                | KeyDefect::Rsa
                | KeyDefect::OtherCurve(_)
                | KeyDefect::OtherAlgorithm(_)
                | KeyDefect::Truncated
                | KeyDefect::Damaged
                | KeyDefect::Armour
        ),
    }
}

/// Replaces every private key among the members of an object, values and names, and says whether there was one.
pub(super) fn conceal_in(object: &mut Map<String, Value>) -> Secret {
    conceal_members(object, DEPTH)
}

/// In a JWK the key is its `d`. (RFC 7518, 6.2.2)
fn conceal_members(object: &mut Map<String, Value>, depth: u8) -> Secret {
    let mut found = most(object.values_mut().map(|value| conceal(value, depth)));
    if let (true, Some(key)) = (object.contains_key("kty"), object.get_mut("d")) {
        *key = Secret::Certain.word().into();
        found = Secret::Certain;
    }
    for name in object.keys().cloned().collect::<Vec<_>>() {
        let secret = in_text(&name, depth);
        if secret > Secret::None {
            object.remove(&name);
            object.insert(secret.word().to_owned(), Value::Null);
            found = found.max(secret);
        }
    }
    found
}

fn conceal(value: &mut Value, depth: u8) -> Secret {
    let secret = match &*value {
        Value::String(text) => in_text(text, depth),
        Value::Array(items) => in_pieces(items, depth),
        _ => Secret::None,
    };
    if secret > Secret::None {
        *value = secret.word().into();
        return secret;
    }
    match value {
        Value::Array(items) => most(items.iter_mut().map(|item| conceal(item, depth))),
        Value::Object(object) => conceal_members(object, depth),
        _ => Secret::None,
    }
}

/// A key that was cut into the strings of an array, or whose bytes are its numbers.
fn in_pieces(items: &[Value], depth: u8) -> Secret {
    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    let byte = |item: &Value| item.as_u64().and_then(|number| u8::try_from(number).ok());
    let bytes: Option<Vec<u8>> = items.iter().map(byte).collect();
    let has_bytes = bytes.is_some_and(|bytes| bytes.len() >= 32);
    Secret::perhaps(has_bytes).max(if texts.len() > 1 {
        in_text(&texts.join("\n"), depth)
    } else {
        Secret::None
    })
}

/// A key that is all of a text, or stands somewhere in it.
fn in_text(text: &str, depth: u8) -> Secret {
    let mut plain = text.to_owned();
    for (escape, meaning) in ESCAPES {
        plain = plain.replace(escape, meaning);
    }
    let dense: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
    let quoted = dense.replace('\'', "\"");
    let begins_in = |start| dense.find(start).is_some_and(|at| dense.len() - at >= SHORTEST_KEY);
    // What was no text may look like a damaged key.
    let is_key = !text.contains('\u{fffd}') && is_private_key(text);
    if is_key || STARTS.into_iter().any(begins_in) || (quoted.contains("\"kty\"") && quoted.contains("\"d\"")) {
        return Secret::Certain;
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Secret::None;
    };
    let in_json = match serde_json::from_str::<Value>(text) {
        Ok(mut value @ (Value::String(_) | Value::Array(_) | Value::Object(_))) => conceal(&mut value, depth),
        _ => Secret::None,
    };
    let is_wrapped = |run: &String| run.len() == dense.trim_end_matches('=').len() && is_random(run.as_bytes());
    let is_perhaps = runs(&plain, IN_BASE64).any(|run| is_scalar(&run) || holds_random(&run))
        || runs(&dense, IN_BASE64).any(|run| run.len() == IN_BASE64 && is_wrapped(&run));
    Secret::perhaps(is_perhaps)
        .max(in_json)
        .max(in_hex(&dense, depth))
        .max(most(runs(&dense, IN_BASE64).map(|run| in_base64(&run, depth))))
}

/// The surest.
fn most(found: impl Iterator<Item = Secret>) -> Secret {
    found.max().unwrap_or(Secret::None)
}

/// What is base64 or base64url, as base64, where there are `shortest` digits of it in a row.
fn runs(text: &str, shortest: usize) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)))
        .filter(move |run| run.len() >= shortest)
        .map(|run| run.replace('-', "+").replace('_', "/"))
}

/// What these digits stand for. A word may stand right before them, so they may begin at any of four.
fn decoded(run: &str) -> impl Iterator<Item = Vec<u8>> {
    (0..4).filter_map(|start| {
        let digits = &run[start..];
        let whole = digits.len() - usize::from(digits.len() % 4 == 1);
        LENIENT.decode(&digits[..whole]).ok()
    })
}

fn in_base64(run: &str, depth: u8) -> Secret {
    most(decoded(run).map(|bytes| in_bytes(&bytes, depth)))
}

fn in_bytes(bytes: &[u8], depth: u8) -> Secret {
    if bytes.windows(BEFORE_SCALAR.len()).any(|window| window == BEFORE_SCALAR) {
        return Secret::Certain;
    }
    in_text(&String::from_utf8_lossy(bytes), depth)
}

/// Hex as dumps have it, also with colons.
fn in_hex(dense: &str, depth: u8) -> Secret {
    let digits = dense.replace(':', "");
    let runs = digits.split(|c: char| !c.is_ascii_hexdigit());
    most(runs.filter(|run| run.len() >= IN_HEX).map(|run| {
        let nibbles: Vec<u8> = run.chars().filter_map(|c| c.to_digit(16)?.try_into().ok()).collect();
        let bytes = |start: usize| -> Vec<u8> {
            let pairs = nibbles[start..].chunks_exact(2);
            pairs.map(|pair| pair[0] << 4 | pair[1]).collect()
        };
        Secret::Perhaps.max(most((0..2).map(|start| in_bytes(&bytes(start), depth))))
    }))
}

/// 43 digits that are 32 bytes, and neither text nor a request that Apple knows: `/v1/apps`.
fn is_scalar(run: &str) -> bool {
    let strict = base64::engine::general_purpose::STANDARD_NO_PAD.decode(run);
    let is_path = run.starts_with('/') || run.starts_with("GET/");
    !is_path && strict.is_ok_and(|bytes| bytes.len() == 32 && !is_text(&bytes))
}

/// Apple's own IDs in a path may be base64 of JSON, which is no matter.
fn holds_random(run: &str) -> bool {
    let is_words = |step: &&str| step.len() > IN_BASE64 / 2 && LENIENT.decode(step).is_ok_and(|bytes| is_text(&bytes));
    let steps: Vec<&str> = run.split('/').filter(|step| !is_words(step)).collect();
    steps.join("/").as_bytes().windows(IN_BASE64).any(is_random)
}

/// Whether digits of base64 look like random bytes: paths, UUIDs and camelCase have few capitals, digits and changes
/// between them. Of random ones, one in ten thousand looks like such words.
fn is_random(digits: &[u8]) -> bool {
    let class = |digit: &u8| match digit {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let count = |wanted| digits.iter().filter(|digit| class(digit) == wanted).count();
    let changes = digits.windows(2).filter(|two| class(&two[0]) != class(&two[1])).count();
    count(0) >= 6
        && count(1) >= 5
        && count(0) + count(2) >= 12
        && changes >= 14
        && !decoded(&String::from_utf8_lossy(digits)).any(|bytes| is_text(&bytes))
}

fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'))
}
