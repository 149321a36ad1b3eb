//! Decides how to proceed after each attempt of a request.

use std::time::Duration;

use super::refusal::RefusalKind;

/// Outcome of one attempt.
#[derive(Debug, Clone, Copy)]
pub enum AttemptResult {
    /// A complete response.
    Answer { status: u16, retry_after: Option<Duration>, refusal_kind: RefusalKind },
    /// The connection failed before or during the response, or timed out.
    TransportError,
}

/// Action to take after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAction {
    /// Return the response to the caller.
    Done,
    /// Retry after at least this long, or after the backoff's own wait.
    Retry(Option<Duration>),
    /// The bucket is exhausted: cool down for at least this long, or for a time that grows with
    /// each refusal, then retry.
    Throttled(Option<Duration>),
    /// Retry once with a new token.
    RefreshToken,
    /// No request will be accepted before midnight.
    DayUsedUp,
    /// Return the error response to the caller; a retry would not help.
    Fail,
}

/// Returns the action for the outcome of an attempt. Every status is covered.
pub fn classify(outcome: &AttemptResult) -> RetryAction {
    match *outcome {
        AttemptResult::TransportError => RetryAction::Retry(None),
        AttemptResult::Answer { status, retry_after, refusal_kind } => {
            match (status, refusal_kind) {
                (200..=299, _) => RetryAction::Done,
                (401, RefusalKind::TokenExpired) => RetryAction::RefreshToken,
                (429, RefusalKind::DayUsedUp) => RetryAction::DayUsedUp,
                (429, _) => RetryAction::Throttled(retry_after),
                // 423: locked by another call. 477: the account is being moved to another data centre.
                // 530 is not retried: the edge cannot route the token, which is permanent. A 403 of an
                // intermediary may be transient.
                (403, RefusalKind::NotHubSpot) | (408 | 423 | 477 | 500..=529 | 531..=599, _) => {
                    RetryAction::Retry(retry_after)
                }
                _ => RetryAction::Fail,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::quota::Bucket;
    use super::*;

    #[test]
    fn verdicts() {
        use RefusalKind::{DayUsedUp, NotHubSpot, Plain, TokenExpired, UsedUp};
        let after = |seconds| Some(Duration::from_secs(seconds));
        for (case, status, retry_after, refusal_kind, expected) in [
            ("success", 200, None, Plain, RetryAction::Done),
            ("partial success of a batch read", 207, None, Plain, RetryAction::Done),
            (
                "burst limit, server names the wait",
                429,
                after(3),
                Plain,
                RetryAction::Throttled(after(3)),
            ),
            ("burst limit, header left out", 429, None, Plain, RetryAction::Throttled(None)),
            (
                "a limit with a name",
                429,
                None,
                UsedUp(Bucket::Search),
                RetryAction::Throttled(None),
            ),
            ("the day is used up", 429, None, DayUsedUp, RetryAction::DayUsedUp),
            ("token expired mid-sync", 401, None, TokenExpired, RetryAction::RefreshToken),
            ("token unknown", 401, None, Plain, RetryAction::Fail),
            ("token that cannot be routed", 530, None, Plain, RetryAction::Fail),
            ("scope missing", 403, None, Plain, RetryAction::Fail),
            ("a firewall on the way", 403, None, NotHubSpot, RetryAction::Retry(None)),
            ("record locked", 423, after(2), Plain, RetryAction::Retry(after(2))),
            ("account being moved", 477, after(3600), Plain, RetryAction::Retry(after(3600))),
            ("overload", 502, None, Plain, RetryAction::Retry(None)),
            ("edge fault", 522, None, Plain, RetryAction::Retry(None)),
            ("bad request", 400, None, Plain, RetryAction::Fail),
            ("url too long", 414, None, Plain, RetryAction::Fail),
            ("redirect, which is never followed", 302, None, Plain, RetryAction::Fail),
        ] {
            let outcome = AttemptResult::Answer { status, retry_after, refusal_kind };
            assert_eq!(classify(&outcome), expected, "{case}");
        }
        assert_eq!(
            classify(&AttemptResult::TransportError),
            RetryAction::Retry(None),
            "reset inside the body"
        );
    }
}
