//! When to try again, and for how long: one budget for the whole conversation.
//!
//! Pauses are full-jitter (a random part of a doubling ceiling), so that many jobs that fail together
//! do not come back together.

use std::time::Duration;

use tokio::time::Instant;

const FIRST_CEILING: Duration = Duration::from_millis(500);
const LAST_CEILING: Duration = Duration::from_secs(8);
/// No single attempt may eat the whole budget.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(20);

/// The time that is left, and how many attempts have failed.
#[derive(Debug)]
pub(super) struct Budget {
    ends: Instant,
    failures: u32,
}

impl Budget {
    pub(super) fn new(total: Duration) -> Self {
        Self {
            ends: Instant::now() + total,
            failures: 0,
        }
    }

    /// A budget that ends with this one, for requests beside it: it counts its own failures.
    pub(super) fn beside(&self) -> Self {
        Self {
            ends: self.ends,
            failures: 0,
        }
    }

    pub(super) fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// How long the next attempt may take.
    pub(super) fn attempt(&self) -> Duration {
        self.left().min(LONGEST_ATTEMPT)
    }

    /// How many attempts have failed so far.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure, and pauses before the next attempt. `false` if the budget has no room for the pause:
    /// then nothing is waited for. `retry_after` is the server's own wish, in seconds.
    pub(super) async fn pause(&mut self, retry_after: Option<u64>) -> bool {
        let pause = pause(self.failures, retry_after, random_fraction());
        self.failures += 1;
        if pause >= self.left() {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

/// The pause after so many earlier failures; `fraction` (0..1) is the jitter.
fn pause(failures: u32, retry_after: Option<u64>, fraction: f64) -> Duration {
    let ceiling = FIRST_CEILING
        .saturating_mul(2_u32.saturating_pow(failures))
        .min(LAST_CEILING);
    Duration::from_secs(retry_after.unwrap_or(0)).saturating_add(ceiling.mul_f64(fraction))
}

/// A number in 0..1. Without the system's random source the longest pause is taken.
fn random_fraction() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pause_is_jitter_below_a_doubling_ceiling(failures in 0_u32..100, fraction in 0.0..=1.0) {
            let ceiling = FIRST_CEILING.saturating_mul(2_u32.saturating_pow(failures)).min(LAST_CEILING);
            prop_assert!(pause(failures, None, fraction) <= ceiling);
            prop_assert_eq!(pause(failures, None, 0.0), Duration::ZERO);
        }

        #[test]
        fn the_servers_wish_is_never_undercut(failures in 0_u32..100, wish in 0_u64..100_000, fraction in 0.0..=1.0) {
            prop_assert!(pause(failures, Some(wish), fraction) >= Duration::from_secs(wish));
        }
    }
}
