//! `status --validate`: every credential is proved as `validate` proves one, all at the same time.

use std::{pin::pin, rc::Rc, time::Duration};

use tokio::time::timeout;

use super::{InUse, Row, Status, options};
use crate::{
    cli::StatusArgs,
    connect::{Client, ConnectError, Proof, Root, at_once, block_on, validate},
    error::Error,
    policies::Policies,
    report::Console,
    source::{AuthDir, Resolved, Sources, profiles::Profile, resolve_profile},
    terminal,
    token::{Lifetime, TokenRequest},
};

/// How long a person waits without a word.
const SILENCE: Duration = Duration::from_secs(3);

/// What came of proving one.
pub(super) enum Check {
    NotMade,
    Works(Box<Proof>),
    Failed(Error),
}

impl Check {
    pub(super) fn failure(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }
}

/// Where to ask, for what, and for how long.
pub(super) struct Order {
    root: Root,
    request: TokenRequest,
    budget: Duration,
}

impl Order {
    pub(super) fn of(args: &StatusArgs, sources: &Sources<'_>) -> Result<Self, Error> {
        // What is wrong with the directory is told where it is looked into.
        let auth_dir = AuthDir::named(sources).ok().flatten();
        let (root, audience) = options::api_root(sources, args.credential.in_house, auth_dir.as_ref())?;
        Ok(Self {
            root,
            request: TokenRequest::new(Lifetime::BRIEF, Vec::new(), audience)?,
            budget: args.timeout.budget()?,
        })
    }
}

/// Fills in the check of every row that can be read.
pub(super) fn all(status: &mut Status, order: Order, sources: &Sources<'_>, console: Console) -> Result<(), Error> {
    let mut subjects: Vec<(usize, Rc<Resolved>)> = Vec::new();
    for index in 0..status.rows.len() {
        match subject(status, &status.rows[index], sources, console) {
            None => {}
            Some(Ok(resolved)) => subjects.push((index, resolved)),
            Some(Err(error)) => status.rows[index].check = Check::Failed(error),
        }
    }
    if subjects.is_empty() {
        return Ok(());
    }
    options::warn_of_root(&order.root, console);
    let credentials = subjects.iter().map(|(_, resolved)| Rc::clone(resolved)).collect();
    let outcomes = block_on(prove_all(credentials, order, console))??;
    let first = outcomes.iter().flatten().next();
    options::warn_of_skew(first.and_then(|proof| proof.skew), console);
    for ((index, _), outcome) in subjects.into_iter().zip(outcomes) {
        status.rows[index].check = match outcome {
            Ok(proof) => Check::Works(Box::new(proof)),
            Err(error) => Check::Failed(error.into()),
        };
    }
    Ok(())
}

/// The credential of a row, ready to be proved. `None` if its item can't be read.
fn subject(status: &Status, row: &Row, sources: &Sources<'_>, console: Console) -> Option<Result<Rc<Resolved>, Error>> {
    let resolved = match (&status.in_use, status.item(row)) {
        (Ok(InUse { resolved, .. }), _) if row.is_in_use => Rc::clone(resolved),
        (_, Some(item)) => match resolve(item.read.as_ref().ok()?, sources, console) {
            Ok(resolved) => Rc::new(resolved),
            Err(error) => return Some(Err(error)),
        },
        (_, None) => return None,
    };
    let checked = resolved.check_key();
    Some(checked.map(|()| resolved).map_err(Error::from))
}

/// The credential of a stored profile. Its key is masked, and what is odd about it told.
fn resolve(profile: &Profile, sources: &Sources<'_>, console: Console) -> Result<Resolved, Error> {
    let resolved = resolve_profile(profile, sources, &mut |key| options::mask_key(key, console))?;
    for warning in &resolved.warnings {
        console.warn(warning);
    }
    Ok(resolved)
}

/// One conversation each, over connections that all of them share.
async fn prove_all(
    credentials: Vec<Rc<Resolved>>,
    order: Order,
    console: Console,
) -> Result<Vec<Result<Proof, ConnectError>>, ConnectError> {
    let (host, seconds) = (order.root.host(), order.budget.as_secs());
    let client = Client::new(order.root, order.budget)?;
    let conversations = credentials.into_iter().map(|resolved| {
        let (mut client, request) = (client.another(), order.request.clone());
        async move {
            let mut mint = options::masked_mint(&resolved, &request, console);
            validate(&mut client, &resolved, &Policies::default(), &mut mint).await
        }
    });
    let mut all = pin!(at_once(conversations));
    if let Ok(outcomes) = timeout(SILENCE, &mut all).await {
        return outcomes;
    }
    if terminal::is_attended() {
        console.note(&format!(
            "Waiting for {host}, and trying again, for at most {seconds} s."
        ));
    }
    all.await
}
