//! Cooldown of a bucket after a refusal.

use std::time::Duration;

use tokio::time::Instant;

/// Divisor of the window length for the first cooldown, which then doubles up to the whole window.
const FIRST: u32 = 10;
/// Maximum number of doublings, more than needed to reach the whole window.
const DOUBLINGS: u32 = 8;

/// Cooldowns of one bucket.
#[derive(Debug, Default)]
pub(super) struct Cooldown {
    until: Option<Instant>,
    /// Refusals since the last accepted request.
    in_a_row: u32,
    last: Option<Instant>,
}

impl Cooldown {
    /// Returns the end of the current cooldown, if any.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// Returns `true` if no request has been accepted since the last refusal.
    pub(super) fn is_refused(&self) -> bool {
        self.in_a_row > 0
    }

    /// Records the refusal of a request sent at `sent_at`, and cools down for at least `wait`.
    ///
    /// Refusals of requests that were in flight together are one event. Returns `true` for the
    /// first of them.
    pub(super) fn refused(
        &mut self,
        sent_at: Instant,
        wait: Option<Duration>,
        length: Duration,
        now: Instant,
    ) -> bool {
        let is_new = self.is_after_the_last(sent_at);
        let mut until = now + wait.unwrap_or_default();
        if is_new {
            let doubled = length / FIRST * (1 << self.in_a_row.min(DOUBLINGS));
            until = until.max(now + doubled.min(length));
            self.in_a_row += 1;
            self.last = Some(now);
        }
        self.until = self.until.max(Some(until));
        is_new
    }

    /// Records an accepted request.
    pub(super) fn accepted(&mut self, sent_at: Instant) {
        if self.is_after_the_last(sent_at) {
            self.in_a_row = 0;
        }
    }

    fn is_after_the_last(&self, sent_at: Instant) -> bool {
        self.last.is_none_or(|last| sent_at >= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_while_nothing_is_accepted_and_count_a_burst_once() {
        let length = Duration::from_secs(10);
        let (mut cooldown, mut at) = (Cooldown::default(), Instant::now());
        for expected in [1, 2, 4, 8, 10, 10] {
            let end = at + Duration::from_secs(expected);
            assert!(cooldown.refused(at, None, length, at));
            assert!(!cooldown.refused(at - length / 100, None, length, at), "the same burst");
            assert_eq!(cooldown.until(at), Some(end));
            assert_eq!(cooldown.until(end), None);
            at = end;
        }
        let minute = Duration::from_mins(1);
        assert!(cooldown.refused(at, Some(minute), length, at));
        assert_eq!(cooldown.until(at), Some(at + minute), "the service says so");
        at += minute;
        cooldown.accepted(at - minute * 2);
        assert!(cooldown.is_refused(), "it was sent before the refusal");
        cooldown.accepted(at);
        assert!(!cooldown.is_refused());
        cooldown.refused(at, None, length, at);
        assert_eq!(cooldown.until(at), Some(at + length / FIRST), "one was accepted between");
    }
}
