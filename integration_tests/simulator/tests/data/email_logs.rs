//! Tests of the legacy e-mail endpoints: campaigns, events, subscriptions.

use std::collections::BTreeSet;

use http::Method;
use hubspot_simulator::{Portal, routes};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, call, get, small};

const EVENTS: &str = "/email/public/v1/events?limit=30";
const TIMELINE: &str = "/email/public/v1/subscriptions/timeline?limit=20";
const HOUR_MS: i64 = 3_600_000;

fn at(portal: &Portal, url: &str, now_ms: i64) -> (u16, Value) {
    call(portal, Method::GET, url, &Value::Null, now_ms)
}

/// Follows `offset` until `hasMore` is false.
fn scan(portal: &Portal, url: &str, key: &str, now_ms: i64) -> Vec<Value> {
    let mut found = Vec::new();
    let mut offset = String::new();
    loop {
        let (status, page) = at(portal, &format!("{url}{offset}"), now_ms);
        assert_eq!(status, 200, "{page}");
        let shown = page.get(key).and_then(Value::as_array).expect("an array");
        found.extend(shown.iter().cloned());
        let token = page.get("offset").and_then(Value::as_str);
        let token = token.expect("the last page has an offset as well");
        if page.get("hasMore") == Some(&Value::Bool(false)) {
            return found;
        }
        offset = format!("&offset={token}");
    }
}

fn ids(events: &[Value]) -> BTreeSet<String> {
    let id = |event: &Value| event.get("id")?.as_str().map(str::to_owned);
    events.iter().map(|event| id(event).expect("an id")).collect()
}

#[test]
fn events_come_newest_first_and_windows_hold_both_ends() {
    let portal = small();
    let all = scan(&portal, EVENTS, "events", START_MS);
    let times: Vec<i64> = all.iter().map(|event| event["created"].as_i64().expect("ms")).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert_eq!(ids(&all), portal.email_event_ids(START_MS));
    let (newest, oldest) = (times[50], times[150]);
    let window = format!("{EVENTS}&startTimestamp={oldest}&endTimestamp={newest}");
    let inside = scan(&portal, &window, "events", START_MS);
    let expected = times.iter().filter(|time| (oldest..=newest).contains(time)).count();
    assert_eq!(inside.len(), expected);
    assert_eq!(inside[0]["created"], newest);
    let kinds: BTreeSet<&str> = all.iter().filter_map(|event| event["type"].as_str()).collect();
    assert!(kinds.len() > 10, "{kinds:?}");
}

#[test]
fn events_are_filtered() {
    let portal = small();
    let all = scan(&portal, EVENTS, "events", START_MS);
    let one = &all[40];
    for (parameter, key) in [
        ("eventType", "type"),
        ("recipient", "recipient"),
        ("campaignId", "emailCampaignId"),
        ("appId", "appId"),
    ] {
        let value = one[key].as_str().map_or_else(|| one[key].to_string(), str::to_owned);
        let found = scan(&portal, &format!("{EVENTS}&{parameter}={value}"), "events", START_MS);
        let expected: Vec<Value> =
            all.iter().filter(|event| event[key] == one[key]).cloned().collect();
        assert_eq!(found, expected, "{parameter}");
    }
    for query in ["limit=1001", "limit=0", "startTimestamp=x", "eventType=X", "offset=x"] {
        let (status, _) = get(&portal, &format!("/email/public/v1/events?{query}"));
        assert_eq!(status, 400, "{query}");
    }
}

#[test]
fn late_events_appear_behind_the_newest() {
    let mut portal = small();
    let campaign = portal.email_campaign_ids()[3];
    let change = json!({ "kind": "email_events", "count": 3, "at_ms": START_MS - HOUR_MS,
        "delay_ms": 600_000, "event_type": "CLICK", "campaign": campaign });
    apply(&mut portal, change, START_MS);
    let visible = |later: i64| scan(&portal, EVENTS, "events", START_MS + later);
    let (before, after) = (visible(599_999), visible(600_000));
    let new: Vec<&Value> = after.iter().filter(|event| !before.contains(event)).collect();
    let mine: Vec<_> = new.iter().filter(|event| event["created"] == START_MS - HOUR_MS).collect();
    assert_eq!(mine.len(), 3);
    assert_eq!(
        (&mine[0]["type"], &mine[0]["emailCampaignId"]),
        (&json!("CLICK"), &json!(campaign))
    );
    assert!(visible(2 * HOUR_MS).len() >= after.len());
    assert_eq!(portal.email_event_ids(i64::MAX).len(), 403);
}

#[test]
fn email_campaigns_are_listed_by_activity_and_detailed_one_by_one() {
    let mut portal = small();
    let url = "/email/public/v1/campaigns?limit=9";
    let listed = |portal: &Portal| scan(portal, url, "campaigns", START_MS);
    let all = listed(&portal);
    assert!(
        all.is_sorted_by(|a, b| a["lastUpdatedTime"].as_i64() >= b["lastUpdatedTime"].as_i64())
    );
    let found: BTreeSet<u64> = all.iter().filter_map(|one| one["id"].as_u64()).collect();
    assert_eq!(found, portal.email_campaign_ids().into_iter().collect());
    let by_id = scan(&portal, "/email/public/v1/campaigns/by-id?limit=9", "campaigns", START_MS);
    assert_eq!(by_id.len(), all.len());
    assert_ne!(by_id, all);
    let last = all.last().expect("one")["id"].as_u64().expect("a number");
    apply(&mut portal, json!({ "kind": "email_events", "campaign": last }), START_MS + 1);
    assert_eq!(listed(&portal)[0]["id"], last);
    let (status, detail) = get(&portal, &format!("/email/public/v1/campaigns/{last}"));
    assert_eq!((status, detail.get("lastUpdatedTime")), (200, None));
    assert!(detail["counters"]["open"].is_u64());
    assert_eq!(get(&portal, "/email/public/v1/campaigns/1").0, 404);
    assert_eq!(get(&portal, "/email/public/v1/campaigns?limit=501").0, 400);
}

#[test]
fn the_timeline_pages_by_tokens_that_grow_old() {
    let mut portal = small();
    let change = json!({ "kind": "change_subscriptions", "recipient": "a@example.test",
        "change": "UNSUBSCRIBED" });
    apply(&mut portal, change, START_MS + 5);
    let all = scan(&portal, TIMELINE, "timeline", START_MS + 5);
    let times: Vec<i64> = all.iter().filter_map(|entry| entry["timestamp"].as_i64()).collect();
    assert_eq!(times, portal.subscription_change_times());
    assert_eq!(all[0]["changes"][0]["change"], "UNSUBSCRIBED");
    let one =
        scan(&portal, &format!("{TIMELINE}&recipient=a@example.test"), "timeline", START_MS + 5);
    assert_eq!(one.len(), 1);
    let (_, page) = at(&portal, TIMELINE, START_MS);
    let next = format!("{TIMELINE}&offset={}", page["offset"].as_str().expect("text"));
    for (later, expected) in [(600_000, 200), (600_001, 400)] {
        assert_eq!(at(&portal, &next, START_MS + later).0, expected, "{later}");
    }
}

#[test]
fn subscription_types_have_four_forms() {
    let portal = small();
    let expected = portal.subscription_ids();
    for (url, key) in [
        ("/email/public/v1/subscriptions", "subscriptionDefinitions"),
        ("/communication-preferences/v3/definitions", "subscriptionDefinitions"),
        ("/communication-preferences/v4/definitions", "results"),
        ("/communication-preferences/2026-09/definitions?includeTranslations=true", "results"),
    ] {
        let (_, body) = get(&portal, url);
        let types = body[key].as_array().expect("an array");
        let ids =
            types.iter().map(|one| one["id"].as_u64().or_else(|| one["id"].as_str()?.parse().ok()));
        assert_eq!(ids.collect::<Option<Vec<u64>>>().as_ref(), Some(&expected), "{url}");
        assert_eq!(types[0].get("subscriptionTranslations").is_some(), url.contains("Trans"));
    }
}

#[test]
fn retired_endpoints_are_named_in_the_journal() {
    for (path, name) in [
        ("/marketing-emails/v1/emails/with-statistics", "retired.marketing_emails_v1"),
        ("/contacts/v1/lists", "retired.lists_v1"),
        ("/contacts/v1/lists/7", "retired.lists_v1"),
    ] {
        let found = routes::find(&Method::GET, path);
        assert_eq!(found.map(|(route, _)| route.name), Some(name), "{path}");
    }
}

#[test]
fn every_type_with_pipelines_has_them() {
    let portal = small();
    for (object, expected) in [
        ("deals", 2),
        ("tickets", 1),
        ("tasks", 1),
        ("leads", 1),
        ("orders", 1),
        ("services", 1),
        ("appointments", 1),
        ("2-31337", 1),
        ("contacts", 0),
    ] {
        let (_, body) = get(&portal, &format!("/crm/v3/pipelines/{object}"));
        let pipelines = body["results"].as_array().expect("an array");
        assert_eq!(pipelines.len(), expected, "{object}");
        for pipeline in pipelines {
            assert!(pipeline["stages"][0]["metadata"]["isClosed"].is_string(), "{object}");
            let id = pipeline["id"].as_str().expect("text");
            let (status, audit) = get(&portal, &format!("/crm/v3/pipelines/{object}/{id}/audit"));
            assert_eq!((status, audit["results"].as_array().map(Vec::len)), (200, Some(2)));
        }
    }
}
