//! How often a stream says how far it has come.

use std::time::Duration;

use tokio::time::Instant;

/// Records between two states at the most.
const RECORDS: u64 = 10_000;
/// Time between two states at the most, while records flow.
const TIME: Duration = Duration::from_secs(30);
/// The same while there are none. To an orchestrator only records and states are signs of life, and
/// hours of looking into what turns out to be empty are not to be done again either.
const QUIET: Duration = Duration::from_mins(5);

/// Decides when the next state is due.
#[derive(Debug)]
pub(super) struct Pace {
    /// Has anything been finished since the last state?
    is_owed: bool,
    records: u64,
    last: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { is_owed: false, records: 0, last: now }
    }

    /// Has anything been finished since the last state?
    pub(super) fn is_owed(&self) -> bool {
        self.is_owed
    }

    /// Takes note of a part that is finished, and of its records, about to be sent. Is a state due
    /// behind them?
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
        let mut pace = Pace::new(start);
        assert!(!pace.is_owed());
        assert!(!pace.is_due(9_999, start));
        assert!(pace.is_due(1, start));
        assert!(!pace.is_owed());
        assert!(!pace.is_due(0, start + TIME));
        assert!(pace.is_owed());
        assert!(pace.is_due(1, start + TIME));
        assert!(!pace.is_due(1, start + TIME));
    }

    #[tokio::test(start_paused = true)]
    async fn without_records_a_state_is_due_later() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(!pace.is_due(0, start + QUIET - TIME));
        assert!(pace.is_due(0, start + QUIET));
    }
}
