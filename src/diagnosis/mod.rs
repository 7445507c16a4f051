//! What App Store Connect's answers mean, and what to do about them: one table, whoever got the answer.
//!
//! It judges by what it is given and does no I/O, so that the web page tells the same as the binary. What it repeats of
//! an answer is Apple's own words, on one line.

mod answer;
mod apple_error;
mod forbidden;
mod refused;
mod unavailable;

pub use answer::{Unknown, explain};
pub use apple_error::{AppleError, Conceal};
pub use forbidden::Forbidden;
pub use refused::{Bearer, Refused};
pub use unavailable::{unavailable_advice, unavailable_title};

use crate::explanation::{Explanation, Fact};

/// Apple's own words, if there are any, as what was known.
pub fn with_quote(explanation: Explanation, quote: Option<&str>) -> Explanation {
    match quote {
        Some(quote) => explanation.fact("Apple", quote),
        None => explanation,
    }
}

pub fn with_facts(explanation: Explanation, facts: &[Fact]) -> Explanation {
    facts.iter().fold(explanation, |explanation, fact| {
        explanation.fact(&fact.label, &fact.text)
    })
}
