//! A scope: the one request that a scoped token is good for.

use serde::Serialize;

use super::TokenError;

/// `GET /v1/…`, with an optional query. Apple ignores `limit`, `cursor` and `sort` in matching.
/// (Apple: Generating Tokens for API Requests, "scope".)
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scope(String);

/// The resources for which Apple accepts a lifetime above 20 minutes: Xcode Cloud's, and power and
/// performance metrics and logs.
const LONG_LIVED: [&str; 14] = [
    "ciBuildActions",
    "ciBuildRuns",
    "ciIssues",
    "ciMacOsVersions",
    "ciProducts",
    "ciTestResults",
    "ciWorkflows",
    "ciXcodeVersions",
    "diagnosticSignatures",
    "perfPowerMetrics",
    "scmGitReferences",
    "scmProviders",
    "scmPullRequests",
    "scmRepositories",
];

impl Scope {
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let (method, target) = text.trim().split_once(' ').ok_or(TokenError::Scope)?;
        let target = target.trim_start();
        if method != "GET" {
            return Err(if method.bytes().all(|b| b.is_ascii_alphabetic()) {
                TokenError::ScopeMethod
            } else {
                TokenError::Scope
            });
        }
        let well_formed = target.starts_with("/v") && target.len() <= 2000;
        if !well_formed || !target.bytes().all(may_stand_in_url) {
            return Err(TokenError::Scope);
        }
        Ok(Self(format!("GET {target}")))
    }

    /// Every non-blank line of `text` as a scope, which is how an action's input gives several.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, TokenError> {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(Self::parse)
            .collect()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether Apple documents a lifetime above 20 minutes for this resource.
    pub fn may_be_long_lived(&self) -> bool {
        let path = self.0.split('?').next().unwrap_or_default();
        path.split('/').any(|segment| LONG_LIVED.contains(&segment))
    }
}

/// What a path and a query are made of; the rest is percent-encoded. (RFC 3986, 3.3 and 3.4; brackets as Apple writes them)
fn may_stand_in_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?[]%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_get_and_a_path() {
        assert_eq!(
            Scope::parse(" GET   /v1/apps?filter[platform]=IOS ").map(|s| s.as_str().to_owned()),
            Ok("GET /v1/apps?filter[platform]=IOS".to_owned())
        );
        assert_eq!(Scope::parse("POST /v1/apps"), Err(TokenError::ScopeMethod));
        for text in [
            "",
            "GET",
            "/v1/apps",
            "GET v1/apps",
            "GET https://x/v1",
            "GET /v1/a b",
            "get /v1/apps\n",
            "GET /v1/apps?x=${{secrets.X}}",
            "GET /v1/apps#x",
            "GET /v1/\u{202e}apps",
        ] {
            assert!(Scope::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_scopes_come_one_a_line() {
        let scopes = Scope::parse_lines("GET /v1/ciProducts\n\n  GET /v1/apps\n").unwrap_or_default();
        assert_eq!(scopes.len(), 2);
        assert!(scopes[0].may_be_long_lived());
        assert!(!scopes[1].may_be_long_lived());
    }
}
