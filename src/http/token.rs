//! Access tokens and their renewal.

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::access_token::{AccessToken, TokenGrant};
use super::request::Request;
use super::request_error::{DecodeError, RequestError};
use super::stats::RequestStats;
use super::transport::Transport;
use crate::secret::Secret;

/// Builds a token request from a path and a refresh token.
pub(crate) type RequestToken = Box<dyn Fn(&str, &Secret<String>) -> Request + Send + Sync>;

/// Saves a refresh token for the next run.
pub type KeepToken = Box<dyn Fn(&Secret<String>) + Send + Sync>;

/// Renewal of an access token.
pub struct TokenRefresher {
    /// Endpoint paths, in the order in which to try them; the next one is used if a path does not
    /// exist.
    pub targets: Vec<&'static str>,
    /// Builds the request from a path and the current refresh token.
    pub request: RequestToken,
    /// Decodes the response.
    pub decode: fn(&Bytes) -> Result<TokenGrant, DecodeError>,
    pub refresh_token: Secret<String>,
    /// Called with every new refresh token before the access token granted with it is used, since
    /// the old refresh token may have become invalid.
    pub keep: KeepToken,
}

impl TokenRefresher {
    async fn request_grant(
        &self,
        latest: &RefreshedToken,
        transport: &Transport,
        stats: &RequestStats,
    ) -> Result<TokenGrant, RequestError> {
        let target = self.targets.get(latest.missing_paths).copied().unwrap_or_default();
        let refresh_token = latest.refresh_token.as_ref().unwrap_or(&self.refresh_token);
        let request = (self.request)(target, refresh_token);
        transport.send(&request, None, None, stats, &self.decode).await
    }
}

/// Source of access tokens.
pub enum TokenProvider {
    /// A private-app token or service key, which does not expire.
    Fixed(Secret<String>),
    /// An OAuth grant. The first task that finds the token due renews it; the others wait for the
    /// lock.
    Renewing { refresher: TokenRefresher, latest: Mutex<RefreshedToken> },
}

/// State behind the lock of `TokenProvider::Renewing`.
#[derive(Default)]
pub struct RefreshedToken {
    access_token: Option<AccessToken>,
    refresh_token: Option<Secret<String>>,
    /// Number of endpoint paths found not to exist.
    missing_paths: usize,
}

impl TokenProvider {
    pub fn renewing(refresher: TokenRefresher) -> Self {
        Self::Renewing { refresher, latest: Mutex::default() }
    }

    /// Returns `true` if the failure is due to the token, and a new token, or the same one again,
    /// may succeed.
    ///
    /// A fixed token that is refused for any reason other than expiry is wrong. A granted token may
    /// have been revoked since.
    pub(super) fn may_replace_after(&self, failure: &RequestError) -> bool {
        let is_granted = matches!(self, Self::Renewing { .. });
        matches!(failure, RequestError::TokenExpired(_))
            || is_granted
                && matches!(failure, RequestError::Refused(refusal) if refusal.status == 401)
    }

    /// Converts the failure of a request whose replaced token was refused too.
    pub(super) fn replacement_refused(&self, failure: RequestError) -> RequestError {
        match (self, failure) {
            (
                Self::Renewing { .. },
                RequestError::TokenExpired(refusal) | RequestError::Refused(refusal),
            ) => RequestError::NewTokenRefused(refusal),
            (_, failure) => failure,
        }
    }

    /// Returns the token to send, and renews it if it is due.
    pub(super) async fn current(
        &self,
        transport: &Transport,
        stats: &RequestStats,
    ) -> Result<AccessToken, RequestError> {
        self.newer_than(None, transport, stats).await
    }

    /// Returns a token other than `refused`, which HubSpot reported as expired.
    ///
    /// A fixed token is returned unchanged: valid ones are known to be reported as expired now and
    /// then.
    pub(super) async fn replace(
        &self,
        refused: &AccessToken,
        transport: &Transport,
        stats: &RequestStats,
    ) -> Result<AccessToken, RequestError> {
        self.newer_than(Some(refused), transport, stats).await
    }

    async fn newer_than(
        &self,
        refused: Option<&AccessToken>,
        transport: &Transport,
        stats: &RequestStats,
    ) -> Result<AccessToken, RequestError> {
        let (refresher, latest) = match self {
            Self::Fixed(token) => return Ok(AccessToken::permanent(token.clone())),
            Self::Renewing { refresher, latest } => (refresher, latest),
        };
        let mut latest = latest.lock().await;
        if let Some(access_token) = &latest.access_token
            && !access_token.is_due(Instant::now())
            && refused.is_none_or(|refused| refused.token != access_token.token)
        {
            return Ok(access_token.clone());
        }
        let (requested_at, grant) = loop {
            let requested_at = Instant::now();
            match refresher.request_grant(&latest, transport, stats).await {
                Err(RequestError::Refused(refusal))
                    if matches!(refusal.status, 404 | 410)
                        && latest.missing_paths + 1 < refresher.targets.len() =>
                {
                    latest.missing_paths += 1;
                }
                result => break (requested_at, result.map_err(RequestError::into_no_token)?),
            }
        };
        let granted = [Some(&grant.token), grant.refresh_token.as_ref()];
        granted.into_iter().flatten().for_each(|secret| transport.redactor.add(secret));
        if let Some(new) = &grant.refresh_token
            && new != latest.refresh_token.as_ref().unwrap_or(&refresher.refresh_token)
        {
            (refresher.keep)(new);
            latest.refresh_token = Some(new.clone());
        }
        Ok(latest.access_token.insert(AccessToken::new(grant, requested_at)).clone())
    }
}
