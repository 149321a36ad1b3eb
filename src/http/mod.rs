//! Getting one answer for one request: token, quota, retries.
//!
//! Decisions are pure and testable alone ([`classify`], [`Backoff`], [`Window`], [`Lease`]);
//! `Transport::send` is the only loop and, with the limiter, the only
//! place that waits. What must be known of the
//! service comes in as values ([`Dialect`]): nothing here says HubSpot.

mod backoff;
mod client;
mod clock;
mod dialect;
mod limiter;
mod meter;
mod retry;
mod token;
mod transport;

pub use backoff::{Backoff, Patience};
pub use client::{Client, ClientOptions};
pub use clock::ServerClock;
pub use dialect::{Bucket, Dialect, Reading};
pub use limiter::{Limiter, Limits, Window};
pub use meter::Meter;
pub use retry::{Outcome, Verdict, classify};
pub use token::{Grant, Lease, Renewal, Tokens};
pub use transport::{Body, Failure, Refusal, Request, Undecodable};
