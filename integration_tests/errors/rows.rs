//! The table of `docs/errors.md`: an error of each kind, its cause and its remedy.

use std::time::Duration;

use source_hubspot::error::Error;
use source_hubspot::http::RequestError;
use source_hubspot::hubspot::RequestContext;

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
    Input Config Environment Catalog State UnknownStream NameTaken CustomObjects Credentials MissingScope
    NothingToRead Plan SwitchedOff Forbidden Gone UnknownObjectType User Refused Unavailable Blocked Tls Proxy
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
            "a field of the form is missing or does not fit; all of them are named",
            Error::Config { violations: vec!["`credentials.access_token` is missing".into()] },
            "fill in the fields it names",
        ),
        (
            "a file of the command line cannot be opened or read",
            Error::Input {
                file: "state",
                path: "/secrets/state.json".into(),
                problem: "is not JSON (EOF while parsing an object at line 1 column 1)".into(),
            },
            "give the right file",
        ),
        (
            "the configured catalog is not one",
            Error::Catalog {
                problem: "cannot be read: missing field `streams` at line 1 column 2".into(),
            },
            "refresh the source schema and save the connection",
        ),
        (
            "the state was edited, or written by a later version",
            Error::State { stream: "deals".into(), problem: "it has no `updatedAt`".into() },
            "reset the stream, or go back to the version that wrote it",
        ),
        (
            "a stream was selected that the portal does not have (any more)",
            Error::UnknownStream { stream: "deals".into() },
            "refresh the source schema",
        ),
        (
            "a stream was selected by the name that its custom object had before a built-in stream was \
             called so",
            Error::NameTaken { stream: "projects".into(), instead: "custom_projects".into() },
            "refresh the source schema",
        ),
        (
            "the operator's environment cannot work",
            Error::Environment {
                variable: "HUBSPOT_API_URL",
                problem: "must begin with https:// unless the host is this machine".into(),
            },
            "mend or unset the variable",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn permissions() -> Vec<Told> {
    let refused =
        |status, body: &str| explained(RequestError::Refused(refusal(status, body).into()));
    let no_token = |body: &str| explained(RequestError::NoToken(refusal(400, body).into()));
    vec![
        (
            "401: the token is unknown or was revoked",
            refused(401, "{}"),
            "copy the token of the private app, or make a new one",
        ),
        (
            "401 twice: a token without an end is called too old",
            explained(RequestError::TokenExpired(refusal(401, "{}").into())),
            "make a new token",
        ),
        (
            "401 twice: a token just renewed is refused",
            explained(RequestError::NewTokenRefused(refusal(401, "{}").into())),
            "authenticate again",
        ),
        (
            "the token has scopes, and none that opens a stream",
            Error::NothingToRead { portal_id: 4455 },
            "grant the scopes of the streams you want; docs/streams.md names them",
        ),
        (
            "530: the token does not say which region its account is in",
            refused(530, ""),
            "copy the whole token; it begins with `pat-` and the region, such as `na1` or `eu1`",
        ),
        (
            "the refresh token was revoked, or the app was uninstalled",
            no_token(r#"{"status":"BAD_REFRESH_TOKEN"}"#),
            "authenticate again",
        ),
        (
            "the OAuth app has another client id",
            no_token(r#"{"status":"BAD_CLIENT_ID"}"#),
            "copy client id and secret from the app's settings",
        ),
        (
            "the OAuth app has another client secret",
            no_token(r#"{"status":"BAD_CLIENT_SECRET"}"#),
            "copy client id and secret from the app's settings",
        ),
        (
            "the account of the grant was closed",
            no_token(r#"{"status":"BAD_HUB"}"#),
            "authenticate with another account",
        ),
        (
            "the OAuth app asks for scopes that were not granted",
            no_token(r#"{"status":"BAD_SCOPES"}"#),
            "authenticate again",
        ),
        (
            "the grant was made for another redirect URL",
            no_token(r#"{"status":"BAD_REDIRECT_URI"}"#),
            "authenticate again",
        ),
        ("the token endpoint refuses for another reason", no_token("{}"), "authenticate again"),
        (
            "403: the token lacks a scope",
            refused(403, r#"{"category":"MISSING_SCOPES"}"#),
            "add the scope to the private app or to the OAuth app, then authenticate again",
        ),
        (
            "403: the token lacks scopes, which HubSpot names; those that it has are left out",
            refused(
                403,
                r#"{"category":"MISSING_SCOPES","errors":[{"message":"One or more are required: one of",
                    "context":{"requiredGranularScopes":
                    ["crm.schemas.deals.read","crm.objects.contacts.read"]}}]}"#,
            ),
            "as above",
        ),
        (
            "403: HubSpot names a scope that cannot be granted",
            refused(
                403,
                r#"{"category":"MISSING_SCOPES","message":
                    "EXTERNAL auth request is missing required 'deals-access' scope."}"#,
            ),
            "grant the scope; if the token has it, see what the subscription includes",
        ),
        (
            "401 or 403: the user behind the token was deactivated or lost permissions",
            refused(403, r#"{"category":"USER_DOES_NOT_HAVE_PERMISSIONS"}"#),
            "let a super admin make a new token",
        ),
        (
            "402, 403 with these words, or for want of scopes that the token has: the plan lacks \
             the feature",
            refused(402, "{}"),
            "upgrade, or deselect the stream",
        ),
        (
            "403: the account has the object type switched off",
            refused(403, r#"{"status":"error","message":"The object type is not enabled"}"#),
            "activate it, or deselect the stream",
        ),
        (
            "403 for any other reason of HubSpot's",
            refused(
                403,
                r#"{"status":"error","message":
                    "This API can't be called using an OAuth access token."}"#,
            ),
            "read HubSpot's reason; deselect the stream",
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
            "400: the account has no such object type",
            refused(400, r#"{"message":"Unable to infer object type from: widgets"}"#),
            "refresh the source schema",
        ),
        (
            "405, 410, or 404 of the path itself: HubSpot has taken the endpoint away",
            refused(410, "{}"),
            "update the connector, or deselect the stream",
        ),
        (
            "the custom objects cannot be listed, so it is open what the stream is",
            Error::CustomObjects {
                stream: "deals".into(),
                problem: "HubSpot did not answer".into(),
            },
            "nothing; the next sync asks again",
        ),
        (
            "400, 404 of something at the path, 414 and other refusals that asking again does not change",
            refused(400, r#"{"message":"Invalid input JSON"}"#),
            "run again once; then it is a bug, or HubSpot has changed",
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
            "nothing; look at HubSpot's status page if it lasts",
        ),
        (
            "answers that break off or are no JSON, in every attempt",
            Error::Unavailable {
                endpoint: endpoint(),
                attempts: 12,
                elapsed: Duration::from_mins(4),
                last: "its last answer was damaged: expected value at line 1 column 1".into(),
                answered: true,
                source: None,
            },
            "nothing; look for a gateway on the way if it lasts",
        ),
        (
            "a success that holds an error of HubSpot's, or not its list, in every attempt",
            Error::Unavailable {
                endpoint: endpoint(),
                attempts: 12,
                elapsed: Duration::from_mins(4),
                last: "its last answer was 200, and said: internal error".into(),
                answered: true,
                source: None,
            },
            "nothing; look at HubSpot's status page if it lasts",
        ),
        (
            "a batch read that leaves out some of what it was asked for, in every attempt",
            Error::Incomplete {
                endpoint: "`deals` (POST /deals/batch/read)".into(),
                missing: 3,
                total: 100,
                attempts: 12,
                reason: "RATE_LIMITS: too many requests".into(),
            },
            "nothing; look at HubSpot's status page if it lasts",
        ),
        (
            "500, 502, 504, or an answer larger than is read, even to a request for one record",
            Error::SingleRecord {
                endpoint: endpoint(),
                record: Some("150".into()),
                attempts: 12,
                last: "its last answer was 500".into(),
            },
            "ask HubSpot's support about the record",
        ),
        (
            "more of 429 than a request may wait for: an hour in a read, 20 seconds in `check` and \
             `discover`",
            Error::Throttled {
                endpoint: endpoint(),
                waited: Duration::from_mins(59),
                asked: Some(Duration::from_mins(5)),
            },
            "let fewer apps use the account at once",
        ),
        (
            "JSON of another shape than HubSpot documents",
            Error::Contract { endpoint: endpoint(), source: "no `results`".into() },
            "update the connector",
        ),
        (
            "an answer larger than any page",
            explained(RequestError::TooLarge { endpoint: endpoint() }),
            "deselect columns with long texts",
        ),
        (
            "429: the account's requests of the day are used up",
            explained(RequestError::DayUsedUp(refusal(429, "{}").into())),
            "nothing; sync less often, or raise the account's limit, if it comes every day",
        ),
        (
            "the share of the day that a sync may use up is reached",
            Error::DayShare { used: 585_000, limit: 650_000, share: 90, resets: None },
            "nothing, or raise `daily_share`",
        ),
    ]
}

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
    let proxy =
        |wants_login| explained(RequestError::Proxy { wants_login, source: "tunnel".into() });
    let not_found = "the name of the host was not found, check DNS or set HTTPS_PROXY: failed to \
                     lookup address information: Name or service not known";
    let no_proxy = "the proxy that HTTPS_PROXY names cannot be reached, check it: Connection \
                    refused (os error 111)";
    vec![
        (
            "the host's name cannot be resolved",
            failing(not_found),
            "mend DNS, or set `HTTPS_PROXY`",
        ),
        (
            "nobody answers at the host, or a firewall is in between",
            failing("the connection failed: Connection refused (os error 111)"),
            "let the connector reach api.hubapi.com, port 443",
        ),
        ("the connection stays silent", failing("no answer in time"), "as above"),
        ("the proxy is not there", failing(no_proxy), "mend `HTTPS_PROXY`"),
        ("407: the proxy asks for a login", proxy(true), "give it one"),
        (
            "403 or another refusal of the proxy, in every attempt",
            proxy(false),
            "allow api.hubapi.com in the proxy",
        ),
        (
            "403 without an error of HubSpot's, in every attempt: a proxy, a firewall or HubSpot's edge",
            explained(RequestError::Exhausted {
                endpoint: "`deals` (GET /crm/objects/2026-09/deals)".into(),
                attempts: 12,
                elapsed: Duration::from_mins(4),
                last: "its last answer was 403".into(),
                answered: false,
                refusal: Some(refusal(403, "<html>").into()),
            }),
            "let the connector reach api.hubapi.com, port 443; see what answers in its place",
        ),
        (
            "the host's certificate is signed by nobody who is trusted",
            tls("nobody who is trusted here has signed its certificate"),
            "where a proxy opens TLS, trust its certificate",
        ),
        (
            "the host speaks an older TLS than 1.2",
            tls("it speaks no TLS 1.2 or newer"),
            "find out what answers in HubSpot's place",
        ),
        (
            "the host's certificate has expired",
            tls("its certificate has expired"),
            "look at this machine's clock",
        ),
        (
            "the host's certificate is that of another",
            tls("its certificate is that of another host"),
            "find out what answers in HubSpot's place",
        ),
        (
            "something that speaks no TLS answers",
            tls("what answers there does not speak TLS"),
            "find out what answers in HubSpot's place",
        ),
        (
            "`SSL_CERT_FILE` cannot be read or holds no certificate",
            Error::Tls {
                host: "https://api.hubapi.com".into(),
                problem: "SSL_CERT_FILE names no file with certificates in it; mend or unset it"
                    .into(),
                source: None,
            },
            "mend or unset the variable",
        ),
        (
            "3xx: a gateway or portal answers in HubSpot's place",
            explained(RequestError::Refused(refusal(302, "").into())),
            "let the connector reach api.hubapi.com itself",
        ),
    ]
}

fn own() -> Vec<Told> {
    vec![
        (
            "a bug; the internal message says where",
            Error::Bug { detail: String::new() },
            "report it",
        ),
        (
            "the machine has no thread left, or no other thing that every program needs",
            Error::Machine { what: "thread", source: "Resource temporarily unavailable".into() },
            "raise the limit of processes for the container or user",
        ),
        (
            "the reader of stdout went away: the run ends, nobody reads this",
            Error::OutputClosed,
            "look at the destination's log",
        ),
        (
            "SIGTERM or SIGINT asked the sync to end: a line of the log, no error",
            Error::Stopped,
            "nothing; run it again when it may take its time",
        ),
    ]
}
