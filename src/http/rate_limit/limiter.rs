//! Rate limiter: decides when each request may be sent.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::queue::{Limits, PermitInfo, Scheduler};
use super::window::WindowUsage;
use crate::http::quota::Bucket;

/// Rate limiter of all buckets, shared by all streams.
///
/// A background task grants permits that become available over time, so that no waiter depends on
/// another future being polled.
#[derive(Debug)]
pub(crate) struct Limiter {
    core: Arc<LimiterCore>,
    dispatcher: OnceLock<JoinHandle<()>>,
}

#[derive(Debug)]
struct LimiterCore {
    scheduler: Mutex<Scheduler<oneshot::Sender<Permit>>>,
    /// Notifies the background task that its wake-up time may have changed.
    changed: Notify,
}

/// A permit to send one request. Releases its quota and its in-flight slot when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    core: Weak<LimiterCore>,
    info: PermitInfo,
    sent: Option<(u64, Instant)>,
    has_response: bool,
}

impl Limiter {
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        let scheduler = Mutex::new(Scheduler::new(limits, now));
        Self {
            core: Arc::new(LimiterCore { scheduler, changed: Notify::new() }),
            dispatcher: OnceLock::new(),
        }
    }

    /// Waits for a permit on behalf of a stream. Returns the permit and the time waited. The permit
    /// is `None` for a bucket without a limit.
    pub(crate) async fn acquire(&self, bucket: Bucket, stream: u64) -> (Option<Permit>, Duration) {
        let started = Instant::now();
        if bucket == Bucket::Unlimited {
            return (None, Duration::ZERO);
        }
        let (sender, receiver) = oneshot::channel();
        self.core.lock().enqueue(bucket, stream, sender);
        self.core.grant_and_notify();
        self.dispatcher.get_or_init(|| tokio::spawn(dispatcher(Arc::clone(&self.core))));
        // The sender is only dropped with the limiter, which is borrowed here.
        let permit = receiver.await.ok();
        (permit, started.elapsed())
    }

    /// Returns the number of requests that HubSpot currently counts in a bucket, and the
    /// bucket's limit.
    pub(crate) fn usage(&self, bucket: Bucket) -> (u32, u32) {
        self.core.lock().window(bucket).usage(Instant::now())
    }

    /// Sets the window size of a bucket.
    pub(crate) fn resize(&self, bucket: Bucket, size: u32) {
        self.core.lock().resize(bucket, size);
    }

    /// Records that a request sent at `sent_at` was refused because this bucket is exhausted. The
    /// bucket cools down for at least `retry_after`. Returns the remaining cooldown.
    pub(crate) fn record_refusal(
        &self,
        bucket: Bucket,
        sent_at: Instant,
        retry_after: Option<Duration>,
    ) -> Duration {
        self.core.lock().record_refusal(bucket, sent_at, retry_after, Instant::now())
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        if let Some(dispatcher) = self.dispatcher.get() {
            dispatcher.abort();
        }
    }
}

impl LimiterCore {
    fn lock(&self) -> MutexGuard<'_, Scheduler<oneshot::Sender<Permit>>> {
        self.scheduler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants all available permits. Returns the instant at which the next one becomes available,
    /// if there are waiters and time alone frees one.
    fn grant_available(self: &Arc<Self>) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let next = self.lock().grant_next(now, |waiter| !waiter.is_closed());
            match next {
                Ok((waiter, info)) => {
                    let core = Arc::downgrade(self);
                    let permit = Permit { core, info, sent: None, has_response: false };
                    // If the waiter is gone, the permit is dropped, which releases it.
                    let _gone = waiter.send(permit);
                }
                Err(wake) => return wake,
            }
        }
    }

    /// Grants all available permits and notifies the background task if it may have to wake up
    /// earlier.
    fn grant_and_notify(self: &Arc<Self>) {
        if self.grant_available().is_some() {
            self.changed.notify_one();
        }
    }
}

/// Background task that grants permits as they become available over time.
async fn dispatcher(core: Arc<LimiterCore>) {
    loop {
        let wake = core.grant_available();
        let changed = core.changed.notified();
        match wake {
            Some(wake) => {
                let _either = tokio::time::timeout_at(wake, changed).await;
            }
            None => changed.await,
        }
    }
}

impl Permit {
    pub(crate) fn bucket(&self) -> Bucket {
        self.info.bucket
    }

    /// Records that the request is being sent.
    pub(crate) fn record_sent(&mut self) {
        if let Some(core) = self.core.upgrade() {
            let now = Instant::now();
            self.sent = Some((core.lock().record_sent(&self.info, now), now));
        }
    }

    /// Records that the response headers have arrived, with the window usage they report, if any.
    /// `is_refused` is `true` if the request was refused for quota.
    pub(crate) fn record_response(&mut self, usage: Option<WindowUsage>, is_refused: bool) {
        let (Some(core), Some((number, sent_at))) = (self.core.upgrade(), self.sent) else {
            return;
        };
        let now = Instant::now();
        self.has_response = true;
        let mut scheduler = core.lock();
        let window = scheduler.window(self.info.bucket);
        if is_refused {
            window.mark_refused(number);
        }
        window.record_end(number, !is_refused, now);
        if let Some(usage) = usage {
            window.observe(usage, sent_at, now);
        }
    }

    /// Records that the request is complete, including its body. A fault is a failure of HubSpot
    /// or of the connection.
    pub(crate) fn finish(self, is_fault: bool) {
        if let (Some(core), Some((_, sent_at))) = (self.core.upgrade(), self.sent) {
            let now = Instant::now();
            core.lock().record_end(&self.info, sent_at, is_fault, self.has_response, now);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(core) = self.core.upgrade() else { return };
        let now = Instant::now();
        {
            let mut scheduler = core.lock();
            let window = scheduler.window(self.info.bucket);
            match self.sent {
                None => window.cancel_reservation(),
                Some((number, _)) if !self.has_response => window.record_end(number, false, now),
                Some(_) => {}
            }
            scheduler.release(&self.info);
        }
        core.grant_and_notify();
    }
}
