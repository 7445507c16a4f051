//! What `setup` says: the report, the job's summary, and the same as JSON.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    commands::{
        session::Session,
        validate::{line, lines_of, proof_lines},
    },
    connect::Proof,
    handoff::Channel,
    policies::Policies,
};

/// What was handed over, without the token: for `--output json`.
#[derive(Serialize)]
pub(super) struct HandedOver {
    pub(super) key_id: String,
    pub(super) key_type: &'static str,
    pub(super) issuer_id: Option<String>,
    pub(super) key_path: String,
    pub(super) key_dir: String,
    /// Where a shell finds all of it.
    pub(super) env_file: Option<String>,
    /// RFC 3339, UTC.
    pub(super) token_expires_at: Timestamp,
    pub(super) rate_limit_remaining: Option<u64>,
    /// Seconds that this machine's clock is ahead of Apple's.
    pub(super) clock_skew: Option<i64>,
    validated: bool,
    /// What was held besides, if it was validated.
    policies: Option<Policies>,
    warnings: Vec<String>,
}

impl HandedOver {
    pub(super) fn new(session: &Session<'_>) -> Self {
        let proof = session.order.proof;
        let credential = &session.order.resolved.credential;
        Self {
            key_id: credential.key_id.to_string(),
            key_type: credential.kind.name(),
            issuer_id: credential.kind.issuer_id().map(ToString::to_string),
            key_path: session.key_path.display().to_string(),
            key_dir: session.directory.path().display().to_string(),
            env_file: None,
            token_expires_at: session.token.expires(),
            rate_limit_remaining: proof.and_then(|proof| proof.rate_limit).map(|rate| rate.remaining),
            clock_skew: proof.and_then(|proof| proof.skew).map(|skew| skew.0),
            validated: proof.is_some(),
            policies: proof.map(|proof| proof.policies.clone()),
            warnings: session.order.resolved.warnings.clone(),
        }
    }
}

/// One line for the job's summary page.
pub(super) fn summary(record: &HandedOver, proof: Option<&Proof>) -> String {
    let proof = match proof {
        None => "not validated".to_owned(),
        Some(proof) if proof.root.is_apple() => "accepted by Apple".to_owned(),
        Some(proof) => format!("accepted by {}", proof.root.host()),
    };
    format!(
        "App Store Connect: {} key `{}`, {proof}, token until {:.0}\n",
        record.key_type, record.key_id, record.token_expires_at
    )
}

pub(super) fn report_lines(session: &Session<'_>, channel: &Channel) -> Vec<String> {
    let mut lines = lines_of(session.order.resolved);
    match session.order.proof {
        Some(proof) => lines.extend(proof_lines(proof)),
        None => lines.push(line("validated", "no: validation is switched off")),
    }
    let (token, key_file) = match channel {
        Channel::GitHub(_) => (
            "steps.<id>.outputs.token",
            "steps.<id>.outputs.key-path, removed when the job ends",
        ),
        Channel::Azure => ("$(ASC_TOKEN)", "ASC_PRIVATE_KEY_PATH, until asc-auth cleanup"),
        Channel::Shell => ("ASC_TOKEN", "ASC_PRIVATE_KEY_PATH, until asc-auth cleanup"),
    };
    lines.push(line("token", &format!("{} → {token}", validity(session))));
    lines.push(line("key file", &format!("→ {key_file}")));
    lines
}

/// `until 14:32:10 UTC (15 min)`.
fn validity(session: &Session<'_>) -> String {
    let request = session.order.request;
    let expires = session.token.expires();
    let time = if request.lifetime().needs_scope() {
        expires.to_string()
    } else {
        format!("{} UTC", time_of_day(expires))
    };
    let scoped = match request.scopes().len() {
        0 => String::new(),
        1 => ", for 1 request".to_owned(),
        n => format!(", for {n} requests"),
    };
    format!("until {time} ({}{scoped})", request.lifetime().describe())
}

/// `14:32:10`, out of the RFC 3339 form.
fn time_of_day(timestamp: Timestamp) -> String {
    let text = timestamp.to_string();
    let time = text.split_once('T').map_or(text.as_str(), |(_, time)| time);
    time.trim_end_matches('Z').to_owned()
}
