//! HubSpot's quotas as rolling windows on the simulated clock.

use std::collections::{HashMap, VecDeque};

use crate::refusal::Limit;
use crate::route::Bucket;
use crate::settings::OtherApps;
use crate::token::{Access, Tier};

const SECOND_MS: i64 = 1_000;
const TEN_SECONDS_MS: i64 = 10_000;
const DAY_MS: i64 = 86_400_000;

/// Maximum number of calls per window and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Per ten seconds and private app.
    pub private_general: usize,
    /// Per ten seconds and OAuth app, whatever the tier.
    pub oauth_general: usize,
    /// Per second and account.
    pub search: usize,
    /// Per ten seconds and account.
    pub associations: usize,
    /// Per day, for all private apps of the account together.
    pub daily: u64,
}

impl Limits {
    /// Returns the published limits.
    /// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>, read
    /// 2026-08.
    pub fn of(access: &Access) -> Self {
        let (general, associations, daily) = match access.tier {
            Tier::Free | Tier::Starter => (100, 100, 250_000),
            Tier::Professional => (190, 150, 625_000),
            Tier::Enterprise => (190, 150, 1_000_000),
        };
        let packs = access.increase_packs.min(2);
        let increased = packs > 0;
        Self {
            private_general: if increased { 250 } else { general },
            oauth_general: 110,
            search: 5,
            associations: if increased { 200 } else { associations },
            daily: daily + packs * 1_000_000,
        }
    }

    /// Returns the limits with the general window of every app replaced, if one is given.
    #[must_use]
    pub fn with_general(self, window: Option<usize>) -> Self {
        Self {
            private_general: window.unwrap_or(self.private_general),
            oauth_general: window.unwrap_or(self.oauth_general),
            ..self
        }
    }

    /// Returns the limits with all rolling windows multiplied; the daily limit stays.
    #[must_use]
    pub fn times(self, factor: usize) -> Self {
        Self {
            private_general: self.private_general * factor,
            oauth_general: self.oauth_general * factor,
            search: self.search * factor,
            associations: self.associations * factor,
            daily: self.daily,
        }
    }
}

/// Values of the rate-limit headers of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub max: usize,
    pub remaining: usize,
    /// Size and remainder of the daily limit; not sent to OAuth apps.
    pub daily: Option<(u64, u64)>,
}

/// One rolling window.
#[derive(Debug, Default)]
struct Window {
    arrivals_ms: VecDeque<i64>,
}

impl Window {
    /// Returns the number of calls in the window that ends now.
    fn used(&mut self, now_ms: i64, length_ms: i64) -> usize {
        while self.arrivals_ms.front().is_some_and(|arrival| *arrival <= now_ms - length_ms) {
            self.arrivals_ms.pop_front();
        }
        self.arrivals_ms.len()
    }
}

/// The quota counters of one account.
#[derive(Debug)]
pub struct Quotas {
    limits: Limits,
    others: OtherApps,
    utc_offset_ms: i64,
    enforced: bool,
    general: HashMap<u64, Window>,
    search: Window,
    associations: Window,
    token: Window,
    day: i64,
    used_today: u64,
}

impl Quotas {
    pub fn new(limits: Limits, others: OtherApps, utc_offset_ms: i64, enforced: bool) -> Self {
        Self {
            limits,
            others,
            utc_offset_ms,
            enforced,
            general: HashMap::new(),
            search: Window::default(),
            associations: Window::default(),
            token: Window::default(),
            day: i64::MIN,
            used_today: 0,
        }
    }

    /// Counts a call if the quota allows it. A rejected call is not counted.
    pub fn take(
        &mut self,
        bucket: Bucket,
        app_id: u64,
        oauth: bool,
        now_ms: i64,
    ) -> Result<(), Limit> {
        if !self.enforced || bucket == Bucket::Free {
            return Ok(());
        }
        if !oauth && self.daily_used(now_ms) >= self.limits.daily {
            return Err(Limit::Daily);
        }
        let (max, length_ms, others, limit) = match bucket {
            Bucket::Search => (self.limits.search, SECOND_MS, self.others.search, Limit::Secondly),
            Bucket::Associations => {
                (self.limits.associations, TEN_SECONDS_MS, 0, Limit::TenSecondlyRolling)
            }
            Bucket::General | Bucket::Free => (
                self.general_max(oauth),
                TEN_SECONDS_MS,
                self.others.general,
                Limit::TenSecondlyRolling,
            ),
        };
        let window = match bucket {
            Bucket::Search => &mut self.search,
            Bucket::Associations => &mut self.associations,
            Bucket::General | Bucket::Free => self.general.entry(app_id).or_default(),
        };
        let used = window.used(now_ms, length_ms) + spread(others, now_ms - length_ms, now_ms);
        if used >= max {
            return Err(limit);
        }
        window.arrivals_ms.push_back(now_ms);
        if !oauth {
            self.used_today += 1;
        }
        Ok(())
    }

    /// Counts a token request against a limit per second.
    pub fn take_token(&mut self, max: usize, now_ms: i64) -> Result<(), Limit> {
        if self.token.used(now_ms, SECOND_MS) >= max {
            return Err(Limit::Secondly);
        }
        self.token.arrivals_ms.push_back(now_ms);
        Ok(())
    }

    /// Returns the values of the rate-limit headers for this app.
    pub fn standing(&mut self, app_id: u64, oauth: bool, now_ms: i64) -> Standing {
        let max = self.general_max(oauth);
        let others = spread(self.others.general, now_ms - TEN_SECONDS_MS, now_ms);
        let used = self.general.entry(app_id).or_default().used(now_ms, TEN_SECONDS_MS) + others;
        let daily = (!oauth).then(|| {
            (self.limits.daily, self.limits.daily.saturating_sub(self.daily_used(now_ms)))
        });
        Standing { max, remaining: max.saturating_sub(used), daily }
    }

    fn general_max(&self, oauth: bool) -> usize {
        if oauth { self.limits.oauth_general } else { self.limits.private_general }
    }

    /// Returns the number of calls of all apps except OAuth apps since the account's midnight.
    pub fn daily_used(&mut self, now_ms: i64) -> u64 {
        let day = (now_ms + self.utc_offset_ms).div_euclid(DAY_MS);
        if day != self.day {
            self.day = day;
            self.used_today = 0;
        }
        let midnight_ms = day * DAY_MS - self.utc_offset_ms;
        let others = spread(self.others.daily, midnight_ms, now_ms);
        self.used_today + u64::try_from(others).unwrap_or_default()
    }
}

/// Returns the number of calls in the window `(from_ms, to_ms]` at a steady rate of
/// `per_ten_seconds`.
fn spread(per_ten_seconds: u32, from_ms: i64, to_ms: i64) -> usize {
    let until = |ms: i64| {
        (i128::from(ms) * i128::from(per_ten_seconds)).div_euclid(i128::from(TEN_SECONDS_MS))
    };
    usize::try_from(until(to_ms) - until(from_ms)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas(others: OtherApps) -> Quotas {
        Quotas::new(Limits::of(&Access::default()), others, 3_600_000, true)
    }

    /// Returns how many of up to 1000 calls at one instant are accepted.
    fn accepted(quotas: &mut Quotas, bucket: Bucket, oauth: bool, now_ms: i64) -> usize {
        (0..1_000).take_while(|_| quotas.take(bucket, 1, oauth, now_ms).is_ok()).count()
    }

    #[test]
    fn every_tier_has_its_figures() {
        for (tier, packs, general, associations, daily) in [
            (Tier::Free, 0, 100, 100, 250_000),
            (Tier::Starter, 0, 100, 100, 250_000),
            (Tier::Professional, 0, 190, 150, 625_000),
            (Tier::Enterprise, 0, 190, 150, 1_000_000),
            (Tier::Professional, 1, 250, 200, 1_625_000),
            (Tier::Enterprise, 5, 250, 200, 3_000_000),
        ] {
            let limits = Limits::of(&Access { tier, increase_packs: packs, ..Access::default() });
            let found = (limits.private_general, limits.associations, limits.daily);
            assert_eq!(found, (general, associations, daily), "{tier:?} with {packs} packs");
        }
    }

    #[test]
    fn a_factor_enlarges_the_windows_and_not_the_day() {
        let limits = Limits::of(&Access::default()).times(10);
        let windows = (limits.private_general, limits.oauth_general, limits.search);
        assert_eq!((windows, limits.associations), ((1_900, 1_100, 50), 1_500));
        assert_eq!(limits.daily, 625_000);
    }

    #[test]
    fn buckets_are_apart_and_as_large_as_published() {
        let mut quotas = quotas(OtherApps::default());
        for (case, bucket, oauth, expected) in [
            ("search", Bucket::Search, false, 5),
            ("associations", Bucket::Associations, false, 150),
            ("general", Bucket::General, false, 190),
            ("search again", Bucket::Search, true, 0),
        ] {
            assert_eq!(accepted(&mut quotas, bucket, oauth, 50_000), expected, "{case}");
        }
    }

    #[test]
    fn the_window_rolls() {
        let mut quotas = quotas(OtherApps::default());
        for (at_ms, expected) in [(0, Ok(())), (300, Ok(())), (400, Ok(())), (500, Ok(()))] {
            assert_eq!(quotas.take(Bucket::Search, 1, false, at_ms), expected, "{at_ms}");
        }
        for (at_ms, expected) in [
            (999, Ok(())),
            (999, Err(Limit::Secondly)),
            (1_000, Ok(())),
            (1_001, Err(Limit::Secondly)),
            (1_300, Ok(())),
        ] {
            assert_eq!(quotas.take(Bucket::Search, 1, false, at_ms), expected, "{at_ms}");
        }
    }

    #[test]
    fn the_day_ends_at_the_accounts_midnight_and_oauth_has_none() {
        let mut quotas = quotas(OtherApps::default());
        quotas.limits.daily = 2;
        let before = 23 * 3_600_000 - 1;
        assert_eq!(accepted(&mut quotas, Bucket::General, false, before), 2);
        assert_eq!(quotas.take(Bucket::Search, 1, false, before), Err(Limit::Daily));
        assert_eq!(quotas.take(Bucket::Search, 1, true, before), Ok(()));
        assert_eq!(quotas.take(Bucket::General, 1, false, before + 1), Ok(()));
    }

    #[test]
    fn other_apps_fill_the_windows_too() {
        let mut quotas = quotas(OtherApps { search: 30, daily: 0, general: 100 });
        assert_eq!(accepted(&mut quotas, Bucket::Search, false, 100_000), 2);
        assert_eq!(accepted(&mut quotas, Bucket::General, false, 100_000), 90);
        assert_eq!(accepted(&mut quotas, Bucket::Associations, false, 100_000), 150);
    }

    #[test]
    fn headers_tell_the_general_window() {
        let mut quotas = quotas(OtherApps::default());
        quotas.take(Bucket::General, 1, false, 0).unwrap();
        quotas.take(Bucket::Search, 1, false, 0).unwrap();
        let standing = quotas.standing(1, false, 0);
        assert_eq!((standing.max, standing.remaining), (190, 189));
        assert_eq!(standing.daily, Some((625_000, 624_998)));
        let standing = quotas.standing(2, true, 0);
        assert_eq!(standing, Standing { max: 110, remaining: 110, daily: None });
    }
}
