//! `asc-auth token`: print a token. No request is made.

use jiff::Timestamp;
use serde::Serialize;

use super::options;
use crate::{
    cli::TokenArgs,
    clock::Clock,
    error::Error,
    handoff::forms_of_token,
    report::Console,
    source::{Environment, Sources},
    token::mint,
};

#[derive(Serialize)]
struct Printed<'a> {
    token: &'a str,
    /// RFC 3339, UTC.
    expires_at: Timestamp,
    key_id: &'a str,
    key_type: &'a str,
}

/// Resolves the credential, mints, prints. On GitHub the masks go to stderr, because stdout is usually captured.
pub(super) fn run(args: &TokenArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    let flags = args.flags();
    let sources = Sources::new(&flags, false, environment)?;
    let (_, audience) = options::api_root(&sources, args.credential.in_house)?;
    let request = options::token_request(&sources, audience)?;
    let resolved = options::resolve(&sources, console)?;
    if let Some(warning) = options::token_warning(&request) {
        console.warn(&warning);
    }

    let credential = &resolved.credential;
    let token = mint(credential, &credential.kind, &request, Clock::default().now());
    console.mask(|| forms_of_token(&token)).map_err(Error::Output)?;
    if console.is_json() {
        return console.json(&Printed {
            token: token.secret(),
            expires_at: token.expires(),
            key_id: credential.key_id.as_str(),
            key_type: credential.kind.name(),
        });
    }
    console.result(&format!("{}\n", token.secret()))
}
