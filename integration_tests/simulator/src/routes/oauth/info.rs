//! Token information.

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::refusal;
use crate::routes::oauth::context::{Account, Form, USER_ID};
use crate::routes::oauth::grant::deny;
use crate::settings::TokenInfo;
use crate::token::{OAuthApp, Tokens};

pub(super) fn introspect(
    tokens: &mut Tokens,
    account: &Account<'_>,
    request: &Request,
    _: &str,
) -> Answer {
    if let Some(answer) = withheld(account) {
        return answer;
    }
    let form = Form::of(request);
    if let Err(denial) = tokens.client(form.get("client_id"), form.get("client_secret")) {
        return deny(account, denial);
    }
    let token = form.get("token");
    let mut body = describe_access(tokens, account, token, request.now_ms)
        .or_else(|| describe_refresh(tokens, account, token))
        .unwrap_or_else(|| json!({}));
    if let Some(fields) = body.as_object_mut() {
        let active = !fields.is_empty();
        fields.insert("active".to_owned(), active.into());
    }
    Answer::json(200, body.to_string())
}

/// Returns the response if token information is not available.
fn withheld(account: &Account<'_>) -> Option<Answer> {
    match account.settings.token_info {
        TokenInfo::Given => None,
        TokenInfo::NotThere => Some(refusal::unknown_path()),
        TokenInfo::Refused => Some(refusal::unauthorized()),
    }
}

pub(super) fn access_token_info(
    tokens: &mut Tokens,
    account: &Account<'_>,
    request: &Request,
    token: &str,
) -> Answer {
    describe_access(tokens, account, token, request.now_ms)
        .map_or_else(refusal::not_found, |body| Answer::json(200, body.to_string()))
}

pub(super) fn refresh_token_info(
    tokens: &mut Tokens,
    account: &Account<'_>,
    _: &Request,
    token: &str,
) -> Answer {
    describe_refresh(tokens, account, token)
        .map_or_else(refusal::not_found, |body| Answer::json(200, body.to_string()))
}

fn describe_access(
    tokens: &Tokens,
    account: &Account<'_>,
    token: &str,
    now_ms: i64,
) -> Option<Value> {
    let (app, expires_ms) = tokens.access_token(token)?;
    let left_s = (expires_ms - now_ms).div_euclid(1_000);
    (left_s > 0).then(|| {
        json!({
            "token": token, "user": USER, "hub_domain": HUB_DOMAIN, "scopes": app.scopes.listed(),
            "hub_id": account.portal_id, "app_id": app.app_id, "expires_in": left_s,
            "user_id": USER_ID, "token_type": "access", "is_private_distribution": false,
            "client_id": app.client_id, "token_use": "access_token",
            "signed_access_token": signed(app, account.portal_id, expires_ms),
        })
    })
}

fn describe_refresh(tokens: &Tokens, account: &Account<'_>, token: &str) -> Option<Value> {
    let app = tokens.refresh_token(token)?;
    Some(json!({
        "token": token, "user": USER, "hub_domain": HUB_DOMAIN, "scopes": app.scopes.listed(),
        "hub_id": account.portal_id, "client_id": app.client_id, "user_id": USER_ID,
        "token_type": "refresh", "token_use": "refresh_token", "app_id": app.app_id,
    }))
}

/// Returns the signed token data of HubSpot's internal services.
fn signed(app: &OAuthApp, portal_id: u64, expires_ms: i64) -> Value {
    json!({
        "appId": app.app_id, "appInstallId": "1", "audience": "", "expiresAt": expires_ms,
        "hubId": portal_id, "hublet": "na1", "installingUserId": USER_ID,
        "isPrivateDistribution": false, "isServiceAccount": false, "isUserLevel": false,
        "newSignature": "c2ln", "scopeToScopeGroupPks": "", "scopes": "", "signature": "c2ln",
        "trialScopeToScopeGroupPks": "", "trialScopes": "", "userId": USER_ID,
    })
}

const USER: &str = "grace@example.test";
const HUB_DOMAIN: &str = "example.test";

pub(super) fn private_app_info(
    tokens: &mut Tokens,
    account: &Account<'_>,
    request: &Request,
    _: &str,
) -> Answer {
    if let Some(answer) = withheld(account) {
        return answer;
    }
    let body: Value = match serde_json::from_slice(&request.body) {
        Ok(body) => body,
        Err(error) => return refusal::invalid_json(&error),
    };
    let token = body.get("tokenKey").and_then(Value::as_str).unwrap_or_default();
    tokens.private_app(token).map_or_else(refusal::unauthorized, |app| {
        let info = json!({
            "userId": USER_ID, "hubId": account.portal_id, "appId": app.app_id,
            "scopes": app.scopes.listed(),
        });
        Answer::json(200, info.to_string())
    })
}
