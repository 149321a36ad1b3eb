//! HTTP client with authentication, rate limiting and retries.
//!
//! Decisions are pure and can be tested on their own ([`classify`], [`Backoff`], [`SlidingWindow`],
//! [`AccessToken`]). `Transport::send` is the only retry loop and, apart from the limiter, the only place
//! that waits. Everything specific to the service is passed in as values ([`ServiceProfile`]).

mod backoff;
#[cfg(test)]
mod cases;
mod client;
mod clock;
mod daily_quota;
mod headers;
mod page_size;
mod profile;
mod rate_limit;
mod redact;
mod request_error;
mod retry;
mod roots;
mod stats;
mod token;
mod transport;
mod transport_error;

pub use backoff::{Backoff, RetryBudget};
pub use client::{Client, ClientOptions};
pub use clock::ServerClock;
pub use daily_quota::{DailyQuota, DailyQuotaUsage};
pub use headers::Headers;
pub use page_size::PageSize;
pub use profile::{Bucket, RefusalKind, ServiceProfile};
pub use rate_limit::{Limiter, Limits, Permit, SlidingWindow, WindowUsage};
pub use request_error::{DecodeError, ErrorResponse, RequestError};
pub use retry::{AttemptResult, RetryAction, classify};
pub use stats::{BlockedOn, RequestStats};
pub use token::{AccessToken, KeepToken, TokenGrant, TokenProvider, TokenRefresher};
pub use transport::{BODY_CAP, Body, Request, Resize};
