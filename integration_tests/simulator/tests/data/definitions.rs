//! Tests of types, property definitions, owners and the account.

use std::collections::BTreeSet;

use hubspot_simulator::{Portal, PortalSpec, Settings};
use serde_json::json;

use crate::support::{START_MS, apply, get, portal, post, scan, small};

#[test]
fn every_type_answers_under_each_of_its_names() {
    let portal = small();
    for store in portal.stores() {
        for name in [&store.object.id, &store.object.singular, &store.object.full_name] {
            for path in ["/crm/v3/objects", "/crm/v3/properties", "/crm/v3/pipelines"] {
                assert_eq!(get(&portal, &format!("{path}/{name}")).0, 200, "{path}/{name}");
            }
            let search = format!("/crm/v3/objects/{name}/search");
            assert_eq!(post(&portal, &search, &json!({})).0, 200, "{search}");
        }
    }
    for unknown in ["widgets", "0-9999", "2-1"] {
        assert_eq!(get(&portal, &format!("/crm/v3/objects/{unknown}")).0, 400, "{unknown}");
    }
}

#[test]
fn definitions_follow_what_happens_to_them() {
    let mut portal = small();
    let names = |portal: &Portal, url: &str| -> BTreeSet<String> {
        let (_, answer) = get(portal, url);
        let all = answer["results"].as_array().or(answer.as_array()).expect("definitions").clone();
        all.iter().map(|definition| definition["name"].as_str().unwrap().to_owned()).collect()
    };
    apply(
        &mut portal,
        json!({"kind": "create_property", "object": "deals", "name": "fresh"}),
        START_MS,
    );
    apply(
        &mut portal,
        json!({"kind": "archive_property", "object": "deals", "name": "amount"}),
        START_MS,
    );
    let truth: BTreeSet<String> = portal.property_names("deals").into_iter().collect();
    assert!(truth.contains("fresh") && !truth.contains("amount"));
    for url in
        ["/crm/v3/properties/deal", "/crm/properties/2026-03/0-3", "/properties/v2/deal/properties"]
    {
        assert_eq!(names(&portal, url), truth, "{url}");
    }
    assert_eq!(
        names(&portal, "/crm/v3/properties/deals?archived=true"),
        ["amount".to_owned()].into()
    );
    assert_eq!(get(&portal, "/crm/v3/properties/deals/amount").0, 404);
    let (_, page) = get(&portal, "/crm/v3/objects/deals?limit=1&properties=fresh,amount");
    let properties = page["results"][0]["properties"].as_object().expect("properties");
    assert!(properties["fresh"].is_null() && !properties.contains_key("amount"));
}

#[test]
fn owners_come_in_two_halves() {
    let portal = small();
    for (archived, expected) in [(false, 20), (true, 4)] {
        let found = scan(&portal, &format!("/crm/v3/owners?limit=3&archived={archived}"));
        assert_eq!(found.len(), expected, "archived {archived}");
        assert!(found.is_sorted());
    }
    let (_, page) = get(&portal, "/crm/owners/2026-09?archived=true");
    assert!(page["results"][0]["userId"].is_null());
}

#[test]
fn a_custom_object_may_bear_the_name_of_a_standard_one() {
    let mut spec = PortalSpec::default();
    spec.custom_objects[0].name = "contacts".to_owned();
    let portal = portal(spec, Settings::default());
    let (_, schemas) = get(&portal, "/crm/v3/schemas");
    let full_name = schemas["results"][0]["fullyQualifiedName"].as_str().expect("a name");
    assert_eq!(portal.count(full_name), 50);
    assert_eq!(portal.count("contacts"), 1_000);
    assert_eq!(scan(&portal, &format!("/crm/v3/objects/{full_name}?limit=30")).len(), 50);
}

#[test]
fn the_account_and_its_size_are_told() {
    let portal = small();
    let (_, details) = get(&portal, "/account-info/v3/details");
    assert_eq!((&details["portalId"], &details["utcOffset"]), (&json!(4_455), &json!("+01:00")));
    let (_, limits) = get(&portal, "/crm/limits/2026-09/records");
    assert_eq!(limits["hubspotDefinedObjectTypes"][0]["usage"], 1_000);
    assert_eq!(limits["customObjectTypes"]["overallUsage"], 100);
    let (_, usage) = get(&portal, "/account-info/v3/api-usage/daily/private-apps");
    assert_eq!(usage["results"][0]["usageLimit"], 625_000);
    for path in ["/crm/v3/object-library/enablement", "/crm-pipelines/v1/pipelines/deals"] {
        assert_eq!(get(&portal, path).0, 200, "{path}");
    }
}
