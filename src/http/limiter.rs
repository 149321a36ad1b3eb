//! Quota: who may send next, and when.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::dialect::Bucket;
use super::lanes::{Grant, Lanes};
use super::window::Standing;

/// The size of each window, before any answer has corrected it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub general: (u32, Duration),
    pub search: (u32, Duration),
    pub associations: (u32, Duration),
    /// Requests that may be under way at once, over all buckets.
    pub in_flight: usize,
}

/// The windows of all buckets, shared by all streams.
///
/// A task of its own wakes those who wait when their time has come, so that nobody depends on
/// another one's being polled.
#[derive(Debug)]
pub struct Limiter {
    shared: Arc<Shared>,
    clerk: OnceLock<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    lanes: Mutex<Lanes<oneshot::Sender<Place>>>,
    /// Somebody waits, or waits for something else than before.
    changed: Notify,
}

/// A place in a window and among the requests under way; gives both back when dropped.
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

    /// Waits for a place on behalf of a stream, and says how long that took. `None` is the place
    /// in a bucket without limit.
    pub async fn acquire(&self, bucket: Bucket, stream: u64) -> (Option<Place>, Duration) {
        let started = Instant::now();
        if bucket == Bucket::Free {
            return (None, Duration::ZERO);
        }
        let (sender, receiver) = oneshot::channel();
        self.shared.lock().join(bucket, stream, sender);
        self.shared.serve();
        self.clerk.get_or_init(|| tokio::spawn(clerk(Arc::clone(&self.shared))));
        // The sender is dropped only with the whole limiter, which is borrowed here.
        let place = receiver.await.ok();
        (place, started.elapsed())
    }

    /// Requests that the service counts in a bucket now, and how many it allows.
    pub fn used(&self, bucket: Bucket) -> (u32, u32) {
        self.shared.lock().window(bucket).used(Instant::now())
    }

    /// The window of a bucket has another size.
    pub fn resize(&self, bucket: Bucket, size: u32) {
        self.shared.lock().resize(bucket, size);
    }

    /// A request sent at `sent_at` was refused because this bucket is used up: it pauses, for as
    /// long as the service says or as experience does. Returns the pause.
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

    /// Gives out all places there are. Says when there will be more, if anybody waits for that.
    fn hand_out(self: &Arc<Self>) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let next = self.lock().next(now, |waiter| !waiter.is_closed());
            match next {
                Ok((waiter, grant)) => {
                    let shared = Arc::downgrade(self);
                    let place = Place { shared, grant, sent: None, is_answered: false };
                    // Who has gone meanwhile drops the place, which gives it back.
                    let _gone = waiter.send(place);
                }
                Err(wake) => return wake,
            }
        }
    }

    /// Gives out what there is now, and lets the clerk know that it may have to come earlier.
    fn serve(self: &Arc<Self>) {
        if self.hand_out().is_some() {
            self.changed.notify_one();
        }
    }
}

/// Gives out places whenever time alone has brought some.
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

    /// The request goes now.
    pub fn send(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            let now = Instant::now();
            self.sent = Some((shared.lock().sent(&self.grant, now), now));
        }
    }

    /// The beginning of an answer is there: what it says of the window, if it does, and whether
    /// it refuses the request for quota.
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

    /// The request has been dealt with, body and all. A fault is one of the service or of the
    /// connection.
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
