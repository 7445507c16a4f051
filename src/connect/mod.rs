//! App Store Connect over HTTP: one client, one retry budget, one diagnosis of what comes back.
//!
//! The token goes to the API root and nowhere else: no redirect is followed, and plain http is for loopback only.
//! Nothing here is set up before the first request: minting a token alone starts no runtime and no TLS.

mod accepted;
mod capabilities;
mod client;
mod error;
mod headers;
mod http;
mod retry;
mod root;
mod tls;
mod transport;
mod validate;
mod web;

use std::io;

use tokio::{runtime::Runtime, task::LocalSet};

use crate::shortage::is_shortage;

pub use accepted::{Accepted, until_accepted};
pub use capabilities::{Capability, Reach, Survey, VendorNumber, survey};
pub use client::Client;
pub use error::{ConnectError, Policy};
pub use headers::{RateLimit, parse_date, parse_retry_after};
pub use root::Root;
pub use transport::Failure;
pub use validate::{Mint, Proof, validate};
pub use web::{KeyName, LastUsed, Left, Loss, Made, NewKey, Roster, Session, TeamKey, TeamKeys, WebError};

/// Holds conversations at the same time, on this thread, and gives what came of each in their order.
pub async fn at_once<T: 'static>(
    conversations: impl IntoIterator<Item = impl Future<Output = T> + 'static>,
) -> Result<Vec<T>, ConnectError> {
    let thread = LocalSet::new();
    let held: Vec<_> = conversations
        .into_iter()
        .map(|conversation| thread.spawn_local(conversation))
        .collect();
    let all = async {
        let mut outcomes = Vec::with_capacity(held.len());
        for one in held {
            outcomes.push(one.await.map_err(|error| ConnectError::Runtime(error.to_string()))?);
        }
        Ok(outcomes)
    };
    thread.run_until(all).await
}

/// Runs one conversation to its end on this thread.
pub fn block_on<T>(conversation: impl Future<Output = T>) -> Result<T, ConnectError> {
    Ok(Thread::new()?.run(conversation))
}

/// This thread, for conversations one after the other that share their connections.
#[derive(Debug)]
struct Thread(Option<Runtime>);

impl Thread {
    fn new() -> Result<Self, ConnectError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_start(let_signals_pass)
            .build();
        Ok(Self(Some(runtime.map_err(no_runtime)?)))
    }

    fn run<T>(&self, conversation: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(runtime) => runtime.block_on(conversation),
            None => unreachable!("it has its runtime until it is dropped"),
        }
    }
}

/// What runs out may be there again later; anything else that fails here is a defect.
fn no_runtime(error: io::Error) -> ConnectError {
    if is_shortage(&error) {
        ConnectError::NoMeans(error)
    } else {
        ConnectError::Runtime(error.to_string())
    }
}

/// Names are looked up on a thread beside. A signal that is held back elsewhere must not get through there.
#[cfg(unix)]
fn let_signals_pass() {
    // If it fails, signals end the process as they would without the thread.
    let _ = nix::sys::signal::SigSet::all().thread_block();
}

#[cfg(not(unix))]
fn let_signals_pass() {}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A name that is still being looked up must not hold the process back.
            runtime.shutdown_background();
        }
    }
}
