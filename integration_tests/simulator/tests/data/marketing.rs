//! Tests of forms, marketing e-mails and campaigns.

use std::collections::BTreeSet;

use http::Method;
use hubspot_simulator::{Portal, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, call, get, portal, post, small};

const FORMS: &str = "/marketing/v3/forms?limit=4";
const EMAILS: &str = "/marketing/v3/emails?limit=6";
const DAY_MS: i64 = 86_400_000;

/// Returns every result of a list with its id.
fn scan(portal: &Portal, url: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let (status, page) = get(portal, &format!("{url}{after}"));
        assert_eq!(status, 200, "{page}");
        let results = page.get("results").and_then(Value::as_array).expect("results");
        let id = |one: &Value| one.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        found.extend(results.iter().map(|one| (id(one), one.clone())));
        match page.pointer("/paging/next/after").and_then(Value::as_str) {
            Some(token) => after = format!("&after={token}"),
            None => return found,
        }
    }
}

fn scanned(portal: &Portal, url: &str) -> Vec<String> {
    scan(portal, url).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn forms_are_chosen_by_type() {
    let portal = small();
    for (case, query, types) in [
        ("by default", "", &["hubspot"][..]),
        ("repeated key", "&formTypes=captured&formTypes=flow", &["captured", "flow"]),
        ("all", "&formTypes=all", &["hubspot", "captured", "flow", "blog_comment"]),
    ] {
        for archived in [false, true] {
            let found = scanned(&portal, &format!("{FORMS}{query}&archived={archived}"));
            let expected: Vec<String> = portal
                .form_ids(archived)
                .into_iter()
                .filter(|(_, form_type)| types.contains(form_type))
                .map(|(id, _)| id)
                .collect();
            assert_eq!(found, expected, "{case}, archived {archived}");
        }
    }
    for (case, query) in [
        ("a comma list", "&formTypes=captured,flow"),
        ("unknown", "&formTypes=x"),
        ("no token", "&after=x"),
    ] {
        assert_eq!(get(&portal, &format!("{FORMS}{query}")).0, 400, "{case}");
    }
    assert_eq!(get(&portal, "/marketing/forms/2026-09-beta?limit=101").0, 400);
}

#[test]
fn submissions_come_newest_first_whatever_the_cursor() {
    for cursor in ["key", "offset"] {
        let settings = serde_json::from_value(json!({ "submission_cursor": cursor }));
        let portal = portal(PortalSpec::default(), settings.expect("settings"));
        for (form, form_type) in portal.form_ids(false) {
            let url = format!("/form-integrations/v1/submissions/forms/{form}?limit=50");
            if form_type == "blog_comment" {
                assert_eq!(get(&portal, &url).0, 400);
                continue;
            }
            let times: Vec<i64> = scan(&portal, &url)
                .iter()
                .map(|(_, one)| one["submittedAt"].as_i64().expect("a number"))
                .collect();
            assert!(times.is_sorted_by(|newer, older| newer >= older));
            assert_eq!(times, portal.submission_times(&form), "{cursor}");
        }
    }
}

#[test]
fn a_form_untouched_for_years_still_gets_submissions() {
    let mut portal = small();
    let forms = portal.form_ids(false);
    let before = scan(&portal, &format!("{FORMS}&formTypes=all"));
    let (old, _) = &forms[1];
    let (_, form) = before.iter().find(|(id, _)| id == old).expect("the form");
    assert_eq!(form["createdAt"], form["updatedAt"]);
    assert!(portal.submission_times(old)[0] > START_MS - 90 * DAY_MS);
    let all = scan(&portal, &format!("/form-integrations/v1/submissions/forms/{old}?limit=20"));
    let named = all.iter().filter(|(_, one)| one.get("conversionId").is_some()).count();
    assert!((1..all.len()).contains(&named), "old ones have no id: {named} of {}", all.len());
    let change = json!({ "kind": "submit_form", "form": old, "count": 2,
        "values": { "email": "ada@example.test" } });
    apply(&mut portal, change, START_MS + 9);
    let url = format!("/form-integrations/v1/submissions/forms/{old}");
    let (_, page) = call(&portal, Method::GET, &url, &Value::Null, START_MS + 10);
    let newest = &page["results"][0];
    assert_eq!(newest["submittedAt"], START_MS + 9);
    assert_eq!(newest["values"][0]["value"], "ada@example.test");
    assert_eq!(scan(&portal, &format!("{FORMS}&formTypes=all")), before);
    for (case, query, expected) in [("default", "", 20), ("most", "?limit=50", 50)] {
        let url = format!("/form-integrations/v1/submissions/forms/{}{query}", forms[0].0);
        let found = get(&portal, &url).1["results"].as_array().map(Vec::len);
        assert_eq!(found, Some(expected), "{case}");
    }
    let url = format!("/form-integrations/v1/submissions/forms/{old}?limit=51");
    assert_eq!(get(&portal, &url).0, 400);
}

#[test]
fn emails_are_listed_with_and_without_statistics() {
    let portal = small();
    for archived in [false, true] {
        let expected: Vec<String> =
            portal.marketing_email_ids(archived).iter().map(u64::to_string).collect();
        for stats in ["", "&includeStats=true", "&offset=6"] {
            let found = scan(&portal, &format!("{EMAILS}&archived={archived}{stats}"));
            assert_eq!(found.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), expected);
            let with = found.iter().all(|(_, one)| one.get("stats").is_some());
            assert_eq!(with, stats.contains("Stats"));
        }
    }
    let settings = Settings { stats_leave_out_every: 5, ..Settings::default() };
    let portal = crate::support::portal(PortalSpec::default(), settings);
    let all = scanned(&portal, EMAILS).len();
    let shown = scanned(&portal, &format!("{EMAILS}&includeStats=true")).len();
    assert!(shown < all, "{shown} of {all}");
}

#[test]
fn emails_are_filtered_and_sorted() {
    let portal = small();
    let all = scan(&portal, EMAILS);
    let dates = |key: &str| -> BTreeSet<String> {
        all.iter().filter_map(|(_, one)| Some(one[key].as_str()?.to_owned())).collect()
    };
    for (parameter, key) in [
        ("createdAfter", "createdAt"),
        ("updatedAfter", "updatedAt"),
        ("publishedAfter", "publishedAt"),
    ] {
        let at = dates(key).into_iter().nth(4).expect("a date");
        let found = scan(&portal, &format!("{EMAILS}&{parameter}={at}"));
        let expected =
            all.iter().filter(|(_, one)| one[key].as_str().is_some_and(|it| it > at.as_str()));
        assert_eq!(found, expected.cloned().collect::<Vec<_>>(), "{parameter}");
        assert!(!found.is_empty());
    }
    let sorted = scan(&portal, &format!("{EMAILS}&sort=-updatedAt"));
    let ms = |one: &Value| one["updatedAt"].as_str().map(|at| (at[..19].to_owned(), at.to_owned()));
    assert!(sorted.iter().map(|(_, one)| ms(one)).is_sorted_by(|a, b| a >= b));
    for (case, query) in [
        ("sort", "sort=x"),
        ("date", "updatedAfter=soon"),
        ("limit", "limit=251"),
        ("flag", "includeStats=1"),
    ] {
        assert_eq!(get(&portal, &format!("/marketing/v3/emails?{query}")).0, 400, "{case}");
    }
    let (_, page) = get(&portal, "/marketing/emails/2026-09?includedProperties=name");
    let keys: Vec<&String> = page["results"][0].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["id", "isAb", "name"]);
}

#[test]
fn statistics_move_while_the_email_does_not() {
    let portal = small();
    let id = portal.marketing_email_ids(false)[0];
    let url = format!("/marketing/v3/emails/{id}?includeStats=true");
    let at = |later: i64| call(&portal, Method::GET, &url, &Value::Null, START_MS + later).1;
    let (now, later) = (at(0), at(5 * DAY_MS));
    assert_eq!(now["updatedAt"], later["updatedAt"]);
    let opens = |email: &Value| email["stats"]["counters"]["open"].as_u64().expect("a number");
    assert!(opens(&now) < opens(&later), "{} and {}", opens(&now), opens(&later));
    let span = "startTimestamp=2020-01-01T00:00:00Z&endTimestamp=2030-01-01T00:00:00Z";
    let (status, sum) = get(&portal, &format!("/marketing/v3/emails/statistics/list?{span}"));
    assert_eq!(status, 200);
    assert!(sum["aggregate"]["counters"]["open"].as_u64() > Some(opens(&now)));
    assert_eq!(get(&portal, "/marketing/v3/emails/statistics/list").0, 400);
}

#[test]
fn emails_and_forms_change() {
    let mut portal = small();
    let email = portal.marketing_email_ids(false)[1];
    let form = portal.form_ids(false)[0].0.clone();
    for change in [
        json!({ "kind": "edit_marketing_email", "id": email }),
        json!({ "kind": "create_marketing_email" }),
        json!({ "kind": "create_form" }),
        json!({ "kind": "edit_form", "id": form }),
    ] {
        apply(&mut portal, change, START_MS + 5);
    }
    let after = "updatedAfter=2026-09-21T14:13:20Z&sort=id";
    let found = scanned(&portal, &format!("{EMAILS}&{after}"));
    let newest = portal.newest_marketing_email().expect("one");
    assert_eq!(found, [email.to_string(), newest.to_string()]);
    let (status, _) =
        get(&portal, &format!("/marketing/v3/forms/{}", portal.newest_form().expect("one")));
    assert_eq!(status, 200);
    apply(&mut portal, json!({ "kind": "archive_form", "id": form }), START_MS + 6);
    apply(&mut portal, json!({ "kind": "archive_marketing_email", "id": email }), START_MS + 6);
    for (case, url, expected) in [
        ("archived form", format!("/marketing/v3/forms/{form}"), 404),
        ("asked for", format!("/marketing/v3/forms/{form}?archived=true"), 200),
        ("archived e-mail", format!("/marketing/v3/emails/{email}"), 404),
        ("asked for", format!("/marketing/v3/emails/{email}?archived=true"), 200),
    ] {
        assert_eq!(get(&portal, &url).0, expected, "{case} {url}");
    }
}

#[test]
fn campaigns_show_what_is_asked_for() {
    let portal = small();
    let list = "/marketing/v3/campaigns?limit=3";
    assert_eq!(scanned(&portal, list), portal.marketing_campaign_ids());
    let (_, plain) = get(&portal, list);
    assert_eq!((&plain["results"][0]["properties"], &plain["total"]), (&json!({}), &json!(7)));
    let (_, named) = get(&portal, "/marketing/campaigns/2026-09?properties=hs_name,hs_unknown");
    assert_eq!(named["results"][2]["properties"], json!({ "hs_name": "Launch 2" }));
    let id = &portal.marketing_campaign_ids()[0];
    let (_, whole) = get(&portal, &format!("/marketing/v3/campaigns/{id}"));
    let forms = whole["assets"]["FORM"]["results"].as_array().expect("forms").len();
    let assets = scanned(&portal, &format!("/marketing/v3/campaigns/{id}/assets/FORM?limit=4"));
    assert_eq!((assets.len(), forms), (10, 10));
    for (case, url, expected) in [
        ("unknown", "/marketing/v3/campaigns/x".to_owned(), 404),
        ("unknown asset type", format!("/marketing/v3/campaigns/{id}/assets/CAT"), 400),
        ("metrics", format!("/marketing/v3/campaigns/{id}/reports/metrics"), 200),
    ] {
        assert_eq!(get(&portal, &url).0, expected, "{case}");
    }
    let body = json!({ "inputs": [{ "id": id }, { "id": "x" }] });
    let (status, batch) = post(&portal, "/marketing/v3/campaigns/batch/read", &body);
    assert_eq!((status, batch["results"].as_array().map(Vec::len)), (207, Some(1)));
}
