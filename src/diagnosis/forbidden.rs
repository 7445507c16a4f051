//! A 403: Apple knows the key, and does not allow this.

use super::AppleError;

/// Why a valid key may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    Role,
    Agreement,
    Membership,
    Unknown,
}

impl Forbidden {
    /// Classifies a 403 by its code's prefix, and the older and vaguer forms by Apple's words.
    pub fn of(error: Option<&AppleError>) -> Self {
        let Some(error) = error else {
            return Self::Unknown;
        };
        if error.is("FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED") || error.mentions("agreement") {
            Self::Agreement
        } else if error.mentions("active membership") {
            Self::Membership
        } else if error.is("FORBIDDEN_ERROR") || error.is("FORBIDDEN") {
            Self::Role
        } else {
            Self::Unknown
        }
    }

    pub fn title(self) -> String {
        let why = match self {
            Self::Role => "the key's role is too small",
            Self::Agreement => "an agreement is missing or has expired",
            Self::Membership => "the team's membership is not active",
            Self::Unknown => "for a reason of Apple's own",
        };
        format!("Apple accepts the key but forbids this (403): {why}")
    }

    pub fn advice(self) -> &'static str {
        match self {
            Self::Role => {
                "Its role does not reach what was asked for: validation lists apps, which App Manager and Developer see. Give it \
                 another role by making a new key: a key's role can't be changed. If the key is for reports only, switch \
                 validation off."
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
