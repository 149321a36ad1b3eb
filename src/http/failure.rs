//! Why a request got no usable answer.

use std::time::Duration;

use bytes::Bytes;
use http::Method;

use super::day::DayUse;
use crate::error::BoxError;

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
    /// No JSON: it was damaged on the way, another attempt will do.
    Garbled(String),
    /// JSON that says, or shows, that it is not the whole answer: another attempt may bring that.
    NotWhole(String),
    /// Whole, and not what we know of the endpoint: every attempt would look like this.
    Unexpected(BoxError),
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
    /// While the request waited for its turn, the time came to renew the token: it was not sent.
    TokenDue,
    /// The token was called expired twice.
    TokenExpired(Box<Refusal>),
    /// A token that had just been granted was refused like the one before.
    NewTokenRefused(Box<Refusal>),
    /// The token endpoint granted no token.
    NoToken(Box<Refusal>),
    /// The day's requests are used up.
    DayUsedUp(Box<Refusal>),
    /// The account has used the share of its day that a sync may take it to, in percent.
    DayShare { told: DayUse, share: u32 },
    /// A stop was asked for.
    Stopped,
    /// Patience came to its end.
    Exhausted {
        endpoint: String,
        attempts: u32,
        elapsed: Duration,
        last: String,
        /// Was the last attempt answered by a success that could not be used?
        answered: bool,
        /// The last answer, if it was no success.
        refusal: Option<Box<Refusal>>,
    },
    /// A page of a single record could not be had, while larger ones failed too.
    SingleRecord { endpoint: String, attempts: u32, last: String },
    /// Waiting for quota took longer than the request may wait, or would.
    Throttled { endpoint: String, waited: Duration, asked: Option<Duration> },
    /// A success with a content that makes no sense.
    Unexpected { endpoint: String, source: BoxError },
    /// An answer larger than any that is meant.
    TooLarge { endpoint: String },
    /// A proxy on the way asks for a login, or does not let anything through.
    Proxy { wants_login: bool, source: BoxError },
    /// The connection cannot be made safe.
    Tls { problem: String, source: BoxError },
    /// The request is not on the list of reads.
    NotARead { method: Method, path: String },
}

impl Failure {
    /// At the token endpoint, a refusal means that there is no token.
    pub(super) fn of_token_endpoint(self) -> Self {
        if let Self::Refused(refusal) = self { Self::NoToken(refusal) } else { self }
    }
}
