//! Errors of requests that got no usable response.

use std::time::Duration;

use bytes::Bytes;
use http::Method;

use super::daily_quota::DailyQuotaUsage;
use crate::error::BoxError;

/// An error response.
#[derive(Debug)]
pub struct ErrorResponse {
    pub status: u16,
    pub body: Bytes,
    pub correlation: Option<String>,
    pub method: Method,
    pub path: String,
}

impl ErrorResponse {
    /// Returns `true` if the path does not exist, or no longer exists (404, 410).
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.status, 404 | 410)
    }
}

/// Reason why a success response could not be used.
#[derive(Debug)]
pub enum DecodeError {
    /// Not JSON: the body was damaged in transit. A retry may succeed.
    Malformed(String),
    /// JSON that is incomplete, or reports that it is. A retry may succeed.
    Incomplete(String),
    /// Complete, but not of the expected shape. A retry would not help.
    Unexpected(BoxError),
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_data() {
            Self::Unexpected(error.into())
        } else {
            Self::Malformed(error.to_string())
        }
    }
}

/// Reason why a request got no usable response.
#[derive(Debug)]
pub enum RequestError {
    /// The service refused the request. A retry would not help.
    Refused(Box<ErrorResponse>),
    /// The token was due for renewal before the request got its permit, so it was not sent.
    TokenDue,
    /// The service reported the token as expired. `Client::send` returns this only after one
    /// replacement.
    TokenExpired(Box<ErrorResponse>),
    /// A token that had just been granted was refused, like the one before it.
    NewTokenRefused(Box<ErrorResponse>),
    /// The token endpoint granted no token.
    NoToken(Box<ErrorResponse>),
    /// The daily quota is used up.
    DayUsedUp(Box<ErrorResponse>),
    /// The account has used the share of its daily quota, in percent, up to which a sync may run.
    DayShare { told: DailyQuotaUsage, share: u32 },
    /// A stop was requested.
    Stopped,
    /// The retry budget is exhausted.
    Exhausted {
        endpoint: String,
        attempts: u32,
        elapsed: Duration,
        last: String,
        /// `true` if the last response was a success that could not be used.
        answered: bool,
        /// The last response, if it was an error.
        refusal: Option<Box<ErrorResponse>>,
    },
    /// A page of a single record could not be read, and no smaller page can be requested.
    SingleRecord { endpoint: String, attempts: u32, last: String },
    /// Waiting for quota took, or would take, longer than the retry budget allows.
    Throttled { endpoint: String, waited: Duration, asked: Option<Duration> },
    /// The content of a success response is not of the expected shape.
    Unexpected { endpoint: String, source: BoxError },
    /// The response exceeds the maximum body size.
    TooLarge { endpoint: String },
    /// A proxy requires authentication or refuses the connection.
    Proxy { wants_login: bool, source: BoxError },
    /// The TLS connection could not be established.
    Tls { problem: String, source: BoxError },
    /// The request is not on the list of read-only requests.
    NotARead { method: Method, path: String },
}

impl RequestError {
    /// Converts a refusal by the token endpoint into `NoToken`.
    pub(super) fn of_token_endpoint(self) -> Self {
        if let Self::Refused(refusal) = self { Self::NoToken(refusal) } else { self }
    }
}
