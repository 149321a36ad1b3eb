//! External usage of a window, by other API clients of the account.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Number of recent responses of which the minimum is used. Requests overtake each other, so a
/// single count may be slightly too high.
const ANSWERS: usize = 4;
/// Divisor of the window length: for this part of it, external usage is assumed to stay as last
/// reported.
const HOLD: u32 = 4;

/// External usage of the server's window, as reported by responses.
#[derive(Debug, Default)]
pub(super) struct ExternalUsage {
    counts: VecDeque<u32>,
    /// Arrival of the newest response, and the instant at which its request was sent.
    newest: Option<(Instant, Instant)>,
}

impl ExternalUsage {
    /// Returns `true` if any response has reported the usage of the window.
    pub(super) fn is_reported(&self) -> bool {
        self.newest.is_some()
    }

    /// Records the external usage that a response reports. Responses to older requests are ignored.
    pub(super) fn observe(&mut self, count: u32, asked_at: Instant, now: Instant) {
        if self.newest.is_some_and(|(_, newest)| newest > asked_at) {
            return;
        }
        self.newest = Some((now, asked_at));
        self.counts.truncate(ANSWERS - 1);
        self.counts.push_front(count);
    }

    /// Returns the current external usage. Without new responses, it is held for a while and then
    /// decreases linearly over one window length. Permits thus become available again, and the next
    /// response brings a new count, before all of our own requests have left the window.
    pub(super) fn at(&self, now: Instant, length: Duration) -> u32 {
        let (Some((reported_at, _)), Some(count)) = (self.newest, self.counts.iter().min()) else {
            return 0;
        };
        let since = now.saturating_duration_since(reported_at).saturating_sub(length / HOLD);
        let left = length.saturating_sub(since).as_secs_f64() / length.as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between zero and the count"
        )]
        let count = (f64::from(*count) * left).round() as u32;
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn others_stay_for_a_while_and_then_leave_evenly() {
        let (start, length) = (Instant::now(), Duration::from_secs(10));
        let second = Duration::from_secs(1);
        let mut external = ExternalUsage::default();
        assert_eq!((external.is_reported(), external.at(start, length)), (false, 0));
        external.observe(100, start, start + second);
        assert!(external.is_reported());
        for (seconds, expected) in [(1.0, 100), (3.5, 100), (4.5, 90), (8.5, 50), (13.5, 0)] {
            let at = start + second.mul_f64(seconds);
            assert_eq!(external.at(at, length), expected, "after {seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_of_the_last_answers_counts_and_a_late_one_does_not() {
        let (start, length) = (Instant::now(), Duration::from_secs(10));
        let ms = |count| start + Duration::from_millis(count);
        let mut external = ExternalUsage::default();
        for (asked_ms, count, expected) in
            [(10, 7, 7), (20, 5, 5), (30, 9, 5), (25, 0, 5), (40, 8, 5), (50, 9, 5), (60, 9, 8)]
        {
            external.observe(count, ms(asked_ms), ms(100));
            assert_eq!(external.at(ms(100), length), expected, "asked at {asked_ms} ms");
        }
    }
}
