//! Scopes of the token, as listed by HubSpot.
//!
//! HubSpot: `docs/hubspot.md` note 46.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::endpoint::{Endpoint, Paths};
use super::oauth::{FORM, form_of};
use super::scopes::GrantedScopes;
use crate::http::{Bucket, Client, DecodeError, Request, RequestBody, RequestStats};
use crate::secret::Secret;

/// The app that an OAuth token was granted to. HubSpot describes a token only to its own app.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    pub client_id: String,
    pub client_secret: Secret<String>,
}

/// Timeout of the request, which is long enough for a slow response. Nothing depends on the result.
const PATIENCE: Duration = Duration::from_secs(10);

/// Scopes of a connection's token, requested once when first needed.
#[derive(Debug, Default)]
pub struct TokenScopes {
    app: Option<OAuthApp>,
    listed: OnceCell<Option<GrantedScopes>>,
}

impl TokenScopes {
    /// Creates the scopes of a token. `app` is the app of an OAuth token.
    pub fn of(app: Option<OAuthApp>) -> Self {
        Self { app, listed: OnceCell::new() }
    }

    /// Returns the scopes as listed by HubSpot, or `None` if it does not list them.
    pub async fn listed(
        &self,
        client: &Client,
        paths: &Paths,
        stats: &RequestStats,
    ) -> Option<&GrantedScopes> {
        let ask = async || {
            let scopes = listed_scopes(client, paths, stats, self.app.as_ref());
            timeout(PATIENCE, scopes).await.ok().flatten()
        };
        self.listed.get_or_init(ask).await.as_ref()
    }
}

/// The relevant field of both responses.
#[derive(Deserialize)]
struct Info {
    scopes: BTreeSet<String>,
}

/// Requests the scopes of the token. Returns `None` if HubSpot does not report them. Without an
/// OAuth app, the token is that of a private app or a service key.
///
/// The token is sent in the request body, since paths are logged.
async fn listed_scopes(
    client: &Client,
    paths: &Paths,
    stats: &RequestStats,
    app: Option<&OAuthApp>,
) -> Option<GrantedScopes> {
    let endpoint = if app.is_some() { Endpoint::TOKEN_INFO } else { Endpoint::PRIVATE_APP_INFO };
    let target = paths.prefix(endpoint);
    let about = |token: &Secret<String>| Request {
        method: Method::POST,
        target: target.to_owned(),
        body: Some(body(token, app)),
        bucket: Bucket::Unlimited,
        endpoint: format!("the scopes of the token (POST {target})"),
    };
    // The message of a parse error could quote the token, which is part of the response.
    let read = |body: &Bytes| {
        let unknown = |_| DecodeError::Unexpected("an answer without scopes".into());
        serde_json::from_slice::<Info>(body).map_err(unknown)
    };
    let answer = client.send_about_token(about, stats, read).await;
    // The reason of a failure is dropped: HubSpot's message could quote the token.
    answer.map(|info| GrantedScopes::Listed(info.scopes)).ok()
}

fn body(token: &Secret<String>, app: Option<&OAuthApp>) -> RequestBody {
    let Some(app) = app else {
        let text = json!({ "tokenKey": token.expose() }).to_string();
        return RequestBody { content_type: "application/json", bytes: text.into() };
    };
    let text = form_of(&[
        ("client_id", &app.client_id),
        ("client_secret", app.client_secret.expose()),
        ("token", token.expose()),
        ("token_type_hint", "access_token"),
    ]);
    RequestBody { content_type: FORM, bytes: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_asked_about_in_the_body() {
        let token = Secret::new("pat-1\"2".to_owned());
        let private = body(&token, None);
        assert_eq!(private.bytes, r#"{"tokenKey":"pat-1\"2"}"#);
        let client_secret = Secret::new("s&c".to_owned());
        let app = OAuthApp { client_id: "12".to_owned(), client_secret };
        let oauth = body(&token, Some(&app));
        assert_eq!(
            oauth.bytes,
            "client_id=12&client_secret=s%26c&token=pat%2D1%222&token_type_hint=access_token"
        );
    }
}
