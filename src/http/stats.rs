//! Request statistics of a stream.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::quota::Bucket;

/// Number that a shared reference can change.
#[derive(Debug, Default)]
struct Counter(Cell<u64>);

impl Counter {
    fn get(&self) -> u64 {
        self.0.get()
    }

    fn add(&self, number: u64) {
        self.0.set(self.0.get().saturating_add(number));
    }
}

/// Counts one stream's requests and the time they wait.
#[derive(Debug)]
pub struct RequestStats {
    /// Identifies the stream within the process, for fair queueing.
    stream: u64,
    general: Counter,
    search: Counter,
    associations: Counter,
    unlimited: Counter,
    retries: Counter,
    throttled: Counter,
    waited_ms: Counter,
    current: RequestsByState,
}

/// Number of the stream's requests in each state.
#[derive(Debug, Default)]
struct RequestsByState {
    in_flight: Counter,
    queued: [Counter; 3],
    backing_off: Counter,
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
pub struct StateGuard<'a>(&'a Counter);

impl<'a> StateGuard<'a> {
    fn enter(counter: &'a Counter) -> Self {
        counter.add(1);
        Self(counter)
    }
}

impl Drop for StateGuard<'_> {
    fn drop(&mut self) {
        let Self(Counter(counter)) = self;
        counter.set(counter.get().saturating_sub(1));
    }
}

impl Default for RequestStats {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            stream: NEXT.fetch_add(1, Relaxed),
            general: Counter::default(),
            search: Counter::default(),
            associations: Counter::default(),
            unlimited: Counter::default(),
            retries: Counter::default(),
            throttled: Counter::default(),
            waited_ms: Counter::default(),
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
            .into_iter()
            .map(Counter::get)
            .sum()
    }

    /// Returns the number of requests sent by bucket: general, search, associations.
    pub fn by_bucket(&self) -> [u64; 3] {
        [&self.general, &self.search, &self.associations].map(Counter::get)
    }

    /// Returns the number of requests repeated after a fault.
    pub fn retries(&self) -> u64 {
        self.retries.get()
    }

    /// Returns the number of 429 responses.
    pub fn throttled_answers(&self) -> u64 {
        self.throttled.get()
    }

    /// Returns the time spent waiting for permits.
    pub fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms.get())
    }

    /// Returns what the stream waits for, if it has no request in flight.
    pub fn blocked_on(&self) -> Option<BlockedOn> {
        let is_any = |number: &Counter| number.get() > 0;
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
        self.blocked_on().is_some() || self.current.in_flight.get() > 0
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
        counter.add(1);
    }

    /// Counts a retry.
    pub fn count_retry(&self) {
        self.retries.add(1);
    }

    /// Counts a 429 response.
    pub(super) fn count_throttled(&self) {
        self.throttled.add(1);
    }

    /// Adds to the time spent waiting for permits.
    pub(super) fn add_quota_wait(&self, waited: Duration) {
        let milliseconds = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.add(milliseconds);
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
