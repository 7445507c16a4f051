//! The options that several commands share, read from flags and inputs.

use std::{
    io::{self, Read},
    time::Duration,
};

use crate::{
    cli::{PolicyArgs, TimeoutArgs},
    clock::{Clock, Skew},
    connect::{Client, ConnectError, Proof, Root, block_on, validate},
    convention::Convention,
    credential::{KeyKind, PrivateKey},
    error::Error,
    handoff::{forms_of_key, forms_of_token},
    policies::{Idle, Policies},
    report::Console,
    source::{
        self, AuthDir, Environment, Flags, Resolved, SourceError, Sources, fields,
        profiles::{ProfileName, Profiles},
    },
    token::{Audience, Lifetime, Scope, Token, TokenRequest, mint, parse_seconds},
};

/// Where the API is, and which of Apple's two services it is: the one that was asked for, now or when `before` was made.
pub(super) fn api_root(
    sources: &Sources<'_>,
    in_house: bool,
    before: Option<&AuthDir>,
) -> Result<(Root, Audience), ConnectError> {
    let asked = if in_house || before.is_some_and(|before| before.in_house) {
        Audience::Enterprise
    } else {
        Audience::AppStoreConnect
    };
    let root = Root::api(sources.text(&fields::API_URL), asked)?;
    let audience = if root.is_enterprise() {
        Audience::Enterprise
    } else {
        asked
    };
    Ok((root, audience))
}

/// What is asked for, and where nothing is said, what the `setup` before was asked for.
pub(super) fn token_request(
    sources: &Sources<'_>,
    audience: Audience,
    before: Option<&AuthDir>,
) -> Result<TokenRequest, Error> {
    let before = before.map(|before| request_of(before, audience)).transpose()?;
    let lifetime = match (sources.text(&fields::LIFETIME), &before) {
        (Some((_, text)), _) => Lifetime::parse(&text)?,
        (None, Some(before)) => before.lifetime(),
        (None, None) => Lifetime::DEFAULT,
    };
    let scopes = match (sources.text(&fields::SCOPE), &before) {
        (Some((_, text)), _) => Scope::parse_lines(&text)?,
        (None, Some(before)) => before.scopes().to_vec(),
        (None, None) => Vec::new(),
    };
    Ok(TokenRequest::new(lifetime, scopes, audience)?)
}

/// What the `setup` that made this directory was asked for.
fn request_of(directory: &AuthDir, audience: Audience) -> Result<TokenRequest, SourceError> {
    let scopes = Scope::parse_lines(&directory.scopes);
    let request =
        Lifetime::from_secs(directory.lifetime).and_then(|lifetime| TokenRequest::new(lifetime, scopes?, audience));
    request.map_err(|_| directory.damaged())
}

pub(super) fn policies(sources: &Sources<'_>) -> Result<Policies, Error> {
    Ok(Policies {
        expect_app: sources.text(&fields::EXPECT_APP).map(|(_, text)| text),
        forbid_admin: sources.boolean(&fields::FORBID_ADMIN)?.unwrap_or(false),
    })
}

pub(super) fn refuse_idle_policies(validate: bool, policies: &Policies) -> Result<(), Error> {
    policies.refuse_idle(validate).map_err(|idle| Error::Usage {
        what: idle.to_string(),
        advice: Idle::REMEDY.to_owned(),
    })
}

pub(super) fn export(sources: &Sources<'_>) -> Result<Vec<Convention>, Error> {
    match sources.text(&fields::EXPORT) {
        Some((_, text)) => Ok(Convention::parse_list(&text)?),
        None => Ok(Vec::new()),
    }
}

impl PolicyArgs {
    pub(super) fn budget(&self) -> Result<Duration, Error> {
        self.timeout.budget()
    }
}

impl TimeoutArgs {
    pub(super) fn budget(&self) -> Result<Duration, Error> {
        budget(&self.timeout)
    }
}

/// The time for all requests and retries together.
pub(super) fn budget(timeout: &str) -> Result<Duration, Error> {
    budget_of("--timeout", timeout)
}

/// The same, by another flag.
pub(super) fn budget_of(flag: &str, timeout: &str) -> Result<Duration, Error> {
    match parse_seconds(timeout) {
        Some(seconds @ 1..=600) => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::Usage {
            what: "the time-out can't be read".to_owned(),
            advice: format!("Give {flag} as seconds or minutes, from 1s to 10m."),
        }),
    }
}

/// Proves the credential. Every token is masked before it is sent.
pub(super) fn prove(
    root: Root,
    budget: Duration,
    resolved: &Resolved,
    policies: &Policies,
    request: &TokenRequest,
    console: Console,
) -> Result<Proof, Error> {
    warn_of_root(&root, console);
    let mut mint = masked_mint(resolved, request, console);
    let proof = block_on(async {
        let mut client = Client::new(root, budget)?;
        validate(&mut client, resolved, policies, &mut mint).await
    })??;
    warn_of_skew(proof.skew, console);
    Ok(proof)
}

/// Mints tokens of the credential, each masked before anything is done with it.
pub(super) fn masked_mint<'a>(
    resolved: &'a Resolved,
    request: &'a TokenRequest,
    console: Console,
) -> impl FnMut(&KeyKind, Clock) -> Result<Token, ConnectError> + 'a {
    move |kind, clock| {
        let token = mint(&resolved.credential, kind, request, clock.now());
        console
            .mask(|| forms_of_token(&token))
            .map_err(|error| ConnectError::Mask(error.to_string()))?;
        Ok(token)
    }
}

pub(super) fn warn_of_root(root: &Root, console: Console) {
    if !root.is_apple() && !root.is_loopback() {
        console.warn(&format!(
            "the token goes to {}, which is not Apple's, because {} says so",
            root.host(),
            root.origin()
        ));
    }
}

pub(super) fn warn_of_skew(skew: Option<Skew>, console: Console) {
    if let Some(skew) = skew.filter(|skew| !skew.is_tolerable()) {
        let consequence = if skew.needs_correction() {
            "tokens are minted with Apple's"
        } else {
            "which is too far off to be corrected: set it"
        };
        console.warn(&format!("this machine's clock is {}; {consequence}", skew.describe()));
    }
}

/// Finds the credential, masks every key that was read, and tells what was odd.
pub(super) fn resolve(sources: &Sources<'_>, auth_dir: Option<&AuthDir>, console: Console) -> Result<Resolved, Error> {
    resolve_with(sources, auth_dir, &mut Stdin, console)
}

/// The same with something else in the place of standard input.
pub(super) fn resolve_with(
    sources: &Sources<'_>,
    auth_dir: Option<&AuthDir>,
    stdin: &mut dyn Read,
    console: Console,
) -> Result<Resolved, Error> {
    let resolved = source::resolve(sources, auth_dir, stdin, &mut |key| mask_key(key, console))?;
    for warning in &resolved.warnings {
        console.warn(warning);
    }
    Ok(resolved)
}

/// Has the log mask a key before anything else is done with it.
pub(super) fn mask_key(key: &PrivateKey, console: Console) -> Result<(), SourceError> {
    console
        .mask(|| forms_of_key(key))
        .map_err(|error| SourceError::Mask(error.to_string()))
}

/// The profiles that a command works on.
pub(super) fn profiles(settings: &Flags, environment: &Environment) -> Result<Profiles, Error> {
    let bypass = Sources::new(settings, false, environment)?.boolean(&fields::BYPASS_KEYCHAIN)?;
    Ok(Profiles::new(environment, bypass.unwrap_or(false)))
}

/// That the config file which `--local` means is not read here.
pub(super) fn no_local_file() -> Error {
    Error::Usage {
        what: "--local and ASC_CONFIG_PATH name different config files".to_owned(),
        advice: "While ASC_CONFIG_PATH is set, no other config file is read. Leave out --local, or unset it."
            .to_owned(),
    }
}

/// The name that `--name` gives.
pub(super) fn profile_name(text: &str) -> Result<ProfileName, Error> {
    Ok(ProfileName::parse(text).map_err(SourceError::ProfileName)?)
}

/// A key that was pasted in the place of a directory would become its name.
pub(super) fn refuse_key_as_path(flag: &str, path: &[u8]) -> Result<(), Error> {
    let is_pem = path.windows(10).any(|start| start == b"-----BEGIN");
    if is_pem || PrivateKey::decode(path).is_ok() {
        return Err(Error::Usage {
            what: format!("{flag} holds a private key, where a directory belongs"),
            advice: "Name a directory. The key is in the history of this shell now: remove it there.".to_owned(),
        });
    }
    Ok(())
}

/// Standard input, which gets its buffer when it is first read and not before.
pub(super) struct Stdin;

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().read(buffer)
    }
}
