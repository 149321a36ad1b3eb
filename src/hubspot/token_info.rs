//! Scopes of the token: as listed by HubSpot, or determined by trial requests.
//!
//! HubSpot: `docs/hubspot.md` note 46.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::api::{Api, RequestContext};
use super::endpoint::Endpoint;
use super::oauth::{FORM, form_of};
use super::scopes::GrantedScopes;
use crate::error::Error;
use crate::http::{Bucket, DecodeError, Request, RequestBody};
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
    pub async fn listed(&self, api: Api<'_>) -> Option<&GrantedScopes> {
        let ask =
            async || timeout(PATIENCE, listed_scopes(api, self.app.as_ref())).await.ok().flatten();
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
async fn listed_scopes(api: Api<'_>, app: Option<&OAuthApp>) -> Option<GrantedScopes> {
    let endpoint = if app.is_some() { Endpoint::TOKEN_INFO } else { Endpoint::PRIVATE_APP_INFO };
    let target = api.paths.prefix(endpoint);
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
    let answer = api.client.send_about_token(about, api.stats, read).await;
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

/// The cheapest request for each of the scopes that most streams require. Scopes without a trial
/// stay unknown: `check` should finish within a second, which this many concurrent requests take.
const TRIALS: &[(&str, Endpoint, &str)] = &[
    ("automation", Endpoint::FLOWS, "?limit=1"),
    ("content", Endpoint::EMAIL_CAMPAIGNS, "?limit=1"),
    ("crm.objects.companies.read", Endpoint::OBJECTS, "/companies?limit=1"),
    ("crm.objects.contacts.read", Endpoint::OBJECTS, "/contacts?limit=1"),
    ("crm.objects.deals.read", Endpoint::OBJECTS, "/deals?limit=1"),
    ("crm.objects.line_items.read", Endpoint::OBJECTS, "/line_items?limit=1"),
    ("crm.objects.owners.read", Endpoint::OWNERS, "?limit=1"),
    ("crm.objects.products.read", Endpoint::OBJECTS, "/products?limit=1"),
    ("forms", Endpoint::FORMS, "?limit=1"),
    ("tickets", Endpoint::OBJECTS, "/tickets?limit=1"),
];

/// Determines scopes by trial, with one cheap request for each, all at once.
///
/// Only a refusal that names scopes counts; after any other failure the scope stays unknown.
pub async fn tried_scopes(api: Api<'_>) -> GrantedScopes {
    let trials = TRIALS.iter().map(async |&(scope, endpoint, tail)| {
        let request_context = RequestContext { stream: "a trial of scopes", scopes: &[] };
        (scope, Api { request_context, ..api }.get(endpoint, tail, |_| Ok(())).await)
    });
    let (mut open, mut shut) = (BTreeSet::new(), BTreeSet::new());
    for (scope, answer) in join_all(trials).await {
        match answer {
            Ok(()) => open.insert(scope),
            Err(Error::MissingScope { needed, .. }) if !needed.is_unnamed() => shut.insert(scope),
            Err(error) => {
                log::debug!("whether the token has the scope {scope} is not known: {error}");
                false
            }
        };
    }
    GrantedScopes::Tried { open, shut }
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
