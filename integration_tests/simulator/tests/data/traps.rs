//! Tests of API behavior that makes naive clients lose or repeat records.

use hubspot_simulator::{AccountSpec, Portal, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, call, get, ids, portal, post, scan, small};

const DAY_MS: i64 = 86_400_000;

#[test]
fn restless_properties_move_at_every_read_and_nothing_else_does() {
    let account = AccountSpec { restless_properties: 2, ..AccountSpec::default() };
    let portal = portal(PortalSpec { account, ..PortalSpec::default() }, Settings::default());
    let url = "/crm/v3/objects/deals?limit=5&properties=hs_time_in_stage_0,dealname\
               &propertiesWithHistory=hs_time_in_stage_0";
    let read = |now_ms| call(&portal, http::Method::GET, url, &Value::Null, now_ms).1;
    let (one, other) = (read(START_MS), read(START_MS + 3));
    for place in 0..5 {
        let (one, other) = (&one["results"][place], &other["results"][place]);
        let name = "hs_time_in_stage_0";
        assert_ne!(one["properties"][name], other["properties"][name]);
        assert_ne!(one["propertiesWithHistory"][name], other["propertiesWithHistory"][name]);
        assert_eq!(one["properties"]["dealname"], other["properties"]["dealname"]);
        assert_eq!(one["updatedAt"], other["updatedAt"]);
        assert_eq!(
            one["propertiesWithHistory"][name][0]["value"], one["properties"][name],
            "the newest version is near the value"
        );
    }
    let (_, definition) = get(&portal, "/crm/v3/properties/deals/hs_time_in_stage_1");
    assert_eq!(definition["calculated"], true);
    let found = post(
        &portal,
        "/crm/v3/objects/deals/search",
        &json!({"limit": 1, "properties": ["hs_time_in_stage_0"]}),
    );
    assert!(found.1["results"][0]["properties"]["hs_time_in_stage_0"].is_string());
}

#[test]
fn versions_share_instants_and_some_have_no_source_id() {
    let portal = small();
    let (mut tied, mut without, mut with) = (0, 0, 0);
    let names = "firstname,lastname,jobtitle,lifecyclestage,city";
    let url = format!("/crm/v3/objects/contacts?limit=50&propertiesWithHistory={names}");
    let (_, page) = get(&portal, &url);
    for record in page["results"].as_array().expect("records") {
        for versions in record["propertiesWithHistory"].as_object().expect("history").values() {
            let versions = versions.as_array().expect("versions");
            tied += versions
                .windows(2)
                .filter(|pair| pair[0]["timestamp"] == pair[1]["timestamp"])
                .count();
            let known = versions.iter().filter(|one| one.get("sourceId").is_some()).count();
            with += known;
            without += versions.len() - known;
        }
    }
    assert!(tied > 5 && with > 20 && without > 20, "{tied} {with} {without}");
}

#[test]
fn the_recycle_bin_forgets_after_ninety_days() {
    let spec = PortalSpec { archived_share: 0.2, ..PortalSpec::default() };
    let mut portal = portal(spec, Settings::default());
    let at = |portal: &Portal, url: &str, now_ms| {
        call(portal, http::Method::GET, url, &Value::Null, now_ms)
    };
    let url = "/crm/v3/objects/tickets?archived=true&limit=100";
    let (_, page) = at(&portal, url, START_MS);
    let dates: Vec<&str> = page["results"]
        .as_array()
        .expect("records")
        .iter()
        .map(|record| record["archivedAt"].as_str().expect("an instant"))
        .collect();
    assert_eq!(dates.len(), 49);
    let old = ids(&page);
    let left = ids(&at(&portal, url, START_MS + 45 * DAY_MS).1);
    assert!(left.len() < 40 && !left.is_empty(), "{}", left.len());
    let gone = *old.iter().find(|id| !left.contains(id)).expect("a forgotten one");
    let one = format!("/crm/v3/objects/tickets/{gone}?archived=true");
    assert_eq!(at(&portal, &one, START_MS).0, 200);
    assert_eq!(at(&portal, &one, START_MS + 45 * DAY_MS).0, 404);
    let live = portal.ids("tickets").next().expect("a ticket");
    let change = json!({"kind": "archive", "object": "tickets", "records": {"id": live}});
    apply(&mut portal, change, START_MS);
    assert!(ids(&at(&portal, url, START_MS + 90 * DAY_MS - 1).1).contains(&live));
    assert!(!ids(&at(&portal, url, START_MS + 90 * DAY_MS).1).contains(&live));
}

#[test]
fn contacts_may_be_merged_before_the_start() {
    let account = AccountSpec { merged_contacts: 30, ..AccountSpec::default() };
    let portal = portal(PortalSpec { account, ..PortalSpec::default() }, Settings::default());
    assert_eq!(portal.count("contacts"), 970);
    let url = "/crm/v3/objects/contacts?limit=1&properties=hs_merged_object_ids";
    let (_, page) = get(&portal, url);
    let winner = ids(&page)[0];
    let loser = page["results"][0]["properties"]["hs_merged_object_ids"].as_str().expect("ids");
    let (_, found) = get(&portal, &format!("/crm/v3/objects/contacts/{loser}"));
    assert_eq!(found["id"], winner.to_string());
    let inputs = json!({"inputs": [{"id": loser}], "properties": []});
    assert_eq!(post(&portal, "/crm/v3/objects/contacts/batch/read", &inputs).0, 207);
    let search = post(&portal, "/crm/v3/objects/contacts/search", &json!({}));
    assert_eq!(search.1["total"], 970);
}

#[test]
fn some_calls_and_meetings_have_recordings() {
    let others = [("calls".to_owned(), 100), ("meetings".to_owned(), 100)].into();
    let settings = Settings { index_lag_ms: (0, 0), ..Settings::default() };
    let portal = portal(PortalSpec { others, ..PortalSpec::default() }, settings);
    for (object, property) in [
        ("calls", "hs_call_recording_url"),
        ("calls", "hs_call_video_recording_url"),
        ("meetings", "hs_meeting_recording_url"),
    ] {
        let truth =
            portal.ids(object).filter(|id| portal.value(object, *id, property).is_some()).count();
        assert!((10..50).contains(&truth), "{property}: {truth}");
        let body = json!({"filterGroups": [{"filters": [
            {"propertyName": property, "operator": "HAS_PROPERTY"},
            {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": 0}]}]});
        let (_, found) = post(&portal, &format!("/crm/v3/objects/{object}/search"), &body);
        assert_eq!(found["total"], truth, "{property}");
    }
}

#[test]
fn property_names_can_fill_many_urls() {
    for (properties, property_name_chars, least) in [(190, 12, 3_000), (1_600, 40, 60_000)] {
        let spec = PortalSpec { properties, property_name_chars, ..PortalSpec::default() };
        let portal = portal(spec, Settings::default());
        let names = portal.property_names("contacts");
        let total: usize = names.iter().map(String::len).sum();
        assert!(total >= least, "{total}");
        assert_eq!(scan(&portal, "/crm/v3/objects/contacts?limit=100").len(), 1_000);
    }
}
