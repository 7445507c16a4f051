//! The web side's one entrance, and what each request does to the keys. From the end of a request's body to its record
//! nothing waits: what took effect is recorded, also when the client is gone by then.

use std::sync::Arc;
use std::time::Instant;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use axum::{Extension, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ask::{Ask, WebStep};
use super::new_key::{NewKey, check_revocation};
use super::team_keys::{Denial, TeamKey};
use super::{answers, documents, gate};
use crate::answers::{instead, json};
use crate::connection::Cord;
use crate::faults::Fault;
use crate::limits::BODY_BYTES;
use crate::state::Shared;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/iris/{*path}", any(serve))
}

async fn serve(State(shared): State<Arc<Shared>>, Extension(cord): Extension<Cord>, request: Request) -> Response {
    let arrived = Instant::now();
    let mut seen = crate::gate::note(&request);
    let Ok(body) = to_bytes(request.into_body(), BODY_BYTES).await else {
        // Broken off while it came, or larger than any that is meant: it never arrived.
        cord.pull();
        return answers::unreadable();
    };
    if !body.is_empty() {
        seen.body = Some(String::from_utf8_lossy(&body).into_owned());
    }

    let ask = Ask::read(&seen.method, &seen.path, seen.query.as_deref());
    let step = ask.as_ref().ok().map(|ask| ask.step);
    if let Some(step) = step {
        shared.web.announce(step);
    }
    let verdict = gate::judge(&shared, &mut seen, arrived);
    seen.web_refusal = verdict.err();
    let fault = shared.faults.next_web(step, &seen.path);
    seen.web_step = step.filter(|_| fault != Some(Fault::ResetBeforeAction));
    let response = match (fault.as_ref().and_then(instead), verdict, ask) {
        (Some(response), _, _) => response,
        (None, Err(refusal), _) => refusal.answer(),
        (None, Ok(()), Err(nothing)) => nothing(),
        (None, Ok(()), Ok(ask)) => act(&shared, &ask, &body).unwrap_or_else(|refusal| *refusal),
    };
    crate::gate::send(&shared, cord, seen, response, false, fault).await
}

/// Does what is asked, or says why not.
fn act(shared: &Shared, ask: &Ask, body: &[u8]) -> Result<Response, Box<Response>> {
    match ask.step {
        WebStep::List => Ok(list(shared, ask)),
        WebStep::Create => create(shared, ask, body),
        WebStep::Download => download(shared, ask),
        WebStep::Issuer | WebStep::View => Ok(tell(shared, ask, 200, &find(shared, ask)?, None)),
        WebStep::Revoke => revoke(shared, ask, body),
    }
}

fn list(shared: &Shared, ask: &Ask) -> Response {
    let shape = shared.web.with(|settings| settings.provider);
    json(200, &documents::list(&shared.keys.team_keys(), &ask.query, shape))
}

fn create(shared: &Shared, ask: &Ask, body: &[u8]) -> Result<Response, Box<Response>> {
    let new = NewKey::read(body)?;
    let nickname = new.nickname.clone();
    let unknown_for = shared.web.with(|settings| settings.unknown_for);
    match shared.keys.create(new, &shared.web.issuer_id, unknown_for) {
        Ok(key) => Ok(tell(shared, ask, 201, &key, None)),
        Err(Denial::NameTaken) => Err(Box::new(answers::name_taken(&nickname))),
        Err(Denial::TooMany) => Err(Box::new(answers::too_many())),
    }
}

fn download(shared: &Shared, ask: &Ask) -> Result<Response, Box<Response>> {
    find(shared, ask)?;
    let private_half = shared.keys.hand_out(&ask.key_id).map(|pem| STANDARD.encode(pem));
    // As it is from now on.
    let key = find(shared, ask)?;
    Ok(tell(shared, ask, 200, &key, private_half.as_deref()))
}

fn revoke(shared: &Shared, ask: &Ask, body: &[u8]) -> Result<Response, Box<Response>> {
    let key = find(shared, ask)?;
    check_revocation(body, &key.id)?;
    if !key.active {
        return Err(Box::new(answers::revoked_already()));
    }
    shared.keys.revoke_at(&key.id, shared.now());
    Ok(tell(shared, ask, 200, &find(shared, ask)?, None))
}

fn find(shared: &Shared, ask: &Ask) -> Result<TeamKey, Box<Response>> {
    let key = shared.keys.team_key(&ask.key_id);
    key.ok_or_else(|| Box::new(answers::no_such_key(&ask.key_id)))
}

/// The document of one key.
fn tell(shared: &Shared, ask: &Ask, status: u16, key: &TeamKey, private_half: Option<&str>) -> Response {
    let shape = shared.web.with(|settings| settings.provider);
    json(status, &documents::one(key, private_half, &ask.query, shape))
}
