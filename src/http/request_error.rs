//! Errors of requests that got no usable response.

use std::time::Duration;

use http::Method;

use super::daily_quota::DailyQuotaUsage;
use super::refusal::Refusal;
use super::transport_error::NoConnection;
use crate::error::BoxError;

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

/// Failure of an attempt after which a retry may succeed. `Display` describes it in messages.
#[derive(Debug, thiserror::Error)]
pub enum TransientError {
    #[error("its last answer was {}{}", .0.status, requested_wait(.0))]
    Refused(Box<Refusal>),
    #[error("{0}")]
    Unusable(String),
    #[error("no whole answer within {:.0} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// No connection to the host could be made.
    #[error("{cause}")]
    NotConnected { reason: NoConnection, cause: String },
    /// The connection was interrupted.
    #[error("{0}")]
    ConnectionFailed(String),
    /// A proxy refused to connect to the host.
    #[error("the proxy refuses")]
    ProxyRefused(BoxError),
}

impl TransientError {
    /// Returns the error response, if there is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Unusable(_)
            | Self::TimedOut(_)
            | Self::NotConnected { .. }
            | Self::ConnectionFailed(_)
            | Self::ProxyRefused(_) => None,
        }
    }

    /// Describes the failure as that of a host, for people who wait for it.
    pub(super) fn at_host(&self, host: &str) -> String {
        match self {
            Self::NotConnected { reason, cause } => {
                let reason = match reason {
                    NoConnection::HostNotFound => "the name of the host is not known",
                    NoConnection::Refused => "connection refused",
                    NoConnection::ProxyUnreachable => "the proxy in HTTPS_PROXY does not answer",
                    NoConnection::TimedOut => "no answer in time",
                    NoConnection::Other => cause,
                };
                format!("cannot reach {host}: {reason}")
            }
            Self::ProxyRefused(_) => format!("cannot reach {host}: the proxy refuses"),
            Self::Refused(_)
            | Self::Unusable(_)
            | Self::TimedOut(_)
            | Self::ConnectionFailed(_) => format!("{host} fails: {self}"),
        }
    }

    /// Returns the minimum wait before a retry, if a response stated one.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.refusal()?.retry_after
    }
}

fn requested_wait(refusal: &Refusal) -> String {
    let wait = refusal.retry_after.map(|wait| format!(", which asks to wait {wait:?}"));
    wait.unwrap_or_default()
}

/// Reason why a request got no usable response.
#[derive(Debug)]
pub enum RequestError {
    /// HubSpot refused the request. A retry would not help.
    Refused(Box<Refusal>),
    /// The token was due for renewal before the request got its permit, so it was not sent.
    TokenDue,
    /// HubSpot reported the token as expired. `Client::send` returns this only after one
    /// replacement.
    TokenExpired(Box<Refusal>),
    /// A token that had just been granted was refused, like the one before it.
    NewTokenRefused(Box<Refusal>),
    /// The token endpoint granted no token.
    NoToken(Box<Refusal>),
    /// The daily quota is used up.
    DayUsedUp(Box<Refusal>),
    /// The account has used the share of its daily quota, in percent, up to which a sync may run.
    DayShare { usage: DailyQuotaUsage, share: u32 },
    /// A stop was requested.
    Stopped,
    /// The retry budget is exhausted. `is_reached` is `true` if any request of the run got a
    /// response.
    Exhausted {
        endpoint: String,
        attempts: u32,
        elapsed: Duration,
        last: TransientError,
        is_reached: bool,
    },
    /// A page of a single record could not be read, and no smaller page can be requested.
    SingleRecord { endpoint: String, attempts: u32, last: String },
    /// Waiting for quota took, or would take, longer than the retry budget allows. `retry_after` is
    /// the wait that the last response stated.
    Throttled { endpoint: String, waited: Duration, retry_after: Option<Duration> },
    /// The content of a success response is not of the expected shape.
    Unexpected { endpoint: String, source: BoxError },
    /// The response exceeds the maximum body size.
    TooLarge { endpoint: String },
    /// A proxy requires authentication.
    ProxyLogin(BoxError),
    /// The TLS connection could not be established.
    Tls { problem: String, source: BoxError },
    /// The request is not on the list of read-only requests.
    NotARead { method: Method, path: String },
}

impl RequestError {
    /// Returns the error response, if HubSpot refused the request itself.
    pub fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused(refusal) = self { Some(refusal) } else { None }
    }

    /// Converts a refusal by the token endpoint into `NoToken`.
    pub(super) fn into_no_token(self) -> Self {
        if let Self::Refused(refusal) = self { Self::NoToken(refusal) } else { self }
    }
}
