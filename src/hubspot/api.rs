//! One stream's way to HubSpot.

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use super::endpoint::{Endpoint, Paths};
use super::refusal;
use crate::error::Error;
use crate::http::{Body, Bucket, Client, Failure, Meter, Request, Undecodable};
use crate::strict;

/// On whose behalf requests are sent, for errors.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub stream: &'a str,
    /// Scopes that reading it takes.
    pub scopes: &'a [&'a str],
}

/// Sends requests for one stream: their cost goes to its meter, their errors carry its name.
#[derive(Clone, Copy)]
pub struct Api<'a> {
    pub client: &'a Client,
    pub paths: &'a Paths,
    pub meter: &'a Meter,
    pub subject: Subject<'a>,
}

impl Api<'_> {
    /// GET of the endpoint's path plus `tail` (segments and query).
    pub(super) async fn get<T>(
        &self,
        endpoint: Endpoint,
        tail: &str,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Error> {
        self.send(endpoint, Method::GET, tail, None, Bucket::General, decode).await
    }

    /// POST of a JSON body, which is made of strings, numbers and lists of them.
    pub(super) async fn post<T>(
        &self,
        endpoint: Endpoint,
        tail: &str,
        body: &impl Serialize,
        bucket: Bucket,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Error> {
        let bytes = serde_json::to_vec(body).expect("strings and numbers serialize into memory");
        let body = Body { content_type: "application/json", bytes: bytes.into() };
        self.send(endpoint, Method::POST, tail, Some(body), bucket, decode).await
    }

    /// GET as [`Api::get`]; `None` if `is_nothing` says that the refusal means so.
    pub(super) async fn get_unless<T>(
        &self,
        endpoint: Endpoint,
        tail: &str,
        is_nothing: impl Fn(&Failure) -> bool,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<Option<T>, Error> {
        match self.try_send(endpoint, Method::GET, tail, None, Bucket::General, decode).await {
            Ok(value) => Ok(Some(value)),
            Err(failure) if is_nothing(&failure) => Ok(None),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    async fn send<T>(
        &self,
        endpoint: Endpoint,
        method: Method,
        tail: &str,
        body: Option<Body>,
        bucket: Bucket,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Error> {
        let answer = self.try_send(endpoint, method, tail, body, bucket, decode).await;
        answer.map_err(|failure| self.explain(failure))
    }

    fn explain(&self, failure: Failure) -> Error {
        refusal::explain(failure, self.subject, self.client.base())
    }

    async fn try_send<T>(
        &self,
        endpoint: Endpoint,
        method: Method,
        tail: &str,
        body: Option<Body>,
        bucket: Bucket,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, Failure> {
        let decode = |body: &Bytes| strict::decode(body, &decode);
        loop {
            let prefix = self.paths.prefix(endpoint);
            let mut request = Request {
                method: method.clone(),
                target: format!("{prefix}{tail}"),
                body: body.clone(),
                bucket,
                endpoint: String::new(),
            };
            request.endpoint = format!("`{}` ({method} {})", self.subject.stream, request.path());
            let failure = match self.client.send(&request, self.meter, &decode).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if !refusal::is_unknown_path(&failure) {
                return Err(failure);
            }
            if self.paths.fall_back(endpoint) {
                log::warn!(
                    "HubSpot no longer serves {prefix}: going on with {} for this run",
                    self.paths.prefix(endpoint)
                );
            } else if self.paths.prefix(endpoint) == prefix {
                return Err(failure);
            }
            // Otherwise another stream has found the same path missing meanwhile.
        }
    }
}
