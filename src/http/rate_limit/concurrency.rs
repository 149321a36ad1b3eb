//! Adaptive concurrency limit (AIMD) of a rate limit bucket.

use std::time::Duration;

use tokio::time::Instant;

/// Factor on rate × latency (Little's law), so that requests catch up after a pause.
const HEADROOM_FACTOR: f64 = 1.3;
/// Additional requests, so that a very short latency never leaves quota unused.
const SPARE_REQUESTS: usize = 2;
/// Latency assumed before the first response.
const INITIAL_LATENCY: Duration = Duration::from_millis(500);
/// Weight of the newest response in the smoothed latency.
const LATENCY_WEIGHT: f64 = 0.25;
/// Factor of the multiplicative decrease after a fault, and step of the additive increase after a
/// good response.
const HEALTH_DECREASE: f64 = 0.5;
const HEALTH_INCREASE: f64 = 0.05;
/// Minimum of the factor, so that requests are still sent.
const MIN_HEALTH: f64 = 0.05;

/// Concurrency limit of one bucket, from its latency and faults.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    latency: Option<Duration>,
    /// Factor on the limit; 1.0 unless HubSpot failed recently.
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
        limit(per_second, self.latency.unwrap_or(INITIAL_LATENCY), self.health)
    }

    /// Records a good response and its latency.
    pub(super) fn record_success(&mut self, latency: Duration) {
        self.latency = Some(self.latency.map_or(latency, |known| smoothed(known, latency)));
        self.health = (self.health + HEALTH_INCREASE).min(1.0);
    }

    /// Records a fault of HubSpot. Faults of requests that were in flight together count once.
    pub(super) fn record_fault(&mut self, sent_at: Instant, now: Instant) {
        if self.reduced_at.is_none_or(|reduced_at| sent_at >= reduced_at) {
            self.health = (self.health * HEALTH_DECREASE).max(MIN_HEALTH);
            self.reduced_at = Some(now);
        }
    }
}

fn smoothed(known: Duration, newest: Duration) -> Duration {
    known.mul_f64(1.0 - LATENCY_WEIGHT) + newest.mul_f64(LATENCY_WEIGHT)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "requests in flight: a small number that is not negative"
)]
fn limit(per_second: f64, latency: Duration, health: f64) -> usize {
    let busy =
        (per_second * latency.as_secs_f64() * HEADROOM_FACTOR).ceil() as usize + SPARE_REQUESTS;
    ((busy as f64 * health) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_follow_rate_latency_and_health() {
        for (case, per_second, latency_ms, health, expected) in [
            ("190 in ten seconds", 19.0, 300, 1.0, 10),
            ("the same, slow responses", 19.0, 1_000, 1.0, 27),
            ("the same, very slow responses", 19.0, 3_000, 1.0, 77),
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
    async fn faults_in_flight_together_halve_once_and_responses_recover() {
        let start = Instant::now();
        let (mut concurrency, third) = (ConcurrencyLimit::default(), Duration::from_millis(300));
        concurrency.record_success(third);
        assert_eq!(concurrency.limit(19.0), 10);
        for _ in 0..4 {
            concurrency.record_fault(start, start + third);
        }
        assert_eq!(concurrency.limit(19.0), 5);
        concurrency.record_fault(start + third, start + third * 2);
        assert_eq!(concurrency.limit(19.0), 2);
        for _ in 0..15 {
            concurrency.record_success(third);
        }
        assert_eq!(concurrency.limit(19.0), 10);
    }

    #[test]
    fn latency_is_smoothed() {
        let mut concurrency = ConcurrencyLimit::default();
        concurrency.record_success(Duration::from_millis(100));
        concurrency.record_success(Duration::from_millis(500));
        assert_eq!(concurrency.latency, Some(Duration::from_millis(200)));
    }
}
