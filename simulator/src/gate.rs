//! What every request passes: its token is examined, it is recorded, a fault may strike, and the
//! answer gets Apple's headers. A meeting may hold it back. The web side has its own examination,
//! and the rest in common.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::sleep;

use crate::answers::{self, Code};
use crate::bodies;
use crate::connection::Cord;
use crate::faults::Fault;
use crate::keys::ApiKey;
use crate::material::ids::random_request_id;
use crate::seen::{SeenRequest, SeenToken};
use crate::state::Shared;
use crate::verify::{Call, Refusal, verify};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_RATE_LIMIT: HeaderName = HeaderName::from_static("x-rate-limit");

pub(crate) async fn pass(
    State(shared): State<Arc<Shared>>,
    Extension(cord): Extension<Cord>,
    request: Request,
    next: Next,
) -> Response {
    let mut seen = note(&request);
    let verdict = examine(&shared, &mut seen);
    let accepted = verdict.is_ok();
    let fault = shared.faults.next(&seen.path);

    let response = match (fault.as_ref().and_then(answers::instead), verdict) {
        (Some(response), _) => response,
        (None, Err(_)) => answers::not_authorized(),
        (None, Ok(key)) => admit(&shared, key, request, next).await,
    };
    send(&shared, cord, seen, response, accepted, fault).await
}

/// Dresses and records an answer, and lets it go the way its fault wants. `rated` answers tell the rate limit.
pub(crate) async fn send(
    shared: &Shared,
    cord: Cord,
    mut seen: SeenRequest,
    mut response: Response,
    rated: bool,
    fault: Option<Fault>,
) -> Response {
    if let Some(Fault::HtmlAfterAction(status)) = fault {
        response = answers::gateway_page(status);
    }
    dress(&mut response, shared, rated, fault.as_ref());
    let reset = matches!(fault, Some(Fault::ResetBeforeAction | Fault::ResetBeforeResponse));
    seen.status = (!reset).then(|| response.status().as_u16());
    seen.code = response.extensions().get::<Code>().map(|code| code.0.clone());
    shared.record(seen);
    shared.meeting.attend().await;

    match fault {
        Some(Fault::Latency(delay)) => sleep(delay).await,
        Some(Fault::ResetBeforeAction | Fault::ResetBeforeResponse) => cord.pull(),
        Some(Fault::ResetInBody) => response = bodies::break_off(response, cord).await,
        Some(Fault::SlowDrip(interval)) => response = bodies::drip(response, interval).await,
        _ => {}
    }
    response
}

pub(crate) fn note(request: &Request) -> SeenRequest {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers().iter();
    SeenRequest {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
        token: None,
        refusal: None,
        web_step: None,
        web_refusal: None,
        foreign_cookies: Vec::new(),
        body: None,
        status: None,
        code: None,
    }
}

/// Judges the request's token, and notes what it holds and what is wrong with it.
fn examine(shared: &Shared, seen: &mut SeenRequest) -> Result<ApiKey, Refusal> {
    let mut token = None;
    let verdict = (|| {
        let bearer = seen
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        let token = token.insert(SeenToken::read(bearer.ok_or(Refusal::NoToken)?));
        let token = token.as_mut().ok_or(Refusal::Malformed)?;
        demand_known(token, shared)?;
        let call = Call {
            method: &seen.method,
            path: &seen.path,
            query: seen.query.as_deref(),
        };
        verify(token, &call, &shared.keys, &shared.rules())
    })();
    seen.token = token.flatten();
    seen.refusal = verdict.as_ref().err().cloned();
    verdict
}

/// A key that was just made may not be known everywhere yet.
fn demand_known(token: &SeenToken, shared: &Shared) -> Result<(), Refusal> {
    match token.key_id() {
        Some(key_id) if shared.keys.is_still_unknown(key_id) => Err(Refusal::UnknownKey),
        _ => Ok(()),
    }
}

/// The answer to a request whose token is good.
async fn admit(shared: &Shared, key: ApiKey, mut request: Request, next: Next) -> Response {
    shared.keys.set_last_used(&key.key_id, Some(shared.now()));
    if let Err(retry_after) = shared.spend() {
        return answers::rate_limit_exceeded(retry_after);
    }
    if let Some(response) = shared.with(|settings| answers::team(&settings.team)) {
        return response;
    }
    request.extensions_mut().insert(key);
    next.run(request).await
}

/// Adds the headers. What a gateway answers has never been at Apple's API, so it has only a date.
fn dress(response: &mut Response, shared: &Shared, rated: bool, fault: Option<&Fault>) {
    let headers = response.headers_mut();
    headers.insert(header::DATE, value(&httpdate::fmt_http_date(shared.now())));
    if matches!(
        fault,
        Some(Fault::Html(_) | Fault::HtmlAfterAction(_) | Fault::Empty(_))
    ) {
        return;
    }
    headers.insert(X_REQUEST_ID, value(&random_request_id()));
    let rate = shared.with(|settings| settings.rate_limit);
    if rated && rate.shown {
        let text = format!("user-hour-lim:{};user-hour-rem:{};", rate.limit, rate.remaining);
        headers.insert(X_RATE_LIMIT, value(&text));
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("visible ASCII")
}
