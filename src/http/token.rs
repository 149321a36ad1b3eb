//! The token of every request, renewed before it ends.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::failure::{Failure, Undecodable};
use super::meter::Meter;
use super::transport::{Request, Transport};
use crate::secret::Secret;

/// What a token endpoint grants.
#[derive(Debug, Clone)]
pub struct Grant {
    pub token: Secret<String>,
    pub lasts: Duration,
    /// A new refresh token, if the old one was replaced.
    pub refresh_token: Option<Secret<String>>,
}

/// Makes the request for a token from a path and a refresh token.
pub(crate) type RequestToken = Box<dyn Fn(&str, &Secret<String>) -> Request + Send + Sync>;

/// Keeps a refresh token for the next run.
pub type KeepToken = Box<dyn Fn(&Secret<String>) + Send + Sync>;

/// How to ask for a new token.
pub struct Renewal {
    /// Where to ask, each for when the one before is not there.
    pub targets: Vec<&'static str>,
    /// Builds the request from a target and the current refresh token.
    pub request: RequestToken,
    /// Reads the answer.
    pub parse: fn(&Bytes) -> Result<Grant, Undecodable>,
    pub refresh_token: Secret<String>,
    /// Told of every refresh token that replaces another, before anything is asked for with what
    /// came along with it: the old one may have stopped working.
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

/// A token and the time it is good for.
#[derive(Debug, Clone)]
pub struct Lease {
    pub token: Secret<String>,
    /// `None` if it has no end.
    renew_at: Option<Instant>,
}

/// The least time for which a token is used before it is renewed.
const SHORTEST: Duration = Duration::from_secs(1);

impl Lease {
    /// Renewal is due when a sixth of the life is left, but five minutes before the end at most,
    /// and never within [`SHORTEST`] of the grant: a token with no life left on arrival would be
    /// renewed for ever and never sent.
    pub fn new(grant: Grant, now: Instant) -> Self {
        let margin = (grant.lasts / 6).min(Duration::from_mins(5));
        let life = grant.lasts.saturating_sub(margin).max(SHORTEST);
        // A life that no clock can show has no end.
        let renew_at = now.checked_add(life);
        Self { token: grant.token, renew_at }
    }

    /// Is it time to renew it?
    pub fn is_due(&self, now: Instant) -> bool {
        self.renew_at.is_some_and(|renew_at| now >= renew_at)
    }
}

/// Where tokens come from.
pub enum Tokens {
    /// A private-app token or service key: it has no end.
    Fixed(Secret<String>),
    /// An OAuth grant. Whoever finds the lease due renews it, the others wait for the lock.
    Renewing { renewal: Renewal, lease: Mutex<Renewed> },
}

/// The state behind the lock.
#[derive(Default)]
pub struct Renewed {
    lease: Option<Lease>,
    refresh_token: Option<Secret<String>>,
    /// Targets that turned out not to be there.
    gone: usize,
}

impl Tokens {
    pub fn renewing(renewal: Renewal) -> Self {
        Self::Renewing { renewal, lease: Mutex::default() }
    }

    /// Is the token to blame, and may another one, or the same once more, do better?
    ///
    /// A fixed token that is refused for anything but its age is wrong; one that was granted may
    /// have been withdrawn since.
    pub(super) fn may_replace_after(&self, failure: &Failure) -> bool {
        let is_granted = matches!(self, Self::Renewing { .. });
        matches!(failure, Failure::TokenExpired(_))
            || is_granted && matches!(failure, Failure::Refused(refusal) if refusal.status == 401)
    }

    /// What it means that the replacement was refused too.
    pub(super) fn given_up(&self, failure: Failure) -> Failure {
        match (self, failure) {
            (Self::Renewing { .. }, Failure::TokenExpired(refusal) | Failure::Refused(refusal)) => {
                Failure::NewTokenRefused(refusal)
            }
            (_, failure) => failure,
        }
    }

    /// The token to send now.
    pub(super) async fn current(
        &self,
        transport: &Transport,
        meter: &Meter,
    ) -> Result<Lease, Failure> {
        self.newer_than(None, transport, meter).await
    }

    /// A token other than `refused`, which the service took for expired.
    ///
    /// A fixed token comes back as it is: being called expired once is known to happen to valid
    /// ones.
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
