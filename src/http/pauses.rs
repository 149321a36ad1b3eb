//! How long a bucket rests after a refusal.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause is this part of the window; it doubles up to the whole.
const FIRST: u32 = 10;
/// More doublings than it takes to get there.
const DOUBLINGS: u32 = 8;

/// The pauses of one bucket.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    until: Option<Instant>,
    /// Refusals without an accepted request between them.
    in_a_row: u32,
    last: Option<Instant>,
}

impl Pauses {
    /// The end of the pause, if there is one.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// Has nothing been accepted since the last refusal?
    pub(super) fn is_refused(&self) -> bool {
        self.in_a_row > 0
    }

    /// Takes note of a refusal of a request sent at `sent_at`, and rests for at least `wait`.
    ///
    /// Refusals of requests that were under way together are one event: says whether this one is
    /// the first of its kind.
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

    /// Takes note of an accepted request.
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
        let (mut pauses, mut at) = (Pauses::default(), Instant::now());
        for expected in [1, 2, 4, 8, 10, 10] {
            let end = at + Duration::from_secs(expected);
            assert!(pauses.refused(at, None, length, at));
            assert!(!pauses.refused(at - length / 100, None, length, at), "the same burst");
            assert_eq!(pauses.until(at), Some(end));
            assert_eq!(pauses.until(end), None);
            at = end;
        }
        let minute = Duration::from_mins(1);
        assert!(pauses.refused(at, Some(minute), length, at));
        assert_eq!(pauses.until(at), Some(at + minute), "the service says so");
        at += minute;
        pauses.accepted(at - minute * 2);
        assert!(pauses.is_refused(), "it was sent before the refusal");
        pauses.accepted(at);
        assert!(!pauses.is_refused());
        pauses.refused(at, None, length, at);
        assert_eq!(pauses.until(at), Some(at + length / FIRST), "one was accepted between");
    }
}
