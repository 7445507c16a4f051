//! App Store Connect authentication in CI.
//!
//! The binary `asc-auth` is a thin layer over this library. Five floors, each using the floors below it only:
//!
//! - [`commands`]: one file a subcommand
//! - [`handoff`] and [`connect`]: where a credential goes, and App Store Connect over HTTP
//! - [`source`] and [`token`]: where a credential comes from, and what is signed with it
//! - [`credential`]: key ID, issuer ID, private key, and how they are checked
//!
//! [`error`] and [`report`] bring the errors of every floor together; the ground is [`explanation`], [`diagnosis`],
//! [`roles`], [`convention`], [`policies`], [`clock`], [`text`], [`random`], [`private_files`], [`core_dumps`],
//! [`shortage`], [`git`] and [`terminal`].
//!
//! Without the feature `cli` only what does no I/O is left, which compiles for the browser: [`credential`], [`token`]
//! save its cache, and the tables of [`roles`], [`diagnosis`] and [`convention`].
#![forbid(unsafe_code)]

pub mod clock;
pub mod convention;
pub mod credential;
pub mod diagnosis;
pub mod explanation;
pub mod policies;
pub mod roles;
pub mod text;
pub mod token;

// What needs a machine. A browser has no files, processes or terminal, and may not call Apple.
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod commands;
#[cfg(feature = "cli")]
pub mod connect;
#[cfg(feature = "cli")]
pub mod core_dumps;
#[cfg(feature = "cli")]
pub mod error;
#[cfg(feature = "cli")]
pub mod git;
#[cfg(feature = "cli")]
pub mod handoff;
#[cfg(feature = "cli")]
pub mod private_files;
#[cfg(feature = "cli")]
pub mod random;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "cli")]
pub mod shortage;
#[cfg(feature = "cli")]
pub mod source;
#[cfg(feature = "cli")]
pub mod terminal;
#[cfg(feature = "cli")]
pub mod usage;
