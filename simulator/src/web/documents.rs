//! The JSON documents that tell of keys, in the shapes of the web side.

use std::collections::BTreeSet;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde_json::{Map, Value, json};

use super::ask::Query;
use super::team_keys::TeamKey;

/// The one person who makes and revokes keys here.
const USER: &str = "0a1b2c3d-0000-4000-8000-000000000001";

/// How an answer tells whose key it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProviderShape {
    /// In the relationship, and in `included` if that was asked for.
    #[default]
    Included,
    /// In the relationship only.
    RelationshipOnly,
    /// Not at all.
    Missing,
}

/// One key, with its private half where that is handed out.
pub(crate) fn one(key: &TeamKey, private_half: Option<&str>, query: &Query, shape: ProviderShape) -> Value {
    let data = resource(key, private_half, query, shape);
    document(&data, std::slice::from_ref(key), query, shape)
}

/// All of `keys`.
pub(crate) fn list(keys: &[TeamKey], query: &Query, shape: ProviderShape) -> Value {
    let data: Value = keys.iter().map(|key| resource(key, None, query, shape)).collect();
    let mut document = document(&data, keys, query, shape);
    document["meta"] = json!({ "paging": { "total": keys.len(), "limit": 2000 } });
    document
}

fn document(data: &Value, keys: &[TeamKey], query: &Query, shape: ProviderShape) -> Value {
    let mut document = json!({ "data": data });
    if query.includes_any() {
        document["included"] = included(keys, query, shape);
    }
    document
}

fn resource(key: &TeamKey, private_half: Option<&str>, query: &Query, shape: ProviderShape) -> Value {
    let provider = match shape {
        ProviderShape::Included | ProviderShape::RelationshipOnly => {
            json!({ "data": { "type": "contentProviders", "id": key.issuer_id } })
        }
        ProviderShape::Missing => json!({}),
    };
    let user = json!({ "type": "users", "id": USER });
    json!({
        "type": "apiKeys",
        "id": key.id,
        "attributes": attributes(key, private_half, query),
        "relationships": {
            "provider": provider,
            "createdBy": { "data": user },
            "revokedBy": { "data": key.revoked_at.map(|_| user.clone()) },
        },
    })
}

fn attributes(key: &TeamKey, private_half: Option<&str>, query: &Query) -> Map<String, Value> {
    let roles: Vec<&str> = key.roles.iter().map(|role| role.name()).collect();
    let mut all = vec![
        ("nickname", json!(key.nickname)),
        ("roles", json!(roles)),
        ("allAppsVisible", json!(true)),
        ("keyType", json!("PUBLIC_API")),
        ("canDownload", json!(key.can_download)),
        ("isActive", json!(key.active)),
        ("lastUsed", json!(key.last_used.map(time))),
        ("revokingDate", json!(key.revoked_at.map(time))),
    ];
    all.extend(private_half.map(|text| ("privateKey", json!(text))));
    all.into_iter()
        .filter(|(name, _)| query.admits(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn included(keys: &[TeamKey], query: &Query, shape: ProviderShape) -> Value {
    let mut items = Vec::new();
    if query.includes("provider") && shape == ProviderShape::Included {
        let issuers: BTreeSet<&str> = keys.iter().map(|key| key.issuer_id.as_str()).collect();
        let provider = |id| json!({ "type": "contentProviders", "id": id, "attributes": { "name": "Example" } });
        items.extend(issuers.into_iter().map(provider));
    }
    if query.includes("createdBy") || query.includes("revokedBy") {
        items.push(json!({
            "type": "users",
            "id": USER,
            "attributes": { "username": "owner@example.com", "firstName": "Olive", "lastName": "Owner" },
        }));
    }
    items.into()
}

/// As Apple writes it: `2026-05-04T01:12:33.000-07:00`.
fn time(time: SystemTime) -> String {
    let cupertino = TimeZone::fixed(offset(-7));
    let time = Timestamp::try_from(time).expect("a time of this age");
    time.to_zoned(cupertino)
        .strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_time_has_milliseconds_and_an_offset() {
        let at = UNIX_EPOCH + Duration::from_millis(1_777_882_353_070);
        assert_eq!(time(at), "2026-05-04T01:12:33.070-07:00");
    }
}
