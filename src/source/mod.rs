//! Where a credential comes from: flags, the Action's inputs, the environment, the directory of an earlier `setup`,
//! stored profiles.
//!
//! One resolver serves every command. It never guesses, and it remembers the origin of every field.

mod auth_dir;
mod environment;
mod error;
pub mod fields;
mod judge;
mod key_material;
mod keychain;
mod missing;
mod mix;
mod parts;
mod places;
pub mod profiles;
mod resolve;
mod resolved;
mod settings;

pub use auth_dir::{AUTH_DIR, AuthDir, PRIVATE_PREFIX, RECORD, Record, fit_directory, is_private_name};
pub use environment::{Environment, Presence};
pub use error::{SourceError, Stored};
pub use key_material::{holds_key, read_key_file};
pub use keychain::{Keychain, KeychainError, Payload, Replacement};
pub use mix::Mix;
pub use places::{Field, Flags, Origin, Sources, parse_bool};
pub use resolve::{resolve, resolve_profile};
pub use resolved::{Origins, Resolved};
pub use settings::unreadable_settings;
