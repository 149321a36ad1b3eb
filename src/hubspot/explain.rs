//! The user-facing error for each failure of a request.

use super::no_token;
use super::refusal_detail::detail;
use super::request_context::RequestContext;
use super::scopes::{GrantedScopes, is_public};
use crate::error::{BoxError, Error, RequiredScopes};
use crate::http::{BODY_CAP, ErrorBody, NoConnection, Refusal, RequestError, TransientError};

/// Returns the user-facing error for a failure. `granted` are the scopes of the token, if HubSpot
/// reports them.
pub fn explain(
    failure: RequestError,
    request_context: RequestContext<'_>,
    host: &str,
    granted: Option<&GrantedScopes>,
) -> Error {
    match failure {
        RequestError::Refused(refusal) => explain_refusal(&refusal, request_context, granted),
        RequestError::TokenExpired(refusal) => Error::Credentials {
            problem: format!(
                "it reported the access token as expired twice in a row; {NEW_TOKEN}, and enter \
                 it in \
                 the connection"
            ),
            source: Some(detail(&refusal)),
        },
        RequestError::NewTokenRefused(refusal) => Error::Credentials {
            problem: "it issued an access token and then rejected it; the app may have been \
                      uninstalled or its user deactivated, so authenticate again"
                .into(),
            source: Some(detail(&refusal)),
        },
        RequestError::NoToken(refusal) if is_redirect(refusal.status) => explain_refusal(
            &refusal,
            RequestContext { stream: "the access token", scopes: &[] },
            None,
        ),
        RequestError::NoToken(refusal) => no_token::explain(&refusal),
        RequestError::TokenDue => Error::Bug { detail: "a token was due and not renewed".into() },
        RequestError::DayShare { usage, share } => {
            Error::DayShare { used: usage.used, limit: usage.limit, share, resets: None }
        }
        RequestError::Stopped => Error::Stopped,
        RequestError::DayUsedUp(refusal) => Error::DayUsedUp { source: Some(detail(&refusal)) },
        RequestError::Exhausted { endpoint, attempts, elapsed, last, is_reached } => match last {
            TransientError::NotConnected { reason, cause } if !is_reached => {
                let detail = format!("{endpoint}: {cause}, in {attempts} attempts");
                unreachable(reason, &cause, host, detail)
            }
            TransientError::TimedOut(_) if !is_reached => {
                let detail = format!("{endpoint}: {last}, in {attempts} attempts");
                unreachable(NoConnection::TimedOut, "", host, detail)
            }
            TransientError::ProxyRefused(source) => Error::Proxy {
                host: host.to_owned(),
                problem: "it rejects the connection; allow the host in the proxy, or add it to NO_PROXY",
                source: Some(source),
            },
            TransientError::Refused(refusal) if refusal.is_from_intermediary() => {
                let (host, source) = (host.to_owned(), Some(detail(&refusal)));
                Error::Blocked { endpoint, host, attempts, elapsed, source }
            }
            last @ (TransientError::Refused(_)
            | TransientError::Unusable(_)
            | TransientError::TimedOut(_)
            | TransientError::NotConnected { .. }
            | TransientError::ConnectionFailed(_)) => {
                let answered = matches!(last, TransientError::Unusable(_));
                let (last, source) = (last.to_string(), last.refusal().map(detail));
                Error::Unavailable { endpoint, attempts, elapsed, last, answered, source }
            }
        },
        RequestError::SingleRecord { endpoint, attempts, last } => {
            Error::SingleRecord { endpoint, record: None, attempts, last }
        }
        RequestError::Throttled { endpoint, waited, retry_after } => {
            Error::Throttled { endpoint, waited, asked: retry_after }
        }
        RequestError::Unexpected { endpoint, source } => Error::Contract { endpoint, source },
        RequestError::TooLarge { endpoint } => {
            Error::TooLarge { endpoint, megabytes: BODY_CAP / 1024 / 1024 }
        }
        RequestError::ProxyLogin(source) => Error::Proxy {
            host: host.to_owned(),
            problem: "it requires a login; add it to HTTPS_PROXY, such as http://user:password@proxy",
            source: Some(source),
        },
        RequestError::Tls { problem, source } => Error::Tls {
            host: host.to_owned(),
            problem: format!(
                "{problem}; if a proxy inspects the traffic, set SSL_CERT_FILE to its certificate"
            ),
            source: Some(source),
        },
        RequestError::NotARead { method, path } => {
            Error::Bug { detail: format!("{method} {path} is not on the list of reads") }
        }
    }
}

/// Returns the error if no request of the run reached the host. `host` is the base URL.
fn unreachable(reason: NoConnection, cause: &str, host: &str, detail: String) -> Error {
    let (_, name) = host.split_once("://").unwrap_or(("", host));
    let (host, address) = if host == DEFAULT_HOST {
        (name.to_owned(), "")
    } else {
        (format!("{name} (HUBSPOT_API_URL)"), "the address, ")
    };
    let problem = match reason {
        NoConnection::HostNotFound => {
            format!("is not known to DNS; check {address}DNS or HTTPS_PROXY, then try again")
        }
        NoConnection::Refused => format!(
            "refuses the connection; check {address}the firewall or HTTPS_PROXY, then try again"
        ),
        NoConnection::ProxyUnreachable => {
            format!("cannot be reached ({cause}); correct HTTPS_PROXY, then try again")
        }
        NoConnection::TimedOut => {
            format!("does not answer; check {address}the firewall or HTTPS_PROXY, then try again")
        }
        NoConnection::Other => format!(
            "cannot be reached ({cause}); check {address}the firewall or HTTPS_PROXY, then try again"
        ),
    };
    Error::Unreachable { host, problem, source: Some(detail.into()) }
}

/// Base URL of HubSpot, unless a setting replaces it.
const DEFAULT_HOST: &str = "https://api.hubapi.com";

/// Source of tokens that do not expire.
///
/// HubSpot: `docs/hubspot.md` note 48.
const NEW_TOKEN: &str = "in HubSpot, copy a service key from Settings > Integrations > Service \
                         Keys, or the token of an existing app from Private Apps";

/// Start of the message if HubSpot does not know the object type in the path.
const UNKNOWN_TYPE: &[&str] = &["Unable to infer object type", "Invalid object or event type id"];

/// Category of errors that concern the user behind the token.
///
/// HubSpot: `docs/hubspot.md` note 45.
const NOT_THIS_USER: &str = "USER_DOES_NOT_HAVE_PERMISSIONS";

/// Phrases in a 403 if the account's plan lacks a feature, which no scope would fix.
const MISSING_FEATURE: &[&str] = &["access to this feature", "upgrade"];

/// Phrases in the message if the account has disabled the object type.
const SWITCHED_OFF: &[&str] = &["not enabled", "is disabled", "switched off", "turned off"];

fn contains_any(message: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| message.contains(phrase))
}

fn explain_refusal(
    refusal: &Refusal,
    request_context: RequestContext<'_>,
    granted: Option<&GrantedScopes>,
) -> Error {
    let body = &refusal.body;
    let message = body.lowercase_message();
    let stream = request_context.stream.to_owned();
    let source = Some(detail(refusal));
    match refusal.status {
        401 | 403 if body.is_category(NOT_THIS_USER) => Error::User { stream, source },
        401 => Error::Credentials {
            problem: format!(
                "the access token is unknown or was revoked; {NEW_TOKEN}, and enter it in the \
                 connection"
            ),
            source,
        },
        530 => Error::Credentials {
            problem: "it cannot determine the region of the access token, which is incomplete or \
                      was altered; a token begins with `pat-` and a region (`pat-na1-…`, \
                      `pat-eu1-…`): copy all of it from HubSpot again"
                .into(),
            source,
        },
        400 if UNKNOWN_TYPE
            .iter()
            .any(|start| message.starts_with(&start.to_ascii_lowercase())) =>
        {
            Error::UnknownObjectType { stream, source }
        }
        400 | 403 if message.contains("object type") && contains_any(&message, SWITCHED_OFF) => {
            Error::SwitchedOff { stream, source }
        }
        status if is_redirect(status) => {
            Error::Redirected { endpoint: endpoint(refusal, request_context), source }
        }
        402 => Error::Plan { stream, said: body.quoted_message(), source },
        403 if contains_any(&message, MISSING_FEATURE) => {
            Error::Plan { stream, said: body.quoted_message(), source }
        }
        403 if body.is_about_scopes() => missing_scope(body, request_context, granted, source),
        403 => Error::Forbidden { stream, said: body.quoted_message(), source },
        404 if !body.is_object() => {
            Error::Gone { stream, endpoint: plain_endpoint(refusal), source }
        }
        405 | 410 => Error::Gone { stream, endpoint: plain_endpoint(refusal), source },
        status => Error::Refused {
            endpoint: endpoint(refusal, request_context),
            said: match body.quoted_message() {
                Some(message) => format!("{message} (status {status})"),
                None => format!("status {status} without a reason"),
            },
            source,
        },
    }
}

/// Returns the error for missing scopes: the scopes to grant, or that none can be granted.
///
/// The scopes that HubSpot names are used, except those that the token already has. If it names
/// none, or only ones that cannot be granted, the scopes in its documentation are used.
fn missing_scope(
    body: &ErrorBody,
    request_context: RequestContext<'_>,
    granted: Option<&GrantedScopes>,
    source: Option<BoxError>,
) -> Error {
    let stream = request_context.stream.to_owned();
    let has = |scope: &str| granted.is_some_and(|granted| granted.lists(scope));
    let (named, any) = body.named_scopes();
    let is_any_named = !named.is_empty();
    let mut scopes: Vec<_> =
        named.into_iter().filter(|scope| is_public(scope) && !has(scope)).collect();
    if any {
        // The documented scope in a long list is the least privilege that is sufficient.
        let is_own = |scope: &String| request_context.scopes.contains(&scope.as_str());
        let reads = |scope: &String| scope.strip_suffix(".write").is_none();
        if scopes.iter().any(is_own) {
            scopes.retain(is_own);
        } else if scopes.iter().any(reads) {
            scopes.retain(reads);
        }
    }
    if !scopes.is_empty() {
        let needed =
            if any { RequiredScopes::AnyOf(scopes) } else { RequiredScopes::AllOf(scopes) };
        return Error::MissingScope { stream, needed, said: None, source };
    }
    let own: Vec<_> = request_context
        .scopes
        .iter()
        .filter(|scope| !has(scope))
        .map(|&scope| scope.to_owned())
        .collect();
    if granted.is_some() && own.is_empty() {
        return Error::Plan { stream, said: body.quoted_message(), source };
    }
    // HubSpot named a scope that cannot be granted, so its message is quoted.
    let said = body.quoted_message().filter(|_| is_any_named);
    Error::MissingScope { stream, needed: RequiredScopes::AllOf(own), said, source }
}

fn is_redirect(status: u16) -> bool {
    (300..400).contains(&status)
}

/// Returns the stream and the refused request, for error messages.
fn endpoint(refusal: &Refusal, request_context: RequestContext<'_>) -> String {
    format!("`{}` ({})", request_context.stream, plain_endpoint(refusal))
}

fn plain_endpoint(refusal: &Refusal) -> String {
    format!("{} {}", refusal.method, refusal.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    const SUBJECT: RequestContext<'static> =
        RequestContext { stream: "deals", scopes: &["crm.objects.deals.read"] };

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal {
            status,
            body: ErrorBody::parse(body.as_bytes()),
            retry_after: None,
            correlation_id: Some("c-17".into()),
            method: Method::GET,
            path: "/crm/objects/2026-09/deals".into(),
        }
    }

    fn explained(status: u16, body: &str, granted: Option<&GrantedScopes>) -> Error {
        explain(RequestError::Refused(Box::new(refusal(status, body))), SUBJECT, "host", granted)
    }

    #[test]
    fn explanations_say_what_to_do() {
        for (status, body, expected) in [
            (
                401,
                "{}",
                "HubSpot refuses the credentials: the access token is unknown or was revoked; in \
                 HubSpot, copy a service key from Settings > Integrations > Service Keys, or the \
                 token of an existing app from Private Apps, and enter it in the connection",
            ),
            (
                530,
                "<html>",
                "HubSpot refuses the credentials: it cannot determine the region of the access \
                 token, which is incomplete or was altered; a token begins with `pat-` and a \
                 region (`pat-na1-…`, `pat-eu1-…`): copy all of it from HubSpot again",
            ),
            (
                403,
                r#"{"category":"USER_DOES_NOT_HAVE_PERMISSIONS","errors":null}"#,
                "HubSpot refuses `deals` to the user behind the token, who was deactivated or has lost permissions; let a super admin create a new token or authorize the app again",
            ),
            (
                302,
                "",
                "the response to `deals` (GET /crm/objects/2026-09/deals) is a redirect, which is not followed because the token must not be sent to another host; check HUBSPOT_API_URL and the network path to HubSpot",
            ),
            (
                403,
                r#"{"message":"Upgrade the subscription"}"#,
                "the subscription of the HubSpot account does not include `deals` (HubSpot says: \
                 Upgrade the subscription); upgrade the subscription or deselect the stream",
            ),
            (
                402,
                "",
                "the subscription of the HubSpot account does not include `deals`; upgrade the \
                 subscription or deselect the stream",
            ),
            (
                403,
                r#"{"category":"MISSING_SCOPES"}"#,
                "the token may not read `deals`: grant it the scope crm.objects.deals.read in HubSpot under Settings > Integrations > Private Apps or Service Keys (an OAuth app: in its own settings, then authenticate again), then run again",
            ),
            (
                403,
                r#"{"status":"error","message":"This API can't be called using an OAuth access token."}"#,
                "HubSpot does not let this token read `deals` (HubSpot says: This API can't be called using an OAuth access token.); deselect the stream unless you can change the reason",
            ),
            (
                403,
                r#"{"status":"error","message":"The object type leads is not enabled for this account"}"#,
                "the object type of `deals` is switched off in the HubSpot account; activate it in HubSpot's object library, or deselect the stream",
            ),
            (
                400,
                r#"{"message":"Unable to infer object type from: widgets"}"#,
                "the HubSpot account does not have the object type of `deals`; deselect the stream, or refresh the source schema",
            ),
            (
                410,
                r#"{"message":"This API was sunset"}"#,
                "HubSpot does not offer the endpoint of `deals` (GET /crm/objects/2026-09/deals), \
                 or has removed it; update the connector, or deselect the stream",
            ),
            (
                404,
                "<html>",
                "HubSpot does not offer the endpoint of `deals` (GET /crm/objects/2026-09/deals), \
                 or has removed it; update the connector, or deselect the stream",
            ),
            (
                404,
                r#"{"message":"resource not found","errors":["x"]}"#,
                "HubSpot refused `deals` (GET /crm/objects/2026-09/deals): resource not found (status 404); run \
                the sync again, and report the error if it persists",
            ),
            (
                400,
                r#"{"message":"Invalid input JSON"}"#,
                "HubSpot refused `deals` (GET /crm/objects/2026-09/deals): Invalid input JSON (status 400); run \
                the sync again, and report the error if it persists",
            ),
        ] {
            assert_eq!(explained(status, body, None).to_string(), expected);
        }
    }

    #[test]
    fn the_internal_message_quotes_hubspot() {
        for (body, expected) in [
            ("{}", "403, correlation id c-17"),
            ("<html>", "403, correlation id c-17: no error of HubSpot's"),
            (
                r#"{"status":"error","message":"no","category":"C","subCategory":"S"}"#,
                "403 C S, correlation id c-17: no",
            ),
            (r#"{"status":"BAD_HUB","error":"e"}"#, "403 BAD_HUB e, correlation id c-17"),
        ] {
            let error = explained(403, body, None);
            let expected = format!("GET /crm/objects/2026-09/deals: {expected}");
            assert_eq!(error.internal_message(), expected, "{body}");
        }
        let refusal =
            Refusal { correlation_id: None, ..refusal(403, r#"{"correlationId":"b-1"}"#) };
        assert!(detail(&refusal).to_string().ends_with("correlation id b-1"));
    }

    #[test]
    fn the_scopes_that_hubspot_names_count_less_those_of_the_token() {
        const PLAN: &str = "subscription";
        let named = |said: &str, scopes: &str| {
            format!(
                r#"{{"category":"MISSING_SCOPES","errors":[{{"message":"{said}","context":{{"requiredGranularScopes":{scopes}}}}}]}}"#
            )
        };
        let all = |scopes: &str| named("All of the following scopes are required.", scopes);
        let any = |scopes: &str| named("One or more of the following scopes are required.", scopes);
        let granted = |scopes: &str| {
            Some(GrantedScopes::Listed(scopes.split_whitespace().map(str::to_owned).collect()))
        };
        let internal =
            r#"{"category":"MISSING_SCOPES","message":"missing required 'deals-access' scope."}"#;
        for (case, body, granted, expected) in [
            ("one", all(r#"["a.read"]"#), None, "the scope a.read in"),
            ("all", all(r#"["a.read","b.read"]"#), None, "the scopes a.read and b.read in"),
            ("any", any(r#"["a.read","b.read"]"#), None, "one of the scopes a.read or b.read in"),
            ("reading is enough", any(r#"["a.write","b.read"]"#), None, "the scope b.read in"),
            (
                "one is granted",
                all(r#"["a.read","b.read"]"#),
                granted("a.read"),
                "the scope b.read in",
            ),
            ("one is text", all(r#""a.read""#), None, "the scope a.read in"),
            (
                "none is named",
                r#"{"category":"MISSING_SCOPES"}"#.into(),
                None,
                "crm.objects.deals.read in",
            ),
            (
                "in words",
                r#"{"message":"no proper permissions! (requires any of [content, forms])"}"#.into(),
                None,
                "one of the scopes content or forms in",
            ),
            ("internal, not known", internal.into(), None, "crm.objects.deals.read in"),
            (
                "internal, not granted",
                internal.into(),
                granted("forms"),
                "crm.objects.deals.read in",
            ),
            ("internal, granted", internal.into(), granted("crm.objects.deals.read"), PLAN),
            (
                "granted as named",
                all(r#"["a.read"]"#),
                granted("a.read crm.objects.deals.read"),
                PLAN,
            ),
            (
                "granted by another",
                r#"{"category":"MISSING_SCOPES"}"#.into(),
                granted("contacts"),
                PLAN,
            ),
        ] {
            let error = explained(403, &body, granted.as_ref()).to_string();
            assert!(error.contains(expected), "{case}: {error}");
            assert_eq!(
                error.contains("subscription"),
                expected == PLAN || case.starts_with("internal"),
                "{case}: {error}"
            );
        }
    }

    #[test]
    fn what_cannot_be_granted_is_quoted() {
        let body = r#"{"message":"EXTERNAL auth request is missing required 'deals-access' scope.","category":"MISSING_SCOPES"}"#;
        for granted in
            [None, Some(GrantedScopes::Listed(["crm.objects.deals.read".to_owned()].into()))]
        {
            let error = explained(403, body, granted.as_ref()).to_string();
            assert!(error.contains("HubSpot says: EXTERNAL auth request is missing"), "{error}");
        }
    }
}
