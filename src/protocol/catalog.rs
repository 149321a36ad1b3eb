//! The configured catalog: selected streams with their sync modes and columns.
//!
//! Parsing is lenient where clients differ (nulls, unknown keys, any destination mode) and strict
//! where a misinterpretation would do harm: an unknown `sync_mode` is an error.

use serde::Deserialize;
use serde_json::Value;

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
