//! Endpoints that issue and describe tokens. They need no `Authorization` header and have their own
//! quota, so they are handled before the caller is authenticated.

mod context;
mod grant;
mod info;

use http::Method;

use crate::message::{Answer, Request};
use crate::token::Tokens;

pub use context::Account;
pub use grant::too_fast;

/// One token endpoint.
pub struct TokenRoute {
    /// Stable name used in the journal.
    pub name: &'static str,
    pub method: Method,
    /// All paths of the endpoint; `{}` matches one segment.
    pub paths: &'static [&'static str],
    handle: fn(&mut Tokens, &Account<'_>, &Request, &str) -> Answer,
}

/// All token endpoints.
pub static TOKEN_ROUTES: &[TokenRoute] = &[
    TokenRoute {
        name: "oauth.token",
        method: Method::POST,
        paths: &[
            "/oauth/v1/token",
            "/oauth/v3/token",
            "/oauth/2026-03/token",
            "/oauth/2026-09/token",
        ],
        handle: grant::token,
    },
    TokenRoute {
        name: "oauth.introspect",
        method: Method::POST,
        paths: &[
            "/oauth/v3/token/introspect",
            "/oauth/2026-03/token/introspect",
            "/oauth/2026-09/token/introspect",
        ],
        handle: info::introspect,
    },
    TokenRoute {
        name: "oauth.access_token_info",
        method: Method::GET,
        paths: &["/oauth/v1/access-tokens/{}"],
        handle: info::access_token_info,
    },
    TokenRoute {
        name: "oauth.refresh_token_info",
        method: Method::GET,
        paths: &["/oauth/v1/refresh-tokens/{}"],
        handle: info::refresh_token_info,
    },
    TokenRoute {
        name: "oauth.private_app_info",
        method: Method::POST,
        paths: &["/oauth/v2/private-apps/get/access-token-info"],
        handle: info::private_app_info,
    },
];

/// Returns the endpoint for a path and the value of its `{}` segment.
pub fn find(method: &Method, path: &str) -> Option<(&'static TokenRoute, String)> {
    if !path.starts_with("/oauth/") {
        return None;
    }
    TOKEN_ROUTES.iter().filter(|route| route.method == method).find_map(|route| {
        route.paths.iter().find_map(|pattern| match pattern.strip_suffix("{}") {
            Some(prefix) => {
                let rest = path.strip_prefix(prefix)?;
                let one_segment = !rest.is_empty() && !rest.contains('/');
                one_segment.then(|| (route, rest.to_owned()))
            }
            None => (path == *pattern).then(|| (route, String::new())),
        })
    })
}

impl TokenRoute {
    /// Handles a request; `argument` is the segment returned by [`find`].
    pub fn answer(
        &self,
        tokens: &mut Tokens,
        account: &Account<'_>,
        request: &Request,
        argument: &str,
    ) -> Answer {
        (self.handle)(tokens, account, request, argument)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::{Clock, ClockConfig};
    use crate::settings::{Settings, TokenInfo, TokenRefusal};
    use crate::token::{Access, Granted, OAuthApp};

    const REFRESH: &str =
        "grant_type=refresh_token&client_id=client&client_secret=secret&refresh_token=na1-refresh";

    /// Sends one request to a new account.
    fn ask(settings: &Settings, path: &str, body: &str) -> (u16, Value) {
        let mut tokens = tokens();
        call(&mut tokens, settings, Method::POST, path, body)
    }

    fn tokens() -> Tokens {
        let app = OAuthApp::new("client", "secret", "na1-refresh", Granted::All);
        Tokens::new(Access { oauth_apps: vec![app], ..Access::default() })
    }

    fn call(
        tokens: &mut Tokens,
        settings: &Settings,
        method: Method,
        path: &str,
        body: &str,
    ) -> (u16, Value) {
        let (route, argument) = find(&method, path).expect("a token endpoint");
        let request = Request {
            method,
            path: path.to_owned(),
            query: Vec::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            now_ms: 0,
        };
        let clock = Clock::new(ClockConfig::default());
        let account = Account { portal_id: 4_455, settings, clock: &clock };
        let answer = route.answer(tokens, &account, &request, &argument);
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn refusals_carry_their_code() {
        let modern = Settings::default();
        let gone = Settings { account_gone: true, ..Settings::default() };
        let strict = Settings { bad_client_status: 401, ..Settings::default() };
        let classic = Settings { token_refusal: TokenRefusal::Classic, ..Settings::default() };
        for (case, settings, old, new, status, code, error) in [
            (
                "refresh token",
                &modern,
                "na1-refresh",
                "na1-x",
                400,
                "BAD_REFRESH_TOKEN",
                Some("invalid_grant"),
            ),
            ("old style", &classic, "na1-refresh", "na1-x", 400, "BAD_REFRESH_TOKEN", None),
            (
                "client id",
                &modern,
                "=client&",
                "=nobody&",
                400,
                "BAD_CLIENT_ID",
                Some("invalid_client"),
            ),
            ("account gone", &gone, "code", "", 400, "BAD_HUB", Some("access_denied")),
            (
                "client id",
                &strict,
                "=client&",
                "=nobody&",
                401,
                "BAD_CLIENT_ID",
                Some("invalid_client"),
            ),
            (
                "secret",
                &modern,
                "=secret",
                "=guess",
                400,
                "BAD_CLIENT_SECRET",
                Some("invalid_client"),
            ),
            (
                "grant",
                &modern,
                "=refresh_token&",
                "=magic&",
                400,
                "BAD_GRANT_TYPE",
                Some("unsupported_grant_type"),
            ),
            (
                "code",
                &modern,
                "=refresh_token&",
                "=authorization_code&",
                400,
                "BAD_AUTH_CODE",
                Some("invalid_grant"),
            ),
        ] {
            let (found, body) = ask(settings, "/oauth/v3/token", &REFRESH.replace(old, new));
            assert_eq!((found, body["status"].as_str()), (status, Some(code)), "{case}");
            assert_eq!(body.get("error").and_then(Value::as_str), error, "{case}");
        }
    }

    #[test]
    fn every_version_hands_out_tokens_and_newer_ones_say_more() {
        for (path, says_more) in [
            ("/oauth/v1/token", false),
            ("/oauth/v3/token", true),
            ("/oauth/2026-03/token", true),
            ("/oauth/2026-09/token", true),
        ] {
            let (status, body) = ask(&Settings::default(), path, REFRESH);
            assert_eq!(status, 200, "{path}");
            assert_eq!(body["expires_in"], 1_800, "{path}");
            assert_eq!(body.get("hub_id").is_some(), says_more, "{path}");
        }
    }

    #[test]
    fn tokens_can_be_looked_up() {
        let settings = Settings::default();
        let mut tokens = tokens();
        let (_, issued) = call(&mut tokens, &settings, Method::POST, "/oauth/v3/token", REFRESH);
        let token = issued["access_token"].as_str().unwrap();
        let path = format!("/oauth/v1/access-tokens/{token}");
        let (status, info) = call(&mut tokens, &settings, Method::GET, &path, "");
        assert_eq!((status, info["hub_id"].as_u64()), (200, Some(4_455)));
        for (token, active) in [(token, true), ("na1-refresh", true), ("CJ-unknown", false)] {
            let form = format!("client_id=client&client_secret=secret&token={token}");
            let (status, info) = call(
                &mut tokens,
                &settings,
                Method::POST,
                "/oauth/2026-03/token/introspect",
                &form,
            );
            assert_eq!((status, info["active"].as_bool()), (200, Some(active)), "{token}");
        }
        let (status, _) =
            call(&mut tokens, &settings, Method::GET, "/oauth/v1/refresh-tokens/nope", "");
        assert_eq!(status, 404);
    }

    #[test]
    fn private_apps_learn_their_scopes() {
        let path = "/oauth/v2/private-apps/get/access-token-info";
        let token = crate::token::DEFAULT_TOKEN;
        let (status, info) =
            ask(&Settings::default(), path, &json!({"tokenKey": token}).to_string());
        assert_eq!(status, 200);
        assert!(info["scopes"].as_array().unwrap().contains(&"crm.objects.contacts.read".into()));
        let (status, _) = ask(&Settings::default(), path, r#"{"tokenKey":"pat-other"}"#);
        assert_eq!(status, 401);
    }

    #[test]
    fn scopes_can_be_withheld() {
        let private_app = "/oauth/v2/private-apps/get/access-token-info";
        for path in [private_app, "/oauth/2026-09/token/introspect"] {
            let settings = Settings { token_info: TokenInfo::Refused, ..Settings::default() };
            assert_eq!(ask(&settings, path, "{}").0, 401, "{path}");
        }
    }
}
