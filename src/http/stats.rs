//! Request statistics of a stream.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

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
    /// Latest failure of a request that is being repeated.
    fault: RefCell<Option<Fault>>,
}

/// Failure of a request that is being repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The failure, as a sentence.
    pub cause: String,
    /// Number of the next attempt.
    pub attempt: u32,
    /// Expected time at which the request is given up.
    pub gives_up: Instant,
}

/// Number of the stream's requests in each state.
#[derive(Debug, Default)]
struct RequestsByState {
    in_flight: Counter,
    queued: [Counter; 3],
    backing_off: Counter,
    /// Requests that have failed and are being repeated.
    failing: Counter,
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
            fault: RefCell::default(),
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
        if self.current.in_flight.get() > self.current.failing.get() {
            return None;
        }
        let [general, search, associations] = &self.current.queued;
        [
            (&self.current.backing_off, BlockedOn::Fault),
            (&self.current.failing, BlockedOn::Fault),
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

    /// Counts a request as failing until the guard is dropped.
    pub(super) fn count_failing(&self) -> StateGuard<'_> {
        StateGuard::enter(&self.current.failing)
    }

    /// Sets the latest failure of a request that is being repeated.
    pub(super) fn set_fault(&self, fault: Fault) {
        self.fault.replace(Some(fault));
    }

    /// Returns the latest failure, if a request is being repeated because of one.
    pub fn fault(&self) -> Option<Fault> {
        let is_failing = self.current.failing.get() > 0;
        self.fault.borrow().clone().filter(|_| is_failing)
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
        let (repeated, healthy) = (stats.count_failing(), stats.count_in_flight());
        let again = stats.count_in_flight();
        assert_eq!(stats.blocked_on(), None, "another request is in flight");
        drop(healthy);
        assert_eq!(stats.blocked_on(), Some(BlockedOn::Fault), "during the next attempt as well");
        stats.set_fault(Fault { cause: "x".into(), attempt: 2, gives_up: Instant::now() });
        assert_eq!(stats.fault().map(|fault| fault.attempt), Some(2));
        drop((again, repeated));
        assert_eq!((stats.blocked_on(), stats.fault()), (None, None));
    }
}
