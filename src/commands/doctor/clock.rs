//! This machine's clock against Apple's, from one answer's `Date`. The request carries no token, because none is needed to
//! be told the time.

use std::time::Duration;

use super::{
    Patient,
    finding::{Check, Finding},
};
use crate::{
    clock::Skew,
    commands::options,
    connect::{Client, ConnectError, block_on},
    explanation::Explanation,
};

/// A token begins so many seconds before it is minted: a clock that is less wrong does no harm.
const BACKDATED: i64 = 60;

pub(super) fn check(patient: &Patient<'_>, in_house: bool, budget: Duration) -> Check {
    let mut check = Check::new("clock");
    match ask(patient, in_house, budget) {
        Ok(None) => check.found(Finding::advice(
            "clock_unknown",
            Explanation::new("the clock could not be compared: the answer had no date")
                .advice("Something between this machine and Apple takes it away, or something else answered."),
        )),
        Ok(Some(skew)) if skew.is_tolerable() => check.line(skew.describe()),
        Ok(Some(skew)) => check.found(off(skew)),
        // What ASC_API_URL names is judged with the environment.
        Err(ConnectError::BadRoot { .. }) => check.line("not compared: the API root can't be used"),
        Err(error) => check.found(Finding::problem("network", error.explain())),
    }
    check.line("whether profiles work is not asked here: asc-auth status --validate asks");
    check
}

fn ask(patient: &Patient<'_>, in_house: bool, budget: Duration) -> Result<Option<Skew>, ConnectError> {
    let (root, _) = options::api_root(&patient.sources, in_house, None)?;
    block_on(async { Client::new(root, budget)?.skew().await })?
}

fn off(skew: Skew) -> Finding {
    let explanation = Explanation::new(format!("this machine's clock is {}", skew.describe()));
    if !skew.needs_correction() {
        let advice = "That is too far off to be corrected on a server's word. Set the clock.";
        return Finding::problem("clock_skew", explanation.advice(advice));
    }
    let explanation = explanation.advice(
        "setup, exec and validate mint tokens by Apple's clock. asc-auth token by itself does not ask for the time, and \
         Apple refuses tokens from the future. Set the clock.",
    );
    if skew.0.abs() <= BACKDATED {
        Finding::advice("clock_skew", explanation)
    } else {
        Finding::problem("clock_skew", explanation)
    }
}
