//! What can go wrong on the way to Apple and back, and when it is to go wrong.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::web::WebStep;

/// One thing that goes wrong with one request. The request is examined and recorded all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The right answer, this much later.
    Latency(Duration),
    /// The connection is reset (RST) after the request was read, and it has no effect.
    ResetBeforeAction,
    /// The connection is reset (RST) after the request took effect, before any byte of an answer.
    ResetBeforeResponse,
    /// The request takes effect; then the head and half the body, then the connection is reset.
    ResetInBody,
    /// The right answer, its body at one byte an interval.
    SlowDrip(Duration),
    /// 429, with `Retry-After` in seconds or without.
    TooManyRequests { retry_after: Option<u64> },
    /// This status with Apple's JSON body for it.
    Status(u16),
    /// This status with a gateway's HTML page.
    Html(u16),
    /// The request takes effect, and the gateway, tired of waiting, answers with this status and its page.
    HtmlAfterAction(u16),
    /// This status with no body.
    Empty(u16),
    /// This status with a JSON body of so many bytes (at most 1 GiB), streamed without a length.
    HugeBody { status: u16, bytes: u64 },
    /// 302 to this location.
    Redirect(String),
    /// The 401 that Apple now and then gives to a valid token.
    Unauthorized,
    /// Exactly this, for bodies that mean harm.
    Raw {
        status: u16,
        content_type: String,
        body: Vec<u8>,
    },
}

/// Which request fails how: first those queued, for its step or for any, one a request, then the one of its path, then the standing one.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    inner: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    steps: BTreeMap<WebStep, VecDeque<Fault>>,
    queued: VecDeque<Fault>,
    paths: BTreeMap<String, Fault>,
    standing: Option<Fault>,
}

impl FaultPlan {
    pub(crate) fn queue(&self, fault: Fault) {
        self.with(|plan| plan.queued.push_back(fault));
    }

    pub(crate) fn queue_for(&self, step: WebStep, fault: Fault) {
        self.with(|plan| plan.steps.entry(step).or_default().push_back(fault));
    }

    pub(crate) fn always(&self, fault: Fault) {
        self.with(|plan| plan.standing = Some(fault));
    }

    pub(crate) fn at(&self, path: &str, fault: Fault) {
        self.with(|plan| plan.paths.insert(path.to_owned(), fault));
    }

    pub(crate) fn clear(&self) {
        self.with(|plan| *plan = Plan::default());
    }

    /// The fault for the request at hand, used up if it was queued.
    pub(crate) fn next(&self, path: &str) -> Option<Fault> {
        self.with(|plan| {
            let queued = plan.queued.pop_front();
            let standing = || plan.paths.get(path).or(plan.standing.as_ref()).cloned();
            queued.or_else(standing)
        })
    }

    /// The same for a request to the web side.
    pub(crate) fn next_web(&self, step: Option<WebStep>, path: &str) -> Option<Fault> {
        let aimed = step.and_then(|step| self.with(|plan| plan.steps.get_mut(&step)?.pop_front()));
        aimed.or_else(|| self.next(path))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Plan) -> T) -> T {
        work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queued_faults_come_first_and_once_then_the_standing_one() {
        let plan = FaultPlan::default();
        plan.always(Fault::Empty(503));
        plan.queue(Fault::Status(500));
        assert_eq!(plan.next("/a"), Some(Fault::Status(500)));
        assert_eq!(plan.next("/a"), Some(Fault::Empty(503)));
        assert_eq!(plan.next("/a"), Some(Fault::Empty(503)));
        plan.clear();
        assert_eq!(plan.next("/a"), None);
    }

    #[test]
    fn a_fault_at_a_path_is_that_paths_alone() {
        let plan = FaultPlan::default();
        plan.always(Fault::Empty(503));
        plan.at("/a", Fault::Status(500));
        assert_eq!(plan.next("/a"), Some(Fault::Status(500)));
        assert_eq!(plan.next("/b"), Some(Fault::Empty(503)));
        assert_eq!(plan.next("/a"), Some(Fault::Status(500)));
    }
}
