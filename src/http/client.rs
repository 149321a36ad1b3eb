//! HTTP client that authenticates its requests.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use tokio::time::Instant;

use super::backoff::Patience;
use super::clock::ServerClock;
use super::day::Day;
use super::dialect::{Bucket, Dialect};
use super::failure::{Failure, Undecodable};
use super::limiter::{Limiter, Limits};
use super::meter::Meter;
use super::roots;
use super::stop::Stop;
use super::token::Tokens;
use super::transport::{Request, Resize, Transport};
use crate::error::BoxError;
use crate::secret::Secret;

/// Configuration of a client.
pub struct ClientOptions {
    /// Scheme, host and port, without a trailing slash.
    pub base: String,
    pub dialect: Dialect,
    pub limits: Limits,
    pub patience: Patience,
    pub tokens: Tokens,
    /// Secrets to redact in addition to the tokens.
    pub secrets: Vec<Secret<String>>,
    pub user_agent: &'static str,
    pub stop: Stop,
    /// Offset added to this machine's clock.
    pub clock_offset: TimeDelta,
}

/// Sends authenticated requests.
pub struct Client {
    transport: Transport,
    tokens: Tokens,
    base: String,
    stop: Stop,
}

impl Client {
    /// Creates a client.
    ///
    /// # Errors
    /// Returns an error if the certificates configured in the environment cannot be loaded.
    pub fn new(options: ClientOptions) -> Result<Self, BoxError> {
        // Fails if a provider is already installed, which is fine.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(options.user_agent)
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(Duration::from_mins(2))
            // Redirects are not followed, so the token is never sent to another host.
            .redirect(reqwest::redirect::Policy::none())
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .tls_certs_merge(roots::bundled()?)
            .tcp_nodelay(true)
            .build()?;
        let limiter = Limiter::new(options.limits, Instant::now());
        let base = options.base.clone();
        let clock = ServerClock::new(Instant::now(), options.clock_offset);
        let transport =
            Transport::new(http, options.base, options.dialect, limiter, options.patience, clock);
        options.secrets.iter().for_each(|secret| transport.redactor.learn(secret));
        if let Tokens::Fixed(token) = &options.tokens {
            transport.redactor.learn(token);
        }
        Ok(Self { transport, tokens: options.tokens, base, stop: options.stop })
    }

    /// Returns the base URL, for messages.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the service's clock.
    pub fn clock(&self) -> &ServerClock {
        &self.transport.clock
    }

    /// Returns the daily quota as reported by the service.
    pub fn day(&self) -> &Day {
        &self.transport.day
    }

    /// Returns the number of requests that the service currently counts in a bucket, and the
    /// bucket's limit.
    pub fn used(&self, bucket: Bucket) -> (u32, u32) {
        self.transport.limiter.used(bucket)
    }

    /// Returns the retry budget of a request.
    pub fn patience(&self) -> Patience {
        self.transport.patience()
    }

    /// Sleeps between two requests.
    ///
    /// # Errors
    /// Returns `Failure::Stopped` if a stop is requested.
    pub async fn rest(&self, wait: Duration) -> Result<(), Failure> {
        tokio::select! {
            biased;
            () = self.stop.requested() => Err(Failure::Stopped),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// Sends a request until its response is decoded, the retry budget is exhausted, or a stop is
    /// requested. If `resize` is given, pages that fail because of their size are requested again
    /// with fewer records.
    pub async fn send<T>(
        &self,
        request: &Request,
        resize: Option<&Resize<'_>>,
        meter: &Meter,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.stop.requested() => Err(Failure::Stopped),
            answer = self.authenticated(request, resize, meter, decode) => answer,
        }
    }

    /// Sends a request with a token. Replaces a refused token at most once.
    async fn authenticated<T>(
        &self,
        request: &Request,
        resize: Option<&Resize<'_>>,
        meter: &Meter,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Failure> {
        let mut lease = self.tokens.current(&self.transport, meter).await?;
        let mut is_replaced = false;
        loop {
            let failure =
                match self.transport.send(request, resize, Some(&lease), meter, &decode).await {
                    Ok(value) => return Ok(value),
                    Err(failure) => failure,
                };
            lease = if matches!(failure, Failure::TokenDue) {
                self.tokens.current(&self.transport, meter).await?
            } else if !self.tokens.may_replace_after(&failure) {
                return Err(failure);
            } else if is_replaced {
                return Err(self.tokens.given_up(failure));
            } else {
                is_replaced = true;
                self.tokens.replace(&lease, &self.transport, meter).await?
            };
        }
    }

    /// Sends a request that `about` builds from the token. A refused token is not replaced, since
    /// nothing depends on the response.
    pub async fn ask_about_token<T>(
        &self,
        about: impl Fn(&Secret<String>) -> Request,
        meter: &Meter,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Failure> {
        let lease = self.tokens.current(&self.transport, meter).await?;
        self.transport.send(&about(&lease.token), None, None, meter, &decode).await
    }
}
