//! Decides how to proceed after each attempt of a request.

use std::time::Duration;

use super::dialect::Reading;

/// Outcome of one attempt.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    /// A complete response.
    Answer { status: u16, retry_after: Option<Duration>, reading: Reading },
    /// The connection failed before or during the response, or timed out.
    Broken,
}

/// Action to take after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Return the response to the caller.
    Done,
    /// Retry after at least this long, or after the backoff's own wait.
    Retry(Option<Duration>),
    /// The bucket is exhausted: cool down for at least this long, or for a time that grows with
    /// each refusal, then retry.
    Throttled(Option<Duration>),
    /// Retry once with a new token.
    Reauthenticate,
    /// No request will be accepted before midnight.
    DayUsedUp,
    /// Return the error response to the caller; a retry would not help.
    Fail,
}

/// Returns the action for the outcome of an attempt. Every status is covered.
pub fn classify(outcome: &Outcome) -> Verdict {
    match *outcome {
        Outcome::Broken => Verdict::Retry(None),
        Outcome::Answer { status, retry_after, reading } => match (status, reading) {
            (200..=299, _) => Verdict::Done,
            (401, Reading::TokenExpired) => Verdict::Reauthenticate,
            (429, Reading::DayUsedUp) => Verdict::DayUsedUp,
            (429, _) => Verdict::Throttled(retry_after),
            // 423: locked by another call. 477: the account is being moved to another data centre.
            // 530 is not retried: the edge cannot route the token, which is permanent. A 403 of an
            // intermediary may be transient.
            (403, Reading::NotTheService) | (408 | 423 | 477 | 500..=529 | 531..=599, _) => {
                Verdict::Retry(retry_after)
            }
            _ => Verdict::Fail,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Bucket;
    use super::*;

    #[test]
    fn verdicts() {
        use Reading::{DayUsedUp, NotTheService, Plain, TokenExpired, UsedUp};
        let after = |seconds| Some(Duration::from_secs(seconds));
        for (case, status, retry_after, reading, expected) in [
            ("success", 200, None, Plain, Verdict::Done),
            ("partial success of a batch read", 207, None, Plain, Verdict::Done),
            (
                "burst limit, server names the wait",
                429,
                after(3),
                Plain,
                Verdict::Throttled(after(3)),
            ),
            ("burst limit, header left out", 429, None, Plain, Verdict::Throttled(None)),
            ("a limit with a name", 429, None, UsedUp(Bucket::Search), Verdict::Throttled(None)),
            ("the day is used up", 429, None, DayUsedUp, Verdict::DayUsedUp),
            ("token expired mid-sync", 401, None, TokenExpired, Verdict::Reauthenticate),
            ("token unknown", 401, None, Plain, Verdict::Fail),
            ("token that cannot be routed", 530, None, Plain, Verdict::Fail),
            ("scope missing", 403, None, Plain, Verdict::Fail),
            ("a firewall on the way", 403, None, NotTheService, Verdict::Retry(None)),
            ("record locked", 423, after(2), Plain, Verdict::Retry(after(2))),
            ("account being moved", 477, after(3600), Plain, Verdict::Retry(after(3600))),
            ("overload", 502, None, Plain, Verdict::Retry(None)),
            ("edge fault", 522, None, Plain, Verdict::Retry(None)),
            ("bad request", 400, None, Plain, Verdict::Fail),
            ("url too long", 414, None, Plain, Verdict::Fail),
            ("redirect, which is never followed", 302, None, Plain, Verdict::Fail),
        ] {
            let outcome = Outcome::Answer { status, retry_after, reading };
            assert_eq!(classify(&outcome), expected, "{case}");
        }
        assert_eq!(classify(&Outcome::Broken), Verdict::Retry(None), "reset inside the body");
    }
}
