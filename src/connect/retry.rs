//! When to try again, and for how long: one budget for the whole conversation.
//!
//! Pauses are full-jitter, so that many jobs that fail together do not come back together: a random part of a doubling
//! ceiling, and of up to half a minute where the server has too many requests. How a thousand jobs fare with that is in
//! `herd.rs`.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::Instant;

use super::RateLimit;

const FIRST_CEILING: Duration = Duration::from_millis(500);
const LAST_CEILING: Duration = Duration::from_secs(8);
/// As far as a crowd is spread: half of the usual budget.
const WIDEST_SPREAD: Duration = Duration::from_secs(30);
/// No single attempt may eat the whole budget.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(20);

/// What an attempt met, as far as it says when to come back. `after` is the server's own wish, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setback {
    /// It is this conversation's own, and may pass at any moment.
    Own { after: Option<u64> },
    /// The server has too many requests, and whoever else was refused comes back too.
    Crowd { after: Option<u64> },
    /// The hour has no requests left. Apple's hour is a rolling one: nobody knows how soon there is room.
    HourSpent,
}

impl Setback {
    /// What an answer of the API's means for the next attempt. `None` if it is an answer to go by.
    pub(super) fn of(status: StatusCode, after: Option<u64>, rate_limit: Option<RateLimit>) -> Option<Self> {
        let is_spent = rate_limit.is_some_and(|rate| rate.remaining == 0);
        match status {
            StatusCode::TOO_MANY_REQUESTS if is_spent && after.is_none() => Some(Self::HourSpent),
            StatusCode::TOO_MANY_REQUESTS => Some(Self::Crowd { after }),
            status if is_worth_retrying(status) => Some(Self::Own { after }),
            _ => None,
        }
    }
}

/// Whether a server that answered so may answer otherwise later.
pub(super) fn is_worth_retrying(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
}

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

    /// Counts a failure, and pauses before the next attempt. `false` if the budget has no room for the pause, or
    /// no pause helps: then nothing is waited for.
    pub(super) async fn pause(&mut self, setback: Setback) -> bool {
        let pause = pause(setback, self.failures, self.left(), random_fraction());
        self.failures += 1;
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return false,
        }
        true
    }
}

/// The pause after so many earlier failures, with so much time left; `fraction` (0..1) is the jitter. `None` if it does
/// not fit, or no pause helps.
fn pause(setback: Setback, failures: u32, left: Duration, fraction: f64) -> Option<Duration> {
    let doubling = FIRST_CEILING
        .saturating_mul(2_u32.saturating_pow(failures))
        .min(LAST_CEILING);
    let wish = match setback {
        Setback::Own { after } | Setback::Crowd { after } => Duration::from_secs(after.unwrap_or(0)),
        Setback::HourSpent => return None,
    };
    let ceiling = match setback {
        // Nobody knows how large the crowd is: it is spread as far as leaves time for a second refusal.
        Setback::Crowd { .. } => (left.saturating_sub(wish) / 2).clamp(FIRST_CEILING, WIDEST_SPREAD),
        // All who met this failure were told the same time.
        _ => doubling.max(wish.min(LAST_CEILING)),
    };
    let pause = wish.saturating_add(ceiling.mul_f64(fraction));
    (pause < left).then_some(pause)
}

/// A number in 0..1. Without the system's random source the longest pause is taken.
fn random_fraction() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
#[path = "retry/herd.rs"]
mod herd;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AMPLE: Duration = Duration::from_secs(1_000_000);

    fn any_setback() -> impl Strategy<Value = Setback> {
        (any::<bool>(), proptest::option::of(0_u64..100_000)).prop_map(|(is_crowd, after)| {
            if is_crowd {
                Setback::Crowd { after }
            } else {
                Setback::Own { after }
            }
        })
    }

    proptest! {
        #[test]
        fn a_pause_is_jitter_below_a_doubling_ceiling(failures in 0_u32..100, fraction in 0.0..=1.0) {
            let ceiling = FIRST_CEILING.saturating_mul(2_u32.saturating_pow(failures)).min(LAST_CEILING);
            let own = Setback::Own { after: None };
            prop_assert!(pause(own, failures, AMPLE, fraction) <= Some(ceiling));
            prop_assert_eq!(pause(own, failures, AMPLE, 0.0), Some(Duration::ZERO));
        }

        #[test]
        fn a_crowd_is_spread_over_half_of_what_is_left_and_half_a_minute_at_most(left in 2_000_u64..600_000, after in 0_u64..600, fraction in 0.0..=1.0) {
            let left = Duration::from_millis(left);
            let wish = Duration::from_secs(after);
            let latest = wish + (left.saturating_sub(wish) / 2).clamp(FIRST_CEILING, WIDEST_SPREAD);
            let paused = pause(Setback::Crowd { after: Some(after) }, 0, left, fraction);
            prop_assert!(paused <= Some(latest));
            if latest < left {
                prop_assert_eq!(pause(Setback::Crowd { after: Some(after) }, 0, left, 1.0), Some(latest));
            }
        }

        #[test]
        fn the_servers_wish_is_never_undercut(
            setback in any_setback(), failures in 0_u32..100, fraction in 0.0..=1.0
        ) {
            let (Setback::Own { after } | Setback::Crowd { after }) = setback else { unreachable!() };
            let wish = Duration::from_secs(after.unwrap_or(0));
            prop_assert!(pause(setback, failures, AMPLE, fraction) >= Some(wish));
        }

        #[test]
        fn no_pause_is_begun_that_the_budget_can_not_hold(
            setback in any_setback(), failures in 0_u32..100, left in 0_u64..100_000, fraction in 0.0..=1.0
        ) {
            let left = Duration::from_millis(left);
            prop_assert!(pause(setback, failures, left, fraction).is_none_or(|pause| pause < left));
        }
    }

    #[test]
    fn a_service_that_says_when_it_is_back_is_asked_soon_after() {
        let latest = |after| pause(Setback::Own { after: Some(after) }, 0, AMPLE, 1.0);
        assert_eq!(latest(1), Some(Duration::from_secs(2)));
        assert_eq!(latest(120), Some(Duration::from_secs(128)));
    }

    #[test]
    fn an_hour_that_is_spent_is_not_waited_for() {
        assert_eq!(pause(Setback::HourSpent, 0, AMPLE, 0.0), None);
    }

    #[test]
    fn an_answer_tells_whose_setback_it_is() {
        let of = |status: u16, after, remaining: Option<u64>| {
            let rate = remaining.map(|remaining| RateLimit { limit: 3600, remaining });
            Setback::of(StatusCode::from_u16(status).unwrap(), after, rate)
        };
        assert_eq!(of(200, None, Some(0)), None);
        assert_eq!(of(401, Some(1), None), None);
        assert_eq!(of(408, None, None), Some(Setback::Own { after: None }));
        assert_eq!(of(503, None, Some(0)), Some(Setback::Own { after: None }));
        assert_eq!(of(503, Some(5), None), Some(Setback::Own { after: Some(5) }));
        assert_eq!(of(429, None, None), Some(Setback::Crowd { after: None }));
        assert_eq!(of(429, None, Some(7)), Some(Setback::Crowd { after: None }));
        assert_eq!(of(429, Some(5), Some(0)), Some(Setback::Crowd { after: Some(5) }));
        assert_eq!(of(429, None, Some(0)), Some(Setback::HourSpent));
    }
}
