//! Tests of the limiter against a model of HubSpot, on paused time: no window is exceeded, none
//! is left unused, and no client starves.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use futures_util::future::{join, join_all};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use super::limiter::Limiter;
use super::queue::Limits;
use super::window::WindowUsage;
use crate::http::quota::Bucket;

const TEN_SECONDS: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

/// One quota of HubSpot: a sliding window of arrivals. Refused requests do not count.
struct SimulatedQuota {
    size: u32,
    length: Duration,
    arrivals: RefCell<VecDeque<Instant>>,
}

impl SimulatedQuota {
    fn new(size: u32, length: Duration) -> Self {
        Self { size, length, arrivals: RefCell::default() }
    }

    /// Counts a request if the quota allows it. Returns whether it does, and the remaining quota.
    fn arrive(&self) -> (bool, WindowUsage) {
        let (mut arrivals, now) = (self.arrivals.borrow_mut(), Instant::now());
        while arrivals.front().is_some_and(|first| *first + self.length <= now) {
            arrivals.pop_front();
        }
        let is_accepted = arrivals.len() < self.size as usize;
        if is_accepted {
            arrivals.push_back(now);
        }
        let remaining = self.size - u32::try_from(arrivals.len()).unwrap();
        (is_accepted, WindowUsage { size: self.size, remaining })
    }
}

/// Travel times of a request and of its response, each as a minimum and a maximum addition in
/// milliseconds.
#[derive(Debug, Clone, Copy)]
struct Latency {
    outbound_ms: (u64, u64),
    return_ms: (u64, u64),
}

const STEADY: Latency = Latency { outbound_ms: (20, 5), return_ms: (280, 0) };

/// Seeded random number generator (xorshift).
struct Dice(Cell<u64>);

impl Dice {
    fn below(&self, end: u64) -> u64 {
        let mut seed = self.0.get() | 1;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        self.0.set(seed);
        (seed >> 16) % (end + 1)
    }

    fn wait(&self, (min, more): (u64, u64)) -> Duration {
        MS * u32::try_from(min + self.below(more)).unwrap()
    }
}

/// Results of one client's requests.
#[derive(Debug, Default)]
struct Counts {
    accepted: Cell<u32>,
    refused: Cell<u32>,
}

/// A client that sends requests as fast as its limiter allows.
struct SimulatedClient<'a> {
    limiter: Limiter,
    bucket: Bucket,
    quota: &'a SimulatedQuota,
    latency: Latency,
    dice: Dice,
    /// Results before this instant are not counted.
    counts_from: Instant,
    counts: Counts,
}

impl<'a> SimulatedClient<'a> {
    fn new(bucket: Bucket, quota: &'a SimulatedQuota, latency: Latency, seed: u64) -> Self {
        let now = Instant::now();
        let (limiter, dice) = (Limiter::new(Limits::hubspot(40), now), Dice(Cell::new(seed)));
        Self { limiter, bucket, quota, latency, dice, counts_from: now, counts: Counts::default() }
    }

    async fn send_request(&self, stream: u64) {
        let (permit, _) = self.limiter.acquire(self.bucket, stream).await;
        let mut permit = permit.expect("a permit");
        permit.record_sent();
        let sent_at = Instant::now();
        sleep(self.dice.wait(self.latency.outbound_ms)).await;
        let (is_accepted, usage) = self.quota.arrive();
        sleep(self.dice.wait(self.latency.return_ms)).await;
        let reported = (self.bucket == Bucket::General).then_some(usage);
        permit.record_response(reported, !is_accepted);
        permit.finish(false);
        if !is_accepted {
            self.limiter.record_refusal(self.bucket, sent_at, None);
        }
        if Instant::now() >= self.counts_from {
            let count = if is_accepted { &self.counts.accepted } else { &self.counts.refused };
            count.set(count.get() + 1);
        }
    }

    /// Sends requests continuously from forty streams, for the given time.
    async fn run(&self, time: Duration) {
        let end = Instant::now() + time;
        let streams = (0..40).map(|stream| async move {
            while Instant::now() < end {
                self.send_request(stream).await;
            }
        });
        join_all(streams).await;
    }

    fn refused_share(&self) -> f64 {
        let (accepted, refused) = (self.counts.accepted.get(), self.counts.refused.get());
        f64::from(refused) / f64::from(accepted + refused)
    }
}

/// Runs a future on paused time, which advances automatically.
fn on_paused_time<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// Runs one client that has the quota for itself. Returns the share of the quota used and the
/// number of refusals.
async fn alone(bucket: Bucket, quota: &SimulatedQuota, latency: Latency, seed: u64) -> (f64, u32) {
    let mut client = SimulatedClient::new(bucket, quota, latency, seed);
    // The initial burst is excluded from the measurement.
    client.counts_from = Instant::now() + TEN_SECONDS * 2;
    let windows = 30;
    let time = TEN_SECONDS * windows;
    client.run(time + TEN_SECONDS * 2).await;
    let allowed = f64::from(quota.size) * time.as_secs_f64() / quota.length.as_secs_f64();
    (f64::from(client.counts.accepted.get()) / allowed, client.counts.refused.get())
}

fn rtt(outbound_more: u64, return_more: u64) -> impl Strategy<Value = Latency> {
    ((1..120_u64, 0..=outbound_more), (10..800_u64, 0..=return_more))
        .prop_map(|(outbound_ms, return_ms)| Latency { outbound_ms, return_ms })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_general_window_is_used_and_never_overrun(
        size in prop::sample::select(vec![100_u32, 110, 190, 250]),
        latency in rtt(350, 600),
        seed: u64,
    ) {
        let quota = SimulatedQuota::new(size, TEN_SECONDS);
        let (used, refused) = on_paused_time(alone(Bucket::General, &quota, latency, seed));
        prop_assert!(used >= 0.95, "{:.2} % used", used * 100.0);
        prop_assert_eq!(refused, 0);
    }

    #[test]
    fn the_search_window_is_used_and_never_overrun(latency in rtt(30, 600), seed: u64) {
        let quota = SimulatedQuota::new(5, SECOND);
        let (used, refused) = on_paused_time(alone(Bucket::Search, &quota, latency, seed));
        prop_assert!(used >= 0.95, "{:.2} % used", used * 100.0);
        prop_assert_eq!(refused, 0);
    }
}

#[test]
fn a_steady_latency_costs_next_to_nothing() {
    let quota = SimulatedQuota::new(190, TEN_SECONDS);
    let (used, refused) = on_paused_time(alone(Bucket::General, &quota, STEADY, 7));
    assert!(used >= 0.985 && refused == 0, "{:.2} % used, {refused} refused", used * 100.0);
}

#[test]
fn two_clients_of_one_window_share_it_without_a_storm() {
    on_paused_time(async {
        let quota = SimulatedQuota::new(190, TEN_SECONDS);
        let jitter = Latency { outbound_ms: (20, 10), return_ms: (150, 250) };
        let clients =
            [3, 5].map(|seed| SimulatedClient::new(Bucket::General, &quota, jitter, seed));
        join_all(clients.iter().map(|client| client.run(TEN_SECONDS * 60))).await;
        let accepted = clients.each_ref().map(|client| f64::from(client.counts.accepted.get()));
        let used = accepted.iter().sum::<f64>() / (190.0 * 60.0);
        assert!(used > 0.85, "{used}");
        for (client, accepted) in clients.iter().zip(accepted) {
            let share = accepted / (190.0 * 60.0);
            assert!((0.38..0.56).contains(&share), "{share} of the window");
            assert!(client.refused_share() < 0.005, "{:?}", client.counts);
        }
    });
}

#[test]
fn a_newcomer_gets_its_share_of_a_window_that_is_in_full_use() {
    on_paused_time(async {
        let quota = SimulatedQuota::new(190, TEN_SECONDS);
        let [first, second] =
            [3, 5].map(|seed| SimulatedClient::new(Bucket::General, &quota, STEADY, seed));
        let later = async {
            sleep(TEN_SECONDS * 6).await;
            second.run(TEN_SECONDS * 24).await;
        };
        join(first.run(TEN_SECONDS * 30), later).await;
        let share = f64::from(second.counts.accepted.get()) / (190.0 * 24.0);
        assert!(share > 0.3, "{share}");
        assert!(first.refused_share() < 0.01, "{:?}", first.counts);
        // The quota is in full use when the second client starts.
        assert!(second.refused_share() < 0.03, "{:?}", second.counts);
    });
}

#[test]
fn two_clients_find_equal_shares_of_a_quota_without_headers() {
    on_paused_time(async {
        let quota = SimulatedQuota::new(5, SECOND);
        let clients = [3, 5].map(|seed| SimulatedClient::new(Bucket::Search, &quota, STEADY, seed));
        join_all(clients.iter().map(|client| client.run(TEN_SECONDS * 120))).await;
        for client in &clients {
            let share = f64::from(client.counts.accepted.get()) / (5.0 * 1_200.0);
            assert!((0.3..0.6).contains(&share), "{share}");
            assert!(client.refused_share() < 0.02, "{:?}", client.counts);
        }
    });
}

#[test]
fn futures_that_are_not_polled_or_dropped_hold_up_no_other() {
    on_paused_time(async {
        let quota = SimulatedQuota::new(190, TEN_SECONDS);
        let client = SimulatedClient::new(Bucket::General, &quota, STEADY, 7);
        let mut waiting: Vec<_> = (0..300).map(|_| Box::pin(client.send_request(1))).collect();
        // Each future is polled once so that it waits, and most are then dropped.
        for request in &mut waiting {
            let _pending = tokio::time::timeout(Duration::ZERO, request).await;
        }
        waiting.truncate(3);
        tokio::time::timeout(TEN_SECONDS * 3, join_all((0..190).map(|_| client.send_request(2))))
            .await
            .expect("permits go to those who use them");
        drop(waiting);
    });
}
