//! Technical details of an error response, for the internal message.

use crate::error::BoxError;
use crate::http::Refusal;

/// Returns the technical details of an error response: the request, and HubSpot's status, category,
/// correlation id and message.
pub(super) fn detail(refusal: &Refusal) -> BoxError {
    let Refusal { status, method, path, correlation_id, body, .. } = refusal;
    let message = match body.quoted_message() {
        Some(message) => format!(": {message}"),
        None if body.is_object() => String::new(),
        None => ": no error of HubSpot's".to_owned(),
    };
    let correlation_id =
        correlation_id.as_deref().or(body.correlation_id.as_deref()).unwrap_or("none");
    let code = body.status.as_deref().filter(|_| !body.is_error());
    let classes =
        [code, body.error.as_deref(), body.category.as_deref(), body.sub_category.as_deref()];
    let classes: Vec<_> = [""].into_iter().chain(classes.into_iter().flatten()).collect();
    let classes = classes.join(" ");
    format!("{method} {path}: {status}{classes}, correlation id {correlation_id}{message}").into()
}
