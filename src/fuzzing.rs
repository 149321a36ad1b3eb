//! Entry points for fuzzing input, each as a function of bytes.
//!
//! Each has a fuzz target in `fuzz/` and a property test in `integration_tests/fuzz_targets.rs`.
//! These check that for any input the function returns quickly, does not panic, and writes only
//! protocol lines.

use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::config::Config;
use crate::cursor::{CursorFormat, FIRST, Scan, StateCodec, StateCursor, StateLayout, TimeBounds};
use crate::env::EnvArgs;
use crate::http::{
    AccessToken, AttemptError, Backoff, Bucket, ErrorBody, FailedRequest, Refusal, RequestError,
    ResponseHeaders, RetryBudget, retry_action,
};
use crate::hubspot::{self, Definition, PropertyType, RequestContext, answers};
use crate::protocol::{ConfiguredCatalog, IncomingState};
use crate::record::{
    Columns, Encoder, Field, HistoryEncoder, HistoryForm, Record, Source, VersionField,
};
use crate::record_id::RecordId;
use crate::schema::{choose, property_columns};
use crate::time::Millis;

/// Fuzz target: its name and function.
pub type FuzzTarget = (&'static str, fn(&[u8]));

/// All fuzz targets.
pub const FUZZ_TARGETS: &[FuzzTarget] = &[
    ("config", config),
    ("catalog", catalog),
    ("state", state),
    ("page", page),
    ("refusal", refusal),
    ("headers", headers),
    ("token", token),
];

/// Parses the configuration and the environment variables.
pub fn config(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _config = Config::parse(text);
    let value = || text.to_owned();
    let _env = EnvArgs {
        api_url: value(),
        api_version: value(),
        all_streams: value(),
        clock_offset_ms: value(),
        log_level: value(),
    }
    .validate();
}

/// Parses the configured catalog and selects its columns.
pub fn catalog(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(catalog) = ConfiguredCatalog::parse(text, "catalog.json") else { return };
    for selected in &catalog.streams {
        let _columns = columns(&selected.stream.json_schema);
    }
}

/// Parses the state of any stream and resumes a scan from it.
pub fn state(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(incoming) = IncomingState::parse(text) else { return };
    let bounds = TimeBounds {
        started: FIRST,
        latest: FIRST,
        unfinished: Duration::from_secs(3),
        start_date: None,
        lookback: Duration::from_mins(1),
        index_lag: Duration::from_mins(5),
        worst_lag: Duration::from_hours(1),
    };
    for stream in incoming.stream_names() {
        let Ok(state) = incoming.of(stream) else { continue };
        let cursor = StateCursor {
            field: "updatedAt",
            selected: Some("createdAt"),
            format: CursorFormat::Iso,
        };
        for (cursor, layout) in [
            (Some(cursor), StateLayout::Flat),
            (Some(cursor), StateLayout::PerParent { parent_key: "id" }),
            (None, StateLayout::Flat),
        ] {
            let codec = StateCodec { cursor, layout };
            let Ok(saved) = codec.decode(state) else { continue };
            let _encoded = codec.encode(&saved.main, &saved.sections);
            let Ok(saved) = saved.by_the_clock(&bounds) else { continue };
            let mut scan = Scan::begin(&saved.main, &bounds, false, None);
            let _first = (scan.next_task(), scan.progress(None));
        }
    }
}

/// Parses a success response in every response format, and encodes its records.
///
/// # Panics
/// If the output is not one JSON message per line.
pub fn page(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    for (_, read) in answers::ANSWERS {
        let _forgotten = read(&body);
    }
    let columns = columns(&Value::Null);
    let mut lines = Vec::new();
    let mut encoder = Encoder::new("deals", &columns);
    let mut histories = HistoryEncoder::new("deals_property_history", HISTORY, &columns);
    let ids = [7, 8].map(RecordId::new);
    for page in answers::pages(&body) {
        for text in page.records() {
            let Ok(record) = Record::parse(text) else { continue };
            let from = lines.len();
            if encoder.push(&record, &[Some(&ids)], Millis::EPOCH, &mut lines).is_err() {
                lines.truncate(from);
            }
            let from = lines.len();
            if histories.push(&record, Millis::MIN, Millis::EPOCH, &mut lines).is_err() {
                lines.truncate(from);
            }
        }
    }
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let message = serde_json::from_slice::<serde::de::IgnoredAny>(line);
        let text = || String::from_utf8_lossy(line).into_owned();
        assert!(line.ends_with(b"\n") && message.is_ok(), "{message:?}: {}", text());
    }
}

/// Parses an error response: two bytes of status, then the body.
pub fn refusal(bytes: &[u8]) {
    let Some((status, body)) = bytes.split_first_chunk() else { return };
    let status = u16::from_be_bytes(*status) % 600;
    let refusal = || {
        Box::new(Refusal {
            status,
            body: ErrorBody::parse(body),
            retry_after: None,
            correlation_id: None,
            method: Method::GET,
            path: "/".to_owned(),
        })
    };
    let request = FailedRequest {
        endpoint: "`deals`",
        bucket: Bucket::General,
        page_size: None,
        attempts: 1,
    };
    let _action = retry_action(AttemptError::Refused(refusal()), &request);
    for failure in [RequestError::Refused(refusal()), RequestError::NoToken(refusal())] {
        let subject = RequestContext { stream: "deals", scopes: &[] };
        let error = hubspot::explain(failure, subject, "host", None);
        let _texts = (error.to_string(), error.internal_message(), error.failure_type());
    }
}

/// Parses response headers, one `name: value` per line.
pub fn headers(bytes: &[u8]) {
    let mut map = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            map.append(name, value);
        }
    }
    let headers = ResponseHeaders::parse(&map);
    let wait = Backoff::new(RetryBudget::READ, 7).next_wait(Duration::ZERO, headers.retry_after);
    let _when = wait.map(|wait| Instant::now() + wait);
}

/// Parses a response of the token endpoint and computes when its token is due.
pub fn token(bytes: &[u8]) {
    if let Ok(grant) = hubspot::read_grant(&Bytes::copy_from_slice(bytes)) {
        let now = Instant::now();
        let _due = AccessToken::new(grant, now).is_due(now);
    }
}

const HISTORY: HistoryForm = HistoryForm {
    id: "dealId",
    id_is_number: true,
    timestamp_is_number: false,
    fields: &[(VersionField::Value, "value"), (VersionField::SourceId, "source_id")],
};

/// Returns columns of every property type and every source.
fn columns(configured: &Value) -> Columns {
    let kinds = [
        ("amount", PropertyType::Number),
        ("closed", PropertyType::Bool),
        ("closedate", PropertyType::Date),
        ("hs_lastmodifieddate", PropertyType::Datetime),
        ("name", PropertyType::Text),
    ];
    let definitions = kinds.map(|(name, kind)| Definition {
        name: name.to_owned(),
        kind,
        ..Definition::default()
    });
    let copied = ["archived", "id", "value"].map(|name| (name, Source::COPY));
    let fields = copied.into_iter().chain([("companies", Source::Associations(0))]);
    let fields = fields.map(|(name, source)| Field { name: name.to_owned(), source }).collect();
    let everything = json!({});
    let configured = if configured.is_null() { &everything } else { configured };
    choose(configured, fields, &["id"], property_columns(&definitions, &[], false))
}
