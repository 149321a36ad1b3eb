//! Retry budget and exponential backoff of one request.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;

/// Retry budget of one request.
#[derive(Debug, Clone, Copy)]
pub struct RetryBudget {
    /// Maximum number of attempts. Attempts refused for quota do not count.
    pub attempts: u32,
    /// Maximum time from the first attempt to the last: connecting, headers, bodies and the waits
    /// between attempts. Time spent waiting for quota does not count.
    pub budget: Duration,
    /// Timeout of one attempt, from connecting to the last byte of the body.
    pub attempt: Duration,
    /// Maximum total time spent waiting for quota: for permits, and after each 429.
    pub quota: Duration,
}

impl RetryBudget {
    /// Budget of `read`: outlasts a restart or a short outage at HubSpot.
    pub const READ: Self = Self {
        attempts: 12,
        budget: Duration::from_mins(15),
        attempt: Duration::from_mins(5),
        quota: Duration::from_hours(1),
    };
    /// Budget of `check` and `discover`, where a user is waiting for the result.
    pub const INTERACTIVE: Self = Self {
        attempts: 4,
        budget: Duration::from_secs(20),
        attempt: Duration::from_secs(10),
        quota: Duration::from_secs(20),
    };

    /// Returns the smaller value of each field.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self {
            attempts: self.attempts.min(other.attempts),
            budget: self.budget.min(other.budget),
            attempt: self.attempt.min(other.attempt),
            quota: self.quota.min(other.quota),
        }
    }
}

/// Exponential backoff with jitter, within a [`RetryBudget`]. Time spent waiting for quota does not
/// count.
#[derive(Debug)]
pub struct Backoff {
    schedule: ExponentialBackoff,
    retry_budget: RetryBudget,
    attempts: u32,
    seed: u64,
}

impl Backoff {
    /// Creates a backoff whose jitter is determined by `seed`, so that tests are reproducible.
    pub fn new(retry_budget: RetryBudget, seed: u64) -> Self {
        // The crate's own jitter and clock are disabled; both are passed in instead.
        let schedule = ExponentialBackoff {
            initial_interval: Duration::from_millis(500),
            current_interval: Duration::from_millis(500),
            multiplier: 2.0,
            max_interval: Duration::from_mins(1),
            randomization_factor: 0.0,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        Self { schedule, retry_budget, attempts: 0, seed }
    }

    /// Returns the wait after another failure, at least `min_wait`, or `None` if the budget is
    /// exhausted. `spent` is the part of [`RetryBudget::budget`] already used.
    pub fn next_wait(&mut self, spent: Duration, min_wait: Option<Duration>) -> Option<Duration> {
        self.attempts += 1;
        let planned = self.schedule.next_backoff()?;
        let wait = planned.mul_f64(self.jitter()).max(min_wait.unwrap_or_default());
        let is_within = spent.saturating_add(wait) <= self.retry_budget.budget;
        (self.attempts < self.retry_budget.attempts && is_within).then_some(wait)
    }

    /// Returns the expected time until the budget is exhausted, if all remaining attempts fail at
    /// once. `spent` is the part of [`RetryBudget::budget`] already used.
    pub fn expected_rest(&self, spent: Duration) -> Duration {
        let mut schedule = self.schedule.clone();
        let left = self.retry_budget.attempts.saturating_sub(self.attempts + 1);
        let waits = (0..left).filter_map(|_| schedule.next_backoff());
        // The mean of the jitter.
        let waits: Duration = waits.map(|wait| wait.mul_f64(0.75)).sum();
        waits.min(self.retry_budget.budget.saturating_sub(spent))
    }

    /// Replaces the retry budget for the remaining attempts.
    pub fn set_budget(&mut self, retry_budget: RetryBudget) {
        self.retry_budget = retry_budget;
    }

    /// Returns the number of failures so far.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the next jitter factor in `[0.5, 1.0)`, from a xorshift generator.
    #[expect(clippy::cast_precision_loss, reason = "16 bits of jitter fit a float exactly")]
    fn jitter(&mut self) -> f64 {
        self.seed |= 1;
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        0.5 + ((self.seed >> 32) & 0xFFFF) as f64 / 131_072.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_budget(attempts: u32, budget: Duration) -> RetryBudget {
        RetryBudget { attempts, budget, ..RetryBudget::READ }
    }

    #[test]
    fn waits_grow_with_jitter_and_end() {
        let mut backoff = Backoff::new(retry_budget(6, Duration::from_secs(100)), 7);
        let waits: Vec<_> =
            std::iter::from_fn(|| backoff.next_wait(Duration::ZERO, None)).collect();
        assert_eq!(waits.len(), 5);
        for (index, wait) in waits.iter().enumerate() {
            let full = Duration::from_millis(500) * (1 << index);
            assert!(*wait >= full / 2 && *wait < full, "wait {index} is {wait:?}");
        }
    }

    #[test]
    fn the_expected_rest_ends_with_the_attempts_or_the_budget() {
        for (attempts, budget, expected) in [(6, 100, 10.5), (6, 5, 5.0), (2, 100, 0.0)] {
            let mut backoff = Backoff::new(retry_budget(attempts, Duration::from_secs(budget)), 7);
            backoff.next_wait(Duration::ZERO, None);
            let rest = backoff.expected_rest(Duration::ZERO).as_secs_f64();
            assert!((rest - expected).abs() < 1.0, "{attempts} {budget}: {rest}");
        }
    }

    #[test]
    fn retry_after_is_a_lower_bound_within_the_budget() {
        let hour = Duration::from_hours(1);
        let mut backoff = Backoff::new(retry_budget(6, hour * 2), 7);
        assert_eq!(backoff.next_wait(Duration::ZERO, Some(hour)), Some(hour));
        assert_eq!(backoff.next_wait(hour, Some(hour)), Some(hour));
        assert_eq!(backoff.next_wait(hour + Duration::from_secs(1), Some(hour)), None);
    }

    #[test]
    fn time_spent_on_attempts_counts() {
        let mut backoff = Backoff::new(RetryBudget::INTERACTIVE, 7);
        assert!(backoff.next_wait(Duration::from_secs(10), None).is_some());
        assert_eq!(backoff.next_wait(Duration::from_secs(20), None), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        let waits = |seed| {
            let mut backoff = Backoff::new(RetryBudget::READ, seed);
            (0..5).map(|_| backoff.next_wait(Duration::ZERO, None)).collect::<Vec<_>>()
        };
        assert_eq!(waits(3), waits(3));
        assert_ne!(waits(3), waits(5));
    }
}
