//! Why the keychain could not be used. Nothing that it holds is ever told, only the names of profiles.

use std::fmt::Display;

use thiserror::Error;

use crate::text::one_line;

/// Longer than what any keychain says that is worth reading.
const LONGEST_REASON: usize = 200;

/// Every one of them leaves the keychain as it was, save [`KeychainError::TimedOut`] and [`KeychainError::Failed`],
/// after which a write or a removal may or may not have been done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeychainError {
    /// There is none for this session: no D-Bus, no service on it, no logon session.
    #[error("there is no keychain here: {reason}")]
    Unreachable { reason: String },
    /// It is locked, and the prompt was dismissed, or nobody is there to answer one.
    #[error("the keychain is locked, and was not unlocked")]
    Locked,
    #[error("the keychain denied access")]
    Denied,
    /// The item holds something else than the payload.
    #[error("the keychain's item of {} can't be read", told(name))]
    Damaged { name: String },
    /// The keychain holds several items that could each be meant.
    #[error("the keychain holds more than one item of {}", told(name))]
    Ambiguous { name: String },
    #[error("the keychain did not answer within {seconds} seconds")]
    TimedOut { seconds: u64 },
    #[error("the keychain failed: {reason}")]
    Failed { reason: String },
}

impl KeychainError {
    pub(super) fn unreachable(reason: impl Display) -> Self {
        Self::Unreachable {
            reason: one_line(&reason.to_string(), LONGEST_REASON),
        }
    }

    pub(super) fn failed(reason: impl Display) -> Self {
        Self::Failed {
            reason: one_line(&reason.to_string(), LONGEST_REASON),
        }
    }

    /// Whether what was asked for may have been done all the same.
    pub(super) fn may_be_done(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Failed { .. })
    }

    /// The process's exit code (design: Exit codes).
    pub fn exit_code(&self) -> u8 {
        30
    }

    /// What to do, and the way around the keychain, in whole sentences.
    pub fn advice(&self) -> String {
        format!("{} {AROUND}", self.remedy())
    }

    /// What to do about the keychain itself.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => NO_KEYCHAIN,
            Self::Locked => UNLOCK,
            Self::Denied => "Allow it when the system asks, or in the system's own keychain program.",
            Self::Damaged { .. } => {
                "Store the profile again with asc-auth login --force, which replaces the item, or remove it with asc-auth \
                 logout."
            }
            Self::Ambiguous { .. } => "Nothing was chosen: remove all but one in the system's own keychain program.",
            Self::TimedOut { .. } => {
                "It may wait in a prompt that nobody sees, or its service may hang. Unlock it before this runs."
            }
            Self::Failed { .. } => "The system's own keychain program may tell more.",
        }
    }
}

const AROUND: &str = "--bypass-keychain (ASC_BYPASS_KEYCHAIN=1) uses ~/.asc/config.json instead, or the file that \
                      ASC_CONFIG_PATH names.";

#[cfg(target_os = "macos")]
const NO_KEYCHAIN: &str =
    "This user has none: security create-keychain makes one, security default-keychain -s chooses it.";
#[cfg(windows)]
const NO_KEYCHAIN: &str = "Services and some remote shells have no Credential Manager.";
#[cfg(not(any(target_os = "macos", windows)))]
const NO_KEYCHAIN: &str = "The Secret Service (GNOME Keyring, KWallet) needs a desktop session.";

#[cfg(target_os = "macos")]
const UNLOCK: &str = "Unlock it with security unlock-keychain.";
#[cfg(not(target_os = "macos"))]
const UNLOCK: &str = "Unlock it in the desktop session, or with gnome-keyring-daemon --unlock.";

/// A long name may be a piece of a key in its place, and is not told.
fn told(name: &str) -> String {
    match name.chars().count() {
        0..=20 => format!("the profile {name:?}"),
        _ => "this profile".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_names_the_way_around() {
        for error in [
            KeychainError::unreachable("no D-Bus"),
            KeychainError::Locked,
            KeychainError::Denied,
            KeychainError::Damaged {
                name: "main".to_owned(),
            },
            KeychainError::Ambiguous {
                name: "main".to_owned(),
            },
            KeychainError::TimedOut { seconds: 10 },
            KeychainError::failed("no memory"),
        ] {
            let advice = error.advice();
            for part in [
                "--bypass-keychain",
                "ASC_BYPASS_KEYCHAIN",
                "ASC_CONFIG_PATH",
                "~/.asc/config.json",
            ] {
                assert!(advice.contains(part), "no {part} for {error:?}: {advice}");
            }
            assert!(advice.len() < 240, "too long to be read: {advice}");
            assert_eq!(error.exit_code(), 30);
        }
    }

    #[test]
    fn what_comes_from_outside_is_short_and_harmless() {
        let told = KeychainError::failed(format!("a\n::error::b\u{1b}[1m##[group]{}", "x".repeat(1000))).to_string();
        assert!(
            told.starts_with("the keychain failed: a ::error::b [1m## [group]xxx"),
            "{told}"
        );
        assert!(told.len() < 250, "{told}");

        let name = "MIGTAgEAMBMGByqGSM49AgEG".to_owned();
        assert!(
            !KeychainError::Damaged { name: name.clone() }
                .to_string()
                .contains(&name)
        );
    }
}
