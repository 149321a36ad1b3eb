//! Access tokens and their renewal.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::failure::{Failure, Undecodable};
use super::meter::Meter;
use super::transport::{Request, Transport};
use crate::secret::Secret;

/// Response of a token endpoint.
#[derive(Debug, Clone)]
pub struct Grant {
    pub token: Secret<String>,
    pub lasts: Duration,
    /// The new refresh token, if the old one was replaced.
    pub refresh_token: Option<Secret<String>>,
}

/// Builds a token request from a path and a refresh token.
pub(crate) type RequestToken = Box<dyn Fn(&str, &Secret<String>) -> Request + Send + Sync>;

/// Saves a refresh token for the next run.
pub type KeepToken = Box<dyn Fn(&Secret<String>) + Send + Sync>;

/// Renewal of an access token.
pub struct Renewal {
    /// Endpoint paths, in the order in which to try them; the next one is used if a path does not
    /// exist.
    pub targets: Vec<&'static str>,
    /// Builds the request from a path and the current refresh token.
    pub request: RequestToken,
    /// Decodes the response.
    pub parse: fn(&Bytes) -> Result<Grant, Undecodable>,
    pub refresh_token: Secret<String>,
    /// Called with every new refresh token before the access token granted with it is used, since
    /// the old refresh token may have become invalid.
    pub keep: KeepToken,
}

impl Renewal {
    async fn ask(
        &self,
        renewed: &Renewed,
        transport: &Transport,
        meter: &Meter,
    ) -> Result<Grant, Failure> {
        let target = self.targets.get(renewed.gone).copied().unwrap_or_default();
        let refresh_token = renewed.refresh_token.as_ref().unwrap_or(&self.refresh_token);
        let request = (self.request)(target, refresh_token);
        transport.send(&request, None, None, meter, &self.parse).await
    }
}

/// An access token with its renewal time.
#[derive(Debug, Clone)]
pub struct Lease {
    pub token: Secret<String>,
    /// Instant from which the token is due for renewal; `None` if it does not expire.
    renew_at: Option<Instant>,
}

/// Minimum time for which a token is used before it is renewed.
const SHORTEST: Duration = Duration::from_secs(1);

impl Lease {
    /// Creates an access token that was granted at `now`. It is due for renewal when a sixth of its
    /// lifetime is left, at most five minutes before it expires, and never within `SHORTEST` of
    /// the grant: a token that arrives expired would be renewed endlessly and never sent.
    pub fn new(grant: Grant, now: Instant) -> Self {
        let margin = (grant.lasts / 6).min(Duration::from_mins(5));
        let life = grant.lasts.saturating_sub(margin).max(SHORTEST);
        // A lifetime that overflows the clock counts as unlimited.
        let renew_at = now.checked_add(life);
        Self { token: grant.token, renew_at }
    }

    /// Returns `true` if the token is due for renewal.
    pub fn is_due(&self, now: Instant) -> bool {
        self.renew_at.is_some_and(|renew_at| now >= renew_at)
    }
}

/// Source of access tokens.
pub enum Tokens {
    /// A private-app token or service key, which does not expire.
    Fixed(Secret<String>),
    /// An OAuth grant. The first task that finds the token due renews it; the others wait for the
    /// lock.
    Renewing { renewal: Renewal, lease: Mutex<Renewed> },
}

/// State behind the lock of `Tokens::Renewing`.
#[derive(Default)]
pub struct Renewed {
    lease: Option<Lease>,
    refresh_token: Option<Secret<String>>,
    /// Number of endpoint paths found not to exist.
    gone: usize,
}

impl Tokens {
    pub fn renewing(renewal: Renewal) -> Self {
        Self::Renewing { renewal, lease: Mutex::default() }
    }

    /// Returns `true` if the failure is due to the token, and a new token, or the same one again,
    /// may succeed.
    ///
    /// A fixed token that is refused for any reason other than expiry is wrong. A granted token may
    /// have been revoked since.
    pub(super) fn may_replace_after(&self, failure: &Failure) -> bool {
        let is_granted = matches!(self, Self::Renewing { .. });
        matches!(failure, Failure::TokenExpired(_))
            || is_granted && matches!(failure, Failure::Refused(refusal) if refusal.status == 401)
    }

    /// Returns the failure to report if the replacement was refused too.
    pub(super) fn given_up(&self, failure: Failure) -> Failure {
        match (self, failure) {
            (Self::Renewing { .. }, Failure::TokenExpired(refusal) | Failure::Refused(refusal)) => {
                Failure::NewTokenRefused(refusal)
            }
            (_, failure) => failure,
        }
    }

    /// Returns the token to send, and renews it if it is due.
    pub(super) async fn current(
        &self,
        transport: &Transport,
        meter: &Meter,
    ) -> Result<Lease, Failure> {
        self.newer_than(None, transport, meter).await
    }

    /// Returns a token other than `refused`, which the service reported as expired.
    ///
    /// A fixed token is returned unchanged: valid ones are known to be reported as expired now and
    /// then.
    pub(super) async fn replace(
        &self,
        refused: &Lease,
        transport: &Transport,
        meter: &Meter,
    ) -> Result<Lease, Failure> {
        self.newer_than(Some(refused), transport, meter).await
    }

    async fn newer_than(
        &self,
        refused: Option<&Lease>,
        transport: &Transport,
        meter: &Meter,
    ) -> Result<Lease, Failure> {
        let (renewal, lease) = match self {
            Self::Fixed(token) => return Ok(Lease { token: token.clone(), renew_at: None }),
            Self::Renewing { renewal, lease } => (renewal, lease),
        };
        let mut renewed = lease.lock().await;
        if let Some(lease) = &renewed.lease
            && !lease.is_due(Instant::now())
            && refused.is_none_or(|refused| refused.token != lease.token)
        {
            return Ok(lease.clone());
        }
        let (asked_at, grant) = loop {
            let asked_at = Instant::now();
            match renewal.ask(&renewed, transport, meter).await {
                Err(Failure::Refused(refusal))
                    if refusal.is_gone() && renewed.gone + 1 < renewal.targets.len() =>
                {
                    renewed.gone += 1;
                }
                result => break (asked_at, result.map_err(Failure::of_token_endpoint)?),
            }
        };
        let granted = [Some(&grant.token), grant.refresh_token.as_ref()];
        granted.into_iter().flatten().for_each(|secret| transport.redactor.learn(secret));
        if let Some(new) = &grant.refresh_token
            && new != renewed.refresh_token.as_ref().unwrap_or(&renewal.refresh_token)
        {
            (renewal.keep)(new);
            renewed.refresh_token = Some(new.clone());
        }
        Ok(renewed.lease.insert(Lease::new(grant, asked_at)).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_renewed_ahead_of_its_end() {
        let start = Instant::now();
        for (case, lasts, due_after) in [
            ("half an hour", 1800, 1500),
            ("a minute", 60, 50),
            ("a day", 86_400, 86_100),
            ("no time at all", 0, 1),
        ] {
            let grant = Grant {
                token: Secret::new("token".to_owned()),
                lasts: Duration::from_secs(lasts),
                refresh_token: None,
            };
            let lease = Lease::new(grant, start);
            assert!(!lease.is_due(start + Duration::from_secs(due_after - 1)), "{case}");
            assert!(lease.is_due(start + Duration::from_secs(due_after)), "{case}");
        }
        let grant =
            Grant { token: Secret::new(String::new()), lasts: Duration::MAX, refresh_token: None };
        assert!(!Lease::new(grant, start).is_due(start), "a life beyond all clocks");
    }
}
