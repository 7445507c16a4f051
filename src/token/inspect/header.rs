//! The rules for a token's header.
//! (Apple: Generating Tokens for API Requests, "Create the JWT Header".)

use serde_json::{Map, Value};

use super::{CheckKey, Findings, is_what};
use crate::credential::KeyId;

pub(super) fn judge(header: &Map<String, Value>, key: Option<&CheckKey>, findings: &mut Findings) {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if text("alg") != Some("ES256") {
        findings.refuse(
            "alg",
            format!("alg {}", is_what(header.get("alg"))),
            "Sign with ES256: App Store Connect accepts nothing else.",
        );
    }
    if text("typ") != Some("JWT") {
        findings.doubt(
            "typ",
            format!("typ {}", is_what(header.get("typ"))),
            "Apple documents “JWT”, in capital letters.",
        );
    }
    let Some(kid) = key_id(header, findings) else {
        return;
    };
    let named = key.and_then(|key| key.file_name.as_ref());
    if let Some(says) = named.and_then(|name| name.key_id.as_ref())
        && *says != kid
    {
        findings.doubt(
            "key_file_name",
            format!("kid is {kid}, and the name of the key file says {says}"),
            "Apple names a key file for its key: correct kid, or rename the file if its name is wrong.",
        );
    }
}

/// Whether it names a key as Apple does.
pub(super) fn has_key_id(header: &Map<String, Value>) -> bool {
    let kid = header.get("kid").and_then(Value::as_str);
    kid.is_some_and(|kid| KeyId::parse(kid).is_ok())
}

fn key_id(header: &Map<String, Value>, findings: &mut Findings) -> Option<KeyId> {
    const REMEDY: &str = "kid is the key ID: ten capital letters and digits, beside the key's name in Users and Access → \
                          Integrations.";
    let value = header.get("kid");
    let Some(text) = value.and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        findings.refuse("kid", format!("kid {}", is_what(value)), REMEDY);
        return None;
    };
    match KeyId::parse(text) {
        Ok(kid) if kid.as_str() == text => return Some(kid),
        Ok(_) => findings.refuse("kid", "kid has white space or quotes around it", REMEDY),
        Err(defect) => findings.refuse("kid", format!("kid {}: {defect}", is_what(value)), REMEDY),
    }
    None
}
