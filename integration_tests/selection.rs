//! Selection in the configuration other than filters: property patterns, record ids, and the errors
//! for names that do not exist.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;

use hubspot_simulator::{Config, JournalConfig, PortalSpec, Records};
use serde_json::{Value, json};

use crate::support::changes::set;
use crate::support::expected_records::{check_associations, live_ids};
use crate::support::portals::stopped;
use crate::support::reading::{saved_at, state_of};
use crate::support::{Catalog, Mode, Stage, access_to, few};

fn stage() -> Stage {
    let journal = JournalConfig { bodies: true, ..JournalConfig::default() };
    Stage::new(Config { journal, ..stopped(PortalSpec { archived_share: 0.1, ..few() }) })
}

/// Returns the property columns of a stream in a catalog, which are the same nested and flat.
fn columns(catalog: &Catalog, stream: &str) -> BTreeSet<String> {
    let mut catalog = catalog.clone();
    let columns = catalog.columns(stream);
    let nested = columns["properties"]["properties"].as_object().expect("an object");
    let nested: BTreeSet<_> = nested.keys().cloned().collect();
    let flat = columns.keys().filter_map(|name| name.strip_prefix("properties_"));
    assert_eq!(nested, flat.map(str::to_owned).collect(), "{stream}");
    nested
}

/// Returns the properties requested by all lists of an object type.
fn listed(stage: &Stage, object: &str) -> BTreeSet<String> {
    let journal = stage.simulator.journal();
    let end = format!("/{object}");
    let lists = journal.iter().filter(|entry| entry.endpoint == "objects.list");
    let queries = lists.filter(|entry| entry.path.ends_with(&end)).map(|entry| &entry.query);
    let names = queries.flat_map(|query| query.split('&'));
    let names = names.filter_map(|pair| pair.strip_prefix("properties="));
    names.flat_map(|names| names.split(',')).map(str::to_owned).collect()
}

#[test]
fn patterns_choose_columns_at_discover_and_at_read() {
    let mut stage = stage();
    let streams = ["boats", "contacts", "contacts_archived", "deals"];
    let whole = stage.catalog(Mode::Incremental).only(&streams);
    let fits = |stream: &str, keep: &dyn Fn(&str) -> bool| {
        let all = columns(&whole, stream);
        all.into_iter().filter(|name| keep(name)).collect::<BTreeSet<_>>()
    };
    stage.config["properties_include"] = json!(["contacts.hs_*", "contacts.e?ail", "boats.*"]);
    stage.config["properties_exclude"] =
        json!(["*_id", "p4455_boats.hs_*", "deals.hs_date_entered_*"]);
    let catalog = stage.catalog(Mode::Incremental).only(&streams);
    let contact =
        |name: &str| (name.starts_with("hs_") || name == "email") && !name.ends_with("_id");
    let deal = |name: &str| !name.ends_with("_id") && !name.starts_with("hs_date_entered_");
    let boat = |name: &str| !name.ends_with("_id") && !name.starts_with("hs_");
    for (stream, keep) in [
        ("contacts", &contact as &dyn Fn(&str) -> bool),
        ("contacts_archived", &contact),
        ("deals", &deal),
        ("boats", &boat),
    ] {
        let expected = fits(stream, keep);
        assert!(!expected.is_empty() && expected.len() < columns(&whole, stream).len(), "{stream}");
        assert_eq!(columns(&catalog, stream), expected, "{stream}");
        let columns = catalog.clone().columns(stream).clone();
        assert!(["id", "updatedAt"].iter().all(|key| columns.contains_key(*key)), "{stream}");
    }
    // The configuration also applies with the previous catalog and with one without columns.
    for catalog in [whole.clone(), Catalog::of(&streams, Mode::Incremental)] {
        stage.simulator.clear_journal();
        let output = stage.read(&catalog).succeeded();
        // A legacy property name has its own column; its value comes from the newer property.
        let newer = |name: &str| contact(name) && !name.starts_with("hs_lifecyclestage_");
        assert_eq!(listed(&stage, "contacts"), fits("contacts", &newer));
        assert_eq!(listed(&stage, "p4455_boats"), fits("boats", &boat));
        for (stream, keep) in [("contacts", &contact as &dyn Fn(&str) -> bool), ("boats", &boat)] {
            for record in output.records(stream) {
                let properties = record["properties"].as_object().expect("an object");
                assert!(properties.keys().all(|name| keep(name)), "{stream}: {record}");
                assert!(record["id"].is_string() && record["updatedAt"].is_string(), "{record}");
            }
        }
    }
}

#[test]
fn excluded_properties_leave_keys_and_cursors() {
    let mut stage = stage();
    stage.config["properties_exclude"] = json!(["*"]);
    let catalog = stage.catalog(Mode::Incremental).only(&["contacts"]);
    let output = stage.read(&catalog).succeeded();
    assert_eq!(output.ids("contacts"), live_ids(&stage.simulator, "contacts"));
    for record in output.records("contacts") {
        assert!(record["updatedAt"].is_string() && record.get("properties_email").is_none());
        assert!(record.get("properties").is_none_or(|object| object == &json!({})), "{record}");
    }
    let again = stage.read_on(&catalog, &output.state()).succeeded();
    assert_eq!(again.ids("contacts"), [0; 0], "the cursor is there");
}

#[test]
fn single_records_are_read_again_and_the_state_stays() {
    let mut stage = stage();
    let contacts = live_ids(&stage.simulator, "contacts");
    let archived: u64 =
        stage.simulator.portal(|portal| portal.archived_ids("contacts").next().expect("one"));
    let mut ids: Vec<_> = contacts.iter().rev().take(150).map(u64::to_string).collect();
    ids.extend([archived.to_string(), "999999999999".to_owned(), contacts[229].to_string()]);
    stage.config["record_ids"] = json!([{ "object": "contacts", "ids": ids }]);
    // Records selected by id are documented to be read regardless of filters.
    stage.config["record_filters"] =
        json!([{ "object": "contacts", "property": "email", "operator": "NOT_HAS_PROPERTY" }]);
    let record = Records::Id(contacts[100]);
    stage.simulator.change(&set("contacts", record, "email", "new@example.test"));
    stage.simulator.clear_journal();
    let catalog = Catalog::of(&["contacts", "deals"], Mode::Incremental);
    let before = json!({ "updatedAt": "2026-09-01T00:00:00.000000Z",
        "source_hubspot": { "version": 1, "settled": "2026-08-31T22:00:00.000000Z" } });
    let output = stage.read_on(&catalog, &state_of("contacts", &before)).succeeded();
    assert_eq!(output.ids("contacts"), contacts[80..], "each once");
    assert_eq!(
        check_associations(&stage.simulator, "contacts", "companies", &output.records("contacts"))
            .min(1),
        1
    );
    assert_eq!(output.states("contacts"), [&before], "the state is given back");
    assert_eq!(output.ids("deals"), live_ids(&stage.simulator, "deals"), "others are read as ever");
    let journal = stage.simulator.journal();
    let reads = |endpoint: &str| {
        let of = journal.iter().filter(|entry| entry.endpoint == endpoint);
        of.filter(|entry| entry.path.contains("contacts")).count()
    };
    assert_eq!(
        (reads("objects.batch_read"), reads("objects.list"), reads("objects.search")),
        (2, 0, 0)
    );
    let warnings = output.warnings();
    let missing = format!("there is no live record with the id {archived} or 999999999999");
    assert!(warnings.iter().any(|warning| warning.contains(&missing)), "{warnings:?}");

    // The first read has no state to return, so the next read starts from the beginning.
    let first = stage.read(&catalog.only(&["contacts"])).succeeded();
    assert_eq!(first.last_state("contacts"), &json!({}));
    stage.config["record_ids"] = json!([]);
    stage.config["record_filters"] = json!([]);
    let next = stage.read_on(&catalog.only(&["contacts"]), &first.state()).succeeded();
    assert_eq!(next.ids("contacts"), contacts);

    stage.config["record_ids"] = json!([{ "object": "contacts", "ids": ["1"] }]);
    let replacing = catalog.only(&["contacts"]).with("destination_sync_mode", &json!("overwrite"));
    let warned = stage.read_on(&replacing, &saved_at("contacts", 1)).succeeded();
    assert!(
        warned
            .warnings()
            .iter()
            .any(|warning| warning.contains("only the records of `record_ids`"))
    );
}

#[test]
fn wrong_names_are_told_by_check_and_before_anything_is_read() {
    let mut stage = stage();
    let filter = |object: &str, property: &str, operator: &str, value: Value| json!({ "object": object, "property": property, "operator": operator, "value": value });
    for (key, choice, expected) in [
        (
            "record_filters",
            json!([filter("contacts", "lifecycle_stage", "EQ", json!("lead"))]),
            "`record_filters.0.property` is `lifecycle_stage`, which contacts do not have (did you \
             mean `lifecyclestage`?)",
        ),
        (
            "record_filters",
            json!([filter("deals", "xyz", "EQ", json!("1"))]),
            "`record_filters.0.property` is `xyz`, which deals do not have",
        ),
        (
            "record_filters",
            json!([filter("contcts", "email", "EQ", json!("x"))]),
            "`record_filters.0` names the CRM object `contcts`, which the account does not have \
             (did you mean `contacts`?)",
        ),
        (
            "record_filters",
            json!([filter("boat", "serial_no", "EQ", json!("x"))]),
            "`record_filters.0` names the CRM object `boat`, which the account does not have (did \
             you mean `boats`?)",
        ),
        (
            "record_filters",
            json!([filter("deals", "amount", "GREATER", json!("1"))]),
            "`record_filters.0.operator` has an unknown value (did you mean `GT`?); write one of EQ, \
             NEQ, LT, LTE, GT, GTE, BETWEEN, IN, NOT_IN, HAS_PROPERTY, NOT_HAS_PROPERTY, \
             CONTAINS_TOKEN, NOT_CONTAINS_TOKEN",
        ),
        (
            "record_filters",
            json!([filter("deals", "amount", "eq", json!("1"))]),
            "`record_filters.0.operator` has an unknown value (did you mean `EQ`?); write one of EQ, \
             NEQ, LT, LTE, GT, GTE, BETWEEN, IN, NOT_IN, HAS_PROPERTY, NOT_HAS_PROPERTY, \
             CONTAINS_TOKEN, NOT_CONTAINS_TOKEN",
        ),
        (
            "record_filters",
            json!([
                filter("boats", "serial_no", "EQ", json!("x")),
                filter("deals", "amount", "GT", json!("much")),
                filter("deals", "amount", "BETWEEN", json!("1"))
            ]),
            "`record_filters.1.value` must be a number, because `amount` is of that type; \
             `record_filters.2.high_value` is missing: `BETWEEN` compares with it",
        ),
        (
            "record_ids",
            json!([{ "object": "contacts", "ids": ["1"] }, { "object": "quates", "ids": ["1"] }]),
            "`record_ids.1` names the CRM object `quates`, which the account does not have (did you \
             mean `quotes`?)",
        ),
        (
            "record_ids",
            json!([{ "object": "contacts", "ids": ["12", "x1"] }]),
            "`record_ids.0.ids.1` is not an id; write its digits, at most 19, in quotes",
        ),
        (
            "properties_exclude",
            json!(["hs_*", "owners.name"]),
            "`properties_exclude.1` names the CRM object `owners`, which the account does not have \
             (did you mean `orders`?)",
        ),
    ] {
        let config = std::mem::replace(&mut stage.config[key], choice);
        let expected = format!("The configuration does not fit: {expected}.");
        assert_eq!(stage.check().connection(), ("FAILED", expected.as_str()));
        let read = stage.read(&Catalog::of(&["contacts", "owners"], Mode::Full));
        assert_eq!((read.error(), read.code), ((expected.as_str(), "config_error"), Some(1)));
        assert_eq!((read.records("owners").len(), read.statuses("contacts").len()), (0, 0));
        assert_eq!(stage.discover().error().0, expected);
        stage.config[key] = config;
        stage.config.as_object_mut().expect("a config").remove(key);
    }
}

#[test]
fn what_the_token_may_not_see_is_for_its_stream_to_say() {
    let config =
        Config { access: access_to(&["oauth", "crm.objects.deals.read"]), ..stopped(few()) };
    let mut stage = Stage::new(config);
    stage.config["record_filters"] =
        json!([{ "object": "contacts", "property": "nothing", "operator": "HAS_PROPERTY" }]);
    assert_eq!(stage.check().connection().0, "SUCCEEDED");
    let output = stage.read(&Catalog::of(&["contacts", "deals"], Mode::Incremental));
    assert_eq!(output.ids("deals"), live_ids(&stage.simulator, "deals"));
    assert!(output.warnings().iter().any(|warning| warning.contains("`contacts` is skipped")));
}
