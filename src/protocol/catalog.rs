//! The configured catalog: selected streams with their sync modes and columns.
//!
//! Parsing is lenient where clients differ (nulls, unknown keys, any destination mode) and strict
//! where a misinterpretation would do harm: an unknown `sync_mode` is an error.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::input::{parse_json, type_name, without_bom};

/// Contents of the `--catalog` file.
#[derive(Debug, Deserialize)]
pub struct ConfiguredCatalog {
    pub streams: Vec<ConfiguredStream>,
}

/// One selected stream.
#[derive(Debug, Deserialize)]
pub struct ConfiguredStream {
    pub stream: StreamChoice,
    pub sync_mode: SyncMode,
    #[serde(default)]
    pub destination_sync_mode: DestinationSyncMode,
    /// Path of the cursor field selected by the user; only its first element is used.
    #[serde(default)]
    pub cursor_field: Option<Vec<String>>,
    #[serde(default)]
    pub generation_id: Option<i64>,
    #[serde(default)]
    pub minimum_generation_id: Option<i64>,
}

/// Name of the stream, and its schema with the selected columns.
#[derive(Debug, Deserialize)]
pub struct StreamChoice {
    pub name: String,
    #[serde(default)]
    pub json_schema: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncMode {
    FullRefresh,
    Incremental,
}

/// Destination sync mode; a source only needs to know whether the destination replaces the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationSyncMode {
    Overwrite,
    /// `append`, `append_dedup` and any later mode.
    #[default]
    #[serde(other)]
    Adding,
}

/// Shape of a catalog and other ways to select streams, to follow a problem.
const ADVICE: &str = r#"a catalog is {"streams":[{"stream":{"name":"contacts"},"sync_mode":"full_refresh"}]}; `source-hubspot catalog` prints one, and `read --streams contacts,deals` needs none"#;

impl ConfiguredCatalog {
    /// Parses the `--catalog` file at `path`. A byte order mark at its beginning is skipped.
    ///
    /// # Errors
    /// If the text is not a configured catalog: a sentence that says what it is instead, and the
    /// shape of a catalog.
    pub fn parse(text: &str, path: &str) -> Result<Self, Error> {
        let refused =
            |problem: String| Error::Catalog { problem: format!("`{path}` {problem}; {ADVICE}") };
        if let Some(problem) = output_of_the_connector(text) {
            return Err(refused(problem.to_owned()));
        }
        let value = parse_json(text).map_err(|problem| match problem.as_str() {
            "is empty" => refused(
                "is empty: the `discover` that should have filled it has probably failed; run it \
                 again and look for ERROR in its output"
                    .to_owned(),
            ),
            problem => refused(problem.to_owned()),
        })?;
        if let Some(problem) = problem(&value) {
            return Err(refused(problem));
        }
        Self::deserialize(value)
            .map_err(|_| refused("has an entry with a value of the wrong type".to_owned()))
    }
}

/// Returns the problem if the text is output of a command, which is one message per line.
fn output_of_the_connector(text: &str) -> Option<&'static str> {
    let messages = without_bom(text).lines().map(str::trim).filter(|line| !line.is_empty());
    let mut messages = messages.peekable();
    while let Some(line) = messages.next() {
        let kind = serde_json::from_str::<MessageKind<'_>>(line).ok()?.kind;
        match &*kind {
            "CATALOG" => {
                return Some(
                    "is the output of `discover`: it describes all streams and selects none",
                );
            }
            "RECORD" | "STATE" => return Some("is the output of `read`"),
            "SPEC" => return Some("is the output of `spec`"),
            "CONNECTION_STATUS" => return Some("is the output of `check`"),
            "STREAM" | "GLOBAL" | "LEGACY" => {
                return Some("is a saved state; pass it with --state");
            }
            "LOG" | "TRACE" | "CONTROL" => {}
            _ => return None,
        }
        if messages.peek().is_none() {
            return Some(
                "holds messages of the connector and no catalog, so the command that wrote it has \
                 failed; look for ERROR in it",
            );
        }
    }
    None
}

/// Type of a message.
#[derive(Deserialize)]
struct MessageKind<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

/// Returns the problem of a value that is not a configured catalog.
fn problem(value: &Value) -> Option<String> {
    let root = match value {
        Value::Object(root) => root,
        Value::Array(entries) => return Some(problem_of_list(entries)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Some(format!("is {}, not a catalog", type_name(value)));
        }
    };
    match root.get("streams") {
        Some(Value::Array(entries)) => {
            (1..).zip(entries).find_map(|(number, entry)| problem_of_entry(number, entry))
        }
        Some(other) => Some(format!("has {} as `streams`, which must be a list", type_name(other))),
        None if root.contains_key("credentials") => {
            Some("is a configuration; pass it with --config".to_owned())
        }
        None if root.contains_key("catalog") => Some(
            "is a CATALOG message of `discover`: it describes all streams and selects none"
                .to_owned(),
        ),
        None if root.contains_key("stream") || root.contains_key("sync_mode") => {
            Some("is an entry of a catalog; put it into the list `streams`".to_owned())
        }
        None => Some("has no list `streams`".to_owned()),
    }
}

fn problem_of_list(entries: &[Value]) -> String {
    let is_state = |entry: &Value| {
        ["STREAM", "GLOBAL", "LEGACY"]
            .iter()
            .any(|kind| entry.get("type").is_some_and(|of| of == *kind))
    };
    if entries.first().is_some_and(Value::is_string) {
        "is a list of names".to_owned()
    } else if entries.first().is_some_and(is_state) {
        "is a saved state; pass it with --state".to_owned()
    } else {
        "is a list; put it into an object as `streams`".to_owned()
    }
}

/// Returns the problem of one entry of `streams`, counted from 1.
fn problem_of_entry(number: usize, entry: &Value) -> Option<String> {
    let Value::Object(fields) = entry else {
        return Some(match entry.as_str() {
            Some(_) => "has a list of names as `streams`".to_owned(),
            None => format!("has {} as entry {number} of `streams`", type_name(entry)),
        });
    };
    let Some(stream) = fields.get("stream") else {
        return Some(match fields.get("name") {
            Some(_) => "lists the streams that can be read, as `discover` does, but not how to \
                        read them: each entry needs `stream` and `sync_mode`"
                .to_owned(),
            None => format!("has no `stream` in entry {number} of `streams`"),
        });
    };
    let Some(name) = stream.get("name").and_then(Value::as_str) else {
        return Some(format!("has no `stream.name` in entry {number} of `streams`"));
    };
    problem_of_fields(fields).map(|problem| format!("has, in the entry of `{name}`, {problem}"))
}

fn problem_of_fields(fields: &Map<String, Value>) -> Option<String> {
    match fields.get("sync_mode") {
        None | Some(Value::Null) => {
            return Some("no `sync_mode`; write `full_refresh` or `incremental`".to_owned());
        }
        Some(Value::String(mode)) if ["full_refresh", "incremental"].contains(&&**mode) => {}
        Some(mode) => {
            return Some(format!("the `sync_mode` {mode}; write `full_refresh` or `incremental`"));
        }
    }
    let is_null_or = |key: &str, fits: fn(&Value) -> bool| {
        fields.get(key).is_none_or(|value| value.is_null() || fits(value))
    };
    let is_path =
        |value: &Value| value.as_array().is_some_and(|path| path.iter().all(Value::is_string));
    if !is_null_or("cursor_field", is_path) {
        return Some("a `cursor_field` that is not a list of texts".to_owned());
    }
    for key in ["generation_id", "minimum_generation_id"] {
        if !is_null_or(key, Value::is_i64) {
            return Some(format!("a `{key}` that is not a whole number"));
        }
    }
    if fields.get("destination_sync_mode").is_some_and(|mode| !mode.is_string()) {
        return Some("a `destination_sync_mode` that is not a text".to_owned());
    }
    None
}

impl ConfiguredStream {
    /// Returns `true` if the destination replaces this stream's table when it receives COMPLETE.
    ///
    /// This is the case for `overwrite`, and during a refresh, which drops all older generations.
    pub fn replaces_its_table(&self) -> bool {
        self.destination_sync_mode == DestinationSyncMode::Overwrite
            || self.minimum_generation_id.is_some_and(|minimum| {
                minimum > 0 && self.generation_id.is_some_and(|id| id <= minimum)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_nulls_and_later_modes_and_refuses_unknown_sync_modes() {
        for (case, json, fits) in [
            ("plain", r#"{"stream":{"name":"deals"},"sync_mode":"incremental"}"#, true),
            (
                "nulls for everything optional",
                r#"{"stream":{"name":"deals","json_schema":{},"namespace":null},"sync_mode":"full_refresh",
                    "destination_sync_mode":"append_dedup","cursor_field":null,"primary_key":null,
                    "generation_id":null,"minimum_generation_id":null,"sync_id":null}"#,
                true,
            ),
            (
                "a destination mode of the future",
                r#"{"stream":{"name":"deals"},"sync_mode":"full_refresh","destination_sync_mode":"merge"}"#,
                true,
            ),
            ("an invalid sync mode", r#"{"stream":{"name":"deals"},"sync_mode":"INVALID"}"#, false),
        ] {
            assert_eq!(serde_json::from_str::<ConfiguredStream>(json).is_ok(), fits, "{case}");
        }
    }

    #[test]
    fn what_is_not_a_catalog_is_called_what_it_is() {
        let of = |streams: &str| format!(r#"{{"streams":[{streams}]}}"#);
        let with = |field: &str| {
            of(&format!(r#"{{"stream":{{"name":"deals"}},"sync_mode":"incremental",{field}}}"#))
        };
        let log = r#"{"type":"LOG","log":{"level":"INFO","message":"x"}}"#;
        for (text, expected) in [
            (String::new(), "is empty: the `discover` that should have filled it"),
            ("\u{feff}\n".to_owned(), "is empty: the `discover` that should have filled it"),
            (
                "contacts,deals".to_owned(),
                "is not JSON (a value is missing or misspelled, at line 1 column 1)",
            ),
            (
                format!("{log}\n{{\"type\":\"CATALOG\",\"catalog\":{{}}}}\n"),
                "is the output of `discover`",
            ),
            (format!("{log}\n{log}\n"), "holds messages of the connector and no catalog"),
            (format!("{log}\n{{\"type\":\"RECORD\"}}"), "is the output of `read`"),
            (r#"{"type":"SPEC","spec":{}}"#.to_owned(), "is the output of `spec`"),
            (r#"{"catalog":{"streams":[]}}"#.to_owned(), "is a CATALOG message of `discover`"),
            (
                r#"[{"type":"STREAM","stream":{}}]"#.to_owned(),
                "is a saved state; pass it with --state",
            ),
            (
                r#"{"type":"STREAM","stream":{}}"#.to_owned(),
                "is a saved state; pass it with --state",
            ),
            (r#"{"credentials":{}}"#.to_owned(), "is a configuration; pass it with --config"),
            (r#"["contacts"]"#.to_owned(), "is a list of names"),
            ("[{\"stream\":{}}]".to_owned(), "is a list; put it into an object as `streams`"),
            (r#""contacts""#.to_owned(), "is a text, not a catalog"),
            ("{}".to_owned(), "has no list `streams`"),
            (
                r#"{"streams":"contacts"}"#.to_owned(),
                "has a text as `streams`, which must be a list",
            ),
            (
                r#"{"stream":{"name":"deals"},"sync_mode":"incremental"}"#.to_owned(),
                "is an entry of a catalog",
            ),
            (of(r#""contacts""#), "has a list of names as `streams`"),
            (of("7"), "has a number as entry 1 of `streams`"),
            (
                of(r#"{"name":"deals","json_schema":{}}"#),
                "lists the streams that can be read, as `discover` does",
            ),
            (of(r#"{"sync_mode":"incremental"}"#), "has no `stream` in entry 1"),
            (
                of(r#"{"stream":"deals","sync_mode":"incremental"}"#),
                "has no `stream.name` in entry 1",
            ),
            (
                of(r#"{"stream":{"name":"deals"}}"#),
                "has, in the entry of `deals`, no `sync_mode`; write",
            ),
            (
                of(r#"{"stream":{"name":"deals"},"sync_mode":"INVALID"}"#),
                "has, in the entry of `deals`, the `sync_mode` \"INVALID\"; write `full_refresh` or",
            ),
            (
                with(r#""cursor_field":"updatedAt""#),
                "has, in the entry of `deals`, a `cursor_field` that",
            ),
            (
                with(r#""generation_id":"7""#),
                "has, in the entry of `deals`, a `generation_id` that",
            ),
            (
                with(r#""destination_sync_mode":7"#),
                "has, in the entry of `deals`, a `destination_sync_mode`",
            ),
        ] {
            let error = ConfiguredCatalog::parse(&text, "c.json").expect_err(&text).to_string();
            let expected = format!("the configured catalog `c.json` {expected}");
            assert!(error.starts_with(&expected), "{text}: {error}");
            assert!(error.ends_with(ADVICE), "{text}: {error}");
            assert!(!error.contains("struct") && !error.contains("expected"), "{error}");
        }
        let catalog = ConfiguredCatalog::parse(&format!("\u{feff}{}", with(r#""x":1"#)), "c.json");
        assert_eq!(catalog.expect("a catalog").streams.len(), 1);
    }

    #[test]
    fn knows_when_a_success_replaces_a_table() {
        for (mode, generation, minimum, expected) in [
            ("append", None, None, false),
            ("overwrite", None, None, true),
            ("append_dedup", Some(3), Some(0), false),
            ("append_dedup", Some(3), Some(3), true),
        ] {
            let stream = ConfiguredStream {
                stream: StreamChoice { name: "deals".into(), json_schema: Value::Null },
                sync_mode: SyncMode::FullRefresh,
                destination_sync_mode: serde_json::from_value(mode.into()).unwrap(),
                cursor_field: None,
                generation_id: generation,
                minimum_generation_id: minimum,
            };
            assert_eq!(stream.replaces_its_table(), expected, "{mode} {generation:?} {minimum:?}");
        }
    }
}
