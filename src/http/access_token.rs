//! An access token and its lifetime.

use std::time::Duration;

use tokio::time::Instant;

use crate::secret::Secret;

/// Response of a token endpoint.
#[derive(Debug, Clone)]
pub struct TokenGrant {
    pub token: Secret<String>,
    pub lifetime: Duration,
    /// The new refresh token, if the old one was replaced.
    pub refresh_token: Option<Secret<String>>,
}

/// An access token with its renewal time.
#[derive(Debug, Clone)]
pub struct AccessToken {
    pub token: Secret<String>,
    /// Instant from which the token is due for renewal; `None` if it does not expire.
    renew_at: Option<Instant>,
}

/// Minimum time for which a token is used before it is refreshed.
const MIN_LIFETIME: Duration = Duration::from_secs(1);

impl AccessToken {
    /// Creates an access token that was granted at `now`. It is due for renewal when a sixth of its
    /// lifetime is left, at most five minutes before it expires, and never within
    /// `MIN_LIFETIME` of the grant: a token that arrives expired would be renewed endlessly and never sent.
    pub fn new(grant: TokenGrant, now: Instant) -> Self {
        let margin = (grant.lifetime / 6).min(Duration::from_mins(5));
        let life = grant.lifetime.saturating_sub(margin).max(MIN_LIFETIME);
        // A lifetime that overflows the clock counts as unlimited.
        let renew_at = now.checked_add(life);
        Self { token: grant.token, renew_at }
    }

    /// Creates a token that does not expire.
    pub fn permanent(token: Secret<String>) -> Self {
        Self { token, renew_at: None }
    }

    /// Returns `true` if the token is due for renewal.
    pub fn is_due(&self, now: Instant) -> bool {
        self.renew_at.is_some_and(|renew_at| now >= renew_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_before_it_expires() {
        let start = Instant::now();
        for (case, lifetime, due_after) in [
            ("half an hour", 1800, 1500),
            ("a minute", 60, 50),
            ("a day", 86_400, 86_100),
            ("no time at all", 0, 1),
        ] {
            let grant = TokenGrant {
                token: Secret::new("token".to_owned()),
                lifetime: Duration::from_secs(lifetime),
                refresh_token: None,
            };
            let access_token = AccessToken::new(grant, start);
            assert!(!access_token.is_due(start + Duration::from_secs(due_after - 1)), "{case}");
            assert!(access_token.is_due(start + Duration::from_secs(due_after)), "{case}");
        }
        let grant = TokenGrant {
            token: Secret::new(String::new()),
            lifetime: Duration::MAX,
            refresh_token: None,
        };
        assert!(!AccessToken::new(grant, start).is_due(start), "a lifetime beyond all clocks");
    }
}
