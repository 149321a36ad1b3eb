//! Tests of the Engagements v1 API.

use std::collections::BTreeSet;

use hubspot_simulator::{Portal, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, call, get, portal};

const PATH: &str = "/engagements/v1/engagements";

fn busy(per_type: u64) -> Portal {
    let others = ["calls", "emails", "meetings", "notes", "tasks"];
    let others = others.into_iter().map(|name| (name.to_owned(), per_type)).collect();
    let settings = Settings { index_lag_ms: (0, 0), ..Settings::default() };
    portal(PortalSpec { others, ..PortalSpec::default() }, settings)
}

fn at(portal: &Portal, url: &str, now_ms: i64) -> (u16, Value) {
    call(portal, http::Method::GET, url, &Value::Null, now_ms)
}

fn engagement_ids(page: &Value) -> Vec<u64> {
    let results = page.get("results").and_then(Value::as_array).expect("results");
    let id = |found: &Value| found.pointer("/engagement/id").and_then(Value::as_u64);
    results.iter().map(|found| id(found).expect("an id")).collect()
}

/// Follows a list until `hasMore` is false; `token` names the field with the next offset.
fn scan(portal: &Portal, url: &str, token: &str, now_ms: i64) -> Vec<u64> {
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let (status, page) = at(portal, &format!("{url}{next}"), now_ms);
        assert_eq!(status, 200, "{page}");
        found.extend(engagement_ids(&page));
        if page.get("hasMore") == Some(&Value::Bool(false)) {
            return found;
        }
        let value = page.get(token).expect("a token");
        next = match value.as_str() {
            Some(text) => format!("&{token}={text}"),
            None => format!("&{token}={value}"),
        };
    }
}

#[test]
fn every_list_shows_the_records_of_all_five_types() {
    let mut portal = busy(130);
    let call_id = portal.ids("calls").nth(4).expect("a call");
    apply(
        &mut portal,
        json!({"kind": "archive", "object": "calls", "records": {"id": call_id}}),
        START_MS,
    );
    let truth = portal.engagement_ids();
    assert_eq!(truth.len(), 5 * 130 - 1);
    assert_eq!(scan(&portal, &format!("{PATH}/paged?limit=250"), "offset", START_MS), truth);
    let after = format!("{PATH}/modified/after?limit=90");
    assert_eq!(scan(&portal, &after, "after", START_MS), truth);
    assert_eq!(get(&portal, &format!("{PATH}/{call_id}")).0, 404);
    assert_eq!(get(&portal, &format!("{PATH}/{}", truth[7])).1["engagement"]["id"], truth[7]);
}

#[test]
fn recent_ones_come_newest_first_within_their_horizon() {
    let mut portal = busy(400);
    let month_ago = START_MS - 30 * 86_400_000;
    let now_ms = START_MS + 60_000;
    let note = portal.ids("notes").nth(9).expect("a note");
    apply(
        &mut portal,
        json!({"kind": "modify", "object": "notes", "records": {"id": note}}),
        START_MS + 5,
    );
    let modified = |id: u64| {
        let types = ["calls", "emails", "meetings", "notes", "tasks"];
        types.iter().find_map(|object| portal.modified_ms(object, id)).expect("a record")
    };
    let expected: BTreeSet<u64> = portal
        .engagement_ids()
        .into_iter()
        .filter(|id| modified(*id) >= month_ago + 60_000)
        .collect();
    let url = format!("{PATH}/recent/modified?count=250");
    let (_, page) = at(&portal, &url, now_ms);
    assert_eq!(engagement_ids(&page)[0], note);
    assert_eq!(page["total"], expected.len());
    let found = scan(&portal, &format!("{PATH}/recent/modified?count=7"), "offset", now_ms);
    assert!(found.is_sorted_by(|one, other| modified(*one) >= modified(*other)));
    assert_eq!(found.len(), expected.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<u64>>(), expected);
    let since = format!("{PATH}/recent/modified?since={START_MS}");
    assert_eq!(engagement_ids(&at(&portal, &since, now_ms).1), [note]);
}

#[test]
fn more_than_ten_thousand_recent_ones_are_counted_and_not_shown() {
    let mut portal = busy(2_100);
    for object in ["calls", "emails", "meetings", "notes", "tasks"] {
        apply(&mut portal, json!({"kind": "bulk_touch", "object": object}), START_MS);
    }
    let url = format!("{PATH}/recent/modified?count=100");
    let (_, page) = at(&portal, &format!("{url}&offset=9950"), START_MS + 1);
    assert_eq!((page["results"].as_array().unwrap().len(), &page["hasMore"]), (50, &json!(false)));
    assert_eq!(page["total"], 10_500);
    let (_, page) = at(&portal, &format!("{url}&offset=10000"), START_MS + 1);
    assert_eq!(page["results"], json!([]));
}

#[test]
fn what_is_shown_agrees_with_the_record_behind_it() {
    let portal = busy(60);
    let (_, page) = get(&portal, &format!("{PATH}/paged?limit=250"));
    let mut kinds = BTreeSet::new();
    for found in page["results"].as_array().expect("results") {
        let shown = &found["engagement"];
        let id = shown["id"].as_u64().expect("an id");
        kinds.insert(shown["type"].as_str().expect("a type").to_owned());
        let object = match shown["type"].as_str() {
            Some("CALL") => "calls",
            Some("MEETING") => "meetings",
            Some("NOTE") => "notes",
            Some("TASK") => "tasks",
            _ => "emails",
        };
        assert_eq!(Some(shown["lastUpdated"].as_i64().unwrap()), portal.modified_ms(object, id));
        let contacts = json!(portal.associations(object, id, "contacts"));
        assert_eq!(found["associations"]["contactIds"], contacts);
        let subject = portal.value("tasks", id, "hs_task_subject");
        if object == "tasks" {
            assert_eq!(found["metadata"]["subject"].as_str(), subject.as_deref());
        }
        if let Some(url) = portal.value("calls", id, "hs_call_recording_url") {
            assert_eq!(found["metadata"]["recordingUrl"], url);
        }
    }
    for kind in ["CALL", "EMAIL", "INCOMING_EMAIL", "MEETING", "NOTE", "TASK"] {
        assert!(kinds.contains(kind), "{kind} of {kinds:?}");
    }
}

#[test]
fn sizes_and_tokens_out_of_range_are_refused() {
    let portal = busy(3);
    for (url, expected) in [
        ("paged?limit=250", 200),
        ("paged?limit=251", 400),
        ("paged?limit=0", 400),
        ("paged?offset=x", 400),
        ("recent/modified?count=250", 200),
        ("recent/modified?count=x", 400),
        ("modified/after?after=1700000000000&limit=1000", 200),
        ("modified/after?limit=1001", 400),
        ("modified/after?after=%", 400),
        ("x", 404),
    ] {
        assert_eq!(get(&portal, &format!("{PATH}/{url}")).0, expected, "{url}");
    }
}
