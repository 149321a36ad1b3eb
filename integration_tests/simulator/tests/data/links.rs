//! Tests of associations.

use std::collections::BTreeSet;

use hubspot_simulator::settings::MissingAssociations;
use hubspot_simulator::{PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, get, ids, portal, post, small};

#[test]
fn links_are_the_same_from_both_sides() {
    let mut portal = small();
    let contact = portal.ids("contacts").nth(3).expect("a contact");
    let deal = portal.ids("deals").nth(9).expect("a deal");
    let old = portal.associations("contacts", contact, "companies")[0];
    for change in [
        json!({"kind": "associate", "from_object": "contacts", "from_id": contact,
               "to_object": "deals", "to_id": deal, "label": "Primary"}),
        json!({"kind": "dissociate", "from_object": "companies", "from_id": old,
               "to_object": "contacts", "to_id": contact}),
        json!({"kind": "archive", "object": "deals", "records": {"sample": {"seed": 1, "share": 0.2}}}),
        json!({"kind": "merge", "object": "companies", "winner": portal.ids("companies").last(), "loser": old}),
    ] {
        let before = portal.modified_ms("contacts", contact);
        apply(&mut portal, change, START_MS);
        assert_eq!(portal.modified_ms("contacts", contact), before);
    }
    let types = ["contacts", "companies", "deals", "tickets", "boats"];
    let mut links = 0;
    for from in types {
        for to in types {
            let mut forth = BTreeSet::new();
            for id in portal.ids(from) {
                forth
                    .extend(portal.associations(from, id, to).into_iter().map(|other| (id, other)));
            }
            let mut back = BTreeSet::new();
            for id in portal.ids(to) {
                back.extend(portal.associations(to, id, from).into_iter().map(|other| (other, id)));
            }
            assert_eq!(forth, back, "{from} and {to}");
            links += forth.len();
        }
    }
    assert!(links > 5_000, "{links}");
}

#[test]
fn long_link_lists_are_paged_inside_the_record() {
    let spec = PortalSpec { hub: Some(900), ..PortalSpec::default() };
    let portal = portal(spec, Settings::default());
    let hub = portal.ids("companies").next().expect("a company");
    let all = portal.associations("companies", hub, "contacts");
    assert!(all.len() > 880, "{}", all.len());

    let (_, record) =
        get(&portal, &format!("/crm/v3/objects/companies/{hub}?associations=contacts"));
    let inline = &record["associations"]["contacts"];
    let mut found: Vec<u64> = ids(inline);
    found.dedup();
    let mut after = inline["paging"]["next"]["after"].as_str().map(str::to_owned);
    while let Some(token) = after {
        let url = format!(
            "/crm/v4/objects/companies/{hub}/associations/contacts?limit=200&after={token}"
        );
        let (status, page) = get(&portal, &url);
        assert_eq!(status, 200);
        let results = page["results"].as_array().expect("results");
        found.extend(results.iter().map(|link| link["toObjectId"].as_u64().expect("a number")));
        after = page["paging"]["next"]["after"].as_str().map(str::to_owned);
    }
    assert_eq!(found, all, "inline, then by record");

    let mut found = Vec::new();
    let mut input = json!({"id": hub.to_string()});
    loop {
        let body = json!({"inputs": [input]});
        let (status, answer) =
            post(&portal, "/crm/v4/associations/companies/contacts/batch/read", &body);
        assert_eq!(status, 200);
        let result = &answer["results"][0];
        let to = result["to"].as_array().expect("links");
        found.extend(to.iter().map(|link| link["toObjectId"].as_u64().expect("a number")));
        let Some(after) = result["paging"]["next"]["after"].as_str() else { break };
        input = json!({"id": hub.to_string(), "after": after});
    }
    assert_eq!(found, all, "in a batch");
}

#[test]
fn a_hub_has_as_many_links_as_asked_for_whatever_else_there_is() {
    for companies in [1, 300, 5_000] {
        let hub = Some(2_000);
        let spec = PortalSpec { contacts: 4_000, companies, hub, ..PortalSpec::default() };
        let spec = PortalSpec { archived_share: 0.0, ..spec };
        let portal = portal(spec, Settings::default());
        let hub = portal.ids("companies").next().expect("a company");
        let links = portal.associations("companies", hub, "contacts").len();
        assert!((2_000..4_000).contains(&links), "{companies} companies: {links} links");
    }
}

#[test]
fn inline_links_name_the_same_record_under_each_type() {
    let portal = small();
    let (_, page) = get(&portal, "/crm/v3/objects/contacts?limit=100&associations=companies,0-3");
    let text = page.to_string();
    for kind in ["contact_to_company", "contact_to_company_unlabeled", "contact_to_deal"] {
        assert!(text.contains(&format!("\"type\":\"{kind}\"")), "{kind}");
    }
}

#[test]
fn records_without_links_are_left_out_or_reported() {
    let report =
        Settings { missing_associations: MissingAssociations::MultiStatus, ..Settings::default() };
    for (case, settings, path, status) in [
        ("left out", Settings::default(), "/crm/v4", 200),
        ("reported", report, "/crm/v4", 207),
        ("reported by v3", Settings::default(), "/crm/v3", 207),
    ] {
        let portal = portal(PortalSpec::default(), settings);
        let ids: Vec<u64> = portal.ids("contacts").take(200).collect();
        let without =
            ids.iter().filter(|id| portal.associations("contacts", **id, "companies").is_empty());
        let without = without.count();
        assert!(without > 0);
        let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id.to_string()})).collect();
        let url = format!("{path}/associations/contacts/companies/batch/read");
        let (found, answer) = post(&portal, &url, &json!({"inputs": inputs}));
        assert_eq!(found, status, "{case}");
        assert_eq!(answer["results"].as_array().map(Vec::len), Some(200 - without), "{case}");
        if status == 207 {
            assert_eq!(answer["numErrors"], without, "{case}");
        }
    }
}
