//! Tests of record lists, single records, batch reads, and the effect of changes.

use hubspot_simulator::settings::{ListCursor, OverLimit};
use hubspot_simulator::{Change, PortalSpec, Records, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, get, ids, portal, post, scan, small};

#[test]
fn a_portal_of_ten_million_generates_only_what_is_asked_for() {
    let spec = PortalSpec { contacts: 10_000_000, ..PortalSpec::default() };
    let portal = portal(spec, Settings::default());
    assert_eq!(portal.generated(), 0);
    assert_eq!(portal.count("contacts"), 10_000_000);
    let (_, page) = get(&portal, "/crm/v3/objects/contacts?limit=100&after=100000000000000000");
    assert_eq!(ids(&page).len(), 100);
    assert_eq!(portal.generated(), 100);
}

#[test]
fn a_scan_shows_every_record_once_in_the_order_of_ids() {
    for (case, settings) in [
        ("plain", Settings::default()),
        ("opaque", Settings { list_cursor: ListCursor::Opaque, ..Settings::default() }),
        ("short pages", Settings { short_page_every: 2, ..Settings::default() }),
    ] {
        let mut portal = portal(PortalSpec::default(), settings);
        let sample = |seed, share| json!({"sample": {"seed": seed, "share": share}});
        for change in [
            json!({"kind": "archive", "object": "contacts", "records": sample(1, 0.1)}),
            json!({"kind": "modify", "object": "contacts", "records": sample(2, 0.1)}),
            json!({"kind": "purge", "object": "contacts", "records": sample(3, 0.1)}),
            json!({"kind": "create", "object": "contacts", "count": 20}),
        ] {
            apply(&mut portal, change, START_MS);
        }
        for path in ["/crm/v3/objects/contacts", "/crm/objects/2026-09/0-1"] {
            let live: Vec<u64> = portal.ids("contacts").collect();
            assert_eq!(scan(&portal, &format!("{path}?limit=17")), live, "{case}");
            let archived: Vec<u64> = portal.archived_ids("contacts").collect();
            assert!(archived.len() > 50);
            assert_eq!(scan(&portal, &format!("{path}?archived=true&limit=7")), archived, "{case}");
        }
    }
}

#[test]
fn the_link_to_the_next_page_repeats_the_request() {
    let portal = small();
    let (_, page) =
        get(&portal, "/crm/v3/objects/deals?limit=5&properties=amount,dealname&after=60");
    let after = page["paging"]["next"]["after"].as_str().expect("a token");
    let link = page["paging"]["next"]["link"].as_str().expect("a link");
    let expected =
        "https://api.hubapi.com/crm/v3/objects/deals?limit=5&properties=amount%2Cdealname";
    assert_eq!(link, format!("{expected}&after={after}"));
    assert_eq!(after.parse(), Ok(ids(&page)[4] + 1));
}

#[test]
fn lists_know_their_limits() {
    let cap = Settings { over_limit: OverLimit::Cap, ..Settings::default() };
    for (case, settings, query, expected) in [
        ("default", Settings::default(), "", (200, 10)),
        ("most", Settings::default(), "limit=100", (200, 100)),
        ("too many", Settings::default(), "limit=101", (400, 0)),
        ("capped", cap.clone(), "limit=101", (200, 100)),
        ("history", Settings::default(), "limit=50&propertiesWithHistory=email", (200, 50)),
        ("history, too many", cap, "limit=51&propertiesWithHistory=email", (400, 0)),
        ("no number", Settings::default(), "limit=x", (400, 0)),
        ("no token", Settings::default(), "after=x", (400, 0)),
        ("unknown association", Settings::default(), "associations=widgets", (400, 0)),
    ] {
        let portal = portal(PortalSpec::default(), settings);
        let (status, page) = get(&portal, &format!("/crm/v3/objects/contacts?{query}"));
        let count = page["results"].as_array().map_or(0, Vec::len);
        assert_eq!((status, count), expected, "{case}");
    }
}

#[test]
fn records_have_the_envelope_of_the_interface() {
    let portal = small();
    let (_, page) =
        get(&portal, "/crm/v3/objects/contacts?properties=zip,city,nonsense&properties=email");
    let record = &page["results"][0];
    let names: Vec<&String> = record["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["city", "createdate", "email", "hs_object_id", "lastmodifieddate", "zip"]);
    assert_eq!(record["properties"]["lastmodifieddate"], record["updatedAt"]);
    assert_eq!(record["properties"]["createdate"], record["createdAt"]);
    assert_eq!(record["archived"], false);
    assert!(record.get("archivedAt").is_none());
    let (_, page) = get(&portal, "/crm/v3/objects/deals?archived=true");
    assert!(page["results"][0]["archivedAt"].is_string());
}

#[test]
fn a_merge_leaves_traces_in_the_winner_only() {
    let mut portal = small();
    let [winner, loser, third] = portal.ids("contacts").take(3).collect::<Vec<_>>()[..] else {
        panic!("three contacts")
    };
    for (winner, loser) in [(loser, third), (winner, loser)] {
        apply(
            &mut portal,
            json!({"kind": "merge", "object": "contacts", "winner": winner, "loser": loser}),
            START_MS,
        );
    }
    let url = format!(
        "/crm/v3/objects/contacts/{third}?properties=hs_merged_object_ids,hs_calculated_merged_vids"
    );
    let (status, record) = get(&portal, &url);
    assert_eq!((status, record["id"].as_str()), (200, Some(winner.to_string().as_str())));
    let properties = &record["properties"];
    assert_eq!(properties["hs_merged_object_ids"], format!("{third};{loser}"));
    assert_eq!(
        properties["hs_calculated_merged_vids"],
        format!("{third}:{START_MS};{loser}:{START_MS}")
    );
    let body = json!({"inputs": [{"id": winner.to_string()}, {"id": loser.to_string()}]});
    let (status, batch) = post(&portal, "/crm/v3/objects/contacts/batch/read", &body);
    assert_eq!((status, ids(&batch)), (207, vec![winner]));
    assert_eq!(batch["errors"][0]["context"]["ids"], json!([loser.to_string()]));
    assert!(!portal.archived_ids("contacts").any(|id| id == loser));
    assert_eq!(portal.count("contacts"), 998);
}

#[test]
fn batch_reads_report_what_is_missing() {
    let portal = small();
    let live: Vec<u64> = portal.ids("tickets").take(100).collect();
    let archived: Vec<u64> = portal.archived_ids("tickets").take(1).collect();
    let inputs =
        |ids: &[u64]| ids.iter().map(|id| json!({"id": id.to_string()})).collect::<Vec<_>>();
    let mixed = [&live[..2], &archived[..]].concat();
    let history = json!(["subject"]);
    for (case, query, body, expected) in [
        ("all there", "", json!({"inputs": inputs(&live)}), (200, 100)),
        ("too many", "", json!({"inputs": vec![json!({"id": "1"}); 101]}), (400, 0)),
        (
            "history",
            "",
            json!({"inputs": inputs(&live), "propertiesWithHistory": history}),
            (400, 0),
        ),
        ("one archived", "", json!({"inputs": inputs(&mixed)}), (207, 2)),
        ("only archived", "?archived=true", json!({"inputs": inputs(&mixed)}), (207, 1)),
        ("no number", "", json!({"inputs": [{"id": "x"}]}), (207, 0)),
    ] {
        let url = format!("/crm/v3/objects/tickets/batch/read{query}");
        let (status, answer) = post(&portal, &url, &body);
        let count = answer["results"].as_array().map_or(0, Vec::len);
        assert_eq!((status, count), expected, "{case}");
    }
    let (_, answer) =
        post(&portal, "/crm/v3/objects/tickets/batch/read", &json!({"inputs": inputs(&live)}));
    let mut found = ids(&answer);
    assert_ne!(found, live, "the order is not the one asked for");
    found.sort_unstable();
    assert_eq!(found, live);
}

#[test]
fn contacts_can_be_found_by_email() {
    let mut portal = small();
    let id = portal.ids("contacts").nth(7).expect("a contact");
    let email = portal.value("contacts", id, "email").expect("an address");
    let url = |email: &str| format!("/crm/v3/objects/contacts/{email}?idProperty=email");
    assert_eq!(get(&portal, &url(&email)).1["id"], id.to_string());
    apply(
        &mut portal,
        json!({"kind": "modify", "object": "contacts", "records": {"id": id},
               "properties": {"email": "new@example.test"}}),
        START_MS,
    );
    assert_eq!(get(&portal, &url(&email)).0, 404);
    assert_eq!(get(&portal, &url("new@example.test")).1["id"], id.to_string());
}

#[test]
fn history_starts_with_the_current_value() {
    let mut portal = small();
    let id = portal.ids("contacts").nth(20).expect("a contact");
    apply(
        &mut portal,
        json!({"kind": "modify", "object": "contacts", "records": {"id": id}, "properties": {"city": "Bergen"}}),
        START_MS,
    );
    let (_, page) = get(
        &portal,
        "/crm/v3/objects/contacts?limit=50&propertiesWithHistory=city,lifecyclestage,jobtitle",
    );
    let mut most = 0;
    for record in page["results"].as_array().expect("results") {
        for (name, versions) in record["propertiesWithHistory"].as_object().expect("history") {
            let versions = versions.as_array().expect("versions");
            most = most.max(versions.len());
            let value = &record["properties"][name];
            assert!(value.is_null() == versions.is_empty() || versions.len() > 1, "{name}");
            let Some(newest) = versions.first() else { continue };
            assert!(newest["value"] == *value || value.is_null(), "{record}");
            let at = |version: &Value| version["timestamp"].as_str().expect("a time").to_owned();
            assert!(versions.windows(2).all(|pair| at(&pair[0])[..19] >= at(&pair[1])[..19]));
            assert!(versions.iter().all(|version| version["sourceType"].is_string()));
        }
        if record["id"].as_str() == Some(id.to_string().as_str()) {
            let city = &record["propertiesWithHistory"]["city"][0];
            assert_eq!(
                (city["value"].as_str(), &city["timestamp"]),
                (Some("Bergen"), &record["updatedAt"])
            );
        }
    }
    assert_eq!(most, 45);
}

#[test]
fn changes_that_do_not_fit_are_refused() {
    let mut portal = small();
    let id = portal.ids("deals").next().expect("a deal");
    let object = "deals".to_owned();
    for (case, change) in [
        ("unknown type", Change::Archive { object: "widgets".to_owned(), records: Records::All }),
        ("unknown record", Change::Archive { object: object.clone(), records: Records::Id(1) }),
        ("a live record", Change::Restore { object: object.clone(), records: Records::Id(id) }),
        ("itself", Change::Merge { object: object.clone(), winner: id, loser: id }),
        (
            "unknown property",
            Change::Modify {
                object,
                records: Records::All,
                properties: [("nope".to_owned(), None)].into(),
            },
        ),
    ] {
        assert!(portal.apply(&change, START_MS).is_err(), "{case}");
    }
}
