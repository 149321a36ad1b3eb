//! Substreams: submissions, memberships, events of records.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::portal::Occurrences;
use hubspot_simulator::{
    Change, Config, CustomSpec, Fault, Kind, MarketingSpec, PortalSpec, Records, Settings, Which,
};
use serde_json::{Value, json};

use crate::support::changes::{modify, submit_form};
use crate::support::output::end_ms;
use crate::support::portals::with_marketing;
use crate::support::reading::{asked, numbers, read, state_of, texts};
use crate::support::{Catalog, Mode, Output, START_MS, Stage, calm};

const HOUR: Duration = Duration::from_hours(1);

/// Returns the instants of the readable form submissions, ascending.
fn submission_times(stage: &Stage) -> Vec<i64> {
    let mut times: Vec<i64> = stage.simulator.portal(|portal| {
        let forms = portal.form_ids(false).into_iter();
        let readable = forms.filter(|(_, kind)| *kind != "blog_comment");
        readable.flat_map(|(form, _)| portal.submission_times(&form)).collect()
    });
    times.sort_unstable();
    times
}

/// Returns a form that can be submitted.
fn some_form(stage: &Stage) -> String {
    let forms = stage.simulator.portal(|portal| portal.form_ids(false));
    let form = forms.into_iter().find(|(_, kind)| *kind != "blog_comment");
    form.expect("a form").0
}

#[test]
fn q03_submissions_of_forms_not_edited_are_read() {
    let mut stage = Stage::calm(with_marketing(MarketingSpec::default()));
    let everything = read(&stage, "form_submissions", &Value::Null);
    assert_eq!(numbers(&everything, "form_submissions", "submittedAt"), submission_times(&stage));
    for record in everything.records("form_submissions") {
        assert_eq!(record["updatedAt"], record["submittedAt"], "{record}");
        assert!(record["formId"].is_string() && record["values"].is_array(), "{record}");
    }
    // No form has been edited since the start date, but some have been submitted.
    let form = some_form(&stage);
    stage.simulator.advance(24 * HOUR);
    stage.simulator.change(&submit_form(&form, 3));
    stage.config["start_date"] = json!("2026-09-22T00:00:00Z");
    let output = read(&stage, "form_submissions", &Value::Null);
    assert_eq!(output.records("form_submissions").len(), 3);
    assert_eq!(texts(&output, "form_submissions", "formId"), BTreeSet::from([form]));
}

#[test]
fn q48_submissions_below_the_cursor_are_not_paged_through() {
    let stage = Stage::calm(with_marketing(MarketingSpec {
        busiest_form: 2_000,
        ..MarketingSpec::default()
    }));
    let first = read(&stage, "form_submissions", &Value::Null);
    assert_eq!(numbers(&first, "form_submissions", "submittedAt"), submission_times(&stage));
    let saved = first.last_state("form_submissions");
    let end = end_ms(saved).expect("an end");
    assert!(end > START_MS - 10_000);
    let cursor = (end - 3_600_000).to_string();
    assert_eq!(
        *saved,
        json!({ "use_global_cursor": true, "state": { "updatedAt": cursor },
            "lookback_window": 0, "parent_state": {}, "source_hubspot": saved["source_hubspot"] })
    );
    stage.simulator.advance(HOUR);
    let form = some_form(&stage);
    stage.simulator.change(&submit_form(&form, 2));
    stage.simulator.clear_journal();
    let second = read(&stage, "form_submissions", &first.state());
    assert_eq!(second.records("form_submissions").len(), 2);
    let forms = stage.simulator.portal(|portal| portal.form_ids(false).len());
    assert!(asked(&stage, "form_submissions.list").len() <= forms);
}

#[test]
fn older_states_of_submissions_are_accepted() {
    let stage = Stage::calm(with_marketing(MarketingSpec::default()));
    let times = submission_times(&stage);
    let middle = times[times.len() / 2];
    let since = |from: i64| times.iter().filter(|at_ms| **at_ms >= from - 300_000).count();
    let busiest = stage.simulator.portal(|portal| {
        let forms = portal.form_ids(false).into_iter();
        let busiest = forms.max_by_key(|(form, _)| portal.submission_times(form).len());
        busiest.map(|(form, _)| (portal.submission_times(&form).len(), form)).expect("a form")
    });
    for (case, saved, expected) in [
        ("flat", json!({ "updatedAt": middle.to_string() }), since(middle)),
        ("flat, as a number", json!({ "updatedAt": middle }), since(middle)),
        ("nothing read yet", json!({ "updatedAt": "" }), times.len()),
        (
            "global",
            json!({ "use_global_cursor": true, "state": { "updatedAt": middle.to_string() },
                "lookback_window": 11, "parent_state": { "forms": { "updatedAt": "" } } }),
            since(middle),
        ),
        (
            "by form: all others have not been read",
            json!({ "use_global_cursor": false, "states": [{
                "partition": { "form_id": [busiest.1], "parent_slice": {} },
                "cursor": { "updatedAt": START_MS.to_string() },
            }] }),
            times.len() - busiest.0,
        ),
        (
            "by form, and a position for all others",
            json!({ "states": [{
                "partition": { "form_id": [busiest.1], "parent_slice": {} },
                "cursor": { "updatedAt": "" },
            }], "state": { "updatedAt": START_MS.to_string() } }),
            busiest.0,
        ),
    ] {
        let output = read(&stage, "form_submissions", &state_of("form_submissions", &saved));
        assert_eq!(output.records("form_submissions").len(), expected, "{case}");
    }
}

#[test]
fn q04_members_of_lists_not_edited_are_read() {
    let mut stage = Stage::calm(with_marketing(MarketingSpec::default()));
    stage.config["start_date"] = json!("2026-09-21T00:00:00Z");
    let output = read(&stage, "list_memberships", &Value::Null);
    let truth: BTreeSet<(String, String)> = stage.simulator.portal(|portal| {
        let lists = portal.list_ids().into_iter();
        let members = lists.flat_map(|(list, _)| {
            let members = portal.list_members(list).into_iter();
            members.map(move |member| (list.to_string(), member.to_string()))
        });
        members.collect()
    });
    let records = output.records("list_memberships");
    let text = |record: &Value, key: &str| record[key].as_str().expect("text").to_owned();
    let found: BTreeSet<_> =
        records.iter().map(|record| (text(record, "listId"), text(record, "recordId"))).collect();
    assert_eq!(found, truth);
    assert_eq!(records.len(), truth.len(), "no member twice");
    assert_eq!(
        *output.last_state("list_memberships"),
        json!({ "__ab_no_cursor_state_message": true })
    );
    // Members of lists of leads cannot be read.
    let skipped = output.logs("INFO").iter().filter(|log| log.contains("is skipped")).count();
    let refused = asked(&stage, "lists.members");
    let refused = refused.iter().filter(|entry| entry.status == 400).count();
    assert!(skipped > 0 && skipped == refused, "{skipped} {refused}");
    let largest = asked(&stage, "lists.members").iter().all(|e| e.query.contains("limit=250"));
    assert!(largest);
}

/// Returns a portal without events other than those a test adds.
fn eventless(contacts: u64) -> Stage {
    let mut portal = PortalSpec { contacts, ..with_marketing(MarketingSpec::default()) };
    portal.account.events = 0;
    portal.custom_objects = vec![CustomSpec { name: "Car".to_owned(), records: 7 }];
    let settings = Settings { event_lag_ms: (0, 0), ..calm(portal.clone()).settings };
    let mut stage = Stage::new(Config { settings, ..calm(portal) });
    stage.config["enable_experimental_streams"] = json!(true);
    stage
}

/// Adds an event to a record and modifies the record.
fn occur(stage: &Stage, object: &str, id: u64, event_type: &str, at_ms: i64) {
    let properties = [("hs_url", "https://example.test/"), ("plan", "gold"), ("amount", "7.5")];
    stage.simulator.change(&Change::Occur(Occurrences {
        object: object.to_owned(),
        id,
        count: 1,
        event_type: Some(event_type.to_owned()),
        at_ms: Some(at_ms),
        delay_ms: Some(0),
        properties: properties
            .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
            .into(),
    }));
    stage.simulator.change(&modify(object, Records::Id(id)));
}

fn contacts(stage: &Stage) -> Vec<u64> {
    stage.simulator.portal(|portal| portal.ids("contacts").collect())
}

#[test]
fn experimental_streams_are_offered_to_those_who_ask() {
    let mut stage = eventless(5);
    for (enabled, expected) in [(false, 0), (true, 13)] {
        stage.config["enable_experimental_streams"] = json!(enabled);
        let offered = stage.discover().succeeded();
        let streams = offered.catalog()["streams"].as_array().expect("streams").clone();
        let names: Vec<_> = streams.iter().filter_map(|stream| stream["name"].as_str()).collect();
        let analytics = names.iter().filter(|name| name.ends_with("_web_analytics")).count();
        assert_eq!(analytics, expected, "{names:?}");
        assert_eq!(names.contains(&"car_web_analytics"), enabled, "{names:?}");
        assert_eq!(names.contains(&"custom_event_demo_booked"), enabled, "{names:?}");
        let events = streams.iter().find(|stream| stream["name"] == "contacts_web_analytics");
        let Some(events) = events else { continue };
        assert_eq!(events["source_defined_primary_key"], json!([["id"]]));
        assert_eq!(events["default_cursor_field"], json!(["occurredAt"]));
        assert_eq!(events["source_defined_cursor"], json!(true));
        let columns = events["json_schema"]["properties"].as_object().expect("columns");
        assert_eq!(columns.len(), 49);
    }
    stage.check().succeeded();
}

#[test]
fn q05_events_of_every_record_are_read_whenever_it_changed() {
    let mut stage = eventless(130);
    let long_ago = START_MS - 90 * 86_400_000;
    for (place, id) in contacts(&stage).into_iter().enumerate().step_by(3) {
        let kind = if place % 2 == 0 { "e_visited_page" } else { "e_submitted_form" };
        for times in 0..i64::try_from(place % 4).unwrap() * 40 {
            occur(&stage, "contacts", id, kind, long_ago + times * 1_000);
        }
    }
    occur(&stage, "contacts", contacts(&stage)[0], "e_clicked_element", long_ago);
    let truth = |stage: &Stage| -> BTreeSet<String> {
        let now_ms = stage.simulator.now_ms();
        let ids = contacts(stage);
        stage.simulator.portal(|portal| {
            ids.iter().flat_map(|id| portal.event_ids("contacts", *id, now_ms)).collect()
        })
    };
    // No record has changed since this start date, and no event is older.
    stage.config["start_date"] = json!("2026-06-01T00:00:00Z");
    let first = read(&stage, "contacts_web_analytics", &Value::Null);
    let found = texts(&first, "contacts_web_analytics", "id");
    assert_eq!(found.len() + 1, truth(&stage).len(), "all but the click");
    assert!(found.is_subset(&truth(&stage)));
    let event = first.records("contacts_web_analytics")[0];
    assert!(event.get("properties").is_none(), "{event}");
    assert_eq!(event["properties_hs_url"], "https://example.test/");

    // Subsequent syncs request only events of changed records.
    stage.simulator.advance(3 * HOUR);
    let first = read(&stage, "contacts_web_analytics", &first.state());
    stage.simulator.advance(3 * HOUR);
    let busy = contacts(&stage)[77];
    occur(&stage, "contacts", busy, "e_visited_page", stage.simulator.now_ms() - 60_000);
    stage.simulator.advance(Duration::from_mins(5));
    stage.simulator.clear_journal();
    let second = read(&stage, "contacts_web_analytics", &first.state());
    assert_eq!(second.records("contacts_web_analytics").len(), 1);
    assert_eq!(asked(&stage, "events.list").len(), 2, "one record, two types");
    let third = read(&stage, "contacts_web_analytics", &second.state());
    let again = texts(&third, "contacts_web_analytics", "id");
    assert!(again.is_subset(&texts(&second, "contacts_web_analytics", "id")), "the overlap");
}

#[test]
fn states_of_web_analytics_of_every_version_are_accepted() {
    let stage = eventless(40);
    let ids = contacts(&stage);
    let old = START_MS - 20 * 86_400_000;
    let new = START_MS - 2 * 86_400_000;
    for id in &ids {
        occur(&stage, "contacts", *id, "e_visited_page", old);
        occur(&stage, "contacts", *id, "e_visited_page", new);
    }
    stage.simulator.advance(HOUR);
    let position = "2026-09-10T00:00:00.000000Z";
    let partition = |event_type: &str| {
        json!({ "partition": { "event_type": event_type, "parent_id": ids[0].to_string(),
            "parent_slice": {} }, "cursor": { "occurredAt": position } })
    };
    let by_record: serde_json::Map<String, Value> = ids
        .iter()
        .map(|id| (id.to_string(), json!({ "occurredAt": "2026-09-10T00:00:00.000Z" })))
        .collect();
    let states = [partition("e_visited_page"), partition("e_submitted_form")];
    for (case, saved, expected) in [
        (
            "global",
            json!({ "use_global_cursor": true, "state": { "occurredAt": position }, "lookback_window": 0 }),
            ids.len(),
        ),
        (
            "by record and type",
            json!({ "use_global_cursor": false, "states": states, "state": { "occurredAt": position } }),
            ids.len(),
        ),
        (
            "by record and type, unfinished",
            json!({ "use_global_cursor": false, "states": states }),
            2 * ids.len() - 1,
        ),
        ("flat", json!({ "occurredAt": position }), ids.len()),
        ("of 5.7", Value::Object(by_record), ids.len()),
        ("nothing read yet", json!({ "occurredAt": "" }), 2 * ids.len()),
    ] {
        let saved = state_of("contacts_web_analytics", &saved);
        let output = read(&stage, "contacts_web_analytics", &saved);
        assert_eq!(output.records("contacts_web_analytics").len(), expected, "{case}");
        let saved = output.last_state("contacts_web_analytics");
        assert_eq!(saved["use_global_cursor"], json!(true), "{case}: {saved}");
    }
}

#[test]
fn q40_custom_objects_and_custom_events_have_streams() {
    let stage = eventless(30);
    let at_ms = START_MS - 86_400_000;
    let car = stage.simulator.portal(|portal| portal.ids("Car").next()).expect("a car");
    occur(&stage, "Car", car, "e_visited_page", at_ms);
    let ids = contacts(&stage);
    let event = stage.simulator.portal(hubspot_simulator::Portal::portal_id);
    let event = format!("pe{event}_demo_booked");
    for id in ids.iter().take(9) {
        occur(&stage, "contacts", *id, &event, at_ms);
        occur(&stage, "contacts", *id, "e_visited_page", at_ms);
    }
    let catalog =
        stage.catalog(Mode::Incremental).only(&["car_web_analytics", "custom_event_demo_booked"]);
    let output = stage.read(&catalog).succeeded();
    let visits = output.records("car_web_analytics");
    assert_eq!(visits.len(), 1);
    assert_eq!(visits[0]["objectId"], car.to_string());
    let booked = output.records("custom_event_demo_booked");
    assert_eq!(booked.len(), 9);
    for record in &booked {
        assert_eq!(record["eventType"], event);
        assert_eq!(record["properties_amount"], json!(7.5), "{record}");
        assert_eq!(record["properties"]["plan"], "gold", "{record}");
    }
    let second = stage.read_on(&catalog, &output.state()).succeeded();
    assert!(second.records("custom_event_demo_booked").len() <= 9);
}

#[test]
fn one_parent_that_is_refused_keeps_its_position_and_costs_no_other() {
    let forms = |stage: &Stage| {
        stage.simulator.portal(|portal| {
            let forms = portal.form_ids(false).into_iter();
            let readable = forms.filter(|(_, kind)| *kind != "blog_comment");
            readable.map(|(form, _)| (portal.submission_times(&form).len(), form)).max()
        })
    };
    let catalog = Catalog::of(&["form_submissions"], Mode::Incremental);
    let of = |output: &Output, form: &str| {
        output.records("form_submissions").iter().filter(|record| record["formId"] == form).count()
    };
    for kind in [
        Kind::Refused { code: 400, category: "VALIDATION_ERROR".into(), message: "no".into() },
        Kind::Refused { code: 403, category: "FORBIDDEN".into(), message: "no".into() },
        Kind::Gone { code: 404 },
    ] {
        let stage = Stage::calm(PortalSpec { properties: 0, ..PortalSpec::default() });
        let (submissions, form) = forms(&stage).expect("a form");
        let all = stage.read(&catalog).succeeded().records("form_submissions").len();
        let path = format!("/form-integrations/v1/submissions/forms/{form}");
        stage.simulator.plant(vec![Fault::new(Which::path(&path), kind.clone())]);
        let output = stage.read(&catalog).succeeded();
        assert_eq!(output.records("form_submissions").len(), all - submissions, "{kind:?}");
        let warnings = output.warnings();
        assert!(warnings.iter().any(|text| text.contains(&form)), "{kind:?}: {warnings:?}");
        stage.simulator.clear_faults();
        let next = stage.read_on(&catalog, &output.state()).succeeded();
        assert_eq!(of(&next, &form), submissions, "{kind:?}: it is read from its own position");
    }
}
