//! The payload of a token, exactly as Apple wants it.

use serde::Serialize;

use super::{Lifetime, Scope, lifetime};
use crate::credential::KeyKind;

/// How far `iat` lies in the past, in seconds: a server whose clock is behind refuses a token from the future.
const BACKDATE: u64 = 60;

/// Which of Apple's two services the token is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Audience {
    #[default]
    #[serde(rename = "appstoreconnect-v1")]
    AppStoreConnect,
    /// The Apple Developer Enterprise Program, which distributes in house.
    #[serde(rename = "apple-developer-enterprise-v1")]
    Enterprise,
}

#[derive(Debug, Serialize)]
pub(super) struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'static str>,
    pub(super) iat: i64,
    pub(super) exp: i64,
    aud: Audience,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scope: &'a [Scope],
}

impl<'a> Claims<'a> {
    /// The claims of a token that is good for `lifetime` from `now` (Unix seconds).
    pub(super) fn new(kind: &'a KeyKind, lifetime: Lifetime, scope: &'a [Scope], audience: Audience, now: i64) -> Self {
        let limit = if lifetime.needs_scope() {
            lifetime::MAX_SCOPED
        } else {
            lifetime::MAX_UNSCOPED
        };
        let backdate = BACKDATE.min(limit - lifetime.as_secs());
        let (iss, sub) = match kind {
            KeyKind::Team(issuer) => (Some(issuer.as_str()), None),
            KeyKind::Individual => (None, Some("user")),
        };
        Self {
            iss,
            sub,
            iat: now.saturating_sub_unsigned(backdate),
            exp: now.saturating_add_unsigned(lifetime.as_secs()),
            aud: audience,
            scope,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    proptest! {
        #[test]
        fn without_scopes_the_span_never_exceeds_1200_seconds(seconds in 1_u64..=1200) {
            let lifetime = Lifetime::from_secs(seconds).expect("in range");
            let claims = Claims::new(&KeyKind::Individual, lifetime, &[], Audience::AppStoreConnect, NOW);
            prop_assert!(claims.exp - claims.iat <= 1200);
            prop_assert_eq!(claims.exp, NOW + i64::try_from(seconds).expect("small"));
            prop_assert!(claims.iat <= NOW);
            prop_assert_eq!(NOW - claims.iat, 60.min(1200 - i64::try_from(seconds).expect("small")));
        }

        #[test]
        fn with_scopes_the_span_never_exceeds_180_days(seconds in 1201..=lifetime::MAX_SCOPED) {
            let scopes = [Scope::parse("GET /v1/ciProducts").expect("a scope")];
            let lifetime = Lifetime::from_secs(seconds).expect("in range");
            let claims = Claims::new(&KeyKind::Individual, lifetime, &scopes, Audience::AppStoreConnect, NOW);
            prop_assert!(claims.exp - claims.iat <= i64::try_from(lifetime::MAX_SCOPED).expect("small"));
        }
    }
}
