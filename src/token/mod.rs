//! Tokens: what they claim, for how long, and how they are signed.
//!
//! Nothing here does I/O, the cache aside: the time comes in as an argument.

#[cfg(feature = "cli")]
mod cache;
mod claims;
mod inspect;
mod lifetime;
mod mint;
mod scope;

use thiserror::Error;

#[cfg(feature = "cli")]
pub use cache::{Cache, Purpose, TOKENS, share, tell, tokens};
pub use claims::Audience;
pub use inspect::{
    ACCEPTED, CheckKey, Finding, Inspection, Severity, SignatureState, Times, inspect, is_private_key, span,
};
pub use lifetime::{Lifetime, parse_seconds};
pub use mint::{Token, TokenRequest, mint};
pub use scope::Scope;

use crate::explanation::Explanation;

/// Why no such token can be made, or looked into. All of these are usage errors.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("the lifetime can't be read")]
    Lifetime,
    #[error("a lifetime of zero seconds")]
    NoLifetime,
    #[error("a lifetime above 20 minutes without a scope")]
    LongWithoutScope,
    #[error("a lifetime above 180 days")]
    TooLong,
    #[error("a scope can't be read")]
    Scope,
    #[error("a scope that is not a GET")]
    ScopeMethod,
    #[error("no token was given")]
    NoToken,
    #[error("a private key was given, where a token belongs")]
    KeyForToken,
    #[error("what was given is larger than any token")]
    TooLarge,
    #[error("what was given is no token: there are no two dots in it")]
    NotAToken,
}

impl TokenError {
    pub fn explain(&self) -> Explanation {
        Explanation::new(self.to_string()).advice(match self {
            Self::Lifetime | Self::NoLifetime => {
                "Give seconds or a number with a unit: 900, 900s, 15m, 20m; with scopes also 12h or 30d."
            }
            Self::LongWithoutScope => {
                "Apple refuses a token that lives longer than 20 minutes unless it has scopes. \
                 Give a lifetime of 20m or less, or name the requests as scopes: 'GET /v1/…'."
            }
            Self::TooLong => "Apple accepts at most six months, and only with scopes. Give 180d or less.",
            Self::Scope => {
                "A scope is a method and a path with an optional query: 'GET /v1/apps?filter[platform]=IOS'."
            }
            Self::ScopeMethod => "Apple accepts scopes for GET requests only.",
            Self::NoToken => "Give the token, or - to read it from standard input: asc-auth token | asc-auth inspect -",
            Self::KeyForToken => {
                "If it is yours and was given as an argument, it is in the shell's history now: remove it there. \
                 A token is made of it by asc-auth token; inspect verifies one with --key AuthKey_….p8."
            }
            Self::TooLarge | Self::NotAToken => {
                "A token has three parts with dots between them, and a few hundred bytes: asc-auth token prints one."
            }
        })
    }
}
