//! The texts that a secret may be shown as.
//!
//! Any few bytes in a row of a form count as secret, so a form is never listed by line, by width or by part. What
//! surrounds a secret (BEGIN lines, indents, names of variables) must never get into a form: every log has that.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{credential::PrivateKey, handoff::mask::without_armour};

/// As `openssl` and Apple wrap a PEM.
const WIDTH: usize = 64;
/// The x and y of a public key, which come last in a DER.
const POINT: usize = 64;
/// What stands where a PEM's line ends: in a file, on Windows, in JSON, and in a variable that lost its newlines.
const LINE_ENDS: [&str; 5] = ["\n", "\r\n", "\\n", "\\r\\n", " "];

/// What a byte of a form tells. The order matters: a digit of base64 is as telling as the most telling byte in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Nothing: one form ends here and another begins.
    Edge,
    /// Nothing: it joins two lines or two bytes. A secret neither begins nor ends with it.
    Joint,
    /// What every key has: the names of its type and curve. It is part of a secret and makes none.
    Common,
    /// Something of this secret.
    Own,
}

/// Bytes, and what each of them tells.
pub(super) struct Form {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) parts: Vec<Part>,
}

/// Every form of a key, which is the one that was given and the one that is written: they may differ by what else they
/// hold.
pub(super) fn of_key(key: &PrivateKey) -> Vec<Form> {
    let scalar = key.scalar();
    let mut forms = of_scalar(scalar.as_slice());
    for der in [key.given_der(), &written_der(key)] {
        forms.extend(of_der(der, scalar.as_slice()));
    }
    forms
}

/// The token, of which any part is a fragment, and base64 of what holds it.
pub(super) fn of_token(token: &str) -> Vec<Form> {
    let token = Form::own(token.as_bytes());
    let mut forms: Vec<Form> = token.in_base64().collect();
    forms.push(token);
    forms
}

fn written_der(key: &PrivateKey) -> Zeroizing<Vec<u8>> {
    let pem = key.to_pem();
    let mut body = Zeroizing::new(String::with_capacity(pem.len()));
    body.extend(without_armour(&pem).split_whitespace());
    Zeroizing::new(STANDARD.decode(body.as_bytes()).unwrap_or_default())
}

/// The scalar in dumps, in a JWK, and in base64 of whatever may hold it. The rest of a DER is no secret there: a dump
/// of any certificate has the same names, and the public key may be shown.
fn of_scalar(scalar: &[u8]) -> Vec<Form> {
    let raw = Form::own(scalar);
    let mut forms = Vec::new();
    for joint in ["", ":", " "] {
        let hex = raw.hex(joint);
        forms.push(hex.spelled(upper_hex));
        forms.push(hex);
    }
    for digits in raw.in_base64() {
        forms.push(digits.spelled(url_safe));
        forms.extend(digits.in_base64());
        forms.push(digits);
    }
    forms.push(raw);
    forms
}

/// The PEM of a DER on one line and on several, escaped for URLs and JSON, and base64 of it all.
fn of_der(der: &[u8], scalar: &[u8]) -> Vec<Form> {
    let body = Form::of_der(der, scalar).base64(0, End::Padded);
    let safe = body.spelled(url_safe);
    let mut forms = Vec::new();
    // Base64 of base64 is what a variable with base64 of a key becomes in base64 of the environment.
    for text in [&body, &safe] {
        for once in text.in_base64() {
            forms.extend(once.in_base64());
            forms.push(once);
        }
    }
    for line_end in LINE_ENDS {
        let lines = body.wrapped(line_end);
        forms.extend(lines.in_base64());
        forms.extend([url_upper, url_lower, url_form, slash_escaped].map(|spelling| lines.spelled(spelling)));
        forms.push(lines);
    }
    forms.extend([url_upper, url_lower, slash_escaped].map(|spelling| body.spelled(spelling)));
    forms.extend([body, safe]);
    forms
}

/// The end of a text in base64.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The text ends there.
    Padded,
    /// More may follow: the digit that depends on it is left out.
    Open,
}

impl Form {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(capacity)),
            parts: Vec::with_capacity(capacity),
        }
    }

    fn own(bytes: &[u8]) -> Self {
        Self {
            bytes: Zeroizing::new(bytes.to_vec()),
            parts: vec![Part::Own; bytes.len()],
        }
    }

    /// The scalar is the key's own, and so is the public key if there is one. Without a scalar, all of it.
    fn of_der(der: &[u8], scalar: &[u8]) -> Self {
        let mut form = Self::own(der);
        if let Some(begin) = der.windows(scalar.len()).position(|window| window == scalar) {
            let end = begin + scalar.len();
            let point = der.len().saturating_sub(POINT);
            let point = if point < end { der.len() } else { point };
            form.parts[..begin].fill(Part::Common);
            form.parts[end..point].fill(Part::Common);
        }
        form
    }

    /// Never more than the capacity: a buffer that moves leaves its content behind.
    fn push(&mut self, bytes: &[u8], part: Part) {
        debug_assert!(self.bytes.len() + bytes.len() <= self.bytes.capacity());
        self.bytes.extend_from_slice(bytes);
        self.parts.resize(self.bytes.len(), part);
    }

    fn iter(&self) -> impl Iterator<Item = (u8, Part)> {
        self.bytes.iter().copied().zip(self.parts.iter().copied())
    }

    /// As a part of the base64 of something longer: behind 0, 1 or 2 bytes of a group of three.
    fn in_base64(&self) -> impl Iterator<Item = Self> {
        (0..3).map(|before| self.base64(before, End::Open))
    }

    /// Without the digits that depend on what stands around.
    fn base64(&self, before: usize, end: End) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(before + self.bytes.len()));
        bytes.resize(before, 0);
        bytes.extend_from_slice(&self.bytes);
        let digits = Zeroizing::new(STANDARD.encode(&bytes));
        let last = match end {
            End::Open => bytes.len() * 8 / 6,
            End::Padded => digits.len(),
        };
        let mut form = Self::with_capacity(last);
        for at in (before * 8).div_ceil(6)..last {
            let part = |bit: usize| self.parts.get(bit / 8 - before).copied();
            let telling = part(at * 6).max(part(at * 6 + 5)).unwrap_or(Part::Own);
            form.push(&digits.as_bytes()[at..=at], telling);
        }
        form
    }

    fn hex(&self, joint: &str) -> Self {
        let mut form = Self::with_capacity(self.bytes.len() * (2 + joint.len()));
        for (byte, part) in self.iter() {
            if !form.bytes.is_empty() {
                form.push(joint.as_bytes(), Part::Joint);
            }
            let digits = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
            form.push(&digits, part);
        }
        form
    }

    fn wrapped(&self, line_end: &str) -> Self {
        let lines = self.bytes.len().div_ceil(WIDTH);
        let mut form = Self::with_capacity(self.bytes.len() + lines * line_end.len());
        for (at, (byte, part)) in self.iter().enumerate() {
            if at > 0 && at % WIDTH == 0 {
                form.push(line_end.as_bytes(), Part::Joint);
            }
            form.push(&[byte], part);
        }
        form
    }

    /// With some bytes in another spelling, of three bytes at most.
    fn spelled(&self, spelling: impl Fn(u8) -> Option<&'static str>) -> Self {
        let mut form = Self::with_capacity(self.bytes.len() * 3);
        for (byte, part) in self.iter() {
            form.push(spelling(byte).map_or(&[byte], str::as_bytes), part);
        }
        form
    }
}

fn url_safe(byte: u8) -> Option<&'static str> {
    match byte {
        b'+' => Some("-"),
        b'/' => Some("_"),
        _ => None,
    }
}

fn upper_hex(byte: u8) -> Option<&'static str> {
    match byte {
        b'a' => Some("A"),
        b'b' => Some("B"),
        b'c' => Some("C"),
        b'd' => Some("D"),
        b'e' => Some("E"),
        b'f' => Some("F"),
        _ => None,
    }
}

fn url_upper(byte: u8) -> Option<&'static str> {
    match byte {
        b'+' => Some("%2B"),
        b'/' => Some("%2F"),
        b'=' => Some("%3D"),
        b'\n' => Some("%0A"),
        b'\r' => Some("%0D"),
        b' ' => Some("%20"),
        b'\\' => Some("%5C"),
        _ => None,
    }
}

fn url_lower(byte: u8) -> Option<&'static str> {
    match byte {
        b'+' => Some("%2b"),
        b'/' => Some("%2f"),
        b'=' => Some("%3d"),
        b'\n' => Some("%0a"),
        b'\r' => Some("%0d"),
        b'\\' => Some("%5c"),
        other => url_upper(other),
    }
}

/// As HTML forms have it.
fn url_form(byte: u8) -> Option<&'static str> {
    if byte == b' ' { Some("+") } else { url_upper(byte) }
}

/// As some writers of JSON have it.
fn slash_escaped(byte: u8) -> Option<&'static str> {
    (byte == b'/').then_some("\\/")
}
