//! Apple's rules for a token, applied to one request. A pure function of the token, the request,
//! the known keys and the server's clock; it finds the true reason for a refusal, which the
//! simulator records for the tests and, like Apple, never tells the client.
//!
//! Rules: Apple's "Generating Tokens for API Requests" and what tools report from practice.

use std::fmt;

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value};

use crate::keys::{ApiKey, KeyStore, Owner};
use crate::scope::Scope;
use crate::seen::SeenToken;

/// Most seconds a token without scopes may live, and may expire after the server's now.
const LIFETIME: i64 = 20 * 60;

/// Most seconds a token may live whose scopes allow a long life.
const LONG_LIFETIME: i64 = 180 * 24 * 60 * 60;

/// The request that a token came with.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// The raw query, without `?`.
    pub query: Option<&'a str>,
}

/// What a token is measured against.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The server's clock, in seconds since 1970.
    pub now: i64,
    /// The audience it answers to, `appstoreconnect-v1` unless it plays the Enterprise Program.
    pub audience: String,
}

/// Why a token is refused, most basic reason first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No `Authorization: Bearer` header.
    NoToken,
    /// Not a compact JWS of JSON objects.
    Malformed,
    /// `alg` isn't ES256.
    Algorithm,
    /// `typ` isn't JWT.
    Type,
    /// No key has this `kid`, or there is none.
    UnknownKey,
    /// The key was revoked.
    RevokedKey,
    /// Another key signed it, or it was altered.
    Signature,
    /// `aud` isn't the one string expected.
    Audience,
    /// A team key without `iss`.
    IssuerMissing,
    /// A team key with another team's `iss`.
    IssuerWrong,
    /// An individual key with `iss`.
    IssuerUnexpected,
    /// A team key with `sub`.
    SubjectUnexpected,
    /// An individual key without `sub: "user"`.
    SubjectMissing,
    /// `bid`, which belongs to the App Store Server API.
    BundleClaim,
    /// `exp` is missing, or `exp` or `iat` isn't a whole number.
    Times,
    /// `exp` is not after now.
    Expired,
    /// `iat` is after now.
    IssuedInFuture,
    /// `exp` is more than 20 minutes after now.
    ExpiresTooLate,
    /// `exp − iat` is more than 20 minutes.
    LivesTooLong,
    /// `scope` isn't an array of `GET <path>[?query]`.
    ScopeMalformed,
    /// No scope allows this request.
    ScopeMismatch,
    /// More than 20 minutes with a scope that doesn't allow it, or more than 180 days.
    ScopeLivesTooLong,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoToken => "no bearer token",
            Self::Malformed => "not a JSON Web Token",
            Self::Algorithm => "alg is not ES256",
            Self::Type => "typ is not JWT",
            Self::UnknownKey => "unknown key ID",
            Self::RevokedKey => "the key was revoked",
            Self::Signature => "the signature is not this key's",
            Self::Audience => "wrong audience",
            Self::IssuerMissing => "a team key's token without iss",
            Self::IssuerWrong => "iss is another team's",
            Self::IssuerUnexpected => "an individual key's token with iss",
            Self::SubjectUnexpected => "a team key's token with sub",
            Self::SubjectMissing => "an individual key's token without sub \"user\"",
            Self::BundleClaim => "bid belongs to the App Store Server API",
            Self::Times => "exp is missing, or exp or iat is not a whole number",
            Self::Expired => "expired",
            Self::IssuedInFuture => "iat is in the future",
            Self::ExpiresTooLate => "exp is more than 20 minutes away",
            Self::LivesTooLong => "exp - iat is more than 20 minutes",
            Self::ScopeMalformed => "scope is not an array of GET requests",
            Self::ScopeMismatch => "no scope allows this request",
            Self::ScopeLivesTooLong => "lives longer than its scopes allow",
        })
    }
}

/// Judges a token for a call: the key it proves, or the first reason against it. Notes in `token`
/// whether the signature is good as soon as that is known.
pub fn verify(token: &mut SeenToken, call: &Call<'_>, keys: &KeyStore, rules: &Rules) -> Result<ApiKey, Refusal> {
    check_header(&token.header)?;
    let (key, active) = token
        .key_id()
        .and_then(|key_id| keys.find(key_id))
        .ok_or(Refusal::UnknownKey)?;
    token.signature_verified = signed_by(token, &key);
    demand(active, Refusal::RevokedKey)?;
    demand(token.signature_verified, Refusal::Signature)?;
    demand(token.audience() == Some(&rules.audience), Refusal::Audience)?;
    check_owner(&token.claims, &key.owner)?;
    demand(!token.claims.contains_key("bid"), Refusal::BundleClaim)?;
    let life = Life::read(&token.claims, rules.now)?;
    match token.claims.get("scope") {
        None => life.check_unscoped()?,
        Some(scope) => life.check_scoped(&read_scopes(scope)?, call)?,
    }
    Ok(key)
}

fn demand(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

fn check_header(header: &Map<String, Value>) -> Result<(), Refusal> {
    let is = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
    demand(is("alg", "ES256"), Refusal::Algorithm)?;
    demand(is("typ", "JWT"), Refusal::Type)
}

fn signed_by(token: &SeenToken, key: &ApiKey) -> bool {
    let parts = token.signed_parts();
    parts.is_some_and(|(signed, signature)| is_signature(signed, &signature, &key.public_key))
}

/// Whether ring takes this text for a token that the owner of this key signed, whatever it claims. The key is an
/// uncompressed point.
pub fn is_signed_by(token: &str, public_key: &[u8]) -> bool {
    let token = SeenToken::read(token).filter(|token| check_header(&token.header).is_ok());
    let parts = token.as_ref().and_then(SeenToken::signed_parts);
    parts.is_some_and(|(signed, signature)| is_signature(signed, &signature, public_key))
}

fn is_signature(signed: &str, signature: &[u8], public_key: &[u8]) -> bool {
    let public_key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key);
    public_key.verify(signed.as_bytes(), signature).is_ok()
}

fn check_owner(claims: &Map<String, Value>, owner: &Owner) -> Result<(), Refusal> {
    let (iss, sub) = (claims.get("iss"), claims.get("sub"));
    match owner {
        Owner::Team { issuer_id } => {
            let iss = iss.ok_or(Refusal::IssuerMissing)?;
            demand(iss.as_str() == Some(issuer_id), Refusal::IssuerWrong)?;
            demand(sub.is_none(), Refusal::SubjectUnexpected)
        }
        Owner::Individual => {
            demand(iss.is_none(), Refusal::IssuerUnexpected)?;
            demand(sub.and_then(Value::as_str) == Some("user"), Refusal::SubjectMissing)
        }
    }
}

/// A token's times, in seconds, as Apple sees them.
struct Life {
    /// `exp` minus the server's now.
    left: i64,
    /// `exp − iat`, or what is left if there is no `iat`.
    span: i64,
}

impl Life {
    fn read(claims: &Map<String, Value>, now: i64) -> Result<Self, Refusal> {
        let whole = |value: &Value| value.as_i64().ok_or(Refusal::Times);
        let exp = claims.get("exp").ok_or(Refusal::Times).and_then(whole)?;
        let iat = claims.get("iat").map(whole).transpose()?.unwrap_or(now);
        let life = Self {
            left: exp.saturating_sub(now),
            span: exp.saturating_sub(iat),
        };
        demand(life.left > 0, Refusal::Expired)?;
        demand(iat <= now, Refusal::IssuedInFuture)?;
        Ok(life)
    }

    fn check_unscoped(&self) -> Result<(), Refusal> {
        demand(self.left <= LIFETIME, Refusal::ExpiresTooLate)?;
        demand(self.span <= LIFETIME, Refusal::LivesTooLong)
    }

    fn check_scoped(&self, scopes: &[Scope], call: &Call<'_>) -> Result<(), Refusal> {
        // Since iat is not in the future, the span is never shorter than what is left.
        let long = scopes.iter().all(Scope::may_live_long);
        let most = if long { LONG_LIFETIME } else { LIFETIME };
        demand(self.span <= most, Refusal::ScopeLivesTooLong)?;
        demand(scopes.iter().any(|scope| scope.allows(call)), Refusal::ScopeMismatch)
    }
}

fn read_scopes(scope: &Value) -> Result<Vec<Scope>, Refusal> {
    let entries = scope.as_array().ok_or(Refusal::ScopeMalformed)?;
    let read = |entry: &Value| entry.as_str().and_then(Scope::read);
    entries
        .iter()
        .map(read)
        .collect::<Option<_>>()
        .ok_or(Refusal::ScopeMalformed)
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
