//! What HubSpot's refusals mean. Only here and in `no_token` error bodies are looked into.
//!
//! No key of an error body is ever required: real ones leave any of them out, and those of the
//! edge are HTML.

use serde::Deserialize;

use super::api::Subject;
use super::no_token;
use crate::error::{BoxError, Error};
use crate::http::{BODY_CAP, Bucket, Failure, Reading, Refusal};

/// The keys of an error body that decide something.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    message: Option<String>,
    category: Option<String>,
    #[serde(rename = "subCategory")]
    sub_category: Option<String>,
    errors: Vec<Detail>,
    #[serde(rename = "policyName")]
    policy_name: Option<String>,
    #[serde(rename = "groupName")]
    group_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    context: Context,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Context {
    required_granular_scopes: Vec<String>,
    required_scopes: Vec<String>,
}

impl Body {
    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// What the HTTP client has to know of a refusal beyond its status.
pub fn reading(status: u16, body: &[u8]) -> Reading {
    let body = || Body::read(body).unwrap_or_default();
    match status {
        401 if body().category.as_deref() == Some("EXPIRED_AUTHENTICATION") => {
            Reading::TokenExpired
        }
        429 => used_up(&body()),
        _ => Reading::Plain,
    }
}

/// The quota that a 429 names: by its group, which is exact, or else by its policy.
///
/// HubSpot: `docs/hubspot.md` note 25.
fn used_up(body: &Body) -> Reading {
    let group = body.group_name.as_deref().unwrap_or_default();
    match body.policy_name.as_deref() {
        Some("DAILY") => Reading::DayUsedUp,
        _ if group.contains("crm:search") => Reading::UsedUp(Bucket::Search),
        _ if group.contains("associations") => Reading::UsedUp(Bucket::Associations),
        _ if group.contains("api-calls-ten-secondly") => Reading::UsedUp(Bucket::General),
        // Two quotas are of ten seconds, and the token endpoint counts seconds too: the policy
        // alone does not tell them apart, the request does.
        _ => Reading::Plain,
    }
}

/// Is it the path that does not exist, not something the path names?
///
/// HubSpot answers JSON for a missing record or definition; an unknown path is answered by the
/// gateway in front of it, in whatever shape.
pub(super) fn is_unknown_path(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(refusal)
        if matches!(refusal.status, 404 | 410) && Body::read(&refusal.body).is_none())
}

/// Does the refusal say that what the path names has no entries, now or ever?
///
/// That is a record which has gone since it was listed, and a list of an object type whose lists
/// HubSpot does not let be read.
pub(super) fn has_no_entries(failure: &Failure) -> bool {
    const UNREADABLE_LIST: &str = "ListError.INVALID_OBJECT_TYPE_FOR_LIST";
    let Failure::Refused(refusal) = failure else { return false };
    let Some(body) = Body::read(&refusal.body) else { return false };
    match refusal.status {
        404 | 410 => true,
        400 => body.sub_category.as_deref() == Some(UNREADABLE_LIST),
        _ => false,
    }
}

/// The error that a user reads.
pub fn explain(failure: Failure, subject: Subject<'_>, host: &str) -> Error {
    match failure {
        Failure::Refused(refusal) => explain_refusal(&refusal, subject),
        Failure::TokenExpired(refusal) => Error::Credentials {
            problem: format!(
                "it calls the access token expired, twice in a row; {NEW_TOKEN}, and enter it in \
                 the connection"
            ),
            source: Some(detail(&refusal)),
        },
        Failure::NewTokenRefused(refusal) => Error::Credentials {
            problem: "it grants an access token and then refuses it; the app may have been \
                      uninstalled or its user deactivated, so authenticate again"
                .into(),
            source: Some(detail(&refusal)),
        },
        Failure::NoToken(refusal) if is_redirect(refusal.status) => {
            explain_refusal(&refusal, Subject { stream: "the access token", scopes: &[] })
        }
        Failure::NoToken(refusal) => no_token::explain(&refusal),
        Failure::TokenDue => Error::Bug { detail: "a token was due and not renewed".into() },
        Failure::DayShare { told, share } => {
            Error::DayShare { used: told.used, limit: told.limit, share, resets: None }
        }
        Failure::Stopped => Error::Stopped,
        Failure::DayUsedUp(refusal) => Error::DayUsedUp { source: Some(detail(&refusal)) },
        Failure::Exhausted { endpoint, attempts, elapsed, last } => {
            Error::Unavailable { endpoint, attempts, elapsed, last }
        }
        Failure::SingleRecord { endpoint, attempts, last } => {
            Error::SingleRecord { endpoint, record: None, attempts, last }
        }
        Failure::Throttled { endpoint, waited, asked } => {
            Error::Throttled { endpoint, waited, asked }
        }
        Failure::Unexpected { endpoint, source } => Error::Contract { endpoint, source },
        Failure::TooLarge { endpoint } => {
            Error::TooLarge { endpoint, megabytes: BODY_CAP / 1024 / 1024 }
        }
        Failure::Proxy { wants_login, source } => {
            let problem = if wants_login {
                "it asks for a login; write it into HTTPS_PROXY, like http://user:password@proxy"
            } else {
                "it refuses the connection; allow the host there, or name it in NO_PROXY"
            };
            Error::Proxy { host: host.to_owned(), problem, source: Some(source) }
        }
        Failure::Tls { problem, source } => Error::Tls {
            host: host.to_owned(),
            problem: format!(
                "{problem}; if a proxy inspects traffic here, point SSL_CERT_FILE at its certificate"
            ),
            source: Some(source),
        },
        Failure::NotARead { method, path } => {
            Error::Bug { detail: format!("{method} {path} is not on the list of reads") }
        }
    }
}

/// Where a token that never ends comes from.
///
/// HubSpot: `docs/hubspot.md` note 48.
const NEW_TOKEN: &str = "in HubSpot, copy that of an app from Settings > Integrations > Private \
                         Apps or make a new one under Service Keys";

/// How HubSpot says that it knows no object type of the name or id in the path.
const UNKNOWN_TYPE: &[&str] = &["Unable to infer object type", "Invalid object or event type id"];

/// The category of refusals that are about the user whom the token stands for.
///
/// HubSpot: `docs/hubspot.md` note 45.
const NOT_THIS_USER: &str = "USER_DOES_NOT_HAVE_PERMISSIONS";

/// How a 403 says that the account's plan lacks something, which no scope would mend.
const MISSING_FEATURE: &[&str] = &["access to this feature", "upgrade"];

fn lacks_feature(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    MISSING_FEATURE.iter().any(|words| said.contains(words))
}

fn explain_refusal(refusal: &Refusal, subject: Subject<'_>) -> Error {
    let body = Body::read(&refusal.body).unwrap_or_default();
    let said = body.message.as_deref().unwrap_or_default();
    let source = Some(detail(refusal));
    match refusal.status {
        401 | 403 if body.category.as_deref() == Some(NOT_THIS_USER) => {
            Error::User { stream: subject.stream.to_owned(), source }
        }
        401 => Error::Credentials {
            problem: format!(
                "the access token is unknown or was revoked; {NEW_TOKEN}, and enter it in the \
                 connection"
            ),
            source,
        },
        530 => Error::Credentials {
            problem: "it finds no data region for the access token, which is cut off or of \
                      another region than its beginning says; copy it from HubSpot once more, whole"
                .into(),
            source,
        },
        400 if UNKNOWN_TYPE.iter().any(|start| said.starts_with(start)) => {
            Error::UnknownObjectType { stream: subject.stream.to_owned(), source }
        }
        status if is_redirect(status) => {
            Error::Redirected { endpoint: endpoint(refusal, subject), source }
        }
        403 if lacks_feature(said) => Error::Plan { what: subject.stream.to_owned(), source },
        402 => Error::Plan { what: subject.stream.to_owned(), source },
        403 => {
            let named: Vec<_> = body
                .errors
                .into_iter()
                .flat_map(|error| {
                    [error.context.required_granular_scopes, error.context.required_scopes]
                })
                .flatten()
                .collect();
            let known = || subject.scopes.iter().map(|&scope| scope.to_owned()).collect();
            let scopes = if subject.scopes.is_empty() { named } else { known() };
            Error::MissingScope { stream: subject.stream.to_owned(), scopes, source }
        }
        status => Error::Refused {
            endpoint: endpoint(refusal, subject),
            said: match body.message {
                Some(message) => format!("{message} (status {status})"),
                None => format!("status {status} without a reason"),
            },
            source,
        },
    }
}

fn is_redirect(status: u16) -> bool {
    (300..400).contains(&status)
}

/// The request that was refused, as errors name it.
fn endpoint(refusal: &Refusal, subject: Subject<'_>) -> String {
    format!("`{}` ({} {})", subject.stream, refusal.method, refusal.path)
}

/// What happened, for the maker: no body, since that may hold data.
pub(super) fn detail(refusal: &Refusal) -> BoxError {
    let Refusal { status, method, path, correlation, body } = refusal;
    let category = Body::read(body).and_then(|body| body.category).unwrap_or_default();
    let correlation = correlation.as_deref().unwrap_or("none");
    format!("{method} {path}: {status} {category}, correlation id {correlation}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    const SUBJECT: Subject<'static> =
        Subject { stream: "deals", scopes: &["crm.objects.deals.read"] };

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal {
            status,
            body: body.to_owned().into(),
            correlation: Some("c-17".into()),
            method: Method::GET,
            path: "/crm/objects/2026-09/deals".into(),
        }
    }

    #[test]
    fn readings() {
        const EXPIRED: &str = r#"{"status":"error","category":"EXPIRED_AUTHENTICATION"}"#;
        const DAILY: &str = r#"{"status":"error","policyName":"DAILY"}"#;
        const APP: &str = r#"{"policyName":"TEN_SECONDLY_ROLLING","groupName":
            "publicapi:private_app-api-calls-ten-secondly:1:2"}"#;
        const SEARCH: &str =
            r#"{"policyName":"SECONDLY","groupName":"publicapi:crm:search:oauth:1:2"}"#;
        const ASSOCIATIONS: &str = r#"{"groupName":"publicapi:crm:associations:1:2"}"#;
        for (case, status, body, expected) in [
            ("an expired token", 401, EXPIRED, Reading::TokenExpired),
            ("an unknown token", 401, r#"{"category":"INVALID_AUTHENTICATION"}"#, Reading::Plain),
            ("the day", 429, DAILY, Reading::DayUsedUp),
            ("a burst", 429, r#"{"policyName":"TEN_SECONDLY_ROLLING"}"#, Reading::Plain),
            ("a burst of the app", 429, APP, Reading::UsedUp(Bucket::General)),
            ("too many searches", 429, SEARCH, Reading::UsedUp(Bucket::Search)),
            ("too many associations", 429, ASSOCIATIONS, Reading::UsedUp(Bucket::Associations)),
            ("a burst without a policy", 429, r#"{"category":"RATE_LIMITS"}"#, Reading::Plain),
            ("a page of the edge", 429, "<html>", Reading::Plain),
            ("keys of other types", 401, r#"{"category":7,"errors":{}}"#, Reading::Plain),
        ] {
            assert_eq!(reading(status, body.as_bytes()), expected, "{case}");
        }
    }

    #[test]
    fn only_a_refusal_of_the_entries_means_that_there_are_none() {
        const LIST: &str = r#"{"subCategory":"ListError.INVALID_OBJECT_TYPE_FOR_LIST"}"#;
        for (status, body, expected) in [
            (400, LIST, true),
            (400, r#"{"subCategory":"ListError.OTHER"}"#, false),
            (403, LIST, false),
            (404, r#"{"message":"no such form"}"#, true),
            (404, "<html>", false),
        ] {
            let failure = Failure::Refused(Box::new(refusal(status, body)));
            assert_eq!(has_no_entries(&failure), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_missing_path_is_not_a_missing_record() {
        for (status, body, expected) in [
            (404, "<html>", true),
            (410, "", true),
            (404, r#"{"status":"error","message":"resource not found"}"#, false),
            (400, "<html>", false),
        ] {
            let failure = Failure::Refused(Box::new(refusal(status, body)));
            assert_eq!(is_unknown_path(&failure), expected, "{status} {body}");
        }
    }

    #[test]
    fn explanations_say_what_to_do() {
        for (status, body, expected) in [
            (
                401,
                "{}",
                "HubSpot refuses the credentials: the access token is unknown or was revoked; in HubSpot, copy that of an app from Settings > Integrations > Private Apps or make a new one under Service Keys, and enter it in the connection",
            ),
            (
                530,
                "<html>",
                "HubSpot refuses the credentials: it finds no data region for the access token, which is cut off or of another region than its beginning says; copy it from HubSpot once more, whole",
            ),
            (
                403,
                r#"{"category":"USER_DOES_NOT_HAVE_PERMISSIONS"}"#,
                "HubSpot refuses `deals` to the user behind the token, who was deactivated or has lost permissions; let a super admin create a new token or authorize the app again",
            ),
            (
                302,
                "",
                "`deals` (GET /crm/objects/2026-09/deals) was answered with a redirect, which is not followed, so that the token goes nowhere else; check HUBSPOT_API_URL, and what stands between here and HubSpot",
            ),
            (
                403,
                r#"{"message":"Upgrade the subscription"}"#,
                "the HubSpot account has no access to deals; upgrade its subscription or deselect the stream",
            ),
            (
                402,
                "",
                "the HubSpot account has no access to deals; upgrade its subscription or deselect the stream",
            ),
            (
                403,
                "{}",
                "the token may not read `deals`: grant it the scope crm.objects.deals.read in HubSpot under Settings > Integrations > Private Apps or Service Keys (an OAuth app: in its own settings, then authenticate again), then run again",
            ),
            (
                400,
                r#"{"message":"Unable to infer object type from: widgets"}"#,
                "the HubSpot account does not have the object type of `deals`; deselect the stream, or refresh the source schema",
            ),
            (
                400,
                r#"{"message":"Invalid input JSON"}"#,
                "HubSpot refused `deals` (GET /crm/objects/2026-09/deals): Invalid input JSON (status 400); run the sync again, and report it if that stays so",
            ),
        ] {
            let error = explain(Failure::Refused(Box::new(refusal(status, body))), SUBJECT, "host");
            assert_eq!(error.to_string(), expected);
        }
        let error = explain(Failure::Refused(Box::new(refusal(401, "{}"))), SUBJECT, "host");
        assert!(error.internal_message().ends_with("correlation id c-17"));
    }

    #[test]
    fn without_scopes_of_our_own_those_of_the_answer_are_named() {
        let body = r#"{"errors":[{"context":{"requiredGranularScopes":["a.read"]}}]}"#;
        let subject = Subject { stream: "boats", scopes: &[] };
        let error = explain(Failure::Refused(Box::new(refusal(403, body))), subject, "host");
        assert!(error.to_string().contains("scope a.read"), "{error}");
        let error = explain(Failure::Refused(Box::new(refusal(403, "{}"))), subject, "host");
        assert!(error.to_string().contains("grant it the scope for it in HubSpot"), "{error}");
    }
}
