//! Rate limiter: decides when each request may be sent.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::state::{LimiterState, PermitInfo};
use super::window::WindowUsage;
use crate::http::quota::{ASSOCIATIONS_WINDOW, Bucket, GENERAL_WINDOW, QuotaWindow, SEARCH_WINDOW};

/// Windows to start with, before responses correct their sizes, and the concurrency limit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub general: QuotaWindow,
    pub search: QuotaWindow,
    pub associations: QuotaWindow,
    /// Maximum number of requests in flight over all buckets.
    pub in_flight: usize,
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

/// Rate limiter of all buckets, shared by all streams.
///
/// A background task grants permits that become available over time, so that no waiter depends on
/// another future being polled.
#[derive(Debug)]
pub struct Limiter {
    shared: Arc<Shared>,
    dispatcher: OnceLock<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<LimiterState<oneshot::Sender<Permit>>>,
    /// Notifies the background task that its wake-up time may have changed.
    changed: Notify,
}

/// A permit to send one request. Releases its quota and its in-flight slot when dropped.
#[derive(Debug)]
pub struct Permit {
    shared: Weak<Shared>,
    info: PermitInfo,
    sent: Option<(u64, Instant)>,
    is_answered: bool,
}

impl Limiter {
    pub fn new(limits: Limits, now: Instant) -> Self {
        let state = Mutex::new(LimiterState::new(limits, now));
        Self {
            shared: Arc::new(Shared { state, changed: Notify::new() }),
            dispatcher: OnceLock::new(),
        }
    }

    /// Waits for a permit on behalf of a stream. Returns the permit and the time waited. The permit
    /// is `None` for a bucket without a limit.
    pub async fn acquire(&self, bucket: Bucket, stream: u64) -> (Option<Permit>, Duration) {
        let started = Instant::now();
        if bucket == Bucket::Unlimited {
            return (None, Duration::ZERO);
        }
        let (sender, receiver) = oneshot::channel();
        self.shared.lock().join(bucket, stream, sender);
        self.shared.serve();
        self.dispatcher.get_or_init(|| tokio::spawn(dispatcher(Arc::clone(&self.shared))));
        // The sender is only dropped with the limiter, which is borrowed here.
        let permit = receiver.await.ok();
        (permit, started.elapsed())
    }

    /// Returns the number of requests that HubSpot currently counts in a bucket, and the
    /// bucket's limit.
    pub fn usage(&self, bucket: Bucket) -> (u32, u32) {
        self.shared.lock().window(bucket).used(Instant::now())
    }

    /// Sets the window size of a bucket.
    pub fn resize(&self, bucket: Bucket, size: u32) {
        self.shared.lock().resize(bucket, size);
    }

    /// Records that a request sent at `sent_at` was refused because this bucket is exhausted. The
    /// bucket cools down for at least `wait`. Returns the remaining cooldown.
    pub fn refused(&self, bucket: Bucket, sent_at: Instant, wait: Option<Duration>) -> Duration {
        self.shared.lock().refused(bucket, sent_at, wait, Instant::now())
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        if let Some(dispatcher) = self.dispatcher.get() {
            dispatcher.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, LimiterState<oneshot::Sender<Permit>>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants all available permits. Returns the instant at which the next one becomes available,
    /// if there are waiters and time alone frees one.
    fn grant_available(self: &Arc<Self>) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let next = self.lock().next(now, |waiter| !waiter.is_closed());
            match next {
                Ok((waiter, info)) => {
                    let shared = Arc::downgrade(self);
                    let permit = Permit { shared, info, sent: None, is_answered: false };
                    // If the waiter is gone, the permit is dropped, which releases it.
                    let _gone = waiter.send(permit);
                }
                Err(wake) => return wake,
            }
        }
    }

    /// Grants all available permits and notifies the background task if it may have to wake up
    /// earlier.
    fn serve(self: &Arc<Self>) {
        if self.grant_available().is_some() {
            self.changed.notify_one();
        }
    }
}

/// Background task that grants permits as they become available over time.
async fn dispatcher(shared: Arc<Shared>) {
    loop {
        let wake = shared.grant_available();
        let changed = shared.changed.notified();
        match wake {
            Some(wake) => {
                let _either = tokio::time::timeout_at(wake, changed).await;
            }
            None => changed.await,
        }
    }
}

impl Permit {
    pub fn bucket(&self) -> Bucket {
        self.info.bucket
    }

    /// Records that the request is being sent.
    pub fn send(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            let now = Instant::now();
            self.sent = Some((shared.lock().sent(&self.info, now), now));
        }
    }

    /// Records that the response headers have arrived, with the window usage they report, if any.
    /// `is_refused` is `true` if the request was refused for quota.
    pub fn answered(&mut self, usage: Option<WindowUsage>, is_refused: bool) {
        let (Some(shared), Some((number, sent_at))) = (self.shared.upgrade(), self.sent) else {
            return;
        };
        let now = Instant::now();
        self.is_answered = true;
        let mut state = shared.lock();
        let window = state.window(self.info.bucket);
        if is_refused {
            window.uncount(number);
        }
        window.answered(number, !is_refused, now);
        if let Some(usage) = usage {
            window.observe(usage, sent_at, now);
        }
    }

    /// Records that the request is complete, including its body. A fault is a failure of the
    /// service or of the connection.
    pub fn finish(self, is_fault: bool) {
        if let (Some(shared), Some((_, sent_at))) = (self.shared.upgrade(), self.sent) {
            let now = Instant::now();
            shared.lock().finished(&self.info, sent_at, is_fault, self.is_answered, now);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else { return };
        let now = Instant::now();
        {
            let mut state = shared.lock();
            let window = state.window(self.info.bucket);
            match self.sent {
                None => window.cancel_reservation(),
                Some((number, _)) if !self.is_answered => window.answered(number, false, now),
                Some(_) => {}
            }
            state.release(&self.info);
        }
        shared.serve();
    }
}
