//! App Store Connect's web side, which makes, lists and revokes team keys for a person who is signed in.
//!
//! It has no token: a session's cookies go along, to the host they belong to and nowhere else. The API behind it
//! (`iris`) is Apple's private one, as its own page uses it, so nothing that comes back is taken for granted.

mod documents;
mod error;
mod name;
mod session;
mod team_keys;
mod visit;

pub use documents::{LastUsed, Roster, TeamKey};
pub use error::{Left, Loss, WebError};
pub use name::KeyName;
pub use session::Session;
pub use team_keys::{Made, NewKey, TeamKeys};
