//! `asc-auth setup`: check the key, prove it, and hand a token and a private key file to the steps that follow.

use std::{
    env,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    options,
    validate::{line, lines_of, proof_lines},
};
use crate::{
    cli::SetupArgs,
    clock::Clock,
    connect::{Policies, Proof},
    error::Error,
    handoff::{self, Convention, GitHub, Handed, HandoffError, Handover, PrivateDir, forms_of_token},
    report::Console,
    source::{Environment, Resolved, Sources, fields},
    token::{Audience, Token, TokenRequest, mint},
};

/// The CI step: resolve → mask → prove → mint → write the key file → hand over → report.
pub(super) fn run(args: &SetupArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    if !console.is_github() {
        return Err(HandoffError::NoCi.into());
    }
    let github = GitHub::open(environment)?;
    let flags = args.flags();
    let sources = Sources::new(&flags, args.action_inputs, environment)?;
    let (root, audience) = options::api_root(&sources, args.credential.in_house)?;
    let request = options::token_request(&sources, audience)?;
    let wishes = Wishes::read(&sources)?;
    let budget = args.policy.budget()?;

    let resolved = options::resolve(&sources, console)?;
    resolved.check_key()?;
    if let Some(warning) = options::token_warning(&request) {
        console.warn(&warning);
    }

    // Before the first request: whatever outlives a cancel from here on has its directory taken away.
    let directory = PrivateDir::create(github.temp(), GitHub::TEMP, |path| github.record_private_dir(path))?;
    let proof = if wishes.validate {
        let request = request.for_proof();
        Some(options::prove(
            root,
            budget,
            &resolved,
            &wishes.policies,
            &request,
            console,
        )?)
    } else {
        None
    };
    let token = token_to_hand_over(&resolved, &request, proof.as_ref(), console)?;

    let files = write_files(&directory, &resolved, &request, audience, &wishes.export)?;
    let handed = hand_over(
        &github,
        &resolved,
        &token,
        proof.as_ref(),
        &directory,
        &files,
        &wishes.export,
    )?;
    directory.hand_over();

    if console.is_json() {
        return console.json(&handed);
    }
    console.report(
        "App Store Connect: ready",
        &report_lines(&resolved, &request, &token, proof.as_ref()),
    );
    Ok(())
}

/// What only `setup` is asked for.
struct Wishes {
    validate: bool,
    policies: Policies,
    export: Vec<Convention>,
}

impl Wishes {
    fn read(sources: &Sources<'_>) -> Result<Self, Error> {
        let wishes = Self {
            validate: sources.boolean(&fields::VALIDATE)?.unwrap_or(true),
            policies: options::policies(sources)?,
            export: match sources.text(&fields::EXPORT) {
                Some((_, text)) => handoff::parse_conventions(&text)?,
                None => Vec::new(),
            },
        };
        if !wishes.validate && (wishes.policies.expect_app.is_some() || wishes.policies.forbid_admin) {
            return Err(Error::Usage {
                what: "expect-app and forbid-admin need validation, which is switched off".to_owned(),
                advice: "Leave validate on, or leave the two out: a check that is never made must not look like one."
                    .to_owned(),
            });
        }
        Ok(wishes)
    }
}

/// The token that Apple has just accepted, if it is the one that was asked for; else a new one by Apple's clock.
fn token_to_hand_over(
    resolved: &Resolved,
    request: &TokenRequest,
    proof: Option<&Proof>,
    console: Console,
) -> Result<Token, Error> {
    if let Some(proof) = proof
        && request.scopes().is_empty()
        && proof.token_has_right_clock()
    {
        return Ok(proof.token.clone());
    }
    let clock = proof.map_or_else(Clock::default, |proof| proof.clock);
    let credential = &resolved.credential;
    let token = mint(credential, &credential.kind, request, clock.now());
    console.mask(|| forms_of_token(&token)).map_err(Error::Output)?;
    Ok(token)
}

/// The files of the private directory.
struct Files {
    key: PathBuf,
    fastlane_json: Option<PathBuf>,
}

fn write_files(
    directory: &PrivateDir,
    resolved: &Resolved,
    request: &TokenRequest,
    audience: Audience,
    export: &[Convention],
) -> Result<Files, HandoffError> {
    let credential = &resolved.credential;
    let pem = credential.private_key.to_pem();
    let name = handoff::key_file_name(&credential.key_id, &credential.kind);
    let key = directory.write(&name, pem.as_bytes())?;
    let fastlane_json = if export.contains(&Convention::Fastlane) {
        let in_house = audience == Audience::Enterprise;
        let json = handoff::fastlane_json(
            &credential.key_id,
            &credential.kind,
            &pem,
            request.lifetime().as_secs(),
            in_house,
        );
        Some(directory.write(handoff::FASTLANE_JSON, &json)?)
    } else {
        None
    };
    Ok(Files { key, fastlane_json })
}

/// What was handed over, without the token: for `--output json`.
#[derive(Serialize)]
struct HandedOver {
    key_id: String,
    key_type: &'static str,
    issuer_id: Option<String>,
    key_path: String,
    key_dir: String,
    /// RFC 3339, UTC.
    token_expires_at: Timestamp,
    rate_limit_remaining: Option<u64>,
    /// Seconds that this machine's clock is ahead of Apple's.
    clock_skew: Option<i64>,
    validated: bool,
    /// What was held besides, if it was validated.
    policies: Option<Policies>,
    warnings: Vec<String>,
}

fn hand_over(
    github: &GitHub,
    resolved: &Resolved,
    token: &Token,
    proof: Option<&Proof>,
    directory: &PrivateDir,
    files: &Files,
    export: &[Convention],
) -> Result<HandedOver, Error> {
    let credential = &resolved.credential;
    let handed = Handed {
        key_id: &credential.key_id,
        kind: &credential.kind,
        key_path: &files.key,
        directory: directory.path(),
        fastlane_json: files.fastlane_json.as_deref(),
    };
    let mut variables = vec![("ASC_AUTH_DIR", directory.path().display().to_string())];
    for convention in export {
        variables.extend(convention.variables(&handed)?);
    }

    let record = HandedOver {
        key_id: credential.key_id.to_string(),
        key_type: credential.kind.name(),
        issuer_id: credential.kind.issuer_id().map(ToString::to_string),
        key_path: files.key.display().to_string(),
        key_dir: directory.path().display().to_string(),
        token_expires_at: token.expires(),
        rate_limit_remaining: proof.and_then(|proof| proof.rate_limit).map(|rate| rate.remaining),
        clock_skew: proof.and_then(|proof| proof.skew).map(|skew| skew.0),
        validated: proof.is_some(),
        policies: proof.map(|proof| proof.policies.clone()),
        warnings: resolved.warnings.clone(),
    };
    let expires_at = record.token_expires_at.to_string();
    let remaining = record
        .rate_limit_remaining
        .map(|number| number.to_string())
        .unwrap_or_default();
    let skew = record.clock_skew.map(|number| number.to_string()).unwrap_or_default();
    let json_path = files
        .fastlane_json
        .as_deref()
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    let binary = env::current_exe().ok();
    github.hand_over(&Handover {
        outputs: vec![
            ("token", token.secret()),
            ("token-expires-at", &expires_at),
            ("key-id", &record.key_id),
            ("issuer-id", record.issuer_id.as_deref().unwrap_or_default()),
            ("key-type", record.key_type),
            ("key-path", &record.key_path),
            ("key-dir", &record.key_dir),
            ("api-key-json-path", &json_path),
            ("rate-limit-remaining", &remaining),
            ("clock-skew", &skew),
        ],
        environment: variables.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        path: binary.as_deref().and_then(directory_for_path),
        summary: &summary(&record, proof),
    })?;
    Ok(record)
}

/// The binary's directory, if a later step finds it there as `asc-auth`.
fn directory_for_path(binary: &Path) -> Option<&Path> {
    let is_ours = binary.file_stem().is_some_and(|stem| stem == "asc-auth");
    binary.parent().filter(|_| is_ours)
}

fn summary(record: &HandedOver, proof: Option<&Proof>) -> String {
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

fn report_lines(resolved: &Resolved, request: &TokenRequest, token: &Token, proof: Option<&Proof>) -> Vec<String> {
    let mut lines = lines_of(resolved);
    match proof {
        Some(proof) => lines.extend(proof_lines(proof)),
        None => lines.push(line("validated", "no: validation is switched off")),
    }
    let time = if request.lifetime().needs_scope() {
        token.expires().to_string()
    } else {
        format!("{} UTC", time_of_day(token.expires()))
    };
    let scoped = match request.scopes().len() {
        0 => String::new(),
        1 => ", for 1 request".to_owned(),
        n => format!(", for {n} requests"),
    };
    lines.push(line(
        "token",
        &format!(
            "until {time} ({}{scoped}) → steps.<id>.outputs.token",
            request.lifetime().describe()
        ),
    ));
    lines.push(line(
        "key file",
        "→ steps.<id>.outputs.key-path, removed when the job ends",
    ));
    lines
}

/// `14:32:10`, out of the RFC 3339 form.
fn time_of_day(timestamp: Timestamp) -> String {
    let text = timestamp.to_string();
    let time = text.split_once('T').map_or(text.as_str(), |(_, time)| time);
    time.trim_end_matches('Z').to_owned()
}
