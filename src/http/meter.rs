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
    now: Now,
}

/// What the stream's requests are doing at this moment, as numbers of them.
#[derive(Debug, Default)]
struct Now {
    under_way: AtomicU64,
    queued: [AtomicU64; 3],
    faulty: AtomicU64,
}

/// Why nothing of a stream is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standstill {
    /// It waits for a place in a quota.
    Quota(Bucket),
    /// The service failed, and is asked again after a while.
    Fault,
}

/// One request that does something; it does not any more when dropped.
#[derive(Debug)]
pub struct Doing<'a>(&'a AtomicU64);

impl<'a> Doing<'a> {
    fn begin(number: &'a AtomicU64) -> Self {
        number.fetch_add(1, Relaxed);
        Self(number)
    }
}

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
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
            now: Now::default(),
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

    /// What the stream waits for, if all of its requests do.
    pub fn standstill(&self) -> Option<Standstill> {
        let is_any = |number: &AtomicU64| number.load(Relaxed) > 0;
        if is_any(&self.now.under_way) {
            return None;
        }
        let [general, search, associations] = &self.now.queued;
        [
            (&self.now.faulty, Standstill::Fault),
            (search, Standstill::Quota(Bucket::Search)),
            (associations, Standstill::Quota(Bucket::Associations)),
            (general, Standstill::Quota(Bucket::General)),
        ]
        .into_iter()
        .find_map(|(number, standstill)| is_any(number).then_some(standstill))
    }

    /// Has the stream any request that is under way or waits?
    pub fn is_busy(&self) -> bool {
        self.standstill().is_some() || self.now.under_way.load(Relaxed) > 0
    }

    /// A request is under way.
    pub(super) fn under_way(&self) -> Doing<'_> {
        Doing::begin(&self.now.under_way)
    }

    /// A request waits for a place in a quota.
    pub(super) fn queued(&self, bucket: Bucket) -> Doing<'_> {
        let [general, search, associations] = &self.now.queued;
        Doing::begin(match bucket {
            // What is not limited never waits for long.
            Bucket::General | Bucket::Free => general,
            Bucket::Search => search,
            Bucket::Associations => associations,
        })
    }

    /// A request waits until it is sent again after a fault.
    pub fn faulty(&self) -> Doing<'_> {
        Doing::begin(&self.now.faulty)
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

    /// A request is repeated.
    pub fn repeated(&self) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_stands_still_when_none_of_its_requests_is_under_way() {
        let meter = Meter::default();
        assert_eq!((meter.standstill(), meter.is_busy()), (None, false));
        let listing = meter.queued(Bucket::General);
        assert_eq!(meter.standstill(), Some(Standstill::Quota(Bucket::General)));
        let searching = meter.queued(Bucket::Search);
        assert_eq!(meter.standstill(), Some(Standstill::Quota(Bucket::Search)), "the scarcer one");
        let answering = meter.under_way();
        assert_eq!((meter.standstill(), meter.is_busy()), (None, true));
        drop((answering, searching));
        let failing = meter.faulty();
        assert_eq!(meter.standstill(), Some(Standstill::Fault));
        drop((listing, failing));
        assert_eq!((meter.standstill(), meter.is_busy()), (None, false));
    }
}
