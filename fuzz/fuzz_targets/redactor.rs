//! The redactor, over logs that are made of innocent bytes and of pieces of a key and a token in every promised form.
//!
//! However the log is cut into chunks, nothing secret comes out, and the same comes out as in one piece; with pauses
//! nothing secret comes out either. Where nothing secret went in, what comes out is what went in.
#![no_main]

use std::sync::LazyLock;

use asc_auth::{
    credential::PrivateKey,
    handoff::{Redactor, Secrets},
};
use asc_auth_fuzz::{
    forms,
    keys::{SAMPLES, Sample},
};
use libfuzzer_sys::{arbitrary::Arbitrary, fuzz_target};

struct Known {
    secrets: Secrets,
    forms: Vec<Vec<u8>>,
}

static KNOWN: LazyLock<[Known; 3]> = LazyLock::new(|| [0, 1, 2].map(|at| Known::of(&SAMPLES[at])));

impl Known {
    fn of(sample: &Sample) -> Self {
        let mut secrets = Secrets::new();
        secrets.add_key(&PrivateKey::decode(sample.pem.as_bytes()).expect("a key"));
        secrets.add_token(sample.token.secret());
        Self {
            secrets,
            forms: forms::of(sample),
        }
    }
}

#[derive(Debug, Arbitrary)]
enum Piece {
    Innocent(Vec<u8>),
    /// A form, from where, and how many bytes of it: 0 is all the rest.
    Secret(u8, u16, u8),
}

#[derive(Debug, Arbitrary)]
struct Input {
    key: u8,
    pieces: Vec<Piece>,
    /// Their sizes less one, in turn.
    chunks: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let at = usize::from(input.key % 3);
    let (known, sample) = (&KNOWN[at], &SAMPLES[at]);
    let mut log = Vec::new();
    for piece in &input.pieces {
        match piece {
            Piece::Innocent(bytes) => log.extend_from_slice(bytes),
            Piece::Secret(form, from, length) => {
                let form = &known.forms[usize::from(*form) % known.forms.len()];
                let rest = &form[usize::from(*from) % form.len()..];
                let length = Some(usize::from(*length)).filter(|length| *length > 0);
                log.extend_from_slice(&rest[..length.unwrap_or(rest.len()).min(rest.len())]);
            }
        }
    }
    let whole = redacted(&known.secrets, &log, &[], false);
    assert!(!sample.leaks_into(&whole), "a secret came out");
    let chunked = redacted(&known.secrets, &log, &input.chunks, false);
    assert!(chunked == whole, "other chunks, another output");
    let paused = redacted(&known.secrets, &log, &input.chunks, true);
    assert!(!sample.leaks_into(&paused), "a secret came out behind a pause");
    // Innocent slashes are a part of the third key.
    if at < 2 && input.pieces.iter().all(|piece| matches!(piece, Piece::Innocent(_))) {
        assert!(whole == log, "innocent bytes were changed");
        assert!(paused == log, "innocent bytes were changed behind a pause");
    }
});

fn redacted(secrets: &Secrets, log: &[u8], chunks: &[u8], pauses: bool) -> Vec<u8> {
    let (mut redactor, mut out, mut rest) = (Redactor::new(), Vec::new(), log);
    let mut sizes = chunks.iter().map(|size| usize::from(*size) + 1).cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(rest.len()).min(rest.len());
        let mut chunk = &rest[..size];
        rest = &rest[size..];
        while redactor.read_from(&mut chunk).expect("a read") > 0 {
            redactor.redact(secrets, &mut out).expect("a write");
        }
        if pauses {
            redactor.pause(secrets, &mut out).expect("a write");
        }
    }
    redactor.finish(secrets, &mut out).expect("a write");
    assert!(!redactor.holds_back());
    out
}
