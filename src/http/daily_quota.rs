//! Daily request quota, and the share of it at which a sync stops.

use std::cell::Cell;

/// Daily quota usage of the account, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyQuotaUsage {
    pub used: u64,
    pub limit: u64,
}

impl DailyQuotaUsage {
    /// Returns `true` if at least `share` percent of the limit is used.
    pub fn reaches(self, share: u32) -> bool {
        u128::from(self.used) * 100 >= u128::from(self.limit) * u128::from(share)
    }
}

/// Daily quota as last reported by HubSpot, and the share that must not be exceeded.
#[derive(Debug, Default)]
pub struct DailyQuota {
    usage: Cell<Option<DailyQuotaUsage>>,
    share: Cell<Option<u32>>,
    /// `true` once the warning about a reported limit of 0 has been logged.
    is_warned: Cell<bool>,
}

impl DailyQuota {
    /// Records the usage reported by a response. A limit of 0 is ignored, since the response itself
    /// proves it wrong.
    pub fn observe(&self, usage: DailyQuotaUsage) {
        if usage.limit == 0 {
            if !self.is_warned.replace(true) {
                log::warn!(
                    "HubSpot reports a limit of 0 requests per day, which cannot be right, so \
                    `daily_share` is ignored in this run"
                );
            }
            return;
        }
        self.usage.set(Some(usage));
    }

    /// Returns the usage last reported; `None` if HubSpot does not report it, as for apps
    /// without a daily limit.
    pub fn usage(&self) -> Option<DailyQuotaUsage> {
        self.usage.get()
    }

    /// Refuses further requests once the account has used `share` percent of its daily quota.
    /// `None` removes the limit.
    pub fn set_limit(&self, share: Option<u32>) {
        self.share.set(share);
    }

    /// Returns the usage and the share if the share is used up.
    pub(super) fn exceeded_share(&self) -> Option<(DailyQuotaUsage, u32)> {
        let share = self.share.get()?;
        let usage = self.usage()?;
        usage.reaches(share).then_some((usage, share))
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
            assert_eq!(
                DailyQuotaUsage { used, limit }.reaches(share),
                expected,
                "{used} of {limit}"
            );
        }
    }

    #[test]
    fn a_share_is_exceeded_only_if_usage_and_share_are_known() {
        let (day, full) = (DailyQuota::default(), DailyQuotaUsage { used: 10, limit: 10 });
        day.set_limit(Some(90));
        assert_eq!(day.exceeded_share(), None);
        day.observe(full);
        assert_eq!(day.exceeded_share(), Some((full, 90)));
        day.set_limit(None);
        assert_eq!(day.exceeded_share(), None);
        let (day, none) = (DailyQuota::default(), DailyQuotaUsage { used: 0, limit: 0 });
        day.set_limit(Some(90));
        day.observe(none);
        assert_eq!((day.usage(), day.exceeded_share()), (None, None), "a day of 0 requests");
    }
}
