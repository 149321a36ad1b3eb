//! The one loop that sends: quota, attempt, verdict, wait.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Method;
use tokio::time::Instant;

use super::backoff::{Backoff, Patience};
use super::clock::ServerClock;
use super::dialect::{Bucket, Dialect, Reading};
use super::limiter::Limiter;
use super::meter::Meter;
use super::retry::{Outcome, Verdict, classify};
use crate::secret::Secret;

/// The largest body that is read. Far above any page: it bounds memory, not data.
const BODY_CAP: usize = 128 * 1024 * 1024;
/// Times a bucket may answer 429 to one request in a row: quota waits end by themselves, so only
/// a service that has stopped counting ever gets here.
const THROTTLED_CAP: u32 = 100;

/// One request, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// Path and query, beginning with `/`.
    pub target: String,
    pub body: Option<Body>,
    pub bucket: Bucket,
    /// What is asked for, in words for errors: "the list of deals".
    pub endpoint: String,
}

/// A request body with its media type.
#[derive(Debug, Clone)]
pub struct Body {
    pub content_type: &'static str,
    pub bytes: Bytes,
}

impl Request {
    /// The path alone: queries may hold personal data and never show up in logs.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// An answer that is no success.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub body: Bytes,
    pub correlation: Option<String>,
    pub method: Method,
    pub path: String,
}

impl Refusal {
    /// Is there nothing, or nothing any more, at the path?
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.status, 404 | 410)
    }
}

/// Why a success could not be used.
#[derive(Debug)]
pub enum Undecodable {
    /// Not whole, not JSON: it was damaged on the way, another attempt will do.
    Garbled(String),
    /// Whole, and not what we know of the endpoint: every attempt would look like this.
    Unexpected(crate::error::BoxError),
}

impl From<serde_json::Error> for Undecodable {
    fn from(error: serde_json::Error) -> Self {
        if error.is_data() {
            Self::Unexpected(error.into())
        } else {
            Self::Garbled(error.to_string())
        }
    }
}

/// Why a request got no usable answer.
#[derive(Debug)]
pub enum Failure {
    /// The service said no, and would again.
    Refused(Box<Refusal>),
    /// The token was called expired twice.
    TokenExpired(Box<Refusal>),
    /// The token endpoint granted no token.
    NoToken(Box<Refusal>),
    /// The day's requests are used up.
    DayUsedUp(Box<Refusal>),
    /// Patience came to its end.
    Exhausted { endpoint: String, attempts: u32, elapsed: Duration, last: String },
    /// A success with a content that makes no sense.
    Unexpected { endpoint: String, source: crate::error::BoxError },
    /// The connection cannot be made safe.
    Tls { problem: String, source: crate::error::BoxError },
    /// The request is not on the list of reads.
    NotARead { method: Method, path: String },
}

impl Failure {
    /// At the token endpoint, a refusal means that there is no token.
    pub(super) fn of_token_endpoint(self) -> Self {
        if let Self::Refused(refusal) = self { Self::NoToken(refusal) } else { self }
    }
}

/// Sends requests with a given token.
pub(crate) struct Transport {
    http: reqwest::Client,
    base: String,
    dialect: Dialect,
    pub(super) limiter: Limiter,
    pub(super) clock: ServerClock,
    patience: Patience,
}

/// One attempt's result.
enum Attempt<T> {
    Decoded(T),
    Refused { refusal: Refusal, reading: Reading, retry_after: Option<Duration> },
    Unexpected(crate::error::BoxError),
    Tls { problem: String, source: crate::error::BoxError },
    Broken(String),
}

impl Transport {
    pub(super) fn new(
        http: reqwest::Client,
        base: String,
        dialect: Dialect,
        limiter: Limiter,
        patience: Patience,
    ) -> Self {
        let clock = ServerClock::new(Instant::now());
        Self { http, base, dialect, limiter, clock, patience }
    }

    /// Sends until there is a usable answer or a reason to stop.
    pub(super) async fn send<T>(
        &self,
        request: &Request,
        bearer: Option<&Secret<String>>,
        meter: &Meter,
        decode: &impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Failure> {
        if !(self.dialect.is_read)(&request.method, request.path()) {
            let path = request.path().to_owned();
            return Err(Failure::NotARead { method: request.method.clone(), path });
        }
        let started = Instant::now();
        let mut backoff =
            Backoff::new(self.patience, meter.requests().wrapping_mul(0x9E37_79B9) + 1);
        let mut throttled = 0;
        loop {
            let (place, waited) = self.limiter.acquire(request.bucket).await;
            meter.waited_for_quota(waited);
            meter.sent(request.bucket);
            let attempt = self.attempt(request, bearer, decode).await;
            drop(place);
            let (verdict, last, refusal) = match attempt {
                Attempt::Decoded(value) => return Ok(value),
                Attempt::Unexpected(source) => {
                    return Err(Failure::Unexpected { endpoint: request.endpoint.clone(), source });
                }
                Attempt::Tls { problem, source } => return Err(Failure::Tls { problem, source }),
                Attempt::Broken(cause) => (classify(&Outcome::Broken), cause, None),
                Attempt::Refused { refusal, reading, retry_after } => {
                    let status = refusal.status;
                    let verdict = classify(&Outcome::Answer { status, retry_after, reading });
                    (verdict, format!("its last answer was {status}"), Some(Box::new(refusal)))
                }
            };
            let wait = match (verdict, refusal) {
                (Verdict::Fail, Some(refusal)) => return Err(Failure::Refused(refusal)),
                (Verdict::Reauthenticate, Some(refusal)) => {
                    return Err(Failure::TokenExpired(refusal));
                }
                (Verdict::DayUsedUp, Some(refusal)) => return Err(Failure::DayUsedUp(refusal)),
                (Verdict::Throttled(wait), _) if throttled < THROTTLED_CAP => {
                    throttled += 1;
                    meter.throttled();
                    self.limiter.pause(request.bucket, wait);
                    continue;
                }
                (Verdict::Retry(floor) | Verdict::Throttled(floor), _) => backoff.next(floor),
                (
                    Verdict::Done | Verdict::Fail | Verdict::Reauthenticate | Verdict::DayUsedUp,
                    _,
                ) => backoff.next(None),
            };
            let Some(wait) = wait else {
                return Err(Failure::Exhausted {
                    endpoint: request.endpoint.clone(),
                    attempts: backoff.attempts(),
                    elapsed: started.elapsed(),
                    last,
                });
            };
            meter.retried();
            log::debug!("{} {}: {last}; again in {wait:?}", request.method, request.path());
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt<T>(
        &self,
        request: &Request,
        bearer: Option<&Secret<String>>,
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
        let response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return broken(error),
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| header(name).and_then(|text| text.trim().parse::<u32>().ok());
        if let Some(date) = header("date") {
            self.clock.learn(date, asked_at);
        }
        if let (Some(limit), Some(remaining)) =
            (number(self.dialect.limit_header), number(self.dialect.remaining_header))
        {
            self.limiter.observe(Bucket::General, limit, remaining);
        }
        let body = match read_body(response).await {
            Ok(body) => body,
            Err(cause) => return Attempt::Broken(cause),
        };
        let correlation = header(self.dialect.correlation_header).map(str::to_owned);
        log::debug!(
            "{} {} {status} in {} ms, correlation {}",
            request.method,
            request.path(),
            asked_at.elapsed().as_millis(),
            correlation.as_deref().unwrap_or("none")
        );
        if (200..300).contains(&status) {
            return match decode(&body) {
                Ok(value) => Attempt::Decoded(value),
                Err(Undecodable::Garbled(cause)) => {
                    Attempt::Broken(format!("its last answer was damaged: {cause}"))
                }
                Err(Undecodable::Unexpected(source)) => Attempt::Unexpected(source),
            };
        }
        let retry_after = header("retry-after").and_then(seconds);
        let reading = (self.dialect.reading)(status, &body);
        let (method, path) = (request.method.clone(), request.path().to_owned());
        let refusal = Refusal { status, body, correlation, method, path };
        Attempt::Refused { refusal, reading, retry_after }
    }
}

/// `Retry-After` in its form with seconds, fractions allowed; the form with a date is not used
/// by HubSpot. A day is the longest wait it documents.
fn seconds(text: &str) -> Option<Duration> {
    const DAY: f64 = 86_400.0;
    let seconds = text.trim().parse::<f64>().ok().filter(|seconds| seconds.is_finite())?;
    Some(Duration::from_secs_f64(seconds.clamp(0.0, DAY)))
}

async fn read_body(mut response: reqwest::Response) -> Result<Bytes, String> {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= BODY_CAP => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(format!("its last answer was larger than {BODY_CAP} bytes")),
            Ok(None) => return Ok(body.freeze()),
            Err(error) => return Err(format!("its last answer broke off: {}", root_cause(&error))),
        }
    }
}

/// A connection that failed: for good if it cannot be made safe, otherwise worth another attempt.
fn broken<T>(error: reqwest::Error) -> Attempt<T> {
    let error = error.without_url();
    if let Some(problem) = tls_problem(&error) {
        return Attempt::Tls { problem, source: error.into() };
    }
    let cause = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        format!("the connection failed: {}", root_cause(&error))
    };
    Attempt::Broken(cause)
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

/// What rustls found wrong with the other side, if that is what ended the connection.
fn tls_problem(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(problem) = error.downcast_ref::<rustls::Error>() {
            return Some(problem.to_string());
        }
        // The source of an I/O error is that of the error inside, which it thereby skips.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_retry_after() {
        for (text, expected) in [
            ("3", Some(3.0)),
            (" 0.5 ", Some(0.5)),
            ("-4", Some(0.0)),
            ("999999999", Some(86_400.0)),
            ("NaN", None),
            ("Sat, 21 Nov 2026 08:00:10 GMT", None),
        ] {
            assert_eq!(seconds(text), expected.map(Duration::from_secs_f64), "{text}");
        }
    }

    #[test]
    fn finds_a_tls_problem_however_deep_it_is_wrapped() {
        use std::io::{Error, ErrorKind};
        let problem = rustls::Error::NoCertificatesPresented;
        let inner = Error::new(ErrorKind::InvalidData, problem.clone());
        assert_eq!(tls_problem(&Error::other(inner)), Some(problem.to_string()));
        assert_eq!(tls_problem(&Error::other("no route")), None);
    }
}
