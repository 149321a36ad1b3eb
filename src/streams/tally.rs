//! How far a stream has come, in numbers that whoever likes may look at.

use std::cell::Cell;

/// What a stream tells of itself while it is read.
#[derive(Debug, Default)]
pub struct Tally {
    records: Cell<u64>,
    done: Cell<u64>,
    of: Cell<Option<u64>>,
}

impl Tally {
    /// Records that have been handed over.
    pub fn records(&self) -> u64 {
        self.records.get()
    }

    /// How much of what is to be read has been, and how much that is; `None` while that is not
    /// known. The unit is the stream's own.
    pub fn done(&self) -> Option<(u64, u64)> {
        self.of.get().map(|of| (self.done.get(), of))
    }

    pub(super) fn sent(&self, records: u64) {
        self.records.set(self.records.get() + records);
    }

    /// So much more has been read, and that is how much there is as far as is known now.
    pub(super) fn came(&self, more: usize, of: Option<u64>) {
        self.done.set(self.done.get() + u64::try_from(more).unwrap_or(u64::MAX));
        self.of.set(of);
    }
}
