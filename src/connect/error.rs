//! What App Store Connect, or the way to it, said no with; and what that means.

use std::io;

use thiserror::Error;

use super::{Failure, RateLimit, Root, WebError, root::Side};
use crate::{
    diagnosis::{Forbidden, Refused, unavailable_advice, unavailable_title, with_facts, with_quote},
    explanation::{Explanation, Fact},
    source::Origin,
    text::{io_reason, one_line},
};

#[derive(Debug, Error)]
pub enum ConnectError {
    #[error("the {} can't be used: {why}", .side.root())]
    BadRoot {
        side: Side,
        origin: Origin,
        why: &'static str,
    },
    #[error("no certificate could be loaded from {variable}")]
    Roots { variable: &'static str },
    #[error("{}", .0.title())]
    Refused(Box<Refused>),
    #[error("{}", .why.title())]
    Forbidden {
        why: Forbidden,
        quote: Option<String>,
        facts: Vec<Fact>,
        request_id: Option<String>,
    },
    #[error("{}", .policy.title())]
    Policy { policy: Policy, facts: Vec<Fact> },
    #[error("no connection to {}: {failure}", .root.host())]
    Unreachable {
        failure: Failure,
        root: Box<Root>,
        attempts: u32,
    },
    #[error("{}", unavailable_title(*.status))]
    Unavailable {
        status: u16,
        quote: Option<String>,
        /// Seconds, as the server asked.
        retry_after: Option<u64>,
        rate_limit: Option<RateLimit>,
        attempts: u32,
        request_id: Option<String>,
    },
    #[error("{} answered with a redirect", .root.host())]
    Redirected { root: Box<Root>, to: Option<String> },
    #[error("{} is not App Store Connect (status {status})", .root.host())]
    NotApple { status: u16, root: Box<Root> },
    #[error("Apple did not understand the request (status {status})")]
    Unexpected {
        status: u16,
        quote: Option<String>,
        request_id: Option<String>,
    },
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("the log could not be written: {0}")]
    Mask(String),
    #[error("the network could not be set up: {0}")]
    Runtime(String),
    #[error("this machine has no means for a connection: {}", io_reason(.0))]
    NoMeans(#[source] io::Error),
}

/// A rule of the user's own that the key breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    ExpectApp(String),
    ForbidAdmin,
}

impl Policy {
    fn title(&self) -> String {
        match self {
            Self::ExpectApp(bundle_id) => format!("this key does not see the app {}", one_line(bundle_id, 155)),
            Self::ForbidAdmin => "this key can list users, so it is an Admin key".to_owned(),
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::ExpectApp(_) => {
                "expect-app is set. The key works, but for another team, or the bundle ID is misspelt, \
                 or the app does not exist in App Store Connect yet."
            }
            Self::ForbidAdmin => {
                "forbid-admin is set. Make a key with a smaller role: App Manager for metadata, Developer for uploading builds."
            }
        }
    }
}

impl ConnectError {
    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::BadRoot { .. } => 2,
            Self::Refused(_) => 12,
            Self::Forbidden { .. } => 13,
            Self::Policy { .. } => 14,
            Self::Unreachable { .. }
            | Self::Unavailable { .. }
            | Self::Redirected { .. }
            | Self::NotApple { .. }
            | Self::NoMeans(_) => 20,
            Self::Web(error) => error.exit_code(),
            Self::Roots { .. } | Self::Mask(_) => 30,
            Self::Unexpected { .. } | Self::Runtime(_) => 1,
        }
    }

    pub fn explain(&self) -> Explanation {
        let explanation = Explanation::new(self.to_string());
        match self {
            Self::BadRoot { origin, side, .. } => explanation
                .fact(side.root(), format!("from {origin}"))
                .advice("Give https://HOST, or http://127.0.0.1:PORT for a simulator on this machine."),
            Self::Roots { variable } => explanation.advice(format!(
                "{variable} is set, so nothing else is trusted. Correct its path, or unset it to use the system's certificates."
            )),
            Self::Refused(refused) => refused.explain(),
            Self::Forbidden { why, quote, facts, request_id } => with_quote(with_facts(explanation, facts), quote.as_deref())
                .advice(why.advice())
                .request_id(request_id.as_deref()),
            Self::Policy { policy, facts } => with_facts(explanation, facts).advice(policy.advice()),
            Self::Unreachable { failure, root, attempts } => explanation
                .fact(root.side().root(), format!("{root}, from {}", root.origin()))
                .fact("attempts", attempts.to_string())
                .advice(failure.advice(root.side().variable())),
            Self::Unavailable { status, quote, retry_after, rate_limit, attempts, request_id } => {
                let explanation = with_quote(explanation.fact("status", status.to_string()), quote.as_deref())
                    .fact("attempts", attempts.to_string());
                let explanation = rate_limit.iter().fold(explanation, |explanation, rate| {
                    explanation.fact("limit", format!("{} of {} requests left this hour", rate.remaining, rate.limit))
                });
                let left = rate_limit.map(|rate| rate.remaining);
                explanation
                    .advice(unavailable_advice(*status, *retry_after, left))
                    .request_id(request_id.as_deref())
            }
            Self::Redirected { root, to } => explanation
                .fact("API root", format!("{root}, from {}", root.origin()))
                .fact("to", to.as_deref().unwrap_or("nowhere"))
                .advice("Apple's API does not redirect, and the token is never sent to another place. Check ASC_API_URL and proxies in between."),
            Self::NotApple { root, .. } => explanation
                .fact("API root", format!("{root}, from {}", root.origin()))
                .advice("Something else answered: check ASC_API_URL, and whether this network asks for a sign-in."),
            Self::Unexpected { quote, request_id, .. } => with_quote(explanation, quote.as_deref())
                .advice("This is a defect of asc-auth. Please report it with this text.")
                .request_id(request_id.as_deref()),
            Self::Web(error) => error.explain(),
            Self::Mask(_) => explanation.advice("Nothing was sent, because the log could not be told what to mask."),
            Self::NoMeans(_) => explanation.advice(
                "Nothing was sent. Raise the limit that is named (ulimit -n for open files), or end what uses it up, and try again.",
            ),
            Self::Runtime(_) => explanation.advice("This is a defect of asc-auth or of this machine. Please report it with this text."),
        }
    }
}
