//! A loopback App Store Connect for tests, the end-to-end runs and the demo. It verifies real
//! ES256 tokens with `ring`, another library than the one asc-auth signs with, applies Apple's
//! rules to them, answers with Apple's literal bodies and headers, and breaks on request. Its web
//! side makes and revokes team keys for whoever is signed in, in the same key store.
//!
//! It binds loopback only, knows only keys made at run time, and is never shipped.
//!
//! ```
//! use simulator::{ApiKey, Role, Simulator, TestKey};
//!
//! let apple = Simulator::start();
//! let key = TestKey::generate();
//! apple.register(ApiKey::team("2X9R4QWVK6", "57246542-96fe-1a63-e053-0824d011072a", &key)
//!     .with_roles([Role::AppManager]));
//! // … run what is under test against `apple.url()` with `key.pem()` …
//! assert!(apple.requests().is_empty());
//! ```

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "test equipment: a panic is how it reports that a test can't go on"
)]

mod answers;
mod background;
mod bodies;
mod connection;
mod faults;
mod gate;
mod keys;
mod limits;
mod material;
mod meeting;
mod paging;
mod routes;
mod scope;
mod seen;
mod simulator;
mod state;
mod verify;
mod web;

pub use faults::Fault;
pub use keys::{ApiKey, KeyStore, Owner, Role};
pub use material::forms;
pub use material::ids::{random_issuer_id, random_key_id};
pub use material::key::TestKey;
pub use material::proxy::{ConnectProxy, ProxyRequest};
pub use material::tls::{CertificateAuthority, ServerIdentity};
pub use material::vectors;
pub use seen::{SeenRequest, SeenToken};
pub use simulator::{Builder, Simulator};
pub use state::{App, TeamState};
pub use verify::{Call, Refusal, Rules, is_signed_by, verify};
pub use web::{ProviderShape, TeamKey, WebRefusal, WebRole, WebSession, WebStep};
