//! What a running simulator shares between its server and the test that drives it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

    /// Counts one request; false when none is left this hour.
    pub(crate) fn spend(&self) -> bool {
        self.with(|settings| match settings.rate_limit.remaining.checked_sub(1) {
            Some(remaining) => {
                settings.rate_limit.remaining = remaining;
                true
            }
            None => false,
        })
    }

    pub(crate) fn record(&self, request: SeenRequest) {
        if let Some(observer) = &self.observer {
            observer(&request);
        }
        self.seen.record(request);
    }
}
