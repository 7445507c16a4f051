//! A point where answers wait for each other, so that a test can tell requests that are made at the same time from those
//! that are made one after the other, without a look at a clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Longer than any client waits that has a time-out: it gives up, and not the simulator.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many requests wait, and for how many.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    /// No answer goes out before so many requests were here at once. Zero holds none.
    wanted: usize,
    here: usize,
    most: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Meeting(Arc<watch::Sender<Count>>);

impl Default for Meeting {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Count::default())))
    }
}

impl Meeting {
    pub(crate) fn call(&self, wanted: usize) {
        self.0.send_modify(|count| {
            *count = Count {
                wanted,
                most: 0,
                ..*count
            }
        });
    }

    /// The most requests that were here at once since the meeting was called.
    pub(crate) fn most(&self) -> usize {
        self.0.borrow().most
    }

    /// Waits until all are here. Whoever hangs up before that is not here any more.
    pub(crate) async fn attend(&self) {
        let mut count = self.0.subscribe();
        let _seat = Seat::take(self);
        // After it, the answer goes out as if there had been no meeting.
        let _ = timeout(PATIENCE, count.wait_for(|count| count.most >= count.wanted)).await;
    }
}

/// Its holder is here.
struct Seat<'a>(&'a Meeting);

impl<'a> Seat<'a> {
    fn take(meeting: &'a Meeting) -> Self {
        meeting.0.send_modify(|count| {
            count.here += 1;
            count.most = count.most.max(count.here);
        });
        Self(meeting)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.here -= 1);
    }
}
