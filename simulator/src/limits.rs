//! The bounds that keep a misbehaving client, or a forgotten simulator, from growing without end.

use std::time::Duration;

/// Connections served at once; more wait in the listen queue.
pub(crate) const CONNECTIONS: usize = 256;

/// How long a client may take over its request head, also between two requests.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The largest request head.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;

/// The largest body of a request to the web side.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// How long one connection or tunnel may live in all.
pub(crate) const CONNECTION_LIFETIME: Duration = Duration::from_secs(600);

/// Requests remembered; the oldest are forgotten first.
pub(crate) const REMEMBERED: usize = 10_000;

/// The largest body a huge-body fault sends.
pub(crate) const HUGE_BODY_BYTES: u64 = 1 << 30;
