//! One pool of connections to one root: a request goes out, and its answer comes back, bounded in size.
//!
//! No redirect is followed, plain http is for loopback only, and what the answer quotes of a secret is concealed.

use std::{fmt, time::Duration};

use reqwest::{
    Method, Request, Response, StatusCode,
    header::{HeaderMap, HeaderValue, USER_AGENT},
    redirect,
};
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

use super::{ConnectError, Failure, RateLimit, Root, headers, tls, transport::SystemResolver};
use crate::{
    clock::{Clock, Skew},
    diagnosis::{AppleError, Conceal},
    text::one_line,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct Http {
    connections: reqwest::Client,
    root: Root,
}

/// What came back, whatever the status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) skew: Option<Skew>,
    pub(super) rate_limit: Option<RateLimit>,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
    pub(super) request_id: Option<String>,
    pub(super) location: Option<String>,
    pub(super) error: Option<AppleError>,
    /// As much as was asked for. It may hold a secret, so it is looked into and never shown.
    pub(super) body: Zeroizing<Vec<u8>>,
    pub(super) elapsed: Duration,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, [redacted])", self.status.as_u16())
    }
}

/// The head of an answer, and when it came.
pub(super) struct Sent {
    response: Response,
    elapsed: Duration,
    /// When it was written, by the server's clock if it tells that. Unix seconds.
    now: i64,
    pub(super) skew: Option<Skew>,
}

impl Http {
    pub(super) fn new(root: Root) -> Result<Self, ConnectError> {
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
            tls::unused()?
        } else {
            tls::config()?
        };
        let connections = builder
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| ConnectError::Runtime(error.to_string()))?;
        Ok(Self { connections, root })
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    /// A request for `path`, which lies below the root and has no leading slash.
    pub(super) fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, self.root.endpoint(path))
    }

    /// Sends a request and reads its answer, of the body no more than `largest` bytes.
    pub(super) async fn exchange(
        &self,
        request: Request,
        largest: usize,
        conceal: &Conceal<'_>,
    ) -> Result<Answer, Failure> {
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
            request_id: text(headers, "x-request-id").map(|id| one_line(&conceal(id), 64)),
            location: text(headers, "location").map(|to| one_line(&conceal(&origin_of(to)), 200)),
            error: None,
            body: Zeroizing::default(),
            elapsed,
        };
        while answer.body.len() < largest {
            let Some(chunk) = response.chunk().await.map_err(|error| Failure::of(&error))? else {
                break;
            };
            let room = largest - answer.body.len();
            answer.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        answer.error = AppleError::parse(&answer.body, conceal);
        Ok(answer)
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) async fn send(&self, mut request: Request) -> Result<Sent, Failure> {
        request.headers_mut().insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("asc-auth/", env!("CARGO_PKG_VERSION"))),
        );
        let began = Instant::now();
        let sent = self.connections.execute(request).await;
        let response = sent.map_err(|error| Failure::of(&error))?;
        let elapsed = began.elapsed();
        let now = Clock::default().now();
        let date = text(response.headers(), "date").and_then(headers::parse_date);
        Ok(Sent {
            skew: date.map(|date| skew(now, elapsed, date)),
            response,
            elapsed,
            now: date.unwrap_or(now),
        })
    }

    /// That no answer came, after so many attempts.
    pub(super) fn unreachable(&self, failure: Failure, attempts: u32) -> ConnectError {
        ConnectError::Unreachable {
            failure,
            root: Box::new(self.root.clone()),
            attempts,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_whose_body_may_hold_a_key_is_not_printed() {
        let answer = Answer {
            status: StatusCode::OK,
            skew: None,
            rate_limit: None,
            retry_after: None,
            request_id: None,
            location: None,
            error: None,
            body: Zeroizing::new(b"secret".to_vec()),
            elapsed: Duration::ZERO,
        };
        assert_eq!(format!("{answer:?}"), "Answer(200, [redacted])");
    }

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
