//! Request statistics of a stream.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::dialect::Bucket;

/// Counts one stream's requests and the time they wait.
#[derive(Debug)]
pub struct Meter {
    /// Identifies the stream within the process, for fair queueing.
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

/// Number of the stream's requests in each state.
#[derive(Debug, Default)]
struct Now {
    under_way: AtomicU64,
    queued: [AtomicU64; 3],
    faulty: AtomicU64,
}

/// Reason why a stream has no request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standstill {
    /// Its requests wait for a permit of a bucket.
    Quota(Bucket),
    /// The service failed, and the stream waits before it retries.
    Fault,
}

/// Counts one request in a state until it is dropped.
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
    /// Returns the id of the stream.
    pub(super) fn stream(&self) -> u64 {
        self.stream
    }

    /// Returns the number of requests sent, including retries.
    pub fn requests(&self) -> u64 {
        [&self.general, &self.search, &self.associations, &self.free]
            .iter()
            .map(|counter| counter.load(Relaxed))
            .sum()
    }

    /// Returns the number of requests sent by bucket: general, search, associations.
    pub fn by_bucket(&self) -> [u64; 3] {
        [&self.general, &self.search, &self.associations].map(|counter| counter.load(Relaxed))
    }

    /// Returns the number of requests repeated after a fault.
    pub fn retries(&self) -> u64 {
        self.retries.load(Relaxed)
    }

    /// Returns the number of 429 responses.
    pub fn throttled_answers(&self) -> u64 {
        self.throttled.load(Relaxed)
    }

    /// Returns the time spent waiting for permits.
    pub fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms.load(Relaxed))
    }

    /// Returns what the stream waits for, if it has no request in flight.
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

    /// Returns `true` if the stream has a request in flight or waiting.
    pub fn is_busy(&self) -> bool {
        self.standstill().is_some() || self.now.under_way.load(Relaxed) > 0
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(super) fn under_way(&self) -> Doing<'_> {
        Doing::begin(&self.now.under_way)
    }

    /// Counts a request as waiting for a permit until the guard is dropped.
    pub(super) fn queued(&self, bucket: Bucket) -> Doing<'_> {
        let [general, search, associations] = &self.now.queued;
        Doing::begin(match bucket {
            // Requests without a limit never wait for long.
            Bucket::General | Bucket::Free => general,
            Bucket::Search => search,
            Bucket::Associations => associations,
        })
    }

    /// Counts a request as waiting for a retry after a fault until the guard is dropped.
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

    /// Counts a retry.
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
