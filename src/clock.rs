//! The clock, with the correction that Apple's `Date` header suggests.

use std::time::{SystemTime, UNIX_EPOCH};

/// How far the clock may be off, in seconds, before it is worth a word and a correction.
pub const TOLERANCE: i64 = 5;

/// The largest correction, in seconds.
const LARGEST_CORRECTION: i64 = 24 * 60 * 60;

/// The system's clock plus a correction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    correction: i64,
}

impl Clock {
    /// The system's clock, corrected by `skew` seconds: positive if the system's clock is fast.
    pub fn corrected_by(skew: Skew) -> Self {
        Self { correction: -skew.0 }
    }

    /// The system's clock plus so many seconds, which are at most a day.
    pub fn with_correction(correction: i64) -> Option<Self> {
        (correction.unsigned_abs() <= LARGEST_CORRECTION.unsigned_abs()).then_some(Self { correction })
    }

    /// Seconds that are added to the system's clock.
    pub fn correction(self) -> i64 {
        self.correction
    }

    /// Unix seconds.
    pub fn now(self) -> i64 {
        let now = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        };
        now.saturating_add(self.correction)
    }
}

/// How far the system's clock is ahead of Apple's, in seconds; negative if it is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew(pub i64);

impl Skew {
    pub fn is_tolerable(self) -> bool {
        self.0.abs() <= TOLERANCE
    }

    /// Whether tokens are minted by Apple's clock. Beyond a day the clock must be set: a server, or whoever is in its
    /// place, could otherwise ask for tokens of another year.
    pub fn needs_correction(self) -> bool {
        !self.is_tolerable() && self.0.abs() <= LARGEST_CORRECTION
    }

    /// Whether the difference is not worth a word.
    pub fn is_in_step(self) -> bool {
        self.0.abs() <= 1
    }

    /// `in step with Apple's`, `4 s behind Apple's`, `1 h 0 min ahead of Apple's`.
    pub fn describe(self) -> String {
        let seconds = self.0.unsigned_abs();
        let amount = match seconds {
            _ if self.is_in_step() => return "in step with Apple's".to_owned(),
            ..120 => format!("{seconds} s"),
            120..7200 => format!("{} min {} s", seconds / 60, seconds % 60),
            _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        };
        if self.0 < 0 {
            format!("{amount} behind Apple's")
        } else {
            format!("{amount} ahead of Apple's")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Skew;

    #[test]
    fn a_skew_is_told_in_the_unit_that_fits() {
        assert_eq!(Skew(0).describe(), "in step with Apple's");
        assert_eq!(Skew(-4).describe(), "4 s behind Apple's");
        assert_eq!(Skew(185).describe(), "3 min 5 s ahead of Apple's");
        assert_eq!(Skew(-7260).describe(), "2 h 1 min behind Apple's");
    }
}
