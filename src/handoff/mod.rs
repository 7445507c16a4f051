//! Where a credential goes: the private directory, the log's masks, the CI's own channels.
//!
//! The order is fixed: mask, record, create, write, hand over. What fails half-way is taken back.

mod conventions;
mod error;
mod github;
mod mask;
mod private_dir;
mod random;

pub use conventions::{
    Convention, FASTLANE_JSON, Handed, fastlane_json, key_file_name, parse_list as parse_conventions,
};
pub use error::HandoffError;
pub use github::{Annotation, GitHub, Handover, annotate, masks};
pub use mask::{forms_of_key, forms_of_token};
pub use private_dir::{PrivateDir, Removal, remove};
