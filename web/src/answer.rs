//! Apple's errors, from the same table as the binary's.

use asc_auth::diagnosis::{self, Unknown};

use crate::verdict::{Tone, Verdict};

pub(crate) fn explain(answer: &str) -> Verdict {
    match diagnosis::explain(answer) {
        Ok(explanation) => Verdict::of(Tone::Wrong, explanation),
        Err(unknown) => {
            let tone = match unknown {
                Unknown::Nothing => Tone::Waiting,
                Unknown::NoError => Tone::Good,
                Unknown::NotApple => Tone::Doubtful,
            };
            Verdict::new(tone, unknown.to_string()).advice(unknown.advice())
        }
    }
}
