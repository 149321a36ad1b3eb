//! State of the rate limiter: a window, a concurrency limit and a fair queue for each bucket.

use std::time::Duration;

use tokio::time::Instant;

use super::concurrency::ConcurrencyLimit;
use super::limiter::Limits;
use super::queue::FairQueue;
use super::window::SlidingWindow;
use crate::http::quota::Bucket;

/// Time after which an idle connection is assumed to be closed by either side.
const IDLE: Duration = Duration::from_mins(1);

/// Decides which request is sent next. `W` is the type of a waiter.
#[derive(Debug)]
pub(super) struct LimiterState<W> {
    by_bucket: [BucketState<W>; 3],
    /// Index of the bucket that is considered first. It rotates, so that buckets share the overall
    /// limit of requests in flight.
    first: usize,
    in_flight: usize,
    most: usize,
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

impl<W> LimiterState<W> {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let bucket_state = |window| BucketState {
            window: SlidingWindow::new(window, now),
            concurrency: ConcurrencyLimit::default(),
            in_flight: 0,
            queue: FairQueue::default(),
        };
        let most = limits.in_flight.max(1);
        Self {
            by_bucket: [
                bucket_state(limits.general),
                bucket_state(limits.search),
                bucket_state(limits.associations),
            ],
            first: 0,
            in_flight: 0,
            most,
            connections: vec![None; most + 1],
        }
    }

    /// Queues a waiter for a permit of a bucket. Buckets without a limit have no queue.
    pub(super) fn join(&mut self, bucket: Bucket, stream: u64, waiter: W) {
        self.bucket_state(bucket).queue.join(stream, waiter);
    }

    /// Grants a permit to the next waiter. If there is none to grant, returns the instant at which
    /// to poll again, or `None` if only the end of another request can change anything.
    pub(super) fn next(
        &mut self,
        now: Instant,
        is_there: impl Fn(&W) -> bool,
    ) -> Result<(W, PermitInfo), Option<Instant>> {
        let mut wake: Option<Instant> = None;
        if self.in_flight >= self.most {
            return Err(None);
        }
        for turn in 0..BUCKETS.len() {
            let place = (self.first + turn) % BUCKETS.len();
            let Some((bucket_state, bucket)) =
                self.by_bucket.get_mut(place).zip(BUCKETS.get(place))
            else {
                continue;
            };
            if bucket_state.queue.is_empty() || bucket_state.is_full(now) {
                continue;
            }
            if let Err(until) = bucket_state.window.poll_permit(now) {
                wake = Some(wake.map_or(until, |wake| wake.min(until)));
            } else if let Some(waiter) = bucket_state.queue.next(&is_there) {
                bucket_state.window.reserve();
                bucket_state.in_flight += 1;
                self.in_flight += 1;
                self.first = place + 1;
                return Ok((waiter, PermitInfo { bucket: *bucket, nth: self.in_flight }));
            }
        }
        Err(wake)
    }

    /// Records that the request of a permit is being sent. Returns its number in the window.
    pub(super) fn sent(&mut self, info: &PermitInfo, now: Instant) -> u64 {
        let open = self.connections.get_mut(info.nth);
        let is_open = open.is_some_and(|open| {
            open.replace(now).is_some_and(|used| now.saturating_duration_since(used) < IDLE)
        });
        self.bucket_state(info.bucket).window.sent(now, !is_open)
    }

    /// Records the end of a request, successful or not.
    pub(super) fn finished(
        &mut self,
        info: &PermitInfo,
        sent_at: Instant,
        is_fault: bool,
        was_answered: bool,
        now: Instant,
    ) {
        let concurrency = &mut self.bucket_state(info.bucket).concurrency;
        if is_fault {
            concurrency.failed(sent_at, now);
        } else {
            concurrency.succeeded(now.saturating_duration_since(sent_at));
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

    pub(super) fn refused(
        &mut self,
        bucket: Bucket,
        sent_at: Instant,
        wait: Option<Duration>,
        now: Instant,
    ) -> Duration {
        self.window(bucket).refused(sent_at, wait, now)
    }

    pub(super) fn resize(&mut self, bucket: Bucket, size: u32) {
        self.window(bucket).resize(size);
    }

    pub(super) fn window(&mut self, bucket: Bucket) -> &mut SlidingWindow {
        &mut self.bucket_state(bucket).window
    }

    fn bucket_state(&mut self, bucket: Bucket) -> &mut BucketState<W> {
        let [general, search, associations] = &mut self.by_bucket;
        match bucket {
            // Requests without a limit never get here; the general bucket is a harmless fallback.
            Bucket::General | Bucket::Unlimited => general,
            Bucket::Search => search,
            Bucket::Associations => associations,
        }
    }
}

/// Buckets in the order of `by_bucket`.
const BUCKETS: [Bucket; 3] = [Bucket::General, Bucket::Search, Bucket::Associations];

impl<W> BucketState<W> {
    fn is_full(&self, now: Instant) -> bool {
        let limit = self.concurrency.limit(self.window.per_second(now));
        self.in_flight >= if self.window.is_probing() { 1 } else { limit }
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::WindowUsage;
    use super::*;

    /// Returns all waiters that are granted a permit now, in order. Their requests stay in flight.
    fn served(state: &mut LimiterState<&'static str>, now: Instant) -> Vec<&'static str> {
        std::iter::from_fn(|| {
            let (waiter, info) = state.next(now, |_| true).ok()?;
            state.sent(&info, now);
            Some(waiter)
        })
        .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_with_one_request_is_next_but_one_among_a_thousand() {
        let mut now = Instant::now();
        let mut state = LimiterState::new(Limits::hubspot(4), now);
        for _ in 0..1_000 {
            state.join(Bucket::General, 1, "many");
        }
        for waited in 0..200 {
            if waited == 150 {
                state.join(Bucket::General, 2, "one");
            }
            let permits = served(&mut state, now);
            if permits.contains(&"one") {
                assert_eq!((waited, permits), (150, vec!["many", "one", "many", "many"]));
                return;
            }
            for _ in permits {
                state.release(&PermitInfo { bucket: Bucket::General, nth: 1 });
            }
            now += Duration::from_secs(1);
        }
        panic!("it never had its turn");
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_take_turns_and_none_waits_for_another_ones_quota() {
        let now = Instant::now();
        let mut state = LimiterState::new(Limits::hubspot(4), now);
        for _ in 0..50 {
            state.join(Bucket::General, 1, "list");
        }
        state.join(Bucket::Associations, 1, "links");
        state.join(Bucket::Search, 1, "hits");
        assert_eq!(served(&mut state, now), ["list", "hits", "links", "list"]);
        let general = PermitInfo { bucket: Bucket::General, nth: 1 };
        state.release(&general);
        state.refused(Bucket::General, now, None, now);
        state.join(Bucket::Search, 1, "hits");
        assert_eq!(served(&mut state, now), ["hits"], "only the general bucket pauses");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_one_request_finds_out_whether_it_is_over() {
        let now = Instant::now();
        let mut state = LimiterState::new(Limits::hubspot(4), now);
        for _ in 0..50 {
            state.join(Bucket::General, 1, "list");
        }
        // With headers, the rate stays unchanged.
        state.window(Bucket::General).observe(WindowUsage { size: 100, remaining: 100 }, now, now);
        state.refused(Bucket::General, now, None, now);
        assert!(matches!(state.next(now, |_| true), Err(Some(_))), "it is known when to look");
        let later = now + Duration::from_secs(1);
        let (_, info) = state.next(later, |_| true).unwrap();
        let number = state.sent(&info, later);
        assert!(matches!(state.next(later, |_| true), Err(None)), "the answer decides");
        state.window(Bucket::General).answered(number, true, later);
        assert_eq!(served(&mut state, later).len(), 3);
    }
}
