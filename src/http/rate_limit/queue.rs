//! Order in which waiting requests are sent: fair queues, and the scheduler over all buckets.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::concurrency::ConcurrencyLimit;
use super::window::SlidingWindow;
use crate::http::quota::{ASSOCIATIONS_WINDOW, Bucket, GENERAL_WINDOW, QuotaWindow, SEARCH_WINDOW};

/// Time after which an idle connection is assumed to be closed by either side.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Windows to start with, before responses correct their sizes, and the concurrency limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) general: QuotaWindow,
    pub(crate) search: QuotaWindow,
    pub(crate) associations: QuotaWindow,
    /// Maximum number of requests in flight over all buckets.
    pub(crate) in_flight: usize,
}

impl Limits {
    /// Returns the windows of HubSpot, with at most `in_flight` requests in flight.
    pub(crate) fn hubspot(in_flight: usize) -> Self {
        Self {
            general: GENERAL_WINDOW,
            search: SEARCH_WINDOW,
            associations: ASSOCIATIONS_WINDOW,
            in_flight,
        }
    }
}

/// Decides which waiting request is sent next: by the limits of its bucket, and fairly among
/// buckets and streams. `W` is the type of a waiter.
#[derive(Debug)]
pub(super) struct Scheduler<W> {
    buckets: [BucketState<W>; 3],
    /// Index of the bucket that is considered first. It rotates, so that buckets share the overall
    /// limit of requests in flight.
    first_bucket: usize,
    in_flight: usize,
    max_in_flight: usize,
    /// At index `n`, the instant at which `n` requests were last in flight, hence `n` connections
    /// open.
    connections: Vec<Option<Instant>>,
}

#[derive(Debug)]
struct BucketState<W> {
    window: SlidingWindow,
    concurrency: ConcurrencyLimit,
    in_flight: usize,
    queue: FairQueue<W>,
}

/// Details of a granted permit.
#[derive(Debug, Clone, Copy)]
pub(super) struct PermitInfo {
    pub(super) bucket: Bucket,
    /// Number of requests in flight, including this one.
    nth: usize,
}

impl<W> Scheduler<W> {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let bucket_state = |window| BucketState {
            window: SlidingWindow::new(window, now),
            concurrency: ConcurrencyLimit::default(),
            in_flight: 0,
            queue: FairQueue::default(),
        };
        let max_in_flight = limits.in_flight.max(1);
        Self {
            buckets: [
                bucket_state(limits.general),
                bucket_state(limits.search),
                bucket_state(limits.associations),
            ],
            first_bucket: 0,
            in_flight: 0,
            max_in_flight,
            connections: vec![None; max_in_flight + 1],
        }
    }

    /// Queues a waiter for a permit of a bucket. Buckets without a limit have no queue.
    pub(super) fn enqueue(&mut self, bucket: Bucket, stream: u64, waiter: W) {
        self.bucket_state(bucket).queue.push(stream, waiter);
    }

    /// Grants a permit to the next waiter. If there is none to grant, returns the instant at which
    /// to poll again, or `None` if only the end of another request can change anything.
    pub(super) fn grant_next(
        &mut self,
        now: Instant,
        is_waiting: impl Fn(&W) -> bool,
    ) -> Result<(W, PermitInfo), Option<Instant>> {
        let mut wake: Option<Instant> = None;
        if self.in_flight >= self.max_in_flight {
            return Err(None);
        }
        for offset in 0..BUCKETS.len() {
            let index = (self.first_bucket + offset) % BUCKETS.len();
            let Some((bucket_state, bucket)) = self.buckets.get_mut(index).zip(BUCKETS.get(index))
            else {
                continue;
            };
            if bucket_state.queue.is_empty() || bucket_state.is_full(now) {
                continue;
            }
            if let Err(until) = bucket_state.window.poll_permit(now) {
                wake = Some(wake.map_or(until, |wake| wake.min(until)));
            } else if let Some(waiter) = bucket_state.queue.pop(&is_waiting) {
                bucket_state.window.reserve();
                bucket_state.in_flight += 1;
                self.in_flight += 1;
                self.first_bucket = index + 1;
                return Ok((waiter, PermitInfo { bucket: *bucket, nth: self.in_flight }));
            }
        }
        Err(wake)
    }

    /// Records that the request of a permit is being sent. Returns its number in the window.
    pub(super) fn record_sent(&mut self, info: &PermitInfo, now: Instant) -> u64 {
        let open = self.connections.get_mut(info.nth);
        let is_open = open.is_some_and(|open| {
            open.replace(now).is_some_and(|used| now.saturating_duration_since(used) < IDLE_TIMEOUT)
        });
        self.bucket_state(info.bucket).window.record_sent(now, !is_open)
    }

    /// Records the end of a request, successful or not.
    pub(super) fn record_end(
        &mut self,
        info: &PermitInfo,
        sent_at: Instant,
        is_fault: bool,
        was_answered: bool,
        now: Instant,
    ) {
        let concurrency = &mut self.bucket_state(info.bucket).concurrency;
        if is_fault {
            concurrency.record_fault(sent_at, now);
        } else {
            concurrency.record_success(now.saturating_duration_since(sent_at));
        }
        if is_fault && !was_answered {
            // All connections may have to be opened again.
            self.connections.fill(None);
        }
    }

    /// Releases the in-flight slot of a request.
    pub(super) fn release(&mut self, info: &PermitInfo) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let bucket_state = self.bucket_state(info.bucket);
        bucket_state.in_flight = bucket_state.in_flight.saturating_sub(1);
    }

    /// Records a refusal because a bucket is exhausted. Returns the remaining cooldown.
    pub(super) fn record_refusal(
        &mut self,
        bucket: Bucket,
        sent_at: Instant,
        retry_after: Option<Duration>,
        now: Instant,
    ) -> Duration {
        self.window(bucket).record_refusal(sent_at, retry_after, now)
    }

    /// Sets the window size of a bucket.
    pub(super) fn resize(&mut self, bucket: Bucket, size: u32) {
        self.window(bucket).resize(size);
    }

    /// Returns the window of a bucket.
    pub(super) fn window(&mut self, bucket: Bucket) -> &mut SlidingWindow {
        &mut self.bucket_state(bucket).window
    }

    fn bucket_state(&mut self, bucket: Bucket) -> &mut BucketState<W> {
        let [general, search, associations] = &mut self.buckets;
        match bucket {
            // Requests without a limit never get here; the general bucket is a harmless fallback.
            Bucket::General | Bucket::Unlimited => general,
            Bucket::Search => search,
            Bucket::Associations => associations,
        }
    }
}

/// Buckets in the order of `Scheduler::buckets`.
const BUCKETS: [Bucket; 3] = [Bucket::General, Bucket::Search, Bucket::Associations];

impl<W> BucketState<W> {
    /// Returns `true` if as many requests are in flight as the bucket allows.
    fn is_full(&self, now: Instant) -> bool {
        let limit = self.concurrency.limit(self.window.per_second(now));
        self.in_flight >= if self.window.is_probing() { 1 } else { limit }
    }
}

/// One queue per stream, served round-robin: a stream with many waiting requests gets one permit
/// for each permit of another stream, regardless of arrival order.
#[derive(Debug)]
struct FairQueue<T> {
    /// Streams with waiting requests, the next one first.
    streams: VecDeque<u64>,
    waiting: HashMap<u64, VecDeque<T>>,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self { streams: VecDeque::new(), waiting: HashMap::new() }
    }
}

impl<T> FairQueue<T> {
    /// Adds a waiter to the queue of a stream.
    fn push(&mut self, stream: u64, waiter: T) {
        let queue = self.waiting.entry(stream).or_default();
        if queue.is_empty() {
            self.streams.push_back(stream);
        }
        queue.push_back(waiter);
    }

    /// Removes and returns the next waiter for which `is_waiting` returns `true`. Others are
    /// discarded.
    fn pop(&mut self, is_waiting: impl Fn(&T) -> bool) -> Option<T> {
        while let Some(stream) = self.streams.pop_front() {
            let queue = self.waiting.get_mut(&stream)?;
            let waiter = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&stream);
            } else {
                self.streams.push_back(stream);
            }
            if let Some(waiter) = waiter.filter(&is_waiting) {
                return Some(waiter);
            }
        }
        None
    }

    fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::WindowUsage;
    use super::*;

    /// Returns all waiters that are granted a permit now, in order. Their requests stay in flight.
    fn served(scheduler: &mut Scheduler<&'static str>, now: Instant) -> Vec<&'static str> {
        std::iter::from_fn(|| {
            let (waiter, info) = scheduler.grant_next(now, |_| true).ok()?;
            scheduler.record_sent(&info, now);
            Some(waiter)
        })
        .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_with_one_request_is_second_among_a_thousand() {
        let mut now = Instant::now();
        let mut scheduler = Scheduler::new(Limits::hubspot(4), now);
        for _ in 0..1_000 {
            scheduler.enqueue(Bucket::General, 1, "many");
        }
        for waited in 0..200 {
            if waited == 150 {
                scheduler.enqueue(Bucket::General, 2, "one");
            }
            let permits = served(&mut scheduler, now);
            if permits.contains(&"one") {
                assert_eq!((waited, permits), (150, vec!["many", "one", "many", "many"]));
                return;
            }
            for _ in permits {
                scheduler.release(&PermitInfo { bucket: Bucket::General, nth: 1 });
            }
            now += Duration::from_secs(1);
        }
        panic!("it never got a permit");
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_alternate_and_none_waits_for_the_quota_of_another() {
        let now = Instant::now();
        let mut scheduler = Scheduler::new(Limits::hubspot(4), now);
        for _ in 0..50 {
            scheduler.enqueue(Bucket::General, 1, "list");
        }
        scheduler.enqueue(Bucket::Associations, 1, "links");
        scheduler.enqueue(Bucket::Search, 1, "hits");
        assert_eq!(served(&mut scheduler, now), ["list", "hits", "links", "list"]);
        let general = PermitInfo { bucket: Bucket::General, nth: 1 };
        scheduler.release(&general);
        scheduler.record_refusal(Bucket::General, now, None, now);
        scheduler.enqueue(Bucket::Search, 1, "hits");
        assert_eq!(served(&mut scheduler, now), ["hits"], "only the general bucket cools down");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_one_request_is_a_probe() {
        let now = Instant::now();
        let mut scheduler = Scheduler::new(Limits::hubspot(4), now);
        for _ in 0..50 {
            scheduler.enqueue(Bucket::General, 1, "list");
        }
        // With headers, the rate stays unchanged.
        scheduler.window(Bucket::General).observe(
            WindowUsage { size: 100, remaining: 100 },
            now,
            now,
        );
        scheduler.record_refusal(Bucket::General, now, None, now);
        assert!(
            matches!(scheduler.grant_next(now, |_| true), Err(Some(_))),
            "it is known when to look"
        );
        let later = now + Duration::from_secs(1);
        let (_, info) = scheduler.grant_next(later, |_| true).unwrap();
        let number = scheduler.record_sent(&info, later);
        assert!(matches!(scheduler.grant_next(later, |_| true), Err(None)), "the response decides");
        scheduler.window(Bucket::General).record_end(number, true, later);
        assert_eq!(served(&mut scheduler, later).len(), 3);
    }

    #[test]
    fn streams_take_turns_and_each_is_served_in_order() {
        let mut queue = FairQueue::default();
        for (stream, waiter) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (3, "c2")] {
            queue.push(stream, waiter);
        }
        let mut served: Vec<_> = std::iter::from_fn(|| queue.pop(|_| true)).take(4).collect();
        queue.push(2, "b2");
        served.extend(std::iter::from_fn(|| queue.pop(|_| true)));
        assert_eq!(served, ["a1", "b1", "c1", "a2", "c2", "a3", "b2"]);
        assert!(queue.is_empty());
    }

    #[test]
    fn cancelled_waiters_are_skipped() {
        let mut queue = FairQueue::default();
        for waiter in [0, 0, 0, 7] {
            queue.push(1, waiter);
        }
        queue.push(2, 8);
        assert_eq!(queue.pop(|waiter| *waiter > 0), Some(8));
        assert_eq!(queue.pop(|waiter| *waiter > 0), Some(7));
        assert_eq!(queue.pop(|waiter| *waiter > 0), None);
    }
}
