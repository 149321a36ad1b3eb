//! State of the rate limiter: a window, a concurrency limit and a fair queue for each bucket.

use std::time::Duration;

use tokio::time::Instant;

use super::dialect::Bucket;
use super::flight::Flight;
use super::limiter::Limits;
use super::turns::Turns;
use super::window::Window;

/// Time after which an idle connection is assumed to be closed by either side.
const IDLE: Duration = Duration::from_mins(1);

/// Decides which request is sent next. `W` is the type of a waiter.
#[derive(Debug)]
pub(super) struct Lanes<W> {
    by_bucket: [Lane<W>; 3],
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
struct Lane<W> {
    window: Window,
    flight: Flight,
    in_flight: usize,
    turns: Turns<W>,
}

/// Details of a granted permit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant {
    pub(super) bucket: Bucket,
    /// Number of requests in flight, including this one.
    nth: usize,
}

impl<W> Lanes<W> {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let lane = |(size, length)| Lane {
            window: Window::new(size, length, now),
            flight: Flight::default(),
            in_flight: 0,
            turns: Turns::default(),
        };
        let most = limits.in_flight.max(1);
        Self {
            by_bucket: [lane(limits.general), lane(limits.search), lane(limits.associations)],
            first: 0,
            in_flight: 0,
            most,
            connections: vec![None; most + 1],
        }
    }

    /// Queues a waiter for a permit of a bucket. Buckets without a limit have no queue.
    pub(super) fn join(&mut self, bucket: Bucket, stream: u64, waiter: W) {
        self.lane(bucket).turns.join(stream, waiter);
    }

    /// Grants a permit to the next waiter. If there is none to grant, returns the instant at which
    /// to poll again, or `None` if only the end of another request can change anything.
    pub(super) fn next(
        &mut self,
        now: Instant,
        is_there: impl Fn(&W) -> bool,
    ) -> Result<(W, Grant), Option<Instant>> {
        let mut wake: Option<Instant> = None;
        if self.in_flight >= self.most {
            return Err(None);
        }
        for turn in 0..BUCKETS.len() {
            let place = (self.first + turn) % BUCKETS.len();
            let Some((lane, bucket)) = self.by_bucket.get_mut(place).zip(BUCKETS.get(place)) else {
                continue;
            };
            if lane.turns.is_empty() || lane.is_full(now) {
                continue;
            }
            if let Err(until) = lane.window.has_place(now) {
                wake = Some(wake.map_or(until, |wake| wake.min(until)));
            } else if let Some(waiter) = lane.turns.next(&is_there) {
                lane.window.promise();
                lane.in_flight += 1;
                self.in_flight += 1;
                self.first = place + 1;
                return Ok((waiter, Grant { bucket: *bucket, nth: self.in_flight }));
            }
        }
        Err(wake)
    }

    /// Records that the request of a permit is being sent. Returns its number in the window.
    pub(super) fn sent(&mut self, grant: &Grant, now: Instant) -> u64 {
        let open = self.connections.get_mut(grant.nth);
        let is_open = open.is_some_and(|open| {
            open.replace(now).is_some_and(|used| now.saturating_duration_since(used) < IDLE)
        });
        self.lane(grant.bucket).window.sent(now, !is_open)
    }

    /// Records the end of a request, successful or not.
    pub(super) fn finished(
        &mut self,
        grant: &Grant,
        sent_at: Instant,
        is_fault: bool,
        was_answered: bool,
        now: Instant,
    ) {
        let flight = &mut self.lane(grant.bucket).flight;
        if is_fault {
            flight.failed(sent_at, now);
        } else {
            flight.went_well(now.saturating_duration_since(sent_at));
        }
        if is_fault && !was_answered {
            // All connections may have to be opened again.
            self.connections.fill(None);
        }
    }

    /// Releases the in-flight slot of a request.
    pub(super) fn release(&mut self, grant: &Grant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let lane = self.lane(grant.bucket);
        lane.in_flight = lane.in_flight.saturating_sub(1);
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

    pub(super) fn window(&mut self, bucket: Bucket) -> &mut Window {
        &mut self.lane(bucket).window
    }

    fn lane(&mut self, bucket: Bucket) -> &mut Lane<W> {
        let [general, search, associations] = &mut self.by_bucket;
        match bucket {
            // Requests without a limit never get here; the general bucket is a harmless fallback.
            Bucket::General | Bucket::Free => general,
            Bucket::Search => search,
            Bucket::Associations => associations,
        }
    }
}

/// Buckets in the order of `by_bucket`.
const BUCKETS: [Bucket; 3] = [Bucket::General, Bucket::Search, Bucket::Associations];

impl<W> Lane<W> {
    fn is_full(&self, now: Instant) -> bool {
        let limit = self.flight.limit(self.window.per_second(now));
        self.in_flight >= if self.window.is_probing() { 1 } else { limit }
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::Standing;
    use super::*;

    const LIMITS: Limits = Limits {
        general: (100, Duration::from_secs(10)),
        search: (5, Duration::from_secs(1)),
        associations: (100, Duration::from_secs(10)),
        in_flight: 4,
    };

    /// Returns all waiters that are granted a permit now, in order. Their requests stay in flight.
    fn served(lanes: &mut Lanes<&'static str>, now: Instant) -> Vec<&'static str> {
        std::iter::from_fn(|| {
            let (waiter, grant) = lanes.next(now, |_| true).ok()?;
            lanes.sent(&grant, now);
            Some(waiter)
        })
        .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_with_one_request_is_next_but_one_among_a_thousand() {
        let mut now = Instant::now();
        let mut lanes = Lanes::new(LIMITS, now);
        for _ in 0..1_000 {
            lanes.join(Bucket::General, 1, "many");
        }
        for waited in 0..200 {
            if waited == 150 {
                lanes.join(Bucket::General, 2, "one");
            }
            let places = served(&mut lanes, now);
            if places.contains(&"one") {
                assert_eq!((waited, places), (150, vec!["many", "one", "many", "many"]));
                return;
            }
            for _ in places {
                lanes.release(&Grant { bucket: Bucket::General, nth: 1 });
            }
            now += Duration::from_secs(1);
        }
        panic!("it never had its turn");
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_take_turns_and_none_waits_for_another_ones_quota() {
        let now = Instant::now();
        let mut lanes = Lanes::new(LIMITS, now);
        for _ in 0..50 {
            lanes.join(Bucket::General, 1, "list");
        }
        lanes.join(Bucket::Associations, 1, "links");
        lanes.join(Bucket::Search, 1, "hits");
        assert_eq!(served(&mut lanes, now), ["list", "hits", "links", "list"]);
        let general = Grant { bucket: Bucket::General, nth: 1 };
        lanes.release(&general);
        lanes.refused(Bucket::General, now, None, now);
        lanes.join(Bucket::Search, 1, "hits");
        assert_eq!(served(&mut lanes, now), ["hits"], "only the general bucket pauses");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_one_request_finds_out_whether_it_is_over() {
        let now = Instant::now();
        let mut lanes = Lanes::new(LIMITS, now);
        for _ in 0..50 {
            lanes.join(Bucket::General, 1, "list");
        }
        // With headers, the rate stays unchanged.
        lanes.window(Bucket::General).observe(Standing { size: 100, remaining: 100 }, now, now);
        lanes.refused(Bucket::General, now, None, now);
        assert!(matches!(lanes.next(now, |_| true), Err(Some(_))), "it is known when to look");
        let later = now + Duration::from_secs(1);
        let (_, grant) = lanes.next(later, |_| true).unwrap();
        let number = lanes.sent(&grant, later);
        assert!(matches!(lanes.next(later, |_| true), Err(None)), "the answer decides");
        lanes.window(Bucket::General).answered(number, true, later);
        assert_eq!(served(&mut lanes, later).len(), 3);
    }
}
