//! Decides how to proceed after a failed attempt of a request.

use std::time::Duration;

use super::quota::Bucket;
use super::refusal::{ExhaustedQuota, Refusal};
use super::request_error::{RequestError, TransientError};
use super::transport_error::TransportError;
use crate::error::BoxError;

/// Failure of one attempt.
#[derive(Debug)]
pub enum AttemptError {
    /// An error response.
    Refused(Box<Refusal>),
    /// A success response that is damaged or incomplete, or that reports an error, as a sentence.
    Unusable(String),
    /// A success response of an unexpected shape.
    Unexpected(BoxError),
    /// A success response that exceeds [`BODY_CAP`](super::BODY_CAP).
    TooLarge,
    /// No complete response within this time.
    TimedOut(Duration),
    /// No response at all, or none that is complete.
    Transport(TransportError),
}

impl AttemptError {
    /// Returns `true` if HubSpot or the connection failed. Other error responses (4xx) are not
    /// faults.
    pub(super) fn is_fault(&self) -> bool {
        match self {
            Self::Transport(_) | Self::TimedOut(_) | Self::Unusable(_) => true,
            Self::Refused(refusal) => refusal.status >= 500 || refusal.is_from_intermediary(),
            Self::Unexpected(_) | Self::TooLarge => false,
        }
    }

    /// Returns `true` if a page with fewer records may succeed.
    pub(super) fn may_be_too_heavy(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.status, 500 | 502 | 504),
            Self::TooLarge | Self::TimedOut(_) => true,
            Self::Transport(_) | Self::Unexpected(_) | Self::Unusable(_) => false,
        }
    }
}

/// The request of a failed attempt.
#[derive(Debug, Clone, Copy)]
pub struct FailedRequest<'a> {
    /// Description for error messages.
    pub endpoint: &'a str,
    pub bucket: Bucket,
    /// Number of records requested, if it can be changed.
    pub page_size: Option<usize>,
    /// Number of failed attempts, including this one.
    pub attempts: u32,
}

/// Action to take after a failed attempt.
#[derive(Debug)]
pub enum RetryAction {
    /// Return the error to the caller; a retry would not help.
    Fail(RequestError),
    /// Request the page with fewer records, without delay.
    ShrinkPage,
    /// The quota of `bucket` is exhausted: cool down for at least the refusal's `retry_after`, or for
    /// a time that grows with each refusal, then retry.
    WaitForQuota { bucket: Bucket, refusal: Box<Refusal> },
    /// Retry after the backoff's wait, and not before the time stated by a response.
    Retry(TransientError),
}

/// Returns the action for a failed attempt. Every status is covered.
pub fn retry_action(failure: AttemptError, request: &FailedRequest<'_>) -> RetryAction {
    use RetryAction::{Fail, Retry};
    let endpoint = || request.endpoint.to_owned();
    match failure {
        AttemptError::Refused(refusal) => after_refusal(refusal, request.bucket),
        AttemptError::Unusable(cause) => Retry(TransientError::Unusable(cause)),
        AttemptError::Unexpected(source) => {
            Fail(RequestError::Unexpected { endpoint: endpoint(), source })
        }
        AttemptError::TooLarge => match request.page_size {
            None => Fail(RequestError::TooLarge { endpoint: endpoint() }),
            Some(0 | 1) => Fail(RequestError::SingleRecord {
                endpoint: endpoint(),
                attempts: request.attempts,
                last: format!("more than {} MB", super::BODY_CAP / 1024 / 1024),
            }),
            Some(_) => RetryAction::ShrinkPage,
        },
        AttemptError::TimedOut(timeout) => Retry(TransientError::TimedOut(timeout)),
        AttemptError::Transport(error) => match error {
            TransportError::Tls { problem, source } => Fail(RequestError::Tls { problem, source }),
            TransportError::ProxyLogin(source) => Fail(RequestError::ProxyLogin(source)),
            TransportError::ProxyRefused(source) => Retry(TransientError::ProxyRefused(source)),
            TransportError::NotConnected { reason, cause } => {
                Retry(TransientError::NotConnected { reason, cause })
            }
            TransportError::Failed(cause) => Retry(TransientError::ConnectionFailed(cause)),
        },
    }
}

fn after_refusal(refusal: Box<Refusal>, own: Bucket) -> RetryAction {
    match refusal.status {
        401 if refusal.is_token_expired() => RetryAction::Fail(RequestError::TokenExpired(refusal)),
        429 => match refusal.exhausted_quota() {
            ExhaustedQuota::Daily => RetryAction::Fail(RequestError::DayUsedUp(refusal)),
            ExhaustedQuota::Window(named) => {
                RetryAction::WaitForQuota { bucket: named.unwrap_or(own), refusal }
            }
        },
        // A 403 of an intermediary may be transient. 423: locked by another call. 477: the account is
        // being moved to another data centre. 530 is not retried: the edge cannot route the token,
        // which is permanent.
        403 if refusal.is_from_intermediary() => {
            RetryAction::Retry(TransientError::Refused(refusal))
        }
        408 | 423 | 477 | 500..=529 | 531..=599 => {
            RetryAction::Retry(TransientError::Refused(refusal))
        }
        _ => RetryAction::Fail(RequestError::Refused(refusal)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::tests::refusal;
    use super::*;

    const REQUEST: FailedRequest<'static> = FailedRequest {
        endpoint: "`deals`",
        bucket: Bucket::Associations,
        page_size: None,
        attempts: 3,
    };

    /// Names an action and the minimum wait that it carries.
    fn described(action: &RetryAction) -> (String, Option<Duration>) {
        let variant = |error: &RequestError| {
            let text = format!("{error:?}");
            text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
        };
        match action {
            RetryAction::Fail(error) => (format!("fail: {}", variant(error)), None),
            RetryAction::ShrinkPage => ("shrink the page".to_owned(), None),
            RetryAction::WaitForQuota { bucket, refusal } => {
                (format!("wait for quota {bucket:?}"), refusal.retry_after)
            }
            RetryAction::Retry(cause) => ("retry".to_owned(), cause.retry_after()),
        }
    }

    #[test]
    fn every_status_has_an_action() {
        const ERROR: &str = r#"{"status":"error"}"#;
        const SEARCH: &str = r#"{"groupName":"publicapi:crm:search:oauth:1:2"}"#;
        let after = |seconds| Some(Duration::from_secs(seconds));
        for (case, status, retry_after, body, expected) in [
            ("burst limit with a wait", 429, after(3), ERROR, "wait for quota Associations"),
            ("burst limit without a wait", 429, None, ERROR, "wait for quota Associations"),
            ("a limit with a name", 429, None, SEARCH, "wait for quota Search"),
            ("the daily quota", 429, None, r#"{"policyName":"DAILY"}"#, "fail: DayUsedUp"),
            (
                "token expired mid-sync",
                401,
                None,
                r#"{"category":"EXPIRED_AUTHENTICATION"}"#,
                "fail: TokenExpired",
            ),
            ("token unknown", 401, None, ERROR, "fail: Refused"),
            ("token that cannot be routed", 530, None, "<html>", "fail: Refused"),
            ("scope missing", 403, None, ERROR, "fail: Refused"),
            ("a firewall in between", 403, None, "<html>", "retry"),
            ("record locked", 423, after(2), ERROR, "retry"),
            ("account being moved", 477, after(3600), ERROR, "retry"),
            ("request timeout", 408, None, ERROR, "retry"),
            ("overload", 502, None, "<html>", "retry"),
            ("edge fault", 522, None, "<html>", "retry"),
            ("bad request", 400, None, ERROR, "fail: Refused"),
            ("url too long", 414, None, "", "fail: Refused"),
            ("redirect, which is never followed", 302, None, "", "fail: Refused"),
        ] {
            let refusal = Box::new(Refusal { retry_after, ..refusal(status, body) });
            let action = retry_action(AttemptError::Refused(refusal), &REQUEST);
            assert_eq!(described(&action), (expected.to_owned(), retry_after), "{case}");
        }
    }

    #[test]
    fn every_other_failure_has_an_action() {
        let failed = |cause: &str| AttemptError::Transport(TransportError::Failed(cause.into()));
        let sized = |page_size| FailedRequest { page_size, ..REQUEST };
        for (failure, page_size, expected) in [
            (failed("reset inside the body"), None, "retry"),
            (AttemptError::TimedOut(Duration::from_secs(9)), None, "retry"),
            (AttemptError::Unusable("its last answer was damaged".into()), None, "retry"),
            (AttemptError::Unexpected("no list".into()), None, "fail: Unexpected"),
            (AttemptError::TooLarge, None, "fail: TooLarge"),
            (AttemptError::TooLarge, Some(2), "shrink the page"),
            (AttemptError::TooLarge, Some(1), "fail: SingleRecord"),
            (AttemptError::Transport(TransportError::ProxyRefused("tunnel".into())), None, "retry"),
            (
                AttemptError::Transport(TransportError::ProxyLogin("tunnel".into())),
                None,
                "fail: ProxyLogin",
            ),
        ] {
            let case = format!("{failure:?} {page_size:?}");
            let action = retry_action(failure, &sized(page_size));
            assert_eq!(described(&action).0, expected, "{case}");
        }
        let single = retry_action(AttemptError::TooLarge, &sized(Some(1)));
        let RetryAction::Fail(RequestError::SingleRecord { attempts: 3, last, .. }) = single else {
            panic!("{single:?}")
        };
        assert_eq!(last, "more than 64 MB");
    }
}
