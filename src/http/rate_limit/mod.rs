//! Rate limiter: decides when each request may be sent.
//!
//! HubSpot counts requests in sliding windows: 100 to 250 in ten seconds for most endpoints, 5 in
//! one second for search. Each such quota is a [`Bucket`](crate::http::Bucket) with
//!
//! - a [`SlidingWindow`]: the requests that the server still counts, as far as the client can know,
//!   plus the usage by other clients of the account ([`external_usage`]);
//! - a [`cooldown`] after a refusal, with exponential backoff;
//! - a [`throttled_rate`] (AIMD) for quotas that responses do not report;
//! - a [`concurrency`] limit (AIMD) on requests in flight, from rate times latency;
//! - a fair [`queue`]: round-robin over the streams that wait.
//!
//! | | responses report the window | responses do not |
//! |---|---|---|
//! | usage by other clients | the reported count less our own requests | unknown |
//! | after a refusal | cooldown | cooldown, then 40 % of the rate, recovering in 4 minutes |
//!
//! [`Limiter`] is the asynchronous part: it hands out a [`Permit`] for each request. Everything else
//! is synchronous and takes the current time as an argument.

mod concurrency;
mod cooldown;
mod external_usage;
mod limiter;
mod queue;
mod rtt;
mod state;
mod throttled_rate;
#[cfg(test)]
mod traffic;
mod window;

pub use limiter::{Limiter, Limits, Permit};
pub use window::{SlidingWindow, WindowUsage};
