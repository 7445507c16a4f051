//! The client of the API: one GET at a time, bounded in time and in size.

use std::time::Duration;

use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderValue},
};

use super::{
    ConnectError, Failure, Root,
    http::{Answer, Http},
    retry::{Budget, Setback},
};
use crate::{clock::Skew, diagnosis::AppleError, token::Token};

/// No more of a body than this is read, in bytes: Apple's errors are a few hundred.
const LARGEST_BODY: usize = 64 * 1024;

/// App Store Connect's API, with a budget of time for everything that is asked.
#[derive(Debug)]
pub struct Client {
    http: Http,
    budget: Budget,
    requests: u32,
}

impl Client {
    /// A client for `root` whose requests, retries and pauses together take at most `budget`.
    pub fn new(root: Root, budget: Duration) -> Result<Self, ConnectError> {
        Ok(Self {
            http: Http::new(root)?,
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
            budget: self.budget.beside(),
            requests: 0,
        }
    }

    pub fn root(&self) -> &Root {
        self.http.root()
    }

    /// How many requests were sent so far.
    pub(super) fn requests(&self) -> u32 {
        self.requests
    }

    /// Pauses before a repeated attempt; `false` if the budget has no room for it.
    pub(super) async fn pause(&mut self) -> bool {
        self.budget.pause(Setback::Own { after: None }).await
    }

    /// GETs `path` (below the root, without a leading slash), trying again what is worth it: no connection,
    /// 408, 429 and 5xx. Any other status is an answer.
    pub(super) async fn get(&mut self, path: &str, token: &Token) -> Result<Answer, ConnectError> {
        let mut before = None;
        loop {
            let outcome = self.attempt(path, token).await;
            let setback = match &outcome {
                Ok(answer) => Setback::of(answer.status, answer.retry_after, answer.rate_limit),
                Err(failure) => failure.is_transient().then_some(Setback::Own { after: None }),
            };
            let Some(setback) = setback else {
                return outcome.map_err(|failure| self.unreachable(failure));
            };
            if !self.budget.pause(setback).await {
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
        let request = self.http.request(Method::GET, "");
        self.requests += 1;
        let asked = tokio::time::timeout(self.budget.attempt(), self.http.send(request)).await;
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
        let mut request = self.http.request(Method::GET, path);
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let conceal = |text: &str| token.conceal_in(text);
        self.http.exchange(request, LARGEST_BODY, &conceal).await
    }

    fn unreachable(&self, failure: Failure) -> ConnectError {
        self.http.unreachable(failure, self.budget.failures().max(1))
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
