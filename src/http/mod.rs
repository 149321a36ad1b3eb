//! HubSpot's HTTP client: authentication, rate limiting and retries.
//!
//! It knows the parts of HubSpot's API that concern every request: the quotas (`quota`) and the
//! headers that report them (`headers`), the requests that only read (`read_only`), and error
//! responses (`refusal`, `error_body`). Paths, pages and records are those of
//! [`hubspot`](crate::hubspot).
//!
//! A request passes [`Client::send`], which adds the token, and `Transport::send`, which is the only
//! retry loop and, apart from the limiter, the only place that waits. In each round it waits for a
//! permit (`rate_limit`), makes an attempt (`attempt`), and asks [`retry_action`] how to proceed after
//! a failure ([`AttemptError`]). The caller gets the decoded response or a [`RequestError`].
//!
//! Decisions are pure and can be tested on their own ([`retry_action`], [`Backoff`], [`AccessToken`],
//! the windows of `rate_limit`).

mod access_token;
mod attempt;
mod backoff;
mod client;
mod clock;
mod daily_quota;
mod error_body;
#[cfg(test)]
mod failing_servers;
mod headers;
mod page_size;
mod quota;
mod rate_limit;
mod read_only;
mod redact;
mod refusal;
mod request;
mod request_error;
mod retry;
mod roots;
mod stats;
mod token;
mod transport;
mod transport_error;

pub use access_token::{AccessToken, TokenGrant};
pub use attempt::BODY_CAP;
pub use backoff::{Backoff, RetryBudget};
pub use client::{Client, ClientOptions};
pub use clock::ServerClock;
pub use daily_quota::{DailyQuota, DailyQuotaUsage};
pub use error_body::{ErrorBody, reported_error};
pub use headers::ResponseHeaders;
pub use page_size::PageSize;
pub use quota::Bucket;
pub use rate_limit::WindowUsage;
pub use read_only::{READ_REQUESTS, ReadRequest, is_read_only};
pub use refusal::{ExhaustedQuota, Refusal};
pub use request::{Request, RequestBody, ResizablePage};
pub use request_error::{DecodeError, RequestError, TransientError};
pub use retry::{AttemptError, FailedRequest, RetryAction, retry_action};
pub use stats::{BlockedOn, Fault, RequestStats};
pub use token::{KeepToken, TokenProvider, TokenRefresher};
pub use transport_error::{NoConnection, TransportError};
