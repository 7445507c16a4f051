//! What a test hands to the program under test: keys, certificates, a proxy. All of it is made at
//! run time; nothing is stored in the repository.

pub mod forms;
pub(crate) mod ids;
pub(crate) mod key;
pub(crate) mod proxy;
pub(crate) mod tls;
pub mod vectors;
