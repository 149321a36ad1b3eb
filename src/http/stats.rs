//! Request statistics of a stream.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::quota::Bucket;

/// Counts one stream's requests and the time they wait.
#[derive(Debug)]
pub struct RequestStats {
    /// Identifies the stream within the process, for fair queueing.
    stream: u64,
    general: AtomicU64,
    search: AtomicU64,
    associations: AtomicU64,
    unlimited: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
    waited_ms: AtomicU64,
    current: RequestsByState,
}

/// Number of the stream's requests in each state.
#[derive(Debug, Default)]
struct RequestsByState {
    in_flight: AtomicU64,
    queued: [AtomicU64; 3],
    backing_off: AtomicU64,
}

/// Reason why a stream has no request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedOn {
    /// Its requests wait for a permit of a bucket.
    Quota(Bucket),
    /// HubSpot failed, and the stream waits before it retries.
    Fault,
}

/// Counts one request in a state until it is dropped.
#[derive(Debug)]
pub struct StateGuard<'a>(&'a AtomicU64);

impl<'a> StateGuard<'a> {
    fn enter(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Relaxed);
        Self(counter)
    }
}

impl Drop for StateGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Default for RequestStats {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let zero = || AtomicU64::new(0);
        Self {
            stream: NEXT.fetch_add(1, Relaxed),
            general: zero(),
            search: zero(),
            associations: zero(),
            unlimited: zero(),
            retries: zero(),
            throttled: zero(),
            waited_ms: zero(),
            current: RequestsByState::default(),
        }
    }
}

impl RequestStats {
    /// Returns the id of the stream.
    pub(super) fn stream(&self) -> u64 {
        self.stream
    }

    /// Returns the number of requests sent, including retries.
    pub fn requests(&self) -> u64 {
        [&self.general, &self.search, &self.associations, &self.unlimited]
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
    pub fn blocked_on(&self) -> Option<BlockedOn> {
        let is_any = |number: &AtomicU64| number.load(Relaxed) > 0;
        if is_any(&self.current.in_flight) {
            return None;
        }
        let [general, search, associations] = &self.current.queued;
        [
            (&self.current.backing_off, BlockedOn::Fault),
            (search, BlockedOn::Quota(Bucket::Search)),
            (associations, BlockedOn::Quota(Bucket::Associations)),
            (general, BlockedOn::Quota(Bucket::General)),
        ]
        .into_iter()
        .find_map(|(number, blocked_on)| is_any(number).then_some(blocked_on))
    }

    /// Returns `true` if the stream has a request in flight or waiting.
    pub fn is_busy(&self) -> bool {
        self.blocked_on().is_some() || self.current.in_flight.load(Relaxed) > 0
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(super) fn count_in_flight(&self) -> StateGuard<'_> {
        StateGuard::enter(&self.current.in_flight)
    }

    /// Counts a request as waiting for a permit until the guard is dropped.
    pub(super) fn count_queued(&self, bucket: Bucket) -> StateGuard<'_> {
        let [general, search, associations] = &self.current.queued;
        StateGuard::enter(match bucket {
            // Requests without a limit never wait for long.
            Bucket::General | Bucket::Unlimited => general,
            Bucket::Search => search,
            Bucket::Associations => associations,
        })
    }

    /// Counts a request as waiting for a retry after a fault until the guard is dropped.
    pub fn count_backing_off(&self) -> StateGuard<'_> {
        StateGuard::enter(&self.current.backing_off)
    }

    /// Counts a sent request.
    pub(super) fn count_sent(&self, bucket: Bucket) {
        let counter = match bucket {
            Bucket::General => &self.general,
            Bucket::Search => &self.search,
            Bucket::Associations => &self.associations,
            Bucket::Unlimited => &self.unlimited,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// Counts a retry.
    pub fn count_retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    /// Counts a 429 response.
    pub(super) fn count_throttled(&self) {
        self.throttled.fetch_add(1, Relaxed);
    }

    /// Adds to the time spent waiting for permits.
    pub(super) fn add_quota_wait(&self, waited: Duration) {
        let milliseconds = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(milliseconds, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_blocked_when_none_of_its_requests_is_in_flight() {
        let stats = RequestStats::default();
        assert_eq!((stats.blocked_on(), stats.is_busy()), (None, false));
        let listing = stats.count_queued(Bucket::General);
        assert_eq!(stats.blocked_on(), Some(BlockedOn::Quota(Bucket::General)));
        let searching = stats.count_queued(Bucket::Search);
        assert_eq!(stats.blocked_on(), Some(BlockedOn::Quota(Bucket::Search)), "the scarcer one");
        let answering = stats.count_in_flight();
        assert_eq!((stats.blocked_on(), stats.is_busy()), (None, true));
        drop((answering, searching));
        let failing = stats.count_backing_off();
        assert_eq!(stats.blocked_on(), Some(BlockedOn::Fault));
        drop((listing, failing));
        assert_eq!((stats.blocked_on(), stats.is_busy()), (None, false));
    }
}
