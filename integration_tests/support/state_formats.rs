//! Rewrites states into the formats of older versions.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::invariants::instant_ms;

/// Format of the instants in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As the connector writes it: text with six fractional digits, or milliseconds.
    AsWritten,
    /// `2024-03-01T12:00:00.123000+00:00`
    Offset,
    /// `2024-03-01T12:00:00Z`
    WholeSeconds,
    /// `1709294400123`
    Millis,
    /// `"1709294400123"`
    MillisAsText,
    /// `""`: nothing has been read yet.
    EmptyText,
    /// The state has no keys.
    EmptyState,
}

impl Spelling {
    pub(crate) const ALL: [Self; 6] = [
        Self::Offset,
        Self::WholeSeconds,
        Self::Millis,
        Self::MillisAsText,
        Self::EmptyText,
        Self::EmptyState,
    ];

    /// Returns `true` if a state in this format contains no position.
    pub(crate) fn says_nothing(self) -> bool {
        matches!(self, Self::EmptyText | Self::EmptyState)
    }

    fn write(self, at_ms: i64, before: &Value) -> Value {
        let instant = DateTime::from_timestamp_millis(at_ms).expect("a time");
        match self {
            Self::AsWritten => match before.as_str().map(str::parse::<i64>) {
                None => json!(at_ms),
                Some(Ok(_)) => json!(at_ms.to_string()),
                Some(Err(_)) => json!(instant.to_rfc3339_opts(SecondsFormat::Micros, true)),
            },
            Self::Offset => json!(instant.to_rfc3339_opts(SecondsFormat::Micros, false)),
            Self::WholeSeconds => json!(instant.to_rfc3339_opts(SecondsFormat::Secs, true)),
            Self::Millis => json!(at_ms),
            Self::MillisAsText => json!(at_ms.to_string()),
            Self::EmptyText | Self::EmptyState => json!(""),
        }
    }
}

/// Returns the states of all streams with another instant in another format. The key that only this
/// connector writes is removed, since older versions had none.
pub(crate) fn respelled(states: &Value, spelling: Spelling, at_ms: i64) -> Value {
    let mut states = states.clone();
    for message in states.as_array_mut().expect("states") {
        let state = &mut message["stream"]["stream_state"];
        let fields = state.as_object_mut().expect("a state");
        fields.remove("source_hubspot");
        if spelling == Spelling::EmptyState {
            fields.clear();
        }
        respell(state, spelling, at_ms);
    }
    states
}

fn respell(value: &mut Value, spelling: Spelling, at_ms: i64) {
    match value {
        Value::Object(fields) => {
            for value in fields.values_mut() {
                respell(value, spelling, at_ms);
            }
        }
        Value::Array(values) => {
            for value in values {
                respell(value, spelling, at_ms);
            }
        }
        Value::String(_) | Value::Number(_) if instant_ms(value).is_some() => {
            *value = spelling.write(at_ms, value);
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Number(_) => {}
    }
}
