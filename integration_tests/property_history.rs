//! Property history streams: first every version, then every new version.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a message of another shape has to fail the test"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use hubspot_simulator::portal::{AccountSpec, Portal, PortalSpec, Records};
use serde_json::{Map, Value, json};

use crate::support::changes::set;
use crate::support::output::end_ms;
use crate::support::{Catalog, Mode, Output, Stage, calm, few};

const OBJECTS: [&str; 3] = ["companies", "contacts", "deals"];
/// Overlap of consecutive reads that are more than an hour apart, in milliseconds: records that the
/// index may have shown late are read again.
const OVERLAP_MS: i64 = 3_600_000;

fn name_of(object: &str) -> String {
    format!("{object}_property_history")
}

fn catalog(objects: &[&str]) -> Catalog {
    let names: Vec<_> = objects.iter().map(|object| name_of(object)).collect();
    Catalog::of(&names.iter().map(String::as_str).collect::<Vec<_>>(), Mode::Incremental)
}

fn millis(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).expect(text).timestamp_millis()
}

/// Returns the expected records for the versions of an object type from an instant on, sorted.
fn expected(portal: &Portal, object: &str, from_ms: i64) -> Vec<String> {
    let names = portal.property_names(object);
    let mut found = Vec::new();
    for id in portal.ids(object) {
        for name in &names {
            if matches!(name.as_str(), "hs_lastmodifieddate" | "lastmodifieddate") {
                continue;
            }
            for version in portal.versions(object, id, name) {
                let timestamp = version["timestamp"].as_str().unwrap();
                if millis(timestamp) >= from_ms {
                    found.push(record(object, id, name, &version).to_string());
                }
            }
        }
    }
    found.sort_unstable();
    found
}

/// Returns the record of a version, without null fields.
fn record(object: &str, id: u64, property: &str, version: &Value) -> Value {
    let mut record = Map::new();
    let timestamp = version["timestamp"].as_str().unwrap();
    let columns = if object == "contacts" {
        record.insert("vid".into(), id.into());
        record.insert("timestamp".into(), millis(timestamp).into());
        record.insert("source-label".into(), version["sourceLabel"].clone());
        ["source-type", "source-id", "updated-by-user-id"]
    } else {
        let key = if object == "deals" { "dealId" } else { "companyId" };
        record.insert(key.into(), id.to_string().into());
        record.insert("timestamp".into(), timestamp.into());
        ["sourceType", "sourceId", "updatedByUserId"]
    };
    record.insert("property".into(), property.into());
    record.insert("archived".into(), false.into());
    record.insert("value".into(), version["value"].clone());
    for (column, field) in columns.into_iter().zip(["sourceType", "sourceId", "updatedByUserId"]) {
        record.insert(column.into(), version[field].clone());
    }
    record.retain(|_, value| !value.is_null());
    record.into()
}

/// Returns an instant, in whole seconds, with as many versions of an object type before as after
/// it.
fn middle_ms(stage: &Stage, object: &str) -> i64 {
    let all = stage.simulator.portal(|portal| expected(portal, object, i64::MIN));
    let timestamp = |record: &String| {
        let record: Value = serde_json::from_str(record).unwrap();
        let timestamp = &record["timestamp"];
        timestamp.as_i64().unwrap_or_else(|| millis(timestamp.as_str().unwrap()))
    };
    let mut timestamps: Vec<_> = all.iter().map(timestamp).collect();
    timestamps.sort_unstable();
    timestamps[timestamps.len() / 2] / 1000 * 1000
}

fn found(output: &Output, object: &str) -> Vec<String> {
    let mut found: Vec<_> =
        output.records(&name_of(object)).into_iter().map(ToString::to_string).collect();
    found.sort_unstable();
    found
}

/// Returns the position in a stream's last state, which must be in the Python connector's format.
fn position_ms(output: &Output, object: &str) -> i64 {
    let state = output.last_state(&name_of(object));
    let text = state["timestamp"].as_str().unwrap();
    assert!(text.len() == 27 && text.ends_with('Z'), "{text}");
    end_ms(state).expect("an end")
}

fn iso(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms).unwrap().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Changes a property of about a third of the records.
fn change_some(stage: &Stage, object: &str, property: &str) {
    let records = Records::Sample { share: 0.3, seed: 5 };
    stage.simulator.change(&set(object, records, property, "changed"));
}

fn requests(stage: &Stage) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for entry in stage.simulator.journal() {
        *counts.entry(entry.endpoint).or_default() += 1;
    }
    counts
}

#[test]
fn every_version_of_every_property_is_a_record() {
    let stage = Stage::calm(few());
    let output = stage.read(&catalog(&OBJECTS)).succeeded();
    for object in OBJECTS {
        let expected = stage.simulator.portal(|portal| expected(portal, object, i64::MIN));
        assert!(expected.len() > 1_000, "{object} have {} versions", expected.len());
        assert!(found(&output, object) == expected, "{object}");
    }
    let pages = |records: u64| records.div_ceil(50);
    let lists = pages(230) + pages(120) + pages(110);
    let requests = requests(&stage);
    assert_eq!((requests["objects.list"], requests["properties.list"]), (lists, 3));
    // The contacts are counted because they exceed three pages; the daily usage is requested too.
    assert_eq!((requests["objects.search"], requests["account.usage"]), (1, 1), "{requests:?}");
    assert_eq!(requests.len(), 4, "{requests:?}");
}

#[test]
fn names_too_long_for_a_url_are_read_by_batch() {
    let stage =
        Stage::calm(PortalSpec { deals: 130, properties: 160, property_name_chars: 100, ..few() });
    let output = stage.read(&catalog(&["deals"])).succeeded();
    let expected = stage.simulator.portal(|portal| expected(portal, "deals", i64::MIN));
    assert!(found(&output, "deals") == expected, "{}", expected.len());
    let requests = requests(&stage);
    assert_eq!((requests["objects.list"], requests["objects.batch_read"]), (2, 3));
}

#[test]
fn q29_only_changed_records_are_read_again() {
    let stage = Stage::calm(few());
    let catalog = catalog(&OBJECTS);
    let first = stage.read(&catalog).succeeded();
    stage.simulator.advance(Duration::from_hours(2));
    for (object, property) in
        [("companies", "name"), ("contacts", "firstname"), ("deals", "dealname")]
    {
        change_some(&stage, object, property);
    }
    stage.simulator.advance(Duration::from_mins(10));
    stage.simulator.clear_journal();
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    for object in OBJECTS {
        let from = position_ms(&first, object) - OVERLAP_MS;
        let expected = stage.simulator.portal(|portal| expected(portal, object, from));
        assert!(expected.len() > 20, "{object} have {} new versions", expected.len());
        assert!(found(&second, object) == expected, "{object}");
    }
    let requests = requests(&stage);
    assert_eq!((requests["objects.search"], requests.contains_key("objects.list")), (3, false));
    assert!(requests["objects.batch_read"] <= 5, "{requests:?}");

    // Records that the index may have shown late are read once more, and then no longer.
    stage.simulator.advance(Duration::from_mins(61));
    let third = stage.read_on(&catalog, &second.state()).succeeded();
    stage.simulator.advance(Duration::from_mins(61));
    stage.simulator.clear_journal();
    let fourth = stage.read_on(&catalog, &third.state()).succeeded();
    for object in OBJECTS {
        assert_eq!(found(&fourth, object).len(), 0);
        assert!(position_ms(&fourth, object) > position_ms(&third, object), "it advances");
    }
    assert_eq!(stage.simulator.journal().len(), 7, "a search and the names each, the day");
}

#[test]
fn q28_calculated_properties_do_not_push_the_state_ahead() {
    let stage = Stage::calm(PortalSpec {
        account: AccountSpec { restless_properties: 2, ..AccountSpec::default() },
        ..few()
    });
    let catalog = catalog(&["deals"]);
    let before_ms = stage.simulator.now_ms();
    let first = stage.read(&catalog).succeeded();
    let newest = first.records("deals_property_history").into_iter();
    let newest = newest.map(|record| millis(record["timestamp"].as_str().unwrap())).max();
    assert!(newest >= Some(before_ms), "a restless property is dated at the read");
    assert!(position_ms(&first, "deals") <= before_ms, "the state is not");
    change_some(&stage, "deals", "dealname");
    stage.simulator.advance(Duration::from_mins(10));
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    let records = second.records("deals_property_history");
    let renamed = records.iter().filter(|record| record["value"] == "changed").count();
    let changed = stage.simulator.portal(|portal| {
        let renamed = |id| portal.value("deals", id, "dealname").as_deref() == Some("changed");
        portal.ids("deals").filter(|id| renamed(*id)).count()
    });
    assert!(changed > 20 && renamed == changed, "{renamed} of {changed}");
}

#[test]
fn q27_a_missing_source_is_null_and_modified_dates_have_no_history() {
    let stage = Stage::calm(few());
    let output = stage.read(&catalog(&OBJECTS)).succeeded();
    assert!(!output.stdout.contains("\"None\""));
    let contacts = output.records("contacts_property_history");
    let without = contacts.iter().filter(|record| record.get("source-id").is_none()).count();
    assert!(without > 100 && without < contacts.len(), "{without} of {}", contacts.len());
    for object in OBJECTS {
        for record in output.records(&name_of(object)) {
            let property = record["property"].as_str().unwrap();
            assert!(!property.ends_with("lastmodifieddate"), "{record}");
        }
    }
}

#[test]
fn every_older_state_is_read() {
    let stage = Stage::calm(few());
    let from = middle_ms(&stage, "contacts");
    let catalog = catalog(&["contacts", "deals"]);
    for (case, value, from) in [
        ("6.x", json!(iso(from).replace('Z', "000Z")), from - OVERLAP_MS),
        ("an offset", json!(iso(from).replace('Z', "000+00:00")), from - OVERLAP_MS),
        ("whole seconds", json!(iso(from).replace(".000Z", "Z")), from - OVERLAP_MS),
        ("milliseconds as text", json!(from.to_string()), from - OVERLAP_MS),
        ("milliseconds", json!(from), from - OVERLAP_MS),
        ("nothing read yet", json!(""), i64::MIN),
    ] {
        let saved = |name: &str| {
            json!({ "type": "STREAM", "stream": {
                "stream_descriptor": { "name": name }, "stream_state": { "timestamp": value } } })
        };
        let saved = json!([saved("contacts_property_history"), saved("deals_property_history")]);
        let output = stage.read_on(&catalog, &saved).succeeded();
        for object in ["contacts", "deals"] {
            let expected = stage.simulator.portal(|portal| expected(portal, object, from));
            assert!(!expected.is_empty(), "{case}: {object}");
            assert!(found(&output, object) == expected, "{case}: {object}");
        }
    }
}

#[test]
fn the_lookback_of_histories_is_their_own() {
    let mut stage = Stage::calm(few());
    let catalog = catalog(&["deals"]);
    change_some(&stage, "deals", "dealname");
    stage.simulator.advance(Duration::from_hours(9));
    let first = stage.read(&catalog).succeeded();
    let position = position_ms(&first, "deals");
    let mut counts = Vec::new();
    for (key, minutes) in [
        ("lookback_window", 0),
        ("lookback_window", 600),
        ("property_history_lookback_window", 600),
    ] {
        stage.config[key] = minutes.into();
        stage.simulator.advance(Duration::from_mins(1));
        let reach = if key == "lookback_window" { 0 } else { minutes * 60_000 };
        let output = stage.read_on(&catalog, &first.state()).succeeded();
        let from = position - OVERLAP_MS - reach;
        let expected = stage.simulator.portal(|portal| expected(portal, "deals", from));
        assert!(found(&output, "deals") == expected, "{key} of {minutes}");
        counts.push(expected.len());
    }
    assert!(counts[0] == counts[1] && counts[2] > counts[0], "{counts:?}");
}

#[test]
fn only_chosen_properties_are_asked_for() {
    let mut stage = Stage::calm(few());
    stage.config["deals_property_history_properties"] =
        json!(["dealstage", "dealcolour", "hs_lastmodifieddate"]);
    stage.config["contacts_property_history_properties"] = json!([]);
    stage.config["companies_property_history_properties"] = json!(["companycolour"]);
    let output = stage.read(&catalog(&OBJECTS)).succeeded();
    let all = stage.simulator.portal(|portal| expected(portal, "deals", i64::MIN));
    let stages: Vec<_> =
        all.into_iter().filter(|record| record.contains("\"property\":\"dealstage\"")).collect();
    assert!(stages.len() > 50 && found(&output, "deals") == stages);
    assert!(found(&output, "contacts").len() > 1_000, "an empty choice is none");
    assert_eq!(found(&output, "companies").len(), 0);
    assert!(position_ms(&output, "companies") > 0, "nothing to read is a complete read");
    for name in ["dealcolour", "companycolour"] {
        let warned = output.warnings().iter().filter(|warning| warning.contains(name)).count();
        assert_eq!(warned, 1, "{name}");
    }
    let journal = stage.simulator.journal();
    let lists: Vec<_> = journal
        .iter()
        .filter(|entry| entry.endpoint == "objects.list" && entry.path.ends_with("/deals"))
        .collect();
    assert!(
        lists.len() == 3
            && lists.iter().all(|e| e.query.contains("History=dealstage&")
                || e.query.ends_with("History=dealstage"))
    );
}

#[test]
fn versions_before_the_start_date_are_left_out() {
    let mut stage = Stage::calm(few());
    let from = middle_ms(&stage, "companies");
    stage.config["start_date"] = iso(from).replace(".000Z", "Z").into();
    for mode in [Mode::Full, Mode::Incremental] {
        let output = stage.read(&Catalog::of(&["companies_property_history"], mode)).succeeded();
        let expected = stage.simulator.portal(|portal| expected(portal, "companies", from));
        let all = stage.simulator.portal(|portal| self::expected(portal, "companies", i64::MIN));
        assert!(!expected.is_empty() && expected.len() < all.len());
        assert!(found(&output, "companies") == expected, "{mode:?}");
    }
}

#[test]
fn only_chosen_columns_are_written() {
    let stage = Stage::calm(few());
    let mut catalog = stage.catalog(Mode::Incremental).only(&["contacts_property_history"]);
    catalog.columns("contacts_property_history").retain(|name, _| name == "value");
    let output = stage.read(&catalog).succeeded();
    let mut columns: Vec<_> = output
        .records("contacts_property_history")
        .into_iter()
        .map(|record| record.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" "))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    // Null fields are omitted, as everywhere.
    assert_eq!(columns, ["property timestamp value vid", "property timestamp vid"]);
}

#[test]
fn a_stream_without_scope_is_skipped_alone() {
    let mut config = calm(few());
    config.access = crate::support::access_to(&["crm.objects.deals.read"]);
    let output = Stage::new(config).read(&catalog(&["contacts", "deals"]));
    assert_eq!((output.code, output.errors().len()), (Some(0), 0));
    assert!(found(&output, "deals").len() > 1_000);
    assert_eq!(output.statuses("contacts_property_history").last(), Some(&"INCOMPLETE"));
    let named = output.warnings().iter().any(|warning| {
        warning.contains("`contacts_property_history`")
            && warning.contains("crm.objects.contacts.read")
    });
    assert!(named, "{:?}", output.warnings());
}
