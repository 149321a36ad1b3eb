//! Tests of the CRM search.

use std::collections::BTreeSet;

use http::Method;
use hubspot_simulator::{PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, call, get, ids, portal, post, small};

#[test]
fn keyset_search_in_a_window_finds_what_was_modified_in_it() {
    let mut portal = small();
    apply(
        &mut portal,
        json!({"kind": "bulk_touch", "object": "deals", "at_ms": START_MS - 9}),
        START_MS - 5,
    );
    apply(
        &mut portal,
        json!({"kind": "modify", "object": "deals", "records": {"sample": {"seed": 5, "share": 0.4}}}),
        START_MS - 2,
    );
    let mut expected = BTreeSet::new();
    for id in portal.ids("deals") {
        if portal.modified_ms("deals", id) == Some(START_MS - 9) {
            expected.insert(id);
        }
    }
    let mut found = BTreeSet::new();
    let mut above = 0;
    loop {
        let body = json!({
            "filterGroups": [{"filters": [
                {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": (START_MS - 9).to_string()},
                {"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": START_MS - 8},
                {"propertyName": "hs_object_id", "operator": "GT", "value": above.to_string()},
            ]}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": 50,
        });
        let (status, page) = post(&portal, "/crm/v3/objects/deals/search", &body);
        assert_eq!(status, 200, "{page}");
        assert_eq!(page["total"], expected.len() - found.len());
        let page = ids(&page);
        let Some(last) = page.last() else { break };
        assert!(page.is_sorted() && page[0] > above);
        above = *last;
        found.extend(page);
    }
    assert_eq!(found, expected);
    assert!(found.len() > 200 && found.len() < 400);
}

#[test]
fn a_search_ends_at_ten_thousand() {
    let spec = PortalSpec { deals: 12_000, ..PortalSpec::default() };
    let portal = portal(spec, Settings::default());
    for (case, after, limit, expected) in [
        ("the last page", json!("9800"), 200, (200, json!("10000"))),
        ("one record", json!(9_999), 1, (200, json!("10000"))),
        ("past the end", json!("10000"), 1, (400, Value::Null)),
        ("across the end", json!("9900"), 200, (400, Value::Null)),
        ("no offset", json!("x"), 1, (400, Value::Null)),
    ] {
        let body = json!({"after": after, "limit": limit});
        let (status, page) = post(&portal, "/crm/v3/objects/deals/search", &body);
        let next = page["paging"]["next"]["after"].clone();
        assert_eq!((status, next), expected, "{case}");
        if status == 200 {
            assert_eq!(page["total"], 12_000, "{case}");
        } else {
            assert!(page.get("category").is_none(), "{case}");
        }
    }
}

#[test]
fn searches_are_checked() {
    let portal = small();
    let id = |operator: &str| json!({"propertyName": "hs_object_id", "operator": operator, "value": "5"});
    let filters = |count: usize| json!({"filters": vec![id("GT"); count]});
    let long = "x".repeat(3_001);
    for (case, body, expected) in [
        ("six filters", json!({"filterGroups": [filters(6)]}), 200),
        ("seven filters", json!({"filterGroups": [filters(7)]}), 400),
        ("six groups", json!({"filterGroups": vec![filters(1); 6]}), 400),
        ("nineteen filters", json!({"filterGroups": vec![filters(5); 4]}), 400),
        ("top-level filters", json!({"filters": [id("GTE")]}), 200),
        ("unknown operator", json!({"filters": [id("NEAR")]}), 400),
        (
            "unknown property",
            json!({"filters": [{"propertyName": "nope", "operator": "HAS_PROPERTY"}]}),
            400,
        ),
        ("no value", json!({"filters": [{"propertyName": "hs_object_id", "operator": "GT"}]}), 400),
        ("unknown key", json!({"filter": []}), 400),
        ("two sorts", json!({"sorts": ["email", "city"]}), 400),
        ("a sort by name", json!({"sorts": ["-createdate"]}), 200),
        ("over the limit", json!({"limit": 201}), 400),
        ("a long query", json!({"query": long}), 400),
        ("many properties", json!({"properties": vec!["custom_text_with_a_name"; 500]}), 200),
    ] {
        let (status, body) = post(&portal, "/crm/v3/objects/contacts/search", &body);
        assert_eq!(status, expected, "{case}: {body}");
    }
}

#[test]
fn contacts_have_no_match_under_the_other_types_modified_date() {
    let portal = small();
    for (object, property, expected) in [
        ("contacts", "hs_lastmodifieddate", (200, Some(0))),
        ("contacts", "lastmodifieddate", (200, Some(1_000))),
        ("deals", "hs_lastmodifieddate", (200, Some(500))),
        ("deals", "lastmodifieddate", (400, None)),
    ] {
        let body = json!({"filters": [{"propertyName": property, "operator": "GT", "value": "0"}]});
        let (status, page) = post(&portal, &format!("/crm/v3/objects/{object}/search"), &body);
        assert_eq!((status, page["total"].as_u64()), expected, "{object} by {property}");
    }
}

#[test]
fn the_other_operators_test_each_record() {
    let mut portal = small();
    let chosen: Vec<u64> = portal.ids("deals").take(3).collect();
    for (id, name) in chosen.iter().zip([json!("Big Boat"), json!("small boat"), Value::Null]) {
        apply(
            &mut portal,
            json!({"kind": "modify", "object": "deals", "records": {"id": id},
                   "properties": {"dealname": name, "amount": id.to_string()}}),
            START_MS,
        );
    }
    let among: Vec<String> = chosen.iter().map(u64::to_string).collect();
    let only = json!({"propertyName": "hs_object_id", "operator": "IN", "values": among});
    for (case, filter, expected) in [
        ("equal", json!({"propertyName": "dealname", "operator": "EQ", "value": "big boat"}), 1),
        (
            "not equal",
            json!({"propertyName": "dealname", "operator": "NEQ", "value": "big boat"}),
            2,
        ),
        (
            "token",
            json!({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "boat"}),
            2,
        ),
        (
            "part",
            json!({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "*oa*"}),
            2,
        ),
        ("known", json!({"propertyName": "dealname", "operator": "HAS_PROPERTY"}), 2),
        ("unknown", json!({"propertyName": "dealname", "operator": "NOT_HAS_PROPERTY"}), 1),
        ("number", json!({"propertyName": "amount", "operator": "GT", "value": chosen[0]}), 2),
        (
            "range",
            json!({"propertyName": "amount", "operator": "BETWEEN", "value": 0, "highValue": chosen[1]}),
            2,
        ),
        (
            "id range",
            json!({"propertyName": "hs_object_id", "operator": "LTE", "value": chosen[1]}),
            2,
        ),
    ] {
        let body = json!({"filterGroups": [{"filters": [only, filter]}]});
        let (status, page) = post(&portal, "/crm/v3/objects/deals/search", &body);
        assert_eq!((status, page["total"].as_u64()), (200, Some(expected)), "{case}");
    }
}

#[test]
fn search_learns_of_a_change_later_and_then_shows_the_record_as_it_is() {
    let settings = Settings { index_lag_ms: (1_000, 20_000), ..Settings::default() };
    let mut portal = portal(PortalSpec::default(), settings);
    let id = portal.ids("companies").next().expect("a record");
    let old_ms = portal.modified_ms("companies", id).expect("a date");
    apply(
        &mut portal,
        json!({"kind": "modify", "object": "companies", "records": {"id": id}, "properties": {"name": "new"}}),
        START_MS,
    );
    let modified = |value: i64| {
        json!({"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "EQ", "value": value},
                           {"propertyName": "hs_object_id", "operator": "EQ", "value": id}]})
    };
    for (case, now_ms, window_ms, expected) in [
        ("old window, at once", START_MS + 999, old_ms, 1),
        ("new window, at once", START_MS + 999, START_MS, 0),
        ("old window, later", START_MS + 20_000, old_ms, 0),
        ("new window, later", START_MS + 20_000, START_MS, 1),
    ] {
        let path = "/crm/v3/objects/companies/search";
        let (_, page) = call(&portal, Method::POST, path, &modified(window_ms), now_ms);
        assert_eq!(page["total"], expected, "{case}");
        if expected == 1 {
            assert_eq!(page["results"][0]["properties"]["name"], "new", "{case}");
        }
    }
    let (_, record) = get(&portal, &format!("/crm/v3/objects/companies/{id}?properties=name"));
    assert_eq!(record["properties"]["name"], "new");
}
