//! Requests, and pages that are requested with fewer records while they fail.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::Method;
use tokio::time::Instant;

use super::page_size::PageSize;
use super::quota::Bucket;
use super::retry::{AttemptError, FailedRequest};

/// A request that can be sent any number of times.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// Path and query, starting with `/`.
    pub target: String,
    pub body: Option<RequestBody>,
    pub bucket: Bucket,
    /// Description of the request for error messages, such as "the list of deals".
    pub endpoint: String,
}

/// A request body with its media type.
#[derive(Debug, Clone)]
pub struct RequestBody {
    pub content_type: &'static str,
    pub bytes: Bytes,
}

impl Request {
    /// Returns the path without the query. Queries may hold personal data and are never logged.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// Builds requests for the same page with fewer records, for pages that fail because of their
/// size.
pub struct ResizablePage<'a> {
    pub size: &'a PageSize,
    /// Number of records in the first request.
    pub first_size: usize,
    /// Builds the request for a number of records.
    pub build: &'a dyn Fn(usize) -> Request,
}

/// Consecutive failures at one page size after which a smaller page is requested.
const MAX_HEAVY_FAILURES: u32 = 2;

/// The request that is currently sent, and its page size.
pub(super) struct PendingRequest<'a> {
    pub(super) request: Cow<'a, Request>,
    page: Option<&'a ResizablePage<'a>>,
    /// Number of records requested, if it can be changed.
    size: Option<usize>,
    /// Consecutive failures that a smaller page may avoid.
    heavy_failures: u32,
    /// Instant at which the request was last sent.
    pub(super) sent_at: Instant,
}

impl<'a> PendingRequest<'a> {
    pub(super) fn new(request: &'a Request, page: Option<&'a ResizablePage<'a>>) -> Self {
        let size = page.map(|page| page.first_size);
        let (request, sent_at) = (Cow::Borrowed(request), Instant::now());
        Self { request, page, size, heavy_failures: 0, sent_at }
    }

    pub(super) fn endpoint(&self) -> String {
        self.request.endpoint.clone()
    }

    /// Describes the request after its failed attempt. `attempts` includes that attempt.
    pub(super) fn failed(&self, attempts: u32) -> FailedRequest<'_> {
        let Request { endpoint, bucket, .. } = &*self.request;
        FailedRequest { endpoint, bucket: *bucket, page_size: self.size, attempts }
    }

    /// Records that the page has arrived, so that following pages may be larger.
    pub(super) fn record_success(&self) {
        if let (Some(page), Some(size)) = (self.page, self.size) {
            page.size.grow_after(size);
        }
    }

    /// Records a failed attempt.
    pub(super) fn record_failure(&mut self, failure: &AttemptError) {
        self.heavy_failures = match failure {
            AttemptError::TooLarge => MAX_HEAVY_FAILURES,
            failure if failure.may_be_too_heavy() => self.heavy_failures + 1,
            AttemptError::Refused(_)
            | AttemptError::Unexpected(_)
            | AttemptError::Unusable(_)
            | AttemptError::TimedOut(_)
            | AttemptError::Transport(_) => 0,
        };
    }

    /// Returns `true` if a page of one record failed because of its size.
    pub(super) fn is_single_heavy_record(&self) -> bool {
        self.heavy_failures > 0 && self.size == Some(1)
    }

    /// Halves the page size if pages of the current size have failed often enough. `reason` is
    /// logged.
    pub(super) fn shrink_if_heavy(&mut self, reason: &dyn fmt::Display) {
        let (true, Some(page), Some(size)) =
            (self.heavy_failures >= MAX_HEAVY_FAILURES, self.page, self.size)
        else {
            return;
        };
        let Some(half) = page.size.halve(size) else { return };
        log::info!("{}: {reason}; next with {half} instead of {size}", self.request.endpoint);
        (self.size, self.request) = (Some(half), Cow::Owned((page.build)(half)));
    }
}
