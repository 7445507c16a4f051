//! Keys at the edges of the rules: each has its verdict. `cargo xtask e2e peers` holds them against OpenSSL.

use asc_auth::credential::{KeyDefect, PrivateKey};
use simulator::{
    TestKey,
    vectors::{Vector, Verdict, vectors},
};

fn verdict(der: &[u8]) -> (Result<(), String>, Result<(), String>) {
    let told = |defect: KeyDefect| defect.to_string();
    match PrivateKey::decode(der) {
        Ok(key) => (Ok(()), key.check().map_err(told)),
        Err(defect) => (Err(told(defect)), Ok(())),
    }
}

#[test]
fn every_vector_has_its_verdict() {
    let mut wrong = Vec::new();
    for Vector {
        row,
        der,
        verdict: expected,
        why,
        ..
    } in vectors(&TestKey::generate())
    {
        let found = verdict(&der);
        let expected = match expected {
            Verdict::Accepted => (Ok(()), Ok(())),
            Verdict::Refused(message) => (Err(message.to_owned()), Ok(())),
            Verdict::RefusedWhenChecked(message) => (Ok(()), Err(message.to_owned())),
        };
        if found != expected {
            wrong.push(format!("{row}: {found:?}; {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
