//! `asc-auth key`: a team's keys, made, listed, revoked and rotated through a person's web session.
//!
//! A key that Apple has issued is never lost and never left behind unseen.

mod create;
mod list;
mod making;
mod publish;
mod revoke;
mod rotate;
mod stored;
mod told;
pub(super) mod unfinished;
mod users;
mod wanted;

use super::options;
use crate::{
    cli::{KeyArgs, KeyCommand, WebArgs},
    connect::{ConnectError, Root, Session, TeamKeys},
    credential::{IdDefect, KeyId, tidy},
    error::Error,
    report::Console,
    source::{Environment, Sources, fields},
    text::quoted,
    token::is_private_key,
};

pub(super) fn run(args: &KeyArgs, environment: &Environment, console: Console) -> Result<(), Error> {
    match &args.command {
        KeyCommand::Create(args) => create::run(args, environment, console),
        KeyCommand::List(args) => list::run(args, environment, console),
        KeyCommand::Revoke(args) => revoke::run(args, environment, console),
        KeyCommand::Rotate(args) => rotate::run(args, environment, console),
    }
}

/// The keys of the team that somebody is signed in to. No request is made yet.
fn sign_in(args: &WebArgs, environment: &Environment, console: Console) -> Result<TeamKeys, Error> {
    let settings = args.settings();
    let sources = Sources::new(&settings, false, environment)?;
    let budget = args.timeout.budget()?;
    let root = Root::web(sources.text(&fields::WEB_URL))?;
    let session = Session::read(sources.text(&fields::WEB_SESSION), environment, &root).map_err(ConnectError::from)?;
    if let Some(mode) = session.wide_mode() {
        console.warn(&format!(
            "others may use the web session, whose file has mode {mode:04o}: chmod 600 {}",
            quoted(&session.path().display().to_string())
        ));
    }
    Ok(TeamKeys::new(root, session, budget)?)
}

/// A key's ID. What was given in its place may be secret, and is not repeated.
fn key_id(argument: &str, text: &str) -> Result<KeyId, Error> {
    KeyId::parse(text).map_err(|defect| {
        let defect = match defect {
            IdDefect::Name | IdDefect::Shape | IdDefect::Path if is_private_key(tidy(text)) => IdDefect::PrivateKey,
            defect => defect,
        };
        Error::Usage {
            what: format!("{argument} can't be a key's ID: {defect}"),
            advice: "A key's ID has ten capital letters and digits: asc-auth key list shows it. Nothing was revoked."
                .to_owned(),
        }
    })
}
