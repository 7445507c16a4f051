//! The Windows Credential Manager: generic credentials of the user, on this machine only. An item has one name, its
//! target, in which the asc CLI puts `keyring:` before the service and the account.

use std::{collections::HashMap, error::Error as StdError, sync::Arc};

use keyring_core::{CredentialStore, Entry, Error, Result};
use windows_native_keyring_store::Store;

use super::super::{Environment, KeychainError, PREFIX, SERVICE};

/// Every logon session has one, or the first operation says otherwise.
#[expect(clippy::unnecessary_wraps, reason = "the same as on Unix")]
pub(in super::super) fn find(_: &Environment) -> std::result::Result<(), KeychainError> {
    Ok(())
}

pub(in super::super) fn open() -> Result<Arc<CredentialStore>> {
    Ok(Store::new()?)
}

pub(in super::super) fn entry(store: &CredentialStore, name: &str) -> Result<Entry> {
    let target = format!("{}{PREFIX}{name}", target_prefix());
    // A private key does not roam to the user's other machines.
    let modifiers = HashMap::from([("target", target.as_str()), ("persistence", "Local")]);
    store.build(SERVICE, name, Some(&modifiers))
}

/// The accounts of all items of the service.
pub(in super::super) fn accounts(store: &CredentialStore) -> Result<Vec<String>> {
    let prefix = target_prefix();
    let pattern = format!("^{prefix}");
    let mut accounts = Vec::new();
    for entry in store.search(&HashMap::from([("pattern", pattern.as_str())]))? {
        let target = entry.get_attributes()?.remove("target_name");
        accounts.extend(target.and_then(|target| Some(target.strip_prefix(&prefix)?.to_owned())));
    }
    Ok(accounts)
}

/// It answers, or blocks.
pub(in super::super) fn is_silence(_: &Error) -> bool {
    false
}

pub(in super::super) fn explain(cause: &(dyn StdError + Send + Sync + 'static)) -> KeychainError {
    match cause.to_string().as_str() {
        "Windows ERROR_NO_SUCH_LOGON_SESSION" => KeychainError::unreachable("there is no logon session"),
        // ERROR_ACCESS_DENIED
        "Windows error code 5" => KeychainError::Denied,
        other => KeychainError::failed(other),
    }
}

fn target_prefix() -> String {
    format!("keyring:{SERVICE}:")
}
