//! Configured catalogs that are made from names of streams.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::config::did_you_mean;
use crate::error::Error;
use crate::protocol::{
    CatalogStream, ConfiguredCatalog, ConfiguredStream, DestinationSyncMode, StreamChoice, SyncMode,
};

/// Returns a catalog that selects these streams with these columns, or all of them if `columns` is
/// empty. A stream without a cursor is always read in full, whatever its sync mode.
pub(super) fn select(
    names: &[String],
    columns: &[String],
    sync_mode: SyncMode,
) -> ConfiguredCatalog {
    let properties: Value = columns.iter().map(|column| (column.clone(), json!({}))).collect();
    let json_schema =
        if columns.is_empty() { json!({}) } else { json!({ "properties": properties }) };
    let stream = |name: &String| ConfiguredStream {
        stream: StreamChoice { name: name.trim().to_owned(), json_schema: json_schema.clone() },
        sync_mode,
        destination_sync_mode: DestinationSyncMode::default(),
        cursor_field: None,
        generation_id: None,
        minimum_generation_id: None,
    };
    let names = names.iter().filter(|name| !name.trim().is_empty());
    ConfiguredCatalog { streams: names.map(stream).collect() }
}

/// Returns a configured catalog as JSON, one stream per line: of the named streams in this order, or
/// of all streams if none is named.
///
/// # Errors
/// If a name is not among the streams.
pub(super) fn configured(
    streams: &[CatalogStream],
    names: &[String],
    full_refresh: bool,
) -> Result<String, Error> {
    let selected: Vec<&CatalogStream> = if names.is_empty() {
        streams.iter().collect()
    } else {
        let find = |name: &String| {
            let name = name.trim();
            let found = streams.iter().find(|stream| stream.name == name);
            found.ok_or_else(|| Error::NotOffered {
                stream: name.to_owned(),
                meant: did_you_mean(name, streams.iter().map(|stream| &*stream.name)),
            })
        };
        names.iter().map(find).collect::<Result<_, _>>()?
    };
    let mut text = "{\"streams\":[".to_owned();
    for (number, stream) in selected.into_iter().enumerate() {
        let separator = if number == 0 { "\n" } else { ",\n" };
        let is_incremental = !full_refresh && stream.supported_sync_modes.contains(&"incremental");
        let has_key = !stream.source_defined_primary_key.is_empty();
        let configured = json!({
            "stream": stream,
            "sync_mode": if is_incremental { "incremental" } else { "full_refresh" },
            "destination_sync_mode": match (is_incremental, has_key) {
                (false, _) => "overwrite",
                (true, true) => "append_dedup",
                (true, false) => "append",
            },
            "cursor_field": stream.default_cursor_field,
            "primary_key": stream.source_defined_primary_key,
        });
        write!(text, "{separator}{configured}").expect("memory");
    }
    text.push_str("\n]}\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(name: &str, is_incremental: bool, has_key: bool) -> CatalogStream {
        CatalogStream {
            name: name.into(),
            json_schema: json!({ "properties": { "id": {} } }),
            supported_sync_modes: if is_incremental {
                &["full_refresh", "incremental"]
            } else {
                &["full_refresh"]
            },
            source_defined_cursor: is_incremental.then_some(true),
            default_cursor_field: is_incremental
                .then(|| "updatedAt".to_owned())
                .into_iter()
                .collect(),
            source_defined_primary_key: has_key
                .then(|| vec!["id".to_owned()])
                .into_iter()
                .collect(),
            is_resumable: true,
        }
    }

    #[test]
    fn streams_get_the_best_modes_that_they_support() {
        let streams = [
            stream("contacts", true, true),
            stream("email_events", true, false),
            stream("owners", false, true),
        ];
        let modes = |names: &[&str], full_refresh| -> Vec<String> {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            let text = configured(&streams, &names, full_refresh).unwrap();
            let catalog: Value = serde_json::from_str(&text).unwrap();
            let read: ConfiguredCatalog = serde_json::from_str(&text).unwrap();
            assert_eq!(text.lines().count(), read.streams.len() + 2, "one stream per line");
            let streams = catalog["streams"].as_array().unwrap().iter();
            let mode = |stream: &Value| {
                let (name, read) = (&stream["stream"]["name"], &stream["sync_mode"]);
                let write = &stream["destination_sync_mode"];
                [name, read, write].map(|text| text.as_str().unwrap()).join(" ")
            };
            streams.map(mode).collect()
        };
        assert_eq!(
            modes(&[], false),
            [
                "contacts incremental append_dedup",
                "email_events incremental append",
                "owners full_refresh overwrite",
            ]
        );
        assert_eq!(modes(&["contacts"], true), ["contacts full_refresh overwrite"]);
        assert_eq!(modes(&["owners", " contacts"], false).len(), 2);
        let unknown = configured(&streams, &["contact".to_owned()], false).unwrap_err();
        assert!(unknown.to_string().contains("did you mean `contacts`?"), "{unknown}");
    }

    #[test]
    fn names_select_streams_with_all_or_some_columns() {
        let names = ["deals".to_owned(), String::new(), " owners ".to_owned()];
        let catalog = select(&names, &[], SyncMode::Incremental);
        let found: Vec<_> = catalog.streams.iter().map(|stream| &*stream.stream.name).collect();
        assert_eq!(found, ["deals", "owners"]);
        assert_eq!(catalog.streams[0].stream.json_schema, json!({}));
        let catalog = select(&names[..1], &["id".to_owned()], SyncMode::FullRefresh);
        let schema = &catalog.streams[0].stream.json_schema;
        assert_eq!(schema, &json!({ "properties": { "id": {} } }));
    }
}
