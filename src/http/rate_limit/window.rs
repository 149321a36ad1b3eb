//! Sliding window: a client-side estimate of the server's request count.
//!
//! [`SlidingWindow`] is the window of one bucket. Its parts are private: the round-trip times
//! ([`RttStats`]), the usage by other clients ([`ExternalUsage`]), the pause after a refusal
//! ([`Cooldown`]), and the reduced rate of quotas that responses do not report ([`ThrottledRate`]).

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::http::quota::QuotaWindow;

/// Divisor of the window length for the assumed jitter of travel times: 0.4 s for a window of ten
/// seconds, 40 ms for one of one second.
const JITTER_DIVISOR: u32 = 25;
/// Divisor of the window length for the time within which the order of two arrivals is unknown.
const CLOCK_TOLERANCE_DIVISOR: u32 = 1_000;
/// One permit in this many is never used, so that a new client of the same quota is not locked out.
const RESERVE_DIVISOR: u32 = 100;
/// Divisor of our own usage that caps the headroom left for external usage to grow.
const HEADROOM_DIVISOR: u32 = 5;
/// Divisor of the window length for the interval at which decreasing external usage is polled.
const POLL_DIVISOR: u32 = 50;

/// The requests that the server still counts, as far as the client can know.
///
/// The server counts a request when it arrives, at some point between sending and response. A
/// permit is free again one window length after the latest instant at which the request can have
/// arrived:
///
/// - no later than the response less the guaranteed part of a latency. The outbound time of the
///   next request and the return time of this one together take at least that long, however they
///   divide it.
/// - on an open connection, at most `jitter` later than after the usual travel time.
///
/// With steady latency no time is lost; with unsteady latency at most `jitter` for each window. A
/// refusal shows that travel times vary more than assumed, and doubles `jitter`.
#[derive(Debug)]
pub(crate) struct SlidingWindow {
    /// Number of requests that the server accepts within `length`.
    size: u32,
    length: Duration,
    /// Permits granted to requests that are not sent yet.
    reserved: u32,
    /// Requests in the order in which they were sent, kept for two window lengths.
    sent: VecDeque<SentRequest>,
    /// Number of the first request in `sent`.
    first_number: u64,
    /// Number of requests in `sent` that were refused.
    refused: u32,
    rtt: RttStats,
    jitter: Duration,
    external: ExternalUsage,
    cooldown: Cooldown,
    throttled_rate: ThrottledRate,
}

#[derive(Debug, Clone, Copy)]
struct SentRequest {
    at: Instant,
    state: RequestState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestState {
    /// No response yet. Opening a connection first takes an unknown time.
    InFlight { new_connection: bool },
    /// It has ended at this instant, with or without a response.
    Ended { new_connection: bool, at: Instant },
    /// Refused for quota, so the server does not count it.
    Refused,
}

/// Window usage reported by a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowUsage {
    pub size: u32,
    pub remaining: u32,
}

impl SlidingWindow {
    pub(crate) fn new(window: QuotaWindow, now: Instant) -> Self {
        let QuotaWindow { requests, length } = window;
        Self {
            size: requests.max(1),
            length,
            reserved: 0,
            sent: VecDeque::new(),
            first_number: 0,
            refused: 0,
            rtt: RttStats::default(),
            jitter: length / JITTER_DIVISOR,
            external: ExternalUsage::default(),
            cooldown: Cooldown::default(),
            throttled_rate: ThrottledRate::new(now),
        }
    }

    /// Returns the long-term rate that the window allows, in requests per second.
    pub(crate) fn per_second(&self, now: Instant) -> f64 {
        f64::from(self.size) * self.throttled_rate.share(now) / self.length.as_secs_f64()
    }

    /// Returns the estimated number of requests in the server's window, both ours and external, and
    /// the window size.
    pub(crate) fn usage(&self, now: Instant) -> (u32, u32) {
        let used = self.own_count(now) + self.external.at(now, self.length);
        (used.min(self.size), self.size)
    }

    /// Returns `Ok(())` if a permit is available, otherwise the instant at which to poll again.
    pub(crate) fn poll_permit(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.cooldown.until(now) {
            return Err(until);
        }
        let gap = self.throttled_rate.gap(now, self.size, self.length);
        if !gap.is_zero() {
            if self.reserved > 0 {
                return Err(now + gap);
            }
            if let Some(next) = self.sent.back().map(|last| last.at + gap).filter(|at| *at > now) {
                return Err(next);
            }
        }
        self.remove_old(now);
        let external = self.external.at(now, self.length);
        let max = self.size - self.size / RESERVE_DIVISOR;
        let fits = |own: u32| own + external + external.min(own / HEADROOM_DIVISOR) < max;
        // If all requests of two window lengths fit, there is no need to look at each.
        let known = u32::try_from(self.sent.len()).unwrap_or(u32::MAX / 4);
        if fits(self.reserved + known) {
            return Ok(());
        }
        let mut held: u32 = self.reserved;
        let mut next = (external > 0).then(|| now + self.length / POLL_DIVISOR);
        for sent in &self.sent {
            if let Some(until) = self.held_until(sent).filter(|until| *until > now) {
                held += 1;
                next = Some(next.map_or(until, |next| next.min(until)));
            }
        }
        if fits(held) { Ok(()) } else { Err(next.unwrap_or(now + self.length)) }
    }

    /// Returns `true` if no request has been accepted since the last refusal, so that a single
    /// request is enough as a probe.
    pub(crate) fn is_probing(&self) -> bool {
        self.cooldown.is_refused()
    }

    /// Reserves a permit.
    pub(crate) fn reserve(&mut self) {
        self.reserved += 1;
    }

    /// Returns an unused permit.
    pub(crate) fn cancel_reservation(&mut self) {
        self.reserved = self.reserved.saturating_sub(1);
    }

    /// Records that the request of a reserved permit is being sent. Returns its number.
    pub(crate) fn record_sent(&mut self, now: Instant, new_connection: bool) -> u64 {
        self.cancel_reservation();
        let state = RequestState::InFlight { new_connection };
        self.sent.push_back(SentRequest { at: now, state });
        self.first_number + self.sent.len() as u64 - 1
    }

    /// Records the end of a request. `was_accepted` is `true` if a response other than a refusal for
    /// quota has arrived.
    pub(crate) fn record_end(&mut self, number: u64, was_accepted: bool, now: Instant) {
        let Some(sent) = self.get_mut(number) else { return };
        if let RequestState::InFlight { new_connection } = sent.state {
            sent.state = RequestState::Ended { new_connection, at: now };
        }
        let sent_at = sent.at;
        if was_accepted {
            self.rtt.add(now - sent_at);
            self.cooldown.record_acceptance(sent_at);
        }
    }

    /// Marks a request as refused, so that it takes no permit.
    pub(crate) fn mark_refused(&mut self, number: u64) {
        if let Some(sent) = self.get_mut(number) {
            sent.state = RequestState::Refused;
            self.refused += 1;
        }
    }

    /// Records a refusal because this quota is exhausted. Returns the remaining cooldown.
    pub(crate) fn record_refusal(
        &mut self,
        sent_at: Instant,
        retry_after: Option<Duration>,
        now: Instant,
    ) -> Duration {
        if self.cooldown.record_refusal(sent_at, retry_after, self.length, now) {
            self.jitter = (self.jitter * 2).min(self.length);
            // With headers, external usage is known exactly; without, refusals are the only signal.
            if !self.external.is_reported() {
                self.throttled_rate.record_refusal(now);
            }
        }
        self.cooldown.until(now).map_or(Duration::ZERO, |until| until - now)
    }

    /// Updates the window from the usage that the response to a request sent at `sent_at` reports.
    ///
    /// Requests that the server counts beyond our own are external usage.
    pub(crate) fn observe(&mut self, usage: WindowUsage, sent_at: Instant, now: Instant) {
        self.resize(usage.size);
        if sent_at + self.length < now {
            return;
        }
        let counted = usage.size.saturating_sub(usage.remaining);
        let count = if counted == 0 { 0 } else { counted.saturating_sub(self.own_count(sent_at)) };
        self.external.observe(count, sent_at, now);
    }

    /// Sets the window size.
    pub(crate) fn resize(&mut self, size: u32) {
        self.size = size.max(1);
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut SentRequest> {
        let index = number.checked_sub(self.first_number)?;
        self.sent.get_mut(usize::try_from(index).ok()?)
    }

    /// Returns the number of our requests in the server's window when a request sent at `sent_at`
    /// arrived. Requests in unknown order are included, so that they are not taken for external
    /// usage.
    fn own_count(&self, sent_at: Instant) -> u32 {
        let tolerance = self.length / CLOCK_TOLERANCE_DIVISOR;
        let end = self.sent.partition_point(|sent| sent.at <= sent_at + tolerance);
        let begin = self.sent.partition_point(|sent| sent.at + self.length + tolerance <= sent_at);
        let mut count = end.saturating_sub(begin);
        if self.refused > 0 {
            let inside = self.sent.range(begin.min(end)..end);
            count -= inside.filter(|sent| sent.state == RequestState::Refused).count();
        }
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Returns the instant from which the server no longer counts the request, or `None` if it does
    /// not count it at all.
    fn held_until(&self, sent: &SentRequest) -> Option<Instant> {
        let usual = sent.at + self.jitter;
        let arrived = match sent.state {
            RequestState::Refused => return None,
            RequestState::InFlight { new_connection: false } => usual,
            // The upper bound: requests are kept for two window lengths.
            RequestState::InFlight { new_connection: true } => sent.at + self.length,
            RequestState::Ended { new_connection, at } => {
                let latest = (at - self.rtt.lower_bound()).max(sent.at);
                if new_connection { latest } else { latest.min(usual) }
            }
        };
        Some(arrived + self.length)
    }

    /// Removes the requests that were sent more than two window lengths ago.
    fn remove_old(&mut self, now: Instant) {
        while let Some(sent) = self.sent.front().filter(|sent| sent.at + self.length * 2 <= now) {
            self.refused -= u32::from(sent.state == RequestState::Refused);
            self.sent.pop_front();
            self.first_number += 1;
        }
    }
}

/// Number of responses before the minimum latency is trusted.
const MIN_RTT_SAMPLES: u32 = 20;

/// Minimum and mean latency of the responses.
#[derive(Debug, Default)]
struct RttStats {
    shortest: Option<Duration>,
    sum: Duration,
    count: u32,
}

impl RttStats {
    fn add(&mut self, latency: Duration) {
        self.shortest = Some(self.shortest.map_or(latency, |known| known.min(latency)));
        self.sum += latency;
        self.count = self.count.saturating_add(1);
    }

    /// Returns a lower bound of the next latency: the minimum, less its distance from the mean. The
    /// more latencies scatter, the less the observed minimum is trusted.
    fn lower_bound(&self) -> Duration {
        match self.shortest {
            Some(shortest) if self.count >= MIN_RTT_SAMPLES => {
                (shortest * 2).saturating_sub(self.sum / self.count)
            }
            _ => Duration::ZERO,
        }
    }
}

/// Number of recent responses of which the minimum is used. Requests overtake each other, so a
/// single count may be slightly too high.
const EXTERNAL_SAMPLES: usize = 4;
/// Divisor of the window length: for this part of it, external usage is assumed to stay as last
/// reported.
const EXTERNAL_HOLD_DIVISOR: u32 = 4;

/// External usage of the server's window, as reported by responses.
#[derive(Debug, Default)]
struct ExternalUsage {
    counts: VecDeque<u32>,
    /// Arrival of the newest response, and the instant at which its request was sent.
    newest: Option<(Instant, Instant)>,
}

impl ExternalUsage {
    /// Returns `true` if any response has reported the usage of the window.
    fn is_reported(&self) -> bool {
        self.newest.is_some()
    }

    /// Records the external usage that a response reports. Responses to older requests are ignored.
    fn observe(&mut self, count: u32, sent_at: Instant, now: Instant) {
        if self.newest.is_some_and(|(_, newest)| newest > sent_at) {
            return;
        }
        self.newest = Some((now, sent_at));
        self.counts.truncate(EXTERNAL_SAMPLES - 1);
        self.counts.push_front(count);
    }

    /// Returns the current external usage. Without new responses, it is held for a while and then
    /// decreases linearly over one window length. Permits thus become available again, and the next
    /// response brings a new count, before all of our own requests have left the window.
    fn at(&self, now: Instant, length: Duration) -> u32 {
        let (Some((reported_at, _)), Some(count)) = (self.newest, self.counts.iter().min()) else {
            return 0;
        };
        let since = now
            .saturating_duration_since(reported_at)
            .saturating_sub(length / EXTERNAL_HOLD_DIVISOR);
        let left = length.saturating_sub(since).as_secs_f64() / length.as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between zero and the count"
        )]
        let count = (f64::from(*count) * left).round() as u32;
        count
    }
}

/// Divisor of the window length for the first cooldown, which then doubles up to the whole window.
const COOLDOWN_DIVISOR: u32 = 10;
/// Maximum number of doublings, more than needed to reach the whole window.
const MAX_DOUBLINGS: u32 = 8;

/// Cooldowns of one bucket.
#[derive(Debug, Default)]
struct Cooldown {
    until: Option<Instant>,
    /// Refusals since the last accepted request.
    refusals: u32,
    /// Instant of the last refusal that counted.
    refused_at: Option<Instant>,
}

impl Cooldown {
    /// Returns the end of the current cooldown, if any.
    fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// Returns `true` if no request has been accepted since the last refusal.
    fn is_refused(&self) -> bool {
        self.refusals > 0
    }

    /// Records the refusal of a request sent at `sent_at`, and cools down for at least `retry_after`.
    ///
    /// Refusals of requests that were in flight together are one event. Returns `true` for the
    /// first of them.
    fn record_refusal(
        &mut self,
        sent_at: Instant,
        retry_after: Option<Duration>,
        length: Duration,
        now: Instant,
    ) -> bool {
        let is_new = self.is_sent_after_refusal(sent_at);
        let mut until = now + retry_after.unwrap_or_default();
        if is_new {
            let doubled = length / COOLDOWN_DIVISOR * (1 << self.refusals.min(MAX_DOUBLINGS));
            until = until.max(now + doubled.min(length));
            self.refusals += 1;
            self.refused_at = Some(now);
        }
        self.until = self.until.max(Some(until));
        is_new
    }

    /// Records an accepted request.
    fn record_acceptance(&mut self, sent_at: Instant) {
        if self.is_sent_after_refusal(sent_at) {
            self.refusals = 0;
        }
    }

    fn is_sent_after_refusal(&self, sent_at: Instant) -> bool {
        self.refused_at.is_none_or(|refused_at| sent_at >= refused_at)
    }
}

/// Share of the quota after the first refusal, which leaves room for one other client of the same
/// kind and a reserve; and the factor for each further refusal.
const FIRST_SHARE: f64 = 0.4;
const SHARE_DECREASE: f64 = 0.7;
/// Share regained per second: the loss of a first refusal is recovered in four minutes.
const SHARE_RECOVERY: f64 = 0.0025;
/// Minimum share. It is never zero, so that a quota released by another client is noticed.
const MIN_SHARE: f64 = 0.1;

/// Share of a quota that is used (AIMD). A refusal lowers it, because another client must be using
/// the quota too; it then recovers slowly. Two such clients converge to equal shares.
#[derive(Debug, Clone, Copy)]
struct ThrottledRate {
    share: f64,
    since: Instant,
}

impl ThrottledRate {
    fn new(now: Instant) -> Self {
        Self { share: 1.0, since: now }
    }

    fn share(&self, now: Instant) -> f64 {
        recovered(self.share, now.saturating_duration_since(self.since))
    }

    /// Records a refusal.
    fn record_refusal(&mut self, now: Instant) {
        *self = Self { share: decreased(self.share(now)), since: now };
    }

    /// Returns the minimum time between two requests if the full quota is `size` requests in
    /// `length`. Zero while the full quota may be used, in bursts of any size.
    fn gap(&self, now: Instant, size: u32, length: Duration) -> Duration {
        let share = self.share(now);
        if share < 1.0 { length.div_f64(f64::from(size.max(1)) * share) } else { Duration::ZERO }
    }
}

fn decreased(share: f64) -> f64 {
    (share * SHARE_DECREASE).clamp(MIN_SHARE, FIRST_SHARE)
}

fn recovered(share: f64, elapsed: Duration) -> f64 {
    (share + SHARE_RECOVERY * elapsed.as_secs_f64()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::quota::SEARCH_WINDOW;

    const TEN_SECONDS: Duration = Duration::from_secs(10);
    const MS: Duration = Duration::from_millis(1);

    fn window(size: u32) -> (SlidingWindow, Instant) {
        let now = Instant::now();
        (SlidingWindow::new(QuotaWindow { requests: size, length: TEN_SECONDS }, now), now)
    }

    /// Sends as many requests as there are permits at one instant. Returns their numbers.
    fn fill(window: &mut SlidingWindow, now: Instant, new_connection: bool) -> Vec<u64> {
        let mut numbers = Vec::new();
        while window.poll_permit(now).is_ok() {
            window.reserve();
            numbers.push(window.record_sent(now, new_connection));
        }
        numbers
    }

    #[tokio::test(start_paused = true)]
    async fn a_permit_is_held_until_its_request_cannot_be_counted_any_more() {
        // The request is sent at 0 s, and its response arrives at 1 s, after others with a latency of
        // `latency_ms`.
        for (case, latency_ms, new_connection, free_ms) in [
            ("one length after a usual arrival", 10, false, 10_400),
            ("a new connection takes unknown time", 10, true, 11_000),
            ("the certain part is no delay", 900, true, 10_104),
            ("nor on an open connection", 900, false, 10_104),
        ] {
            let (mut window, start) = window(1);
            for _ in 0..999 {
                window.rtt.add(MS * latency_ms);
            }
            window.reserve();
            let number = window.record_sent(start, new_connection);
            window.record_end(number, true, start + MS * 1_000);
            let until = window.poll_permit(start + MS * 2_000).expect_err(case);
            let found = (until - start).as_secs_f64() * 1_000.0;
            let expected = f64::from(free_ms);
            assert!((found - expected).abs() < 10.0, "{case}: {found}");
            assert_eq!(window.poll_permit(until), Ok(()), "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_response_a_permit_is_freed_after_two_lengths_at_most() {
        for (new_connection, free_ms) in [(false, 10_400), (true, 20_000)] {
            let (mut window, start) = window(1);
            fill(&mut window, start, new_connection);
            assert_eq!(window.poll_permit(start), Err(start + MS * free_ms));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn external_usage_is_left_its_quota_and_headroom() {
        for (case, size, remaining, own, more) in [
            ("nobody else", 190, 170, 20, 169),
            ("our own, reported late", 190, 185, 20, 169),
            ("a few others", 190, 160, 20, 149),
            ("as many others as we could have", 190, 90, 20, 71),
            ("nothing but others", 190, 0, 0, 0),
            ("a smaller account", 100, 80, 20, 79),
        ] {
            let (mut window, start) = window(100);
            for _ in 0..own {
                window.reserve();
                window.record_sent(start, false);
            }
            window.observe(WindowUsage { size, remaining }, start, start + MS);
            let numbers = fill(&mut window, start + MS, false);
            assert_eq!(numbers.len(), more, "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn usage_counts_the_requests_of_one_length_by_any_client() {
        let (mut window, start) = window(50);
        assert_eq!(window.usage(start), (0, 50));
        fill(&mut window, start, false);
        assert_eq!(window.usage(start + MS), (50, 50));
        window.observe(WindowUsage { size: 190, remaining: 100 }, start + MS, start + MS);
        assert_eq!(window.usage(start + MS), (90, 190), "40 by others");
        assert_eq!(window.usage(start + TEN_SECONDS * 2), (0, 190));
    }

    #[tokio::test(start_paused = true)]
    async fn refused_requests_take_no_permit() {
        let (mut window, start) = window(3);
        let numbers = fill(&mut window, start, false);
        assert_eq!(numbers.len(), 3);
        window.mark_refused(numbers[1]);
        assert_eq!(window.poll_permit(start), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn without_headers_a_refusal_lowers_the_rate() {
        let start = Instant::now();
        let mut search = SlidingWindow::new(SEARCH_WINDOW, start);
        assert_eq!(fill(&mut search, start, false).len(), 5);
        search.record_refusal(start, None, start);
        let later = start + MS * 1_500;
        assert_eq!(fill(&mut search, later, false).len(), 1, "one, then a gap");
        assert!(
            matches!(search.poll_permit(later), Err(at) if (490..500).contains(&(at - later).as_millis()))
        );
        let (mut general, start) = window(100);
        general.observe(WindowUsage { size: 100, remaining: 100 }, start, start);
        general.record_refusal(start, None, start);
        assert_eq!(fill(&mut general, start + MS * 1_500, false).len(), 99, "headers say enough");
    }

    #[test]
    fn the_lower_bound_of_a_latency_depends_on_its_variance() {
        for (case, latencies_ms, count, expected_ms) in [
            ("steady", [300, 300], 20, 300),
            ("wavering", [300, 400], 20, 250),
            ("wild", [50, 900], 20, 0),
            ("too few", [300, 300], 18, 0),
        ] {
            let mut rtt = RttStats::default();
            for latency in latencies_ms.into_iter().cycle().take(count) {
                rtt.add(Duration::from_millis(latency));
            }
            assert_eq!(rtt.lower_bound(), Duration::from_millis(expected_ms), "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn external_usage_is_held_and_then_decreases_linearly() {
        let (start, length) = (Instant::now(), Duration::from_secs(10));
        let second = Duration::from_secs(1);
        let mut external = ExternalUsage::default();
        assert_eq!((external.is_reported(), external.at(start, length)), (false, 0));
        external.observe(100, start, start + second);
        assert!(external.is_reported());
        for (seconds, expected) in [(1.0, 100), (3.5, 100), (4.5, 90), (8.5, 50), (13.5, 0)] {
            let at = start + second.mul_f64(seconds);
            assert_eq!(external.at(at, length), expected, "after {seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_recent_count_is_used_and_a_late_one_is_ignored() {
        let (start, length) = (Instant::now(), Duration::from_secs(10));
        let ms = |count| start + Duration::from_millis(count);
        let mut external = ExternalUsage::default();
        for (sent_ms, count, expected) in
            [(10, 7, 7), (20, 5, 5), (30, 9, 5), (25, 0, 5), (40, 8, 5), (50, 9, 5), (60, 9, 8)]
        {
            external.observe(count, ms(sent_ms), ms(100));
            assert_eq!(external.at(ms(100), length), expected, "sent at {sent_ms} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_while_nothing_is_accepted_and_count_a_burst_once() {
        let length = Duration::from_secs(10);
        let (mut cooldown, mut at) = (Cooldown::default(), Instant::now());
        for expected in [1, 2, 4, 8, 10, 10] {
            let end = at + Duration::from_secs(expected);
            assert!(cooldown.record_refusal(at, None, length, at));
            assert!(
                !cooldown.record_refusal(at - length / 100, None, length, at),
                "the same burst"
            );
            assert_eq!(cooldown.until(at), Some(end));
            assert_eq!(cooldown.until(end), None);
            at = end;
        }
        let minute = Duration::from_mins(1);
        assert!(cooldown.record_refusal(at, Some(minute), length, at));
        assert_eq!(cooldown.until(at), Some(at + minute), "Retry-After is a lower bound");
        at += minute;
        cooldown.record_acceptance(at - minute * 2);
        assert!(cooldown.is_refused(), "it was sent before the refusal");
        cooldown.record_acceptance(at);
        assert!(!cooldown.is_refused());
        cooldown.record_refusal(at, None, length, at);
        assert_eq!(
            cooldown.until(at),
            Some(at + length / COOLDOWN_DIVISOR),
            "one was accepted between"
        );
    }

    #[test]
    fn shares_fall_at_once_and_rise_slowly() {
        for (case, share, refusals, seconds, expected) in [
            ("untouched", 1.0, 0, 60, 1.0),
            ("one refusal", 1.0, 1, 0, 0.4),
            ("two refusals", 1.0, 2, 0, 0.28),
            ("one of half", 0.5, 1, 0, 0.35),
            ("many refusals", 1.0, 20, 0, 0.1),
            ("a minute after one", 1.0, 1, 60, 0.55),
            ("four minutes after one", 1.0, 1, 240, 1.0),
        ] {
            let fallen = (0..refusals).fold(share, |share, _| decreased(share));
            let found = recovered(fallen, Duration::from_secs(seconds));
            assert!((found - expected).abs() < 1e-9, "{case}: {found}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reduced_rate_spaces_requests_evenly() {
        let start = Instant::now();
        let mut throttled_rate = ThrottledRate::new(start);
        let second = Duration::from_secs(1);
        assert_eq!(throttled_rate.gap(start, 5, second), Duration::ZERO);
        throttled_rate.record_refusal(start);
        assert_eq!(throttled_rate.gap(start, 5, second).as_millis(), 500);
        assert_eq!(throttled_rate.gap(start + second * 241, 5, second), Duration::ZERO);
    }
}
