//! Checkpoint interval.

use std::time::Duration;

use tokio::time::Instant;

/// Number of records after which a checkpoint is due.
const RECORDS: u64 = 10_000;
/// Time after which a checkpoint is due, if records were sent since the last one.
const TIME: Duration = Duration::from_secs(30);
/// Time after which a checkpoint is due if no records were sent. An orchestrator only recognizes
/// records and states as signs of life, and hours of reading that yield no records should not have
/// to be repeated.
const QUIET: Duration = Duration::from_mins(5);

/// Decides when the next checkpoint is due.
#[derive(Debug)]
pub(super) struct CheckpointInterval {
    /// `true` if any part has been finished since the last checkpoint.
    is_owed: bool,
    records: u64,
    last: Instant,
}

impl CheckpointInterval {
    pub(super) fn new(now: Instant) -> Self {
        Self { is_owed: false, records: 0, last: now }
    }

    /// Returns `true` if any part has been finished since the last checkpoint.
    pub(super) fn is_owed(&self) -> bool {
        self.is_owed
    }

    /// Adds a finished part and the number of its records, which are about to be sent. Returns
    /// `true` if a checkpoint is due after them, and then starts a new interval.
    pub(super) fn is_due(&mut self, records: u64, now: Instant) -> bool {
        self.is_owed = true;
        self.records += records;
        let time = if self.records > 0 { TIME } else { QUIET };
        let due = self.records >= RECORDS || now - self.last >= time;
        if due {
            *self = Self::new(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_state_is_due_by_records_or_time() {
        let start = Instant::now();
        let mut checkpoint_interval = CheckpointInterval::new(start);
        assert!(!checkpoint_interval.is_owed());
        assert!(!checkpoint_interval.is_due(9_999, start));
        assert!(checkpoint_interval.is_due(1, start));
        assert!(!checkpoint_interval.is_owed());
        assert!(!checkpoint_interval.is_due(0, start + TIME));
        assert!(checkpoint_interval.is_owed());
        assert!(checkpoint_interval.is_due(1, start + TIME));
        assert!(!checkpoint_interval.is_due(1, start + TIME));
    }

    #[tokio::test(start_paused = true)]
    async fn without_records_a_state_is_due_later() {
        let start = Instant::now();
        let mut checkpoint_interval = CheckpointInterval::new(start);
        assert!(!checkpoint_interval.is_due(0, start + QUIET - TIME));
        assert!(checkpoint_interval.is_due(0, start + QUIET));
    }
}
