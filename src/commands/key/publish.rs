//! The command that hands a new key on to whoever uses the old one: run as `exec` runs its child, with the new credential
//! in its environment and the `.p8` on its standard input.
//!
//! It must find nothing of the old credential or of the web session, and nothing that it prints shows the new one.

use std::{
    ffi::{OsStr, OsString},
    path::{self, Path},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{
    clock::Clock,
    commands::session::{self, Order, Session},
    error::Error,
    handoff::{self, For, HandoffError, Place, PrivateDir, Program, Signals, Task},
    report::Console,
    source::{Environment, Resolved},
    token::{Audience, Lifetime, TokenRequest},
};

/// Where a script finds the key without a file: as one line of base64, which a CI can mask, and as the PEM.
const KEY_B64: &str = "ASC_PRIVATE_KEY_B64";
const KEY_TEXT: &str = "ASC_PRIVATE_KEY";
const KEY_PATH: &str = "ASC_PRIVATE_KEY_PATH";

/// The web session, which is a person's own.
const WEB_SESSION: &str = "ASC_WEB_SESSION";

/// Where fastlane takes the text of a key from, which no convention sets.
const FASTLANE_KEY: &str = "APP_STORE_CONNECT_API_KEY_KEY";

/// The inputs of the action that this runs in, which may name the old key.
const INPUTS: &[u8] = b"INPUT_";

/// A command of nothing but white space would succeed, and nobody would have the new key: refused before it is made.
pub(super) fn refuse_blank(command: &str) -> Result<(), Error> {
    if command.trim().is_empty() {
        return Err(Error::Usage {
            what: "--publish is empty".to_owned(),
            advice: "Give the command that hands the new key on, or leave --publish out. On GitHub an empty text is \
                     what a misspelt variable gives."
                .to_owned(),
        });
    }
    Ok(())
}

/// Runs the command that hands a new key on; its output is redacted. `saved` is the file of the key that stays. An error
/// if it could not be run or ended with another code than 0. `Some` if it was asked for an end meanwhile and succeeded all
/// the same: the number of the signal, which was meant for the rotation as well.
pub(super) fn publish(
    command: &str,
    resolved: &Resolved,
    saved: &Path,
    clock: Clock,
    environment: &Environment,
    console: Console,
) -> Result<Option<u8>, Error> {
    // From here on a signal is the command's, and nothing that ends this process leaves the directory behind.
    let signals = Signals::hold().map_err(Error::Output)?;
    let directory = PrivateDir::create(&Place::of(environment), For::ThisProcess, |_| Ok(()))?;
    let request = TokenRequest::new(Lifetime::DEFAULT, Vec::new(), Audience::AppStoreConnect)?;
    let order = Order {
        resolved,
        request: &request,
        export: &[],
        proof: None,
        clock,
    };
    let session = Session::make(order, directory, environment, console)?;

    let pem = resolved.credential.private_key.to_pem();
    let task = Task {
        program: Program::Shell(command.into()),
        environment: variables(&session, &pem, saved)?,
        stdin: Some(Zeroizing::new(pem.as_bytes().to_vec())),
        stdout_is_taken: console.is_json(),
    };
    let Session { token, directory, .. } = session;
    let secrets = || session::secrets(resolved, &token, environment);
    match handoff::run_child(&task, Some(&secrets), directory, &signals) {
        Ok(0) => Ok(signals.asked_for_an_end()),
        Ok(code) => Err(match signals.asked_for_an_end() {
            Some(signal) => HandoffError::Interrupted { signal }.into(),
            None => HandoffError::Publish { code }.into(),
        }),
        Err(error @ HandoffError::ChildStart { .. }) => Err(HandoffError::PublishStart {
            reason: error.to_string(),
        }
        .into()),
        Err(error) => Err(error.into()),
    }
}

/// What `exec` gives, with the file that stays in the place of the copy that is removed, and the key itself.
fn variables(session: &Session<'_>, pem: &str, saved: &Path) -> Result<Vec<(OsString, OsString)>, HandoffError> {
    let mut old = session.convention_variables()?;
    old.extend([WEB_SESSION, FASTLANE_KEY]);
    let mut variables = session.environment(&old)?;
    variables.retain(|(name, _)| name != KEY_PATH && !name.as_encoded_bytes().starts_with(INPUTS));
    // It may change its directory.
    let saved = path::absolute(saved).unwrap_or_else(|_| saved.to_owned());
    let base64 = Zeroizing::new(STANDARD.encode(pem));
    let key = [
        (KEY_PATH, saved.as_os_str()),
        (KEY_B64, OsStr::new(base64.as_str())),
        (KEY_TEXT, OsStr::new(pem)),
    ];
    variables.extend(key.map(|(name, value)| (name.into(), value.to_owned())));
    Ok(variables)
}
