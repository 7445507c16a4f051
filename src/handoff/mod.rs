//! Where a credential goes: the private directory, the log's masks, the CI's own channels.
//!
//! The order is fixed: mask, record, create, write, hand over. What fails half-way is taken back.

mod azure;
mod channel;
mod child;
mod ci;
mod conventions;
mod error;
mod github;
mod journal;
mod key_folder;
mod leftovers;
mod mask;
mod owner;
mod place;
mod private_dir;
mod redact;
mod shell;
mod variables;

pub use azure::{annotate as annotate_azure, masks as masks_for_azure, set_variables};
pub use channel::Channel;
pub use child::{Program, Signals, Task, run_child};
pub use ci::{Ci, refuse_debug_trace};
pub use conventions::{FASTLANE_JSON, Handed, every_variable, fastlane_json};
pub use error::HandoffError;
pub use github::{Annotation, GitHub, Handover, annotate as annotate_github, masks as masks_for_github};
pub use journal::{Journal, Plan, Progress};
pub use key_folder::{KeyFolder, read_key, rescue};
pub use leftovers::{Leftover, leftovers, remove_leftover};
pub use mask::{forms_of_key, forms_of_token};
pub use owner::{For, Owners};
pub use place::Place;
pub use private_dir::{PrivateDir, Removal, remove};
pub use redact::{Redactor, Secrets};
pub use shell::write_env_file;
pub use variables::{Variable, exported, session};
