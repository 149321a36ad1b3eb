//! The retry loop: acquires a permit, sends, classifies the result, and waits.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Method;
use tokio::time::{Instant, timeout};

use super::backoff::{Backoff, Patience};
use super::broken::{Broken, root_cause};
use super::clock::ServerClock;
use super::day::Day;
use super::dialect::{Bucket, Dialect, Reading};
use super::failure::{Failure, Refusal, Undecodable};
use super::headers::Headers;
use super::limiter::{Limiter, Place};
use super::meter::Meter;
use super::page_size::PageSize;
use super::redact::Redactor;
use super::retry::{Outcome, Verdict, classify};
use super::token::Lease;
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
    dialect: Dialect,
    pub(super) limiter: Limiter,
    pub(super) clock: ServerClock,
    pub(super) day: Day,
    pub(super) redactor: Redactor,
    patience: Patience,
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

/// Time that one request has used of its [`Patience`].
struct Spent {
    started: Instant,
    quota: Duration,
}

impl Spent {
    /// Returns the time used for anything but waiting for quota.
    fn working(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.quota)
    }
}

/// Result of one attempt.
enum Attempt<T> {
    Decoded(T),
    Refused {
        refusal: Refusal,
        reading: Reading,
        retry_after: Option<Duration>,
    },
    Unexpected(crate::error::BoxError),
    /// A success response that cannot be used. A retry may succeed.
    Unusable(String),
    TooLarge,
    /// The attempt exceeded this timeout.
    TimedOut(Duration),
    Broken(Broken),
}

/// The current request and its page size.
struct Asking<'a> {
    request: Cow<'a, Request>,
    resize: Option<&'a Resize<'a>>,
    /// Number of records requested, if it can be changed.
    size: Option<usize>,
    /// Consecutive failures that a smaller page may fix.
    heavy: u32,
}

impl<'a> Asking<'a> {
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
            | Attempt::Broken(_) => self.heavy = 0,
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
struct Again {
    wait: Wait,
    /// Description of the last failure.
    last: String,
    refusal: Option<Box<Refusal>>,
    /// The proxy's refusal, if it blocked the attempt.
    proxy: Option<crate::error::BoxError>,
    /// `true` if the response was a success that could not be used.
    answered: bool,
}

/// Kind of the wait, and its minimum if the service named one.
#[derive(Clone, Copy)]
enum Wait {
    Retry(Option<Duration>),
    /// A quota is exhausted.
    Throttled(Option<Duration>),
}

/// Consequence of an attempt that is not final.
enum Judged<T> {
    Decoded(T),
    /// A smaller page is requested without delay.
    Smaller,
    Again(Again),
}

impl<T> Attempt<T> {
    /// Decides how to proceed after an attempt. `attempts` is the number of failures before it.
    fn judge(self, asking: &mut Asking<'_>, attempts: u32) -> Result<Judged<T>, Failure> {
        let endpoint = asking.endpoint();
        let again = |last: String| Again {
            wait: Wait::Retry(None),
            last,
            refusal: None,
            proxy: None,
            answered: false,
        };
        Ok(Judged::Again(match self {
            Self::Decoded(value) => return Ok(Judged::Decoded(value)),
            Self::Unexpected(source) => return Err(Failure::Unexpected { endpoint, source }),
            Self::TooLarge if asking.shrink_if_heavy("larger than any answer that is read") => {
                return Ok(Judged::Smaller);
            }
            Self::TooLarge if asking.size.is_some() => {
                let last = format!("more than {} MB", BODY_CAP / 1024 / 1024);
                return Err(Failure::SingleRecord { endpoint, attempts: attempts + 1, last });
            }
            Self::TooLarge => return Err(Failure::TooLarge { endpoint }),
            Self::Broken(Broken::Tls { problem, source }) => {
                return Err(Failure::Tls { problem, source });
            }
            Self::Broken(Broken::ProxyWantsLogin(source)) => {
                return Err(Failure::Proxy { wants_login: true, source });
            }
            Self::Broken(Broken::ProxyRefuses(source)) => {
                Again { proxy: Some(source), ..again("the proxy refuses".to_owned()) }
            }
            Self::Broken(Broken::Passing(cause)) => again(cause),
            Self::Unusable(cause) => Again { answered: true, ..again(cause) },
            Self::TimedOut(most) => {
                again(format!("no whole answer within {:.0} s", most.as_secs_f64()))
            }
            Self::Refused { refusal, reading, retry_after } => {
                let status = refusal.status;
                let refusal = Box::new(refusal);
                let asks = retry_after.map(|wait| format!(", which asks to wait {wait:?}"));
                let last = format!("its last answer was {status}{}", asks.unwrap_or_default());
                let wait = match classify(&Outcome::Answer { status, retry_after, reading }) {
                    Verdict::Fail => return Err(Failure::Refused(refusal)),
                    Verdict::Reauthenticate => return Err(Failure::TokenExpired(refusal)),
                    Verdict::DayUsedUp => return Err(Failure::DayUsedUp(refusal)),
                    Verdict::Throttled(wait) => Wait::Throttled(wait),
                    Verdict::Retry(wait) => Wait::Retry(wait),
                    Verdict::Done => Wait::Retry(None),
                };
                Again { wait, refusal: Some(refusal), ..again(last) }
            }
        }))
    }
}

impl Transport {
    pub(super) fn new(
        http: reqwest::Client,
        base: String,
        dialect: Dialect,
        limiter: Limiter,
        patience: Patience,
        clock: ServerClock,
    ) -> Self {
        let (day, is_reached) = (Day::default(), AtomicBool::new(false));
        let redactor = Redactor::default();
        Self { http, base, dialect, limiter, clock, day, redactor, patience, is_reached }
    }

    /// Sends a request until it gets a usable response, within its [`Patience`]. Waits can be long,
    /// so the token's expiry is checked once the request has its permit.
    ///
    /// If `resize` is given, a page that keeps failing at its size is requested with half as many
    /// records.
    pub(super) async fn send<T>(
        &self,
        request: &Request,
        resize: Option<&Resize<'_>>,
        bearer: Option<&Lease>,
        meter: &Meter,
        decode: &impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Failure> {
        if !(self.dialect.is_read)(&request.method, request.path()) {
            let path = request.path().to_owned();
            return Err(Failure::NotARead { method: request.method.clone(), path });
        }
        let mut asking = Asking::new(request, resize);
        let mut spent = Spent { started: Instant::now(), quota: Duration::ZERO };
        let seed = meter.requests().wrapping_mul(0x9E37_79B9) + 1;
        let mut backoff = Backoff::new(self.patience(), seed);
        let mut throttled = 0;
        loop {
            let request = &asking.request;
            self.day_is_open(request.bucket)?;
            let patience = self.patience();
            let place = self.acquire(request, patience.quota, &mut spent, meter).await?;
            self.day_is_open(request.bucket)?;
            let sent_at = Instant::now();
            if bearer.is_some_and(|lease| lease.is_due(sent_at)) {
                return Err(Failure::TokenDue);
            }
            meter.sent(request.bucket);
            let token = bearer.map(|lease| &lease.token);
            let most = patience.attempt.min(patience.budget.saturating_sub(spent.working()));
            let attempt = {
                let _under_way = meter.under_way();
                let attempt = self.attempt(request, token, place, decode);
                timeout(most, attempt).await.unwrap_or(Attempt::TimedOut(most))
            };
            let named = attempt.used_up();
            asking.take_note(&attempt);
            let Again { wait: again, last, refusal, proxy, answered } =
                match attempt.judge(&mut asking, backoff.attempts())? {
                    Judged::Decoded(value) => return Ok(value),
                    Judged::Smaller => {
                        meter.repeated();
                        continue;
                    }
                    Judged::Again(again) => again,
                };
            let patience = self.patience();
            backoff.limit(patience);
            if backoff.attempts() == 0 && !self.is_reached.load(Relaxed) {
                let (base, budget) = (&self.base, patience.budget);
                log::warn!("no answer from {base}: {last}; trying again for up to {budget:?}");
            }
            if let Wait::Throttled(wait) = again
                && throttled < THROTTLED_CAP
            {
                throttled += 1;
                meter.throttled();
                let (bucket, left) =
                    (asking.request.bucket, patience.quota.saturating_sub(spent.quota));
                let _queued = meter.queued(named.unwrap_or(bucket));
                let began = Instant::now();
                let pause = self.pause(bucket, named, sent_at, wait);
                let is_over =
                    wait.is_some_and(|wait| wait > left) || timeout(left, pause).await.is_err();
                spent.quota += began.elapsed();
                if is_over {
                    let (endpoint, waited) = (asking.endpoint(), spent.quota);
                    return Err(Failure::Throttled { endpoint, waited, asked: wait });
                }
                continue;
            }
            let (Wait::Throttled(floor) | Wait::Retry(floor)) = again;
            let Some(wait) = backoff.next(spent.working(), floor) else {
                let (endpoint, attempts) = (asking.endpoint(), backoff.attempts());
                let elapsed = spent.started.elapsed();
                return Err(match proxy {
                    Some(source) => Failure::Proxy { wants_login: false, source },
                    None if asking.is_one_heavy_record() => {
                        Failure::SingleRecord { endpoint, attempts, last }
                    }
                    None => {
                        Failure::Exhausted { endpoint, attempts, elapsed, last, answered, refusal }
                    }
                });
            };
            asking.shrink_if_heavy(&last);
            meter.repeated();
            let request = &asking.request;
            log::debug!("{} {}: {last}; again in {wait:?}", request.method, request.path());
            let _faulty = meter.faulty();
            tokio::time::sleep(wait).await;
        }
    }

    /// Returns the current retry budget of a request. It is shorter until the first response of the
    /// run, because a service that was never reached is probably misconfigured.
    pub(super) fn patience(&self) -> Patience {
        if self.is_reached.load(Relaxed) {
            self.patience
        } else {
            self.patience.at_most(Patience::WIZARD)
        }
    }

    /// Waits for a permit of the request's bucket, at most for the rest of the quota budget.
    async fn acquire(
        &self,
        request: &Request,
        most: Duration,
        spent: &mut Spent,
        meter: &Meter,
    ) -> Result<Option<Place>, Failure> {
        let _queued = meter.queued(request.bucket);
        let left = most.saturating_sub(spent.quota);
        let acquired = timeout(left, self.limiter.acquire(request.bucket, meter.stream())).await;
        let Ok((place, waited)) = acquired else {
            let endpoint = request.endpoint.clone();
            return Err(Failure::Throttled { endpoint, waited: most, asked: None });
        };
        spent.quota += waited;
        meter.waited_for_quota(waited);
        Ok(place)
    }

    /// Returns an error if the allowed share of the daily quota is used up. Token requests do not
    /// count against the daily quota.
    fn day_is_open(&self, bucket: Bucket) -> Result<(), Failure> {
        match self.day.over() {
            Some((told, share)) if bucket != Bucket::Free => Err(Failure::DayShare { told, share }),
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
        mut place: Option<Place>,
        decode: &impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Attempt<T> {
        let attempt = self.exchange(request, bearer, &mut place, decode).await;
        if let Some(place) = place {
            place.finish(attempt.is_fault());
        }
        attempt
    }

    async fn exchange<T>(
        &self,
        request: &Request,
        bearer: Option<&Secret<String>>,
        place: &mut Option<Place>,
        decode: &impl Fn(&Bytes) -> Result<T, Undecodable>,
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
        if let Some(place) = place {
            place.send();
        }
        let response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return Attempt::Broken(Broken::of(error)),
        };
        self.is_reached.store(true, Relaxed);
        let status = response.status().as_u16();
        let map = response.headers().clone();
        let headers = Headers { map: &map, dialect: &self.dialect };
        self.take_note(headers, place, status == 429);
        let is_success = (200..300).contains(&status);
        let cap = if is_success { BODY_CAP } else { REFUSAL_CAP };
        let body = match read_body(response, cap).await {
            Ok((body, false)) => body,
            Ok((body, true)) if !is_success => body,
            Ok((_, true)) => return Attempt::TooLarge,
            Err(cause) => return Attempt::Broken(Broken::Passing(cause)),
        };
        let correlation = headers.correlation().map(|id| self.redactor.redact_text(id.to_owned()));
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
        let retry_after = headers.retry_after();
        let body = self.redactor.redact(body);
        let reading = (self.dialect.reading)(status, &body);
        let (method, path) = (request.method.clone(), request.path().to_owned());
        let refusal = Refusal { status, body, correlation, method, path };
        Attempt::Refused { refusal, reading, retry_after }
    }
}

impl Transport {
    /// Decides whether to retry after a success response that cannot be decoded: a body that
    /// reports an error, is incomplete, or is not JSON is requested again.
    fn unusable<T>(&self, why: Undecodable, status: u16, body: &Bytes) -> Attempt<T> {
        if let Some(said) = (self.dialect.said_in_success)(&self.redactor.redact(body.clone())) {
            return Attempt::Unusable(format!("its last answer was {status}, and said: {said}"));
        }
        match why {
            Undecodable::Unexpected(source) => {
                Attempt::Unexpected(self.redactor.redact_text(source.to_string()).into())
            }
            Undecodable::Garbled(cause) if is_json(body) => {
                Attempt::Unexpected(self.redactor.redact_text(cause).into())
            }
            Undecodable::Garbled(cause) => {
                let cause = self.redactor.redact_text(cause);
                Attempt::Unusable(format!("its last answer was damaged: {cause}"))
            }
            Undecodable::NotWhole(cause) => {
                let cause = self.redactor.redact_text(cause);
                Attempt::Unusable(format!("its last answer was not whole: {cause}"))
            }
        }
    }

    /// Updates clock, window and daily quota from the response headers.
    fn take_note(&self, headers: Headers<'_>, place: &mut Option<Place>, is_refused: bool) {
        if let Some(discord) = self.clock.learn(headers.date(), Instant::now()) {
            log::warn!("{}: {discord}", self.base);
        }
        if let Some(told) = headers.day() {
            self.day.observe(told);
        }
        let Some(place) = place else { return };
        // The headers describe the general window, so they only apply to requests of that bucket.
        let standing = headers.standing().filter(|_| place.bucket() == Bucket::General);
        if let Some(size) = standing.and_then(|told| (self.dialect.associations_size)(told.size)) {
            self.limiter.resize(Bucket::Associations, size);
        }
        place.answered(standing, is_refused);
    }
}

impl<T> Attempt<T> {
    /// Returns `true` if the service or the connection failed.
    fn is_fault(&self) -> bool {
        match self {
            Self::Broken(_)
            | Self::TimedOut(_)
            | Self::Unusable(_)
            | Self::Refused { reading: Reading::NotTheService, .. } => true,
            Self::Refused { refusal, .. } => refusal.status >= 500,
            Self::Decoded(_) | Self::Unexpected(_) | Self::TooLarge => false,
        }
    }

    /// Returns `true` if a page with fewer records may succeed.
    fn is_heavy(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => matches!(refusal.status, 500 | 502 | 504),
            Self::TooLarge | Self::TimedOut(_) => true,
            Self::Broken(_) | Self::Decoded(_) | Self::Unexpected(_) | Self::Unusable(_) => false,
        }
    }

    /// Returns the bucket that a refusal names as exhausted.
    fn used_up(&self) -> Option<Bucket> {
        if let Self::Refused { reading: Reading::UsedUp(bucket), .. } = self {
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
