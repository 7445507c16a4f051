//! What a running simulator shares between its server and the test that drives it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::faults::FaultPlan;
use crate::keys::KeyStore;
use crate::meeting::Meeting;
use crate::seen::{SeenLog, SeenRequest};
use crate::verify::Rules;
use crate::web::Web;

/// An app of the team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: String,
    pub bundle_id: String,
    pub name: String,
}

/// Whether the team may use the API at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TeamState {
    #[default]
    Good,
    /// 403 `FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED`.
    AgreementMissing,
    /// 403 `FORBIDDEN` with the agreement in the text, as Apple used to answer.
    AgreementMissingOldForm,
    /// 403 `FORBIDDEN_ERROR` that names the team.
    MembershipLapsed { team_id: String },
}

/// The hourly limit, shared by all keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateLimit {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) shown: bool,
}

/// How many requests are let through in any second.
#[derive(Debug)]
pub(crate) struct BurstLimit {
    pub(crate) requests: usize,
    /// Seconds, told to those that are too many.
    pub(crate) retry_after: Option<u64>,
    /// When those of the last second were let through, oldest first.
    pub(crate) recent: VecDeque<Instant>,
}

impl BurstLimit {
    /// Counts one request, unless it is one too many. What is turned away does not count.
    fn lets_through(&mut self, now: Instant) -> bool {
        let is_old = |then: &Instant| now.duration_since(*then) >= Duration::from_secs(1);
        while self.recent.front().is_some_and(is_old) {
            self.recent.pop_front();
        }
        let has_room = self.recent.len() < self.requests;
        if has_room {
            self.recent.push_back(now);
        }
        has_room
    }
}

/// The reports that a team can download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reports {
    pub(crate) vendor_number: String,
    /// Whether there is one for any date.
    pub(crate) any: bool,
}

/// What a test can set.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) apps: Vec<App>,
    pub(crate) audience: String,
    pub(crate) burst_limit: Option<BurstLimit>,
    pub(crate) clock_offset: i64,
    pub(crate) rate_limit: RateLimit,
    pub(crate) reports: Reports,
    pub(crate) team: TeamState,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            apps: vec![App {
                id: "6446123456".to_owned(),
                bundle_id: "com.example.app".to_owned(),
                name: "Example".to_owned(),
            }],
            audience: "appstoreconnect-v1".to_owned(),
            burst_limit: None,
            clock_offset: 0,
            rate_limit: RateLimit {
                limit: 3600,
                remaining: 3600,
                shown: true,
            },
            reports: Reports {
                vendor_number: "85123456".to_owned(),
                any: true,
            },
            team: TeamState::Good,
        }
    }
}

pub(crate) type Observer = Box<dyn Fn(&SeenRequest) + Send + Sync>;

pub(crate) struct Shared {
    /// The root that clients use.
    pub(crate) url: String,
    pub(crate) keys: KeyStore,
    pub(crate) faults: FaultPlan,
    pub(crate) meeting: Meeting,
    pub(crate) seen: SeenLog,
    pub(crate) observer: Option<Observer>,
    pub(crate) web: Web,
    settings: Mutex<Settings>,
}

impl Shared {
    pub(crate) fn new(url: String, keys: KeyStore, observer: Option<Observer>) -> Self {
        Self {
            url,
            keys,
            faults: FaultPlan::default(),
            meeting: Meeting::default(),
            seen: SeenLog::default(),
            observer,
            web: Web::default(),
            settings: Mutex::default(),
        }
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Settings) -> T) -> T {
        work(&mut self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The server's clock: the system's, so many seconds off.
    pub(crate) fn now(&self) -> SystemTime {
        let offset = self.with(|settings| settings.clock_offset);
        let distance = Duration::from_secs(offset.unsigned_abs());
        let now = SystemTime::now();
        if offset < 0 { now - distance } else { now + distance }
    }

    pub(crate) fn rules(&self) -> Rules {
        let since = self.now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
        Rules {
            now: i64::try_from(since.as_secs()).expect("the clock is not that far"),
            audience: self.with(|settings| settings.audience.clone()),
        }
    }

    /// Counts one request. If it is one too many the error is what `Retry-After` tells; for the hour, nothing.
    /// The burst comes first, and spares the hour.
    pub(crate) fn spend(&self) -> Result<(), Option<u64>> {
        self.with(|settings| {
            if let Some(burst) = &mut settings.burst_limit
                && !burst.lets_through(Instant::now())
            {
                return Err(burst.retry_after);
            }
            let rate = &mut settings.rate_limit;
            rate.remaining = rate.remaining.checked_sub(1).ok_or(None)?;
            Ok(())
        })
    }

    pub(crate) fn record(&self, request: SeenRequest) {
        if let Some(observer) = &self.observer {
            observer(&request);
        }
        self.seen.record(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_counted_over_any_second_and_what_is_turned_away_is_not() {
        let mut burst = BurstLimit {
            requests: 2,
            retry_after: None,
            recent: VecDeque::new(),
        };
        let start = Instant::now();
        let mut at = |milliseconds| burst.lets_through(start + Duration::from_millis(milliseconds));
        assert_eq!([at(0), at(600), at(700), at(999)], [true, true, false, false]);
        assert_eq!([at(1000), at(1599), at(1600)], [true, false, true]);
    }
}
