//! The web side: what App Store Connect's own pages do with team keys, below `/iris/v1/apiKeys`, on the same port and in
//! the same key store as the API. It acts for a person who is signed in, and must never answer one who is not.

mod answers;
mod ask;
mod documents;
mod gate;
mod handle;
mod new_key;
mod routes;
mod session;
mod state;
mod team_keys;

pub use ask::WebStep;
pub use documents::ProviderShape;
pub use gate::WebRefusal;
pub(crate) use routes::router;
pub use session::{WebRole, WebSession};
pub(crate) use state::Web;
pub use team_keys::TeamKey;
