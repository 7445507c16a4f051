//! What the simulator saw: every request, what was in its token, and how it was answered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::limits::REMEMBERED;
use crate::verify::Refusal;
use crate::web::{WebRefusal, WebStep};

/// A token as it came, decoded, whether or not it was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenToken {
    /// The whole token, exactly as sent.
    pub raw: String,
    /// Its decoded header.
    pub header: Map<String, Value>,
    /// Its decoded payload.
    pub claims: Map<String, Value>,
    /// Whether its signature is that of the key its `kid` names.
    pub signature_verified: bool,
}

impl SeenToken {
    /// Decodes a compact JWS; None when it isn't three base64url parts with JSON objects in front.
    pub(crate) fn read(raw: &str) -> Option<Self> {
        let [header, claims, _signature] = raw.split('.').collect::<Vec<_>>().try_into().ok()?;
        let object = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice::<Map<String, Value>>(&bytes).ok()
        };
        Some(Self {
            raw: raw.to_owned(),
            header: object(header)?,
            claims: object(claims)?,
            signature_verified: false,
        })
    }

    /// The signed text and the signature's bytes.
    pub(crate) fn signed_parts(&self) -> Option<(&str, Vec<u8>)> {
        let (signed, signature) = self.raw.rsplit_once('.')?;
        Some((signed, URL_SAFE_NO_PAD.decode(signature).ok()?))
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.claims.get("sub")?.as_str()
    }

    /// `aud`, if it is a string.
    pub fn audience(&self) -> Option<&str> {
        self.claims.get("aud")?.as_str()
    }

    /// `iat`, in seconds since 1970, if it is a whole number.
    pub fn issued_at(&self) -> Option<i64> {
        self.claims.get("iat")?.as_i64()
    }

    /// `exp`, in seconds since 1970, if it is a whole number.
    pub fn expires_at(&self) -> Option<i64> {
        self.claims.get("exp")?.as_i64()
    }

    /// `scope`, if it is an array of strings.
    pub fn scope(&self) -> Option<Vec<&str>> {
        self.claims
            .get("scope")?
            .as_array()?
            .iter()
            .map(Value::as_str)
            .collect()
    }
}

/// One request and its answer. It is recorded before the first byte of the answer is sent, so
/// whoever has an answer finds its request here.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenRequest {
    pub method: String,
    pub path: String,
    /// The raw query, without `?`.
    pub query: Option<String>,
    /// Every header in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The token that came in `Authorization: Bearer`, if it could be decoded.
    pub token: Option<SeenToken>,
    /// The true reason why the token is no good, which Apple's body never tells.
    pub refusal: Option<Refusal>,
    /// What it asked of the web side. None for the API, and where the connection was reset before the request had an
    /// effect.
    pub web_step: Option<WebStep>,
    /// The true reason why the web side refused it, also where a fault answered in its place.
    pub web_refusal: Option<WebRefusal>,
    /// The names of the cookies that came and are none of the session's.
    pub foreign_cookies: Vec<String>,
    /// The body of a request to the web side, if it has one.
    pub body: Option<String>,
    /// The status answered; None when the connection was reset instead.
    pub status: Option<u16>,
    /// The `code` in Apple's error body, if that was the answer.
    pub code: Option<String>,
}

impl SeenRequest {
    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(seen, _)| seen == name)
            .map(|(_, value)| value.as_str())
    }

    /// `User-Agent`.
    pub fn user_agent(&self) -> Option<&str> {
        self.header("user-agent")
    }
}

/// The requests so far, oldest first.
#[derive(Debug, Default)]
pub(crate) struct SeenLog {
    requests: Mutex<VecDeque<SeenRequest>>,
}

impl SeenLog {
    pub(crate) fn record(&self, request: SeenRequest) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    pub(crate) fn all(&self) -> Vec<SeenRequest> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().cloned().collect()
    }
}
