//! Apple's answers, word for word as far as they are known from its documentation and from what
//! tools have quoted, and those of the gateway in front of it.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::material::ids::random_issuer_id;
use crate::state::TeamState;

/// The `code` of an error body, kept with the answer for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) String);

pub(crate) fn json(status: u16, body: &Value) -> Response {
    plain(status, "application/json", body.to_string())
}

/// The same for every token that is no good, whatever the reason.
pub(crate) fn not_authorized() -> Response {
    errors(
        401,
        json!({
            "status": "401",
            "code": "NOT_AUTHORIZED",
            "title": "Authentication credentials are missing or invalid.",
            "detail": "Provide a properly configured and signed bearer token, and make sure that \
                it has not expired. Learn more about Generating Tokens for API Requests \
                https://developer.apple.com/go/?id=api-generating-tokens",
        }),
    )
}

pub(crate) fn forbidden() -> Response {
    error(
        403,
        "FORBIDDEN_ERROR",
        "This request is forbidden for security reasons",
        "The API key in use does not allow this request",
    )
}

/// The answer to everything while the team is in this state; None when it is in order.
pub(crate) fn team(state: &TeamState) -> Option<Response> {
    Some(match state {
        TeamState::Good => return None,
        TeamState::AgreementMissing => error(
            403,
            "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
            "A required agreement is missing or has expired.",
            "This request requires an in-effect agreement that has not been signed or has expired.",
        ),
        TeamState::AgreementMissingOldForm => error(
            403,
            "FORBIDDEN",
            "Access Unavailable",
            "You currently don't have access to this resource. To resolve this issue, the Account \
                Holder must agree to the latest Program License Agreement in their account on the \
                Apple Developer website. https://developer.apple.com/account",
        ),
        TeamState::MembershipLapsed { team_id } => error(
            403,
            "FORBIDDEN_ERROR",
            "This request is forbidden for security reasons",
            &format!(
                "Team ID: '{team_id}' is not associated with an active membership. To check your \
                teams membership status, sign in your account on the developer website. \
                https://developer.apple.com/account/"
            ),
        ),
    })
}

pub(crate) fn not_found() -> Response {
    error(
        404,
        "NOT_FOUND",
        "The specified resource does not exist",
        "The path provided does not match a defined resource type.",
    )
}

pub(crate) fn method_not_allowed() -> Response {
    error(
        405,
        "METHOD_NOT_ALLOWED",
        "The request method is not valid for the resource path.",
        "The request method used for this request is not valid for the resource path. Please \
            consult the resource documentation.",
    )
}

/// A parameter that the resource doesn't have.
pub(crate) fn unknown_parameter(name: &str) -> Response {
    let detail = format!("The parameter '{name}' can not be used with this request");
    parameter(
        "PARAMETER_ERROR.ILLEGAL",
        "This parameter is not allowed",
        &detail,
        name,
    )
}

/// A parameter whose value can't be.
pub(crate) fn bad_parameter(name: &str, value: &str) -> Response {
    let detail = format!("'{value}' is not a valid value for the parameter '{name}'");
    parameter(
        "PARAMETER_ERROR.INVALID",
        "A parameter has an invalid value",
        &detail,
        name,
    )
}

/// A vendor number that is not this team's.
pub(crate) fn invalid_vendor_number() -> Response {
    parameter(
        "PARAMETER_ERROR.INVALID",
        "A parameter has an invalid value",
        "Invalid vendor number specified",
        "filter[vendorNumber]",
    )
}

/// A report that was looked for and is not there.
pub(crate) fn no_report() -> Response {
    error(
        404,
        "NOT_FOUND",
        "The specified resource does not exist",
        "There were no sales for the date specified.",
    )
}

/// A report: a gzip file of nothing.
pub(crate) fn report() -> Response {
    const GZIP: [u8; 20] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    plain(200, "application/a-gzip", GZIP.to_vec())
}

/// 429, with `Retry-After` in seconds or without.
pub(crate) fn rate_limit_exceeded(retry_after: Option<u64>) -> Response {
    let mut response = error(
        429,
        "RATE_LIMIT_EXCEEDED",
        "The request rate limit has been reached.",
        "We've received too many requests for this API. Please wait and try again or slow down \
            your request rate.",
    );
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The answer that a fault puts in place of the right one; None for those that only change how
/// the right one travels.
pub(crate) fn instead(fault: &Fault) -> Option<Response> {
    Some(match fault {
        // Never sent: it stands for an action that is not taken.
        Fault::ResetBeforeAction => respond(500, Body::empty()),
        Fault::Latency(_)
        | Fault::ResetBeforeResponse
        | Fault::ResetInBody
        | Fault::SlowDrip(_)
        | Fault::HtmlAfterAction(_) => return None,
        Fault::TooManyRequests { retry_after } => rate_limit_exceeded(*retry_after),
        Fault::Status(status) => of_status(*status),
        Fault::Html(status) => gateway_page(*status),
        Fault::Empty(status) => respond(*status, Body::empty()),
        Fault::HugeBody { status, bytes } => {
            let mut response = respond(*status, crate::bodies::huge(*bytes));
            set_content_type(&mut response, "application/json");
            response
        }
        Fault::Redirect(location) => {
            let mut response = respond(302, Body::empty());
            let location = location.parse().expect("a location is one line of visible ASCII");
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
        Fault::Unauthorized => not_authorized(),
        Fault::Raw {
            status,
            content_type,
            body,
        } => plain(*status, content_type, body.clone()),
    })
}

/// Apple's body for a status.
fn of_status(status: u16) -> Response {
    match status {
        400 => bad_parameter("limit", "0"),
        401 => not_authorized(),
        403 => forbidden(),
        404 => not_found(),
        405 => method_not_allowed(),
        408 => error(status, "REQUEST_TIMEOUT", "The request timed out.", "Try again."),
        429 => rate_limit_exceeded(None),
        _ => error(
            status,
            "UNEXPECTED_ERROR",
            "An unexpected error occurred.",
            "An unexpected error occurred on the server side. If this issue continues, contact us \
                at https://developer.apple.com/contact/.",
        ),
    }
}

pub(crate) fn gateway_page(status: u16) -> Response {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let reason = reason.unwrap_or("Error");
    let page = format!(
        "<html>\n<head><title>{status} {reason}</title></head>\n<body>\n<center><h1>{status} \
        {reason}</h1></center>\n<hr><center>Apple</center>\n</body>\n</html>\n"
    );
    plain(status, "text/html", page)
}

pub(crate) fn error(status: u16, code: &str, title: &str, detail: &str) -> Response {
    errors(
        status,
        json!({
            "id": random_issuer_id(),
            "status": status.to_string(),
            "code": code,
            "title": title,
            "detail": detail,
        }),
    )
}

fn parameter(code: &str, title: &str, detail: &str, name: &str) -> Response {
    errors(
        400,
        json!({
            "id": random_issuer_id(),
            "status": "400",
            "code": code,
            "title": title,
            "detail": detail,
            "source": { "parameter": name },
        }),
    )
}

/// A document that can't be: `pointer` says where in it.
pub(crate) fn entity(code: &str, title: &str, detail: &str, pointer: &str) -> Response {
    errors(
        409,
        json!({
            "id": random_issuer_id(),
            "status": "409",
            "code": code,
            "title": title,
            "detail": detail,
            "source": { "pointer": pointer },
        }),
    )
}

#[allow(clippy::needless_pass_by_value, reason = "json! makes values")]
fn errors(status: u16, error: Value) -> Response {
    let code = error["code"].as_str().unwrap_or_default().to_owned();
    let mut response = json(status, &json!({ "errors": [error] }));
    response.extensions_mut().insert(Code(code));
    response
}

fn plain(status: u16, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = respond(status, body.into());
    set_content_type(&mut response, content_type);
    response
}

fn set_content_type(response: &mut Response, content_type: &str) {
    let content_type = content_type
        .parse()
        .expect("a content type is one line of visible ASCII");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
}

fn respond(status: u16, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status is 100 to 999");
    response
}
