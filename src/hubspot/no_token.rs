//! Explains why the token endpoint granted no token.

use super::refusal_detail::detail;
use crate::error::Error;
use crate::http::Refusal;

/// Returns the user-facing error for a refusal by the token endpoint, with the credentials to
/// re-enter.
///
/// HubSpot's own code is in `status`, that of RFC 6749 in `error`: `docs/hubspot.md` note 32.
pub(super) fn explain(refusal: &Refusal) -> Error {
    let status = refusal.body.status.as_deref().unwrap_or_default().to_ascii_uppercase();
    let error = refusal.body.error.as_deref().unwrap_or_default().to_ascii_lowercase();
    let problem = match (status.as_str(), error.as_str()) {
        ("BAD_CLIENT_ID", _) => "the client id is unknown; copy it from the app's settings again",
        ("BAD_CLIENT_SECRET", _) => {
            "the client secret is wrong; copy it from the app's settings again"
        }
        ("BAD_HUB", _) | (_, "access_denied") => {
            "the account of the refresh token no longer exists; authenticate with another account"
        }
        ("BAD_REDIRECT_URI", _) => {
            "the refresh token was granted to another redirect URL; authenticate again to get a \
             new one"
        }
        ("BAD_SCOPES", _) | (_, "invalid_scope") => {
            "the app requests scopes that were not granted; authenticate again to grant them"
        }
        ("BAD_REFRESH_TOKEN", _) | (_, "invalid_grant") => {
            "the refresh token is invalid or was revoked, for example because the app was \
             uninstalled; authenticate again to get a new one"
        }
        (_, "invalid_client") => {
            "the client id or the client secret is wrong; copy both from the app's settings again"
        }
        _ => {
            "it issues no access token for this client id, client secret and refresh token; enter \
             all three again, or authenticate again"
        }
    };
    Error::Credentials { problem: problem.into(), source: Some(detail(refusal)) }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::http::ErrorBody;

    #[test]
    fn refusals_of_the_token_endpoint_name_the_credentials_to_enter() {
        for (status, body, expected) in [
            (
                400,
                r#"{"status":"BAD_REFRESH_TOKEN","error":"invalid_grant"}"#,
                "the refresh token is",
            ),
            (400, r#"{"status":"BAD_CLIENT_ID","error":"invalid_client"}"#, "the client id is"),
            (401, r#"{"status":"BAD_CLIENT_SECRET"}"#, "the client secret is wrong"),
            (400, r#"{"status":"BAD_HUB","error":"access_denied"}"#, "the account of"),
            (400, r#"{"status":"BAD_REDIRECT_URI"}"#, "the refresh token was granted to another"),
            (400, r#"{"status":"BAD_SCOPES"}"#, "the app requests scopes"),
            (400, r#"{"error":"invalid_grant"}"#, "the refresh token is invalid"),
            (401, r#"{"error":"invalid_client"}"#, "the client id or the client secret"),
            (400, r#"{"status":"BAD_GRANT_TYPE"}"#, "it issues no access token"),
            (403, r#"{"status":7}"#, "it issues no access token"),
            (401, "<html>", "it issues no access token"),
        ] {
            let refusal = Refusal {
                status,
                body: ErrorBody::parse(body.as_bytes()),
                retry_after: None,
                correlation_id: None,
                method: Method::POST,
                path: "/oauth/2026-09/token".into(),
            };
            let error = explain(&refusal).to_string();
            let start = format!("HubSpot refuses the credentials: {expected}");
            assert!(error.starts_with(&start), "{body}: {error}");
        }
    }
}
