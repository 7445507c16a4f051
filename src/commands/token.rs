//! `asc-auth token`: print a token. No request is made.

use std::{io, path::Path};

use jiff::Timestamp;
use serde::Serialize;

use super::options;
use crate::{
    cli::TokenArgs,
    clock::Clock,
    credential::{Credential, KeyId, KeyKind},
    error::Error,
    handoff::{self, HandoffError, forms_of_token},
    report::Console,
    source::{AUTH_DIR, AuthDir, Environment, Sources, fields, fit_directory},
    token::{Cache, Purpose, Token, TokenRequest, mint, parse_seconds, tell},
};

/// A token with less left is not worth starting with, in seconds.
const MIN_REMAINING: u64 = 2 * 60;

#[derive(Serialize)]
struct Printed<'a> {
    token: &'a str,
    /// RFC 3339, UTC.
    expires_at: Timestamp,
    key_id: &'a str,
    key_type: &'a str,
}

/// Reuses the token of `ASC_AUTH_DIR` while it is fresh, else mints one; prints it. Where the CI reads commands out of
/// the log the masks go to stderr, because stdout is usually captured.
pub(super) fn run(args: &TokenArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    handoff::refuse_debug_trace(environment)?;
    let flags = args.flags();
    let sources = Sources::new(&flags, false, environment)?.with_auth_dir();
    let auth_dir = AuthDir::named(&sources)?;
    let (_, audience) = options::api_root(&sources, args.credential.in_house, auth_dir.as_ref())?;
    let request = options::token_request(&sources, audience, auth_dir.as_ref())?;
    let min_remaining = min_remaining(&sources, &request)?;
    if let Some(warning) = request.warning() {
        console.warn(&warning);
    }

    if let Some(directory) = auth_dir {
        for warning in &directory.warnings {
            console.warn(warning);
        }
        let token = reuse_or_mint(&directory, &request, min_remaining)?;
        return print(&token, &directory.key_id, &directory.kind, console);
    }
    let credential = options::resolve(&sources, None, console)?.credential;
    let token = mint(&credential, &credential.kind, &request, Clock::default().now());
    if let Some(directory) = fit_directory(environment.path(AUTH_DIR)) {
        tell(&directory, &token).map_err(|error| unstored(&directory, &error))?;
    }
    print(&token, &credential.key_id, &credential.kind, console)
}

/// The directory's token while it is fresh, else a new one from the key file there, by the clock that `setup` found
/// right.
fn reuse_or_mint(directory: &AuthDir, request: &TokenRequest, min_remaining: u64) -> Result<Token, Error> {
    let purpose = Purpose::of(directory.key_bytes(), &directory.key_id, &directory.kind, request);
    let cache = Cache::new(directory.path(), purpose);
    let now = || directory.clock.now();
    if let Some(token) = cache.fresh(now(), min_remaining) {
        return Ok(token);
    }
    let credential = Credential {
        key_id: directory.key_id.clone(),
        kind: directory.kind.clone(),
        private_key: directory.private_key()?,
    };
    let token = cache.fresh_or(min_remaining, now, |now| {
        mint(&credential, &credential.kind, request, now)
    });
    token.map_err(|error| unstored(directory.path(), &error))
}

/// A token that is not told could be printed where nobody redacts it.
fn unstored(directory: &Path, error: &io::Error) -> Error {
    HandoffError::keep(directory, error).into()
}

fn min_remaining(sources: &Sources<'_>, request: &TokenRequest) -> Result<u64, Error> {
    let Some((_, text)) = sources.text(&fields::MIN_REMAINING) else {
        return Ok(MIN_REMAINING.min(request.lifetime().as_secs() / 2));
    };
    match parse_seconds(&text) {
        Some(seconds) if seconds < request.lifetime().as_secs() => Ok(seconds),
        Some(_) => Err(Error::Usage {
            what: "--min-remaining is not shorter than the token's lifetime".to_owned(),
            advice: "No token could satisfy it. Give less, or a longer --lifetime.".to_owned(),
        }),
        None => Err(Error::Usage {
            what: "--min-remaining can't be read".to_owned(),
            advice: "Give seconds or a number with a unit: 120, 120s, 2m.".to_owned(),
        }),
    }
}

fn print(token: &Token, key_id: &KeyId, kind: &KeyKind, console: Console) -> Result<(), Error> {
    console.mask(|| forms_of_token(token)).map_err(Error::Output)?;
    if console.is_json() {
        return console.json(&Printed {
            token: token.secret(),
            expires_at: token.expires(),
            key_id: key_id.as_str(),
            key_type: kind.name(),
        });
    }
    console.result(&format!("{}\n", token.secret()))
}
