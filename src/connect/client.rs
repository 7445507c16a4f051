//! The client: one GET at a time, bounded in time and in size.

use std::time::Duration;

use reqwest::{
    Method, Request, Response, StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT},
    redirect,
};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use url::Url;

use super::{
    ApiRoot, ConnectError, Failure, RateLimit, apple_error::AppleError, headers, retry::Budget, tls,
    transport::SystemResolver,
};
use crate::{
    clock::{Clock, Skew},
    text::one_line,
    token::Token,
};

/// No more of a body than this is read, in bytes: Apple's errors are a few hundred.
const LARGEST_BODY: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// App Store Connect, with a budget of time for everything that is asked.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    root: ApiRoot,
    budget: Budget,
    requests: u32,
}

/// What came back, whatever the status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) skew: Option<Skew>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) retry_after: Option<u64>,
    pub(super) request_id: Option<String>,
    pub(super) location: Option<String>,
    pub(super) error: Option<AppleError>,
    /// At most the first 64 KiB. It may repeat the token, so it is looked into and never shown.
    pub(super) body: Vec<u8>,
    pub(super) elapsed: Duration,
}

/// The head of an answer, and when it came.
struct Sent {
    response: Response,
    elapsed: Duration,
    /// Unix seconds.
    now: i64,
    skew: Option<Skew>,
}

impl Client {
    /// A client for `root` whose requests, retries and pauses together take at most `budget`.
    pub fn new(root: ApiRoot, budget: Duration) -> Result<Self, ConnectError> {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .dns_resolver(SystemResolver);
        // A proxy has no business between this process and its own machine, and would see plain http in the clear.
        let builder = if root.is_loopback() {
            builder.no_proxy()
        } else {
            builder
        };
        let tls = if root.to_string().starts_with("http://") {
            no_tls()?
        } else {
            tls::config()?
        };
        let http = builder
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| ConnectError::Runtime(error.to_string()))?;
        Ok(Self {
            http,
            root,
            budget: Budget::new(budget),
            requests: 0,
        })
    }

    /// A client for requests at the same time as this one's: it shares the connections and the end of the budget, and
    /// counts its own requests and failures.
    #[must_use]
    pub fn another(&self) -> Self {
        Self {
            http: self.http.clone(),
            root: self.root.clone(),
            budget: self.budget.beside(),
            requests: 0,
        }
    }

    pub fn root(&self) -> &ApiRoot {
        &self.root
    }

    /// How many requests were sent so far.
    pub(super) fn requests(&self) -> u32 {
        self.requests
    }

    /// Pauses before a repeated attempt; `false` if the budget has no room for it.
    pub(super) async fn pause(&mut self) -> bool {
        self.budget.pause(None).await
    }

    /// GETs `path` (below the root, without a leading slash), trying again what is worth it: no connection,
    /// 408, 429 and 5xx. Any other status is an answer.
    pub(super) async fn get(&mut self, path: &str, token: &Token) -> Result<Answer, ConnectError> {
        let mut before = None;
        loop {
            let outcome = self.attempt(path, token).await;
            let retry_after = match &outcome {
                Ok(answer) if is_worth_retrying(answer.status) => answer.retry_after,
                Ok(_) => return outcome.map_err(|failure| self.unreachable(failure)),
                Err(failure) if failure.is_transient() => None,
                Err(_) => return outcome.map_err(|failure| self.unreachable(failure)),
            };
            if !self.budget.pause(retry_after).await {
                // The last attempt may have been cut off by the budget's end: then the one before it knows more.
                let telling = match (outcome, before) {
                    (Err(Failure::TimedOut), Some(before)) => before,
                    (outcome, _) => outcome,
                };
                return match telling {
                    Ok(answer) => Err(self.unavailable(&answer)),
                    Err(failure) => Err(self.unreachable(failure)),
                };
            }
            before = Some(outcome);
        }
    }

    /// GETs `path` once, whatever comes of it: for a request that only helps to tell why another one failed.
    pub(super) async fn get_once(&mut self, path: &str, token: &Token) -> Result<Answer, ConnectError> {
        let outcome = self.attempt(path, token).await;
        outcome.map_err(|failure| self.unreachable(failure))
    }

    /// How far this machine's clock is ahead of the API's, by the answer to one request that carries no token. `None` if
    /// the answer has no date.
    pub async fn skew(&mut self) -> Result<Option<Skew>, ConnectError> {
        let request = Request::new(Method::GET, self.root.endpoint(""));
        self.requests += 1;
        let asked = tokio::time::timeout(self.budget.attempt(), self.send(request)).await;
        let sent = asked.unwrap_or(Err(Failure::TimedOut));
        sent.map(|sent| sent.skew).map_err(|failure| self.unreachable(failure))
    }

    async fn attempt(&mut self, path: &str, token: &Token) -> Result<Answer, Failure> {
        self.requests += 1;
        let within = self.budget.attempt();
        tokio::time::timeout(within, self.exchange(path, token))
            .await
            .unwrap_or(Err(Failure::TimedOut))
    }

    async fn exchange(&self, path: &str, token: &Token) -> Result<Answer, Failure> {
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", token.secret())).map_err(|_| Failure::Other)?;
        authorization.set_sensitive(true);
        let mut request = Request::new(Method::GET, self.root.endpoint(path));
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let Sent {
            mut response,
            elapsed,
            now,
            skew,
        } = self.send(request).await?;
        let headers = response.headers();
        let mut answer = Answer {
            status: response.status(),
            skew,
            rate_limit: text(headers, "x-rate-limit").and_then(RateLimit::parse),
            retry_after: text(headers, "retry-after").and_then(|value| headers::parse_retry_after(value, now)),
            request_id: text(headers, "x-request-id").map(|id| one_line(&token.conceal_in(id), 64)),
            location: text(headers, "location").map(|to| one_line(&token.conceal_in(&origin_of(to)), 200)),
            error: None,
            body: Vec::new(),
            elapsed,
        };
        while answer.body.len() < LARGEST_BODY {
            match response.chunk().await.map_err(|error| Failure::of(&error))? {
                Some(chunk) => answer
                    .body
                    .extend_from_slice(&chunk[..chunk.len().min(LARGEST_BODY - answer.body.len())]),
                None => break,
            }
        }
        answer.error = AppleError::parse(&answer.body, token);
        Ok(answer)
    }

    /// Sends a request, and waits for the head of its answer.
    async fn send(&self, mut request: Request) -> Result<Sent, Failure> {
        request.headers_mut().insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("asc-auth/", env!("CARGO_PKG_VERSION"))),
        );
        let began = Instant::now();
        let response = self.http.execute(request).await.map_err(|error| Failure::of(&error))?;
        let elapsed = began.elapsed();
        let now = Clock::default().now();
        let date = text(response.headers(), "date").and_then(headers::parse_date);
        Ok(Sent {
            skew: date.map(|date| skew(now, elapsed, date)),
            response,
            elapsed,
            now,
        })
    }

    fn unreachable(&self, failure: Failure) -> ConnectError {
        ConnectError::Unreachable {
            failure,
            root: Box::new(self.root.clone()),
            attempts: self.budget.failures().max(1),
        }
    }

    fn unavailable(&self, answer: &Answer) -> ConnectError {
        ConnectError::Unavailable {
            status: answer.status.as_u16(),
            quote: answer.error.as_ref().map(AppleError::quote),
            retry_after: answer.retry_after,
            rate_limit: answer.rate_limit,
            attempts: self.budget.failures(),
            request_id: answer.request_id.clone(),
        }
    }
}

fn is_worth_retrying(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

/// Our clock minus Apple's, in seconds. `Date` was written at some time during the exchange and is cut off to the
/// second, so the truth lies in an interval: if zero does too, slowness looks like skew. Else the end is taken that
/// keeps a corrected clock from running ahead of Apple's, which has no leeway there.
fn skew(now: i64, elapsed: Duration, date: i64) -> Skew {
    let latest = now.saturating_sub(date);
    let exchange = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX).saturating_add(1);
    let earliest = latest.saturating_sub(exchange);
    Skew(if (earliest..=latest).contains(&0) { 0 } else { latest })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Scheme, host and port of a `Location`, which is all that is told of it.
fn origin_of(location: &str) -> String {
    Url::parse(location).map_or_else(
        |_| "a path of its own".to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

/// No certificate is loaded for a conversation in plain http.
fn no_tls() -> Result<ClientConfig, ConnectError> {
    let provider = rustls::crypto::ring::default_provider();
    Ok(ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Runtime(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slowness_is_no_skew() {
        let seconds = Duration::from_secs;
        assert_eq!(skew(1014, seconds(14), 1000), Skew(0));
        assert_eq!(skew(1014, seconds(0), 1000), Skew(14));
        assert_eq!(skew(996, seconds(0), 1000), Skew(-4));
        assert_eq!(skew(996, seconds(30), 1000), Skew(-4));
        assert_eq!(skew(1000, seconds(0), 1000), Skew(0));
    }
}
