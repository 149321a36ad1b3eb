//! A rolling window, as the server counts it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::latencies::Latencies;
use super::others::Others;
use super::pace::Pace;
use super::pauses::Pauses;

/// The part of a window by which requests may travel unevenly: 0.4 s of ten, 40 ms of one.
const UNEVEN: u32 = 25;
/// The part of a window within which the order of two arrivals is not known.
const BLUR: u32 = 1_000;
/// One place in so many is never taken, so that a newcomer on the same quota finds an open door.
const DOOR: u32 = 100;
/// Beside others, one place in so many of our own is left for them to grow into.
const ROOM: u32 = 5;

/// The requests that the server still counts, as far as can be known from here.
///
/// The server counts a request when it arrives, somewhere between its sending and its answer. A
/// place is free one length after the latest instant at which it can have arrived:
///
/// - not after the answer less the part of a latency that is certain. The way there of the next
///   request and the way back of this one together take at least that long, however the two share
///   it.
/// - for a request on an open connection, not later than most by more than `uneven`.
///
/// So at a steady latency no time is lost at all, and at an unsteady one at most `uneven` for each
/// window. A refusal shows that requests travel less evenly than that, and doubles it.
#[derive(Debug)]
pub struct Window {
    size: u32,
    length: Duration,
    /// Places given out to requests that are not on their way yet.
    promised: u32,
    /// Requests in the order of their sending, kept for two lengths.
    sent: VecDeque<Sent>,
    /// The number of the first one of them.
    first: u64,
    refused: u32,
    latencies: Latencies,
    uneven: Duration,
    others: Others,
    pauses: Pauses,
    pace: Pace,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Without an answer. A new connection may have to be made first, which takes unknown time.
    UnderWay {
        new_connection: bool,
    },
    Answered {
        new_connection: bool,
        at: Instant,
    },
    /// Refused for quota: the server does not count it.
    Refused,
}

/// What an answer says of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub size: u32,
    pub remaining: u32,
}

impl Window {
    pub fn new(size: u32, length: Duration, now: Instant) -> Self {
        Self {
            size: size.max(1),
            length,
            promised: 0,
            sent: VecDeque::new(),
            first: 0,
            refused: 0,
            latencies: Latencies::default(),
            uneven: length / UNEVEN,
            others: Others::default(),
            pauses: Pauses::default(),
            pace: Pace::new(now),
        }
    }

    /// Requests a second that the window allows in the long run.
    pub fn per_second(&self, now: Instant) -> f64 {
        f64::from(self.size) * self.pace.share(now) / self.length.as_secs_f64()
    }

    /// Requests in the server's window now, ours and those of others, as far as can be known; and
    /// how many it allows.
    pub fn used(&self, now: Instant) -> (u32, u32) {
        let used = self.ours(now) + self.others.at(now, self.length);
        (used.min(self.size), self.size)
    }

    /// Is there a place? If not, when to look again.
    pub fn has_place(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.pauses.until(now) {
            return Err(until);
        }
        let gap = self.pace.gap(now, self.size, self.length);
        if !gap.is_zero() {
            if self.promised > 0 {
                return Err(now + gap);
            }
            if let Some(next) = self.sent.back().map(|last| last.at + gap).filter(|at| *at > now) {
                return Err(next);
            }
        }
        self.forget(now);
        let others = self.others.at(now, self.length);
        let most = self.size - self.size / DOOR;
        let fits = |ours: u32| ours + others + others.min(ours / ROOM) < most;
        let known = u32::try_from(self.sent.len()).unwrap_or(u32::MAX / 4);
        if fits(self.promised + known) {
            return Ok(());
        }
        let mut held: u32 = self.promised;
        let mut next = (others > 0).then(|| now + self.length / 50);
        for sent in &self.sent {
            if let Some(until) = self.held_until(sent).filter(|until| *until > now) {
                held += 1;
                next = Some(next.map_or(until, |next| next.min(until)));
            }
        }
        if fits(held) { Ok(()) } else { Err(next.unwrap_or(now + self.length)) }
    }

    /// Has the last that is known been a refusal? Then one request is enough to learn more.
    pub fn is_probing(&self) -> bool {
        self.pauses.is_refused()
    }

    /// Gives out a place.
    pub fn promise(&mut self) {
        self.promised += 1;
    }

    /// Takes back a place that was not used.
    pub fn forgo(&mut self) {
        self.promised = self.promised.saturating_sub(1);
    }

    /// The request of a promised place goes. Returns its number.
    pub fn sent(&mut self, now: Instant, new_connection: bool) -> u64 {
        self.forgo();
        self.sent.push_back(Sent { at: now, state: State::UnderWay { new_connection } });
        self.first + self.sent.len() as u64 - 1
    }

    /// The server has answered, or never will.
    pub fn answered(&mut self, number: u64, was_answered: bool, now: Instant) {
        let Some(sent) = self.get_mut(number) else { return };
        if let State::UnderWay { new_connection } = sent.state {
            sent.state = State::Answered { new_connection, at: now };
        }
        let sent_at = sent.at;
        if was_answered {
            self.latencies.add(now - sent_at);
            self.pauses.accepted(sent_at);
        }
    }

    /// The request was refused: it takes no place.
    pub fn uncount(&mut self, number: u64) {
        if let Some(sent) = self.get_mut(number) {
            sent.state = State::Refused;
            self.refused += 1;
        }
    }

    /// The service says that this quota is used up. Returns how long nothing will be sent.
    pub fn refused(&mut self, sent_at: Instant, wait: Option<Duration>, now: Instant) -> Duration {
        if self.pauses.refused(sent_at, wait, self.length, now) {
            self.uneven = (self.uneven * 2).min(self.length);
            // With headers, others are known by number; without, a refusal is all there is.
            if !self.others.are_told() {
                self.pace.refused(now);
            }
        }
        self.pauses.until(now).map_or(Duration::ZERO, |until| until - now)
    }

    /// Takes what an answer to the request sent at `asked_at` says of the window.
    ///
    /// What the server counts beyond our own requests belongs to other clients of the same quota.
    pub fn observe(&mut self, told: Standing, asked_at: Instant, now: Instant) {
        self.resize(told.size);
        if asked_at + self.length < now {
            return;
        }
        let counted = told.size.saturating_sub(told.remaining);
        let count = if counted == 0 { 0 } else { counted.saturating_sub(self.ours(asked_at)) };
        self.others.observe(count, asked_at, now);
    }

    /// The size is another one.
    pub fn resize(&mut self, size: u32) {
        self.size = size.max(1);
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Sent> {
        let place = number.checked_sub(self.first)?;
        self.sent.get_mut(usize::try_from(place).ok()?)
    }

    /// Our requests in the server's window when one sent at that time arrived. Where the order is
    /// not known they count, so that they are not taken for somebody else's.
    fn ours(&self, asked_at: Instant) -> u32 {
        let blur = self.length / BLUR;
        let end = self.sent.partition_point(|sent| sent.at <= asked_at + blur);
        let begin = self.sent.partition_point(|sent| sent.at + self.length + blur <= asked_at);
        let mut ours = end.saturating_sub(begin);
        if self.refused > 0 {
            let inside = self.sent.range(begin.min(end)..end);
            ours -= inside.filter(|sent| sent.state == State::Refused).count();
        }
        u32::try_from(ours).unwrap_or(u32::MAX)
    }

    /// When the server will not count the request any more; `None` if it does not now.
    fn held_until(&self, sent: &Sent) -> Option<Instant> {
        let usual = sent.at + self.uneven;
        let arrived = match sent.state {
            State::Refused => return None,
            State::UnderWay { new_connection: false } => usual,
            // As long as anything is remembered.
            State::UnderWay { new_connection: true } => sent.at + self.length,
            State::Answered { new_connection, at } => {
                let latest = (at - self.latencies.certain()).max(sent.at);
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

    const TEN_SECONDS: Duration = Duration::from_secs(10);
    const MS: Duration = Duration::from_millis(1);

    fn window(size: u32) -> (Window, Instant) {
        let now = Instant::now();
        (Window::new(size, TEN_SECONDS, now), now)
    }

    /// Sends as many as there are places at one instant; their numbers.
    fn fill(window: &mut Window, now: Instant, new_connection: bool) -> Vec<u64> {
        let mut numbers = Vec::new();
        while window.has_place(now).is_ok() {
            window.promise();
            numbers.push(window.sent(now, new_connection));
        }
        numbers
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_held_until_its_request_cannot_be_counted_any_more() {
        // A request is sent at 0 and answered at 1 s, after others that took `latency_ms`.
        for (case, latency_ms, new_connection, free_ms) in [
            ("one length after a usual arrival", 10, false, 10_400),
            ("a new connection takes unknown time", 10, true, 11_000),
            ("the certain part is no delay", 900, true, 10_104),
            ("nor on an open connection", 900, false, 10_104),
        ] {
            let (mut window, start) = window(1);
            for _ in 0..999 {
                window.latencies.add(MS * latency_ms);
            }
            window.promise();
            let number = window.sent(start, new_connection);
            window.answered(number, true, start + MS * 1_000);
            let until = window.has_place(start + MS * 2_000).expect_err(case);
            let found = (until - start).as_secs_f64() * 1_000.0;
            let expected = f64::from(free_ms);
            assert!((found - expected).abs() < 10.0, "{case}: {found}");
            assert_eq!(window.has_place(until), Ok(()), "{case}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_answer_a_place_comes_back_all_the_same() {
        for (new_connection, free_ms) in [(false, 10_400), (true, 20_000)] {
            let (mut window, start) = window(1);
            fill(&mut window, start, new_connection);
            assert_eq!(window.has_place(start), Err(start + MS * free_ms));
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
                window.promise();
                window.sent(start, false);
            }
            window.observe(Standing { size, remaining }, start, start + MS);
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
        window.observe(Standing { size: 190, remaining: 100 }, start + MS, start + MS);
        assert_eq!(window.used(start + MS), (90, 190), "40 by others");
        assert_eq!(window.used(start + TEN_SECONDS * 2), (0, 190));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_refused_takes_no_place() {
        let (mut window, start) = window(3);
        let numbers = fill(&mut window, start, false);
        assert_eq!(numbers.len(), 3);
        window.uncount(numbers[1]);
        assert_eq!(window.has_place(start), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn without_headers_a_refusal_lowers_the_rate() {
        let start = Instant::now();
        let mut search = Window::new(5, Duration::from_secs(1), start);
        assert_eq!(fill(&mut search, start, false).len(), 5);
        search.refused(start, None, start);
        let later = start + MS * 1_500;
        assert_eq!(fill(&mut search, later, false).len(), 1, "one, then a gap");
        assert!(
            matches!(search.has_place(later), Err(at) if (490..500).contains(&(at - later).as_millis()))
        );
        let (mut general, start) = window(100);
        general.observe(Standing { size: 100, remaining: 100 }, start, start);
        general.refused(start, None, start);
        assert_eq!(fill(&mut general, start + MS * 1_500, false).len(), 99, "headers say enough");
    }
}
