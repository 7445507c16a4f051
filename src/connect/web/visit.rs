//! One visit to the web side: requests one after the other and never close together, inside a budget of time.

use std::time::Duration;

use reqwest::{
    Method, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERER},
};
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Session, WebError};
use crate::{
    connect::{
        ConnectError, Failure, Root,
        http::{Answer, Http},
        retry::{Budget, Setback, is_worth_retrying},
    },
    diagnosis::AppleError,
};

/// Between the end of one request and the beginning of the next.
const SPACING: Duration = Duration::from_millis(350);

/// No more of a body than this is read, in bytes: two thousand keys are less.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Debug)]
pub(super) struct Visit {
    http: Http,
    session: Session,
    allowance: Duration,
    budget: Budget,
    last_ended: Option<Instant>,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    /// Below the root, without a leading slash.
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Value>,
    /// Whether doing it twice is doing it once.
    pub(super) is_repeatable: bool,
}

/// No answer that says whether the request took effect.
#[derive(Debug)]
pub(super) struct Silence {
    pub(super) error: ConnectError,
    pub(super) may_have_worked: bool,
}

impl Visit {
    pub(super) fn new(root: Root, session: Session, allowance: Duration) -> Result<Self, ConnectError> {
        Ok(Self {
            http: Http::new(root)?,
            session,
            allowance,
            budget: Budget::new(allowance),
            last_ended: None,
        })
    }

    /// Gives what comes next as much time as the visit had at its beginning.
    pub(super) fn renew_budget(&mut self) {
        self.budget = Budget::new(self.allowance);
    }

    /// Whether an attempt has failed since the budget was renewed.
    pub(super) fn has_failed(&self) -> bool {
        self.budget.failures() > 0
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn root(&self) -> &Root {
        self.http.root()
    }

    /// Makes a request, again where that is worth it and does no harm: a request that is not repeatable is made again
    /// only if it certainly did nothing. Any status that is not worth another attempt is an answer.
    pub(super) async fn ask(&mut self, call: Call<'_>) -> Result<Answer, Silence> {
        loop {
            let outcome = self.attempt(call).await;
            let (did_nothing, after) = match &outcome {
                Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => (true, answer.retry_after),
                Ok(answer) if is_worth_retrying(answer.status) => (false, answer.retry_after),
                Ok(_) => return outcome.map_err(|failure| self.silence(failure)),
                Err(failure) if failure.is_transient() => (failure.is_before_sending(), None),
                Err(_) => return outcome.map_err(|failure| self.silence(failure)),
            };
            let goes_on = (did_nothing || call.is_repeatable) && self.budget.pause(Setback::Own { after }).await;
            if !goes_on {
                return Err(match outcome {
                    Err(failure) => self.silence(failure),
                    Ok(answer) => Silence {
                        error: self.unavailable(&answer).into(),
                        may_have_worked: !did_nothing,
                    },
                });
            }
        }
    }

    async fn attempt(&mut self, call: Call<'_>) -> Result<Answer, Failure> {
        if let Some(before) = self.last_ended {
            sleep_until(before + SPACING).await;
        }
        let request = self.request(call)?;
        let conceal = |text: &str| self.session.conceal_in(text);
        let exchange = self.http.exchange(request, LARGEST_BODY, &conceal);
        let outcome = timeout(self.budget.attempt(), exchange).await;
        self.last_ended = Some(Instant::now());
        outcome.unwrap_or(Err(Failure::TimedOut))
    }

    /// What Apple's own page sends along, and the session.
    fn request(&self, call: Call<'_>) -> Result<Request, Failure> {
        let mut request = self.http.request(call.method.clone(), call.path);
        let origin = self.root().scheme_and_host();
        let text = |text: &str| HeaderValue::from_str(text).map_err(|_| Failure::Other);
        let headers: &mut HeaderMap = request.headers_mut();
        headers.insert(ACCEPT, JSON);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(
            HeaderName::from_static("x-requested-with"),
            HeaderValue::from_static("XMLHttpRequest"),
        );
        headers.insert(
            HeaderName::from_static("x-csrf-itc"),
            HeaderValue::from_static("[asc-ui]"),
        );
        headers.insert(REFERER, text(&format!("{origin}/"))?);
        headers.insert(ORIGIN, text(&origin)?);
        headers.insert(COOKIE, self.session.header().ok_or(Failure::Other)?);
        if let Some(body) = call.body {
            *request.body_mut() = Some(body.to_string().into());
        }
        Ok(request)
    }

    fn silence(&self, failure: Failure) -> Silence {
        Silence {
            may_have_worked: !failure.is_before_sending(),
            error: self.http.unreachable(failure, self.budget.failures().max(1)),
        }
    }

    fn unavailable(&self, answer: &Answer) -> WebError {
        WebError::Unavailable {
            status: answer.status.as_u16(),
            quote: answer.error.as_ref().map(AppleError::quote),
            retry_after: answer.retry_after,
            attempts: self.budget.failures().max(1),
            request_id: answer.request_id.clone(),
        }
    }
}
