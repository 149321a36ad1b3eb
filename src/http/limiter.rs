//! Quota: when the next request of a bucket may go.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::dialect::Bucket;

/// The size of each window, before any answer has corrected it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub general: (u32, Duration),
    pub search: (u32, Duration),
    pub associations: (u32, Duration),
    /// Requests that may be under way at once, over all buckets.
    pub in_flight: usize,
}

/// A rolling window, as the server counts it.
///
/// A request is counted from its sending until one `length` after its answer: the server counted
/// it somewhere between the two, so its own window is never exceeded, whatever the latency.
#[derive(Debug)]
pub struct Window {
    size: u32,
    length: Duration,
    under_way: u32,
    answered: VecDeque<Instant>,
    paused_until: Option<Instant>,
    /// Requests of other clients in the server's window when it last told us, and when that was.
    others: (u32, Instant),
}

/// Why a request has to wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Wait {
    Until(Instant),
    /// Every place is taken by a request without an answer yet.
    ForAnAnswer,
}

impl Window {
    pub fn new(size: u32, length: Duration, now: Instant) -> Self {
        Self {
            size,
            length,
            under_way: 0,
            answered: VecDeque::new(),
            paused_until: None,
            others: (0, now),
        }
    }

    /// Takes a place, or says what to wait for.
    pub fn admit(&mut self, now: Instant) -> Result<(), Wait> {
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Err(Wait::Until(until));
        }
        while self.answered.front().is_some_and(|answer| *answer + self.length <= now) {
            self.answered.pop_front();
        }
        if self.taken(now) < self.size {
            self.under_way += 1;
            return Ok(());
        }
        let ours = self.answered.front().map(|oldest| *oldest + self.length);
        let others = (self.others_at(now) > 0).then(|| self.others.1 + self.length);
        match (ours, others) {
            (Some(ours), Some(others)) => Err(Wait::Until(ours.min(others))),
            (Some(until), None) | (None, Some(until)) => Err(Wait::Until(until)),
            (None, None) => Err(Wait::ForAnAnswer),
        }
    }

    /// Notes the end of a request, answered or not.
    pub fn answered(&mut self, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        self.answered.push_back(now);
    }

    /// Corrects the window by what the server says of it: `size` requests, `remaining` left.
    ///
    /// What it counts beyond our own requests belongs to other clients of the same app.
    pub fn observe(&mut self, size: u32, remaining: u32, now: Instant) {
        self.size = size.max(1);
        let ours = self.under_way + u32::try_from(self.answered.len()).unwrap_or(u32::MAX);
        self.others = (size.saturating_sub(remaining).saturating_sub(ours), now);
    }

    /// Lets nothing go before `until`.
    pub fn pause(&mut self, until: Instant) {
        self.paused_until = self.paused_until.max(Some(until));
    }

    /// One window's length, the wait that always suffices.
    pub fn length(&self) -> Duration {
        self.length
    }

    fn others_at(&self, now: Instant) -> u32 {
        if self.others.1 + self.length > now { self.others.0 } else { 0 }
    }

    fn taken(&self, now: Instant) -> u32 {
        let answered = u32::try_from(self.answered.len()).unwrap_or(u32::MAX);
        self.under_way + answered + self.others_at(now)
    }
}

/// The windows of all buckets, shared by all streams, first come first served.
#[derive(Debug)]
pub struct Limiter {
    general: Gate,
    search: Gate,
    associations: Gate,
    in_flight: Semaphore,
}

#[derive(Debug)]
struct Gate {
    window: Mutex<Window>,
    /// Whoever waits holds the turn: a fair queue, so a long scan never starves a short stream.
    turn: tokio::sync::Mutex<()>,
    answer: Notify,
}

/// A place in a window and among the requests under way; gives both back when dropped.
#[derive(Debug)]
pub struct Place<'limiter> {
    gate: Option<&'limiter Gate>,
    _under_way: SemaphorePermit<'limiter>,
}

impl Limiter {
    pub fn new(limits: Limits, now: Instant) -> Self {
        let gate = |(size, length)| Gate {
            window: Mutex::new(Window::new(size, length, now)),
            turn: tokio::sync::Mutex::new(()),
            answer: Notify::new(),
        };
        Self {
            general: gate(limits.general),
            search: gate(limits.search),
            associations: gate(limits.associations),
            in_flight: Semaphore::new(limits.in_flight.max(1)),
        }
    }

    /// Waits for a place. Returns it with the time that was waited.
    ///
    /// # Panics
    /// Never: the semaphore is never closed.
    pub async fn acquire(&self, bucket: Bucket) -> (Place<'_>, Duration) {
        let started = Instant::now();
        let gate = self.gate(bucket);
        if let Some(gate) = gate {
            gate.admit().await;
        }
        let under_way = self.in_flight.acquire().await.expect("the semaphore is never closed");
        (Place { gate, _under_way: under_way }, started.elapsed())
    }

    /// Corrects a bucket by the server's own count.
    pub fn observe(&self, bucket: Bucket, size: u32, remaining: u32) {
        if let Some(gate) = self.gate(bucket) {
            gate.lock().observe(size, remaining, Instant::now());
        }
    }

    /// Pauses a bucket, by default for one of its windows.
    pub fn pause(&self, bucket: Bucket, wait: Option<Duration>) {
        if let Some(gate) = self.gate(bucket) {
            let mut window = gate.lock();
            let until = Instant::now() + wait.unwrap_or(window.length());
            window.pause(until);
        }
    }

    fn gate(&self, bucket: Bucket) -> Option<&Gate> {
        match bucket {
            Bucket::General => Some(&self.general),
            Bucket::Search => Some(&self.search),
            Bucket::Associations => Some(&self.associations),
            Bucket::Free => None,
        }
    }
}

impl Gate {
    fn lock(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn admit(&self) {
        let _turn = self.turn.lock().await;
        loop {
            let answer = self.answer.notified();
            let wait = match self.lock().admit(Instant::now()) {
                Ok(()) => return,
                Err(wait) => wait,
            };
            match wait {
                Wait::Until(instant) => tokio::time::sleep_until(instant).await,
                Wait::ForAnAnswer => answer.await,
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(gate) = self.gate {
            gate.lock().answered(Instant::now());
            gate.answer.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_SECONDS: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_one_window_after_its_answer() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut window = Window::new(2, TEN_SECONDS, start);
        assert_eq!(window.admit(start), Ok(()));
        assert_eq!(window.admit(start), Ok(()));
        assert_eq!(window.admit(start), Err(Wait::ForAnAnswer));
        window.answered(start + second);
        assert_eq!(window.admit(start + second), Err(Wait::Until(start + second + TEN_SECONDS)));
        assert_eq!(window.admit(start + second + TEN_SECONDS), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_of_others_take_places_until_they_leave_the_window() {
        let start = Instant::now();
        let mut window = Window::new(100, TEN_SECONDS, start);
        window.admit(start).unwrap();
        window.answered(start);
        window.observe(4, 0, start);
        assert_eq!(window.admit(start), Err(Wait::Until(start + TEN_SECONDS)));
        assert_eq!(window.admit(start + TEN_SECONDS), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everything_back() {
        let start = Instant::now();
        let mut window = Window::new(100, TEN_SECONDS, start);
        window.pause(start + TEN_SECONDS);
        assert_eq!(window.admit(start), Err(Wait::Until(start + TEN_SECONDS)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_of_the_server_ever_holds_more_than_its_size() {
        let second = Duration::from_secs(1);
        let limits = Limits {
            general: (19, TEN_SECONDS),
            search: (5, second),
            associations: (10, TEN_SECONDS),
            in_flight: 7,
        };
        let limiter = Limiter::new(limits, Instant::now());
        let arrivals = Mutex::new(Vec::new());
        let requests = (0..200_u64).map(|request| {
            let (limiter, arrivals) = (&limiter, &arrivals);
            async move {
                let (place, _waited) = limiter.acquire(Bucket::Search).await;
                tokio::time::sleep(Duration::from_millis(request * 37 % 300)).await;
                arrivals.lock().unwrap().push(Instant::now());
                tokio::time::sleep(Duration::from_millis(request * 91 % 200)).await;
                drop(place);
            }
        });
        futures_util::future::join_all(requests).await;
        let mut arrivals = arrivals.into_inner().unwrap();
        arrivals.sort_unstable();
        for window in arrivals.windows(6) {
            assert!(window[5] - window[0] >= second, "six requests within a second");
        }
    }
}
