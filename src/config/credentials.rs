//! The `credentials` object of the configuration: its kind, its shape, and values that cannot be
//! credentials.

use serde_json::{Map, Value, json};

use crate::secret::Secret;

/// Shape of the configuration with an access token.
pub(super) const SHAPE: &str = r#"{"credentials": {"access_token": "pat-na1-…"}}"#;
/// Shape of the configuration of an OAuth app.
const OAUTH_SHAPE: &str =
    r#"{"credentials": {"client_id": "…", "client_secret": "…", "refresh_token": "…"}}"#;

const OAUTH: &str = "OAuth Credentials";
const PRIVATE_APP: &str = "Private App Credentials";
/// Both values of `credentials_title`.
pub(super) const TITLES: &str = "`OAuth Credentials` or `Private App Credentials`";
/// Message for credentials whose kind is unknown.
pub(super) const MISSING: &str = "`credentials` holds neither an `access_token` (of a service key or a \
    private app) nor the `client_id`, `client_secret` and `refresh_token` of an OAuth app";

/// Other names under which an access token is found in configurations.
const TOKEN_NAMES: [&str; 8] = [
    "token",
    "api_key",
    "api_token",
    "hapikey",
    "hubspot_token",
    "private_app_token",
    "private_app_access_token",
    "service_key",
];

/// Returns `true` for a key of the object.
pub(super) fn is_credential(key: &str) -> bool {
    ["access_token", "client_id", "client_secret", "refresh_token"].contains(&key)
}

/// Returns `true` for a key under which an access token is probably stored.
pub(super) fn is_token_name(key: &str) -> bool {
    TOKEN_NAMES.iter().any(|name| name.eq_ignore_ascii_case(&key.replace('-', "_")))
}

/// Returns the sentence for credentials at the top level of the configuration.
pub(super) fn belongs_inside(keys: &[&str]) -> String {
    let names: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
    let (verb, shape) = match keys {
        ["access_token"] => ("belongs", SHAPE),
        [_] => ("belongs", OAUTH_SHAPE),
        keys if keys.contains(&"refresh_token") => ("belong", OAUTH_SHAPE),
        _ => ("belong", SHAPE),
    };
    format!("{} {verb} inside `credentials`: {shape}", names.join(", "))
}

/// Returns the configuration with this access token as its credentials; `None` if it has credentials,
/// also in the wrong place, or is not an object.
pub fn with_access_token(config: &str, token: &Secret<String>) -> Option<Secret<String>> {
    let mut config: Value = serde_json::from_str(config).ok()?;
    let keys = config.as_object_mut()?;
    // Misplaced credentials are an error, not a reason to use others.
    if keys.keys().any(|key| key == "credentials" || is_credential(key)) {
        return None;
    }
    keys.insert("credentials".to_owned(), json!({ "access_token": token.expose() }));
    Some(Secret::new(config.to_string()))
}

/// Returns the title of credentials that have none, according to their keys.
pub(super) fn inferred_title(credentials: &Map<String, Value>) -> Option<&'static str> {
    let has = |key: &str| credentials.contains_key(key);
    if has("refresh_token") || !has("access_token") && (has("client_id") || has("client_secret")) {
        return Some(OAUTH);
    }
    has("access_token").then_some(PRIVATE_APP)
}

/// Returns the problem of a value that cannot be a credential, to follow the name of its key;
/// `None` if there is none.
pub(super) fn problem(value: &str) -> Option<&'static str> {
    let value = value.trim();
    let is_between = |start: &str, end: &str| value.starts_with(start) && value.ends_with(end);
    if value.is_empty() {
        Some("is empty")
    } else if is_between("${", "}") || is_between("{{", "}}") || is_between("<", ">") {
        Some("is a placeholder; write the value itself in its place")
    } else if value.ends_with("...") || value.ends_with('…') {
        Some(
            "is cut off or an example, because it ends in an ellipsis; copy all of it from HubSpot",
        )
    } else {
        None
    }
}

/// Returns the problem of a value that cannot be an access token.
pub(super) fn token_problem(token: &str) -> Option<&'static str> {
    if let Some(problem) = problem(token) {
        return Some(problem);
    }
    let token = token.trim();
    if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        return Some("begins with `Bearer`; leave that word out");
    }
    let is_of_token = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'');
    (!token.bytes().all(is_of_token)).then_some(
        "holds a blank, a quotation mark, a control character or a character that is not ASCII, \
         which no token has; copy the token from HubSpot again, in full",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_from_the_keys() {
        for (credentials, expected) in [
            (json!({ "access_token": "x" }), Some(PRIVATE_APP)),
            (json!({ "client_id": "x" }), Some(OAUTH)),
            (json!({ "refresh_token": "x", "access_token": "y" }), Some(OAUTH)),
            (json!({ "client_id": "x", "access_token": "y" }), Some(PRIVATE_APP)),
            (json!({ "token": "x" }), None),
            (json!({}), None),
        ] {
            let found = inferred_title(credentials.as_object().unwrap());
            assert_eq!(found, expected, "{credentials}");
        }
    }

    #[test]
    fn values_that_cannot_be_tokens_are_found() {
        for (token, expected) in [
            ("pat-na1-0a1b2c3d", None),
            (" pat-eu1-0a1b2c3d\n", None),
            ("CJ-x_y.z==", None),
            ("", Some("is empty")),
            ("  ", Some("is empty")),
            ("${HUBSPOT_TOKEN}", Some("is a placeholder")),
            ("<your token>", Some("is a placeholder")),
            ("pat-na1-...", Some("is cut off or an example")),
            ("pat-na1-…", Some("is cut off or an example")),
            ("Bearer pat-na1-0a1b", Some("begins with `Bearer`")),
            ("\"pat-na1-0a1b\"", Some("holds a blank, a quotation mark")),
            ("pat-na1 0a1b", Some("holds a blank")),
        ] {
            let found = token_problem(token);
            let fits = match (found, expected) {
                (Some(found), Some(expected)) => found.starts_with(expected),
                (found, expected) => found == expected,
            };
            assert!(fits, "{token}: {found:?}");
        }
    }
}
