//! Differences from the Python connector in what is read and emitted. The numbers are those of
//! `docs/differences.md`; differences that other tests cover are tested there.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::time::Duration;

use chrono::DateTime;
use hubspot_simulator::settings::{ArchivedAssociations, MissingAssociations};
use hubspot_simulator::{
    Change, Config, CustomSpec, Fault, Kind, PortalSpec, Records, Settings, Which,
};
use serde_json::{Value, json};

use crate::support::changes::{archive, create_property, modify, touch_all};
use crate::support::expected_records::{check_associations, live_ids};
use crate::support::reading::{asked, deals, read, saved_at};
use crate::support::{Catalog, Mode, START_MS, Stage, calm, few};

const HOUR_MS: i64 = 3_600_000;

#[test]
fn q06_archived_deals_have_their_associated_ids() {
    for archived_associations in [ArchivedAssociations::Kept, ArchivedAssociations::Gone] {
        let settings = Settings { archived_associations, ..calm(few()).settings };
        let portal = PortalSpec { archived_share: 0.3, ..few() };
        let stage = Stage::new(Config { settings, ..calm(portal) });
        archived_deals(&stage, archived_associations == ArchivedAssociations::Kept);
    }
}

/// Reads archived deals and checks their associations; `have_any` is whether the portal keeps them.
fn archived_deals(stage: &Stage, have_any: bool) {
    let simulator = &stage.simulator;
    let catalog = stage.catalog(Mode::Full).only(&["deals_archived"]);
    let output = stage.read(&catalog).succeeded();
    let records = output.records("deals_archived");
    let expected: Vec<_> = simulator.portal(|portal| portal.archived_ids("deals").collect());
    assert_eq!(output.ids("deals_archived"), expected);
    let columns = &catalog.json()["streams"][0]["stream"]["json_schema"]["properties"];
    assert!(columns["associations"].is_object(), "the raw object has a column too");
    for to in ["companies", "contacts", "line_items"] {
        assert!(columns[to].is_object(), "{to} is declared");
        let most = check_associations(simulator, "deals", to, &records);
        assert_eq!(most > 0, have_any && to != "line_items", "archived deals with {to}");
        for record in records.iter().filter(|record| record[to] != json!([])) {
            assert!(record["associations"].is_object(), "{record}");
        }
    }
}

#[test]
fn q10_a_short_or_empty_page_is_not_the_last() {
    for kind in [Kind::ShortPage, Kind::EmptyPage] {
        let faults = [1, 3].map(|n| Fault::new(Which::nth_of("objects.search", n), kind.clone()));
        let stage = Stage::new(Config { faults: faults.into(), ..calm(deals(600)) });
        stage.simulator.change(&touch_all("deals", Some(START_MS - 600_000)));
        let output = read(&stage, "deals", &saved_at("deals", START_MS - HOUR_MS));
        assert_eq!(output.ids("deals"), live_ids(&stage.simulator, "deals"), "{kind:?}");
        let struck = asked(&stage, "objects.search").iter().filter(|e| e.fault.is_some()).count();
        assert_eq!(struck, 2, "{kind:?}");
    }
}

#[test]
fn q11_no_record_is_skipped_when_others_leave_the_window() {
    /// Number of the request that the change precedes: the second search.
    const CHANGE_BEFORE: u64 = 4;
    let stage = Stage::calm(deals(900));
    stage.simulator.change(&touch_all("deals", Some(START_MS - 600_000)));
    let ids = live_ids(&stage.simulator, "deals");
    let leaving = &ids[..120];
    // Once the first search page was read, some of its records are modified.
    let change = modify("deals", Records::Ids(leaving.to_vec()));
    stage.simulator.schedule(vec![(CHANGE_BEFORE, change)]);
    let output = read(&stage, "deals", &saved_at("deals", START_MS - HOUR_MS));
    // Records that the search returned before the switch to the list are emitted twice.
    assert_eq!(output.distinct_ids("deals"), ids);
    let searches = asked(&stage, "objects.search");
    let later = searches.iter().filter(|search| search.number >= CHANGE_BEFORE).count();
    assert!(later >= 3 && later < searches.len(), "{later} of {} searches", searches.len());
    // They are emitted again in their current state.
    stage.simulator.advance(Duration::from_mins(1));
    let second = stage.read_on(&Catalog::of(&["deals"], Mode::Incremental), &output.state());
    assert!(leaving.iter().all(|id| second.ids("deals").contains(id)));
}

#[test]
fn q12_every_association_is_read_however_many_there_are() {
    for missing_associations in [MissingAssociations::LeaveOut, MissingAssociations::MultiStatus] {
        let settings = Settings {
            missing_associations,
            inline_associations_page: 20,
            associations_page: 40,
            ..calm(few()).settings
        };
        let portal = PortalSpec { hub: Some(130), ..few() };
        let stage = Stage::new(Config { settings, ..calm(portal) });
        stage.simulator.change(&touch_all("companies", Some(START_MS - 600_000)));
        // A list returns the first of many associations; a search returns none.
        for state in [Value::Null, saved_at("companies", START_MS - HOUR_MS)] {
            let output = read(&stage, "companies", &state);
            let records = output.records("companies");
            assert_eq!(records.len(), 120);
            let most = check_associations(&stage.simulator, "companies", "contacts", &records);
            assert!(most >= 130, "the hub has {most} contacts");
        }
        assert_eq!(asked(&stage, "associations.batch_read").len(), 2 * 4, "pages of the hub");
    }
}

#[test]
fn q13_a_declared_association_is_always_there() {
    let stage = Stage::calm(few());
    let streams = ["companies", "contacts", "deals", "deals_archived", "tickets"];
    let catalog = stage.catalog(Mode::Full).only(&streams);
    let output = stage.read(&catalog).succeeded();
    let mut empty = 0;
    for (stream, associated) in [
        ("companies", &["contacts"][..]),
        ("contacts", &["companies", "contacts"]),
        ("deals", &["companies", "contacts", "line_items"]),
        ("deals_archived", &["companies", "contacts", "line_items"]),
        ("tickets", &["companies", "contacts", "deals"]),
    ] {
        let streams = catalog.json()["streams"].as_array().expect("streams");
        let found = streams.iter().find(|configured| configured["stream"]["name"] == stream);
        let columns = &found.expect(stream)["stream"]["json_schema"]["properties"];
        for to in associated {
            assert_eq!(columns[to]["type"], json!(["null", "array"]), "{to} of {stream}");
            for record in output.records(stream) {
                let ids = record[to].as_array().unwrap_or_else(|| panic!("{to} of {record}"));
                empty += usize::from(ids.is_empty());
            }
        }
    }
    assert!(empty > 50, "{empty} lists are empty");
}

#[test]
fn q24_hits_that_moved_on_do_not_end_a_custom_object() {
    let boats = CustomSpec { name: "boats".to_owned(), records: 450 };
    let config = calm(PortalSpec { custom_objects: vec![boats], ..deals(0) });
    let settings = Settings { index_lag_ms: (60_000, 60_000), ..config.settings };
    let stage = Stage::new(Config { settings, ..config });
    stage.simulator.advance(Duration::from_hours(2));
    let since = stage.simulator.now_ms() - HOUR_MS;
    stage.simulator.change(&touch_all("p4455_boats", Some(since + HOUR_MS / 2)));
    stage.simulator.advance(Duration::from_mins(5));
    // Records have their newest date at once, the index a minute later.
    let records = Records::Sample { share: 0.6, seed: 4 };
    stage.simulator.change(&modify("p4455_boats", records));
    let output = read(&stage, "boats", &saved_at("boats", since));
    assert_eq!(output.ids("boats"), live_ids(&stage.simulator, "p4455_boats"));
    let upper_ms = output.position_ms("boats");
    let moved_on = output.records("boats").into_iter().filter(|boat| {
        let shown = boat["updatedAt"].as_str().expect("a time");
        DateTime::parse_from_rfc3339(shown).expect("a time").timestamp_millis() > upper_ms
    });
    assert!(moved_on.count() > 200, "more than a page shows dates outside the window");
}

#[test]
fn q32_the_state_is_the_end_of_the_window_and_no_date_of_a_record() {
    // Modified dates long before the end of the window, and a day after it.
    for at_ms in [START_MS - 2 * HOUR_MS, START_MS + 24 * HOUR_MS] {
        let stage = Stage::calm(deals(30));
        stage.simulator.change(&touch_all("deals", Some(at_ms)));
        for state in [Value::Null, saved_at("deals", START_MS - 3 * HOUR_MS)] {
            let output = read(&stage, "deals", &state);
            let shown = output.records("deals").len();
            assert!(shown == 30 || !state.is_null() && at_ms > START_MS, "{shown} deals");
            let position = output.position_ms("deals");
            assert!((START_MS - 5_000..START_MS + 30_000).contains(&position), "{position}");
        }
    }
}

#[test]
fn q39_deleted_records_show_up_whatever_their_type() {
    let stage = Stage::calm(few());
    let objects = ["companies", "contacts", "deals", "tickets"];
    let streams = objects.map(|object| format!("{object}_archived"));
    let catalog = Catalog::of(&streams.each_ref().map(String::as_str), Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    stage.simulator.advance(Duration::from_hours(1));
    let deleted = objects.map(|object| live_ids(&stage.simulator, object)[3]);
    for (object, id) in objects.iter().zip(deleted) {
        stage.simulator.change(&archive(object, Records::Id(id)));
    }
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    for (stream, id) in streams.iter().zip(deleted) {
        assert_eq!(second.ids(stream), [id], "{stream}");
        assert!(second.records(stream)[0]["archivedAt"].is_string(), "{stream}");
    }
}

#[test]
fn q44_an_id_comes_once_however_many_labels_it_has() {
    let stage = Stage::calm(few());
    let pairs = stage.simulator.portal(|portal| {
        let with = |id| Some((id, *portal.associations("contacts", id, "companies").first()?));
        portal.ids("contacts").filter_map(with).take(5).collect::<Vec<_>>()
    });
    for (contact, company) in &pairs {
        for label in ["Advisor", "Board member"] {
            stage.simulator.change(&Change::Associate {
                from_object: "contacts".to_owned(),
                from_id: *contact,
                to_object: "companies".to_owned(),
                to_id: *company,
                label: Some(label.to_owned()),
            });
        }
    }
    stage.simulator.change(&touch_all("contacts", Some(START_MS - 600_000)));
    for state in [Value::Null, saved_at("contacts", START_MS - HOUR_MS)] {
        let output = read(&stage, "contacts", &state);
        let records = output.records("contacts");
        check_associations(&stage.simulator, "contacts", "companies", &records);
        for (contact, company) in &pairs {
            let contact = contact.to_string();
            let record =
                records.iter().find(|record| record["id"] == contact).expect("it is there");
            let ids = record["companies"].as_array().expect("ids");
            let company = Value::from(company.to_string());
            assert_eq!(ids.iter().filter(|id| **id == company).count(), 1, "{record}");
        }
    }
}

#[test]
fn q49_every_property_that_is_emitted_has_a_column() {
    let stage = Stage::calm(few());
    for (object, name, property_type) in [
        ("deals", "brand_new", "number"),
        ("deals", "where_it_is", "object_coordinates"),
        ("contacts", "of_the_future", "hologram"),
    ] {
        stage.simulator.change(&create_property(object, name, property_type));
    }
    let streams = ["companies", "contacts", "deals", "goals", "products", "tickets"];
    let catalog = stage.catalog(Mode::Full).only(&streams);
    // Without a column selection everything is emitted.
    let output = stage.read(&Catalog::of(&streams, Mode::Full)).succeeded();
    assert!(output.records("deals").len() > 100);
    for configured in catalog.json()["streams"].as_array().expect("streams") {
        let stream = configured["stream"]["name"].as_str().expect("a name");
        let columns = &configured["stream"]["json_schema"]["properties"];
        for record in output.records(stream) {
            for name in record.as_object().expect("fields").keys() {
                assert!(columns.get(name).is_some(), "{stream} declares no {name}");
            }
            for name in record["properties"].as_object().expect("properties").keys() {
                let declared = &columns["properties"]["properties"];
                assert!(declared.get(name).is_some(), "{stream} declares no property {name}");
            }
        }
        let shown = |name: &str| columns[format!("properties_{name}")]["type"][1].clone();
        if stream == "deals" {
            assert_eq!(
                (shown("brand_new"), shown("where_it_is")),
                ("number".into(), "string".into())
            );
        }
    }
    assert_eq!(asked(&stage, "properties.list_v2").len(), 0, "one list for names and types");
}

#[test]
fn q52_fields_without_a_column_are_left_out() {
    let stage = Stage::calm(few());
    let output = stage.read(&Catalog::of(&["deals"], Mode::Full)).succeeded();
    assert!(!asked(&stage, "objects.list").is_empty(), "HubSpot's lists say where a record is");
    for record in output.records("deals") {
        assert_eq!(record.get("url"), None, "{record}");
    }
}

#[test]
fn q58_flat_columns_have_the_labels_and_descriptions_of_their_properties() {
    const STREAMS: [(&str, &str); 4] = [
        ("company", "companies"),
        ("contact", "contacts"),
        ("deal", "deals"),
        ("ticket", "tickets"),
    ];
    let stage = Stage::calm(few());
    let names = ["companies", "contacts", "deals", "properties", "tickets"];
    let mut catalog = stage.catalog(Mode::Full).only(&names);
    let output = stage.read(&catalog).succeeded();
    let (mut titled, mut described, mut plain, mut cut) = (0, 0, 0, 0);
    for property in output.records("properties") {
        let text = |key: &str| property[key].as_str().expect(key).trim();
        let name = text("name");
        let stream = STREAMS.iter().find(|(object, _)| property["objectType"] == *object);
        let Some((_, stream)) = stream else { continue };
        let columns = catalog.columns(stream);
        let Some(flat) = columns.get(&format!("properties_{name}")) else { continue };
        let mut schema = flat.as_object().expect(name).clone();
        let mut shown =
            |key: &str| schema.remove(key).map(|text| text.as_str().unwrap().to_owned());
        let (title, description) = (shown("title"), shown("description"));
        let nested = &columns["properties"]["properties"][name];
        assert_eq!(Value::Object(schema), *nested, "{name}: the type is the nested one");
        let says_more = |text: &&str| !text.is_empty() && *text != name;
        assert_eq!(title.as_deref(), Some(text("label")).filter(says_more), "{name}");
        let whole = Some(text("description")).filter(says_more);
        assert_eq!(description.is_some(), whole.is_some(), "{name}");
        if let (Some(shown), Some(whole)) = (&description, whole) {
            let kept = shown.strip_suffix('…').unwrap_or(shown);
            assert!(whole.starts_with(kept) && shown.chars().count() <= 500, "{name}: {shown}");
            cut += usize::from(kept != whole);
        }
        titled += usize::from(title.is_some());
        described += usize::from(description.is_some());
        plain += usize::from(title.is_none() && description.is_none());
    }
    let every_case_occurs = titled > 0 && described > 0 && plain > 0 && cut > 0;
    assert!(every_case_occurs, "{titled} titled, {described} described, {plain} plain, {cut} cut");
    // The catalog of an earlier version has no texts, and selects the same columns.
    for (_, stream) in STREAMS {
        for column in catalog.columns(stream).values_mut() {
            let column = column.as_object_mut().expect("a schema");
            column.retain(|key, _| key != "title" && key != "description");
        }
    }
    let without_texts = stage.read(&catalog).succeeded();
    for (_, stream) in STREAMS {
        assert_eq!(without_texts.records(stream), output.records(stream), "{stream}");
    }
}
