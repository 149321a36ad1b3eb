//! Tests of users, teams, currencies, deal splits, and disabled features of an account.

use std::collections::BTreeSet;

use hubspot_simulator::settings::DisabledObject;
use hubspot_simulator::{AccountSpec, Portal, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{get, portal, post, scan, small};

#[test]
fn users_are_the_owners_in_use() {
    let portal = small();
    for path in ["/settings/v3/users", "/settings/users/v3", "/settings/users/2026-03"] {
        assert_eq!(scan(&portal, &format!("{path}?limit=3")), portal.user_ids(), "{path}");
        let (_, page) = get(&portal, path);
        let users = page["results"].as_array().expect("users");
        assert!(users.iter().any(|user| user.get("roleId").is_none()));
        let email = users[1]["email"].as_str().expect("an address");
        for found in [
            get(&portal, &format!("{path}/{}", users[1]["id"].as_str().unwrap())),
            get(&portal, &format!("{path}/{email}?idProperty=EMAIL")),
        ] {
            assert_eq!(found, (200, users[1].clone()), "{path}");
        }
        assert_eq!(get(&portal, &format!("{path}/1")).0, 404);
        let roles = get(&portal, &format!("{path}/roles")).1;
        assert!(roles["results"].as_array().unwrap().len() > 1);
    }
}

#[test]
fn teams_hold_whom_users_and_owners_say() {
    let account = AccountSpec { teams: 3, ..AccountSpec::default() };
    let portal = portal(PortalSpec { account, ..PortalSpec::default() }, Settings::default());
    let (_, users) = get(&portal, "/settings/users/v3?limit=100");
    let (_, teams) = get(&portal, "/settings/v3/users/teams");
    let members = |team: &Value, key: &str| -> BTreeSet<String> {
        team[key].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    for team in teams["results"].as_array().expect("teams") {
        let expected: BTreeSet<String> = users["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|user| user["primaryTeamId"] == team["id"])
            .map(|user| user["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(members(team, "userIds"), expected);
        let id = team["id"].as_str().expect("an id");
        let mut url = format!("/settings/teams/2026-09-beta/{id}/members?limit=2");
        let mut seen = 0;
        loop {
            let (_, page) = get(&portal, &url);
            seen += page["results"].as_array().unwrap().len();
            let Some(token) = page.pointer("/paging/next/after").and_then(Value::as_str) else {
                break;
            };
            url = format!("/settings/teams/2026-09-beta/{id}/members?limit=2&after={token}");
        }
        assert_eq!(seen, expected.len() + members(team, "secondaryUserIds").len());
    }
    assert_eq!(scan(&portal, "/settings/teams/2026-09-beta?limit=1"), portal.team_ids());
    let (_, owners) = get(&portal, "/crm/v3/owners");
    assert_eq!(owners["results"][0]["teams"][0]["name"], "EMEA");
}

#[test]
fn rates_of_every_currency_are_paged_and_the_current_ones_told_apart() {
    let currencies = vec!["USD".to_owned(), "CHF".to_owned()];
    let account = AccountSpec { currencies, exchange_rates: 5, ..AccountSpec::default() };
    let portal = portal(PortalSpec { account, ..PortalSpec::default() }, Settings::default());
    for path in ["/settings/v3/currencies", "/settings/currencies/2026-09"] {
        let all = scan(&portal, &format!("{path}/exchange-rates?limit=3"));
        assert_eq!(all.len(), 10);
        let (_, current) = get(&portal, &format!("{path}/exchange-rates/current"));
        assert_eq!(current["results"].as_array().unwrap().len(), 2);
        let one = get(&portal, &format!("{path}/exchange-rates/{}", all[1]));
        assert_eq!(one.1["id"], all[1].to_string());
        let inputs = json!({"inputs": [{"id": all[0].to_string()}, {"id": "1"}]});
        let (status, read) = post(&portal, &format!("{path}/exchange-rates/batch/read"), &inputs);
        assert_eq!((status, &read["errors"][0]["context"]["ids"]), (207, &json!(["1"])));
        assert_eq!(scan(&portal, &format!("{path}/exchange-rates?fromCurrencyCode=CHF")).len(), 5);
        assert_eq!(get(&portal, &format!("{path}/company-currency")).1["id"], "EUR");
        assert!(get(&portal, &format!("{path}/codes")).1["results"][0]["currencyName"].is_string());
    }
    let (_, details) = get(&portal, "/account-info/v3/details");
    assert_eq!(details["additionalCurrencies"], json!(["USD", "CHF"]));
}

#[test]
fn a_type_switched_off_answers_no_read() {
    let account = |disabled: &[&str]| AccountSpec {
        disabled_objects: disabled.iter().map(|name| (*name).to_owned()).collect(),
        ..AccountSpec::default()
    };
    let spec = PortalSpec { account: account(&["leads", "0-74"]), ..PortalSpec::default() };
    for (disabled_object, expected) in
        [(DisabledObject::Forbidden, 403), (DisabledObject::Unknown, 400)]
    {
        let portal = portal(spec.clone(), Settings { disabled_object, ..Settings::default() });
        for url in [
            "/crm/v3/objects/leads",
            "/crm/objects/2026-09/0-136",
            "/crm/v3/properties/lead",
            "/crm/v3/objects/goal_targets",
            "/crm/v3/objects/contacts?associations=leads",
        ] {
            assert_eq!(get(&portal, url).0, expected, "{url}");
        }
        let search = post(&portal, "/crm/v3/objects/leads/search", &json!({}));
        assert_eq!(search.0, expected);
        for path in ["/crm/v3/object-library", "/crm/object-library/2026-09"] {
            let (_, enabled) = get(&portal, &format!("{path}/enablement"));
            let enabled = &enabled["enablementByObjectTypeId"];
            assert_eq!((&enabled["0-136"], &enabled["0-1"]), (&json!(false), &json!(true)));
            let one = get(&portal, &format!("{path}/enablement/0-74"));
            assert_eq!(one, (200, json!({"enablement": false})));
        }
        assert!(portal.is_disabled("lead") && !portal.is_disabled("contact"));
    }
}

#[test]
fn splits_are_records_and_belong_to_one_deal() {
    let others = [("deal_splits".to_owned(), 400)].into();
    let portal = portal(PortalSpec { others, ..PortalSpec::default() }, Settings::default());
    let listed: BTreeSet<u64> =
        scan(&portal, "/crm/v3/objects/deal_split?limit=100").into_iter().collect();
    assert_eq!(listed.len(), 400);
    let search = post(&portal, "/crm/v3/objects/deal_split/search", &json!({"limit": 200}));
    assert_eq!(search.1["total"], 400);
    let deals: Vec<u64> = portal.ids("deals").collect();
    let mut seen = BTreeSet::new();
    for path in ["/crm/v3/objects/deals/splits/batch/read", "/deal-splits/2026-09/batch/read"] {
        for chunk in deals.chunks(100) {
            let inputs: Vec<Value> = chunk.iter().map(|id| json!({"id": id.to_string()})).collect();
            let (status, answer) = post(&portal, path, &json!({ "inputs": inputs }));
            assert_eq!(status, 200, "{answer}");
            for deal in answer["results"].as_array().unwrap() {
                for split in deal["splits"].as_array().unwrap() {
                    assert_eq!(split["properties"]["hs_deal_split_percentage"], "0.5");
                    let id: u64 = split["id"].as_str().unwrap().parse().unwrap();
                    assert!(seen.insert((path, id)), "{id} belongs to two deals");
                }
            }
        }
    }
    assert!(seen.iter().all(|(_, id)| listed.contains(id)));
    assert!(seen.len() > 700, "{}", seen.len());
    let odd = json!({"inputs": [{"id": "5"}]});
    assert_eq!(post(&portal, "/deal-splits/2026-09/batch/read", &odd).0, 207);
}

#[test]
fn every_standard_type_can_have_a_few_records() {
    let others = [("all".to_owned(), 5), ("notes".to_owned(), 9)].into();
    let portal = portal(PortalSpec { others, ..PortalSpec::default() }, Settings::default());
    let counts =
        |portal: &Portal, name: &str| scan(portal, &format!("/crm/v3/objects/{name}?limit=50"));
    for store in portal.stores() {
        let expected = match store.object.plural.as_str() {
            "contacts" | "companies" | "deals" | "tickets" => continue,
            "notes" => 9,
            _ if store.object.custom => 50,
            _ => 5,
        };
        assert_eq!(counts(&portal, &store.object.id).len(), expected, "{}", store.object.plural);
    }
    let survey = get(
        &portal,
        "/crm/v3/objects/0-19?properties=hs_survey_type,hs_submission_timestamp,hs_value",
    );
    assert!(survey.1["results"][0]["properties"]["hs_submission_timestamp"].is_string());
}
