//! The memory of a process that has come to a halt, and what of a private key is in it.

use std::{collections::BTreeMap, fs, os::unix::fs::FileExt};

use base64::{Engine, engine::general_purpose::STANDARD};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use p256::{Scalar, elliptic_curve::ff::PrimeField};
use simulator::TestKey;

use super::{
    Run,
    child::{Running, wait_until},
    secrets::{aligned_base64, hex, scalar_of},
};

/// The numbers of exit_group(2).
const EXIT: [&str; 2] = ["231", "94"];

/// Longer than anything here takes, in microseconds.
const FOR_GOOD: &str = "--inject=exit_group:delay_enter=120000000";

/// A run that has done all that it does and dropped all that it had: it is held at its last system call. What it printed
/// may be read all the same.
pub struct Finished {
    tracer: Running,
    pid: Pid,
}

impl Finished {
    /// Runs it under strace, which lets it stay open to those who look into it.
    #[track_caller]
    pub fn of(run: Run) -> Self {
        let words = [
            "strace",
            "--quiet=all",
            "--output=/dev/null",
            "--trace=prctl,exit_group",
            "--inject=prctl:error=EPERM",
            FOR_GOOD,
        ];
        let tracer = Running::start(run.through(&words));
        let children = format!("/proc/{0}/task/{0}/children", tracer.pid());
        let mut pid = None;
        wait_until("the last system call", || {
            let children = fs::read_to_string(&children).unwrap_or_default();
            pid = children.split_whitespace().find_map(|pid| pid.parse().ok());
            pid.is_some_and(is_at_exit)
        });
        let pid = Pid::from_raw(pid.expect("a child"));
        Self { tracer, pid }
    }

    /// Waits until this text has come out of it.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let said = || self.tracer.stdout.text() + &self.tracer.stderr.text();
        wait_until(text, || said().contains(text));
    }

    pub fn dump(&self) -> Dump {
        Dump::of(self.pid)
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        let _ = kill(self.pid, Signal::SIGKILL);
    }
}

fn is_at_exit(pid: i32) -> bool {
    let call = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    call.split(' ').next().is_some_and(|number| EXIT.contains(&number))
}

/// What a process may have written to, each piece with its name and where it begins.
pub struct Dump(Vec<(String, Vec<u8>)>);

impl Dump {
    /// Program text and other files that are mapped to be read are on the disk as they are here, and left out.
    #[track_caller]
    pub fn of(pid: Pid) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("it is there");
        let memory = fs::File::open(format!("/proc/{pid}/mem")).expect("it may be looked into");
        let mut pieces = Vec::new();
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (range, rights) = (words.next().expect("a range"), words.next().expect("rights"));
            let is_of_file = words.nth(2) != Some("0");
            if !rights.starts_with('r') || (is_of_file && !rights.contains('w')) {
                continue;
            }
            let (begin, end) = range.split_once('-').expect("two ends");
            let [begin, end] = [begin, end].map(|end| u64::from_str_radix(end, 16).expect("an address"));
            let mut bytes = vec![0; usize::try_from(end - begin).expect("it fits")];
            // What the kernel lends can't be read like this.
            if memory.read_exact_at(&mut bytes, begin).is_ok() {
                pieces.push((line.to_owned(), bytes));
            }
        }
        assert!(pieces.iter().any(|(line, _)| line.ends_with("[stack]")), "{maps}");
        assert!(pieces.iter().any(|(line, _)| line.ends_with("[heap]")), "{maps}");
        Self(pieces)
    }

    /// The forms of a key that are in it, where, and how often.
    pub fn finds(&self, key: &TestKey) -> BTreeMap<String, usize> {
        let forms = forms_of(key);
        // Two bytes rule out nearly every place, of millions.
        let mut may_begin = vec![false; 1 << 16];
        let pair = |bytes: &[u8]| usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
        for (_, needle) in &forms {
            may_begin[pair(needle)] = true;
        }
        let mut found = BTreeMap::new();
        for (piece, bytes) in &self.0 {
            for at in 0..(bytes.len() + 1).saturating_sub(SHORTEST) {
                if !may_begin[pair(&bytes[at..])] {
                    continue;
                }
                for (form, _) in forms.iter().filter(|(_, needle)| bytes[at..].starts_with(needle)) {
                    *found.entry(format!("{form}, in {piece}")).or_default() += 1;
                }
            }
        }
        found
    }
}

/// What is told of a piece of a key, and the piece.
type Form = (&'static str, Vec<u8>);

/// The length of the shortest piece: so many bytes in a row are no accident.
const SHORTEST: usize = 8;

/// The scalar in pieces: its bytes, the same as numbers in the order in which this machine keeps them, what the curve's
/// arithmetic makes of it, and in hex; and the base64 of it, wherever it begins, of which each PEM is one, also in base64.
fn forms_of(key: &TestKey) -> Vec<Form> {
    let scalar = scalar_of(key);
    let mut forms = Vec::new();
    for (name, bytes) in [
        ("the scalar", scalar),
        ("the scalar as the curve has it", montgomery(&scalar)),
    ] {
        for word in bytes.chunks(SHORTEST) {
            forms.push((name, word.to_vec()));
            forms.push((name, word.iter().rev().copied().collect()));
        }
    }
    for digits in [hex(&scalar), hex(&scalar).to_uppercase()] {
        forms.extend(
            digits
                .as_bytes()
                .chunks(16)
                .map(|digits| ("the scalar in hex", digits.to_vec())),
        );
    }
    for before in 0..3 {
        for line in aligned_base64(&scalar, before).as_bytes().chunks_exact(16) {
            forms.push(("a line of the PEM", line.to_vec()));
            for before in 0..3 {
                let digits = aligned_base64(line, before);
                forms.push(("base64 of the PEM", digits.into_bytes()));
            }
        }
    }
    forms
}

/// Times 2²⁵⁶, as numbers are multiplied by Montgomery's method.
fn montgomery(scalar: &[u8; 32]) -> [u8; 32] {
    let scalar = Scalar::from_repr((*scalar).into()).expect("below the order");
    (0..256).fold(scalar, |scalar, _| scalar + scalar).to_bytes().into()
}

#[test]
fn every_form_of_a_key_is_found_in_memory() {
    let key = TestKey::generate();
    let scalar = scalar_of(&key);
    let reversed: Vec<u8> = scalar.iter().rev().copied().collect();
    for (what, bytes) in [
        ("Apple's file", key.pem().into_bytes()),
        ("the other file", key.pkcs8_pem().into_bytes()),
        ("SEC1", key.sec1_pem().into_bytes()),
        ("base64 of the file", STANDARD.encode(key.pem()).into_bytes()),
        (
            "base64 after one more byte",
            STANDARD.encode(format!("x{}", key.pem())).into_bytes(),
        ),
        (
            "base64 after two more bytes",
            STANDARD.encode(format!("xx{}", key.pem())).into_bytes(),
        ),
        ("DER", key.apple_der()),
        ("the scalar", scalar.to_vec()),
        ("its first half", scalar[..16].to_vec()),
        ("its second half", scalar[16..].to_vec()),
        ("the other way round", reversed),
        ("hex", hex(&scalar).into_bytes()),
    ] {
        let dump = |bytes: Vec<u8>| Dump(vec![("a piece".to_owned(), bytes)]);
        assert!(!dump(bytes.clone()).finds(&key).is_empty(), "{what} is not found");
        assert!(dump(bytes).finds(&TestKey::generate()).is_empty(), "{what}");
    }
}
