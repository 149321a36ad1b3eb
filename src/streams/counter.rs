//! Progress counters of a stream.

use std::cell::Cell;

/// Progress of a stream while it is read.
#[derive(Debug, Default)]
pub struct RecordCounter {
    records: Cell<u64>,
    done: Cell<u64>,
    of: Cell<Option<u64>>,
}

impl RecordCounter {
    /// Returns the number of records sent so far.
    pub fn records(&self) -> u64 {
        self.records.get()
    }

    /// Returns the amount read so far and the total, in a unit that depends on the stream. `None`
    /// while the total is unknown.
    pub fn done(&self) -> Option<(u64, u64)> {
        self.of.get().map(|of| (self.done.get(), of))
    }

    pub(super) fn sent(&self, records: u64) {
        self.records.set(self.records.get() + records);
    }

    /// Adds `more` to the amount read and replaces the total with the latest estimate.
    pub(super) fn came(&self, more: usize, of: Option<u64>) {
        self.done.set(self.done.get() + u64::try_from(more).unwrap_or(u64::MAX));
        self.of.set(of);
    }
}
