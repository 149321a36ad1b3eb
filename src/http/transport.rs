//! The retry loop: acquires a permit, sends, classifies the result, and waits.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Method;
use tokio::time::{Instant, timeout};

use super::backoff::{Backoff, RetryBudget};
use super::clock::ServerClock;
use super::daily_quota::DailyQuota;
use super::headers::ResponseHeaders;
use super::page_size::PageSize;
use super::quota::{Bucket, associations_window_size};
use super::rate_limit::{Limiter, Permit};
use super::read_only::is_read_only;
use super::redact::Redactor;
use super::refusal::{RefusalKind, refusal_kind, said_in_success};
use super::request_error::{DecodeError, ErrorResponse, RequestError};
use super::retry::{AttemptResult, RetryAction, classify};
use super::stats::RequestStats;
use super::token::AccessToken;
use super::transport_error::{TransportError, root_cause};
use crate::secret::Secret;

/// Maximum size of a response body after decompression, in bytes. It bounds memory and is far above
/// the size of any page.
pub const BODY_CAP: usize = 64 * 1024 * 1024;
/// Maximum number of bytes read of an error response, whose message is near its beginning.
const REFUSAL_CAP: usize = 1024 * 1024;
/// Maximum number of 429 responses to one request that do not count as failures. Waits for quota
/// end by themselves, so only a service that no longer counts gets this far.
const THROTTLED_CAP: u32 = 100;
/// Wait after a 429 that concerns none of the tracked quotas, if there is no `Retry-After`.
const UNNAMED_WAIT: Duration = Duration::from_secs(1);

/// A request that can be sent any number of times.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// Path and query, starting with `/`.
    pub target: String,
    pub body: Option<Body>,
    pub bucket: Bucket,
    /// Description of the request for error messages, such as "the list of deals".
    pub endpoint: String,
}

/// A request body with its media type.
#[derive(Debug, Clone)]
pub struct Body {
    pub content_type: &'static str,
    pub bytes: Bytes,
}

impl Request {
    /// Returns the path without the query. Queries may hold personal data and are never logged.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// Sends requests with a given token.
pub(crate) struct Transport {
    http: reqwest::Client,
    base: String,
    pub(super) limiter: Limiter,
    pub(super) clock: ServerClock,
    pub(super) day: DailyQuota,
    pub(super) redactor: Redactor,
    retry_budget: RetryBudget,
    /// `true` once any request of this run got a response.
    is_reached: AtomicBool,
}

/// Builds a request for the same page with fewer records, for pages that fail because of their
/// size.
pub struct Resize<'a> {
    pub size: &'a PageSize,
    /// Number of records that the current request asks for.
    pub asked: usize,
    /// Builds the request for a number of records.
    pub request: &'a dyn Fn(usize) -> Request,
}

/// Consecutive failures at one page size after which a smaller page is requested.
const HEAVY: u32 = 2;

/// Time that one request has used of its [`RetryBudget`].
struct Elapsed {
    started: Instant,
    quota: Duration,
}

impl Elapsed {
    /// Returns the time used for anything but waiting for quota.
    fn working(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.quota)
    }
}

/// Result of one attempt.
enum Attempt<T> {
    Decoded(T),
    Refused {
        refusal: ErrorResponse,
        refusal_kind: RefusalKind,
        retry_after: Option<Duration>,
    },
    Unexpected(crate::error::BoxError),
    /// A success response that cannot be used. A retry may succeed.
    Unusable(String),
    TooLarge,
    /// The attempt exceeded this timeout.
    TimedOut(Duration),
    TransportError(TransportError),
}

/// The current request and its page size.
struct PendingRequest<'a> {
    request: Cow<'a, Request>,
    resize: Option<&'a Resize<'a>>,
    /// Number of records requested, if it can be changed.
    size: Option<usize>,
    /// Consecutive failures that a smaller page may fix.
    heavy: u32,
}

impl<'a> PendingRequest<'a> {
    fn new(request: &'a Request, resize: Option<&'a Resize<'a>>) -> Self {
        let size = resize.map(|resize| resize.asked);
        Self { request: Cow::Borrowed(request), resize, size, heavy: 0 }
    }

    fn endpoint(&self) -> String {
        self.request.endpoint.clone()
    }

    /// Records the result of an attempt. A page that exceeds the maximum body size is requested
    /// with fewer records at once.
    fn take_note<T>(&mut self, attempt: &Attempt<T>) {
        match attempt {
            Attempt::TooLarge => self.heavy = HEAVY,
            attempt if attempt.is_heavy() => self.heavy += 1,
            Attempt::Decoded(_)
            | Attempt::Refused { .. }
            | Attempt::Unexpected(_)
            | Attempt::Unusable(_)
            | Attempt::TimedOut(_)
            | Attempt::TransportError(_) => self.heavy = 0,
        }
        if let (Attempt::Decoded(_), Some(resize), Some(size)) = (attempt, self.resize, self.size) {
            resize.size.arrived(size);
        }
    }

    /// Returns `true` if a page of one record failed because of its size.
    fn is_one_heavy_record(&self) -> bool {
        self.heavy > 0 && self.size == Some(1)
    }

    /// Halves the page size if pages of the current size have failed often enough. Returns `true`
    /// if the request has changed.
    fn shrink_if_heavy(&mut self, last: &str) -> bool {
        let (true, Some(resize), Some(asked)) = (self.heavy >= HEAVY, self.resize, self.size)
        else {
            return false;
        };
        let Some(half) = resize.size.halve(asked) else { return false };
        log::info!("{}: {last}; next with {half} instead of {asked}", self.request.endpoint);
        (self.size, self.request) = (Some(half), Cow::Owned((resize.request)(half)));
        true
    }
}

/// Reason for a retry, and the wait before it.
struct Retry {
    wait: RetryWait,
    /// Description of the last failure.
    last: String,
    refusal: Option<Box<ErrorResponse>>,
    /// The proxy's refusal, if it blocked the attempt.
    proxy: Option<crate::error::BoxError>,
    /// `true` if the response was a success that could not be used.
    answered: bool,
}

/// Kind of the wait, and its minimum if the service named one.
#[derive(Clone, Copy)]
enum RetryWait {
    Retry(Option<Duration>),
    /// A quota is exhausted.
    Throttled(Option<Duration>),
}

/// Consequence of an attempt that is not final.
enum Decision<T> {
    Decoded(T),
    /// A smaller page is requested without delay.
    Smaller,
    Retry(Retry),
}

impl<T> Attempt<T> {
    /// Decides how to proceed after an attempt. `attempts` is the number of failures before it.
    fn decide(
        self,
        pending: &mut PendingRequest<'_>,
        attempts: u32,
    ) -> Result<Decision<T>, RequestError> {
        let endpoint = pending.endpoint();
        let again = |last: String| Retry {
            wait: RetryWait::Retry(None),
            last,
            refusal: None,
            proxy: None,
            answered: false,
        };
        Ok(Decision::Retry(match self {
            Self::Decoded(value) => return Ok(Decision::Decoded(value)),
            Self::Unexpected(source) => return Err(RequestError::Unexpected { endpoint, source }),
            Self::TooLarge if pending.shrink_if_heavy("larger than any answer that is read") => {
                return Ok(Decision::Smaller);
            }
            Self::TooLarge if pending.size.is_some() => {
                let last = format!("more than {} MB", BODY_CAP / 1024 / 1024);
                return Err(RequestError::SingleRecord { endpoint, attempts: attempts + 1, last });
            }
            Self::TooLarge => return Err(RequestError::TooLarge { endpoint }),
            Self::TransportError(TransportError::Tls { problem, source }) => {
                return Err(RequestError::Tls { problem, source });
            }
            Self::TransportError(TransportError::ProxyWantsLogin(source)) => {
                return Err(RequestError::Proxy { wants_login: true, source });
            }
            Self::TransportError(TransportError::ProxyRefuses(source)) => {
                Retry { proxy: Some(source), ..again("the proxy refuses".to_owned()) }
            }
            Self::TransportError(TransportError::Transient(cause)) => again(cause),
            Self::Unusable(cause) => Retry { answered: true, ..again(cause) },
            Self::TimedOut(most) => {
                again(format!("no whole answer within {:.0} s", most.as_secs_f64()))
            }
            Self::Refused { refusal, refusal_kind, retry_after } => {
                let status = refusal.status;
                let refusal = Box::new(refusal);
                let asks = retry_after.map(|wait| format!(", which asks to wait {wait:?}"));
                let last = format!("its last answer was {status}{}", asks.unwrap_or_default());
                let wait =
                    match classify(&AttemptResult::Answer { status, retry_after, refusal_kind }) {
                        RetryAction::Fail => return Err(RequestError::Refused(refusal)),
                        RetryAction::RefreshToken => {
                            return Err(RequestError::TokenExpired(refusal));
                        }
                        RetryAction::DayUsedUp => return Err(RequestError::DayUsedUp(refusal)),
                        RetryAction::Throttled(wait) => RetryWait::Throttled(wait),
                        RetryAction::Retry(wait) => RetryWait::Retry(wait),
                        RetryAction::Done => RetryWait::Retry(None),
                    };
                Retry { wait, refusal: Some(refusal), ..again(last) }
            }
        }))
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
        let (day, is_reached) = (DailyQuota::default(), AtomicBool::new(false));
        let redactor = Redactor::default();
        Self { http, base, limiter, clock, day, redactor, retry_budget, is_reached }
    }

    /// Sends a request until it gets a usable response, within its [`RetryBudget`]. Waits can be long,
    /// so the token's expiry is checked once the request has its permit.
    ///
    /// If `resize` is given, a page that keeps failing at its size is requested with half as many
    /// records.
    pub(super) async fn send<T>(
        &self,
        request: &Request,
        resize: Option<&Resize<'_>>,
        bearer: Option<&AccessToken>,
        stats: &RequestStats,
        decode: &impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, RequestError> {
        if !is_read_only(&request.method, request.path()) {
            let path = request.path().to_owned();
            return Err(RequestError::NotARead { method: request.method.clone(), path });
        }
        let mut pending = PendingRequest::new(request, resize);
        let mut elapsed_time = Elapsed { started: Instant::now(), quota: Duration::ZERO };
        let seed = stats.requests().wrapping_mul(0x9E37_79B9) + 1;
        let mut backoff = Backoff::new(self.retry_budget(), seed);
        let mut throttled = 0;
        loop {
            let request = &pending.request;
            self.check_daily_quota(request.bucket)?;
            let retry_budget = self.retry_budget();
            let permit =
                self.acquire(request, retry_budget.quota, &mut elapsed_time, stats).await?;
            self.check_daily_quota(request.bucket)?;
            let sent_at = Instant::now();
            if bearer.is_some_and(|lease| lease.is_due(sent_at)) {
                return Err(RequestError::TokenDue);
            }
            stats.sent(request.bucket);
            let token = bearer.map(|lease| &lease.token);
            let most = retry_budget
                .attempt
                .min(retry_budget.budget.saturating_sub(elapsed_time.working()));
            let attempt = {
                let _under_way = stats.under_way();
                let attempt = self.attempt(request, token, permit, decode);
                timeout(most, attempt).await.unwrap_or(Attempt::TimedOut(most))
            };
            let named = attempt.used_up();
            pending.take_note(&attempt);
            let Retry { wait: again, last, refusal, proxy, answered } =
                match attempt.decide(&mut pending, backoff.attempts())? {
                    Decision::Decoded(value) => return Ok(value),
                    Decision::Smaller => {
                        stats.repeated();
                        continue;
                    }
                    Decision::Retry(again) => again,
                };
            let retry_budget = self.retry_budget();
            backoff.limit(retry_budget);
            if backoff.attempts() == 0 && !self.is_reached.load(Relaxed) {
                let (base, budget) = (&self.base, retry_budget.budget);
                log::warn!("no answer from {base}: {last}; trying again for up to {budget:?}");
            }
            if let RetryWait::Throttled(wait) = again
                && throttled < THROTTLED_CAP
            {
                throttled += 1;
                stats.throttled();
                let (bucket, left) =
                    (pending.request.bucket, retry_budget.quota.saturating_sub(elapsed_time.quota));
                let _queued = stats.queued(named.unwrap_or(bucket));
                let began = Instant::now();
                let pause = self.pause(bucket, named, sent_at, wait);
                let is_over =
                    wait.is_some_and(|wait| wait > left) || timeout(left, pause).await.is_err();
                elapsed_time.quota += began.elapsed();
                if is_over {
                    let (endpoint, waited) = (pending.endpoint(), elapsed_time.quota);
                    return Err(RequestError::Throttled { endpoint, waited, asked: wait });
                }
                continue;
            }
            let (RetryWait::Throttled(floor) | RetryWait::Retry(floor)) = again;
            let Some(wait) = backoff.next(elapsed_time.working(), floor) else {
                let (endpoint, attempts) = (pending.endpoint(), backoff.attempts());
                let elapsed = elapsed_time.started.elapsed();
                return Err(match proxy {
                    Some(source) => RequestError::Proxy { wants_login: false, source },
                    None if pending.is_one_heavy_record() => {
                        RequestError::SingleRecord { endpoint, attempts, last }
                    }
                    None => RequestError::Exhausted {
                        endpoint,
                        attempts,
                        elapsed,
                        last,
                        answered,
                        refusal,
                    },
                });
            };
            pending.shrink_if_heavy(&last);
            stats.repeated();
            let request = &pending.request;
            log::debug!("{} {}: {last}; again in {wait:?}", request.method, request.path());
            let _faulty = stats.faulty();
            tokio::time::sleep(wait).await;
        }
    }

    /// Returns the current retry budget of a request. It is shorter until the first response of the
    /// run, because a service that was never reached is probably misconfigured.
    pub(super) fn retry_budget(&self) -> RetryBudget {
        if self.is_reached.load(Relaxed) {
            self.retry_budget
        } else {
            self.retry_budget.at_most(RetryBudget::INTERACTIVE)
        }
    }

    /// Waits for a permit of the request's bucket, at most for the rest of the quota budget.
    async fn acquire(
        &self,
        request: &Request,
        most: Duration,
        elapsed_time: &mut Elapsed,
        stats: &RequestStats,
    ) -> Result<Option<Permit>, RequestError> {
        let _queued = stats.queued(request.bucket);
        let left = most.saturating_sub(elapsed_time.quota);
        let acquired = timeout(left, self.limiter.acquire(request.bucket, stats.stream())).await;
        let Ok((permit, waited)) = acquired else {
            let endpoint = request.endpoint.clone();
            return Err(RequestError::Throttled { endpoint, waited: most, asked: None });
        };
        elapsed_time.quota += waited;
        stats.waited_for_quota(waited);
        Ok(permit)
    }

    /// Returns an error if the allowed share of the daily quota is used up. Token requests do not
    /// count against the daily quota.
    fn check_daily_quota(&self, bucket: Bucket) -> Result<(), RequestError> {
        match self.day.over() {
            Some((told, share)) if bucket != Bucket::Free => {
                Err(RequestError::DayShare { told, share })
            }
            _ => Ok(()),
        }
    }

    /// Cools down the bucket that a refusal names, or else that of the request. If they differ, the
    /// request itself waits too, since its own bucket would send it again at once.
    async fn pause(
        &self,
        own: Bucket,
        named: Option<Bucket>,
        sent_at: Instant,
        wait: Option<Duration>,
    ) {
        let bucket = named.unwrap_or(own);
        if bucket == Bucket::Free {
            tokio::time::sleep(wait.unwrap_or(UNNAMED_WAIT)).await;
            return;
        }
        let pause = self.limiter.refused(bucket, sent_at, wait);
        if bucket != own {
            tokio::time::sleep(pause).await;
        }
    }

    /// Makes one attempt and releases its permit at the end.
    async fn attempt<T>(
        &self,
        request: &Request,
        bearer: Option<&Secret<String>>,
        mut permit: Option<Permit>,
        decode: &impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Attempt<T> {
        let attempt = self.exchange(request, bearer, &mut permit, decode).await;
        if let Some(permit) = permit {
            permit.finish(attempt.is_fault());
        }
        attempt
    }

    async fn exchange<T>(
        &self,
        request: &Request,
        bearer: Option<&Secret<String>>,
        permit: &mut Option<Permit>,
        decode: &impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Attempt<T> {
        let asked_at = Instant::now();
        let mut builder =
            self.http.request(request.method.clone(), format!("{}{}", self.base, request.target));
        if let Some(token) = bearer {
            builder = builder.bearer_auth(token.expose());
        }
        if let Some(body) = &request.body {
            builder = builder
                .header(http::header::CONTENT_TYPE, body.content_type)
                .body(body.bytes.clone());
        }
        if let Some(permit) = permit {
            permit.send();
        }
        let response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return Attempt::TransportError(TransportError::of(error)),
        };
        self.is_reached.store(true, Relaxed);
        let status = response.status().as_u16();
        let headers = ResponseHeaders::parse(response.headers());
        self.take_note(&headers, permit, status == 429);
        let is_success = (200..300).contains(&status);
        let cap = if is_success { BODY_CAP } else { REFUSAL_CAP };
        let body = match read_body(response, cap).await {
            Ok((body, false)) => body,
            Ok((body, true)) if !is_success => body,
            Ok((_, true)) => return Attempt::TooLarge,
            Err(cause) => return Attempt::TransportError(TransportError::Transient(cause)),
        };
        let correlation = headers.correlation_id.map(|id| self.redactor.redact_text(id));
        log::debug!(
            "{} {} {status} in {} ms, correlation {}",
            request.method,
            request.path(),
            asked_at.elapsed().as_millis(),
            correlation.as_deref().unwrap_or("none")
        );
        if is_success {
            let unusable = |why| self.unusable(why, status, &body);
            return decode(&body).map_or_else(unusable, Attempt::Decoded);
        }
        let retry_after = headers.retry_after;
        let body = self.redactor.redact(body);
        let refusal_kind = refusal_kind(status, &body);
        let (method, path) = (request.method.clone(), request.path().to_owned());
        let refusal = ErrorResponse { status, body, correlation, method, path };
        Attempt::Refused { refusal, refusal_kind, retry_after }
    }
}

impl Transport {
    /// Decides whether to retry after a success response that cannot be decoded: a body that
    /// reports an error, is incomplete, or is not JSON is requested again.
    fn unusable<T>(&self, why: DecodeError, status: u16, body: &Bytes) -> Attempt<T> {
        if let Some(said) = said_in_success(&self.redactor.redact(body.clone())) {
            return Attempt::Unusable(format!("its last answer was {status}, and said: {said}"));
        }
        match why {
            DecodeError::Unexpected(source) => {
                Attempt::Unexpected(self.redactor.redact_text(source.to_string()).into())
            }
            DecodeError::Malformed(cause) if is_json(body) => {
                Attempt::Unexpected(self.redactor.redact_text(cause).into())
            }
            DecodeError::Malformed(cause) => {
                let cause = self.redactor.redact_text(cause);
                Attempt::Unusable(format!("its last answer was damaged: {cause}"))
            }
            DecodeError::Incomplete(cause) => {
                let cause = self.redactor.redact_text(cause);
                Attempt::Unusable(format!("its last answer was not whole: {cause}"))
            }
        }
    }

    /// Updates clock, window and daily quota from the response headers.
    fn take_note(&self, headers: &ResponseHeaders, permit: &mut Option<Permit>, is_refused: bool) {
        if let Some(skew) = self.clock.learn(headers.date.as_deref(), Instant::now()) {
            log::warn!("{}: {skew}", self.base);
        }
        if let Some(usage) = headers.daily_usage {
            self.day.observe(usage);
        }
        let Some(permit) = permit else { return };
        // The headers describe the general window, so they only apply to requests of that bucket.
        let usage = headers.window_usage.filter(|_| permit.bucket() == Bucket::General);
        if let Some(size) = usage.and_then(|usage| associations_window_size(usage.size)) {
            self.limiter.resize(Bucket::Associations, size);
        }
        permit.answered(usage, is_refused);
    }
}

impl<T> Attempt<T> {
    /// Returns `true` if the service or the connection failed.
    fn is_fault(&self) -> bool {
        match self {
            Self::TransportError(_)
            | Self::TimedOut(_)
            | Self::Unusable(_)
            | Self::Refused { refusal_kind: RefusalKind::NotHubSpot, .. } => true,
            Self::Refused { refusal, .. } => refusal.status >= 500,
            Self::Decoded(_) | Self::Unexpected(_) | Self::TooLarge => false,
        }
    }

    /// Returns `true` if a page with fewer records may succeed.
    fn is_heavy(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => matches!(refusal.status, 500 | 502 | 504),
            Self::TooLarge | Self::TimedOut(_) => true,
            Self::TransportError(_)
            | Self::Decoded(_)
            | Self::Unexpected(_)
            | Self::Unusable(_) => false,
        }
    }

    /// Returns the bucket that a refusal names as exhausted.
    fn used_up(&self) -> Option<Bucket> {
        if let Self::Refused { refusal_kind: RefusalKind::UsedUp(bucket), .. } = self {
            Some(*bucket)
        } else {
            None
        }
    }
}

/// Returns `true` if the body is one complete JSON value. A syntax error reported for such a body
/// means an unexpected shape, not damage.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// Reads the decompressed body. Returns it, truncated to `cap` bytes, and `true` if it was longer.
async fn read_body(mut response: reqwest::Response, cap: usize) -> Result<(Bytes, bool), String> {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= cap => body.extend_from_slice(&chunk),
            Ok(Some(chunk)) => {
                body.extend_from_slice(chunk.get(..cap - body.len()).unwrap_or_default());
                return Ok((body.freeze(), true));
            }
            Ok(None) => return Ok((body.freeze(), false)),
            Err(error) => return Err(format!("its last answer broke off: {}", root_cause(&error))),
        }
    }
}
