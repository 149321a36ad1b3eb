//! How many requests of a bucket may be under way at once.

use std::time::Duration;

use tokio::time::Instant;

/// More than rate × latency, so that a quota that was left alone for a moment is caught up with.
const HEADROOM: f64 = 1.3;
/// Beside what the rate takes, so that a short latency never leaves the quota unused.
const SPARE: usize = 2;
/// The latency before any answer.
const FIRST_LATENCY: Duration = Duration::from_millis(500);
/// The weight of the newest answer in the smoothed latency.
const WEIGHT: f64 = 0.25;
/// What a fault leaves of the health, and what a good answer gives back.
const DECREASE: f64 = 0.5;
const RECOVERY: f64 = 0.05;
const LEAST_HEALTH: f64 = 0.05;

/// Follows latency and faults of one bucket.
#[derive(Debug)]
pub(super) struct Flight {
    latency: Option<Duration>,
    /// 1.0 unless the service has failed lately.
    health: f64,
    reduced_at: Option<Instant>,
}

impl Default for Flight {
    fn default() -> Self {
        Self { latency: None, health: 1.0, reduced_at: None }
    }
}

impl Flight {
    /// Requests that may be under way when `per_second` are allowed.
    pub(super) fn limit(&self, per_second: f64) -> usize {
        limit(per_second, self.latency.unwrap_or(FIRST_LATENCY), self.health)
    }

    /// Takes note of a good answer and of how long its request was under way.
    pub(super) fn went_well(&mut self, took: Duration) {
        self.latency = Some(self.latency.map_or(took, |known| smoothed(known, took)));
        self.health = (self.health + RECOVERY).min(1.0);
    }

    /// Takes note of a fault of the service. Those that were under way together count once.
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
        let (mut flight, third) = (Flight::default(), Duration::from_millis(300));
        flight.went_well(third);
        assert_eq!(flight.limit(19.0), 10);
        for _ in 0..4 {
            flight.failed(start, start + third);
        }
        assert_eq!(flight.limit(19.0), 5);
        flight.failed(start + third, start + third * 2);
        assert_eq!(flight.limit(19.0), 2);
        for _ in 0..15 {
            flight.went_well(third);
        }
        assert_eq!(flight.limit(19.0), 10);
    }

    #[test]
    fn latency_is_smoothed() {
        let mut flight = Flight::default();
        flight.went_well(Duration::from_millis(100));
        flight.went_well(Duration::from_millis(500));
        assert_eq!(flight.latency, Some(Duration::from_millis(200)));
    }
}
