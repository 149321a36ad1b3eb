//! Reduced request rate after refusals, for quotas that responses do not report.

use std::time::Duration;

use tokio::time::Instant;

/// Share of the quota after the first refusal, which leaves room for one other client of the same
/// kind and a reserve; and the factor for each further refusal.
const FIRST: f64 = 0.4;
const DECREASE: f64 = 0.7;
/// Share regained per second: the loss of a first refusal is recovered in four minutes.
const RECOVERY: f64 = 0.0025;
/// Minimum share. It is never zero, so that a quota released by another client is noticed.
const LEAST: f64 = 0.1;

/// Share of a quota that is used (AIMD). A refusal lowers it, because another client must be using
/// the quota too; it then recovers slowly. Two such clients converge to equal shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct ThrottledRate {
    share: f64,
    since: Instant,
}

impl ThrottledRate {
    pub(super) fn new(now: Instant) -> Self {
        Self { share: 1.0, since: now }
    }

    pub(super) fn share(&self, now: Instant) -> f64 {
        recovered(self.share, now.saturating_duration_since(self.since))
    }

    /// Records a refusal.
    pub(super) fn refused(&mut self, now: Instant) {
        *self = Self { share: decreased(self.share(now)), since: now };
    }

    /// Returns the minimum time between two requests if the full quota is `size` requests in
    /// `length`. Zero while the full quota may be used, in bursts of any size.
    pub(super) fn gap(&self, now: Instant, size: u32, length: Duration) -> Duration {
        let share = self.share(now);
        if share < 1.0 { length.div_f64(f64::from(size.max(1)) * share) } else { Duration::ZERO }
    }
}

fn decreased(share: f64) -> f64 {
    (share * DECREASE).clamp(LEAST, FIRST)
}

fn recovered(share: f64, elapsed: Duration) -> f64 {
    (share + RECOVERY * elapsed.as_secs_f64()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fall_at_once_and_rise_slowly() {
        for (case, share, refusals, seconds, expected) in [
            ("untouched", 1.0, 0, 60, 1.0),
            ("one refusal", 1.0, 1, 0, 0.4),
            ("two refusals", 1.0, 2, 0, 0.28),
            ("one of half", 0.5, 1, 0, 0.35),
            ("many refusals", 1.0, 20, 0, 0.1),
            ("a minute after one", 1.0, 1, 60, 0.55),
            ("four minutes after one", 1.0, 1, 240, 1.0),
        ] {
            let fallen = (0..refusals).fold(share, |share, _| decreased(share));
            let found = recovered(fallen, Duration::from_secs(seconds));
            assert!((found - expected).abs() < 1e-9, "{case}: {found}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_is_taken_evenly_and_the_whole_as_it_comes() {
        let start = Instant::now();
        let mut throttled_rate = ThrottledRate::new(start);
        let second = Duration::from_secs(1);
        assert_eq!(throttled_rate.gap(start, 5, second), Duration::ZERO);
        throttled_rate.refused(start);
        assert_eq!(throttled_rate.gap(start, 5, second).as_millis(), 500);
        assert_eq!(throttled_rate.gap(start + second * 241, 5, second), Duration::ZERO);
    }
}
