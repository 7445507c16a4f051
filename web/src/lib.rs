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
#[cfg(target_arch = "wasm32")]
pub mod exports;
mod given;
mod inspect;
mod mint;
mod prepare;
mod roles;
#[cfg(test)]
mod tests;
mod verdict;

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use given::Given;

/// An answer, as JSON.
pub type Json = Zeroizing<String>;

/// No answer is larger, in bytes: a text that grows leaves copies behind.
const LARGEST_ANSWER: usize = 64 * 1024;

/// The version of asc-auth whose rules these are.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Judges the fields of a credential, each for itself and all together.
pub fn check(fields: String, key: Vec<u8>) -> Json {
    json(&check::check(&Given::new(fields, key)))
}

/// What can be chosen for a workflow.
pub fn choices() -> Json {
    json(&prepare::offered())
}

/// The key as a CI variable wants it, the commands that store it, and the workflow and pipeline that use it.
pub fn prepare(fields: String, key: Vec<u8>, choices: &str) -> Json {
    json(&prepare::prepare(&Given::new(fields, key), &read(choices)))
}

/// Makes a token. `now` is the browser's clock, in Unix seconds.
pub fn mint(fields: String, key: Vec<u8>, wanted: &str, now: f64) -> Json {
    json(&mint::mint(Given::new(fields, key), &read(wanted), seconds(now)))
}

/// Judges a token, which may be an `Authorization` header. An empty key checks no signature.
pub fn inspect(token: String, key: Vec<u8>, file_name: &str, in_house: bool, now: f64) -> Json {
    let (token, key) = (Zeroizing::new(token), Zeroizing::new(key));
    json(&inspect::inspect(&token, &key, file_name, in_house, seconds(now)))
}

/// The roles that can do what a person wants to do, the least privilege first; all of them, if nothing is wanted.
pub fn roles(wanted: &str) -> Json {
    json(&roles::roles(wanted))
}

/// What an answer of Apple's means.
pub fn explain(answer: String) -> Json {
    json(&answer::explain(&Zeroizing::new(answer)))
}

fn json(answer: &impl Serialize) -> Json {
    let mut json = Zeroizing::new(Vec::with_capacity(LARGEST_ANSWER));
    let written = serde_json::to_writer(&mut *json, answer).map(|()| String::from_utf8(std::mem::take(&mut *json)));
    match written {
        Ok(Ok(json)) => Zeroizing::new(json),
        _ => unreachable!("these answers are plain JSON"),
    }
}

/// What the page sends is its own. Were it ever unreadable, no answer is better than one to another question.
fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|_| unreachable!("the page writes plain JSON"))
}

/// Whole Unix seconds.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a cast saturates, and a browser's clock is far from that"
)]
fn seconds(now: f64) -> i64 {
    now as i64
}
