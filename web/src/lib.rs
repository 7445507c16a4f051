//! The checker page: asc-auth's own rules, compiled for the browser.
//!
//! The page (`web/page`) shows what these functions answer and decides nothing. A rule that the page needs stands in the
//! library, so that the page says what the binary says; here its answers are put together for a form that is filled in
//! bit by bit. Nothing is kept between two calls, and what was given is wiped when a call ends.
//!
//! Every answer is JSON, and the browser's from there on. What is a secret comes out only where it was asked for: a token,
//! and the key as base64.
#![forbid(unsafe_code)]

mod answer;
mod check;
mod given;
mod inspect;
mod mint;
mod prepare;
mod roles;
mod verdict;

#[cfg(test)]
mod tests;

use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use given::Given;

/// The version of asc-auth whose rules these are.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Judges the fields of a credential, each for itself and all together.
#[wasm_bindgen]
pub fn check(fields: String, key: Vec<u8>) -> String {
    json(&check::check(&Given::new(fields, key)))
}

/// What can be chosen for a workflow.
#[wasm_bindgen]
pub fn choices() -> String {
    json(&prepare::offered())
}

/// The key as a CI variable wants it, the commands that store it, and the workflow and pipeline that use it.
#[wasm_bindgen]
pub fn prepare(fields: String, key: Vec<u8>, choices: &str) -> String {
    json(&prepare::prepare(&Given::new(fields, key), &read(choices)))
}

/// Makes a token. `now` is the browser's clock, in Unix seconds.
#[wasm_bindgen]
pub fn mint(fields: String, key: Vec<u8>, wanted: &str, now: f64) -> String {
    json(&mint::mint(Given::new(fields, key), &read(wanted), seconds(now)))
}

/// Judges a token, which may be an `Authorization` header. An empty key checks no signature.
#[wasm_bindgen]
pub fn inspect(token: String, key: Vec<u8>, file_name: &str, in_house: bool, now: f64) -> String {
    let (token, key) = (Zeroizing::new(token), Zeroizing::new(key));
    json(&inspect::inspect(&token, &key, file_name, in_house, seconds(now)))
}

/// The roles that can do what a person wants to do, the least privilege first; all of them, if nothing is wanted.
#[wasm_bindgen]
pub fn roles(wanted: &str) -> String {
    json(&roles::roles(wanted))
}

/// What an answer of Apple's means.
#[wasm_bindgen]
pub fn explain(answer: String) -> String {
    json(&answer::explain(&Zeroizing::new(answer)))
}

fn json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_else(|_| unreachable!("these answers are plain JSON"))
}

/// What the page sends is its own: what it leaves out has a default.
fn read<T: DeserializeOwned + Default>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_default()
}

/// Whole Unix seconds.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a cast saturates, and a browser's clock is far from that"
)]
fn seconds(now: f64) -> i64 {
    now as i64
}
