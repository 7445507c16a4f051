//! From what people paste to a P-256 key.
//!
//! A `.p8` reaches a CI secret in many wrappings: base64 once or twice, literal `\n`, quotes, a
//! byte-order mark, UTF-16 from PowerShell. This module peels them one by one and remembers every text it
//! passed through, because each of them is a form of the secret that a log must not show.

use std::fmt;

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use p256::SecretKey;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    der::{self, Container, Found},
    lookalike::{Lookalike, is_invisible, tidy},
};

/// A `.p8` has 257 bytes; twice base64 and some white space stay far below this.
const LARGEST: usize = 64 * 1024;
/// Base64 of base64 of a body without armour is the deepest that makes sense.
const DEEPEST: u8 = 3;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why something is not a usable private key. Never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyDefect {
    #[error("it is empty")]
    Empty,
    #[error("it is a placeholder that was never filled in")]
    Placeholder,
    #[error("it is a path, where the key itself belongs")]
    Path,
    #[error("it is a token, which is made with a private key")]
    Token,
    #[error("it looks like a key ID")]
    KeyId,
    #[error("it looks like an issuer ID")]
    IssuerId,
    #[error("it is an encrypted private key")]
    Encrypted,
    #[error("it is a public key")]
    PublicKey,
    #[error("it is a certificate")]
    Certificate,
    #[error("it is an OpenSSH key")]
    OpenSsh,
    #[error("it is a PKCS#12 file")]
    Pkcs12,
    #[error("it is an RSA key")]
    Rsa,
    #[error("it is a key on {0}, not on P-256")]
    OtherCurve(&'static str),
    #[error("it is a key for {0}, not for ECDSA on P-256")]
    OtherAlgorithm(&'static str),
    #[error("it is a PEM block of another kind")]
    OtherPem,
    #[error("it is cut off")]
    Truncated,
    #[error("it is damaged")]
    Damaged,
    #[error("its BEGIN or END line is damaged")]
    Armour,
    #[error("it has characters that are not base64 where only base64 belongs")]
    NotBase64,
    #[error("it is not a private key in any known form")]
    NotAKey,
    #[error("it is larger than any key")]
    TooLarge,
}

impl KeyDefect {
    /// What to do about it, in whole sentences.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Empty => "Paste the whole .p8 file, or base64 of it.",
            Self::Placeholder => "Check the spelling of the secret's name, and that this shell or CI expands it here.",
            Self::Path => {
                "Give a path in ASC_PRIVATE_KEY_PATH (in the Action: private-key-path), or paste the file's content here."
            }
            Self::Token => {
                "Give the .p8 file that tokens are made with: its path or its content, as this place takes it."
            }
            Self::KeyId => "The key ID belongs in ASC_KEY_ID. The private key is the content of the .p8 file.",
            Self::IssuerId => "The issuer ID belongs in ASC_ISSUER_ID. The private key is the content of the .p8 file.",
            Self::Encrypted => {
                "Decrypt it first, for example: openssl pkcs8 -in KEY -out AuthKey.p8. Apple's own .p8 is not encrypted."
            }
            Self::PublicKey | Self::Certificate | Self::OpenSsh | Self::Pkcs12 | Self::OtherPem => {
                "App Store Connect needs the .p8 that Apple offered once for download when the API key was created."
            }
            Self::Rsa | Self::OtherCurve(_) | Self::OtherAlgorithm(_) => {
                "App Store Connect keys are EC keys on P-256. Apple made the key: use the AuthKey_….p8 as downloaded."
            }
            Self::Truncated => {
                "Copy the whole file, from the BEGIN line to the END line. If the secret store keeps one line only, store base64 of the file: base64 < AuthKey_….p8 | tr -d '\\n'"
            }
            Self::Damaged => "Some characters are missing or changed. Paste the file again, or use base64 of it.",
            Self::Armour => {
                "The first line must be -----BEGIN PRIVATE KEY----- and the last -----END PRIVATE KEY-----, with five hyphens on each side."
            }
            Self::NotBase64 => "Paste the file again, or use base64 of it: base64 < AuthKey_….p8 | tr -d '\\n'",
            Self::NotAKey | Self::TooLarge => {
                "Accepted are the .p8 as downloaded, its body alone, DER, and base64 of any of these."
            }
        }
    }
}

/// The wrapping a key was found in, for people: `base64 of a PEM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    base64_layers: u8,
    core: Core,
    container: Container,
    repairs: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Core {
    Pem,
    Der,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.base64_layers {
            f.write_str("base64 of ")?;
        }
        f.write_str(match (self.base64_layers, self.core) {
            (0, Core::Pem) => "PEM",
            (_, Core::Pem) => "a PEM",
            (_, Core::Der) => "DER",
        })?;
        if self.container == Container::Sec1 {
            f.write_str(" in SEC1 form")?;
        }
        for repair in &self.repairs {
            write!(f, ", {repair}")?;
        }
        Ok(())
    }
}

/// A key, how it was wrapped, and every text it was wrapped in, the outermost first.
pub(super) struct Decoded {
    pub(super) key: Box<SecretKey>,
    /// The public key that came with it, as a SEC1 point.
    pub(super) public: Option<Vec<u8>>,
    pub(super) form: Form,
    pub(super) texts: Vec<Zeroizing<String>>,
    /// The DER at the core of it, as it was given.
    pub(super) der: Zeroizing<Vec<u8>>,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, KeyDefect> {
    if bytes.len() > LARGEST {
        return Err(KeyDefect::TooLarge);
    }
    let mut peeler = Peeler::default();
    let (found, core) = peeler.peel(bytes)?;
    peeler.texts.reverse();
    Ok(Decoded {
        key: found.key,
        public: found.public,
        form: Form {
            base64_layers: peeler.base64_layers,
            core,
            container: found.container,
            repairs: peeler.repairs,
        },
        texts: peeler.texts,
        der: peeler.der,
    })
}

#[derive(Default)]
struct Peeler {
    base64_layers: u8,
    repairs: Vec<&'static str>,
    /// The innermost first.
    texts: Vec<Zeroizing<String>>,
    der: Zeroizing<Vec<u8>>,
}

type Peeled = (Found, Core);

impl Peeler {
    fn peel(&mut self, bytes: &[u8]) -> Result<Peeled, KeyDefect> {
        if is_der(bytes) {
            return Ok((self.der(bytes)?, Core::Der));
        }
        let text = self.text(bytes)?;
        // A Windows path is one before its `\new` becomes a line of its own.
        if Lookalike::of(tidy(&text)) == Lookalike::Path {
            return Err(KeyDefect::Path);
        }
        let unescaped = self.unescape(&text);
        let peeled = self.peel_text(tidy(unescaped.as_deref().unwrap_or(&text)));
        self.texts.extend(unescaped);
        self.texts.push(text);
        peeled
    }

    fn peel_text(&mut self, text: &str) -> Result<Peeled, KeyDefect> {
        match Lookalike::of(text) {
            Lookalike::Blank => Err(KeyDefect::Empty),
            Lookalike::Placeholder => Err(KeyDefect::Placeholder),
            Lookalike::Uuid => Err(KeyDefect::IssuerId),
            Lookalike::TenCharacters | Lookalike::Number => Err(KeyDefect::KeyId),
            Lookalike::Path => Err(KeyDefect::Path),
            Lookalike::Token => Err(KeyDefect::Token),
            Lookalike::Email => Err(KeyDefect::NotAKey),
            Lookalike::Pem => self.pem(text),
            Lookalike::Other if text.contains("-----END") => Err(KeyDefect::Truncated),
            Lookalike::Other if text.contains("PRIVATE KEY") => Err(KeyDefect::Armour),
            Lookalike::Other => self.base64(text),
        }
    }

    /// The bytes as text.
    fn text(&mut self, bytes: &[u8]) -> Result<Zeroizing<String>, KeyDefect> {
        let text = if let Some(units) = utf16(bytes) {
            self.repair("from UTF-16");
            let mut text = Zeroizing::new(String::with_capacity(bytes.len()));
            for unit in char::decode_utf16(units) {
                text.push(unit.map_err(|_| KeyDefect::NotAKey)?);
            }
            text
        } else {
            let text = std::str::from_utf8(bytes).map_err(|_| KeyDefect::NotAKey)?;
            Zeroizing::new(text.to_owned())
        };
        Ok(text)
    }

    /// The text with literal `\n` and `\r` turned into newlines, if it has any.
    fn unescape(&mut self, text: &str) -> Option<Zeroizing<String>> {
        if !text.contains("\\n") && !text.contains("\\r") {
            return None;
        }
        self.repair("with literal \\n");
        let mut newlines = Zeroizing::new(String::with_capacity(text.len()));
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            newlines.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(['n', 'r']) {
                newlines.push('\n');
                rest = after;
            }
        }
        newlines.push_str(rest);
        Some(newlines)
    }

    fn pem(&mut self, text: &str) -> Result<Peeled, KeyDefect> {
        let block = Block::find(text)?;
        if block.label.starts_with("ENCRYPTED") || block.body.contains("Proc-Type:") {
            return Err(KeyDefect::Encrypted);
        }
        match block.label {
            "OPENSSH PRIVATE KEY" => return Err(KeyDefect::OpenSsh),
            "CERTIFICATE" => return Err(KeyDefect::Certificate),
            "RSA PRIVATE KEY" | "RSA PUBLIC KEY" => return Err(KeyDefect::Rsa),
            "DSA PRIVATE KEY" => return Err(KeyDefect::OtherAlgorithm("DSA")),
            label if label.ends_with("PUBLIC KEY") => return Err(KeyDefect::PublicKey),
            label if !label.ends_with("PRIVATE KEY") => return Err(KeyDefect::OtherPem),
            _ => {}
        }
        if !block.closed {
            return Err(KeyDefect::Truncated);
        }
        if !block.body.trim_matches(is_invisible).contains(['\n', '\r']) {
            self.repair("on one line");
        }
        let bytes = from_base64(&compact(block.body))?;
        Ok((self.der(&bytes)?, Core::Pem))
    }

    fn base64(&mut self, text: &str) -> Result<Peeled, KeyDefect> {
        let compact = compact(text);
        if self.base64_layers == DEEPEST {
            return Err(KeyDefect::NotAKey);
        }
        let bytes = from_base64(&compact).map_err(|defect| {
            if begins_like_a_key(&compact) {
                defect
            } else {
                KeyDefect::NotAKey
            }
        })?;
        self.base64_layers += 1;
        self.peel(&bytes).map_err(|defect| match defect {
            // Any word is base64 of something: what is inside tells nothing unless it is a key.
            KeyDefect::Empty | KeyDefect::Path | KeyDefect::Token | KeyDefect::KeyId | KeyDefect::IssuerId => {
                KeyDefect::NotAKey
            }
            other => other,
        })
    }

    fn der(&mut self, bytes: &[u8]) -> Result<Found, KeyDefect> {
        let found = der::decode(bytes)?;
        self.der = Zeroizing::new(bytes.to_vec());
        Ok(found)
    }

    fn repair(&mut self, repair: &'static str) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }
}

/// One PEM block: the first private key in the text, else the first block of any kind.
struct Block<'a> {
    label: &'a str,
    body: &'a str,
    closed: bool,
}

impl<'a> Block<'a> {
    fn find(text: &'a str) -> Result<Self, KeyDefect> {
        let mut first = None;
        let mut rest = text;
        while let Some(at) = rest.find("-----BEGIN") {
            let block = Self::parse(&rest[at..])?;
            if block.label.ends_with("PRIVATE KEY") {
                return Ok(block);
            }
            first = first.or(Some(block));
            rest = &rest[at + "-----BEGIN".len()..];
        }
        first.ok_or(KeyDefect::Armour)
    }

    fn parse(text: &'a str) -> Result<Self, KeyDefect> {
        let after = text.strip_prefix("-----BEGIN ").ok_or(KeyDefect::Armour)?;
        let (label, after) = after.split_once("-----").ok_or(KeyDefect::Truncated)?;
        if label.len() > 40
            || !label
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ')
        {
            return Err(KeyDefect::Armour);
        }
        let end = after.find("-----END");
        let body = &after[..end.unwrap_or(after.len())];
        let closed = match end {
            Some(at) => {
                let tail = after[at + "-----END".len()..].trim_start_matches(' ');
                if !tail.starts_with(label) {
                    return Err(KeyDefect::Armour);
                }
                true
            }
            None => false,
        };
        Ok(Self { label, body, closed })
    }
}

/// DER starts with a SEQUENCE, `0x30`, which is also the digit 0: text has no control characters.
fn is_der(bytes: &[u8]) -> bool {
    let control = |b: &u8| b.is_ascii_control() && !b"\t\r\n\x0b\x0c".contains(b);
    bytes.first() == Some(&0x30) && utf16(bytes).is_none() && bytes.iter().any(control)
}

/// The code units, if this is UTF-16 with or without a byte-order mark, as PowerShell writes it.
fn utf16(bytes: &[u8]) -> Option<impl Iterator<Item = u16> + '_> {
    let (little, body) = match bytes {
        [0xff, 0xfe, rest @ ..] | rest @ [1..=0x7f, 0, 1..=0x7f, 0, ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] | rest @ [0, 1..=0x7f, 0, 1..=0x7f, ..] => (false, rest),
        _ => return None,
    };
    Some(body.chunks_exact(2).map(move |pair| {
        let pair = [pair[0], pair[1]];
        if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        }
    }))
}

/// Base64 of DER, of PEM and of base64 of either, by its start and a length that no name has: what is wrong with it is
/// worth telling.
fn begins_like_a_key(base64: &str) -> bool {
    base64.len() >= 60
        && ["MI", "MHc", "LS0t", "TUl", "TUh", "TFMw"]
            .iter()
            .any(|start| base64.starts_with(start))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte)
}

/// The text without white space, in the standard alphabet, without padding.
fn compact(text: &str) -> Zeroizing<String> {
    let mut compact = Zeroizing::new(String::with_capacity(text.len()));
    compact.extend(text.chars().filter(|c| !is_invisible(*c)).map(|c| match c {
        '-' => '+',
        '_' => '/',
        c => c,
    }));
    compact
}

fn from_base64(compact: &str) -> Result<Zeroizing<Vec<u8>>, KeyDefect> {
    if !compact.bytes().all(is_base64) {
        return Err(KeyDefect::NotBase64);
    }
    let digits = compact.trim_end_matches('=');
    if digits.contains('=') {
        return Err(KeyDefect::Damaged);
    }
    if digits.len() % 4 == 1 {
        return Err(KeyDefect::Truncated);
    }
    let mut bytes = Zeroizing::new(vec![0; digits.len()]);
    let length = BASE64
        .decode_slice(digits, &mut bytes)
        .map_err(|_| KeyDefect::Damaged)?;
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
