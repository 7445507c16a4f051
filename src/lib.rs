//! App Store Connect authentication in CI.
//!
//! The binary `asc-auth` is a thin layer over this library. Five floors, each using the floors below it only:
//!
//! - [`commands`]: one file a subcommand
//! - [`handoff`] and [`connect`]: where a credential goes, and App Store Connect over HTTP
//! - [`source`] and [`token`]: where a credential comes from, and what is signed with it
//! - [`credential`]: key ID, issuer ID, private key, and how they are checked
//!
//! [`error`] and [`report`] bring the errors of every floor together; the ground is
//! [`explanation`], [`roles`], [`clock`], [`text`], [`random`] and [`private_files`].
#![forbid(unsafe_code)]

pub mod cli;
pub mod clock;
pub mod commands;
pub mod connect;
pub mod credential;
pub mod error;
pub mod explanation;
pub mod git;
pub mod handoff;
pub mod private_files;
pub mod random;
pub mod report;
pub mod roles;
pub mod source;
pub mod text;
pub mod token;
pub mod usage;
