//! Rate limiter: decides when each request may be sent.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::dialect::Bucket;
use super::lanes::{Grant, Lanes};
use super::window::Standing;

/// Window sizes (requests, length) to start with, before responses correct them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub general: (u32, Duration),
    pub search: (u32, Duration),
    pub associations: (u32, Duration),
    /// Maximum number of requests in flight over all buckets.
    pub in_flight: usize,
}

/// Rate limiter of all buckets, shared by all streams.
///
/// A background task grants permits that become available over time, so that no waiter depends on
/// another future being polled.
#[derive(Debug)]
pub struct Limiter {
    shared: Arc<Shared>,
    clerk: OnceLock<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    lanes: Mutex<Lanes<oneshot::Sender<Place>>>,
    /// Notifies the background task that its wake-up time may have changed.
    changed: Notify,
}

/// A permit to send one request. Releases its quota and its in-flight slot when dropped.
#[derive(Debug)]
pub struct Place {
    shared: Weak<Shared>,
    grant: Grant,
    sent: Option<(u64, Instant)>,
    is_answered: bool,
}

impl Limiter {
    pub fn new(limits: Limits, now: Instant) -> Self {
        let lanes = Mutex::new(Lanes::new(limits, now));
        Self { shared: Arc::new(Shared { lanes, changed: Notify::new() }), clerk: OnceLock::new() }
    }

    /// Waits for a permit on behalf of a stream. Returns the permit and the time waited. The permit
    /// is `None` for a bucket without a limit.
    pub async fn acquire(&self, bucket: Bucket, stream: u64) -> (Option<Place>, Duration) {
        let started = Instant::now();
        if bucket == Bucket::Free {
            return (None, Duration::ZERO);
        }
        let (sender, receiver) = oneshot::channel();
        self.shared.lock().join(bucket, stream, sender);
        self.shared.serve();
        self.clerk.get_or_init(|| tokio::spawn(clerk(Arc::clone(&self.shared))));
        // The sender is only dropped with the limiter, which is borrowed here.
        let place = receiver.await.ok();
        (place, started.elapsed())
    }

    /// Returns the number of requests that the service currently counts in a bucket, and the
    /// bucket's limit.
    pub fn used(&self, bucket: Bucket) -> (u32, u32) {
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
        if let Some(clerk) = self.clerk.get() {
            clerk.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Lanes<oneshot::Sender<Place>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants all available permits. Returns the instant at which the next one becomes available,
    /// if there are waiters and time alone frees one.
    fn hand_out(self: &Arc<Self>) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let next = self.lock().next(now, |waiter| !waiter.is_closed());
            match next {
                Ok((waiter, grant)) => {
                    let shared = Arc::downgrade(self);
                    let place = Place { shared, grant, sent: None, is_answered: false };
                    // If the waiter is gone, the permit is dropped, which releases it.
                    let _gone = waiter.send(place);
                }
                Err(wake) => return wake,
            }
        }
    }

    /// Grants all available permits and notifies the background task if it may have to wake up
    /// earlier.
    fn serve(self: &Arc<Self>) {
        if self.hand_out().is_some() {
            self.changed.notify_one();
        }
    }
}

/// Background task that grants permits as they become available over time.
async fn clerk(shared: Arc<Shared>) {
    loop {
        let wake = shared.hand_out();
        let changed = shared.changed.notified();
        match wake {
            Some(wake) => {
                let _either = tokio::time::timeout_at(wake, changed).await;
            }
            None => changed.await,
        }
    }
}

impl Place {
    pub fn bucket(&self) -> Bucket {
        self.grant.bucket
    }

    /// Records that the request is being sent.
    pub fn send(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            let now = Instant::now();
            self.sent = Some((shared.lock().sent(&self.grant, now), now));
        }
    }

    /// Records that the response headers have arrived, with the window usage they report, if any.
    /// `is_refused` is `true` if the request was refused for quota.
    pub fn answered(&mut self, standing: Option<Standing>, is_refused: bool) {
        let (Some(shared), Some((number, sent_at))) = (self.shared.upgrade(), self.sent) else {
            return;
        };
        let now = Instant::now();
        self.is_answered = true;
        let mut lanes = shared.lock();
        let window = lanes.window(self.grant.bucket);
        if is_refused {
            window.uncount(number);
        }
        window.answered(number, !is_refused, now);
        if let Some(standing) = standing {
            window.observe(standing, sent_at, now);
        }
    }

    /// Records that the request is complete, including its body. A fault is a failure of the
    /// service or of the connection.
    pub fn finish(self, is_fault: bool) {
        if let (Some(shared), Some((_, sent_at))) = (self.shared.upgrade(), self.sent) {
            let now = Instant::now();
            shared.lock().finished(&self.grant, sent_at, is_fault, self.is_answered, now);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else { return };
        let now = Instant::now();
        {
            let mut lanes = shared.lock();
            let window = lanes.window(self.grant.bucket);
            match self.sent {
                None => window.forgo(),
                Some((number, _)) if !self.is_answered => window.answered(number, false, now),
                Some(_) => {}
            }
            lanes.release(&self.grant);
        }
        shared.serve();
    }
}
