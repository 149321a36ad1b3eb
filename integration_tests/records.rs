//! Emitted records equal those of the portal.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;

use chrono::DateTime;
use hubspot_simulator::{Config, Entry, JournalConfig, PortalSpec, Records, journal};
use serde_json::{Value, json};

use crate::support::changes::{modify, set_all};
use crate::support::expected_records::{check_associations, check_properties, live_ids};
use crate::support::{Catalog, Mode, Stage, calm, few};

/// The streams of CRM objects, each with the object type's name and its associations.
const OBJECTS: &[(&str, &str, &[&str])] = &[
    ("boats", "p4455_boats", &[]),
    ("companies", "companies", &["contacts"]),
    ("contacts", "contacts", &["companies", "contacts"]),
    ("deals", "deals", &["companies", "contacts", "line_items"]),
    ("tickets", "tickets", &["companies", "contacts", "deals"]),
];

/// Returns a portal with every property type, and a company with more contacts than fit on two
/// pages of inline associations.
fn rich() -> PortalSpec {
    PortalSpec {
        contacts: 700,
        properties: 90,
        hub: Some(650),
        archived_share: 0.05,
        others: [("line_items".to_owned(), 150)].into(),
        ..few()
    }
}

fn schema<'a>(catalog: &'a Catalog, stream: &str) -> &'a Value {
    let streams = catalog.json()["streams"].as_array().expect("streams");
    let found = streams.iter().find(|configured| configured["stream"]["name"] == stream);
    &found.expect(stream)["stream"]["json_schema"]
}

#[test]
fn a_full_refresh_brings_the_portal() {
    let stage = Stage::calm(rich());
    let catalog = stage.catalog(Mode::Full);
    let output = stage.read(&catalog).succeeded();
    let simulator = &stage.simulator;
    for (stream, object, associations) in OBJECTS {
        let records = output.records(stream);
        assert_eq!(output.ids(stream), live_ids(simulator, object), "{stream}");
        let archived = simulator.portal(|portal| portal.archived_ids(object).count());
        assert!(archived > 0, "{object} has archived records to leave out");
        let sample: Vec<_> = records.iter().copied().step_by(9).collect();
        assert!(check_properties(simulator, object, schema(&catalog, stream), &sample) > 100);
        for to in *associations {
            let most = check_associations(simulator, object, to, &records);
            assert!(most > 0, "some {object} have {to}");
            if (*object, *to) == ("companies", "contacts") {
                assert!(most > 500, "the hub has {most} contacts, two pages of a batch read");
            }
        }
        for record in &records {
            let id = crate::support::output::id(record);
            let modified = record["updatedAt"].as_str().unwrap();
            let modified = DateTime::parse_from_rfc3339(modified).unwrap().timestamp_millis();
            assert_eq!(simulator.portal(|portal| portal.modified_ms(object, id)), Some(modified));
            assert_eq!(record["archived"], false);
        }
    }
    let owners = output.distinct_ids("owners");
    assert_eq!((owners.len(), output.records("owners").len()), (20, 20));
    assert_eq!(output.records("account_details")[0]["portalId"], 4455);
    assert_eq!(simulator.summary().writes, 0);
}

#[test]
fn every_declared_type_occurs_among_the_values() {
    let stage = Stage::calm(rich());
    let catalog = stage.catalog(Mode::Full).only(&["contacts"]);
    let output = stage.read(&catalog).succeeded();
    let columns = schema(&catalog, "contacts")["properties"]["properties"]["properties"].clone();
    let mut seen = BTreeSet::new();
    for record in output.records("contacts") {
        for (name, value) in record["properties"].as_object().unwrap() {
            if !value.is_null() {
                let column = &columns[name];
                seen.insert((column["type"][1].to_string(), column["format"].to_string()));
            }
        }
    }
    let kinds: Vec<_> = seen.iter().map(|(kind, format)| format!("{kind} {format}")).collect();
    assert_eq!(
        kinds,
        [
            "\"boolean\" null",
            "\"number\" null",
            "\"string\" \"date\"",
            "\"string\" \"date-time\"",
            "\"string\" null"
        ]
    );
}

/// Returns the property names requested from an endpoint, as one text per request.
fn asked(entries: &[Entry], endpoint: &str) -> BTreeSet<String> {
    let of = |entry: &Entry| match &entry.body {
        Some(body) if !body.is_empty() => {
            let body: Value = serde_json::from_str(body).expect("JSON");
            let names =
                body["properties"].as_array().expect("names").iter().filter_map(Value::as_str);
            names.collect::<Vec<_>>().join(",")
        }
        _ => {
            let pairs = entry.query.split('&').filter_map(|pair| pair.split_once('='));
            let found = pairs.filter(|(key, _)| *key == "properties").map(|(_, value)| value);
            found.collect::<Vec<_>>().join("&")
        }
    };
    entries.iter().filter(|entry| entry.endpoint == endpoint).map(of).collect()
}

#[test]
fn only_chosen_columns_are_asked_for_and_written() {
    let journal = JournalConfig { bodies: true, ..JournalConfig::default() };
    let stage = Stage::new(Config { journal, ..calm(rich()) });
    let mut catalog = stage.catalog(Mode::Incremental).only(&["contacts"]);
    let columns = catalog.columns("contacts");
    let flat = ["properties_city", "properties_zip", "properties_hs_is_unworked"];
    columns.retain(|name, _| name == "properties" || flat.contains(&name.as_str()));
    let nested = columns["properties"]["properties"].as_object_mut().unwrap();
    nested.retain(|name, _| ["city", "email", "closedate"].contains(&name.as_str()));
    assert_eq!(
        (columns.len(), columns["properties"]["properties"].as_object().unwrap().len()),
        (4, 3)
    );

    stage.simulator.clear_journal();
    let first = stage.read(&catalog).succeeded();
    stage.simulator.advance(std::time::Duration::from_hours(1));
    stage.simulator.change(&modify("contacts", Records::Sample { share: 0.1, seed: 1 }));
    stage.simulator.advance(std::time::Duration::from_mins(1));
    let second = stage.read_on(&catalog, &first.state()).succeeded();

    let names = "city,closedate,email,hs_is_unworked,zip";
    let entries = stage.simulator.journal();
    assert_eq!(asked(&entries, "objects.list"), BTreeSet::from([names.to_owned()]));
    // Records are counted without their properties.
    let searched = BTreeSet::from([String::new(), names.to_owned()]);
    assert_eq!(asked(&entries, "objects.search"), searched);
    assert_eq!(journal::count(&entries, "associations.batch_read"), 0);
    assert!(entries.iter().all(|entry| !entry.query.contains("associations=")));
    for output in [&first, &second] {
        let mut seen = BTreeSet::new();
        assert!(output.records("contacts").len() > 30);
        for record in output.records("contacts") {
            let fields = record.as_object().unwrap();
            seen.extend(fields.keys().cloned());
            let properties = record["properties"].as_object().unwrap();
            assert_eq!(properties.keys().collect::<Vec<_>>(), ["city", "closedate", "email"]);
        }
        let expected = ["id", "properties", "updatedAt"].into_iter().chain(flat);
        assert_eq!(seen, expected.map(str::to_owned).collect());
    }
}

#[test]
fn wide_property_sets_are_read_by_batch() {
    let portal = PortalSpec { properties: 200, property_name_chars: 90, ..few() };
    let stage = Stage::calm(portal);
    let catalog = stage.catalog(Mode::Full).only(&["deals", "contacts"]);
    for object in ["deals", "contacts"] {
        let names = stage.simulator.portal(|portal| portal.property_names(object));
        assert!(names.iter().map(String::len).sum::<usize>() > 12_000);
    }
    stage.simulator.clear_journal();
    let output = stage.read(&catalog).succeeded();
    for stream in ["deals", "contacts"] {
        assert_eq!(output.ids(stream), live_ids(&stage.simulator, stream));
        let records = output.records(stream);
        let sample: Vec<_> = records.iter().copied().step_by(10).collect();
        check_properties(&stage.simulator, stream, schema(&catalog, stream), &sample);
        check_associations(&stage.simulator, stream, "companies", &records);
    }
    let entries = stage.simulator.journal();
    assert_eq!(journal::count(&entries, "objects.batch_read"), 2 + 3, "one for each page");
    assert_eq!(asked(&entries, "objects.list"), BTreeSet::from([String::new()]));
    assert!(entries.iter().all(|entry| entry.status == 200), "nothing was refused");
}

#[test]
fn numbers_and_booleans_can_be_read_as_text() {
    let mut stage = Stage::calm(rich());
    stage.config["treat_numbers_and_booleans_as_strings"] = json!(true);
    let catalog = stage.catalog(Mode::Full).only(&["companies", "deals"]);
    let output = stage.read(&catalog).succeeded();
    for stream in ["companies", "deals"] {
        let text = schema(&catalog, stream).to_string();
        let properties = &schema(&catalog, stream)["properties"]["properties"];
        assert!(!properties.to_string().contains("\"number\""), "{text}");
        assert!(!properties.to_string().contains("\"boolean\""), "{text}");
        let records = output.records(stream);
        check_properties(&stage.simulator, stream, schema(&catalog, stream), &records);
    }
    let amounts = output.records("deals").into_iter().map(|deal| &deal["properties_amount"]);
    assert!(amounts.filter(|amount| amount.is_string()).count() > 10);
}

#[test]
fn a_start_date_leaves_out_what_was_modified_before() {
    let mut stage = Stage::calm(rich());
    let start = DateTime::parse_from_rfc3339("2026-03-01T00:00:00Z").unwrap();
    stage.config["start_date"] = json!("2026-03-01T00:00:00Z");
    for mode in [Mode::Full, Mode::Incremental] {
        let output = stage.read(&Catalog::of(&["contacts", "boats", "owners"], mode)).succeeded();
        for (stream, object) in [("contacts", "contacts"), ("boats", "p4455_boats")] {
            let expected: Vec<u64> = stage.simulator.portal(|portal| {
                let is_new =
                    |id: &u64| portal.modified_ms(object, *id) >= Some(start.timestamp_millis());
                portal.ids(object).filter(is_new).collect()
            });
            let all = live_ids(&stage.simulator, object).len();
            assert!((1..all).contains(&expected.len()), "{} of {all}", expected.len());
            assert_eq!(output.ids(stream), expected, "{stream}");
        }
        let owners = output.records("owners");
        assert!((1..20).contains(&owners.len()), "{} owners", owners.len());
        for owner in owners {
            let updated = DateTime::parse_from_rfc3339(owner["updatedAt"].as_str().unwrap());
            assert!(updated.unwrap() >= start);
        }
    }
}

#[test]
fn renamed_properties_are_shown_under_their_older_names_too() {
    let stage = Stage::calm(rich());
    let catalog = stage.catalog(Mode::Full).only(&["contacts", "deals", "companies"]);
    let output = stage.read(&catalog).succeeded();
    for (stream, newer, older) in [
        ("deals", "hs_v2_date_entered_closedwon", "hs_date_entered_closedwon"),
        ("deals", "hs_v2_date_exited_appointmentscheduled", "hs_date_exited_appointmentscheduled"),
        ("contacts", "hs_v2_date_entered_lead", "hs_lifecyclestage_lead_date"),
        ("contacts", "hs_v2_date_entered_customer", "hs_lifecyclestage_customer_date"),
    ] {
        let columns = &schema(&catalog, stream)["properties"];
        assert_eq!(columns["properties"]["properties"][older]["format"], "date-time", "{older}");
        assert_eq!(columns[format!("properties_{older}")]["format"], "date-time", "{older}");
        let mut values = 0;
        for record in output.records(stream) {
            let flat = |name: &str| record.get(format!("properties_{name}")).cloned();
            assert_eq!(record["properties"][older], record["properties"][newer], "{older}");
            assert_eq!(flat(older), flat(newer), "{older}");
            values += usize::from(!record["properties"][older].is_null());
        }
        assert!(values > 10, "{values} values of {older}");
    }
    let companies = schema(&catalog, "companies").to_string();
    assert!(!companies.contains("hs_date_entered_customer"), "companies never had older names");
}

#[test]
fn values_that_do_not_fit_are_nulled_and_said_to_be() {
    let stage = Stage::calm(few());
    let ids = live_ids(&stage.simulator, "deals");
    let values = [
        ("amount", "twelve"),
        ("closedate", "soon"),
        ("hs_is_closed", "perhaps"),
        ("hs_acv", "1e400"),
        ("description", "fits: \u{2028}\u{85}"),
    ];
    stage.simulator.change(&set_all("deals", Records::Id(ids[7]), &values));
    let output = stage.read(&Catalog::of(&["deals"], Mode::Full)).succeeded();
    assert_eq!(output.ids("deals"), ids);
    let changed: Vec<_> =
        output.lines.iter().filter(|line| line["record"].get("meta").is_some()).collect();
    assert_eq!(changed.len(), 1);
    let record = &changed[0]["record"];
    assert_eq!(record["data"]["id"], ids[7].to_string());
    let nulled = ["amount", "closedate", "hs_acv", "hs_is_closed"];
    let change = |name: &str| {
        json!({ "field": format!("properties_{name}"), "change": "NULLED",
            "reason": "SOURCE_SERIALIZATION_ERROR" })
    };
    assert_eq!(record["meta"], json!({ "changes": nulled.map(change) }));
    for name in nulled {
        assert_eq!(record["data"]["properties"][name], Value::Null);
        assert!(record["data"].get(format!("properties_{name}")).is_none());
    }
    assert_eq!(record["data"]["properties"]["description"], "fits: \u{2028}\u{85}");
    let receipt = output.logs("INFO").into_iter().find(|log| log.starts_with("`deals`"));
    assert!(receipt.is_some_and(|receipt| receipt.ends_with("4 values nulled")), "{receipt:?}");
    assert_eq!(output.receipt("deals").expect("a receipt")["values_nulled"], 4);
}
