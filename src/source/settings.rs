//! Settings that can't be read, all of them: the resolver stops at the first.

use super::{SourceError, fields, parts, places::Sources};

/// The error of every boolean and of the key type, where they can't be read.
pub fn unreadable_settings(sources: &Sources<'_>) -> Vec<SourceError> {
    let booleans = [&fields::STRICT_AUTH, &fields::BYPASS_KEYCHAIN].map(|field| sources.boolean(field).err());
    let key_type = parts::said_individual(sources).err();
    booleans.into_iter().chain([key_type]).flatten().collect()
}
