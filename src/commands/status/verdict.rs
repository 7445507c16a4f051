//! What a table has room for of a failure: a few words. The whole diagnosis stands below it.

use crate::{connect::ConnectError, diagnosis::Forbidden, error::Error, source::SourceError};

/// A few words without a full stop.
pub(super) fn of(error: &Error) -> String {
    let words = match error {
        Error::Connect(error) => return of_connect(error),
        Error::Source(error) => match error {
            SourceError::KeyFile { reason, .. } => return format!("key file: {reason}"),
            SourceError::Missing { .. } => "incomplete",
            SourceError::Id { what, .. } => return format!("malformed {what}"),
            SourceError::Swapped { .. } => "IDs swapped",
            SourceError::Key { .. } | SourceError::KeyInPath { .. } => "unusable key",
            SourceError::InAppPurchaseKey { .. } => "In-App Purchase key",
            SourceError::ProfileKind { .. } => "unknown key type",
            SourceError::Mixed(_) => "contradictory",
            SourceError::Keychain(_) => "unreadable",
            _ => "unusable",
        },
        _ => "unusable",
    };
    words.to_owned()
}

fn of_connect(error: &ConnectError) -> String {
    let words = match error {
        ConnectError::Refused(_) => "refused (401)",
        ConnectError::Forbidden { why, .. } => match why {
            Forbidden::Role => "forbidden: role",
            Forbidden::Agreement => "forbidden: agreement",
            Forbidden::Membership => "forbidden: membership",
            Forbidden::Unknown => "forbidden (403)",
        },
        ConnectError::Unreachable { root, .. } => return format!("no connection to {}", root.host()),
        ConnectError::Unavailable { status, .. } => return format!("unavailable ({status})"),
        ConnectError::Redirected { .. } | ConnectError::NotApple { .. } => "not Apple's answer",
        _ => "not proved",
    };
    words.to_owned()
}
