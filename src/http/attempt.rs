//! One attempt of a request: sends it, reads the response, and decodes it.

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use super::error_body::{ErrorBody, reported_error};
use super::headers::ResponseHeaders;
use super::quota::{Bucket, associations_window_size};
use super::rate_limit::Permit;
use super::refusal::Refusal;
use super::request::Request;
use super::request_error::DecodeError;
use super::retry::AttemptError;
use super::transport::Transport;
use super::transport_error::{TransportError, root_cause};
use crate::secret::Secret;

/// Maximum size of a response body after decompression, in bytes. It bounds memory and is far above
/// the size of any page.
pub const BODY_CAP: usize = 64 * 1024 * 1024;
/// Maximum number of bytes read of an error response, whose message is near its beginning.
const ERROR_BODY_CAP: usize = 1024 * 1024;

impl Transport {
    /// Makes one attempt and releases its permit at the end.
    pub(super) async fn attempt<T>(
        &self,
        request: &Request,
        token: Option<&Secret<String>>,
        mut permit: Option<Permit>,
        decode: &impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, AttemptError> {
        let result = self.exchange(request, token, &mut permit, decode).await;
        if let Some(permit) = permit {
            permit.finish(result.as_ref().is_err_and(AttemptError::is_fault));
        }
        result
    }

    async fn exchange<T>(
        &self,
        request: &Request,
        token: Option<&Secret<String>>,
        permit: &mut Option<Permit>,
        decode: &impl Fn(&Bytes) -> Result<T, DecodeError>,
    ) -> Result<T, AttemptError> {
        let sent_at = Instant::now();
        let mut builder =
            self.http.request(request.method.clone(), format!("{}{}", self.base, request.target));
        if let Some(token) = token {
            builder = builder.bearer_auth(token.expose());
        }
        if let Some(body) = &request.body {
            builder = builder
                .header(http::header::CONTENT_TYPE, body.content_type)
                .body(body.bytes.clone());
        }
        if let Some(permit) = permit {
            permit.record_sent();
        }
        let response = builder
            .send()
            .await
            .map_err(|error| AttemptError::Transport(TransportError::of(error)))?;
        self.is_reached.set(true);
        let status = response.status().as_u16();
        let headers = ResponseHeaders::parse(response.headers());
        self.apply_headers(&headers, permit, status == 429);
        let is_success = (200..300).contains(&status);
        let cap = if is_success { BODY_CAP } else { ERROR_BODY_CAP };
        let (body, is_cut) = read_body(response, cap).await?;
        if is_cut && is_success {
            return Err(AttemptError::TooLarge);
        }
        let correlation_id = headers.correlation_id.map(|id| self.redactor.redact_text(id));
        log::debug!(
            "{} {} {status} in {} ms, correlation {}",
            request.method,
            request.path(),
            sent_at.elapsed().as_millis(),
            correlation_id.as_deref().unwrap_or("none")
        );
        if is_success {
            return decode(&body).map_err(|reason| self.decode_failure(reason, status, &body));
        }
        Err(AttemptError::Refused(Box::new(Refusal {
            status,
            body: ErrorBody::parse(&self.redactor.redact(body)),
            retry_after: headers.retry_after,
            correlation_id,
            method: request.method.clone(),
            path: request.path().to_owned(),
        })))
    }

    /// Updates clock, windows and daily quota from the response headers.
    fn apply_headers(
        &self,
        headers: &ResponseHeaders,
        permit: &mut Option<Permit>,
        is_refused: bool,
    ) {
        if let Some(skew) = self.clock.learn(headers.date.as_deref(), Instant::now()) {
            log::warn!("{}: {skew}", self.base);
        }
        if let Some(usage) = headers.daily_usage {
            self.daily_quota.observe(usage);
        }
        let Some(permit) = permit else { return };
        // The headers describe the general window, so they only apply to requests of that bucket.
        let usage = headers.window_usage.filter(|_| permit.bucket() == Bucket::General);
        if let Some(size) = usage.and_then(|usage| associations_window_size(usage.size)) {
            self.limiter.resize(Bucket::Associations, size);
        }
        permit.record_response(usage, is_refused);
    }

    /// Classifies a success response that cannot be decoded: a body that reports an error, is
    /// incomplete, or is not JSON may be different in the next response.
    fn decode_failure(&self, reason: DecodeError, status: u16, body: &Bytes) -> AttemptError {
        if let Some(message) = reported_error(&self.redactor.redact(body.clone())) {
            return AttemptError::Unusable(format!(
                "its last answer was {status}, and said: {message}"
            ));
        }
        match reason {
            DecodeError::Unexpected(source) => {
                AttemptError::Unexpected(self.redactor.redact_text(source.to_string()).into())
            }
            DecodeError::Malformed(cause) if is_json(body) => {
                AttemptError::Unexpected(self.redactor.redact_text(cause).into())
            }
            DecodeError::Malformed(cause) => {
                let cause = self.redactor.redact_text(cause);
                AttemptError::Unusable(format!("its last answer was damaged: {cause}"))
            }
            DecodeError::Incomplete(cause) => {
                let cause = self.redactor.redact_text(cause);
                AttemptError::Unusable(format!("its last answer was not whole: {cause}"))
            }
        }
    }
}

/// Returns `true` if the body is one complete JSON value. A syntax error reported for such a body
/// means an unexpected shape, not damage.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// Reads the decompressed body. Returns it, truncated to `cap` bytes, and `true` if it was longer.
async fn read_body(
    mut response: reqwest::Response,
    cap: usize,
) -> Result<(Bytes, bool), AttemptError> {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= cap => body.extend_from_slice(&chunk),
            Ok(Some(chunk)) => {
                body.extend_from_slice(chunk.get(..cap - body.len()).unwrap_or_default());
                return Ok((body.freeze(), true));
            }
            Ok(None) => return Ok((body.freeze(), false)),
            Err(error) => {
                let cause = format!("its last answer broke off: {}", root_cause(&error));
                return Err(AttemptError::Transport(TransportError::Failed(cause)));
            }
        }
    }
}
