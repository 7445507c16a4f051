//! One error type a layer, brought together with their exit codes.

use std::io;

use thiserror::Error;

use crate::{
    connect::ConnectError, convention::ConventionError, explanation::Explanation, handoff::HandoffError,
    source::SourceError, terminal::TerminalError, token::TokenError,
};

#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Convention(#[from] ConventionError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Handoff(#[from] HandoffError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// Flags that are each fine and do not go together, or a value that no layer owns.
    #[error("{what}")]
    Usage { what: String, advice: String },
    #[error("the output could not be written: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// The process's exit code, by which a script tells "fix the secret" from "try again":
    ///
    /// | code | meaning |
    /// |---|---|
    /// | 1 | a defect of asc-auth itself |
    /// | 2 | usage: unknown flag, unreadable value |
    /// | 10 | the credential is missing, incomplete or malformed |
    /// | 11 | strict-auth: mixed sources |
    /// | 12 | Apple refused the credential (401) |
    /// | 13 | Apple accepted the key but forbids this (403) |
    /// | 14 | a policy the user set failed |
    /// | 20 | the network or Apple's service failed; trying again may help |
    /// | 30 | a local file could not be written or read |
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Source(error) => error.exit_code(),
            Self::Token(_) | Self::Convention(_) | Self::Usage { .. } => 2,
            Self::Connect(error) => error.exit_code(),
            Self::Handoff(error) => error.exit_code(),
            Self::Terminal(error) => error.exit_code(),
            Self::Output(_) => 30,
        }
    }

    pub fn explain(&self) -> Explanation {
        match self {
            Self::Source(error) => error.explain(),
            Self::Token(error) => error.explain(),
            Self::Convention(error) => error.explain(),
            Self::Connect(error) => error.explain(),
            Self::Handoff(error) => error.explain(),
            Self::Terminal(error) => error.explain(),
            Self::Usage { advice, .. } => Explanation::new(self.to_string()).advice(advice.as_str()),
            Self::Output(_) => Explanation::new(self.to_string()),
        }
    }
}
