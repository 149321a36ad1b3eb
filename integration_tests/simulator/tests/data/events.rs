//! Tests of event occurrences and their definitions.

use std::collections::BTreeSet;

use hubspot_simulator::settings::{EventBounds, EventsWithoutObject};
use hubspot_simulator::{AccountSpec, Portal, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, call, get, portal};

const PATHS: [&str; 3] =
    ["/events/v3/events", "/events/event-occurrences/2026-03", "/events/event-occurrences/2026-09"];

fn settings() -> Settings {
    Settings { event_lag_ms: (0, 0), ..Settings::default() }
}

fn wide() -> Portal {
    let events_without_object = EventsWithoutObject::AccountWide;
    portal(PortalSpec::default(), Settings { events_without_object, ..settings() })
}

/// Collects the events of all pages of a query.
fn scan(portal: &Portal, url: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let (status, page) = get(portal, &format!("{url}{after}"));
        assert_eq!(status, 200, "{page}");
        let results = page.get("results").and_then(Value::as_array);
        found.extend(results.expect("results").iter().cloned());
        match page.pointer("/paging/next/after").and_then(Value::as_str) {
            Some(token) => after = format!("&after={token}"),
            None => return found,
        }
    }
}

fn uuids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_records_events_are_all_found_in_either_order() {
    let portal = portal(PortalSpec::default(), settings());
    let id = portal.ids("contacts").next().expect("a contact");
    let mut truth = portal.event_ids("contacts", id, START_MS);
    assert!(truth.len() > 40, "{}", truth.len());
    for path in PATHS {
        for name in ["contact", "contacts", "0-1"] {
            let url = format!("{path}?objectType={name}&objectId={id}&limit=7&sort=occurredAt");
            assert_eq!(uuids(&scan(&portal, &url)), truth, "{url}");
        }
    }
    truth.reverse();
    let url = format!("{}?objectType=contact&objectId={id}", PATHS[0]);
    assert_eq!(uuids(&scan(&portal, &url)), truth);
    let by_email = format!(
        "{}?objectType=contact&objectProperty.email=person.{id}@example.test&limit=100",
        PATHS[0]
    );
    assert_eq!(uuids(&scan(&portal, &by_email)), truth);
}

#[test]
fn filters_split_the_events_without_loss() {
    let portal = portal(PortalSpec::default(), settings());
    let id = portal.ids("contacts").next().expect("a contact");
    let base = format!("{}?objectType=contact&objectId={id}&sort=occurredAt", PATHS[1]);
    let all = scan(&portal, &base);
    let (_, types) = get(&portal, &format!("{}/event-types", PATHS[1]));
    let types = types["eventTypes"].as_array().expect("types").clone();
    assert!(
        types.contains(&json!("pe4455_demo_booked")) && types.contains(&json!("e_visited_page"))
    );
    let mut split = Vec::new();
    for kind in &types {
        split.extend(scan(&portal, &format!("{base}&eventType={}", kind.as_str().unwrap())));
    }
    assert_eq!(
        uuids(&split).into_iter().collect::<BTreeSet<String>>(),
        uuids(&all).into_iter().collect()
    );
    let middle = all[all.len() / 2]["occurredAt"].as_str().expect("an instant");
    let upper = scan(&portal, &format!("{base}&occurredAfter={middle}"));
    let lower = scan(&portal, &format!("{base}&occurredBefore={middle}"));
    assert!(upper[0]["occurredAt"] == middle && lower.last().unwrap()["occurredAt"] == middle);
    let tied = all.iter().filter(|event| event["occurredAt"] == middle).count();
    assert_eq!(upper.len() + lower.len(), all.len() + tied);
    let strict = self::portal(
        PortalSpec::default(),
        Settings { event_bounds: EventBounds::Exclusive, ..settings() },
    );
    let above = scan(&strict, &format!("{base}&occurredAfter={middle}"));
    assert_eq!(above.len(), upper.len() - tied);
}

#[test]
fn the_whole_account_is_answered_for_only_if_the_settings_say_so() {
    let strict = portal(PortalSpec::default(), settings());
    for url in ["", "?eventType=e_visited_page", "?objectType=contact", "?objectId=5"] {
        assert_eq!(get(&strict, &format!("{}{url}", PATHS[0])).0, 400, "{url}");
    }
    let wide = wide();
    let mut truth = wide.all_event_ids(START_MS);
    assert!(truth.len() > 850, "{}", truth.len());
    assert_eq!(uuids(&scan(&wide, &format!("{}?limit=90", PATHS[0]))), truth);
    truth.reverse();
    let ascending = format!("{}?limit=90&sort=occurredAt", PATHS[0]);
    assert_eq!(uuids(&scan(&wide, &ascending)), truth);
    let deals = scan(&wide, &format!("{}?objectType=deals&limit=100", PATHS[0]));
    assert!(!deals.is_empty() && deals.iter().all(|event| event["objectType"] == "DEAL"));
}

#[test]
fn events_may_arrive_late_and_die_with_their_record() {
    let mut portal = wide();
    let id = portal.ids("tickets").nth(2).expect("a ticket");
    let before = portal.event_ids("tickets", id, START_MS).len();
    let old_ms = START_MS - 86_400_000 * 3;
    apply(
        &mut portal,
        json!({"kind": "occur", "object": "tickets", "id": id, "event_type": "pe4455_trial_started",
               "at_ms": old_ms, "delay_ms": 60_000, "properties": {"plan": "gold"}}),
        START_MS,
    );
    let url =
        format!("{}?objectType=ticket&objectId={id}&eventType=pe4455_trial_started", PATHS[2]);
    let at =
        |portal: &Portal, now_ms| call(portal, http::Method::GET, &url, &Value::Null, now_ms).1;
    assert_eq!(portal.event_ids("tickets", id, START_MS + 59_999).len(), before);
    let shown = at(&portal, START_MS + 60_000);
    let added = shown["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["properties"] == json!({"plan": "gold"}));
    assert!(added.is_some_and(|event| event["objectId"] == json!(id.to_string())), "{shown}");
    let all = portal.all_event_ids(START_MS + 60_000).len();
    apply(
        &mut portal,
        json!({"kind": "purge", "object": "tickets", "records": {"id": id}}),
        START_MS + 60_000,
    );
    assert_eq!(at(&portal, START_MS + 60_000)["results"], json!([]));
    assert_eq!(portal.all_event_ids(START_MS + 60_000).len(), all - before - 1);
}

#[test]
fn odd_queries_are_refused() {
    let portal = portal(PortalSpec::default(), settings());
    let id = portal.ids("contacts").next().expect("a contact");
    let base = format!("{}?objectType=contact&objectId={id}", PATHS[0]);
    for (more, expected) in [
        ("&limit=100", 200),
        ("&limit=101", 400),
        ("&sort=id", 400),
        ("&occurredAfter=1790000000000", 400),
        ("&occurredAfter=2026-01-01T00:00:00.000000Z", 200),
        ("&after=MTAw", 400),
    ] {
        assert_eq!(get(&portal, &format!("{base}{more}")).0, expected, "{more}");
    }
    for (query, expected) in [
        ("objectType=widgets&objectId=1", 400),
        ("objectType=contact&objectId=x", 400),
        ("objectType=contact&objectId=1", 200),
    ] {
        assert_eq!(get(&portal, &format!("{}?{query}", PATHS[0])).0, expected, "{query}");
    }
}

#[test]
fn definitions_are_paged_and_leave_out_archived_ones() {
    let account = AccountSpec { event_definitions: 23, ..AccountSpec::default() };
    let portal = portal(PortalSpec { account, ..PortalSpec::default() }, settings());
    for path in [
        "/events/v3/event-definitions",
        "/events/2026-03/event-definitions",
        "/events/custom/2026-09/event-definitions",
    ] {
        let found = scan(&portal, &format!("{path}?limit=4"));
        assert_eq!(found.len(), 19, "{path}");
        assert!(found.iter().all(|definition| definition["properties"] == json!([])));
        let name = found[3]["fullyQualifiedName"].as_str().expect("a name");
        let (status, one) = get(&portal, &format!("{path}/{name}"));
        assert_eq!((status, &one["name"]), (200, &found[3]["name"]));
        assert_eq!(get(&portal, &format!("{path}/nothing")).0, 404);
        let (_, page) = get(&portal, &format!("{path}?searchString=demo&includeProperties=true"));
        assert_eq!(page["total"], 1);
        assert!(!page["results"][0]["properties"].as_array().unwrap().is_empty());
    }
}
