//! Tests of lists and their members.

use std::collections::BTreeSet;

use hubspot_simulator::{MarketingSpec, Portal, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, get, portal, post, small};

const SEARCH: &str = "/crm/v3/lists/search";

fn texts(items: &Value, key: &str) -> Vec<String> {
    let items = items.as_array().expect("an array");
    let text = |item: &Value| item.get(key)?.as_str().map(str::to_owned);
    items.iter().map(|item| text(item).expect("text")).collect()
}

fn members(portal: &Portal, url: &str) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let (status, page) = get(portal, &format!("{url}{after}"));
        assert_eq!(status, 200, "{page}");
        let ids = texts(page.get("results").expect("results"), "recordId");
        let times = texts(page.get("results").expect("results"), "membershipTimestamp");
        let ids = ids.into_iter().map(|id| id.parse().expect("a number"));
        found.extend(ids.zip(times));
        match page.pointer("/paging/next/after").and_then(Value::as_str) {
            Some(token) => after = format!("&after={token}"),
            None => return found,
        }
    }
}

#[test]
fn searches_page_through_every_list_newest_first() {
    let portal = small();
    let mut found = Vec::new();
    let mut offset = 0;
    loop {
        let (status, page) = post(&portal, SEARCH, &json!({ "count": 7, "offset": offset }));
        assert_eq!(status, 200, "{page}");
        assert_eq!(page["total"], 24);
        found.extend(texts(&page["lists"], "listId"));
        offset = page["offset"].as_u64().expect("a number");
        if page["hasMore"] == false {
            break;
        }
    }
    let expected: Vec<String> =
        portal.list_ids().iter().rev().map(|(id, _)| id.to_string()).collect();
    assert_eq!(found, expected);
}

#[test]
fn searches_filter_and_know_their_limits() {
    let portal = small();
    for (case, body, expected) in [
        ("default count", json!({}), Ok(20)),
        ("most", json!({ "count": 500 }), Ok(24)),
        ("over the most", json!({ "count": 501 }), Err(400)),
        ("as others ask", json!({ "count": 1000 }), Err(400)),
        ("none", json!({ "count": 0 }), Err(400)),
        ("text for a number", json!({ "count": "7" }), Err(400)),
        ("a type", json!({ "objectTypeId": "0-136" }), Ok(3)),
        ("a processing type", json!({ "processingTypes": ["SNAPSHOT"] }), Ok(4)),
        ("an unknown one", json!({ "processingTypes": ["X"] }), Err(400)),
        ("ids", json!({ "listIds": ["311", "318", "1"] }), Ok(2)),
        ("a name", json!({ "query": "LEADS" }), Ok(3)),
        ("an unknown sort", json!({ "sort": "x" }), Err(400)),
    ] {
        let (status, page) = post(&portal, SEARCH, &body);
        let found = page["lists"].as_array().map(Vec::len).ok_or(status);
        assert_eq!(found, expected, "{case}: {page}");
    }
    let settings = Settings { lists_search_limit: 1_000, ..Settings::default() };
    let portal = crate::support::portal(PortalSpec::default(), settings);
    assert_eq!(post(&portal, SEARCH, &json!({ "count": 1000 })).0, 200);
}

#[test]
fn hits_carry_their_size_and_some_were_never_edited() {
    let portal = small();
    let (_, page) = post(&portal, SEARCH, &json!({ "count": 500 }));
    let lists = page["lists"].as_array().expect("lists");
    for list in lists {
        let id = list["listId"].as_str().expect("text").parse().expect("a number");
        let size = list["additionalProperties"]["hs_list_size"].as_str().expect("text");
        if list["objectTypeId"] != "0-136" {
            assert_eq!(portal.list_members(id).len().to_string(), size, "{list}");
        }
    }
    let edited = lists.iter().filter(|list| list.get("updatedAt").is_some()).count();
    assert_eq!((lists.len(), edited), (24, 16));
}

#[test]
fn members_page_in_both_orders_and_both_directions() {
    let portal = small();
    for (list, object) in portal.list_ids() {
        let url = format!("/crm/v3/lists/{list}/memberships");
        if object == "0-136" {
            let (status, body) = get(&portal, &url);
            assert_eq!(status, 400);
            assert_eq!(body["subCategory"], "ListError.INVALID_OBJECT_TYPE_FOR_LIST");
            continue;
        }
        let truth = portal.list_members(list);
        let by_id = members(&portal, &format!("{url}?limit=13"));
        assert_eq!(by_id.iter().map(|(id, _)| *id).collect::<Vec<_>>(), truth, "list {list}");
        let joined = members(&portal, &format!("{url}/join-order?limit=13"));
        assert_eq!(joined.iter().cloned().collect::<BTreeSet<_>>(), by_id.into_iter().collect());
        let seconds: Vec<&str> = joined.iter().map(|(_, at)| &at[..19]).collect();
        assert!(seconds.is_sorted(), "list {list} by joining");
    }
    let last = members(&portal, "/crm/v3/lists/311/memberships?limit=250");
    assert_eq!(last.len(), 600);
    let (_, page) = get(&portal, "/crm/v3/lists/311/memberships?limit=250");
    let after = page["paging"]["next"]["after"].as_str().expect("a token");
    let (_, page) = get(&portal, &format!("/crm/v3/lists/311/memberships?after={after}"));
    let before = page["paging"]["prev"]["before"].as_str().expect("a token");
    let back = format!("/crm/v3/lists/311/memberships?limit=250&before={before}");
    let (_, page) = get(&portal, &back);
    assert!(page["paging"].get("prev").is_none(), "{page}");
    let mut back = texts(&page["results"], "recordId");
    back.reverse();
    let expected: Vec<String> = last[..250].iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(back, expected);
}

#[test]
fn limits_of_members_are_those_of_the_documentation() {
    let portal = small();
    for (query, expected) in [
        ("", Ok(100)),
        ("?limit=250", Ok(250)),
        ("?limit=251", Err(400)),
        ("?limit=0", Err(400)),
        ("?after=x", Err(400)),
    ] {
        let (status, page) = get(&portal, &format!("/crm/v3/lists/311/memberships{query}"));
        let found = page["results"].as_array().map(Vec::len).ok_or(status);
        assert_eq!(found, expected, "{query}: {page}");
    }
    assert_eq!(get(&portal, "/crm/v3/lists/312/memberships").0, 404);
}

#[test]
fn changes_of_members_leave_the_list_as_it_was() {
    let mut portal = small();
    let before = get(&portal, "/crm/v3/lists/311").1;
    let members_before = portal.list_members(311);
    let outsider = portal.ids("contacts").find(|id| !members_before.contains(id)).expect("one");
    let (first, second, third) = (members_before[0], members_before[1], members_before[2]);
    for (later, change) in [
        (1, json!({ "kind": "add_list_members", "list": 311, "records": [outsider, first] })),
        (2, json!({ "kind": "remove_list_members", "list": 311, "records": [first, second] })),
        (3, json!({ "kind": "add_list_members", "list": 311, "records": [second] })),
        (4, json!({ "kind": "archive", "object": "contacts", "records": { "id": third } })),
    ] {
        apply(&mut portal, change, START_MS + later);
    }
    let mut expected: BTreeSet<u64> = members_before.into_iter().collect();
    expected.insert(outsider);
    expected.remove(&first);
    expected.remove(&third);
    let found = portal.list_members(311);
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    let (_, page) = get(&portal, "/crm/v3/lists/311/memberships");
    assert_eq!(page["total"], found.len());
    let joined = members(&portal, "/crm/v3/lists/311/memberships/join-order?limit=250");
    assert_eq!(joined.last().expect("members").0, second);
    let after = get(&portal, "/crm/v3/lists/311").1;
    for key in ["updatedAt", "listVersion"] {
        assert_eq!(before["list"].get(key), after["list"].get(key), "{key}");
    }
    let (_, page) = post(&portal, SEARCH, &json!({ "listIds": ["311"] }));
    let properties = &page["lists"][0]["additionalProperties"];
    assert_eq!(properties["hs_last_record_added_at"], (START_MS + 3).to_string());
    assert_eq!(properties["hs_last_record_removed_at"], (START_MS + 2).to_string());
}

#[test]
fn records_know_their_lists() {
    let portal = small();
    let member = portal.list_members(311)[5];
    let body = json!({ "inputs": [
        { "objectTypeId": "0-1", "recordId": member.to_string() },
        { "objectTypeId": "0-1", "recordId": "2" },
    ]});
    let (status, page) = post(&portal, "/crm/lists/2026-09/records/memberships/batch/read", &body);
    assert_eq!((status, &page["numErrors"]), (207, &json!(1)));
    let lists = texts(&page["results"][0]["recordListMemberships"], "listId");
    let expected = portal.list_ids().into_iter().map(|(id, _)| id);
    let expected: Vec<String> = expected
        .filter(|list| portal.list_members(*list).contains(&member))
        .map(|list| list.to_string())
        .collect();
    assert!(lists.contains(&"311".to_owned()));
    // Companies and contacts may have the same ids.
    assert!(lists.iter().all(|list| expected.contains(list)));
}

#[test]
fn lists_come_and_go_and_have_older_ids() {
    let mut portal = small();
    let (_, mapped) = get(&portal, "/crm/v3/lists/idmapping?legacyListId=3");
    assert_eq!(mapped, json!({ "legacyListId": "3", "listId": "318" }));
    let ids = json!(["3", "4", "2"]);
    let (_, mapped) = post(&portal, "/crm/v3/lists/idmapping", &ids);
    assert_eq!(mapped["missingLegacyListIds"], json!(["2"]));
    apply(&mut portal, json!({ "kind": "delete_list", "id": 318 }), START_MS);
    let new = json!({ "kind": "create_list", "name": "Mine", "object": "companies" });
    apply(&mut portal, new, START_MS + 5);
    let id = portal.newest_list().expect("a list");
    assert_eq!(portal.list_ids().len(), 24);
    for (case, url, expected) in [
        ("deleted", "/crm/v3/lists/318".to_owned(), 404),
        ("new", format!("/crm/v3/lists/{id}"), 200),
        ("by name", "/crm/v3/lists/object-type-id/0-2/name/mine".to_owned(), 200),
        ("no number", "/crm/v3/lists/x".to_owned(), 400),
    ] {
        assert_eq!(get(&portal, &url).0, expected, "{case}");
    }
    let (_, several) = get(&portal, &format!("/crm/v3/lists?listIds=311,{id}&includeFilters=true"));
    assert_eq!(texts(&several["lists"], "name"), ["Contacts 0", "Mine"]);
    assert!(several["lists"][0].get("filterBranch").is_some());
}

#[test]
fn a_large_list_is_cheap() {
    let marketing = MarketingSpec { largest_list: 100_000, ..MarketingSpec::default() };
    let spec = PortalSpec { contacts: 300_000, marketing, ..PortalSpec::default() };
    let portal = portal(spec, Settings::default());
    let found = members(&portal, "/crm/v3/lists/311/memberships/join-order?limit=250");
    assert_eq!(found.len(), 100_000);
}
