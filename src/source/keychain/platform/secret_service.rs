//! The Secret Service over D-Bus: GNOME Keyring, `KWallet`, KeePassXC. An item has the attributes `service` and
//! `username`. Prompts are the service's own; no bus and no service is ever started from here.

use std::{collections::HashMap, error::Error as StdError, os::unix::fs::FileTypeExt, sync::Arc};

use dbus_secret_service::Error as ServiceError;
use dbus_secret_service_keyring_store::Store;
use keyring_core::{CredentialStore, Entry, Error, Result};

use super::super::{Environment, KeychainError, PREFIX, SERVICE};

const BUS: &str = "DBUS_SESSION_BUS_ADDRESS";

/// Whether there is a session bus to connect to. libdbus would start one where there is none, by running a program;
/// an address may ask for the same.
pub(in super::super) fn find(environment: &Environment) -> std::result::Result<(), KeychainError> {
    if let Some(address) = environment.get(BUS).text() {
        let starts_a_program = |one: &str| ["autolaunch:", "unixexec:"].iter().any(|kind| one.starts_with(kind));
        return if address.split(';').any(starts_a_program) {
            Err(KeychainError::unreachable(format!(
                "{BUS} asks for a bus to be started"
            )))
        } else {
            Ok(())
        };
    }
    let has_socket = environment
        .path("XDG_RUNTIME_DIR")
        .and_then(|directory| directory.join("bus").symlink_metadata().ok())
        .is_some_and(|bus| bus.file_type().is_socket());
    if has_socket {
        Ok(())
    } else {
        Err(KeychainError::unreachable(format!(
            "{BUS} is not set, and XDG_RUNTIME_DIR has no bus"
        )))
    }
}

pub(in super::super) fn open() -> Result<Arc<CredentialStore>> {
    Ok(Store::new()?)
}

pub(in super::super) fn entry(store: &CredentialStore, name: &str) -> Result<Entry> {
    let label = format!("App Store Connect API key ({name})");
    let modifiers = HashMap::from([("label", label.as_str())]);
    store.build(SERVICE, &format!("{PREFIX}{name}"), Some(&modifiers))
}

/// The accounts of all items of the service. An item that vanishes in between is an error, never left out.
pub(in super::super) fn accounts(store: &CredentialStore) -> Result<Vec<String>> {
    let entries = store.search(&HashMap::from([("service", SERVICE)]))?;
    let mut accounts = Vec::with_capacity(entries.len());
    for entry in entries {
        accounts.extend(entry.get_attributes()?.remove("username"));
    }
    Ok(accounts)
}

/// Whether a message was not answered in the time that the library grants it.
pub(in super::super) fn is_silence(error: &Error) -> bool {
    let (Error::PlatformFailure(cause) | Error::NoStorageAccess(cause)) = error else {
        return false;
    };
    matches!(
        bus_error(&**cause),
        Some(
            "org.freedesktop.DBus.Error.NoReply"
                | "org.freedesktop.DBus.Error.Timeout"
                | "org.freedesktop.DBus.Error.TimedOut"
        )
    )
}

pub(in super::super) fn explain(cause: &(dyn StdError + Send + Sync + 'static)) -> KeychainError {
    match cause.downcast_ref() {
        Some(ServiceError::Locked | ServiceError::Prompt) => KeychainError::Locked,
        Some(ServiceError::NoResult) => KeychainError::unreachable("its service has no default collection"),
        Some(ServiceError::Unavailable) => KeychainError::unreachable("no service for it is on the D-Bus"),
        _ => match bus_error(cause).and_then(|name| name.rsplit_once('.')) {
            Some((_, "IsLocked")) => KeychainError::Locked,
            Some((_, "AccessDenied")) => KeychainError::Denied,
            Some((_, "ServiceUnknown" | "NameHasNoOwner")) => {
                KeychainError::unreachable("no service for it is on the D-Bus")
            }
            Some((_, "NoServer" | "FileNotFound" | "NoNetwork" | "Disconnected" | "BadAddress" | "AuthFailed")) => {
                KeychainError::unreachable(format!("the D-Bus can't be reached: {cause}"))
            }
            Some((kind, _)) if kind.ends_with(".Spawn") => {
                KeychainError::unreachable(format!("its service does not start: {cause}"))
            }
            _ => KeychainError::failed(cause),
        },
    }
}

/// The name of the error that came over the bus.
fn bus_error<'a>(cause: &'a (dyn StdError + Send + Sync + 'static)) -> Option<&'a str> {
    match cause.downcast_ref() {
        Some(ServiceError::Dbus(error)) => error.name(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn found(variables: &[(&str, &str)]) -> std::result::Result<(), KeychainError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        find(&Environment::Fixed(variables.collect()))
    }

    #[test]
    fn a_bus_is_found_where_libdbus_looks_for_it_without_starting_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let runtime = directory.path().to_str().expect("UTF-8");
        for none in [
            &[][..],
            &[("XDG_RUNTIME_DIR", runtime)],
            &[(BUS, ""), ("XDG_RUNTIME_DIR", runtime)],
            &[(BUS, "autolaunch:")],
            &[(BUS, "unix:path=/nowhere;autolaunch:scope=x")],
            &[(BUS, "unixexec:path=/bin/sh")],
        ] {
            assert!(
                matches!(found(none), Err(KeychainError::Unreachable { .. })),
                "{none:?}"
            );
        }

        let _socket = UnixListener::bind(directory.path().join("bus")).expect("a socket");
        for there in [[("XDG_RUNTIME_DIR", runtime)], [(BUS, "unix:path=/nowhere")]] {
            assert_eq!(found(&there), Ok(()), "{there:?}");
        }
    }

    fn over_the_bus(kind: &str) -> ServiceError {
        let name = format!("org.freedesktop.{kind}");
        ServiceError::Dbus(dbus::Error::new_custom(name, "in its words"))
    }

    #[test]
    fn every_kind_of_failure_is_told_apart() {
        let missing = |reason: &str| KeychainError::Unreachable {
            reason: reason.to_owned(),
        };
        for (error, meaning) in [
            (ServiceError::Locked, KeychainError::Locked),
            (ServiceError::Prompt, KeychainError::Locked),
            (over_the_bus("Secret.Error.IsLocked"), KeychainError::Locked),
            (over_the_bus("DBus.Error.AccessDenied"), KeychainError::Denied),
            (ServiceError::NoResult, missing("its service has no default collection")),
            (
                over_the_bus("DBus.Error.ServiceUnknown"),
                missing("no service for it is on the D-Bus"),
            ),
            (
                over_the_bus("DBus.Error.Disconnected"),
                missing("the D-Bus can't be reached: DBus error: in its words"),
            ),
            (
                over_the_bus("DBus.Error.Spawn.ChildExited"),
                missing("its service does not start: DBus error: in its words"),
            ),
            (
                over_the_bus("DBus.Error.UnknownMethod"),
                KeychainError::failed("DBus error: in its words"),
            ),
        ] {
            let told = format!("{error:?}");
            assert_eq!(explain(&error), meaning, "{told}");
            assert!(!is_silence(&Error::PlatformFailure(Box::new(error))), "{told}");
        }
        for kind in ["NoReply", "Timeout", "TimedOut"] {
            let error = over_the_bus(&format!("DBus.Error.{kind}"));
            assert!(is_silence(&Error::PlatformFailure(Box::new(error))), "{kind}");
        }
    }
}
