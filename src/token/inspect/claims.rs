//! The rules for a token's payload: whose it is, for whom, and for which requests.
//! (Apple: Generating Tokens for API Requests, "Create the JWT Payload".)

use serde_json::{Map, Value};

use super::{
    Findings, LONGEST, is_what,
    times::{self, Times},
};
use crate::{
    credential::{IssuerId, Lookalike, tidy},
    text::one_line,
    token::{Audience, Scope},
};

const CONNECT: &str = "appstoreconnect-v1";
const ENTERPRISE: &str = "apple-developer-enterprise-v1";
const KNOWN: [&str; 7] = ["iss", "sub", "iat", "exp", "aud", "scope", "bid"];

pub(super) fn judge(claims: &Map<String, Value>, audience: Audience, now: i64, findings: &mut Findings) -> Times {
    owner(claims, findings);
    audience_of(claims.get("aud"), audience, findings);
    let scopes = claims.get("scope").map(|scope| scopes(scope, findings));
    let times = times::judge(claims, scopes.as_deref(), now, findings);
    if claims.contains_key("bid") {
        findings.refuse(
            "bid",
            "there is a bid",
            "bid belongs to the App Store Server API, which is another API with other keys. Leave it out.",
        );
    }
    unknown(claims, findings);
    times
}

/// Whether neither audience nor owner is Apple's, nor what people mistake for it, such as a Team ID.
pub(super) fn is_foreign(claims: &Map<String, Value>) -> bool {
    let is_apples = |aud: &Value| {
        aud.as_str()
            .is_some_and(|aud| aud == CONNECT || aud == ENTERPRISE || aud.contains("apple.com"))
    };
    let for_apple = match claims.get("aud") {
        Some(Value::Array(entries)) => entries.iter().any(is_apples),
        Some(aud) => is_apples(aud),
        None => false,
    };
    let text = |name| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let known = [Lookalike::Uuid, Lookalike::TenCharacters].contains(&Lookalike::of(tidy(text("iss"))));
    !(for_apple || known || text("sub") == "user" || claims.contains_key("bid"))
}

/// A team key's token has `iss`, an individual key's `sub: "user"`, and none has both.
fn owner(claims: &Map<String, Value>, findings: &mut Findings) {
    match (claims.get("iss"), claims.get("sub")) {
        (None, None) => findings.refuse(
            "owner",
            "there is neither iss nor sub",
            "A team key's token has iss, the issuer ID; an individual key's has sub, “user”.",
        ),
        (Some(_), Some(_)) => findings.refuse(
            "owner",
            "there are both iss and sub",
            "A team key's token has iss and no sub; an individual key's has sub, “user”, and no iss.",
        ),
        (Some(iss), None) => issuer(iss, findings),
        (None, Some(sub)) if sub.as_str() != Some("user") => findings.refuse(
            "sub",
            format!("sub {}", is_what(Some(sub))),
            "An individual key's token has sub, “user”, literally. A team key's has iss instead.",
        ),
        (None, Some(_)) => {}
    }
}

fn issuer(iss: &Value, findings: &mut Findings) {
    const REMEDY: &str = "iss is the issuer ID: the UUID above the list of keys in Users and Access → Integrations → App \
                          Store Connect API, and not the Team ID.";
    match iss.as_str().map(|text| (text, IssuerId::parse(text))) {
        Some((text, Ok(issuer))) if issuer.as_str().eq_ignore_ascii_case(text) => {}
        Some((_, Ok(_))) => findings.refuse("iss", "iss has white space or quotes around it", REMEDY),
        Some(("", Err(_))) | None => findings.refuse("iss", format!("iss {}", is_what(Some(iss))), REMEDY),
        Some((_, Err(defect))) => {
            findings.refuse("iss", format!("iss {}: {defect}", is_what(Some(iss))), REMEDY);
        }
    }
}

fn audience_of(aud: Option<&Value>, wanted: Audience, findings: &mut Findings) {
    let (right, other) = match wanted {
        Audience::AppStoreConnect => (CONNECT, ENTERPRISE),
        Audience::Enterprise => (ENTERPRISE, CONNECT),
    };
    let what = format!("aud {}", is_what(aud));
    match aud {
        Some(Value::String(aud)) if aud == right => {}
        Some(Value::String(aud)) if aud == ENTERPRISE => findings.doubt(
            "aud_enterprise",
            what,
            "That is right for the Apple Developer Enterprise Program, at api.enterprise.developer.apple.com (--in-house). \
             App Store Connect refuses it.",
        ),
        Some(Value::String(aud)) if aud == other => findings.refuse(
            "aud",
            what,
            format!("That is App Store Connect's. The Apple Developer Enterprise Program wants “{right}”."),
        ),
        Some(Value::String(aud)) if aud == "https://appleid.apple.com" => findings.refuse(
            "aud",
            what,
            format!("That is for Sign in with Apple, with another kind of key. Write “{right}”."),
        ),
        Some(Value::Array(_)) => {
            findings.refuse("aud", what, format!("Apple wants a string: “{right}”. Set the library to write one."));
        }
        _ => findings.refuse("aud", what, format!("Write “{right}”.")),
    }
}

/// Those of the scopes that can be read.
fn scopes(value: &Value, findings: &mut Findings) -> Vec<Scope> {
    const REMEDY: &str = "scope is an array of GET requests: [\"GET /v1/apps?filter[platform]=IOS\"].";
    let Some(entries) = value.as_array() else {
        findings.refuse("scope", format!("scope {}", is_what(Some(value))), REMEDY);
        return Vec::new();
    };
    if entries.is_empty() {
        findings.refuse(
            "scope",
            "scope is an empty array",
            "It allows no request. Leave it out, or name one.",
        );
    }
    let mut scopes = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let scope = entry.as_str().map(|text| (text, Scope::parse(text)));
        match scope {
            Some((text, Ok(scope))) if scope.as_str() == text => scopes.push(scope),
            _ => findings.refuse(
                "scope",
                format!("entry {} of scope {}", index + 1, is_what(Some(entry))),
                REMEDY,
            ),
        }
    }
    scopes
}

fn unknown(claims: &Map<String, Value>, findings: &mut Findings) {
    let unknown = claims.keys().filter(|name| !KNOWN.contains(&name.as_str()));
    let names: Vec<&str> = unknown.map(String::as_str).collect();
    if !names.is_empty() {
        findings.doubt(
            "unknown_claims",
            format!("Apple does not document: {}", one_line(&names.join(", "), LONGEST)),
            "Leave out what App Store Connect does not ask for.",
        );
    }
}
