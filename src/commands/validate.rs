//! `asc-auth validate`: prove that the credential works.

use serde::Serialize;

use super::options;
use crate::{
    cli::ValidateArgs,
    connect::{Proof, RateLimit},
    credential::IssuerId,
    error::Error,
    explanation::Fact,
    policies::Policies,
    report::Console,
    source::{AuthDir, Environment, Resolved, Sources},
    text::one_line,
    token::{Lifetime, TokenRequest},
};

#[derive(Serialize)]
struct Validated<'a> {
    valid: bool,
    key_id: &'a str,
    key_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_id: Option<&'a str>,
    /// Milliseconds.
    elapsed_ms: u128,
    rate_limit: Option<RateLimit>,
    /// Seconds that this machine's clock is ahead of Apple's.
    clock_skew: Option<i64>,
    /// What was held besides.
    policies: &'a Policies,
    facts: Vec<Fact>,
    notes: &'a [String],
    warnings: &'a [String],
}

/// Resolves the credential, asks Apple, reports.
pub(super) fn run(args: &ValidateArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let flags = args.flags();
    let sources = Sources::new(&flags, false, environment)?.with_auth_dir();
    let auth_dir = AuthDir::named(&sources)?;
    let (root, audience) = options::api_root(&sources, args.credential.in_house, auth_dir.as_ref())?;
    let policies = options::policies(&sources)?;
    let budget = args.policy.budget()?;
    let request = TokenRequest::new(Lifetime::BRIEF, Vec::new(), audience)?;
    let resolved = options::resolve(&sources, auth_dir.as_ref(), console)?;
    resolved.check_key()?;
    let proof = options::prove(root, budget, &resolved, &policies, &request, console)?;

    if console.is_json() {
        let credential = &resolved.credential;
        return console.json(&Validated {
            valid: true,
            key_id: credential.key_id.as_str(),
            key_type: credential.kind.name(),
            issuer_id: credential.kind.issuer_id().map(IssuerId::as_str),
            elapsed_ms: proof.elapsed.as_millis(),
            rate_limit: proof.rate_limit,
            clock_skew: proof.skew.map(|skew| skew.0),
            policies: &proof.policies,
            facts: resolved.facts(),
            notes: &resolved.notes,
            warnings: &resolved.warnings,
        });
    }
    let mut lines = lines_of(&resolved);
    lines.extend(proof_lines(&proof));
    console.report("App Store Connect: the credential works", &lines);
    Ok(())
}

/// What is used, and where it came from.
pub(super) fn lines_of(resolved: &Resolved) -> Vec<String> {
    let facts = resolved.facts().into_iter().map(|fact| line(&fact.label, &fact.text));
    facts
        .chain(resolved.notes.iter().map(|note| line("note", note)))
        .collect()
}

/// What Apple said.
pub(super) fn proof_lines(proof: &Proof) -> Vec<String> {
    let left = proof.rate_limit.map_or_else(String::new, |rate| {
        format!(
            "; {} of {} requests left this hour",
            thousands(rate.remaining),
            thousands(rate.limit)
        )
    });
    let clock = match proof.skew {
        None => "unknown: the answer had no date".to_owned(),
        Some(skew) if skew.is_tolerable() && !skew.is_in_step() => {
            format!("{}, within bounds", skew.describe())
        }
        Some(skew) => skew.describe(),
    };
    let mut lines = vec![
        line(
            "validated",
            &format!("GET /v1/apps → 200 in {} ms{left}", proof.elapsed.as_millis()),
        ),
        line("clock", &clock),
    ];
    if let Some(app) = &proof.policies.expect_app {
        lines.push(line("policy", &format!("sees the app {}", one_line(app, 155))));
    }
    if proof.policies.forbid_admin {
        lines.push(line("policy", "can't list users, so it is no Admin key"));
    }
    if let Some(root) = proof.root.unless_apple() {
        lines.push(line("API root", &root));
    }
    lines
}

pub(super) fn line(label: &str, text: &str) -> String {
    format!("  {label:<9}  {text}")
}

/// `3412` as `3,412`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 3412, 1_234_567].map(thousands),
            ["0", "999", "1,000", "3,412", "1,234,567"]
        );
    }
}
