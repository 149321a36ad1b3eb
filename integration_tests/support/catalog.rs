//! Configured catalogs.

use serde_json::{Value, json};

use super::Output;

/// Sync mode of the streams in a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Full refresh, append.
    Full,
    /// Incremental where supported, deduplicated.
    Incremental,
}

/// A configured catalog.
#[derive(Debug, Clone)]
pub(crate) struct Catalog(Value);

impl Catalog {
    /// Configures every stream of a catalog message.
    pub(crate) fn discovered(output: &Output, mode: Mode) -> Self {
        let offered = output.catalog();
        let streams = offered.get("streams").and_then(Value::as_array).expect("streams");
        Self(json!({ "streams": streams.iter().map(|s| configured(s, mode)).collect::<Vec<_>>() }))
    }

    /// Configures streams by name with all columns.
    pub(crate) fn of(streams: &[&str], mode: Mode) -> Self {
        let bare = |name: &&str| {
            json!({ "name": name, "json_schema": {},
            "supported_sync_modes": ["full_refresh", "incremental"] })
        };
        let streams = streams.iter().map(bare).map(|stream| configured(&stream, mode));
        Self(json!({ "streams": streams.collect::<Vec<_>>() }))
    }

    /// Returns the catalog with only these streams.
    pub(crate) fn only(&self, names: &[&str]) -> Self {
        let mut catalog = self.clone();
        catalog
            .streams()
            .retain(|stream| names.iter().any(|name| stream["stream"]["name"] == *name));
        assert_eq!(catalog.streams().len(), names.len(), "{names:?} are in the catalog");
        catalog
    }

    /// Returns the catalog with a key of every configured stream set.
    pub(crate) fn with(mut self, key: &str, value: &Value) -> Self {
        for stream in self.streams() {
            stream[key] = value.clone();
        }
        self
    }

    /// Returns the configured streams for modification.
    pub(crate) fn streams(&mut self) -> &mut Vec<Value> {
        self.0["streams"].as_array_mut().expect("streams")
    }

    /// Returns the columns of a stream for selection.
    pub(crate) fn columns(&mut self, name: &str) -> &mut serde_json::Map<String, Value> {
        let stream = self.streams().iter_mut().find(|stream| stream["stream"]["name"] == name);
        let schema = &mut stream.expect(name)["stream"]["json_schema"]["properties"];
        schema.as_object_mut().expect("columns")
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        let streams = self.0["streams"].as_array().expect("streams");
        streams.iter().filter_map(|stream| stream["stream"]["name"].as_str()).collect()
    }

    pub(crate) fn json(&self) -> &Value {
        &self.0
    }
}

fn configured(stream: &Value, mode: Mode) -> Value {
    let modes = stream["supported_sync_modes"].as_array().expect("sync modes");
    let incremental = mode == Mode::Incremental && modes.iter().any(|mode| mode == "incremental");
    json!({
        "stream": stream,
        "sync_mode": if incremental { "incremental" } else { "full_refresh" },
        "destination_sync_mode": if incremental { "append_dedup" } else { "append" },
        "cursor_field": stream.get("default_cursor_field").cloned().unwrap_or(json!([])),
        "primary_key": stream.get("source_defined_primary_key").cloned().unwrap_or(json!([])),
    })
}
