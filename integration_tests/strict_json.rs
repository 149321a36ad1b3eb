//! Values that are valid JSON but are rejected by strict parsers or databases.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeMap;

use hubspot_simulator::{CustomSpec, Fault, Kind, PortalSpec, Records, Which};
use serde_json::{Value, json};

use crate::support::changes::set;
use crate::support::{Catalog, Mode, Output, Stage, few};

/// Replaces texts in all responses from now on.
fn replace(stage: &Stage, texts: &[(&str, &str)]) {
    let texts = texts.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    stage.simulator.plant(vec![Fault::new(Which::all(), Kind::Replaced { texts })]);
}

/// Returns a small portal with streams of every read strategy.
fn small() -> PortalSpec {
    let custom_objects = vec![CustomSpec { name: "boats".to_owned(), records: 4 }];
    let others = ["calls", "meetings"].map(|object| (object.to_owned(), 5)).into();
    PortalSpec { contacts: 12, companies: 8, deals: 6, tickets: 4, custom_objects, others, ..few() }
}

/// Changes properties of one record.
/// Returns the changes in a record's metadata, as `field change`.
fn noted(record: &Value) -> Vec<String> {
    let changes = record["meta"]["changes"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    changes.map(|one| format!("{} {}", text(&one["field"]), text(&one["change"]))).collect()
}

/// The name of the odd field in emitted records.
const ODD: &str = "o\u{fffd}dd";

/// Returns the data of all records by stream, without the odd field where a column contains it.
fn content(output: &Output) -> BTreeMap<String, Vec<String>> {
    let mut content: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in output.lines.iter().map(|line| &line["record"]).filter(|r| r.is_object()) {
        let mut data = record["data"].clone();
        without(&mut data, ODD);
        // The statistics of marketing e-mails change with time.
        without(&mut data, "stats");
        let stream = record["stream"].as_str().expect("a stream").to_owned();
        content.entry(stream).or_default().push(data.to_string());
    }
    for records in content.values_mut() {
        records.sort_unstable();
    }
    content
}

fn without(value: &mut Value, name: &str) {
    match value {
        Value::Object(fields) => {
            fields.remove(name);
            fields.values_mut().for_each(|value| without(value, name));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| without(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_one_record_holds_costs_no_other_in_any_family() {
    let stage = Stage::calm(small());
    let catalog = stage.catalog(Mode::Full);
    let expected = content(&stage.read(&catalog).succeeded());
    assert!(expected.len() >= 40, "{} streams with records", expected.len());
    let deep = format!("{}1{}", "[".repeat(150), "]".repeat(150));
    for (case, odd) in [
        ("a lone surrogate", r#""\ud800""#),
        ("a pair the wrong way round", r#"["\ude00\ud83d"]"#),
        ("an escaped U+0000", r#"{"a\u0000":"\u0000"}"#),
        ("raw control characters", "\"\0\u{1}\n\t\""),
        ("a number beyond a double", "[1e400,-1e400]"),
        ("what is no number", "NaN"),
        ("nesting beyond the limits of parsers", deep.as_str()),
    ] {
        // In every object with an id in every response, definitions and events included.
        let names = ["\"id\":", "\"guid\":", "\"portalId\":"];
        let odd = names.map(|name| format!("\"o\\ud800d\\u0000d\":{odd},{name}"));
        let texts: Vec<_> = names.into_iter().zip(odd.iter().map(String::as_str)).collect();
        replace(&stage, &texts);
        let found = content(&stage.read(&catalog).succeeded());
        stage.simulator.clear_faults();
        for (stream, records) in &expected {
            assert_eq!(found.get(stream), Some(records), "{case}: {stream}");
        }
    }
}

#[test]
fn q53_what_strict_parsers_refuse_is_replaced_and_noted() {
    let stage = Stage::calm(small());
    let ids: Vec<_> = stage.simulator.portal(|portal| portal.ids("contacts").collect());
    let catalog = Catalog::of(&["contacts", "contacts_property_history"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    stage.simulator.advance(std::time::Duration::from_mins(10));
    let id = ids[0].to_string();
    stage.simulator.change(&set("contacts", Records::Id(ids[0]), "firstname", "ODD"));
    stage.simulator.advance(std::time::Duration::from_mins(1));
    for (spelling, expected) in [
        ("a\\u0000b", "ab"),
        ("a\0b", "ab"),
        ("\\ud800x", "\u{fffd}x"),
        ("\\udc00\\ud800", "\u{fffd}\u{fffd}"),
    ] {
        replace(&stage, &[("ODD", spelling)]);
        // By list, and by search.
        for output in [stage.read(&catalog), stage.read_on(&catalog, &first.state())] {
            let output = output.succeeded();
            let of = |stream: &str, fits: &dyn Fn(&Value) -> bool| {
                let records = output.lines.iter().map(|line| &line["record"]);
                let mut records = records.filter(|record| record["stream"] == stream);
                records.find(|record| fits(&record["data"])).cloned().expect(stream)
            };
            let contact = of("contacts", &|data| data["id"] == *id);
            assert_eq!(contact["data"]["properties_firstname"], expected, "{spelling}");
            assert_eq!(contact["data"]["properties"]["firstname"], expected, "{spelling}");
            assert_eq!(noted(&contact), ["properties_firstname TRUNCATED"], "{spelling}");
            let version = of("contacts_property_history", &|data| data["value"] == expected);
            assert_eq!(noted(&version), ["value TRUNCATED"], "{spelling}");
            let receipt = output.receipt("contacts").expect("a receipt");
            assert_eq!(receipt["values_with_characters_replaced"], 1, "{spelling}");
        }
        stage.simulator.clear_faults();
    }
}

#[test]
fn q53_records_of_another_shape_note_the_column() {
    let stage = Stage::calm(small());
    let streams = ["engagements", "email_events", "forms", "workflows"];
    let catalog = Catalog::of(&streams, Mode::Full);
    let expected = stage.read(&catalog).succeeded();
    let names = ["name", "type", "recipient"].map(|name| format!("\"{name}\":\""));
    let odd = names.each_ref().map(|name| format!("{name}\\u0000\\ud800"));
    let texts: Vec<_> = names.iter().zip(&odd).map(|(from, to)| (&**from, &**to)).collect();
    replace(&stage, &texts);
    let output = stage.read(&catalog).succeeded();
    for (stream, column) in [
        ("engagements", "type"),
        ("email_events", "recipient"),
        ("forms", "name"),
        ("workflows", "name"),
    ] {
        let lines = output.lines.iter().map(|line| &line["record"]);
        let records: Vec<_> = lines.filter(|record| record["stream"] == stream).collect();
        assert_eq!(records.len(), expected.records(stream).len(), "{stream}");
        let values = records.iter().filter(|record| record["data"][column].is_string());
        let mut count = 0;
        for record in values {
            let value = record["data"][column].as_str().expect("text");
            assert!(value.starts_with('\u{fffd}'), "{stream}: {value}");
            assert!(noted(record).contains(&format!("{column} TRUNCATED")), "{stream}: {record}");
            count += 1;
        }
        assert!(count > 0, "{stream} has {column}");
    }
}

#[test]
fn q54_dates_that_no_database_holds_are_null_or_the_next_instant() {
    let stage = Stage::calm(small());
    let ids: Vec<_> = stage.simulator.portal(|portal| portal.ids("companies").collect());
    let catalog = Catalog::of(&["companies"], Mode::Full);
    let before = stage.read(&catalog).succeeded();
    let first = before.records("companies")[0];
    let (id, created) = (first["id"].clone(), first["createdAt"].as_str().expect("a date"));
    for (spelling, expected) in [
        ("0000-01-01T00:00:00Z", Value::Null),
        ("-0001-01-01T00:00:00Z", Value::Null),
        ("+10000-01-01T00:00:00Z", Value::Null),
        ("99999-01-01T00:00:00Z", Value::Null),
        ("2016-12-31T23:59:60Z", json!("2017-01-01T00:00:00.000Z")),
        ("2016-12-31T24:00:00Z", json!("2017-01-01T00:00:00.000Z")),
        ("2016-12-31T23:59:59Z", json!("2016-12-31T23:59:59Z")),
    ] {
        replace(&stage, &[(created, spelling)]);
        let output = stage.read(&catalog).succeeded();
        stage.simulator.clear_faults();
        let mut lines = output.lines.iter().map(|line| &line["record"]);
        let record = lines.rfind(|record| record["data"]["id"] == id).expect("it");
        assert_eq!(record["data"]["createdAt"], expected, "{spelling}");
        let is_noted = noted(record).contains(&"createdAt NULLED".to_owned());
        assert_eq!(is_noted, expected.is_null(), "{spelling}: {record}");
        assert_eq!(output.ids("companies").len(), ids.len());
    }
}
