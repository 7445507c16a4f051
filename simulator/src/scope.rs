//! A token's scopes: which requests they allow, and which of them allow a long life.
//! Apple: Generating Tokens for API Requests.

use form_urlencoded::parse;

use crate::verify::Call;

/// Parameters that Apple leaves out when it matches a request against a scope.
const IGNORED: [&str; 3] = ["cursor", "limit", "sort"];

/// First path segments after the version whose resources may have tokens of up to 180 days.
const XCODE_CLOUD: [&str; 12] = [
    "ciBuildActions",
    "ciBuildRuns",
    "ciIssues",
    "ciMacOsVersions",
    "ciProducts",
    "ciTestResults",
    "ciWorkflows",
    "ciXcodeVersions",
    "scmGitReferences",
    "scmProviders",
    "scmPullRequests",
    "scmRepositories",
];

/// One entry of a token's `scope`: `GET /v1/apps?filter[platform]=IOS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    path: String,
    parameters: Vec<(String, String)>,
}

impl Scope {
    /// None when the text isn't `GET`, one space, and an absolute path with an optional query.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let target = text.strip_prefix("GET ")?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let readable = path.starts_with('/') && !target.contains(char::is_whitespace);
        readable.then(|| Self {
            path: path.to_owned(),
            parameters: parameters(query),
        })
    }

    pub(crate) fn allows(&self, call: &Call<'_>) -> bool {
        call.method == "GET" && call.path == self.path && parameters(call.query.unwrap_or_default()) == self.parameters
    }

    /// Xcode Cloud's resources, and power and performance metrics and logs.
    pub(crate) fn may_live_long(&self) -> bool {
        let segments: Vec<&str> = self.path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            [_, "apps" | "builds", _, "perfPowerMetrics"]
            | [_, "builds", _, "diagnosticSignatures"]
            | [_, "diagnosticSignatures", _, "logs"] => true,
            [_, resource, ..] => XCODE_CLOUD.contains(resource),
            _ => false,
        }
    }
}

/// The parameters that count, decoded, in one order.
fn parameters(query: &str) -> Vec<(String, String)> {
    let mut parameters: Vec<_> = parse(query.as_bytes())
        .into_owned()
        .filter(|(name, _)| !IGNORED.contains(&name.as_str()))
        .collect();
    parameters.sort();
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(scope: &str, path: &str, query: Option<&str>) -> bool {
        Scope::read(scope).unwrap().allows(&Call {
            method: "GET",
            path,
            query,
        })
    }

    #[test]
    fn paging_and_sorting_are_ignored_in_matching() {
        assert!(allows("GET /v1/apps", "/v1/apps", Some("limit=1&sort=name")));
        assert!(allows("GET /v1/apps?limit=5", "/v1/apps", None));
    }

    #[test]
    fn other_parameters_must_match_in_any_order_and_encoding() {
        let scope = "GET /v1/apps?filter[bundleId]=a.b&fields[apps]=name";
        assert!(allows(
            scope,
            "/v1/apps",
            Some("fields%5Bapps%5D=name&filter%5BbundleId%5D=a.b")
        ));
        assert!(!allows(
            scope,
            "/v1/apps",
            Some("filter[bundleId]=a.c&fields[apps]=name")
        ));
        assert!(!allows("GET /v1/apps", "/v1/apps", Some("filter[bundleId]=a.b")));
        assert!(!allows("GET /v1/apps", "/v1/users", None));
    }

    #[test]
    fn only_get_and_an_absolute_path_can_be_read() {
        for text in [
            "POST /v1/apps",
            "get /v1/apps",
            "GET v1/apps",
            "GET  /v1/apps",
            "/v1/apps",
            "",
        ] {
            assert_eq!(Scope::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_long_life_is_for_xcode_cloud_and_metrics() {
        let long = |text| Scope::read(text).unwrap().may_live_long();
        assert!(long("GET /v1/ciProducts"));
        assert!(long("GET /v1/ciWorkflows/1/buildRuns"));
        assert!(long("GET /v1/apps/1/perfPowerMetrics"));
        assert!(!long("GET /v1/apps"));
        assert!(!long("GET /v1/users"));
    }
}
