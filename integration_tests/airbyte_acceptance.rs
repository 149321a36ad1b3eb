//! Acceptance criteria of Airbyte's own test suites, checked on the binary.
//!
//! Some criteria are covered elsewhere: `crate::support::output` checks every run of every test for
//! known messages, exact counts and the order of statuses; `stream_invariants` checks records against
//! schemas, states from the future, and the agreement of both sync modes; `protocol` fixes the
//! printed output.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::compatibility::{broken_in_catalog, broken_in_spec};
use crate::support::invariants::Findings;
use crate::support::portals::{every_stream, stopped};
use crate::support::reading::state_of;
use crate::support::{Bench, Catalog, Mode, Output, Stage, calm, few, token_config};

/// Returns a stage in which every stream has records, including experimental ones.
fn stage() -> Stage {
    let mut stage = Stage::new(stopped(every_stream()));
    stage.config["enable_experimental_streams"] = true.into();
    stage
}

fn spec() -> Value {
    let output = Bench::new("https://unused.example").run("spec", &[]).succeeded();
    output.lines[0]["spec"].clone()
}

#[test]
fn connection_a_token_that_is_refused_fails_the_check_and_not_the_command() {
    let stage = stage();
    let succeeded = stage.check();
    assert_eq!((succeeded.connection().0, succeeded.code), ("SUCCEEDED", Some(0)));
    let mut other = stage;
    other.config = token_config("pat-na1-12345678-canary-2");
    let failed = other.check();
    assert_eq!((failed.connection().0, failed.code), ("FAILED", Some(0)));
    assert_eq!(failed.errors(), Vec::<&Value>::new());
}

#[test]
fn discovery_catalogs_are_what_destinations_understand() {
    let output = stage().discover().succeeded();
    let mut names = BTreeSet::new();
    let mut findings = Findings::default();
    for stream in output.catalog()["streams"].as_array().expect("streams") {
        let name = stream["name"].as_str().expect("a name");
        findings.check(names.insert(name), name, || "it is offered twice".to_owned());
        let modes = stream["supported_sync_modes"].as_array().expect("modes");
        findings.check(!modes.is_empty(), name, || "it has no mode".to_owned());
        let schema = &stream["json_schema"];
        let is_object = schema["type"].to_string().contains("\"object\"");
        findings.check(is_object, name, || format!("the type {}", schema["type"]));
        check_columns(schema, name, name, &mut findings);
        let cursor = stream["default_cursor_field"].as_array().into_iter().flatten();
        let keys = stream["source_defined_primary_key"].as_array().into_iter().flatten();
        for field in cursor.chain(keys.map(|path| &path[0])) {
            let column = &schema["properties"][field.as_str().expect("a name")];
            findings.check(column.is_object(), name, || format!("{field} is no column"));
        }
        let keys = stream["source_defined_primary_key"].as_array().into_iter().flatten();
        for field in keys.map(|path| &path[0]) {
            let kinds = schema["properties"][field.as_str().expect("a name")]["type"].to_string();
            let is_scalar = !kinds.contains("object") && !kinds.contains("array");
            findings.check(is_scalar, name, || format!("the key {field} is {kinds}"));
        }
        let is_incremental = modes.contains(&json!("incremental"));
        let has_cursor = stream["default_cursor_field"].as_array().is_some_and(|c| !c.is_empty());
        findings.check(is_incremental == has_cursor, name, || {
            format!("incremental: {is_incremental}, a cursor: {has_cursor}")
        });
    }
    findings.none();
}

/// Checks that columns use no keywords unknown to destinations, no closed objects, and matching
/// formats and types.
fn check_columns(schema: &Value, place: &str, stream: &str, findings: &mut Findings) {
    const UNKNOWN: [&str; 6] = ["$ref", "allOf", "anyOf", "not", "oneOf", "patternProperties"];
    for key in UNKNOWN.iter().filter(|key| !schema[**key].is_null()) {
        findings.add(stream, &format!("{place}: {key}"));
    }
    let is_open = schema["additionalProperties"] != json!(false);
    findings.check(is_open, stream, || format!("{place}: no other fields are allowed"));
    if let Some(format) = schema["format"].as_str() {
        let fits =
            matches!(format, "date" | "date-time") && schema["type"].to_string().contains("string");
        findings.check(fits, stream, || format!("{place}: the format {format}"));
    }
    if let Some(kind) = schema["airbyte_type"].as_str() {
        let fits = match kind {
            "integer" => schema["type"].to_string().contains("number"),
            "timestamp_with_timezone" | "timestamp_without_timezone" => {
                schema["format"] == "date-time"
            }
            _ => false,
        };
        findings.check(fits, stream, || format!("{place}: the Airbyte type {kind}"));
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        check_columns(field, &format!("{place}.{name}"), stream, findings);
    }
    if schema["items"].is_object() {
        check_columns(&schema["items"], &format!("{place}[]"), stream, findings);
    }
}

#[test]
fn basic_read_every_stream_says_three_statuses_and_one_state_at_least() {
    let stage = stage();
    let catalog = stage.catalog(Mode::Full);
    let output = stage.read(&catalog).succeeded();
    let mut findings = Findings::default();
    for name in catalog.names() {
        let statuses = output.statuses(name);
        let middle = statuses.get(1..statuses.len() - 1).unwrap_or_default();
        let fits = statuses.len() >= 3
            && statuses[0] == "STARTED"
            && middle.iter().all(|status| *status == "RUNNING")
            && statuses.last() == Some(&"COMPLETE");
        findings.check(fits, name, || format!("{statuses:?}"));
        findings.check(!output.states(name).is_empty(), name, || "no state".to_owned());
    }
    findings.none();
}

#[test]
fn basic_read_a_catalog_that_makes_no_sense_is_an_error() {
    let stage = Stage::calm(few());
    let catalog = json!({ "streams": [{
        "stream": { "name": "no_such_stream", "json_schema": {},
            "supported_sync_modes": ["full_refresh"], "source_defined_cursor": null,
            "default_cursor_field": null, "source_defined_primary_key": null, "namespace": null },
        "sync_mode": "INVALID", "destination_sync_mode": "INVALID", "cursor_field": null,
        "primary_key": null, "generation_id": null, "minimum_generation_id": null, "sync_id": null,
    }] });
    let bench = Bench::new(&stage.simulator.url());
    let output = bench.run("read", &[("config", &stage.config), ("catalog", &catalog)]);
    assert_eq!((output.error().1, output.code), ("config_error", Some(1)));
}

#[test]
fn full_refresh_pages_of_two_entries_bring_the_same() {
    let whole = stage();
    let catalog = whole.catalog(Mode::Full);
    let mut config = stopped(every_stream());
    config.settings.page_cap = Some(2);
    let mut small = Stage::new(config);
    small.config = whole.config.clone();
    let (one, other) = (whole.read(&catalog).succeeded(), small.read(&catalog).succeeded());
    let (one, other) = (one.content(), other.content());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (stream, records) in one {
        assert!(other[&stream] == records, "{stream} differs");
    }
}

#[test]
fn full_refresh_a_second_one_brings_the_same_later() {
    let stage = stage();
    let catalog = stage.catalog(Mode::Full);
    let (first, second) = (stage.read(&catalog), stage.read(&catalog));
    let emitted = |output: &Output| {
        let records = output.lines.iter().map(|line| &line["record"]["emitted_at"]);
        let times: Vec<_> = records.filter_map(Value::as_i64).collect();
        (times.iter().min().copied(), times.iter().max().copied())
    };
    assert!(emitted(&second).0 > emitted(&first).1, "times of emission grow");
    let (one, other) = (first.content(), second.content());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (stream, records) in one {
        assert!(other[&stream] == records, "{stream} differs");
    }
}

#[test]
fn incremental_a_read_from_a_middle_state_brings_all_that_is_missing() {
    let portal = hubspot_simulator::PortalSpec { contacts: 24_000, properties: 0, ..few() };
    let stage = Stage::new(calm(portal));
    let mut catalog = Catalog::of(&["contacts"], Mode::Incremental);
    catalog.streams()[0]["stream"]["json_schema"] =
        json!({ "properties": { "id": { "type": "string" } } });
    let whole = stage.read(&catalog).succeeded();
    let states = whole.states("contacts");
    assert!(states.len() >= 3, "{} states", states.len());
    let mut read = 0;
    let counts = whole.lines.iter().filter_map(|line| {
        let count = line["state"]["sourceStats"]["recordCount"].as_f64()?;
        Some(format!("{count}").parse::<usize>().expect("whole"))
    });
    for (state, count) in states.iter().zip(counts) {
        read += count;
        let rest = stage.read_on(&catalog, &state_of("contacts", state)).succeeded();
        let missing = whole.ids("contacts").len() - read;
        let found = rest.distinct_ids("contacts").len();
        assert!(found >= missing, "after {read} records: {found} of {missing}");
    }
}

#[test]
fn no_release_breaks_what_the_last_one_published() {
    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/integration_tests/released");
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(format!("{FOLDER}/{name}")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    };
    let spec = spec();
    let output = stage().discover().succeeded();
    let catalog = output.catalog();
    if std::env::var_os("RELEASE").is_some() {
        // The files written here are the baseline for future versions.
        let write = |name: &str, value: &Value| {
            let text = serde_json::to_string_pretty(value).expect("JSON");
            std::fs::write(format!("{FOLDER}/{name}"), text + "\n").expect("the file is written");
        };
        write("spec.json", &spec);
        write("catalog.json", catalog);
        return;
    }
    let (old_spec, old_catalog) = (read("spec.json"), read("catalog.json"));
    assert!(old_catalog["streams"].as_array().is_some_and(|streams| streams.len() > 100));
    let form = "connectionSpecification";
    assert_eq!(broken_in_spec(&old_spec[form], &spec[form]), Vec::<String>::new());
    assert_eq!(broken_in_catalog(&old_catalog, catalog), Vec::<String>::new());
}

#[test]
fn what_breaks_a_specification_is_told_from_what_does_not() {
    let old = json!({ "type": "object", "required": ["a"], "properties": {
        "a": { "type": "integer", "minimum": 1, "maximum": 9 },
        "b": { "type": "string", "airbyte_secret": true },
        "c": { "type": "string", "enum": ["x", "y"] },
        "d": { "type": "object", "oneOf": [
            { "properties": { "kind": { "const": "one" }, "token": { "type": "string" } } } ] },
    } });
    let with = |pointer: &str, value: Value| {
        let mut new = old.clone();
        *new.pointer_mut(pointer).expect(pointer) = value;
        broken_in_spec(&old, &new)
    };
    for (case, pointer, value) in [
        ("nothing", "/type", json!("object")),
        ("nothing is required", "/required", json!([])),
        ("a wider type", "/properties/a/type", json!("number")),
        ("wider bounds", "/properties/a/minimum", json!(0)),
        ("one more choice", "/properties/c/enum", json!(["x", "y", "z"])),
    ] {
        assert_eq!(with(pointer, value), Vec::<String>::new(), "{case}");
    }
    for (pointer, value, expected) in [
        ("/required", json!(["a", "b"]), r#": "b" is required"#),
        (
            "/properties/a/type",
            json!("string"),
            r#"/a: the type is {"string"} instead of {"integer"}"#,
        ),
        ("/properties/a/minimum", json!(2), "/a: minimum is 2 instead of 1"),
        ("/properties/a/maximum", json!(8), "/a: maximum is 8 instead of 9"),
        ("/properties/b/airbyte_secret", json!(false), "/b: it is no secret any more"),
        ("/properties/c/enum", json!(["x"]), r#"/c: "y" is no choice any more"#),
        ("/properties/d/oneOf", json!([]), "/d/one is gone"),
        (
            "/properties/d/oneOf/0/properties",
            json!({ "kind": { "const": "one" } }),
            "/d/one/token is gone",
        ),
    ] {
        assert_eq!(with(pointer, value), [expected], "{pointer}");
    }
}

#[test]
fn what_breaks_a_catalog_is_told_from_what_does_not() {
    let old = json!({ "streams": [{
        "name": "deals", "supported_sync_modes": ["full_refresh", "incremental"],
        "default_cursor_field": ["updatedAt"], "source_defined_primary_key": [["id"]],
        "json_schema": { "type": "object", "properties": {
            "id": { "type": "string" },
            "closed": { "type": ["null", "string"], "format": "date-time" },
        } },
    }] });
    let with = |pointer: &str, value: Value| {
        let mut new = old.clone();
        *new.pointer_mut(pointer).expect(pointer) = value;
        broken_in_catalog(&old, &new)
    };
    let id = "/streams/0/json_schema/properties/id/type";
    assert_eq!(with(id, json!(["null", "string"])), Vec::<String>::new());
    for (pointer, value, expected) in [
        ("/streams", json!([]), "deals is gone"),
        (id, json!("integer"), r#"deals.id: the type is {"integer"} instead of {"string"}"#),
        (
            "/streams/0/json_schema/properties/closed/format",
            json!("date"),
            r#"deals.closed: format is "date" instead of "date-time""#,
        ),
        (
            "/streams/0/json_schema/properties",
            json!({ "id": { "type": "string" } }),
            "deals.closed is gone",
        ),
        (
            "/streams/0/supported_sync_modes",
            json!(["full_refresh"]),
            r#"deals: the mode "incremental" is gone"#,
        ),
        (
            "/streams/0/default_cursor_field",
            json!(["createdAt"]),
            r#"deals: default_cursor_field is ["createdAt"] instead of ["updatedAt"]"#,
        ),
    ] {
        assert_eq!(with(pointer, value), [expected], "{pointer}");
    }
}
