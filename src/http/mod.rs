//! HTTP client with authentication, rate limiting and retries.
//!
//! Decisions are pure and can be tested on their own ([`classify`], [`Backoff`], [`Window`],
//! [`Lease`]). `Transport::send` is the only retry loop and, apart from the limiter, the only place
//! that waits. Everything specific to the service is passed in as values ([`Dialect`]).

mod backoff;
mod broken;
#[cfg(test)]
mod cases;
mod client;
mod clock;
mod day;
mod dialect;
mod failure;
mod flight;
mod headers;
mod lanes;
mod latencies;
mod limiter;
mod meter;
mod others;
mod pace;
mod page_size;
mod pauses;
mod redact;
mod retry;
mod roots;
mod stop;
mod token;
#[cfg(test)]
mod traffic;
mod transport;
mod turns;
mod window;

pub use backoff::{Backoff, Patience};
pub use client::{Client, ClientOptions};
pub use clock::ServerClock;
pub use day::{Day, DayUse};
pub use dialect::{Bucket, Dialect, Reading};
pub use failure::{Failure, Refusal, Undecodable};
pub use headers::Headers;
pub use limiter::{Limiter, Limits, Place};
pub use meter::{Meter, Standstill};
pub use page_size::PageSize;
pub use retry::{Outcome, Verdict, classify};
pub use stop::Stop;
pub use token::{Grant, KeepToken, Lease, Renewal, Tokens};
pub use transport::{BODY_CAP, Body, Request, Resize};
pub use window::{Standing, Window};
