//! Renewal of OAuth access tokens.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::endpoint::{Endpoint, Paths};
use super::tolerant::odd_as_default;
use crate::http::{
    Bucket, DecodeError, KeepToken, Request, RequestBody, TokenGrant, TokenRefresher,
};
use crate::secret::Secret;

/// Media type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded;charset=utf-8";

/// Creates the token renewal of an OAuth app. `keep` is called with each new refresh token.
pub fn renewal(
    paths: &Paths,
    client_id: String,
    client_secret: Secret<String>,
    refresh_token: Secret<String>,
    keep: KeepToken,
) -> TokenRefresher {
    let targets = paths.prefixes(Endpoint::TOKEN);
    let request = move |target: &str, refresh_token: &Secret<String>| Request {
        method: Method::POST,
        target: target.to_owned(),
        body: Some(RequestBody {
            content_type: FORM,
            bytes: form(&client_id, &client_secret, refresh_token).into(),
        }),
        bucket: Bucket::Unlimited,
        endpoint: format!("the access token (POST {target})"),
    };
    TokenRefresher { targets, request: Box::new(request), decode: read_grant, refresh_token, keep }
}

fn form(client_id: &str, client_secret: &Secret<String>, refresh_token: &Secret<String>) -> String {
    form_of(&[
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("client_secret", client_secret.expose()),
        ("refresh_token", refresh_token.expose()),
    ])
}

/// Encodes the fields of a form.
pub(super) fn form_of(fields: &[(&str, &str)]) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_');
    let encode = |text| utf8_percent_encode(text, RESERVED);
    let fields = fields.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    fields.collect::<Vec<_>>().join("&")
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: Secret<String>,
    /// Lifetime in seconds; half an hour if missing.
    #[serde(default, deserialize_with = "odd_as_default")]
    expires_in: Option<u64>,
    #[serde(default, deserialize_with = "odd_as_default")]
    refresh_token: Option<Secret<String>>,
}

/// Decodes the response of the token endpoint.
pub fn read_grant(body: &Bytes) -> Result<TokenGrant, DecodeError> {
    // The message of a parse error could quote a token, so only its kind is kept.
    let response: TokenResponse = serde_json::from_slice(body).map_err(|error| {
        let problem = format!("a token answer that is not understood ({:?})", error.classify());
        if error.is_data() {
            DecodeError::Unexpected(problem.into())
        } else {
            DecodeError::Malformed(problem)
        }
    })?;
    Ok(TokenGrant {
        token: response.access_token,
        lifetime: Duration::from_secs(response.expires_in.unwrap_or(1800)),
        refresh_token: response.refresh_token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_with_a_form_and_reads_the_grant() {
        let secret = |text: &str| Secret::new(text.to_owned());
        assert_eq!(
            form("12-ab", &secret("s&c"), &secret("na1-x")),
            "grant_type=refresh_token&client_id=12%2Dab&client_secret=s%26c&refresh_token=na1%2Dx"
        );
        let grant =
            read_grant(&Bytes::from_static(br#"{"access_token":"CJ","expires_in":60,"hub_id":1}"#));
        let grant = grant.unwrap();
        assert_eq!((grant.token.expose().as_str(), grant.lifetime.as_secs()), ("CJ", 60));
    }

    #[test]
    fn an_answer_that_is_not_understood_is_not_quoted() {
        let error =
            read_grant(&Bytes::from_static(br#"{"access_token":{"canary":1}}"#)).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
