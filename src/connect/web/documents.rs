//! What the web side answers: resources of JSON:API, of which nothing but the `data` is sure to be there.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::name::LONGEST;
use crate::{
    credential::{IssuerId, KeyId},
    diagnosis::Conceal,
    text::one_line,
};

/// Most active keys that a team can have. (Apple: Creating API Keys for App Store Connect API)
pub(super) const MOST_ACTIVE: usize = 50;

/// The keys of a team, the active ones first.
#[derive(Clone, Debug)]
pub struct Roster {
    pub keys: Vec<TeamKey>,
    /// The team that they belong to. `None` if that is not said, as where there is no key.
    pub team: Option<IssuerId>,
}

/// A key as App Store Connect tells of it. Its texts are one line each.
#[derive(Clone, Debug)]
pub struct TeamKey {
    pub id: String,
    pub name: String,
    /// Apple's names, such as `APP_MANAGER`.
    pub roles: Vec<String>,
    /// Whether tokens of it are accepted. What is not said to be revoked counts as active.
    pub is_active: bool,
    /// Whether nobody has its private half yet. `None` if that is not said.
    pub can_download: Option<bool>,
    pub last_used: LastUsed,
    /// The name as it came, to be compared and never shown.
    pub nickname: String,
}

/// When Apple last accepted a token of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LastUsed {
    Never,
    At(Timestamp),
    /// Apple says something that is no date.
    Unclear,
}

impl Serialize for LastUsed {
    /// RFC 3339, or null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(at) => serializer.collect_str(at),
            Self::Never | Self::Unclear => serializer.serialize_none(),
        }
    }
}

impl Roster {
    /// How many active keys a team may have.
    pub const LIMIT: usize = MOST_ACTIVE;

    pub fn find(&self, id: &str) -> Option<&TeamKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub fn active(&self) -> impl Iterator<Item = &TeamKey> {
        self.keys.iter().filter(|key| key.is_active)
    }

    pub(super) fn parse(json: &[u8], conceal: &Conceal<'_>) -> Option<Self> {
        let document: Document<Vec<Resource>> = serde_json::from_slice(json).ok()?;
        let team = team_of(&document.included, document.data.iter());
        let mut keys: Vec<TeamKey> = document.data.into_iter().map(|key| key.into_key(conceal)).collect();
        keys.sort_by_key(|key| Reverse(key.is_active));
        Some(Self { keys, team })
    }
}

/// A document with one resource or several.
#[derive(Deserialize)]
pub(super) struct Document<T> {
    pub(super) data: T,
    #[serde(default)]
    included: Vec<Included>,
}

#[derive(Deserialize)]
pub(super) struct Resource {
    id: String,
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    relationships: Relationships,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Attributes {
    nickname: Option<String>,
    roles: Option<Vec<String>>,
    pub(super) is_active: Option<bool>,
    pub(super) can_download: Option<bool>,
    last_used: Option<String>,
    /// Base64 of the PEM.
    pub(super) private_key: Option<Zeroizing<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationships {
    provider: Relationship,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationship {
    data: Option<Identifier>,
}

#[derive(Deserialize)]
struct Identifier {
    id: String,
}

#[derive(Deserialize)]
struct Included {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

impl Document<Resource> {
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The team that the key belongs to.
    pub(super) fn issuer(&self) -> Option<IssuerId> {
        team_of(&self.included, [&self.data].into_iter())
    }

    /// Its ID, if that is one: it becomes the name of a file.
    pub(super) fn key_id(&self) -> Option<KeyId> {
        KeyId::parse(&self.data.id).ok()
    }
}

/// The first team that is included, or that a key says it belongs to.
fn team_of<'a>(included: &[Included], mut keys: impl Iterator<Item = &'a Resource>) -> Option<IssuerId> {
    let mut included = included.iter().filter(|item| item.kind == "contentProviders");
    let related = |key: &Resource| IssuerId::parse(&key.relationships.provider.data.as_ref()?.id).ok();
    included
        .find_map(|item| IssuerId::parse(&item.id).ok())
        .or_else(|| keys.find_map(related))
}

impl Resource {
    /// Its texts are shown, and a server may put into them what it got.
    fn into_key(self, conceal: &Conceal<'_>) -> TeamKey {
        let line = |text: &str| one_line(&conceal(text), LONGEST);
        let attributes = self.attributes;
        TeamKey {
            id: line(&self.id),
            name: attributes.nickname.as_deref().map(line).unwrap_or_default(),
            nickname: attributes.nickname.unwrap_or_default(),
            roles: attributes
                .roles
                .unwrap_or_default()
                .iter()
                .map(|role| line(role))
                .collect(),
            is_active: attributes.is_active.unwrap_or(true),
            can_download: attributes.can_download,
            last_used: match attributes.last_used.as_deref() {
                None | Some("") => LastUsed::Never,
                Some(text) => text.parse().map_or(LastUsed::Unclear, LastUsed::At),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_roster_is_read_whatever_is_missing() {
        let json = json!({"data": [
            {"id": "OLDOLDOLD1", "attributes": {"isActive": false, "nickname": "a\n::error::b"}},
            {"id": "2X9R4QWVK6", "attributes": {
                "nickname": "CI", "roles": ["DEVELOPER"], "isActive": true, "canDownload": false,
                "lastUsed": "2026-05-04T01:12:33.000-07:00", "keyType": "PUBLIC_API",
            }},
            {"type": "apiKeys", "id": "BAREBARE12"},
        ]});
        let roster = Roster::parse(json.to_string().as_bytes(), &str::to_owned).expect("a roster");
        let ids: Vec<&str> = roster.keys.iter().map(|key| key.id.as_str()).collect();
        assert_eq!(ids, ["2X9R4QWVK6", "BAREBARE12", "OLDOLDOLD1"]);
        let at = "2026-05-04T08:12:33Z".parse().expect("a time");
        assert_eq!(roster.keys[0].last_used, LastUsed::At(at));
        assert_eq!(roster.keys[1].last_used, LastUsed::Never);
        assert_eq!(roster.keys[1].can_download, None);
        assert_eq!(roster.keys[2].name, "a ::error::b");
        assert_eq!(roster.active().count(), 2);
        for json in ["", "{}", "<html>", r#"{"data":{}}"#] {
            assert!(Roster::parse(json.as_bytes(), &str::to_owned).is_none(), "{json}");
        }
    }

    #[test]
    fn the_issuer_is_included_or_related() {
        let id = "57246542-96fe-1a63-e053-0824d011072a";
        let related = json!({"provider": {"data": {"type": "contentProviders", "id": id}}});
        for json in [
            json!({"data": {"id": "2X9R4QWVK6"}, "included": [{"type": "users", "id": "x"}, {"type": "contentProviders", "id": id}]}),
            json!({"data": {"id": "2X9R4QWVK6", "relationships": related}}),
            json!({"data": {"id": "2X9R4QWVK6", "relationships": related}, "included": [{"type": "contentProviders", "id": "1234"}]}),
        ] {
            let document = Document::parse(json.to_string().as_bytes()).expect("a document");
            assert_eq!(
                document.issuer().map(|issuer| issuer.to_string()).as_deref(),
                Some(id),
                "{json}"
            );
        }
        let json = json!({"data": {"id": "../../x"}});
        let document = Document::parse(json.to_string().as_bytes()).expect("a document");
        assert!(document.issuer().is_none() && document.key_id().is_none());
    }
}
