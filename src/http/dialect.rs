//! What this module must be told about the service it talks to.

use http::Method;

/// The quotas that requests draw on, each with a window of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    General,
    Search,
    Associations,
    /// Token endpoints: not limited by a published figure.
    Free,
}

/// What the body of a refusal adds to its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Nothing beyond the status.
    Plain,
    /// A 401 because of the token's age: a new token, or just another try, will do.
    TokenExpired,
    /// A 429 that names the quota which is used up.
    UsedUp(Bucket),
    /// A 429 that no wait within this run can cure.
    DayUsedUp,
    /// A 403 that something else than the service has given, such as a proxy.
    NotTheService,
}

/// The service's ways, as values.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// May this request be sent at all? The gate that keeps the connector read-only.
    pub is_read: fn(&Method, &str) -> bool,
    /// Reads a refusal: status and body.
    pub reading: fn(u16, &[u8]) -> Reading,
    /// What a success says if it is an error all the same.
    pub said_in_success: fn(&[u8]) -> Option<String>,
    /// Header that tells the size of the general window.
    pub limit_header: &'static str,
    /// Header that tells what is left of it.
    pub remaining_header: &'static str,
    /// Headers that tell the size of the day, and what is left of it.
    pub daily_limit_header: &'static str,
    pub daily_remaining_header: &'static str,
    /// The size of the associations window of an account with a general window of this size, if
    /// that tells.
    pub associations_size: fn(u32) -> Option<u32>,
    /// Header with an id of the answer that support can look up.
    pub correlation_header: &'static str,
}
