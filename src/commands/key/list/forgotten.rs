//! When a key looks forgotten. Only what Apple tells counts: a key of which it tells nothing clear is not pointed at.

use crate::{
    cli::KeyListArgs,
    connect::{LastUsed, TeamKey},
    error::Error,
    token::parse_seconds,
};

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

/// A key that was not used for so long is stale, in seconds.
const STALE: u64 = 180 * DAY;

/// The bounds of `--unused-for`, in seconds. A number that was meant as days is below them.
const LEAST: u64 = 60 * 60;
const MOST: u64 = 3650 * DAY;

/// What was asked for.
pub(super) struct Criteria {
    /// In seconds.
    unused_for: Option<u64>,
    stale: bool,
}

/// One reason to take a key for forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    NeverUsed,
    /// For so many seconds.
    Unused(u64),
    /// Nobody has its private half.
    NeverDownloaded,
}

impl Criteria {
    pub(super) fn of(args: &KeyListArgs) -> Result<Self, Error> {
        let read = |text: &String| {
            let seconds = parse_seconds(text).filter(|seconds| (LEAST..=MOST).contains(seconds));
            seconds.ok_or_else(|| Error::Usage {
                what: "the time of --unused-for can't be read".to_owned(),
                advice: "Give it in days or hours, from 1h to 3650d, as in --unused-for 90d.".to_owned(),
            })
        };
        Ok(Self {
            unused_for: args.unused_for.as_ref().map(read).transpose()?,
            stale: args.stale,
        })
    }

    /// Whether only keys that look forgotten are wanted.
    pub(super) fn select(&self) -> bool {
        self.stale || self.unused_for.is_some()
    }

    /// Why an active key looks forgotten at `now`, in Unix seconds. Where nothing was asked for, staleness is told.
    pub(super) fn reasons(&self, key: &TeamKey, now: i64) -> Vec<Reason> {
        if !key.is_active {
            return Vec::new();
        }
        let is_stale_told = self.stale || self.unused_for.is_none();
        let shortest = self.unused_for.into_iter().chain(is_stale_told.then_some(STALE)).min();
        let unused = match key.last_used {
            LastUsed::Never => Some(Reason::NeverUsed),
            LastUsed::At(at) => u64::try_from(now.saturating_sub(at.as_second()))
                .ok()
                .filter(|seconds| shortest.is_some_and(|shortest| *seconds >= shortest))
                .map(Reason::Unused),
            LastUsed::Unclear => None,
        };
        let undownloaded = (is_stale_told && key.can_download == Some(true)).then_some(Reason::NeverDownloaded);
        unused.into_iter().chain(undownloaded).collect()
    }
}

impl Reason {
    /// Stable, for scripts.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NeverUsed => "never_used",
            Self::Unused(_) => "unused",
            Self::NeverDownloaded => "never_downloaded",
        }
    }

    /// For people.
    pub(super) fn describe(self) -> String {
        match self {
            Self::NeverUsed => "never used".to_owned(),
            Self::Unused(seconds) if seconds < 2 * DAY => format!("not used for {} hours", seconds / 3600),
            Self::Unused(seconds) => format!("not used for {} days", seconds / DAY),
            Self::NeverDownloaded => "never downloaded".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn key(last_used: LastUsed) -> TeamKey {
        TeamKey {
            id: "2X9R4QWVK6".to_owned(),
            name: "CI".to_owned(),
            roles: Vec::new(),
            is_active: true,
            can_download: Some(false),
            nickname: String::new(),
            last_used,
        }
    }

    fn days_ago(days: i64) -> LastUsed {
        let at = jiff::Timestamp::from_second(NOW - days * 86_400);
        LastUsed::At(at.expect("a time"))
    }

    const STALE_ALONE: Criteria = Criteria {
        unused_for: None,
        stale: true,
    };

    #[test]
    fn a_key_is_forgotten_from_the_day_on_that_was_asked_for() {
        let for_90_days = Criteria {
            unused_for: Some(90 * DAY),
            stale: false,
        };
        for (days, criteria, forgotten) in [
            (89, &for_90_days, false),
            (90, &for_90_days, true),
            (179, &STALE_ALONE, false),
            (180, &STALE_ALONE, true),
            (-3, &for_90_days, false),
        ] {
            let reasons = criteria.reasons(&key(days_ago(days)), NOW);
            assert_eq!(!reasons.is_empty(), forgotten, "{days}: {reasons:?}");
        }
    }

    #[test]
    fn both_point_at_what_either_points_at() {
        let both = |days: u64| Criteria {
            unused_for: Some(days * DAY),
            stale: true,
        };
        assert_eq!(both(300).reasons(&key(days_ago(200)), NOW), [Reason::Unused(200 * DAY)]);
        assert_eq!(both(90).reasons(&key(days_ago(100)), NOW), [Reason::Unused(100 * DAY)]);
    }

    #[test]
    fn nobody_is_accused_of_what_is_not_known() {
        let revoked = TeamKey {
            is_active: false,
            ..key(LastUsed::Never)
        };
        let untold = TeamKey {
            can_download: None,
            ..key(LastUsed::Unclear)
        };
        for key in [revoked, untold] {
            assert_eq!(STALE_ALONE.reasons(&key, NOW), [], "{key:?}");
        }
    }

    #[test]
    fn a_private_half_that_nobody_has_is_no_matter_of_use() {
        let fresh = TeamKey {
            can_download: Some(true),
            ..key(LastUsed::Never)
        };
        assert_eq!(
            STALE_ALONE.reasons(&fresh, NOW),
            [Reason::NeverUsed, Reason::NeverDownloaded]
        );
        let for_a_day = Criteria {
            unused_for: Some(DAY),
            stale: false,
        };
        assert_eq!(for_a_day.reasons(&fresh, NOW), [Reason::NeverUsed]);
    }
}
