//! What the resolver found: the credential, and where each of its fields came from. What is told of it is never secret.

use super::{SourceError, places::Origin};
use crate::{
    credential::{Credential, KeyKind, PrivateKey},
    explanation::Fact,
};

/// The credential that will be used, and everything worth saying about how it was found.
#[derive(Debug)]
pub struct Resolved {
    pub credential: Credential,
    pub origins: Origins,
    /// The kind that this key would be if it is not the kind it was said to be, as far as it is known.
    pub other_kind: Option<KeyKind>,
    /// What was tidied or overridden, in one sentence each.
    pub notes: Vec<String>,
    /// What strict-auth would have refused, and what could not be asked, in one sentence each.
    pub warnings: Vec<String>,
}

/// Where each field came from.
#[derive(Debug)]
pub struct Origins {
    pub key_id: Origin,
    pub issuer_id: Option<Origin>,
    pub key_type: Origin,
    pub private_key: Origin,
}

impl Resolved {
    /// The credential for people, without anything secret: what each field is and where it came from.
    pub fn facts(&self) -> Vec<Fact> {
        let fact = |label: &str, text: String| Fact {
            label: label.to_owned(),
            text,
        };
        let credential = &self.credential;
        let mut facts = vec![fact(
            "key",
            format!(
                "{} ({} key), from {}",
                credential.key_id,
                credential.kind.name(),
                self.origins.key_id
            ),
        )];
        if let (Some(issuer), Some(origin)) = (credential.kind.issuer_id(), &self.origins.issuer_id) {
            facts.push(fact("issuer", format!("{}, from {origin}", issuer.short())));
        }
        facts.push(fact(
            ".p8",
            format!(
                "{}, from {}: {}",
                PrivateKey::WELL_FORMED,
                self.origins.private_key,
                credential.private_key.form()
            ),
        ));
        facts
    }

    /// Compares the private key with the public one that came with it (see [`PrivateKey::check`]).
    pub fn check_key(&self) -> Result<(), SourceError> {
        self.credential.private_key.check().map_err(|defect| SourceError::Key {
            origin: self.origins.private_key.clone(),
            defect,
        })
    }
}
