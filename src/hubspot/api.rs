//! Requests to HubSpot on behalf of one stream.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use super::endpoint::{Endpoint, Paths};
use super::explain::explain;
use super::request_context::RequestContext;
use super::token_info::TokenScopes;
use crate::error::Error;
use crate::http::{
    Backoff, Bucket, Client, DecodeError, PageSize, Refusal, Request, RequestBody, RequestError,
    RequestStats, ResizablePage,
};
use crate::strict;

/// Sends requests for one stream. Usage is recorded in its statistics, and errors carry its name.
#[derive(Clone, Copy)]
pub struct Api<'a> {
    pub client: &'a Client,
    pub paths: &'a Paths,
    pub stats: &'a RequestStats,
    pub request_context: RequestContext<'a>,
    /// Scopes of the token, which explain some error responses.
    pub scopes: &'a TokenScopes,
}

/// A request as built by the methods of [`Api`].
struct ApiRequest<'a> {
    endpoint: Endpoint,
    method: Method,
    bucket: Bucket,
    /// Builds the rest of the URL after the endpoint's path, and the body, for a number of records.
    tail_and_body: &'a dyn Fn(usize) -> (String, Option<RequestBody>),
    /// Page size, for requests that specify one.
    size: Option<&'a PageSize>,
    /// `true` if the path names a single object, so that an unknown path may mean a missing object.
    names_one: bool,
}

impl Api<'_> {
    /// Sends a GET for the endpoint's path plus `tail` (segments and query).
    pub(super) async fn get<T>(
        &self,
        endpoint: Endpoint,
        tail: &str,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        self.send(&ApiRequest::get(endpoint, &|_| (tail.to_owned(), None)), decode).await
    }

    /// Sends a GET for a page. `tail` builds the rest of the URL for a number of records.
    pub(super) async fn get_page<T>(
        &self,
        endpoint: Endpoint,
        size: &PageSize,
        tail: impl Fn(usize) -> String,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let tail_and_body = |size| (tail(size), None);
        self.send(
            &ApiRequest { size: Some(size), ..ApiRequest::get(endpoint, &tail_and_body) },
            decode,
        )
        .await
    }

    /// Sends a GET for a page of entries that belong to one object, and leaves failures to the
    /// caller. `names_one` is `true` if the path names that object, so that an unknown path may
    /// mean that it is missing.
    pub(super) async fn get_page_of_one<T>(
        &self,
        endpoint: Endpoint,
        size: &PageSize,
        names_one: bool,
        tail: impl Fn(usize) -> String,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, RequestError> {
        let tail_and_body = |size| (tail(size), None);
        let request =
            ApiRequest { size: Some(size), names_one, ..ApiRequest::get(endpoint, &tail_and_body) };
        self.try_send(&request, decode).await
    }

    /// Sends a POST with a JSON body, which must consist of strings, numbers and lists of them.
    pub(super) async fn post<T>(
        &self,
        endpoint: Endpoint,
        tail: &str,
        body: &impl Serialize,
        bucket: Bucket,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let tail_and_body = |_| (tail.to_owned(), Some(json(body)));
        self.send(&ApiRequest::post(endpoint, bucket, &tail_and_body), decode).await
    }

    /// Sends a POST with a JSON body that is built for a number of records.
    pub(super) async fn post_page<T, B: Serialize>(
        &self,
        endpoint: Endpoint,
        tail: &str,
        bucket: Bucket,
        size: &PageSize,
        body: impl Fn(usize) -> B,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let tail_and_body = |size| (tail.to_owned(), Some(json(&body(size))));
        let request =
            ApiRequest { size: Some(size), ..ApiRequest::post(endpoint, bucket, &tail_and_body) };
        self.send(&request, decode).await
    }

    /// Returns the backoff for repeated requests.
    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.client.retry_budget(), self.stats.requests() + 1)
    }

    /// Sleeps before a request is repeated, unless a stop is requested.
    pub(super) async fn sleep(&self, wait: Duration) -> Result<(), Error> {
        let _backing_off = self.stats.count_backing_off();
        match self.client.sleep(wait).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.explain(failure).await),
        }
    }

    /// Returns the user-facing error for a failure.
    pub(super) async fn explain(&self, failure: RequestError) -> Error {
        let is_about_scopes = failure.refusal().is_some_and(Refusal::is_about_scopes);
        let granted = if is_about_scopes {
            self.scopes.listed(self.client, self.paths, self.stats).await
        } else {
            None
        };
        explain(failure, self.request_context, self.client.base(), granted)
    }

    async fn send<T>(
        &self,
        request: &ApiRequest<'_>,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        match self.try_send(request, decode).await {
            Ok(value) => Ok(value),
            Err(failure) => Err(self.explain(failure).await),
        }
    }

    async fn try_send<T>(
        &self,
        request: &ApiRequest<'_>,
        decode: impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, RequestError> {
        let decode = |body: &Bytes| strict::decode(body, &decode);
        let endpoint = request.endpoint;
        loop {
            let prefix = self.paths.prefix(endpoint);
            let build = |size| self.build(request, prefix, size);
            let first_size = request.size.map_or(0, PageSize::current);
            let page = request.size.map(|size| ResizablePage { size, first_size, build: &build });
            let result =
                self.client.send(&build(first_size), page.as_ref(), self.stats, &decode).await;
            let failure = match result {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if request.names_one || !failure.refusal().is_some_and(Refusal::is_unknown_path) {
                return Err(failure);
            }
            if self.paths.fall_back(endpoint) {
                log::warn!(
                    "HubSpot no longer serves {prefix}; this run continues with {}",
                    self.paths.prefix(endpoint)
                );
            } else if self.paths.prefix(endpoint) == prefix {
                return Err(failure);
            }
            // Otherwise another stream has already switched to the other path.
        }
    }

    /// Builds the request for a number of records, below the path prefix of its endpoint.
    fn build(&self, request: &ApiRequest<'_>, prefix: &str, size: usize) -> Request {
        let (tail, body) = (request.tail_and_body)(size);
        let mut built = Request {
            method: request.method.clone(),
            target: format!("{prefix}{tail}"),
            body,
            bucket: request.bucket,
            endpoint: String::new(),
        };
        let stream = self.request_context.stream;
        built.endpoint = format!("`{stream}` ({} {})", built.method, built.path());
        built
    }
}

impl<'a> ApiRequest<'a> {
    fn get(
        endpoint: Endpoint,
        tail_and_body: &'a dyn Fn(usize) -> (String, Option<RequestBody>),
    ) -> Self {
        let (method, bucket) = (Method::GET, Bucket::General);
        Self { endpoint, method, bucket, tail_and_body, size: None, names_one: false }
    }

    fn post(
        endpoint: Endpoint,
        bucket: Bucket,
        tail_and_body: &'a dyn Fn(usize) -> (String, Option<RequestBody>),
    ) -> Self {
        Self { method: Method::POST, bucket, ..Self::get(endpoint, tail_and_body) }
    }
}

fn json(body: &impl Serialize) -> RequestBody {
    let bytes = serde_json::to_vec(body).expect("strings and numbers serialize into memory");
    RequestBody { content_type: "application/json", bytes: bytes.into() }
}
