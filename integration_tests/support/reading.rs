//! Helpers for reading single streams and inspecting the result.

use std::collections::BTreeSet;

use chrono::DateTime;
use hubspot_simulator::{Entry, PortalSpec};
use serde_json::{Value, json};

use super::{Catalog, Mode, Output, Stage, few};

/// Reads one stream incrementally, from the beginning or from a state.
pub(crate) fn read(stage: &Stage, stream: &str, saved: &Value) -> Output {
    let catalog = Catalog::of(&[stream], Mode::Incremental);
    stage.read_on(&catalog, saved).succeeded()
}

/// Returns a state input with one stream.
pub(crate) fn state_of(stream: &str, saved: &Value) -> Value {
    json!([{ "type": "STREAM", "stream": {
        "stream_descriptor": { "name": stream }, "stream_state": saved } }])
}

/// Returns a portal with this many deals and no other records.
pub(crate) fn deals(deals: u64) -> PortalSpec {
    PortalSpec { contacts: 0, companies: 0, tickets: 0, custom_objects: Vec::new(), deals, ..few() }
}

/// Returns the state of a stream that was read up to an instant.
pub(crate) fn saved_at(stream: &str, at_ms: i64) -> Value {
    let position = DateTime::from_timestamp_millis(at_ms).expect("a time").to_rfc3339();
    state_of(stream, &json!({ "updatedAt": position }))
}

/// Returns the distinct values of a text column.
pub(crate) fn texts(output: &Output, stream: &str, column: &str) -> BTreeSet<String> {
    let records = output.records(stream);
    let text = |record: &&Value| record.get(column).and_then(Value::as_str).map(str::to_owned);
    records.iter().map(|record| text(record).expect("text")).collect()
}

/// Returns the values of a number column, ascending.
pub(crate) fn numbers(output: &Output, stream: &str, column: &str) -> Vec<i64> {
    let records = output.records(stream);
    let mut numbers: Vec<_> = records
        .iter()
        .map(|record| record.get(column).and_then(Value::as_i64).expect("a number"))
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Returns the requests to an endpoint since the journal was cleared.
pub(crate) fn asked(stage: &Stage, endpoint: &str) -> Vec<Entry> {
    let journal = stage.simulator.journal();
    journal.into_iter().filter(|entry| entry.endpoint == endpoint).collect()
}
