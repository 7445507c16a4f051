//! The rules for a token's signature, which is never told: only its length and whether it is good.

use serde::Serialize;

use super::{
    Findings,
    parts::{self, Parts},
};
use crate::credential::{KeyFileName, PublicKey};

/// `r` and `s` of P-256, 32 bytes each. (RFC 7518, 3.4)
const LENGTH: usize = 64;

/// The key that a token is to be signed by, and what its file's name says.
#[derive(Clone, Debug)]
pub struct CheckKey {
    pub public: PublicKey,
    pub file_name: Option<KeyFileName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureState {
    /// No key was given.
    NotChecked,
    Valid,
    Invalid,
}

pub(super) fn judge(parts: &Parts<'_>, key: Option<&CheckKey>, findings: &mut Findings) -> SignatureState {
    let state = |good| match (key, good) {
        (None, _) => SignatureState::NotChecked,
        (Some(_), true) => SignatureState::Valid,
        (Some(_), false) => SignatureState::Invalid,
    };
    let Some(part) = parts.signature else {
        return state(false);
    };
    if part.is_empty() {
        findings.refuse("signature", "it is not signed", "Sign it with ES256 and the key's .p8.");
        return state(false);
    }
    let Some(signature) = parts::bytes(part, "signature", findings) else {
        return state(false);
    };
    if signature.len() != LENGTH {
        length(&signature, findings);
        return state(false);
    }
    let good = key.is_some_and(|key| key.public.has_signed(parts.signed.as_bytes(), &signature));
    if key.is_some() && !good {
        findings.refuse(
            "signature",
            "the signature is not this key's",
            "It was signed with another key, or changed afterwards. kid must be the ID of the key that signs.",
        );
    }
    state(good)
}

fn length(signature: &[u8], findings: &mut Findings) {
    if is_der(signature) {
        findings.refuse(
            "signature_der",
            "the signature is in DER, as OpenSSL writes it",
            "A JWT wants r and s one after the other, 64 bytes (RFC 7518, 3.4). Convert it, or use a JWT library; in \
             Node.js: dsaEncoding: 'ieee-p1363'.",
        );
    } else {
        findings.refuse(
            "signature_length",
            format!("the signature has {} bytes, where ES256 has 64", signature.len()),
            "It was cut off, or made with another algorithm or curve: the key must be EC on P-256.",
        );
    }
}

/// A SEQUENCE of all that follows, which begins with an INTEGER.
fn is_der(signature: &[u8]) -> bool {
    matches!(signature, [0x30, length, 0x02, rest @ ..] if usize::from(*length) == rest.len() + 1)
}
