//! HubSpot's HTTP client, which authenticates its requests.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::RetryBudget;
use super::clock::ServerClock;
use super::daily_quota::DailyQuota;
use super::quota::Bucket;
use super::rate_limit::{Limiter, Limits};
use super::request::{Request, ResizablePage};
use super::request_error::{DecodeError, RequestError};
use super::roots;
use super::stats::RequestStats;
use super::token::TokenProvider;
use super::transport::Transport;
use crate::error::BoxError;
use crate::secret::Secret;

/// Configuration of a client.
pub struct ClientOptions {
    /// Scheme, host and port, without a trailing slash.
    pub base: String,
    /// Maximum number of requests in flight.
    pub in_flight: usize,
    pub retry_budget: RetryBudget,
    pub provider: TokenProvider,
    /// Secrets to redact in addition to the tokens.
    pub secrets: Vec<Secret<String>>,
    pub user_agent: &'static str,
    pub stop: CancellationToken,
    /// Offset added to this machine's clock.
    pub clock_offset: TimeDelta,
}

/// Sends authenticated requests.
pub struct Client {
    transport: Transport,
    provider: TokenProvider,
    base: String,
    stop: CancellationToken,
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
        let limiter = Limiter::new(Limits::hubspot(options.in_flight), Instant::now());
        let base = options.base.clone();
        let clock = ServerClock::new(Instant::now(), options.clock_offset);
        let transport = Transport::new(http, options.base, limiter, options.retry_budget, clock);
        options.secrets.iter().for_each(|secret| transport.redactor.add(secret));
        if let TokenProvider::Fixed(token) = &options.provider {
            transport.redactor.add(token);
        }
        Ok(Self { transport, provider: options.provider, base, stop: options.stop })
    }

    /// Returns the base URL, for messages.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the latest failure of a request as a sentence, if none has succeeded since.
    pub fn outage(&self) -> Option<String> {
        self.transport.outage()
    }

    /// Returns `true` if any request got a response.
    pub fn is_reached(&self) -> bool {
        self.transport.is_reached.get()
    }

    /// Returns HubSpot's clock.
    pub fn clock(&self) -> &ServerClock {
        &self.transport.clock
    }

    /// Returns the daily quota as reported by HubSpot.
    pub fn daily_quota(&self) -> &DailyQuota {
        &self.transport.daily_quota
    }

    /// Returns the number of requests that HubSpot currently counts in a bucket, and the
    /// bucket's limit.
    pub fn usage(&self, bucket: Bucket) -> (u32, u32) {
        self.transport.limiter.usage(bucket)
    }

    /// Returns the retry budget of a request.
    pub fn retry_budget(&self) -> RetryBudget {
        self.transport.retry_budget()
    }

    /// Sleeps between two requests.
    ///
    /// # Errors
    /// Returns `RequestError::Stopped` if a stop is requested.
    pub async fn sleep(&self, wait: Duration) -> Result<(), RequestError> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(RequestError::Stopped),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    /// Sends a request until its response is decoded, the retry budget is exhausted, or a stop is
    /// requested. If `page` is given, pages that fail because of their size are requested again
    /// with fewer records.
    pub async fn send<T>(
        &self,
        request: &Request,
        page: Option<&ResizablePage<'_>>,
        stats: &RequestStats,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, RequestError> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(RequestError::Stopped),
            result = self.send_authenticated(request, page, stats, decode) => result,
        }
    }

    /// Sends a request with a token. Replaces a refused token at most once.
    async fn send_authenticated<T>(
        &self,
        request: &Request,
        page: Option<&ResizablePage<'_>>,
        stats: &RequestStats,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, RequestError> {
        let mut access_token = self.provider.current(&self.transport, stats).await?;
        let mut is_replaced = false;
        loop {
            let failure =
                match self.transport.send(request, page, Some(&access_token), stats, &decode).await
                {
                    Ok(value) => return Ok(value),
                    Err(failure) => failure,
                };
            access_token = if matches!(failure, RequestError::TokenDue) {
                self.provider.current(&self.transport, stats).await?
            } else if !self.provider.may_replace_after(&failure) {
                return Err(failure);
            } else if is_replaced {
                return Err(self.provider.replacement_refused(failure));
            } else {
                is_replaced = true;
                self.provider.replace(&access_token, &self.transport, stats).await?
            };
        }
    }

    /// Sends a request that `build` makes from the token, and no token in its headers. A refused
    /// token is not replaced, since nothing depends on the response.
    pub async fn send_about_token<T>(
        &self,
        build: impl Fn(&Secret<String>) -> Request,
        stats: &RequestStats,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, RequestError> {
        let access_token = self.provider.current(&self.transport, stats).await?;
        self.transport.send(&build(&access_token.token), None, None, stats, &decode).await
    }
}
