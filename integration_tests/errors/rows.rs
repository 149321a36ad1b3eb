//! The table of `docs/errors.md`: an error of each kind, its cause and its remedy.

use std::time::Duration;

use source_hubspot::error::Error;
use source_hubspot::http::{NoConnection, RequestError, TransientError};
use source_hubspot::hubspot::RequestContext;
use source_hubspot::protocol::ConfiguredCatalog;

use super::{explained, refusal};

/// The stream that all rows refer to.
pub(crate) const SUBJECT: RequestContext<'static> =
    RequestContext { stream: "deals", scopes: &["crm.objects.deals.read"] };

/// A row of the table.
pub(crate) struct Row {
    pub(crate) section: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) error: Error,
    pub(crate) cure: &'static str,
}

/// Lists every variant of [`Error`]: a new variant does not compile until it is added here.
macro_rules! variants {
    ($($name:ident)*) => {
        pub(crate) const VARIANTS: &[&str] = &[$(stringify!($name)),*];

        pub(crate) fn variant(error: &Error) -> &'static str {
            match error {
                $(Error::$name { .. } => stringify!($name),)*
            }
        }
    };
}

variants! {
    Input Config NoConfiguration NotOffered Environment Catalog State UnknownStream NameTaken CustomObjects Credentials MissingScope
    NothingToRead Plan SwitchedOff Forbidden Gone UnknownObjectType User Refused Unavailable Unreachable Blocked Tls
    Proxy
    Redirected TooLarge DayUsedUp DayShare Incomplete SingleRecord Throttled Stopped Contract OutputClosed Machine Bug
}

/// Returns all rows, section by section.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (section, of) in [
        ("What you gave", given as fn() -> Vec<Told>),
        ("Token and permissions", permissions),
        ("HubSpot's answers", answers),
        ("The way to HubSpot", network),
        ("The connector itself", own),
    ] {
        rows.extend(of().into_iter().map(|(cause, error, cure)| Row {
            section,
            cause,
            error,
            cure,
        }));
    }
    rows
}

/// Cause, error and remedy.
type Told = (&'static str, Error, &'static str);

fn given() -> Vec<Told> {
    vec![
        (
            "a field of the form is missing or invalid; the message names all of them",
            Error::Config { violations: vec!["`credentials.access_token` is missing".into()] },
            "correct these fields",
        ),
        (
            "a file of the command line cannot be opened or read",
            Error::Input {
                file: "state",
                path: "/secrets/state.json".into(),
                problem: "is not JSON (it ends too early, at line 1 column 1)".into(),
            },
            "pass the right file",
        ),
        (
            "a command was given no configuration",
            Error::NoConfiguration { variable: "HUBSPOT_ACCESS_TOKEN" },
            "pass a configuration, or set the variable",
        ),
        (
            "a stream named on the command line does not exist, or the token may not read it",
            Error::NotOffered { stream: "deal".into(), meant: " (did you mean `deals`?)".into() },
            "correct the name, or grant the scope of the stream",
        ),
        (
            "the configured catalog is invalid",
            unconfigured_catalog(),
            "make the catalog with `source-hubspot catalog`; on a platform, refresh the source schema \
             and save the connection",
        ),
        (
            "the state was edited, or written by a later version",
            Error::State { stream: "deals".into(), problem: "it has no `updatedAt`".into() },
            "reset the stream, or use the version that wrote the state",
        ),
        (
            "a selected stream does not exist, or no longer exists, in the account",
            Error::UnknownStream { stream: "deal".into(), meant: Some("deals".into()) },
            "refresh the source schema",
        ),
        (
            "a custom object was selected by a name that now belongs to a built-in stream",
            Error::NameTaken { stream: "projects".into(), instead: "custom_projects".into() },
            "refresh the source schema",
        ),
        (
            "an environment variable is invalid",
            Error::Environment {
                variable: "HUBSPOT_API_URL",
                problem: "must begin with https:// unless the host is this machine".into(),
            },
            "correct or unset the variable",
        ),
    ]
}

/// Returns the error for a file that lists streams in the way of `discover`.
fn unconfigured_catalog() -> Error {
    let text = r#"{"streams":[{"name":"deals","json_schema":{}}]}"#;
    ConfiguredCatalog::parse(text, "catalog.json").expect_err("not configured")
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn permissions() -> Vec<Told> {
    let refused =
        |status, body: &str| explained(RequestError::Refused(refusal(status, body).into()));
    let no_token = |body: &str| explained(RequestError::NoToken(refusal(400, body).into()));
    vec![
        (
            "401: the access token is unknown or was revoked",
            refused(401, "{}"),
            "copy the token of the private app, or create a new one",
        ),
        (
            "401 twice: a token that does not expire is reported as expired",
            explained(RequestError::TokenExpired(refusal(401, "{}").into())),
            "create a new token",
        ),
        (
            "401 twice: a new token is rejected",
            explained(RequestError::NewTokenRefused(refusal(401, "{}").into())),
            "authenticate again",
        ),
        (
            "no scope of the token gives access to a stream",
            Error::NothingToRead { portal_id: 4455 },
            "grant the scopes of the streams that you need, which docs/streams.md lists",
        ),
        (
            "530: the token does not contain the region of its account",
            refused(530, ""),
            "copy the whole token, which starts with `pat-` and a region such as `na1` or `eu1`",
        ),
        (
            "the refresh token was revoked, or the app was uninstalled",
            no_token(r#"{"status":"BAD_REFRESH_TOKEN"}"#),
            "authenticate again",
        ),
        (
            "the client id of the OAuth app is wrong",
            no_token(r#"{"status":"BAD_CLIENT_ID"}"#),
            "copy client id and secret from the app's settings",
        ),
        (
            "the client secret of the OAuth app is wrong",
            no_token(r#"{"status":"BAD_CLIENT_SECRET"}"#),
            "copy client id and secret from the app's settings",
        ),
        (
            "the account that authorized the app was closed",
            no_token(r#"{"status":"BAD_HUB"}"#),
            "authenticate with another account",
        ),
        (
            "the OAuth app requests scopes that were not granted",
            no_token(r#"{"status":"BAD_SCOPES"}"#),
            "authenticate again",
        ),
        (
            "the app was authorized with another redirect URL",
            no_token(r#"{"status":"BAD_REDIRECT_URI"}"#),
            "authenticate again",
        ),
        (
            "the token endpoint refuses a token for another reason",
            no_token("{}"),
            "authenticate again",
        ),
        (
            "403: a scope is missing",
            refused(403, r#"{"category":"MISSING_SCOPES"}"#),
            "add the scope to the private app or to the OAuth app, then authenticate again",
        ),
        (
            "403: scopes are missing that HubSpot names; those that the token has are left out",
            refused(
                403,
                r#"{"category":"MISSING_SCOPES","errors":[{"message":"One or more are required: one of",
                    "context":{"requiredGranularScopes":
                    ["crm.schemas.deals.read","crm.objects.contacts.read"]}}]}"#,
            ),
            "see above",
        ),
        (
            "403: HubSpot names a scope that cannot be granted",
            refused(
                403,
                r#"{"category":"MISSING_SCOPES","message":
                    "EXTERNAL auth request is missing required 'deals-access' scope."}"#,
            ),
            "grant the scope; if the token has it, check what the subscription includes",
        ),
        (
            "401 or 403: the user of the token was deactivated or lost permissions",
            refused(403, r#"{"category":"USER_DOES_NOT_HAVE_PERMISSIONS"}"#),
            "let a super admin create a new token",
        ),
        (
            "402, or 403 that mentions the feature or scopes that the token has: the subscription does \
             not include the stream",
            refused(402, "{}"),
            "upgrade the subscription, or deselect the stream",
        ),
        (
            "403: the object type is switched off in the account",
            refused(403, r#"{"status":"error","message":"The object type is not enabled"}"#),
            "activate the object type, or deselect the stream",
        ),
        (
            "403 for any other reason",
            refused(
                403,
                r#"{"status":"error","message":
                    "This API can't be called using an OAuth access token."}"#,
            ),
            "see HubSpot's reason, or deselect the stream",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn answers() -> Vec<Told> {
    let refused =
        |status, body: &str| explained(RequestError::Refused(refusal(status, body).into()));
    let endpoint = || "`deals` (GET /crm/objects/2026-09/deals)".to_owned();
    vec![
        (
            "400: the object type does not exist in the account",
            refused(400, r#"{"message":"Unable to infer object type from: widgets"}"#),
            "refresh the source schema",
        ),
        (
            "405, 410, or 404 of the path itself: HubSpot has removed the endpoint",
            refused(410, "{}"),
            "update the connector, or deselect the stream",
        ),
        (
            "the custom objects cannot be listed, so the stream may be one of them",
            Error::CustomObjects {
                stream: "deals".into(),
                problem: "HubSpot did not answer".into(),
            },
            "nothing; the next sync requests them again",
        ),
        (
            "400, 414, 404 of an object at the path, and other refusals that are not retried",
            refused(400, r#"{"message":"Invalid input JSON"}"#),
            "run the sync again; if the error persists, report it",
        ),
        (
            "5xx, 408, 423 or 477 in every attempt",
            Error::Unavailable {
                endpoint: endpoint(),
                attempts: 12,
                elapsed: Duration::from_mins(4),
                last: "its last answer was 503".into(),
                answered: false,
                source: None,
            },
            "nothing; check HubSpot's status page if it persists",
        ),
        (
            "truncated responses, or responses other than JSON, in every attempt",
            Error::Unavailable {
                endpoint: endpoint(),
                attempts: 12,
                elapsed: Duration::from_mins(4),
                last: "its last answer was damaged: expected value at line 1 column 1".into(),
                answered: true,
                source: None,
            },
            "nothing; check proxies and gateways if it persists",
        ),
        (
            "a success response with an error, or without its list, in every attempt",
            Error::Unavailable {
                endpoint: endpoint(),
                attempts: 12,
                elapsed: Duration::from_mins(4),
                last: "its last answer was 200, and said: internal error".into(),
                answered: true,
                source: None,
            },
            "nothing; check HubSpot's status page if it persists",
        ),
        (
            "a batch read that omits requested records, in every attempt",
            Error::Incomplete {
                endpoint: "`deals` (POST /deals/batch/read)".into(),
                missing: 3,
                total: 100,
                attempts: 12,
                reason: "RATE_LIMITS: too many requests".into(),
            },
            "nothing; check HubSpot's status page if it persists",
        ),
        (
            "500, 502, 504, or too large a response, even to a request for one record",
            Error::SingleRecord {
                endpoint: endpoint(),
                record: Some("150".into()),
                attempts: 12,
                last: "its last answer was 500".into(),
            },
            "contact HubSpot support about the record",
        ),
        (
            "429 for longer than a request may wait: an hour in a read, 20 seconds in `check` and \
             `discover`",
            Error::Throttled {
                endpoint: endpoint(),
                waited: Duration::from_mins(59),
                asked: Some(Duration::from_mins(5)),
            },
            "let fewer apps use the account at the same time",
        ),
        (
            "JSON of a different shape than HubSpot documents",
            Error::Contract { endpoint: endpoint(), source: "no `results`".into() },
            "update the connector",
        ),
        (
            "a response larger than any page",
            explained(RequestError::TooLarge { endpoint: endpoint() }),
            "deselect columns with long texts",
        ),
        (
            "429: the daily quota of the account is used up",
            explained(RequestError::DayUsedUp(refusal(429, "{}").into())),
            "nothing; sync less often or raise the account's limit if it happens every day",
        ),
        (
            "the configured share of the daily quota is used up",
            Error::DayShare { used: 585_000, limit: 650_000, share: 90, resets: None },
            "nothing, or raise `daily_share`",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn network() -> Vec<Told> {
    let failing = |last: &str| Error::Unavailable {
        endpoint: "`deals` (GET /crm/objects/2026-09/deals)".into(),
        attempts: 12,
        elapsed: Duration::from_mins(4),
        last: last.into(),
        answered: false,
        source: None,
    };
    let tls = |problem: &str| {
        explained(RequestError::Tls { problem: problem.into(), source: "handshake".into() })
    };
    let failed = |last, is_reached| {
        explained(RequestError::Exhausted {
            endpoint: "`deals` (GET /crm/objects/2026-09/deals)".into(),
            attempts: 12,
            elapsed: Duration::from_mins(4),
            last,
            is_reached,
        })
    };
    let exhausted = |last: TransientError| failed(last, true);
    let never_reached = |reason: NoConnection, cause: &str| {
        failed(TransientError::NotConnected { reason, cause: cause.into() }, false)
    };
    let not_found = "the name of the host was not found, check DNS or set HTTPS_PROXY: failed to \
                     lookup address information: Name or service not known";
    let no_proxy = "the proxy that HTTPS_PROXY names cannot be reached, check it: Connection \
                    refused (os error 111)";
    vec![
        (
            "no request of the run has reached the host: it does not accept connections, or a \
             firewall blocks them",
            never_reached(NoConnection::Refused, ""),
            "allow connections to api.hubapi.com, port 443; correct `HUBSPOT_API_URL` if it is set",
        ),
        (
            "the same: its name cannot be resolved",
            never_reached(NoConnection::HostNotFound, ""),
            "correct DNS, or set `HTTPS_PROXY`",
        ),
        (
            "the same: it does not respond within the timeout",
            never_reached(NoConnection::TimedOut, ""),
            "allow connections to api.hubapi.com, port 443",
        ),
        (
            "the same: the proxy does not accept connections",
            never_reached(NoConnection::ProxyUnreachable, no_proxy),
            "correct `HTTPS_PROXY`",
        ),
        (
            "the same: the connection fails for another reason",
            never_reached(
                NoConnection::Other,
                "the connection failed: No route to host (os error 113)",
            ),
            "check the network of the machine",
        ),
        (
            "later in the run, the name of the host cannot be resolved",
            failing(not_found),
            "correct DNS, or set `HTTPS_PROXY`",
        ),
        (
            "later in the run, the host does not accept connections, or a firewall blocks them",
            failing("the connection failed: Connection refused (os error 111)"),
            "allow connections to api.hubapi.com, port 443",
        ),
        (
            "later in the run, no response within the timeout",
            failing("no answer in time"),
            "see above",
        ),
        (
            "later in the run, the proxy does not accept connections",
            failing(no_proxy),
            "correct `HTTPS_PROXY`",
        ),
        (
            "407: the proxy requires a login",
            explained(RequestError::ProxyLogin("tunnel".into())),
            "add the login to `HTTPS_PROXY`",
        ),
        (
            "403 or another refusal by the proxy, in every attempt",
            exhausted(TransientError::ProxyRefused("tunnel".into())),
            "allow api.hubapi.com in the proxy",
        ),
        (
            "403 without a HubSpot error, in every attempt: from a proxy, a firewall or HubSpot's edge",
            exhausted(TransientError::Refused(refusal(403, "<html>").into())),
            "allow connections to api.hubapi.com, port 443; find out which server responds instead",
        ),
        (
            "the certificate of the host is not signed by a trusted CA",
            tls("its certificate is not signed by a trusted CA"),
            "if a proxy inspects TLS, trust its certificate",
        ),
        (
            "the host does not support TLS 1.2 or newer",
            tls("the server does not support TLS 1.2 or newer"),
            "find out which server responds instead of HubSpot",
        ),
        (
            "the certificate of the host has expired",
            tls("its certificate has expired"),
            "check the clock of this machine",
        ),
        (
            "the certificate of the host is for another host",
            tls("its certificate is for another host"),
            "find out which server responds instead of HubSpot",
        ),
        (
            "the host does not use TLS",
            tls("the server does not use TLS"),
            "find out which server responds instead of HubSpot",
        ),
        (
            "`SSL_CERT_FILE` cannot be read or holds no certificate",
            Error::Tls {
                host: "https://api.hubapi.com".into(),
                problem:
                    "SSL_CERT_FILE does not name a file with certificates; correct or unset it"
                        .into(),
                source: None,
            },
            "correct or unset the variable",
        ),
        (
            "3xx: a gateway responds instead of HubSpot",
            explained(RequestError::Refused(refusal(302, "").into())),
            "allow direct connections to api.hubapi.com",
        ),
    ]
}

fn own() -> Vec<Told> {
    vec![
        (
            "a bug; the internal message contains its location",
            Error::Bug { detail: String::new() },
            "report the error",
        ),
        (
            "the machine has no thread or other system resource left",
            Error::Machine { what: "thread", source: "Resource temporarily unavailable".into() },
            "raise the limits of the container or user",
        ),
        (
            "the reader of stdout closed the pipe; the message cannot be delivered",
            Error::OutputClosed,
            "check the log of the destination",
        ),
        (
            "SIGTERM or SIGINT: a log line, not an error",
            Error::Stopped,
            "nothing; run the sync again",
        ),
    ]
}
