//! What differs from one system's keychain to the next: which store it is, how an item is named there, and what the
//! store's errors mean. On macOS and Windows the items are the asc CLI's own. On the Secret Service it keeps them in a
//! collection and a wrapping of its own; there they are named as everybody else names them, and never shared with it.

#[cfg(target_os = "macos")]
mod apple;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "macos")]
use apple as system;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service as system;
#[cfg(windows)]
use windows as system;

use keyring_core::Error;

use super::KeychainError;

pub(super) use system::{accounts, entry, find, is_silence, open};

/// What the store's error means; it happened to the profile `name`, or to no single one. What a store says may hold
/// what it read, so only the systems' own words are passed on.
pub(super) fn explain(error: &Error, name: &str) -> KeychainError {
    match error {
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => system::explain(&**cause),
        Error::Ambiguous(_) => KeychainError::Ambiguous { name: name.to_owned() },
        Error::BadEncoding(_) | Error::BadDataFormat(..) => KeychainError::Damaged { name: name.to_owned() },
        Error::TooLong(..) => KeychainError::failed("the profile is longer than it takes"),
        Error::Invalid(..) => KeychainError::failed("it takes no profile of this name"),
        // The item was there a moment ago.
        Error::NoEntry => KeychainError::failed("another program changes it at the same time"),
        _ => KeychainError::failed("its client library failed"),
    }
}
