//! All messages except RECORD, which [`crate::record`] encodes by hand.
//!
//! Absent keys are omitted, because some clients crash on an explicit null.

use std::fmt;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::batch::StateBlob;
use crate::error::{Error, FailureType};
use crate::strict;
use crate::time::{self, Millis};

/// One line of output.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Message<'a> {
    Spec {
        spec: &'a Value,
    },
    ConnectionStatus {
        #[serde(rename = "connectionStatus")]
        connection_status: ConnectionStatus,
    },
    Catalog {
        catalog: Catalog<'a>,
    },
    State {
        state: StatePayload<'a>,
    },
    Log {
        log: Log<'a>,
    },
    Trace {
        trace: Trace<'a>,
    },
    Control {
        control: Control<'a>,
    },
}

impl<'a> Message<'a> {
    /// Returns a CONTROL message with a configuration that replaces the whole previous one.
    pub fn config(config: &'a Value) -> Self {
        let emitted_at = time::now_ms();
        Self::Control {
            control: Control {
                kind: "CONNECTOR_CONFIG",
                emitted_at,
                connector_config: NewConfig { config },
            },
        }
    }

    pub fn catalog(streams: &'a [CatalogStream]) -> Self {
        Self::Catalog { catalog: Catalog { streams } }
    }

    pub fn log(level: Level, message: &'a str) -> Self {
        Self::Log { log: Log { level, message } }
    }

    /// Returns the STATE of one stream; `record_count` is the number of records since its previous
    /// STATE.
    #[expect(clippy::cast_precision_loss, reason = "the protocol types the count as a float")]
    pub fn state(stream: &'a str, stream_state: &'a StateBlob, record_count: u64) -> Self {
        Self::State {
            state: StatePayload {
                kind: "STREAM",
                stream: StateOfStream {
                    stream_descriptor: Descriptor { name: stream },
                    stream_state,
                },
                source_stats: Stats { record_count: record_count as f64 },
            },
        }
    }

    pub fn status(stream: &'a str, status: StreamStatus) -> Self {
        let stream_status =
            StatusOfStream { stream_descriptor: Descriptor { name: stream }, status };
        Self::Trace {
            trace: Trace {
                emitted_at: time::now_ms(),
                kind: TraceKind::StreamStatus { stream_status },
            },
        }
    }

    pub fn error(error: TraceError<'a>) -> Self {
        Self::Trace {
            trace: Trace { emitted_at: time::now_ms(), kind: TraceKind::Error { error } },
        }
    }

    /// Returns an estimate of the number of records of a stream.
    pub fn estimate(name: &'a str, rows: u64) -> Self {
        let estimate = Estimate { name, kind: "STREAM", rows };
        Self::Trace {
            trace: Trace { emitted_at: time::now_ms(), kind: TraceKind::Estimate { estimate } },
        }
    }

    /// Returns a machine-readable ANALYTICS message: `value` is JSON with the schema named by
    /// `kind`.
    pub fn analytics(kind: &'a str, value: &'a str) -> Self {
        let analytics = Analytics { kind, value };
        Self::Trace {
            trace: Trace { emitted_at: time::now_ms(), kind: TraceKind::Analytics { analytics } },
        }
    }

    /// Appends the message as one line, without any U+0000.
    ///
    /// # Panics
    /// Never: every message consists of strings, numbers and maps with string keys.
    pub fn push_to(&self, lines: &mut Vec<u8>) {
        let line = serde_json::to_string(self).expect("messages serialize into memory");
        // A configuration is returned unchanged.
        let may_be_odd = line.contains("\\u0000") && !matches!(self, Self::Control { .. });
        let repaired = may_be_odd.then(|| strict::repair(&line)).flatten();
        lines.extend_from_slice(repaired.map_or(line, |repaired| repaired.text).as_bytes());
        lines.push(b'\n');
    }

    /// Returns the message as one line.
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(256);
        self.push_to(&mut line);
        line
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConnectionStatus {
    Succeeded { message: String },
    Failed { message: String },
}

#[derive(Debug, Serialize)]
pub struct Catalog<'a> {
    streams: &'a [CatalogStream],
}

/// A stream in the output of `discover`.
#[derive(Debug, Serialize)]
pub struct CatalogStream {
    pub name: String,
    pub json_schema: Value,
    pub supported_sync_modes: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_defined_cursor: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_cursor_field: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source_defined_primary_key: Vec<Vec<String>>,
    pub is_resumable: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Descriptor<'a> {
    name: &'a str,
}

#[derive(Debug, Serialize)]
pub struct StatePayload<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    stream: StateOfStream<'a>,
    #[serde(rename = "sourceStats")]
    source_stats: Stats,
}

#[derive(Debug, Serialize)]
struct StateOfStream<'a> {
    stream_descriptor: Descriptor<'a>,
    stream_state: &'a StateBlob,
}

#[derive(Debug, Serialize)]
struct Stats {
    #[serde(rename = "recordCount")]
    record_count: f64,
}

/// Payload of a CONTROL message, the only message that contains secrets.
#[derive(Serialize)]
pub struct Control<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    emitted_at: Millis,
    #[serde(rename = "connectorConfig")]
    connector_config: NewConfig<'a>,
}

#[derive(Serialize)]
struct NewConfig<'a> {
    config: &'a Value,
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Serialize)]
pub struct Log<'a> {
    level: Level,
    message: &'a str,
}

#[derive(Debug, Serialize)]
pub struct Trace<'a> {
    emitted_at: Millis,
    #[serde(flatten)]
    kind: TraceKind<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
enum TraceKind<'a> {
    StreamStatus { stream_status: StatusOfStream<'a> },
    Error { error: TraceError<'a> },
    Estimate { estimate: Estimate<'a> },
    Analytics { analytics: Analytics<'a> },
}

/// Payload of a TRACE of type ESTIMATE, for progress displays.
#[derive(Debug, Serialize)]
struct Estimate<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "row_estimate")]
    rows: u64,
}

/// Payload of a TRACE of type ANALYTICS. Clients that do not know its kind ignore it.
#[derive(Debug, Serialize)]
struct Analytics<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    value: &'a str,
}

#[derive(Debug, Serialize)]
struct StatusOfStream<'a> {
    stream_descriptor: Descriptor<'a>,
    status: StreamStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StreamStatus {
    Started,
    Running,
    Complete,
    Incomplete,
}

/// Payload of a TRACE of type ERROR.
#[derive(Debug, Serialize)]
pub struct TraceError<'a> {
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    internal_message: String,
    failure_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_descriptor: Option<Descriptor<'a>>,
}

impl<'a> TraceError<'a> {
    /// Formats `error` as a sentence for the user, with the stream it concerns, if any.
    pub fn new(error: &Error, stream: Option<&'a str>) -> Self {
        Self {
            message: sentence(&error.to_string()),
            internal_message: error.internal_message(),
            failure_type: match error.failure_type() {
                FailureType::Config => "config_error",
                FailureType::Transient => "transient_error",
                FailureType::System => "system_error",
            },
            stream_descriptor: stream.map(|name| Descriptor { name }),
        }
    }
}

/// Turns an error message, a lowercase fragment, into a sentence for the user.
pub(super) fn sentence(fragment: &str) -> String {
    let mut characters = fragment.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    let mut sentence: String = first.chain(characters).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

impl ConnectionStatus {
    pub fn failed(error: &Error) -> Self {
        Self::Failed { message: sentence(&error.to_string()) }
    }
}

/// One entry of a record's `meta.changes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Name of the top-level column.
    pub field: String,
    pub kind: ChangeKind,
}

/// Kind of a change, as defined by the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The value did not fit its column, or strict parsers would reject it.
    Nulled,
    /// Characters of the value were removed or replaced.
    Truncated,
}

impl Change {
    /// Appends `,"meta":{"changes":[…]}`, or nothing if there are no changes.
    pub fn push_meta(changes: &[Self], line: &mut Vec<u8>) {
        let mut separator: &[u8] = b",\"meta\":{\"changes\":[";
        for change in changes {
            line.extend_from_slice(separator);
            line.extend_from_slice(b"{\"field\":");
            let field = serde_json::to_string(&change.field).unwrap_or_default();
            line.extend_from_slice(field.as_bytes());
            let kind = match change.kind {
                ChangeKind::Nulled => "NULLED",
                ChangeKind::Truncated => "TRUNCATED",
            };
            let _infallible =
                write!(line, ",\"change\":\"{kind}\",\"reason\":\"SOURCE_SERIALIZATION_ERROR\"}}");
            separator = b",";
        }
        if !changes.is_empty() {
            line.extend_from_slice(b"]}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &Message<'_>) -> String {
        String::from_utf8(message.to_line()).unwrap()
    }

    #[test]
    fn state_counts_are_floats_and_nothing_is_null() {
        let state = serde_json::from_str(r#"{"updatedAt":"2026-11-20T10:00:00.000000Z"}"#).unwrap();
        assert_eq!(
            text(&Message::state("deals", &state, 3)),
            concat!(
                r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"deals"},"#,
                r#""stream_state":{"updatedAt":"2026-11-20T10:00:00.000000Z"}},"sourceStats":{"recordCount":3.0}}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn traces_carry_their_kind_beside_the_time() {
        let line = text(&Message::status("deals", StreamStatus::Started));
        assert!(line.contains(r#""type":"STREAM_STATUS","stream_status":{"stream_descriptor":{"name":"deals"},"status":"STARTED"}"#), "{line}");
        let line = text(&Message::estimate("deals", 12_000));
        assert!(line.contains(r#""type":"ESTIMATE","estimate":{"name":"deals","type":"STREAM","row_estimate":12000}"#), "{line}");
        let error = Error::Catalog { problem: "is empty".into() };
        let line = text(&Message::error(TraceError::new(&error, None)));
        assert!(line.contains(r#""error":{"message":"The configured catalog is empty.","failure_type":"config_error"}"#), "{line}");
    }

    #[test]
    fn changes_name_the_column() {
        let mut line = Vec::new();
        let change = Change { field: "properties_amount".into(), kind: ChangeKind::Nulled };
        Change::push_meta(&[change], &mut line);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            r#","meta":{"changes":[{"field":"properties_amount","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}"#
        );
    }
}
