//! Sliding window that mirrors the server's request count.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::cooldown::Cooldown;
use super::external_usage::ExternalUsage;
use super::rtt::RttStats;
use super::throttled_rate::ThrottledRate;
use crate::http::quota::QuotaWindow;

/// Divisor of the window length for the assumed jitter of travel times: 0.4 s for a window of ten
/// seconds, 40 ms for one of one second.
const JITTER: u32 = 25;
/// Divisor of the window length for the time within which the order of two arrivals is unknown.
const CLOCK_TOLERANCE: u32 = 1_000;
/// One permit in this many is never used, so that a new client of the same quota is not locked out.
const RESERVED_SHARE: u32 = 100;
/// Divisor of our own usage that caps the headroom left for external usage to grow.
const HEADROOM: u32 = 5;

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
pub struct SlidingWindow {
    size: u32,
    length: Duration,
    /// Permits granted to requests that are not sent yet.
    reserved: u32,
    /// Requests in the order in which they were sent, kept for two window lengths.
    sent: VecDeque<Sent>,
    /// Number of the first request in `sent`.
    first: u64,
    refused: u32,
    rtt: RttStats,
    jitter: Duration,
    external: ExternalUsage,
    cooldown: Cooldown,
    throttled_rate: ThrottledRate,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No response yet. Opening a connection first takes an unknown time.
    UnderWay {
        new_connection: bool,
    },
    Answered {
        new_connection: bool,
        at: Instant,
    },
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
    pub fn new(window: QuotaWindow, now: Instant) -> Self {
        let QuotaWindow { requests, length } = window;
        Self {
            size: requests.max(1),
            length,
            reserved: 0,
            sent: VecDeque::new(),
            first: 0,
            refused: 0,
            rtt: RttStats::default(),
            jitter: length / JITTER,
            external: ExternalUsage::default(),
            cooldown: Cooldown::default(),
            throttled_rate: ThrottledRate::new(now),
        }
    }

    /// Returns the long-term rate that the window allows, in requests per second.
    pub fn per_second(&self, now: Instant) -> f64 {
        f64::from(self.size) * self.throttled_rate.share(now) / self.length.as_secs_f64()
    }

    /// Returns the estimated number of requests in the server's window, both ours and external, and
    /// the window size.
    pub fn used(&self, now: Instant) -> (u32, u32) {
        let used = self.ours(now) + self.external.at(now, self.length);
        (used.min(self.size), self.size)
    }

    /// Returns `Ok(())` if a permit is available, otherwise the instant at which to poll again.
    pub fn poll_permit(&mut self, now: Instant) -> Result<(), Instant> {
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
        self.forget(now);
        let external = self.external.at(now, self.length);
        let most = self.size - self.size / RESERVED_SHARE;
        let fits = |ours: u32| ours + external + external.min(ours / HEADROOM) < most;
        let known = u32::try_from(self.sent.len()).unwrap_or(u32::MAX / 4);
        if fits(self.reserved + known) {
            return Ok(());
        }
        let mut held: u32 = self.reserved;
        let mut next = (external > 0).then(|| now + self.length / 50);
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
    pub fn is_probing(&self) -> bool {
        self.cooldown.is_refused()
    }

    /// Reserves a permit.
    pub fn reserve(&mut self) {
        self.reserved += 1;
    }

    /// Returns an unused permit.
    pub fn cancel_reservation(&mut self) {
        self.reserved = self.reserved.saturating_sub(1);
    }

    /// Records that the request of a reserved permit is being sent. Returns its number.
    pub fn sent(&mut self, now: Instant, new_connection: bool) -> u64 {
        self.cancel_reservation();
        self.sent.push_back(Sent { at: now, state: State::UnderWay { new_connection } });
        self.first + self.sent.len() as u64 - 1
    }

    /// Records that the server has responded, or never will.
    pub fn answered(&mut self, number: u64, was_answered: bool, now: Instant) {
        let Some(sent) = self.get_mut(number) else { return };
        if let State::UnderWay { new_connection } = sent.state {
            sent.state = State::Answered { new_connection, at: now };
        }
        let sent_at = sent.at;
        if was_answered {
            self.rtt.add(now - sent_at);
            self.cooldown.accepted(sent_at);
        }
    }

    /// Marks a request as refused, so that it takes no permit.
    pub fn uncount(&mut self, number: u64) {
        if let Some(sent) = self.get_mut(number) {
            sent.state = State::Refused;
            self.refused += 1;
        }
    }

    /// Records a refusal because this quota is exhausted. Returns the remaining cooldown.
    pub fn refused(&mut self, sent_at: Instant, wait: Option<Duration>, now: Instant) -> Duration {
        if self.cooldown.refused(sent_at, wait, self.length, now) {
            self.jitter = (self.jitter * 2).min(self.length);
            // With headers, external usage is known exactly; without, refusals are the only signal.
            if !self.external.is_reported() {
                self.throttled_rate.refused(now);
            }
        }
        self.cooldown.until(now).map_or(Duration::ZERO, |until| until - now)
    }

    /// Updates the window from the usage that the response to a request sent at `asked_at` reports.
    ///
    /// Requests that the server counts beyond our own are external usage.
    pub fn observe(&mut self, usage: WindowUsage, asked_at: Instant, now: Instant) {
        self.resize(usage.size);
        if asked_at + self.length < now {
            return;
        }
        let counted = usage.size.saturating_sub(usage.remaining);
        let count = if counted == 0 { 0 } else { counted.saturating_sub(self.ours(asked_at)) };
        self.external.observe(count, asked_at, now);
    }

    /// Sets the window size.
    pub fn resize(&mut self, size: u32) {
        self.size = size.max(1);
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Sent> {
        let place = number.checked_sub(self.first)?;
        self.sent.get_mut(usize::try_from(place).ok()?)
    }

    /// Returns the number of our requests in the server's window when a request sent at `asked_at`
    /// arrived. Requests in unknown order are included, so that they are not taken for external
    /// usage.
    fn ours(&self, asked_at: Instant) -> u32 {
        let tolerance = self.length / CLOCK_TOLERANCE;
        let end = self.sent.partition_point(|sent| sent.at <= asked_at + tolerance);
        let begin = self.sent.partition_point(|sent| sent.at + self.length + tolerance <= asked_at);
        let mut ours = end.saturating_sub(begin);
        if self.refused > 0 {
            let inside = self.sent.range(begin.min(end)..end);
            ours -= inside.filter(|sent| sent.state == State::Refused).count();
        }
        u32::try_from(ours).unwrap_or(u32::MAX)
    }

    /// Returns the instant from which the server no longer counts the request, or `None` if it does
    /// not count it at all.
    fn held_until(&self, sent: &Sent) -> Option<Instant> {
        let usual = sent.at + self.jitter;
        let arrived = match sent.state {
            State::Refused => return None,
            State::UnderWay { new_connection: false } => usual,
            // The upper bound: requests are kept for two window lengths.
            State::UnderWay { new_connection: true } => sent.at + self.length,
            State::Answered { new_connection, at } => {
                let latest = (at - self.rtt.certain()).max(sent.at);
                if new_connection { latest } else { latest.min(usual) }
            }
        };
        Some(arrived + self.length)
    }

    fn forget(&mut self, now: Instant) {
        while let Some(sent) = self.sent.front().filter(|sent| sent.at + self.length * 2 <= now) {
            self.refused -= u32::from(sent.state == State::Refused);
            self.sent.pop_front();
            self.first += 1;
        }
    }
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
            numbers.push(window.sent(now, new_connection));
        }
        numbers
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_held_until_its_request_cannot_be_counted_any_more() {
        // The request is sent at 0 s and answered at 1 s, after others with a latency of
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
            let number = window.sent(start, new_connection);
            window.answered(number, true, start + MS * 1_000);
            let until = window.poll_permit(start + MS * 2_000).expect_err(case);
            let found = (until - start).as_secs_f64() * 1_000.0;
            let expected = f64::from(free_ms);
            assert!((found - expected).abs() < 10.0, "{case}: {found}");
            assert_eq!(window.poll_permit(until), Ok(()), "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_answer_a_place_comes_back_all_the_same() {
        for (new_connection, free_ms) in [(false, 10_400), (true, 20_000)] {
            let (mut window, start) = window(1);
            fill(&mut window, start, new_connection);
            assert_eq!(window.poll_permit(start), Err(start + MS * free_ms));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn others_are_left_what_they_use_and_room_to_grow() {
        for (case, size, remaining, own, more) in [
            ("nobody else", 190, 170, 20, 169),
            ("our own, told late", 190, 185, 20, 169),
            ("a few others", 190, 160, 20, 149),
            ("as many others as we could have", 190, 90, 20, 71),
            ("nothing but others", 190, 0, 0, 0),
            ("a smaller account", 100, 80, 20, 79),
        ] {
            let (mut window, start) = window(100);
            for _ in 0..own {
                window.reserve();
                window.sent(start, false);
            }
            window.observe(WindowUsage { size, remaining }, start, start + MS);
            let numbers = fill(&mut window, start + MS, false);
            assert_eq!(numbers.len(), more, "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_used_are_the_requests_of_one_length_whoever_sent_them() {
        let (mut window, start) = window(50);
        assert_eq!(window.used(start), (0, 50));
        fill(&mut window, start, false);
        assert_eq!(window.used(start + MS), (50, 50));
        window.observe(WindowUsage { size: 190, remaining: 100 }, start + MS, start + MS);
        assert_eq!(window.used(start + MS), (90, 190), "40 by others");
        assert_eq!(window.used(start + TEN_SECONDS * 2), (0, 190));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_refused_takes_no_place() {
        let (mut window, start) = window(3);
        let numbers = fill(&mut window, start, false);
        assert_eq!(numbers.len(), 3);
        window.uncount(numbers[1]);
        assert_eq!(window.poll_permit(start), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn without_headers_a_refusal_lowers_the_rate() {
        let start = Instant::now();
        let mut search = SlidingWindow::new(SEARCH_WINDOW, start);
        assert_eq!(fill(&mut search, start, false).len(), 5);
        search.refused(start, None, start);
        let later = start + MS * 1_500;
        assert_eq!(fill(&mut search, later, false).len(), 1, "one, then a gap");
        assert!(
            matches!(search.poll_permit(later), Err(at) if (490..500).contains(&(at - later).as_millis()))
        );
        let (mut general, start) = window(100);
        general.observe(WindowUsage { size: 100, remaining: 100 }, start, start);
        general.refused(start, None, start);
        assert_eq!(fill(&mut general, start + MS * 1_500, false).len(), 99, "headers say enough");
    }
}
