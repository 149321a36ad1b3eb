//! Adaptive concurrency limit (AIMD) of a rate limit bucket.

use std::time::Duration;

use tokio::time::Instant;

/// Factor on rate × latency (Little's law), so that requests catch up after a pause.
const HEADROOM: f64 = 1.3;
/// Additional requests, so that a very short latency never leaves quota unused.
const SPARE: usize = 2;
/// Latency assumed before the first response.
const FIRST_LATENCY: Duration = Duration::from_millis(500);
/// Weight of the newest response in the smoothed latency.
const WEIGHT: f64 = 0.25;
/// Factor of the multiplicative decrease after a fault, and step of the additive increase after a
/// good response.
const DECREASE: f64 = 0.5;
const RECOVERY: f64 = 0.05;
const LEAST_HEALTH: f64 = 0.05;

/// Concurrency limit of one bucket, from its latency and faults.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    latency: Option<Duration>,
    /// Factor on the limit; 1.0 unless the service failed recently.
    health: f64,
    reduced_at: Option<Instant>,
}

impl Default for ConcurrencyLimit {
    fn default() -> Self {
        Self { latency: None, health: 1.0, reduced_at: None }
    }
}

impl ConcurrencyLimit {
    /// Returns the maximum number of requests in flight at a rate of `per_second`.
    pub(super) fn limit(&self, per_second: f64) -> usize {
        limit(per_second, self.latency.unwrap_or(FIRST_LATENCY), self.health)
    }

    /// Records a good response and its latency.
    pub(super) fn succeeded(&mut self, took: Duration) {
        self.latency = Some(self.latency.map_or(took, |known| smoothed(known, took)));
        self.health = (self.health + RECOVERY).min(1.0);
    }

    /// Records a fault of the service. Faults of requests that were in flight together count once.
    pub(super) fn failed(&mut self, sent_at: Instant, now: Instant) {
        if self.reduced_at.is_none_or(|reduced_at| sent_at >= reduced_at) {
            self.health = (self.health * DECREASE).max(LEAST_HEALTH);
            self.reduced_at = Some(now);
        }
    }
}

fn smoothed(known: Duration, newest: Duration) -> Duration {
    known.mul_f64(1.0 - WEIGHT) + newest.mul_f64(WEIGHT)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "requests under way: a small number that is not negative"
)]
fn limit(per_second: f64, latency: Duration, health: f64) -> usize {
    let busy = (per_second * latency.as_secs_f64() * HEADROOM).ceil() as usize + SPARE;
    ((busy as f64 * health) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_rate_latency_and_health() {
        for (case, per_second, latency_ms, health, expected) in [
            ("190 in ten seconds", 19.0, 300, 1.0, 10),
            ("the same, slow answers", 19.0, 1_000, 1.0, 27),
            ("the same, very slow answers", 19.0, 3_000, 1.0, 77),
            ("the same next door", 19.0, 2, 1.0, 3),
            ("100 in ten seconds", 10.0, 300, 1.0, 6),
            ("five searches a second", 5.0, 400, 1.0, 5),
            ("after a fault", 19.0, 300, 0.5, 5),
            ("after many", 19.0, 300, 0.05, 1),
        ] {
            let found = limit(per_second, Duration::from_millis(latency_ms), health);
            assert_eq!(found, expected, "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn faults_halve_once_for_all_under_way_and_answers_bring_it_back() {
        let start = Instant::now();
        let (mut concurrency, third) = (ConcurrencyLimit::default(), Duration::from_millis(300));
        concurrency.succeeded(third);
        assert_eq!(concurrency.limit(19.0), 10);
        for _ in 0..4 {
            concurrency.failed(start, start + third);
        }
        assert_eq!(concurrency.limit(19.0), 5);
        concurrency.failed(start + third, start + third * 2);
        assert_eq!(concurrency.limit(19.0), 2);
        for _ in 0..15 {
            concurrency.succeeded(third);
        }
        assert_eq!(concurrency.limit(19.0), 10);
    }

    #[test]
    fn latency_is_smoothed() {
        let mut concurrency = ConcurrencyLimit::default();
        concurrency.succeeded(Duration::from_millis(100));
        concurrency.succeeded(Duration::from_millis(500));
        assert_eq!(concurrency.latency, Some(Duration::from_millis(200)));
    }
}
