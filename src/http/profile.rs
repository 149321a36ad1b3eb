//! Description of the service that the HTTP client talks to.

use http::Method;

/// Rate limit buckets, each with its own window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    General,
    Search,
    Associations,
    /// Token endpoints, which have no published limit.
    Free,
}

/// Meaning of an error response beyond its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Nothing beyond the status.
    Plain,
    /// A 401 because the token has expired. A new token, or a retry with the same one, may succeed.
    TokenExpired,
    /// A 429 that names the exhausted bucket.
    UsedUp(Bucket),
    /// A 429 for the daily quota, which no wait within this run can resolve.
    DayUsedUp,
    /// A 403 that does not come from the service itself, but for example from a proxy.
    NotTheService,
}

/// Profile of a service.
#[derive(Debug, Clone, Copy)]
pub struct ServiceProfile {
    /// Returns `true` if the request only reads. Other requests are never sent, which keeps the
    /// connector read-only.
    pub is_read: fn(&Method, &str) -> bool,
    /// Classifies an error response by its status and body.
    pub refusal_kind: fn(u16, &[u8]) -> RefusalKind,
    /// Returns the error message of a success response whose body reports an error.
    pub said_in_success: fn(&[u8]) -> Option<String>,
    /// Header with the size of the general window.
    pub limit_header: &'static str,
    /// Header with the number of requests left in the general window.
    pub remaining_header: &'static str,
    /// Headers with the daily limit and the number of requests left of it.
    pub daily_limit_header: &'static str,
    pub daily_remaining_header: &'static str,
    /// Returns the size of the associations window for a size of the general window, if it is
    /// known.
    pub associations_size: fn(u32) -> Option<u32>,
    /// Header with the correlation id of the response, for support requests.
    pub correlation_header: &'static str,
}
