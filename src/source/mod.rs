//! Where a credential comes from: flags, the Action's inputs, the environment.
//!
//! One resolver serves every command. It never guesses, and it remembers the origin of every field.

mod environment;
mod error;
pub mod fields;
mod judge;
mod key_material;
mod places;
mod resolve;

pub use environment::{Environment, Presence};
pub use error::{Mix, SourceError};
pub use places::{Field, Flags, Origin, Sources, parse_bool};
pub use resolve::{Origins, Resolved, resolve};
