//! Whether the keychain is reached and unlocked, and whether every item of it can be read.

use super::{
    finding::{Check, Finding, count},
    stock::Stock,
};
use crate::{
    explanation::Explanation,
    handoff::Ci,
    source::{
        Environment, KeychainError, SourceError,
        profiles::{Outcome, told_name},
    },
};

pub(super) fn check(stock: &Stock, environment: &Environment) -> Check {
    let mut check = Check::new("keychain");
    match stock.keychain() {
        Outcome::Holds(number) => check.line(format!("reached; {}", count(*number, "profile", "profiles"))),
        // No CI has one, and none is missed there.
        Outcome::Failed(SourceError::Keychain(error @ KeychainError::Unreachable { .. }))
            if Ci::detect(environment).is_some() =>
        {
            check.line(error.to_string());
        }
        Outcome::Failed(error) => {
            check.line("can't be used");
            check.found(failed(error));
        }
        _ if stock.is_bypass_unreadable => check.line("not looked into: ASC_BYPASS_KEYCHAIN can't be read"),
        Outcome::Bypassed | Outcome::Absent => {
            check.line("not looked into, as --bypass-keychain or ASC_BYPASS_KEYCHAIN says");
        }
    }
    for item in &stock.inventory.items {
        if let Err(error) = &item.read {
            let explanation = Explanation::new(error.to_string())
                .fact("profile", told_name(&item.name))
                .advice(error.advice());
            check.found(Finding::problem("keychain_item", explanation));
        }
    }
    check
}

/// Where there is no keychain, nothing is broken: containers have none.
fn failed(error: &SourceError) -> Finding {
    match error {
        SourceError::Keychain(KeychainError::Unreachable { .. }) => {
            Finding::advice("keychain_unreachable", error.explain())
        }
        SourceError::Keychain(KeychainError::Locked) => Finding::problem("keychain_locked", error.explain()),
        _ => Finding::problem("keychain_unusable", error.explain()),
    }
}
