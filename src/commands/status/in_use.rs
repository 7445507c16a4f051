//! What is used here: the resolver's answer, and in words how it came about.

use std::rc::Rc;

use super::options;
use crate::{
    error::Error,
    report::Console,
    source::{
        AUTH_DIR, AuthDir, Origin, Resolved, Sources, fields,
        profiles::{Inventory, StoredIn},
    },
};

pub(super) struct InUse {
    pub(super) resolved: Rc<Resolved>,
    pub(super) whence: Whence,
}

/// Where it comes from, as a whole.
pub(super) enum Whence {
    Profile {
        name: String,
        stored_in: StoredIn,
        /// Who named it, if it is not the default.
        named_by: Option<Origin>,
    },
    /// A `setup` before.
    AuthDir,
    /// At least one flag.
    CommandLine,
    Environment,
}

impl InUse {
    pub(super) fn find(sources: &Sources<'_>, console: Console) -> Result<Self, Error> {
        let auth_dir = AuthDir::named(sources)?;
        let resolved = options::resolve(sources, auth_dir.as_ref(), console)?;
        let origins = &resolved.origins;
        let whence = match &origins.private_key {
            Origin::Profile { name, stored_in } if is_all_of(&resolved) => Whence::Profile {
                name: name.clone(),
                stored_in: stored_in.clone(),
                named_by: sources.text(&fields::PROFILE).map(|(origin, _)| origin),
            },
            Origin::Variable(AUTH_DIR) => Whence::AuthDir,
            _ if all(&resolved).iter().any(|origin| matches!(origin, Origin::Flag(_))) => Whence::CommandLine,
            _ => Whence::Environment,
        };
        Ok(Self {
            resolved: Rc::new(resolved),
            whence,
        })
    }

    /// What it is called in the place of a profile's name.
    pub(super) fn name(&self) -> &'static str {
        match self.whence {
            Whence::Profile { .. } => "(profile)",
            Whence::AuthDir => "(earlier setup)",
            Whence::CommandLine => "(command line)",
            Whence::Environment => "(environment)",
        }
    }

    /// What is used and why, as it follows `used here: `.
    pub(super) fn why(&self, inventory: &Inventory) -> String {
        let origins: Vec<String> = all(&self.resolved).iter().map(ToString::to_string).collect();
        let what = origins.join(", ");
        match &self.whence {
            Whence::Profile {
                named_by: Some(origin), ..
            } => format!("{what}, because {origin} names it"),
            Whence::Profile { .. } => match &inventory.default {
                Some(default) => format!("{what}, because {}", default.said_by.reason()),
                None => what,
            },
            Whence::AuthDir => format!("{what}, which an earlier setup left"),
            Whence::CommandLine | Whence::Environment => what,
        }
    }
}

/// Whether all of it is from where its key is from. The name of the key file is a part of that.
fn is_all_of(resolved: &Resolved) -> bool {
    let key = &resolved.origins.private_key;
    let mut origins = all(resolved).into_iter();
    origins.all(|origin| origin == key || matches!(origin, Origin::FileName(_)))
}

/// The places that it is put together from, each once.
fn all(resolved: &Resolved) -> Vec<&Origin> {
    let origins = &resolved.origins;
    let mut all = vec![&origins.key_id];
    for origin in origins.issuer_id.iter().chain([&origins.private_key]) {
        if !all.contains(&origin) {
            all.push(origin);
        }
    }
    all
}
