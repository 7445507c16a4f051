//! The redactor: what a child prints passes through, and every secret in it becomes `***`.
//!
//! It works on bytes and on their order only: what is no secret is never changed, delayed for long or dropped. It
//! must never write a secret that it knows, however the secret was wrapped, cut, or spread over writes.

mod finder;
mod forms;
mod stream;

pub use finder::Secrets;
pub use stream::Redactor;

/// Fewer bytes of a secret than this are no secret: they would be found in innocent text.
const SHORTEST: usize = 8;
