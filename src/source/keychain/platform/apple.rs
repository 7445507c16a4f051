//! The macOS Keychain: generic passwords in the default keychain of the user.

use std::{collections::HashMap, error::Error as StdError, sync::Arc};

use apple_native_keyring_store::keychain::Store;
use keyring_core::{CredentialStore, Entry, Error, Result};
use security_framework::base::Error as SecurityError;

use super::super::{Environment, KeychainError, PREFIX, SERVICE};

/// Every user has one, or the first operation says otherwise.
#[expect(clippy::unnecessary_wraps, reason = "the same as on Unix")]
pub(in super::super) fn find(_: &Environment) -> std::result::Result<(), KeychainError> {
    Ok(())
}

pub(in super::super) fn open() -> Result<Arc<CredentialStore>> {
    Ok(Store::new()?)
}

pub(in super::super) fn entry(store: &CredentialStore, name: &str) -> Result<Entry> {
    store.build(SERVICE, &format!("{PREFIX}{name}"), None)
}

/// The accounts of all items of the service. Their attributes are readable without a prompt.
pub(in super::super) fn accounts(store: &CredentialStore) -> Result<Vec<String>> {
    let entries = store.search(&HashMap::from([("service", SERVICE)]))?;
    let specifiers = entries.iter().filter_map(Entry::get_specifiers);
    Ok(specifiers.map(|(_, account)| account).collect())
}

/// It answers, or blocks.
pub(in super::super) fn is_silence(_: &Error) -> bool {
    false
}

/// The codes are those of Apple's `SecBase.h`.
pub(in super::super) fn explain(cause: &(dyn StdError + Send + Sync + 'static)) -> KeychainError {
    match cause.downcast_ref().map(|error: &SecurityError| error.code()) {
        // errSecInteractionNotAllowed
        Some(-25308) => KeychainError::Locked,
        // wrPermErr, errSecUserCanceled, errSecNoAccessForItem, errSecInvalidOwnerEdit, errSecReadOnly and
        // errSecAuthFailed
        Some(-61 | -128 | -25243 | -25244 | -25292 | -25293) => KeychainError::Denied,
        // errSecNotAvailable, errSecNoSuchKeychain, errSecInvalidKeychain, errSecNoDefaultKeychain
        Some(-25291 | -25294 | -25295 | -25307) => KeychainError::unreachable(cause),
        _ => KeychainError::failed(cause),
    }
}
