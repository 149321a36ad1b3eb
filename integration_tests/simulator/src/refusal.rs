//! HubSpot's error responses, one function per kind.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use crate::message::Answer;
use crate::portal::iso;

/// The header that repeats an error body's `correlationId`.
pub const CORRELATION_HEADER: &str = "X-HubSpot-Correlation-Id";

/// Returns a new id in the format of a version 7 UUID.
pub fn correlation_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let noise = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!(
        "019a{:04x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
        (noise >> 48) & 0xFFFF,
        (noise >> 32) & 0xFFFF,
        (noise >> 20) & 0xFFF,
        (noise >> 8) & 0xFFF,
        number & 0xFFFF_FFFF_FFFF
    )
}

/// The limit that a call exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    TenSecondlyRolling,
    Secondly,
    Daily,
}

impl Limit {
    /// Returns the `policyName` of the body.
    pub fn policy(self) -> &'static str {
        match self {
            Self::TenSecondlyRolling => "TEN_SECONDLY_ROLLING",
            Self::Secondly => "SECONDLY",
            Self::Daily => "DAILY",
        }
    }
}

fn body(
    status: u16,
    message: &str,
    extra: impl IntoIterator<Item = (&'static str, Value)>,
) -> Answer {
    let id = correlation_id();
    let mut fields = Map::new();
    fields.insert("status".to_owned(), "error".into());
    fields.insert("message".to_owned(), message.into());
    fields.insert("correlationId".to_owned(), id.clone().into());
    for (key, value) in extra {
        fields.insert(key.to_owned(), value);
    }
    let mut answer = Answer::json(status, Value::Object(fields).to_string());
    answer.headers.push((CORRELATION_HEADER, id));
    answer
}

fn bare(status: u16, message: &str) -> Answer {
    body(status, message, [])
}

/// 401: the token is missing or unknown.
pub fn unauthorized() -> Answer {
    let message = "Authentication credentials not found. This API supports OAuth 2.0 \
                   authentication and you can find more details at \
                   https://developers.hubspot.com/docs/methods/auth/oauth-overview";
    body(401, message, [("category", "INVALID_AUTHENTICATION".into())])
}

/// 401: the OAuth token has expired.
pub fn expired(expired_at_ms: i64, now_ms: i64) -> Answer {
    let seconds = (now_ms - expired_at_ms).max(0) / 1_000;
    let message =
        format!("The OAuth token used to make this call expired {seconds} second(s) ago.");
    body(
        401,
        &message,
        [
            ("category", "EXPIRED_AUTHENTICATION".into()),
            ("context", json!({ "expire time": [iso(expired_at_ms)] })),
        ],
    )
}

/// 403: the token is valid but scopes are missing. `alternatives` as in [`crate::route::Scopes`].
pub fn missing_scopes(alternatives: &[Vec<String>]) -> Answer {
    let explanation = if alternatives.len() == 1 && alternatives.iter().any(|all| all.len() > 1) {
        "All of the following scopes are required."
    } else {
        "One or more of the following scopes are required."
    };
    let scopes: Vec<String> = match alternatives {
        [all] if all.len() > 1 => all.clone(),
        _ => alternatives.iter().flatten().flat_map(|scope| listed(scope)).collect(),
    };
    body(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about \
         required scopes here: https://developers.hubspot.com/scopes.",
        [
            (
                "errors",
                json!([{ "message": explanation, "context": { "requiredGranularScopes": scopes } }]),
            ),
            ("links", json!({ "scopes": "https://developers.hubspot.com/scopes" })),
            ("category", "MISSING_SCOPES".into()),
        ],
    )
}

/// Returns a scope together with the equivalent ones that HubSpot lists, any of which is
/// sufficient.
fn listed(scope: &str) -> Vec<String> {
    let object = scope.strip_prefix("crm.objects.").and_then(|rest| rest.strip_suffix(".read"));
    match object {
        Some(object @ ("contacts" | "companies" | "deals" | "custom")) => vec![
            format!("crm.schemas.{object}.read"),
            format!("crm.objects.{object}.sensitive.read.v2"),
            scope.to_owned(),
            format!("crm.objects.{object}.highly_sensitive.read.v2"),
        ],
        Some("leads") => {
            vec![scope.to_owned(), "crm.objects.leads.write".to_owned(), "e-commerce".to_owned()]
        }
        _ => vec![scope.to_owned()],
    }
}

/// 403: an OAuth app may not read the definitions of an object type. The body has no category and
/// no list of errors, and names user permissions instead of scopes.
pub fn schema_withheld(singular: &str, plural: &str, portal_id: u64) -> Answer {
    let kind = singular.to_uppercase();
    bare(
        403,
        &format!(
            "You do not have permissions to view_schema object type \
             ObjectTypeId{{legacyObjectType={kind}}} in portal {portal_id} \
             (requires one of [{plural}-read])"
        ),
    )
}

/// 403 of a legacy endpoint for an OAuth app, in one of its two texts.
pub fn legacy_scopes(path: &str, token: &str, alternatives: &[Vec<String>]) -> Answer {
    if path.starts_with("/automation/") {
        let message =
            "EXTERNAL auth request is missing required 'workflows-access-public-api' scope.";
        return bare(403, message);
    }
    let scopes: Vec<&str> = alternatives.iter().flatten().map(String::as_str).collect();
    let scopes = scopes.join(", ");
    bare(
        403,
        &format!(
            "This oauth-token ({token}) does not have proper permissions! \
             (requires any of [{scopes}])"
        ),
    )
}

/// 404: the record or definition does not exist.
pub fn not_found() -> Answer {
    bare(404, "resource not found")
}

/// 404: there is no record with this id.
pub fn no_record(id: &str) -> Answer {
    body(
        404,
        "Object not found. objectId is usually positive.",
        [("context", json!({ "id": [id] })), ("category", "OBJECT_NOT_FOUND".into())],
    )
}

/// 404: there is no list with this id.
pub fn no_list(id: &str) -> Answer {
    body(
        404,
        &format!("List does not exist with ID {id}."),
        [
            ("context", json!({ "listId": [id] })),
            ("category", "OBJECT_NOT_FOUND".into()),
            ("subCategory", "ListError.LIST_DOES_NOT_EXIST".into()),
        ],
    )
}

/// 400: members of a list of this type cannot be read.
pub fn list_without_members(object_type_id: &str) -> Answer {
    body(
        400,
        &format!("Lists of object type {object_type_id} do not support this operation."),
        [
            ("category", "VALIDATION_ERROR".into()),
            ("subCategory", "ListError.INVALID_OBJECT_TYPE_FOR_LIST".into()),
        ],
    )
}

/// 404: the property definition does not exist.
pub fn unknown_definition(object: &str, name: &str) -> Answer {
    body(
        404,
        &format!("Property {name} does not exist for {object}"),
        [
            ("category", "OBJECT_NOT_FOUND".into()),
            ("subCategory", "Properties.PROPERTY_DOESNT_EXIST".into()),
        ],
    )
}

/// 404: the record id is not a number.
pub fn invalid_id(id: &str) -> Answer {
    body(
        404,
        "Object not found.  objectId are usually numeric.",
        [("context", json!({ "id": [id] })), ("category", "OBJECT_NOT_FOUND".into())],
    )
}

/// 404 of the gateway: no endpoint at this path. Not JSON.
pub fn unknown_path() -> Answer {
    Answer {
        status: 404,
        content_type: "text/html;charset=utf-8",
        headers: Vec::new(),
        body: "<html><head><title>Error 404 Not Found</title></head><body>Not Found</body></html>"
            .into(),
    }
}

/// 400: the object type cannot be resolved, by name or by id.
pub fn unknown_type(name: &str) -> Answer {
    let mut parts = name.split('-');
    let numeric = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if numeric(parts.next()) && numeric(parts.next()) && parts.next().is_none() {
        bare(400, &format!("Invalid object or event type id: {name}"))
    } else {
        bare(400, &format!("Unable to infer object type from: {name}"))
    }
}

/// 403: the object type is disabled in the account.
pub fn disabled_type(name: &str) -> Answer {
    bare(403, &format!("The object type {name} is not enabled for this account"))
}

/// 402 or 403: the account's plan does not include the feature.
pub fn plan_gap(status: u16) -> Answer {
    let message =
        "This account does not have access to this feature. Upgrade the subscription to use it.";
    if status == 402 {
        body(402, message, [("category", "PAYMENT_REQUIRED".into())])
    } else {
        bare(status, message)
    }
}

/// An error response with any status and category.
pub fn of_category(status: u16, category: &str, message: &str) -> Answer {
    body(status, message, [("category", category.into())])
}

/// 400 with category `VALIDATION_ERROR`.
pub fn validation(message: &str) -> Answer {
    body(400, message, [("category", "VALIDATION_ERROR".into())])
}

/// 400: a batch read has too many ids.
pub fn too_many_inputs(max: usize, received: usize) -> Answer {
    validation(&format!(
        "The maximum number of inputs supported in a batch is {max}. Received {received}."
    ))
}

/// 400: the body is not JSON, or does not have the expected structure.
pub fn invalid_json(error: &serde_json::Error) -> Answer {
    let message =
        format!("Invalid input JSON on line {}, column {}: {error}", error.line(), error.column());
    bare(400, &message)
}

/// 400: the generic body for a malformed search or one beyond the result limit.
pub fn problem() -> Answer {
    bare(400, "There was a problem with the request.")
}

/// 429 of the gateway. `group` is the counter's name (omitted for the daily limit).
pub fn rate_limited(limit: Limit, group: &str) -> Answer {
    let message = format!("You have reached your {} limit.", limit.policy().to_lowercase());
    let mut extra =
        vec![("errorType", "RATE_LIMIT".into()), ("policyName", Value::from(limit.policy()))];
    if limit == Limit::Daily {
        extra.push(("requestId", correlation_id().into()));
    } else {
        extra.push(("groupName", group.into()));
    }
    body(429, &message, extra)
}

/// 429 of search in its other form, without a policy name.
pub fn search_rate_limited() -> Answer {
    body(429, "You have reached your secondly limit.", [("category", "RATE_LIMITS".into())])
}

/// An error response with only a message, for less common statuses.
pub fn other(status: u16, message: &str) -> Answer {
    bare(status, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_are_named_in_the_words_of_their_kind() {
        for (case, name, expected) in [
            ("a name", "widgets", "Unable to infer object type from: widgets"),
            ("an id", "0-9999", "Invalid object or event type id: 0-9999"),
            ("half an id", "0-", "Unable to infer object type from: 0-"),
        ] {
            let answer = unknown_type(name);
            let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            assert_eq!(body.get("message").and_then(Value::as_str), Some(expected), "{case}");
            assert_eq!(answer.status, 400, "{case}");
        }
    }

    #[test]
    fn the_correlation_id_of_body_and_header_agree() {
        let answer = unauthorized();
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let header = answer.headers.first().map(|(_, value)| value.as_str());
        assert_eq!(body.get("correlationId").and_then(Value::as_str), header);
        assert_eq!(header.map(str::len), Some(36));
    }
}
