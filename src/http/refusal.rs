//! Meaning of HubSpot's error responses for the HTTP client.

use super::error_body::ErrorBody;
use super::quota::Bucket;

/// Meaning of an error response beyond its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Nothing beyond the status.
    Plain,
    /// A 401 because the token has expired. A new token, or a retry with the same one, may succeed.
    TokenExpired,
    /// A 429 that names the exhausted bucket.
    UsedUp(Bucket),
    /// A 429 for the daily quota, which no wait within this run can resolve.
    DayUsedUp,
    /// A 403 that does not come from HubSpot itself, but for example from a proxy.
    NotHubSpot,
}

/// Classifies an error response for the HTTP client.
pub fn refusal_kind(status: u16, body: &[u8]) -> RefusalKind {
    let read = || ErrorBody::parse(body).unwrap_or_default();
    match status {
        401 if is_expired(&read()) => RefusalKind::TokenExpired,
        403 if !read().is_hubspots() => RefusalKind::NotHubSpot,
        429 => used_up(&read()),
        _ => RefusalKind::Plain,
    }
}

/// Returns `true` if the body of a success response is that of an error.
pub fn is_error_body(body: &[u8]) -> bool {
    said_in_success(body).is_some()
}

/// Returns the error message of a success response whose body is that of an error, or `None` for
/// other bodies.
pub(super) fn said_in_success(body: &[u8]) -> Option<String> {
    let keys = |body: &ErrorBody| {
        body.message.is_some() || body.category.is_some() || body.correlation.is_some()
    };
    let body = ErrorBody::parse(body).filter(|body| body.is_error() && keys(body))?;
    Some(body.said().or(body.category).unwrap_or_else(|| "status error, without a reason".into()))
}

/// Returns `true` if the token has expired. Some responses say so only in the message.
///
/// HubSpot: `docs/hubspot.md` note 27.
fn is_expired(body: &ErrorBody) -> bool {
    body.is_category("EXPIRED_AUTHENTICATION") || body.words().contains("expired")
}

/// Returns the quota that a 429 names: by its group, which is exact, otherwise by its policy or its
/// message.
///
/// HubSpot: `docs/hubspot.md` note 25.
fn used_up(body: &ErrorBody) -> RefusalKind {
    let group = body.group_name.as_deref().unwrap_or_default();
    let is_daily = match body.policy_name.as_deref() {
        Some(policy) => policy.eq_ignore_ascii_case("DAILY"),
        None => group.is_empty() && body.words().contains("daily limit"),
    };
    match group {
        _ if is_daily => RefusalKind::DayUsedUp,
        group if group.contains("crm:search") => RefusalKind::UsedUp(Bucket::Search),
        group if group.contains("associations") => RefusalKind::UsedUp(Bucket::Associations),
        group if group.contains("api-calls-ten-secondly") => RefusalKind::UsedUp(Bucket::General),
        // Two quotas are per ten seconds, and the token endpoint has one per second too. The policy
        // alone is ambiguous, so the bucket of the request decides.
        _ => RefusalKind::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings() {
        const EXPIRED: &str = r#"{"status":"error","category":"EXPIRED_AUTHENTICATION"}"#;
        const IN_WORDS: &str =
            r#"{"status":"error","message":"This oauth-token is expired! expiresAt: 1, now: 2"}"#;
        const DAILY: &str = r#"{"status":"error","policyName":"DAILY","errors":null}"#;
        const DAILY_IN_WORDS: &str =
            r#"{"message":"You have reached your daily limit.","errorType":"RATE_LIMIT"}"#;
        const APP: &str = r#"{"policyName":"TEN_SECONDLY_ROLLING","groupName":
            "publicapi:private_app-api-calls-ten-secondly:1:2"}"#;
        const SEARCH: &str =
            r#"{"policyName":"SECONDLY","groupName":"publicapi:crm:search:oauth:1:2"}"#;
        const ASSOCIATIONS: &str = r#"{"groupName":"publicapi:crm:associations:1:2"}"#;
        const SECONDLY: &str =
            r#"{"message":"daily limit? no: secondly limit","policyName":"SECONDLY"}"#;
        for (case, status, body, expected) in [
            ("an expired token", 401, EXPIRED, RefusalKind::TokenExpired),
            ("an expired token, in words", 401, IN_WORDS, RefusalKind::TokenExpired),
            (
                "an unknown token",
                401,
                r#"{"category":"INVALID_AUTHENTICATION"}"#,
                RefusalKind::Plain,
            ),
            ("the day", 429, DAILY, RefusalKind::DayUsedUp),
            ("the day, in words", 429, DAILY_IN_WORDS, RefusalKind::DayUsedUp),
            ("another policy", 429, SECONDLY, RefusalKind::Plain),
            ("a burst", 429, r#"{"policyName":"TEN_SECONDLY_ROLLING"}"#, RefusalKind::Plain),
            ("a burst of the app", 429, APP, RefusalKind::UsedUp(Bucket::General)),
            ("too many searches", 429, SEARCH, RefusalKind::UsedUp(Bucket::Search)),
            ("too many associations", 429, ASSOCIATIONS, RefusalKind::UsedUp(Bucket::Associations)),
            ("a burst without a policy", 429, r#"{"category":"RATE_LIMITS"}"#, RefusalKind::Plain),
            ("a page of the edge", 429, "<html>", RefusalKind::Plain),
            ("keys of other types", 401, r#"{"category":7,"errors":{}}"#, RefusalKind::Plain),
            ("a missing scope", 403, r#"{"category":"MISSING_SCOPES"}"#, RefusalKind::Plain),
            ("an error without a category", 403, r#"{"status":"error"}"#, RefusalKind::Plain),
            ("one that is cut", 403, r#"{"status":"error","message":"no"#, RefusalKind::Plain),
            ("a page of the edge", 403, "<html>", RefusalKind::NotHubSpot),
            ("nothing", 403, "", RefusalKind::NotHubSpot),
            ("a gateway's JSON", 403, r#"{"message":"Forbidden"}"#, RefusalKind::NotHubSpot),
            ("JSON of no object", 403, r#"["error"]"#, RefusalKind::NotHubSpot),
        ] {
            assert_eq!(refusal_kind(status, body.as_bytes()), expected, "{case}");
        }
    }
}
