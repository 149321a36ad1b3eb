//! Record filters: the records that are emitted in every read mode, and the requests.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use hubspot_simulator::settings::DoubtfulFilters;
use hubspot_simulator::{Config, DEFAULT_TOKEN, JournalConfig, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::expected_records::live_ids;
use crate::support::portals::stopped;
use crate::support::reading::{saved_at, state_of};
use crate::support::{Catalog, Mode, Output, Stage, few};

fn filter(object: &str, property: &str, operator: &str, operands: &Value) -> Value {
    let mut filter = json!({ "object": object, "property": property, "operator": operator });
    for (key, operand) in operands.as_object().into_iter().flatten() {
        filter[key] = operand.clone();
    }
    filter
}

/// Returns the ids of the contacts that HubSpot's own search finds.
fn searched(stage: &Stage, filter: &Value) -> Vec<u64> {
    let mut filter = json!({ "propertyName": filter["property"], "operator": filter["operator"],
        "value": filter["value"], "highValue": filter["high_value"], "values": filter["values"] });
    filter.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    let (mut ids, mut after) = (Vec::new(), json!("0"));
    while !after.is_null() {
        let body = json!({ "filterGroups": [{ "filters": [filter] }], "limit": 200, "after": after,
            "properties": ["hs_object_id"], "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }] });
        let page = post(&stage.simulator.url(), "/crm/v3/objects/contacts/search", &body);
        let results = page["results"].as_array().unwrap_or_else(|| panic!("{page}"));
        ids.extend(results.iter().map(crate::support::output::id));
        after = page["paging"]["next"]["after"].clone();
    }
    ids
}

fn post(url: &str, path: &str, body: &Value) -> Value {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the simulator");
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {DEFAULT_TOKEN}\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// Returns a portal with contacts on three pages of the list, and with properties of every type.
fn portal() -> PortalSpec {
    PortalSpec { contacts: 290, properties: 60, archived_share: 0.1, ..few() }
}

/// Returns a stage with a stopped clock, whose journal keeps bodies.
fn stage(portal: PortalSpec, doubtful_filters: DoubtfulFilters) -> Stage {
    let config = stopped(portal);
    Stage::new(Config {
        settings: Settings { doubtful_filters, ..config.settings },
        journal: JournalConfig { bodies: true, ..JournalConfig::default() },
        ..config
    })
}

/// Reads contacts by list, then by search. Returns their ids, which must be the same.
fn both_ways(stage: &Stage) -> Vec<u64> {
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    stage.simulator.clear_journal();
    let listed = stage.read(&catalog).succeeded();
    assert_eq!((asked(stage, "objects.list"), asked(stage, "objects.search")), (3, 0));
    stage.simulator.clear_journal();
    let found = stage.read_on(&catalog, &saved_at("contacts", 1_000_000_000_000)).succeeded();
    assert!(asked(stage, "objects.list") == 0 && asked(stage, "objects.search") > 0);
    assert_eq!(listed.ids("contacts"), found.ids("contacts"), "{}", stage.config["record_filters"]);
    found.ids("contacts")
}

fn asked(stage: &Stage, endpoint: &str) -> usize {
    stage.simulator.journal().iter().filter(|entry| entry.endpoint == endpoint).count()
}

/// Returns the bodies of all requests to an endpoint.
fn bodies(stage: &Stage, endpoint: &str) -> Vec<Value> {
    let entries = stage.simulator.journal().into_iter().filter(|entry| entry.endpoint == endpoint);
    entries.map(|entry| serde_json::from_str(&entry.body.expect("a body")).expect("JSON")).collect()
}

/// Returns every operator, for every type of property on which it behaves differently.
fn every_operator() -> Vec<(&'static str, &'static str, Value)> {
    let between = |value: &str, high: &str| json!({ "value": value, "high_value": high });
    let one = |value: &str| json!({ "value": value });
    vec![
        ("lifecyclestage", "EQ", one("Lead")),
        ("lifecyclestage", "NEQ", one("lead")),
        ("lifecyclestage", "IN", json!({ "values": ["lead", "customer"] })),
        ("lifecyclestage", "NOT_IN", json!({ "values": ["lead", "customer"] })),
        ("lifecyclestage", "HAS_PROPERTY", json!({})),
        ("lifecyclestage", "NOT_HAS_PROPERTY", json!({})),
        ("firstname", "EQ", one("RIPPLE")),
        ("firstname", "GT", one("Harbour")),
        ("firstname", "IN", json!({ "values": ["Ripple", "kelp"] })),
        ("firstname", "BETWEEN", between("harbour", "nectar")),
        ("custom_colours_0006", "EQ", one("blue")),
        ("custom_colours_0006", "NOT_IN", json!({ "values": ["blue", "red"] })),
        ("custom_count_0007", "LT", one("40000")),
        ("custom_count_0007", "LTE", one("4e4")),
        ("custom_number_0001", "GT", one("500000.5")),
        ("custom_number_0001", "BETWEEN", between("100000", "500000")),
        ("custom_scale_0011", "GTE", one("1.5E7")),
        ("custom_flag_0002", "EQ", one("true")),
        ("custom_flag_0002", "NEQ", one("true")),
        ("custom_day_0003", "GTE", one("2020-01-01")),
        ("custom_moment_0004", "LT", one("2020-01-01T00:00:00Z")),
        ("custom_moment_0004", "BETWEEN", between("2018-01-01T00:00:00Z", "2022-01-01T00:00:00Z")),
        ("hs_object_id", "GT", one("9000")),
        ("email", "CONTAINS_TOKEN", one("person.1*")),
        ("firstname", "CONTAINS_TOKEN", one("ripple")),
        ("firstname", "NOT_CONTAINS_TOKEN", one("Ripple")),
    ]
}

#[test]
fn every_operator_keeps_the_same_records_whichever_way_they_are_read() {
    let mut wide = stage(portal(), DoubtfulFilters::Wide);
    let mut narrow = stage(portal(), DoubtfulFilters::Narrow);
    let all = live_ids(&wide.simulator, "contacts").len();
    for (property, operator, operands) in every_operator() {
        let filter = filter("contacts", property, operator, &operands);
        wide.config["record_filters"] = json!([filter]);
        let kept = both_ways(&wide);
        assert!(!kept.is_empty() && kept.len() < all, "{filter} keeps {} of {all}", kept.len());
        // Only this search finds a token with an asterisk inside words.
        if !operands.to_string().contains('*') {
            assert_eq!(kept, searched(&wide, &filter), "{filter} means what search means");
        }
        narrow.config["record_filters"] = json!([filter]);
        assert_eq!(kept, both_ways(&narrow), "{filter} means the same to any HubSpot");
    }
}

#[test]
fn a_search_is_given_what_is_certain_and_asks_for_what_decides() {
    let mut stage = stage(portal(), DoubtfulFilters::Wide);
    stage.config["record_filters"] = json!([
        filter("contacts", "hs_lead_status", "NEQ", &json!({ "value": "OPEN" })),
        filter("contacts", "lifecyclestage", "EQ", &json!({ "value": "lead" })),
        filter("contacts", "custom_day_0003", "GTE", &json!({ "value": "2018-06-01" })),
        filter("contacts", "custom_count_0007", "HAS_PROPERTY", &json!({})),
        filter("deals", "amount", "GT", &json!({ "value": "10" })),
    ]);
    let mut catalog = Catalog::of(&["contacts"], Mode::Incremental);
    catalog.streams()[0]["stream"]["json_schema"] =
        json!({ "properties": { "properties_email": {} } });
    let output = stage.read_on(&catalog, &saved_at("contacts", 1_000_000_000_000)).succeeded();
    let search = bodies(&stage, "objects.search").remove(0);
    let filters = search["filterGroups"][0]["filters"].as_array().expect("filters").clone();
    let given: Vec<_> =
        filters.iter().filter_map(|filter| filter["propertyName"].as_str()).collect();
    let expected = [
        "lastmodifieddate",
        "lastmodifieddate",
        "hs_object_id",
        "lifecyclestage",
        "custom_day_0003",
    ];
    assert_eq!(given, expected, "six fit, one of which is the end of a range of ids");
    assert_eq!(
        search["properties"],
        json!([
            "custom_count_0007",
            "custom_day_0003",
            "email",
            "hs_lead_status",
            "lifecyclestage"
        ])
    );
    let records = output.records("contacts");
    assert!(!records.is_empty());
    for record in &records {
        let columns: BTreeSet<_> = record.as_object().expect("a record").keys().collect();
        assert!(
            columns
                .iter()
                .all(|name| ["id", "properties_email", "updatedAt"].contains(&name.as_str())),
            "{columns:?}"
        );
    }
    assert_eq!(output.receipt("contacts").expect("a receipt")["counted_by_hubspot"], Value::Null);
    let value =
        |id: u64, name: &str| stage.simulator.portal(|portal| portal.value("contacts", id, name));
    let fits = |id: &u64| {
        value(*id, "hs_lead_status").as_deref() != Some("OPEN")
            && value(*id, "lifecyclestage").as_deref() == Some("lead")
            && value(*id, "custom_day_0003").is_some_and(|day| day.as_str() >= "2018-06-01")
            && value(*id, "custom_count_0007").is_some()
    };
    let expected: Vec<_> =
        live_ids(&stage.simulator, "contacts").into_iter().filter(fits).collect();
    assert_eq!(output.ids("contacts"), expected);
}

#[test]
fn archived_records_and_custom_objects_are_filtered() {
    let mut stage = stage(PortalSpec { archived_share: 0.3, ..portal() }, DoubtfulFilters::Wide);
    stage.config["record_filters"] = json!([
        filter("boats", "custom_tier_0005", "EQ", &json!({ "value": "gold" })),
        filter("p4455_boats", "custom_flag_0002", "HAS_PROPERTY", &json!({})),
        filter("goals", "hs_goal_name", "NOT_HAS_PROPERTY", &json!({})),
        filter("contacts", "custom_tier_0005", "IN", &json!({ "values": ["gold", "silver"] })),
    ]);
    let streams = ["boats", "boats_archived", "contacts", "contacts_archived", "harbours"];
    let output = stage.read(&Catalog::of(&streams, Mode::Incremental)).succeeded();
    let value = |object: &str, id: u64, name: &str| {
        stage.simulator.portal(|portal| portal.value(object, id, name))
    };
    let boats = |id: &u64| {
        value("p4455_boats", *id, "custom_tier_0005").as_deref() == Some("gold")
            && value("p4455_boats", *id, "custom_flag_0002").is_some()
    };
    let contacts = |id: &u64| {
        let tier = value("contacts", *id, "custom_tier_0005");
        tier.is_some_and(|tier| ["gold", "silver"].contains(&tier.as_str()))
    };
    for (stream, object, fits) in [
        ("boats", "p4455_boats", &boats as &dyn Fn(&u64) -> bool),
        ("boats_archived", "p4455_boats", &boats),
        ("contacts", "contacts", &contacts),
        ("contacts_archived", "contacts", &contacts),
        ("harbours", "p4455_harbours", &|_: &u64| true),
    ] {
        let all: Vec<_> = stage.simulator.portal(|portal| {
            let is_archived = stream.ends_with("_archived");
            if is_archived {
                portal.archived_ids(object).collect()
            } else {
                portal.ids(object).collect()
            }
        });
        let expected: Vec<_> = all.iter().copied().filter(fits).collect();
        assert!(!expected.is_empty(), "{stream}: {} in all", all.len());
        assert_eq!(output.ids(stream), expected, "{stream}");
    }
}

#[test]
fn rows_are_read_by_batch_only_for_what_fits() {
    // The names exceed the length of a URL and, if the whole body is measured, of a search.
    let names = PortalSpec { properties: 400, property_name_chars: 50, ..portal() };
    let mut config = stopped(names);
    config.settings.search_body_limit = hubspot_simulator::settings::SearchBodyLimit::WholeBody;
    let mut stage = Stage::new(config);
    stage.config["record_filters"] =
        json!([filter("contacts", "lifecyclestage", "EQ", &json!({ "value": "lead" }))]);
    let kept = both_ways(&stage);
    let value = |id: &u64| {
        let stage =
            stage.simulator.portal(|portal| portal.value("contacts", *id, "lifecyclestage"));
        stage.as_deref() == Some("lead")
    };
    let expected: Vec<_> =
        live_ids(&stage.simulator, "contacts").into_iter().filter(value).collect();
    assert_eq!(kept, expected);
    assert!(asked(&stage, "objects.batch_read") > 0, "the names fit no search");
}

#[test]
fn a_filter_that_keeps_little_is_read_by_search() {
    let portal = PortalSpec { contacts: 3_000, properties: 0, ..few() };
    let mut stage = stage(portal, DoubtfulFilters::Wide);
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    let lead = filter("contacts", "lifecyclestage", "EQ", &json!({ "value": "lead" }));
    stage.config["record_filters"] = json!([lead]);
    let few = stage.read(&catalog).succeeded();
    let lists = asked(&stage, "objects.list");
    // Some pages are requested before HubSpot's counts arrive.
    assert!(lists <= 15, "{lists} pages of the list, of thirty");
    assert_eq!(few.ids("contacts"), searched(&stage, &lead));
    let counted = |output: &Output| {
        output.receipt("contacts").expect("a receipt")["counted_by_hubspot"].clone()
    };
    assert_eq!(counted(&few), few.ids("contacts").len(), "HubSpot counted what fits");

    let any = filter("contacts", "hs_object_id", "HAS_PROPERTY", &json!({}));
    stage.config["record_filters"] = json!([any]);
    stage.simulator.clear_journal();
    let all = stage.read(&catalog).succeeded();
    assert!(asked(&stage, "objects.list") >= 30, "what keeps most is listed");
    assert_eq!((all.ids("contacts").len(), counted(&all)), (3_000, json!(3_000)));

    let doubtful = filter("contacts", "lifecyclestage", "NEQ", &json!({ "value": "lead" }));
    stage.config["record_filters"] = json!([any, doubtful]);
    let rest = stage.read(&catalog).succeeded();
    assert_eq!(
        (rest.ids("contacts").len(), counted(&rest)),
        (3_000 - few.ids("contacts").len(), Value::Null)
    );
}

#[test]
fn progress_under_other_filters_begins_anew() {
    let portal = PortalSpec { deals: 10_600, properties: 0, ..few() };
    let mut stage = stage(portal, DoubtfulFilters::Wide);
    let catalog = Catalog::of(&["deals"], Mode::Incremental);
    let amount = |operator: &str| json!([filter("deals", "amount", operator, &json!({}))]);
    stage.config["record_filters"] =
        json!([filter("deals", "hs_object_id", "GT", &json!({ "value": "1" }))]);
    let whole = stage.read(&catalog).succeeded();
    let states = whole.states("deals");
    let progress = states[0].clone();
    assert!(progress["source_hubspot"]["filter"].is_string(), "{progress}");
    assert!(
        states[states.len() - 1]["source_hubspot"].get("filter").is_none(),
        "a finished read says nothing of it"
    );

    let on = stage.read_on(&catalog, &state_of("deals", &progress)).succeeded();
    assert!(on.receipt("deals").expect("a receipt")["ranges_resumed"].as_u64() > Some(0));
    assert!(on.ids("deals").len() < 5_000, "the same filter goes on");

    stage.config["record_filters"] = amount("HAS_PROPERTY");
    let other = stage.read_on(&catalog, &state_of("deals", &progress)).succeeded();
    let fits = |id: &u64| {
        let amount = stage.simulator.portal(|portal| portal.value("deals", *id, "amount"));
        amount.is_some_and(|amount| !amount.is_empty())
    };
    let expected: Vec<_> = live_ids(&stage.simulator, "deals").into_iter().filter(fits).collect();
    assert_eq!(other.ids("deals"), expected, "another begins anew");

    stage.config["record_filters"] = json!([]);
    let none = stage.read_on(&catalog, &state_of("deals", &progress)).succeeded();
    assert_eq!(none.ids("deals"), live_ids(&stage.simulator, "deals"), "and so does none");
    assert!(none.states("deals").iter().all(|state| !state.to_string().contains("filter")));

    // A finished read has a position, whatever the filter excluded.
    stage.config["record_filters"] = amount("NOT_HAS_PROPERTY");
    let after = stage.read_on(&catalog, &whole.state()).succeeded();
    assert_eq!(after.ids("deals"), [0; 0]);
}
