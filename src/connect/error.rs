//! What App Store Connect, or the way to it, said no with; and what that means.

use thiserror::Error;

use super::{Failure, RateLimit, Root, WebError, root::Side};
use crate::{
    clock::Skew,
    explanation::{Explanation, Fact},
    source::Origin,
    text::one_line,
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
    #[error("Apple refused this credential (401 {})", .0.code.as_deref().unwrap_or("without a code"))]
    Refused(Box<Refused>),
    #[error("Apple accepts the key but forbids this (403): {}", .why.title())]
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
}

/// A refusal, with everything that is known to tell its cause: Apple's body is the same for every one.
#[derive(Debug)]
pub struct Refused {
    pub(super) code: Option<String>,
    pub(super) facts: Vec<Fact>,
    pub(super) skew: Option<Skew>,
    /// The kind of key that Apple accepts it as: `team` or `individual`.
    pub(super) works_as: Option<&'static str>,
    pub(super) is_team: bool,
    /// The API root, if it is not Apple's.
    pub(super) other_root: Option<String>,
    pub(super) request_id: Option<String>,
}

/// Why a valid key may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    Role,
    Agreement,
    Membership,
    Unknown,
}

/// A rule of the user's own that the key breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    ExpectApp(String),
    ForbidAdmin,
}

impl Forbidden {
    fn title(self) -> &'static str {
        match self {
            Self::Role => "the key's role is too small",
            Self::Agreement => "an agreement is missing or has expired",
            Self::Membership => "the team's membership is not active",
            Self::Unknown => "for a reason of Apple's own",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Role => {
                "Validation lists apps. Give the key a role that sees apps (App Manager or Developer) by making a new key: \
                 a key's role can't be changed. If the key is for reports only, switch validation off."
            }
            Self::Agreement => {
                "The key is fine. The Account Holder must sign in to App Store Connect → Business and accept the agreement; \
                 then run this again."
            }
            Self::Membership => {
                "The key is fine. The Account Holder must renew the Apple Developer Program membership."
            }
            Self::Unknown => {
                "The key is well formed and Apple knows it. It may have been revoked: look under Users and Access → Integrations."
            }
        }
    }
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
            Self::Unreachable { .. } | Self::Unavailable { .. } | Self::Redirected { .. } | Self::NotApple { .. } => 20,
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
            Self::Refused(refused) => refused.explain(explanation),
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
                explanation
                    .advice(unavailable_advice(*status, *retry_after))
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
            Self::Runtime(_) => explanation.advice("This is a defect of asc-auth or of this machine. Please report it with this text."),
        }
    }
}

impl Refused {
    fn explain(&self, explanation: Explanation) -> Explanation {
        let clock = self
            .skew
            .map_or_else(|| "unknown: the answer had no date".to_owned(), Skew::describe);
        let explanation = with_facts(explanation, &self.facts)
            .fact("clock", clock)
            .request_id(self.request_id.as_deref());
        let explanation = match &self.other_root {
            Some(root) => explanation.fact("API root", root),
            None => explanation,
        };
        if let Some(kind) = self.works_as {
            return explanation.advice(format!(
                "Apple accepts this key as {} key. Say so with key type {kind} (ASC_KEY_TYPE={kind}), {}.",
                if kind == "individual" {
                    "an individual"
                } else {
                    "a team"
                },
                if kind == "individual" {
                    "and leave the issuer ID out"
                } else {
                    "and keep the issuer ID"
                },
            ));
        }
        let intro = if self.skew.is_none_or(Skew::is_tolerable) {
            "The key is well formed and the clock is right, so one of these is wrong, most likely first:"
        } else if self.skew.is_some_and(|skew| !skew.needs_correction()) {
            return explanation.advice(
                "Set this machine's clock. It is off by more than a day, and that is never corrected on a server's word.",
            );
        } else {
            "The key is well formed, and a second attempt with Apple's clock was refused too. One of these is wrong, most likely first:"
        };
        let mut causes = Vec::new();
        if self.is_team {
            causes.push("the issuer ID is not the one at the top of Users and Access → Integrations".to_owned());
        }
        causes.push("the key ID does not belong to this .p8".to_owned());
        causes.push("the key was revoked".to_owned());
        if !self.is_team {
            causes.push("the key is a team key, which needs its issuer ID".to_owned());
        }
        if self.other_root.is_some() {
            causes.push("the API root is not Apple's, and does not know this key".to_owned());
        }
        causes.push("the key was made minutes ago, and is not known everywhere yet".to_owned());
        explanation.advice(intro).causes(causes)
    }
}

fn with_facts(explanation: Explanation, facts: &[Fact]) -> Explanation {
    facts.iter().fold(explanation, |explanation, fact| {
        explanation.fact(&fact.label, &fact.text)
    })
}

fn with_quote(explanation: Explanation, quote: Option<&str>) -> Explanation {
    match quote {
        Some(quote) => explanation.fact("Apple", quote),
        None => explanation,
    }
}

fn unavailable_title(status: u16) -> String {
    match status {
        429 => "Apple's rate limit was reached (429)".to_owned(),
        401 => "Apple refused a token that it had just accepted (401)".to_owned(),
        408 => "Apple took too long (408)".to_owned(),
        status => format!("Apple's service failed (status {status})"),
    }
}

fn unavailable_advice(status: u16, retry_after: Option<u64>) -> String {
    match (status, retry_after) {
        (429, Some(seconds)) => format!(
            "Apple asks to wait {seconds} s, which is longer than the time left. Run this again then, \
             or give more time with --timeout. Jobs that share a key share its limit: switch validation off in all but one."
        ),
        (429, None) => {
            "Run this again later. Jobs that share a key share its limit: switch validation off in all but one."
                .to_owned()
        }
        _ => "Nothing is wrong with the key as far as can be told. Run this again later; \
              https://developer.apple.com/system-status/ tells how Apple's services are."
            .to_owned(),
    }
}
