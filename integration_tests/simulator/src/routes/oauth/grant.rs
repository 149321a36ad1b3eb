//! Issue of access tokens.

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::refusal::{CORRELATION_HEADER, correlation_id};
use crate::routes::oauth::context::{Account, Form, USER_ID};
use crate::settings::TokenRefusal;
use crate::token::{Denial, Issued, Tokens};

pub(super) fn token(
    tokens: &mut Tokens,
    account: &Account<'_>,
    request: &Request,
    _: &str,
) -> Answer {
    let form = Form::of(request);
    let (id, secret) = (form.get("client_id"), form.get("client_secret"));
    match form.get("grant_type") {
        "refresh_token" => {}
        "authorization_code" => {
            return match tokens.client(id, secret) {
                Ok(_) => denied(
                    account,
                    400,
                    "BAD_AUTH_CODE",
                    "invalid_grant",
                    "missing or unknown auth code",
                ),
                Err(denial) => deny(account, denial),
            };
        }
        _ => {
            return denied(
                account,
                400,
                "BAD_GRANT_TYPE",
                "unsupported_grant_type",
                "missing or unknown grant type",
            );
        }
    }
    if account.settings.account_gone {
        return denied(account, 400, "BAD_HUB", "access_denied", "missing or unknown hub id");
    }
    let rotate = account.settings.rotate_refresh_token;
    match tokens.refresh(id, secret, form.get("refresh_token"), rotate, request.now_ms) {
        Ok(issued) => Answer::json(200, granted(tokens, account, request, &issued).to_string()),
        Err(denial) => deny(account, denial),
    }
}

fn granted(tokens: &Tokens, account: &Account<'_>, request: &Request, issued: &Issued) -> Value {
    let mut body = json!({
        "token_type": "bearer",
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_in": expires_in_s(tokens, account, issued),
    });
    // Only the newer versions return the account, user and scopes of the token.
    if !request.path.starts_with("/oauth/v1/")
        && let (Some(fields), Some(app)) = (body.as_object_mut(), tokens.app(issued.app))
    {
        fields.insert("hub_id".to_owned(), account.portal_id.into());
        fields.insert("scopes".to_owned(), app.scopes.listed().into());
        fields.insert("user_id".to_owned(), USER_ID.into());
        fields.insert("token_use".to_owned(), "access_token".into());
    }
    body
}

/// Returns the token lifetime in real seconds, or in simulated seconds if the clock is stopped.
fn expires_in_s(tokens: &Tokens, account: &Account<'_>, issued: &Issued) -> u64 {
    let life = tokens.app(issued.app).map(|app| app.token_life).unwrap_or_default();
    let real = account.clock.real(life);
    if real.is_zero() { life.as_secs() } else { real.as_secs() }
}

pub(super) fn deny(account: &Account<'_>, denial: Denial) -> Answer {
    let client_status = account.settings.bad_client_status;
    let (status, code, error, message) = match denial {
        Denial::ClientId => {
            (client_status, "BAD_CLIENT_ID", "invalid_client", "missing or unknown client id")
        }
        Denial::ClientSecret => (
            client_status,
            "BAD_CLIENT_SECRET",
            "invalid_client",
            "missing or invalid client secret",
        ),
        Denial::RefreshToken => {
            let message = match account.settings.token_refusal {
                TokenRefusal::Classic => "missing or invalid refresh token",
                TokenRefusal::Rfc6749 => "refresh token is invalid, expired or revoked",
            };
            (400, "BAD_REFRESH_TOKEN", "invalid_grant", message)
        }
    };
    denied(account, status, code, error, message)
}

fn denied(account: &Account<'_>, status: u16, code: &str, error: &str, message: &str) -> Answer {
    let id = correlation_id();
    let mut body = json!({"status": code, "message": message, "correlationId": id});
    if account.settings.token_refusal == TokenRefusal::Rfc6749
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("category".to_owned(), "VALIDATION_ERROR".into());
        fields.insert("error".to_owned(), error.into());
        fields.insert("error_description".to_owned(), message.into());
    }
    let mut answer = Answer::json(status, body.to_string());
    answer.headers.push((CORRELATION_HEADER, id));
    answer
}

/// 429: too many token requests per second.
pub fn too_fast() -> Answer {
    let id = correlation_id();
    let body = json!({
        "status": "error", "message": "You have reached your rate limit.", "correlationId": id,
        "errorType": "RATE_LIMIT", "policyName": "SECONDLY",
    });
    let mut answer = Answer::json(429, body.to_string());
    answer.headers.push((CORRELATION_HEADER, id));
    answer
}
