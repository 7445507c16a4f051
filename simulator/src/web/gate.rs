//! Who may pass to the web side: a browser's request of this very site, with all cookies of a session that is good, of
//! a person who may manage keys, and not too soon after the one before.

use std::fmt;
use std::time::Instant;

use axum::response::Response;

use super::answers;
use crate::seen::SeenRequest;
use crate::state::Shared;

/// Why the web side refuses a request, in the order in which it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebRefusal {
    /// An `Authorization` header, which is the API's: 400.
    BearerToken,
    /// This header is missing or has a wrong value: 403.
    Header(&'static str),
    /// Not all cookies of a session that is good: 401.
    SignedOut,
    /// The person may not manage keys: 403.
    Role,
    /// Too soon after the session's request before: 429.
    TooSoon,
}

impl fmt::Display for WebRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BearerToken => out.write_str("a bearer token on the web side"),
            Self::Header(name) => write!(out, "the header {name} is missing or wrong"),
            Self::SignedOut => out.write_str("not all cookies of a good session"),
            Self::Role => out.write_str("the person may not manage keys"),
            Self::TooSoon => out.write_str("too soon after the request before"),
        }
    }
}

impl WebRefusal {
    pub(crate) fn answer(self) -> Response {
        match self {
            Self::BearerToken => answers::bearer_token(),
            Self::Header(name) => answers::not_from_here(name),
            Self::SignedOut => crate::answers::not_authorized(),
            Self::Role => answers::role(),
            Self::TooSoon => crate::answers::rate_limit_exceeded(None),
        }
    }
}

/// Judges a request, and notes in it which cookies are none of the session's.
pub(crate) fn judge(shared: &Shared, seen: &mut SeenRequest, arrived: Instant) -> Result<(), WebRefusal> {
    let cookies = cookies(seen);
    let session = shared.web.session_of(&cookies);
    let is_foreign = |cookie| !session.as_ref().is_some_and(|session| session.owns(cookie));
    let foreign = cookies.iter().filter(|cookie| is_foreign(cookie));
    seen.foreign_cookies = foreign.map(|(name, _)| name.clone()).collect();
    let spacing = shared.web.with(|settings| settings.spacing);
    let too_soon = session
        .as_ref()
        .is_some_and(|session| session.comes_too_soon(arrived, spacing));

    demand(seen.header("authorization").is_none(), WebRefusal::BearerToken)?;
    check_headers(seen, &shared.url)?;
    let session = session.filter(|session| session.is_open_with(&cookies));
    let session = session.ok_or(WebRefusal::SignedOut)?;
    demand(session.may_manage_keys(), WebRefusal::Role)?;
    demand(!too_soon, WebRefusal::TooSoon)
}

/// The headers that the site's own pages send.
fn check_headers(seen: &SeenRequest, root: &str) -> Result<(), WebRefusal> {
    let demand_that = |name: &'static str, good: &dyn Fn(&str) -> bool| {
        let good = seen.header(name).is_some_and(good);
        demand(good, WebRefusal::Header(name))
    };
    demand_that("x-requested-with", &|value| value == "XMLHttpRequest")?;
    demand_that("origin", &|value| value == root)?;
    demand_that("referer", &|value| value.strip_suffix('/') == Some(root))?;
    demand_that("accept", &|value| value == "application/json")?;
    if seen.body.is_some() {
        demand_that("content-type", &|value| value == "application/json")?;
    }
    Ok(())
}

/// The cookies that came, name and value.
fn cookies(seen: &SeenRequest) -> Vec<(String, String)> {
    let headers = seen.headers.iter().filter(|(name, _)| name == "cookie");
    headers
        .flat_map(|(_, value)| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn demand(holds: bool, refusal: WebRefusal) -> Result<(), WebRefusal> {
    if holds { Ok(()) } else { Err(refusal) }
}
