//! Promise 1: no form of a key, of a token or of a cookie is told, whatever the command, its end, its form and its place:
//! not in what it prints, nor in the CI's files, nor among the arguments of a process, nor in what it leaves on the disk.

mod arguments;
#[cfg(unix)]
mod ends;
#[cfg(unix)]
mod rows;
#[cfg(unix)]
mod scan;
#[cfg(unix)]
mod scene;

use base64::{Engine, engine::general_purpose::STANDARD};
use simulator::TestKey;

fn base64(key: &TestKey) -> String {
    STANDARD.encode(key.pem())
}

/// Half a key: enough of it to be secret.
fn truncated(key: &TestKey) -> String {
    key.pem().chars().take(150).collect()
}
