//! What the web side said no with, and who must do what about it.

use std::path::PathBuf;

use thiserror::Error;

use super::Roster;
use crate::{credential::KeyDefect, explanation::Explanation, source::Origin, text::has_short_parts};

#[derive(Debug, Error)]
pub enum WebError {
    #[error("there is no home directory to look for a web session in")]
    NoHome,
    #[error("no web session could be read: {reason}")]
    NoSession {
        path: PathBuf,
        origin: Origin,
        reason: String,
    },
    #[error("the web session can't be used: {why}")]
    BadSession {
        path: PathBuf,
        origin: Origin,
        why: &'static str,
    },
    #[error("the web session has expired (status {status})")]
    SignedOut { path: PathBuf, origin: Origin, status: u16 },
    #[error("this person may not {doing} (403)")]
    NotAllowed {
        doing: &'static str,
        quote: Option<String>,
        request_id: Option<String>,
    },
    #[error("the team has no such key")]
    NoSuchKey,
    #[error("Apple answered with the ID of another key when asked to make one")]
    UnknownId,
    #[error("Apple refused to {doing} (409)")]
    Conflict {
        doing: &'static str,
        quote: Option<String>,
        request_id: Option<String>,
    },
    #[error("the team has {} active keys, which is as many as it may have", Roster::LIMIT)]
    Full,
    #[error("an active key has this name already")]
    NameTaken { name: String, key_id: String },
    /// The private half of a key will never be handed out again.
    #[error("the private key can't be had: {loss}")]
    Gone {
        loss: Loss,
        /// Whether it may have been handed out to this request, in an answer that was lost.
        to_us: bool,
    },
    /// A key was made, and its private half is on no disk.
    #[error("the key {key_id} was made, and its private key is lost: {loss}")]
    Lost { key_id: String, loss: Loss, left: Left },
    #[error("App Store Connect's web side failed (status {status})")]
    Unavailable {
        status: u16,
        quote: Option<String>,
        /// Seconds, as the server asked.
        retry_after: Option<u64>,
        attempts: u32,
        request_id: Option<String>,
    },
    #[error("App Store Connect answered in an unknown form when asked to {doing} (status {status})")]
    Unexpected {
        doing: &'static str,
        status: u16,
        quote: Option<String>,
        request_id: Option<String>,
    },
}

/// Why a private key is lost.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Loss {
    #[error("it was downloaded before")]
    Downloaded,
    #[error("Apple's answer did not hold it")]
    NotInAnswer,
    #[error("what Apple gave out can't be read: {0}")]
    Unreadable(KeyDefect),
    #[error("it could not be saved anywhere: {0}")]
    Unsaved(String),
}

/// What became of a key whose private half is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    Revoked,
    /// It could not be revoked, for this reason.
    Active(String),
    /// It was found by its name, so it may be somebody else's, who has its private half.
    MaybeAnothers,
}

const SIGN_IN: &str = "An Account Holder or Admin of the team must sign in to App Store Connect with the program that keeps \
                       the session in this file, such as Blitz. --session or ASC_WEB_SESSION names another file.";

impl WebError {
    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoHome | Self::NoSession { .. } | Self::BadSession { .. } | Self::NoSuchKey => 10,
            Self::SignedOut { .. } => 12,
            Self::NotAllowed { .. } | Self::Full => 13,
            Self::Conflict { .. } | Self::NameTaken { .. } => 2,
            Self::Lost {
                loss: Loss::Unsaved(_), ..
            } => 30,
            Self::Gone { .. } | Self::Lost { .. } | Self::Unavailable { .. } => 20,
            Self::Unexpected { .. } | Self::UnknownId => 1,
        }
    }

    pub fn explain(&self) -> Explanation {
        let explanation = Explanation::new(self.to_string());
        // What is no path may be a key, or the session itself.
        let at = |path: &PathBuf, origin: &Origin| match path.to_str().filter(|path| has_short_parts(path)) {
            Some(path) => format!("{path}, from {origin}"),
            None => format!("from {origin}"),
        };
        match self {
            Self::NoHome => explanation.advice("Name the file of the web session with --session or ASC_WEB_SESSION."),
            Self::NoSession { path, origin, .. } | Self::BadSession { path, origin, .. } => {
                explanation.fact("session", at(path, origin)).advice(SIGN_IN)
            }
            Self::SignedOut { path, origin, .. } => explanation
                .fact("session", at(path, origin))
                .advice(SIGN_IN),
            Self::NotAllowed { quote, request_id, .. } => quoted(explanation, quote.as_deref())
                .advice(
                    "Only an Account Holder or an Admin may: one of them must sign in and run this, or change the role of \
                     this person under Users and Access.",
                )
                .request_id(request_id.as_deref()),
            Self::NoSuchKey => explanation.advice(
                "asc-auth key list shows the keys of the team that the session is signed in to. It may be another team.",
            ),
            Self::UnknownId => explanation.advice("Nothing was downloaded or revoked. Please report this text."),
            Self::Conflict { quote, request_id, .. } => quoted(explanation, quote.as_deref())
                .advice(format!(
                    "A key of this name may exist, or the team has all of its {} keys: asc-auth key list shows them.",
                    Roster::LIMIT
                ))
                .request_id(request_id.as_deref()),
            Self::Full => explanation.advice(
                "Nothing was made. Revoke one that nobody needs: asc-auth key list --stale points at them, and asc-auth key \
                 revoke KEY_ID --confirm revokes one.",
            ),
            Self::NameTaken { name, key_id } => explanation.fact("name", name).fact("key", key_id).advice(
                "Nothing was made. Choose another name, or revoke that key first if nobody needs it.",
            ),
            Self::Gone { .. } => explanation.advice("Apple gives it out once. Revoke the key, and make another one."),
            Self::Lost { key_id, left, .. } => left.explain(key_id, explanation),
            Self::Unavailable { quote, retry_after, attempts, request_id, .. } => {
                let explanation = quoted(explanation, quote.as_deref()).fact("attempts", attempts.to_string());
                explanation
                    .advice(match retry_after {
                        Some(seconds) => format!("Apple asks to wait {seconds} s. Run this again then."),
                        None => "Run this again later; https://developer.apple.com/system-status/ tells how Apple's \
                                 services are."
                            .to_owned(),
                    })
                    .request_id(request_id.as_deref())
            }
            Self::Unexpected { quote, request_id, .. } => quoted(explanation, quote.as_deref())
                .advice(
                    "The web side is Apple's own and may have changed, or something else answered. The same can be done by \
                     hand under Users and Access → Integrations. Please report this text.",
                )
                .request_id(request_id.as_deref()),
        }
    }
}

impl Left {
    fn explain(&self, key_id: &str, explanation: Explanation) -> Explanation {
        match self {
            Self::Revoked => explanation
                .fact("key", format!("{key_id}, revoked: nobody can use it"))
                .advice("Nothing is left behind. Run this again, which makes another key."),
            Self::Active(why) => explanation
                .fact("key", format!("{key_id}, STILL ACTIVE: {why}"))
                .advice(format!(
                    "Nobody can use it, and it must not stay: run this again, which revokes it first, or revoke it with \
                     asc-auth key revoke {key_id} --confirm."
                )),
            Self::MaybeAnothers => explanation
                .fact("key", format!("{key_id}, still active"))
                .advice(format!(
                    "It was found by its name, so somebody else may have made it and have its private key. If nobody has, \
                     revoke it with asc-auth key revoke {key_id} --confirm, and run this again."
                )),
        }
    }
}

fn quoted(explanation: Explanation, quote: Option<&str>) -> Explanation {
    match quote {
        Some(quote) => explanation.fact("Apple", quote),
        None => explanation,
    }
}
