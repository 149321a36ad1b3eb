//! Rate limiter: decides when each request may be sent.
//!
//! # Model
//!
//! HubSpot counts requests in sliding windows, for example 190 within any ten seconds. A request
//! beyond the window is refused with status 429. The client sends as many requests as the window
//! allows and, if possible, never one more, so it predicts what the server counts.
//!
//! There are three quotas, each with its own window ([`Bucket`](crate::http::Bucket)):
//!
//! | bucket | requests | initial window | corrected by |
//! | --- | --- | --- | --- |
//! | `General` | all others | 100 in 10 s | headers of its responses |
//! | `Search` | searches | 5 in 1 s | nothing |
//! | `Associations` | batch reads of associations | 100 in 10 s | the size of the general window |
//! | `Unlimited` | token endpoints | none | |
//!
//! A bucket has a [`SlidingWindow`](window::SlidingWindow) of the requests that the server still
//! counts, a limit on requests in flight ([`concurrency`]), and a queue of waiting requests that is
//! fair among streams ([`queue`]). [`Limiter`] is the asynchronous part: it hands out a [`Permit`]
//! for each request. Everything else is synchronous and takes the current time as an argument.
//!
//! # Why is nothing being sent?
//!
//! A waiting request gets its permit once all of these hold, in the order in which
//! [`Scheduler::grant_next`](queue::Scheduler::grant_next) checks them:
//!
//! 1. Fewer than `num_worker` (configuration, default 40) requests are in flight over all buckets.
//! 2. Fewer requests of the bucket are in flight than its concurrency limit; after a refusal, and
//!    until the next accepted request, none is.
//! 3. The bucket is not cooling down after a 429.
//! 4. While its rate is throttled: the gap since the bucket's last request has passed.
//! 5. The window has room: our own requests that the server may still count, plus the usage by
//!    other clients, plus headroom for them, are fewer than 99 % of its size.
//! 6. All earlier waiters of the same stream have their permit, and it is the stream's turn.
//!
//! A 429 for one bucket never delays the requests of another. Outside of the limiter, a request may
//! wait for the backoff after a fault (`transport`), for the renewal of the access token (`token`),
//! or, before it exists, for the output queue. A used-up share of the daily quota does not delay
//! requests but fails them (`daily_quota`). `RequestStats::blocked_on` tells quota and fault apart,
//! and the progress display shows it.
//!
//! # Parameters
//!
//! | parameter | value | reason |
//! | --- | --- | --- |
//! | `JITTER_DIVISOR` | 1/25 of the window length: 0.4 s, 40 ms for searches | assumed variation of the time until a request arrives; doubled after each refusal, up to the window length |
//! | `CLOCK_TOLERANCE_DIVISOR` | 1/1,000 of the window length: 10 ms, 1 ms | two requests this close may arrive in either order |
//! | `RESERVE_DIVISOR` | 1/100 of the window size, rounded down: none of the search window | a new client of a full quota gets its first response without a refusal |
//! | `HEADROOM_DIVISOR` | as much as others use, at most 1/5 of our own usage | lets other clients grow until shares are equal |
//! | `POLL_DIVISOR` | 1/50 of the window length: 0.2 s | interval at which decreasing external usage is looked at |
//! | `MIN_RTT_SAMPLES` | 20 responses | before, the minimum round-trip time is not relied on |
//! | `EXTERNAL_SAMPLES` | 4 responses, of which the minimum counts | requests overtake each other, so a single count may be too high |
//! | `EXTERNAL_HOLD_DIVISOR` | 1/4 of the window length: 2.5 s | external usage is held this long, then decreases to zero over one window length |
//! | `COOLDOWN_DIVISOR` | 1/10 of the window length: 1 s, 0.1 s for searches | first cooldown; doubled with each refusal, up to the window length; `Retry-After` is a lower bound |
//! | `FIRST_SHARE` | 40 % of the rate | leaves room for one other client of the same kind, and a reserve |
//! | `SHARE_DECREASE` | factor 0.7 for each further refusal | multiplicative decrease |
//! | `SHARE_RECOVERY` | 0.25 % of the rate per second | additive increase: 40 % becomes 100 % in four minutes |
//! | `MIN_SHARE` | 10 % of the rate | a quota that another client has released is noticed |
//! | `HEADROOM_FACTOR` | 1.3 × rate × latency (Little's law) | requests catch up after a pause |
//! | `SPARE_REQUESTS` | 2 requests | with a very short latency, no quota is left unused |
//! | `INITIAL_LATENCY` | 500 ms | assumed before the first response |
//! | `LATENCY_WEIGHT` | 0.25 for the newest response | smooths the latency |
//! | `HEALTH_DECREASE`, `HEALTH_INCREASE` | factor 0.5 for each fault, +0.05 for each response, 0.05 to 1 | AIMD on the concurrency limit, so that a struggling server gets fewer requests at once |
//! | `IDLE_TIMEOUT` | 1 min | a connection unused for longer counts as closed; a new one delays the arrival of its first request by an unknown time |
//!
//! # With and without headers
//!
//! | | responses report the window (`General`) | they do not (`Search`, `Associations`) |
//! | --- | --- | --- |
//! | size | taken from each response | the initial size; for `Associations` derived from that of `General`, if the account's tier is known |
//! | usage by other clients | the reported count less our own requests | unknown |
//! | after a 429 | cooldown | cooldown, then a throttled rate |
//!
//! # Two processes
//!
//! Two processes with tokens of the same app share its windows without knowing of each other. With
//! headers, each sees the requests of the other as external usage and leaves room for them. The
//! headroom makes the process with more requests yield to the one with fewer, until both have about
//! half; the reserve lets a process that starts later get its first response. Without headers, the
//! only signal is a refusal: both throttle their rate and recover slowly, which converges to equal
//! shares (AIMD).
//!
//! # A 429
//!
//! The request releases its permit, and the server is assumed not to have counted it. The bucket
//! that the response names, or else that of the request, cools down. Requests that were in flight
//! together count as one refusal. The assumed jitter doubles. Without headers, the rate is throttled
//! too. When the cooldown ends, a single request is sent as a probe; if it is accepted, the others
//! follow. The refused request is queued again, which is not a failed attempt, but its time counts
//! towards the quota budget of the request (`RetryBudget::quota`).

mod concurrency;
mod limiter;
mod queue;
#[cfg(test)]
mod traffic;
mod window;

pub(crate) use limiter::{Limiter, Permit};
pub(crate) use queue::Limits;
pub use window::WindowUsage;
