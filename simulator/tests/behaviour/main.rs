//! What a client sees of the simulator, byte for byte, through a client of a few lines.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod answers;
mod client;
mod faults;
mod network;
mod web;
mod web_faults;
mod web_sessions;
