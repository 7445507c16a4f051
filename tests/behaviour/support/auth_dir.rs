//! The private directory that a `setup` left, for tests that go on from it or spoil it.

use std::{fs, path::Path};

use serde_json::{Value, json};
use simulator::{ApiKey, SeenToken, TestKey};

use crate::support::{
    ISSUER_ID, KEY_ID, Run,
    job::{Job, kept_tokens, now},
    proof::{AUDIENCE, judge, read_token},
};

pub const OTHER_ID: &str = "ZZZZZZZZZZ";

/// A later step of the job: nothing but `ASC_AUTH_DIR` in its environment.
pub fn later(directory: impl AsRef<Path>, arguments: &[&str]) -> Run {
    Run::new(arguments).env("ASC_AUTH_DIR", directory.as_ref())
}

#[track_caller]
pub fn token(directory: &Path, arguments: &[&str]) -> String {
    let ran = later(directory, &[&["token"], arguments].concat()).run().code(0);
    ran.stdout.strip_suffix('\n').expect("a line").to_owned()
}

/// The token that `setup` kept.
pub fn kept(directory: &Path) -> String {
    let tokens = kept_tokens(directory);
    tokens.last().expect("a token")["token"]
        .as_str()
        .expect("a text")
        .to_owned()
}

/// Changes the line that `setup` kept.
pub fn craft(directory: &Path, change: impl Fn(&mut serde_json::Map<String, Value>)) {
    let path = directory.join("tokens.jsonl");
    let text = fs::read_to_string(&path).expect("UTF-8");
    let mut line: Value = serde_json::from_str(text.trim()).expect("one line");
    change(line.as_object_mut().expect("an object"));
    fs::write(path, format!("{line}\n")).expect("a file");
}

/// Puts a token of the same purpose into the cache's place, which expires so many seconds from now. asc-auth signs the
/// same claims alike, and this one differs from whatever it mints.
pub fn plant(job: &Job, directory: &Path, left: i64) -> String {
    let token = read_token(&kept(directory));
    let mut claims = token.claims;
    let expires_at = now() + left;
    claims["exp"] = json!(expires_at);
    claims["iat"] = json!(expires_at - 960);
    let token = job.key.sign_token(&json!(token.header), &json!(claims));
    craft(directory, |line| {
        line["token"] = json!(token);
        line["expires_at"] = json!(expires_at);
        line["minted_at"] = json!(expires_at - 900);
    });
    token
}

pub fn change_record(directory: &Path, change: impl Fn(&mut serde_json::Map<String, Value>)) {
    let path = directory.join("credential.json");
    let mut record: Value = serde_json::from_slice(&fs::read(&path).expect("a record")).expect("JSON");
    change(record.as_object_mut().expect("an object"));
    fs::write(path, record.to_string()).expect("a file");
}

#[track_caller]
pub fn assert_good(row: &str, token: &str, key: &TestKey) -> SeenToken {
    let key = ApiKey::team(KEY_ID, ISSUER_ID, key);
    assert_eq!(judge(token, key.clone(), "/v1/apps", AUDIENCE), Ok(key), "{row}");
    let token = read_token(token);
    assert!(token.expires_at().expect("exp") > now(), "{row}: it has expired");
    token
}
