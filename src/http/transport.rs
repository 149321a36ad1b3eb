//! The retry loop: acquires a permit, makes an attempt, and waits before the next one.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::access_token::AccessToken;
use super::backoff::{Backoff, RetryBudget};
use super::clock::ServerClock;
use super::daily_quota::DailyQuota;
use super::quota::Bucket;
use super::rate_limit::{Limiter, Permit};
use super::read_only::is_read_only;
use super::redact::Redactor;
use super::refusal::Refusal;
use super::request::{PendingRequest, Request, ResizablePage};
use super::request_error::{DecodeError, RequestError, TransientError};
use super::retry::{AttemptError, RetryAction, retry_action};
use super::stats::{Fault, RequestStats};

/// Maximum number of 429 responses to one request that do not count as failures. Waits for quota
/// end by themselves, so only a server that no longer counts gets this far.
const MAX_QUOTA_REFUSALS: u32 = 100;
/// Wait after a 429 that concerns none of the tracked quotas, if there is no `Retry-After`.
const UNTRACKED_QUOTA_WAIT: Duration = Duration::from_secs(1);

/// Sends requests with a given token.
pub(crate) struct Transport {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) limiter: Limiter,
    pub(super) clock: ServerClock,
    pub(super) daily_quota: DailyQuota,
    pub(super) redactor: Redactor,
    retry_budget: RetryBudget,
    /// `true` once any request of this run got a response.
    pub(super) is_reached: Cell<bool>,
    /// Latest failure as a sentence, if no request has succeeded since.
    outage: RefCell<Option<String>>,
    /// `true` if a warning about this outage was logged.
    is_outage_logged: Cell<bool>,
}

/// Returns host and port of a base URL.
pub(super) fn host(base: &str) -> &str {
    let (_, rest) = base.split_once("://").unwrap_or(("", base));
    rest.split('/').next().unwrap_or(rest)
}

/// Time that one request has taken.
struct TimeSpent {
    started: Instant,
    /// Part of it spent waiting for quota.
    quota: Duration,
}

impl TimeSpent {
    /// Returns the time spent on anything but waiting for quota.
    fn without_quota(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.quota)
    }
}

impl Transport {
    pub(super) fn new(
        http: reqwest::Client,
        base: String,
        limiter: Limiter,
        retry_budget: RetryBudget,
        clock: ServerClock,
    ) -> Self {
        let (daily_quota, is_reached) = (DailyQuota::default(), Cell::new(false));
        let (redactor, outage) = (Redactor::default(), RefCell::default());
        let is_outage_logged = Cell::new(false);
        Self {
            http,
            base,
            limiter,
            clock,
            daily_quota,
            redactor,
            retry_budget,
            is_reached,
            outage,
            is_outage_logged,
        }
    }

    /// Sends a request until it gets a usable response, within its [`RetryBudget`]. Waits can be
    /// long, so the token's expiry is checked once the request has its permit.
    ///
    /// If `page` is given, a page that keeps failing at its size is requested with half as many
    /// records.
    pub(super) async fn send<T>(
        &self,
        request: &Request,
        page: Option<&ResizablePage<'_>>,
        token: Option<&AccessToken>,
        stats: &RequestStats,
        decode: &impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, RequestError> {
        if !is_read_only(&request.method, request.path()) {
            let path = request.path().to_owned();
            return Err(RequestError::NotARead { method: request.method.clone(), path });
        }
        let mut pending = PendingRequest::new(request, page);
        let mut spent = TimeSpent { started: Instant::now(), quota: Duration::ZERO };
        let seed = stats.requests().wrapping_mul(0x9E37_79B9) + 1;
        let mut backoff = Backoff::new(self.retry_budget(), seed);
        let mut quota_refusals = 0;
        let mut failing = None;
        loop {
            let request = &pending.request;
            self.check_daily_quota(request.bucket)?;
            let retry_budget = self.retry_budget();
            let permit = self.acquire(request, retry_budget.quota, &mut spent, stats).await?;
            self.check_daily_quota(request.bucket)?;
            pending.sent_at = Instant::now();
            if token.is_some_and(|token| token.is_due(pending.sent_at)) {
                return Err(RequestError::TokenDue);
            }
            stats.count_sent(request.bucket);
            let left = retry_budget.budget.saturating_sub(spent.without_quota());
            let time_limit = retry_budget.attempt.min(left);
            let result = {
                let _in_flight = stats.count_in_flight();
                let attempt =
                    self.attempt(request, token.map(|token| &token.token), permit, decode);
                timeout(time_limit, attempt)
                    .await
                    .unwrap_or(Err(AttemptError::TimedOut(time_limit)))
            };
            let failure = match result {
                Ok(value) => {
                    pending.record_success();
                    self.outage.take();
                    self.is_outage_logged.set(false);
                    return Ok(value);
                }
                Err(failure) => failure,
            };
            pending.record_failure(&failure);
            let cause = match retry_action(failure, &pending.failed(backoff.attempts() + 1)) {
                RetryAction::Fail(error) => return Err(error),
                RetryAction::ShrinkPage => {
                    pending.shrink_if_heavy(&"larger than any answer that is read");
                    stats.count_retry();
                    continue;
                }
                RetryAction::WaitForQuota { bucket, refusal }
                    if quota_refusals < MAX_QUOTA_REFUSALS =>
                {
                    quota_refusals += 1;
                    self.wait_for_quota(bucket, &refusal, &pending, &mut spent, stats).await?;
                    continue;
                }
                RetryAction::WaitForQuota { refusal, .. } => TransientError::Refused(refusal),
                RetryAction::Retry(cause) => cause,
            };
            let retry_budget = self.retry_budget();
            backoff.set_budget(retry_budget);
            let fault = self.record_failure(&cause, retry_budget.budget);
            let Some(wait) = backoff.next_wait(spent.without_quota(), cause.retry_after()) else {
                let (endpoint, attempts) = (pending.endpoint(), backoff.attempts());
                return Err(if pending.is_single_heavy_record() {
                    RequestError::SingleRecord { endpoint, attempts, last: cause.to_string() }
                } else {
                    let elapsed = spent.started.elapsed();
                    let is_reached = self.is_reached.get();
                    RequestError::Exhausted { endpoint, attempts, elapsed, last: cause, is_reached }
                });
            };
            pending.shrink_if_heavy(&cause);
            stats.count_retry();
            let request = &pending.request;
            log::debug!("{} {}: {cause}; again in {wait:?}", request.method, request.path());
            failing.get_or_insert_with(|| stats.count_failing());
            stats.set_fault(Fault {
                cause: fault,
                attempt: backoff.attempts() + 1,
                gives_up: Instant::now() + wait + backoff.expected_rest(spent.without_quota()),
            });
            let _backing_off = stats.count_backing_off();
            tokio::time::sleep(wait).await;
        }
    }

    /// Records a failure as the latest one and returns it as a sentence. The first failure to
    /// connect since the last success is logged, as is the first failure of a run.
    fn record_failure(&self, cause: &TransientError, budget: Duration) -> String {
        let words = cause.at_host(host(&self.base));
        let is_unconnected = matches!(cause, TransientError::NotConnected { .. });
        if (is_unconnected || !self.is_reached.get()) && !self.is_outage_logged.replace(true) {
            log::warn!("{words}; trying again for up to {} s", budget.as_secs());
        }
        self.outage.replace(Some(words.clone()));
        words
    }

    /// Returns the latest failure as a sentence, if no request has succeeded since.
    pub(super) fn outage(&self) -> Option<String> {
        self.outage.borrow().clone()
    }

    /// Returns the current retry budget of a request. It is shorter until the first response of the
    /// run, because a server that was never reached is probably misconfigured.
    pub(super) fn retry_budget(&self) -> RetryBudget {
        if self.is_reached.get() {
            self.retry_budget
        } else {
            self.retry_budget.at_most(RetryBudget::INTERACTIVE)
        }
    }

    /// Returns an error if the allowed share of the daily quota is used up. Token requests do not
    /// count against the daily quota.
    fn check_daily_quota(&self, bucket: Bucket) -> Result<(), RequestError> {
        match self.daily_quota.exceeded_share() {
            Some((usage, share)) if bucket != Bucket::Unlimited => {
                Err(RequestError::DayShare { usage, share })
            }
            _ => Ok(()),
        }
    }

    /// Waits for a permit of the request's bucket, at most for the rest of the quota budget.
    /// `budget` is the whole of it.
    async fn acquire(
        &self,
        request: &Request,
        budget: Duration,
        spent: &mut TimeSpent,
        stats: &RequestStats,
    ) -> Result<Option<Permit>, RequestError> {
        let _queued = stats.count_queued(request.bucket);
        let left = budget.saturating_sub(spent.quota);
        let acquired = timeout(left, self.limiter.acquire(request.bucket, stats.stream())).await;
        let Ok((permit, waited)) = acquired else {
            let endpoint = request.endpoint.clone();
            return Err(RequestError::Throttled { endpoint, waited: budget, retry_after: None });
        };
        spent.quota += waited;
        stats.add_quota_wait(waited);
        Ok(permit)
    }

    /// Cools down after a 429 for the quota of `bucket`, at most for the rest of the quota budget.
    async fn wait_for_quota(
        &self,
        bucket: Bucket,
        refusal: &Refusal,
        pending: &PendingRequest<'_>,
        spent: &mut TimeSpent,
        stats: &RequestStats,
    ) -> Result<(), RequestError> {
        stats.count_throttled();
        let _queued = stats.count_queued(bucket);
        let left = self.retry_budget().quota.saturating_sub(spent.quota);
        let started = Instant::now();
        let retry_after = refusal.retry_after;
        let is_exceeded = retry_after.is_some_and(|wait| wait > left)
            || timeout(left, self.cool_down(bucket, retry_after, pending)).await.is_err();
        spent.quota += started.elapsed();
        if is_exceeded {
            let (endpoint, waited) = (pending.endpoint(), spent.quota);
            return Err(RequestError::Throttled { endpoint, waited, retry_after });
        }
        Ok(())
    }

    /// Cools down a bucket. If it is not that of the request, the request itself waits too, since its
    /// own bucket would send it again at once.
    async fn cool_down(
        &self,
        bucket: Bucket,
        retry_after: Option<Duration>,
        pending: &PendingRequest<'_>,
    ) {
        if bucket == Bucket::Unlimited {
            tokio::time::sleep(retry_after.unwrap_or(UNTRACKED_QUOTA_WAIT)).await;
            return;
        }
        let cooldown = self.limiter.record_refusal(bucket, pending.sent_at, retry_after);
        if bucket != pending.request.bucket {
            tokio::time::sleep(cooldown).await;
        }
    }
}
