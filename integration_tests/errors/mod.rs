//! Every error message that a user can see: documented, and produced by a test.

mod network;
mod responses;
mod rows;

use std::collections::BTreeSet;
use std::fmt::Write;

use bytes::Bytes;
use http::Method;
use source_hubspot::error::{Error, FailureType};
use source_hubspot::http::{ErrorResponse, RequestError};
use source_hubspot::hubspot;

use crate::support::golden::compare_file;
use rows::{Row, SUBJECT, VARIANTS, rows, variant};

const HEAD: &str = "\
# Errors

Made from the code; a test keeps it in step (`just bless` writes it).

Every error is a sentence with its cause and what to do next. It stands in the ERROR trace of the
stream or of the run, and in `check`'s answer. Names, paths and numbers below are examples; the
stream is `deals`. The trace's `internal_message` adds method, path and status, and what HubSpot said:
category, message, and the correlation id, which HubSpot's support can look up.

The type tells the platform what to do: `config_error` waits for the user, `transient_error` runs
again by itself, `system_error` is for whoever maintains the connector.

Not every trouble is an error. Limits of requests, locked records, failures of HubSpot (5xx), answers
that break off or are no JSON, connections that fail: each is waited for and asked again. One request
may take 15 minutes in a read and 20 seconds in `check` and `discover`, waits and repetitions included;
in addition it may wait for quota for an hour in a read and 20 seconds in the others. As long as HubSpot
has not answered at all, a read gives up as soon as `check` does. A page that keeps failing at its size
(500, 502, 504, no whole answer, or more than 64 MB) is asked for with half as many records, down to
one. An access token that has become too
old is replaced once. A value that does not fit its column becomes null, with a note in the record's
`meta.changes`. A stream that the token or the account's plan does not open is skipped with a warning,
and the run succeeds, unless the stream replaces its table. An associated object type that the token
may not read costs the column of its ids alone.

`check` and `discover` leave out what HubSpot refuses or answers in a shape that cannot be read (an
object type, a custom object, an event definition, a property), with a warning, and go on with the rest.

";

#[test]
fn every_error_is_documented() {
    let mut text = HEAD.to_owned();
    let mut found = BTreeSet::new();
    let mut section = "";
    for Row { section: of, cause, error, cure } in rows() {
        if section != of {
            section = of;
            let head = "| what happened | what you read | type | what to do |\n\
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
fn refusal(status: u16, body: &str) -> ErrorResponse {
    ErrorResponse {
        status,
        body: Bytes::copy_from_slice(body.as_bytes()),
        correlation: None,
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
