//! How often a stream says how far it has come.

use std::time::Duration;

use tokio::time::Instant;

/// Records between two states at the most.
const RECORDS: u64 = 10_000;
/// Time between two states at the most, while records flow.
const TIME: Duration = Duration::from_secs(30);

/// Decides when the next state is due.
#[derive(Debug)]
pub(super) struct Pace {
    records: u64,
    last: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { records: 0, last: now }
    }

    /// Have records been sent since the last state?
    pub(super) fn is_owed(&self) -> bool {
        self.records > 0
    }

    /// Takes note of records about to be sent. Is a state due behind them?
    pub(super) fn is_due(&mut self, records: u64, now: Instant) -> bool {
        self.records += records;
        let due = self.records >= RECORDS || self.records > 0 && now - self.last >= TIME;
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
    async fn a_state_is_due_by_records_or_time_and_never_without_records() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(!pace.is_due(9_999, start));
        assert!(pace.is_due(1, start));
        assert!(!pace.is_due(0, start + TIME));
        assert!(pace.is_due(1, start + TIME));
        assert!(!pace.is_owed());
        assert!(!pace.is_due(1, start + TIME));
        assert!(pace.is_owed());
    }
}
