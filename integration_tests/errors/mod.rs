//! Every error message that a user can see: documented, and produced by a test.

mod network;
mod responses;
mod rows;

use std::collections::BTreeSet;
use std::fmt::Write;

use http::Method;
use source_hubspot::error::{Error, FailureType};
use source_hubspot::http::{ErrorBody, Refusal, RequestError};
use source_hubspot::hubspot;

use crate::support::golden::compare_file;
use rows::{Row, SUBJECT, VARIANTS, rows, variant};

const HEAD: &str = "\
# Errors

This page is generated from the code, and a test keeps it up to date (`just bless` writes it).

The message of an error contains the cause and the next step. It is in the ERROR trace of the stream or
of the run, and in the response of `check`. Names, paths and numbers below are examples; the stream is
`deals`. The trace's `internal_message` adds method, path and status, and HubSpot's own category, message
and correlation id, with which HubSpot support can find the request.

The type determines how the platform proceeds: `config_error` requires an action of the user,
`transient_error` is retried automatically, and `system_error` is for the maintainers of the connector.

Many failures are not errors. Rate limits, locked records, failures of HubSpot (5xx), truncated or invalid
responses and connection failures are retried. One request may take 15 minutes in a read and 20 seconds in
`check` and `discover`, including waits and retries; in addition it may wait for quota for an hour in a
read and 20 seconds in the others. Until HubSpot has responded for the first time, a read has the limits
of `check`, and one error ends the whole run if no connection is possible. If a page fails because of its
size (500, 502, 504, a truncated response, or more than 64 MB), it is requested with half as many records,
down to one. An expired access token is replaced once. A value
that does not fit its column becomes null, with a note in the record's `meta.changes`. A stream that the
token or the account's subscription gives no access to is skipped with a warning, and the run succeeds,
unless the stream replaces its table. An associated object type that the token may not read only costs the
column of its ids.

`check` and `discover` leave out everything that HubSpot refuses or returns in an unreadable shape (an object
type, a custom object, an event definition, a property), with a warning, and continue with the rest.

";

#[test]
fn every_error_is_documented() {
    let mut text = HEAD.to_owned();
    let mut found = BTreeSet::new();
    let mut section = "";
    for Row { section: of, cause, error, cure } in rows() {
        if section != of {
            section = of;
            let head = "| cause | message | type | next step |\n\
                        | --- | --- | --- | --- |";
            writeln!(text, "{}## {of}\n\n{head}", if found.is_empty() { "" } else { "\n" })
                .expect("memory");
        }
        found.insert(variant(&error));
        let kind = match error.failure_type() {
            FailureType::Config => "config_error",
            FailureType::Transient => "transient_error",
            FailureType::System => "system_error",
        };
        let said = said(&error).replace('|', "\\|");
        writeln!(text, "| {cause} | {said} | `{kind}` | {cure} |").expect("memory");
    }
    let missing: Vec<_> = VARIANTS.iter().filter(|name| !found.contains(*name)).collect();
    assert_eq!(missing, Vec::<&&str>::new(), "errors without a row");
    compare_file("docs/errors.md", &text);
}

/// Returns an error as the user reads it.
fn said(error: &Error) -> String {
    let sentence = error.to_string();
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// Returns the error response to the request of all rows.
fn refusal(status: u16, body: &str) -> Refusal {
    Refusal {
        status,
        body: ErrorBody::parse(body.as_bytes()),
        retry_after: None,
        correlation_id: None,
        method: Method::GET,
        path: "/crm/objects/2026-09/deals".to_owned(),
    }
}

/// Returns the error for a failed request.
fn explained(failure: RequestError) -> Error {
    hubspot::explain(failure, SUBJECT, "https://api.hubapi.com", None)
}

#[test]
fn every_refusal_is_documented() {
    let known: BTreeSet<_> = rows().iter().map(|row| said(&row.error)).collect();
    for status in 300..600 {
        for category in ["", "MISSING_SCOPES", "INVALID_AUTHENTICATION", "VALIDATION_ERROR"] {
            let body = format!(r#"{{"category":"{category}"}}"#);
            let error = explained(RequestError::Refused(refusal(status, &body).into()));
            let is_quoted = matches!(error, Error::Refused { .. } | Error::Forbidden { .. });
            let fits = known.contains(&said(&error)) || is_quoted;
            assert!(fits, "{status} {category}: {error}");
        }
    }
    for code in [
        "CLIENT_ID",
        "CLIENT_SECRET",
        "GRANT_TYPE",
        "HUB",
        "REDIRECT_URI",
        "REFRESH_TOKEN",
        "SCOPES",
    ] {
        let body = format!(r#"{{"status":"BAD_{code}"}}"#);
        let error = explained(RequestError::NoToken(refusal(400, &body).into()));
        assert!(known.contains(&said(&error)), "{code}: {error}");
    }
}
