//! The day's requests, and the share of them at which a sync stops by itself.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// What the account has used of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayUse {
    pub used: u64,
    pub limit: u64,
}

impl DayUse {
    /// Has so much of the day been used, in percent?
    pub fn reaches(self, share: u32) -> bool {
        u128::from(self.used) * 100 >= u128::from(self.limit) * u128::from(share)
    }
}

/// The day as the service last told it, and the share to keep to.
#[derive(Debug, Default)]
pub struct Day {
    told: Mutex<Option<DayUse>>,
    share: Mutex<Option<u32>>,
    /// Whether it was said that the day is told to have no requests.
    is_warned: AtomicBool,
}

impl Day {
    /// Takes what an answer says of the day. A limit of nothing is none: there was an answer.
    pub fn observe(&self, told: DayUse) {
        if told.limit == 0 {
            if !self.is_warned.swap(true, Relaxed) {
                log::warn!(
                    "HubSpot's answers give the account 0 requests a day, which cannot be, so \
                     `daily_share` is not kept in this run"
                );
            }
            return;
        }
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// What was last told; `None` if the service does not say, as with apps that have no such
    /// limit.
    pub fn told(&self) -> Option<DayUse> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends nothing more once the account has used so much of its day, in percent; `None` lifts
    /// that.
    pub fn keep_to(&self, share: Option<u32>) {
        *self.share.lock().unwrap_or_else(PoisonError::into_inner) = share;
    }

    /// The use and the share that forbid any further request.
    pub(super) fn over(&self) -> Option<(DayUse, u32)> {
        let share = (*self.share.lock().unwrap_or_else(PoisonError::into_inner))?;
        let told = self.told()?;
        told.reaches(share).then_some((told, share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_reached_to_the_request() {
        for (used, limit, share, expected) in [
            (0, 250_000, 90, false),
            (224_999, 250_000, 90, false),
            (225_000, 250_000, 90, true),
            (250_000, 250_000, 100, true),
            (249_999, 250_000, 100, false),
            (1, 1, 1, true),
            (u64::MAX, u64::MAX, 100, true),
        ] {
            assert_eq!(DayUse { used, limit }.reaches(share), expected, "{used} of {limit}");
        }
    }

    #[test]
    fn only_a_told_day_with_a_share_to_keep_is_ever_over() {
        let (day, full) = (Day::default(), DayUse { used: 10, limit: 10 });
        day.keep_to(Some(90));
        assert_eq!(day.over(), None);
        day.observe(full);
        assert_eq!(day.over(), Some((full, 90)));
        day.keep_to(None);
        assert_eq!(day.over(), None);
        let (day, none) = (Day::default(), DayUse { used: 0, limit: 0 });
        day.keep_to(Some(90));
        day.observe(none);
        assert_eq!((day.told(), day.over()), (None, None), "a day of 0 requests");
    }
}
