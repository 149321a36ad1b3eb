//! What a stream's requests have cost.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::dialect::Bucket;

/// Counts requests and waits for one stream's receipt.
#[derive(Debug)]
pub struct Meter {
    /// Tells the stream from all others of the process: they take turns.
    stream: u64,
    general: AtomicU64,
    search: AtomicU64,
    associations: AtomicU64,
    free: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
    waited_ms: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let zero = || AtomicU64::new(0);
        Self {
            stream: NEXT.fetch_add(1, Relaxed),
            general: zero(),
            search: zero(),
            associations: zero(),
            free: zero(),
            retries: zero(),
            throttled: zero(),
            waited_ms: zero(),
        }
    }
}

impl Meter {
    /// Whose requests these are, as a number.
    pub(super) fn stream(&self) -> u64 {
        self.stream
    }

    /// Requests sent, repeated ones included.
    pub fn requests(&self) -> u64 {
        [&self.general, &self.search, &self.associations, &self.free]
            .iter()
            .map(|counter| counter.load(Relaxed))
            .sum()
    }

    /// Requests sent by bucket: general, search, associations.
    pub fn by_bucket(&self) -> [u64; 3] {
        [&self.general, &self.search, &self.associations].map(|counter| counter.load(Relaxed))
    }

    /// Requests repeated after a fault.
    pub fn retries(&self) -> u64 {
        self.retries.load(Relaxed)
    }

    /// Answers that said 429.
    pub fn throttled_answers(&self) -> u64 {
        self.throttled.load(Relaxed)
    }

    /// Time spent waiting for a place in a quota window.
    pub fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms.load(Relaxed))
    }

    pub(super) fn sent(&self, bucket: Bucket) {
        let counter = match bucket {
            Bucket::General => &self.general,
            Bucket::Search => &self.search,
            Bucket::Associations => &self.associations,
            Bucket::Free => &self.free,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(super) fn throttled(&self) {
        self.throttled.fetch_add(1, Relaxed);
    }

    pub(super) fn waited_for_quota(&self, waited: Duration) {
        let milliseconds = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(milliseconds, Relaxed);
    }
}
