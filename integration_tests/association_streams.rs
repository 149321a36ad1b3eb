//! Streams of associations selected in the configuration.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a message of another shape has to fail the test"
)]

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat};
use hubspot_simulator::portal::{Change, PortalSpec, Records};
use hubspot_simulator::settings::{IdForm, MissingAssociations};
use hubspot_simulator::{Config, Settings};
use serde_json::{Value, json};

use crate::support::changes::set;
use crate::support::{Catalog, Mode, Output, Stage, calm, few};

type Pairs = BTreeSet<(u64, u64)>;

/// Returns the pairs of a stream. Checks each record and that none is duplicated.
fn pairs(output: &Output, stream: &str) -> Pairs {
    let mut keys = BTreeSet::new();
    let mut pairs = Pairs::new();
    for record in output.records(stream) {
        let id = |field: &str| record[field].as_str().unwrap().parse::<u64>().unwrap();
        let kind = record["association_type_id"].as_u64().unwrap();
        let category = record["category"].as_str().unwrap();
        assert_eq!(category == "USER_DEFINED", kind >= 20_000, "{record}");
        assert!(record.get("label").is_none_or(Value::is_string), "{record}");
        let pair = (id("from_id"), id("to_id"));
        assert!(keys.insert((pair, kind)), "{record} comes twice");
        pairs.insert(pair);
    }
    pairs
}

/// Returns the associated pairs in the portal.
fn truth(stage: &Stage, from: &str, to: &str) -> Pairs {
    stage.simulator.portal(|portal| {
        let of = |id| portal.associations(from, id, to).into_iter().map(move |to| (id, to));
        portal.ids(from).flat_map(of).collect()
    })
}

fn asking(config: Config, key: &str, streams: Value) -> Stage {
    let mut stage = Stage::new(config);
    stage.config[key] = streams;
    stage
}

#[test]
fn every_association_of_every_kind_is_a_record() {
    let hub = PortalSpec { contacts: 2_600, hub: Some(1_300), ..few() };
    let numbers = Settings {
        to_object_id: IdForm::Text,
        missing_associations: MissingAssociations::MultiStatus,
        ..calm(few()).settings
    };
    let other = Config { settings: numbers, ..calm(hub.clone()) };
    for config in [calm(hub), other] {
        let streams = json!([
            { "from_object": "companies", "to_object": "contacts" },
            { "from_object": "contacts", "to_object": "companies", "stream_name": "employers" },
            { "from_object": "deals", "to_object": "contacts", "stream_name": "" },
        ]);
        let stage = asking(config, "association_streams", streams);
        let names = ["associations_companies_contacts", "employers", "associations_deals_contacts"];
        let output = stage.read(&Catalog::of(&names, Mode::Full)).succeeded();
        for (name, from, to) in [
            (names[0], "companies", "contacts"),
            (names[1], "contacts", "companies"),
            (names[2], "deals", "contacts"),
        ] {
            let expected = truth(&stage, from, to);
            assert!(expected.len() > 50, "{name}: {}", expected.len());
            assert!(pairs(&output, name) == expected, "{name}");
        }
        let kinds: BTreeSet<_> = output
            .records("employers")
            .into_iter()
            .map(|record| (record["association_type_id"].as_u64(), record["label"].as_str()))
            .filter(|(kind, _)| *kind < Some(20_000))
            .collect();
        assert_eq!(kinds, [(Some(1), Some("Primary")), (Some(279), None)].into());
        assert!(output.records("employers").iter().any(|record| record["label"] == "Advisor"));
        let reads = |path: &str| {
            let journal = stage.simulator.journal();
            let is_read = |path: &str, entry: &hubspot_simulator::Entry| {
                entry.endpoint == "associations.batch_read" && entry.path.contains(path)
            };
            journal.iter().filter(|entry| is_read(path, entry)).count()
        };
        assert_eq!(reads("/contacts/companies/"), 3, "blocks of 1,000");
        assert_eq!(reads("/companies/contacts/"), 3, "1,300 of one company, 500 at a time");
    }
}

#[test]
fn custom_objects_go_by_any_of_their_names() {
    let streams = json!([
        { "from_object": "p4455_boats", "to_object": "contacts" },
        { "from_object": "contacts", "to_object": "p4455_boats", "stream_name": "skippers" },
    ]);
    let stage = asking(calm(few()), "custom_object_association_streams", streams);
    let names = ["associations_p4455_boats_contacts", "skippers"];
    let output = stage.read(&Catalog::of(&names, Mode::Full)).succeeded();
    for (name, from, to) in
        [(names[0], "p4455_boats", "contacts"), (names[1], "contacts", "p4455_boats")]
    {
        let expected = truth(&stage, from, to);
        assert!(expected.len() > 20 && pairs(&output, name) == expected, "{name}");
    }
    assert!(stage.simulator.journal().iter().all(|entry| entry.endpoint != "schemas.list"));
}

#[test]
fn an_unknown_object_is_the_users_to_mend_and_harms_no_other_stream() {
    let streams = json!([
        { "from_object": "p_nowhere", "to_object": "contacts", "stream_name": "first" },
        { "from_object": "contacts", "to_object": "p_nowhere", "stream_name": "second" },
        { "from_object": "deals", "to_object": "contacts" },
    ]);
    let stage = asking(calm(few()), "custom_object_association_streams", streams);
    let names = ["first", "second", "associations_deals_contacts"];
    let output = stage.read(&Catalog::of(&names, Mode::Full));
    assert_eq!(output.code, Some(1));
    let errors = output.errors();
    assert_eq!(errors.len(), 2);
    for error in errors {
        assert_eq!(error["failure_type"], "config_error", "{error}");
        assert!(error["message"].as_str().unwrap().contains("`p_nowhere`"), "{error}");
    }
    assert!(pairs(&output, names[2]) == truth(&stage, "deals", "contacts"));
    assert_eq!(output.statuses(names[2]).last(), Some(&"COMPLETE"));
}

#[test]
fn q41_they_are_read_whole_without_a_state() {
    let streams = json!([{ "from_object": "deals", "to_object": "contacts" }]);
    let stage = asking(calm(few()), "association_streams", streams);
    let name = "associations_deals_contacts";
    let catalog = stage.catalog(Mode::Incremental).only(&[name]);
    let stream = &catalog.json()["streams"][0]["stream"];
    assert_eq!(stream["supported_sync_modes"], json!(["full_refresh"]));
    assert_eq!(
        stream["source_defined_primary_key"],
        json!([["from_id"], ["to_id"], ["association_type_id"]])
    );
    assert!(stream.get("source_defined_cursor").is_none(), "{stream}");
    let first = stage.read(&catalog).succeeded();
    assert_eq!(first.states(name), [&json!({ "__ab_no_cursor_state_message": true })]);
    // The modified dates of both records stay when they are associated.
    let (deal, contact) = stage.simulator.portal(|portal| {
        let deal = portal.ids("deals").next().unwrap();
        let known = portal.associations("deals", deal, "contacts");
        (deal, portal.ids("contacts").find(|contact| !known.contains(contact)).unwrap())
    });
    stage.simulator.change(&Change::Associate {
        from_object: "deals".to_owned(),
        from_id: deal,
        to_object: "contacts".to_owned(),
        to_id: contact,
        label: None,
    });
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    let expected = truth(&stage, "deals", "contacts");
    assert!(expected.contains(&(deal, contact)) && pairs(&second, name) == expected);
}

#[test]
fn the_start_date_limits_the_records_that_are_looked_at() {
    let streams = json!([{ "from_object": "deals", "to_object": "contacts" }]);
    let mut stage = asking(calm(few()), "association_streams", streams);
    stage.simulator.advance(std::time::Duration::from_hours(2));
    let start = DateTime::from_timestamp_millis(stage.simulator.now_ms()).unwrap();
    stage.config["start_date"] = start.to_rfc3339_opts(SecondsFormat::Secs, true).into();
    stage.simulator.advance(std::time::Duration::from_mins(1));
    let records = Records::Sample { share: 0.4, seed: 3 };
    stage.simulator.change(&set("deals", records, "dealname", "changed"));
    let name = "associations_deals_contacts";
    let output = stage.read(&Catalog::of(&[name], Mode::Full)).succeeded();
    let expected: Pairs = stage.simulator.portal(|portal| {
        let is_new =
            |id: &u64| portal.value("deals", *id, "dealname").as_deref() == Some("changed");
        let of =
            |id| portal.associations("deals", id, "contacts").into_iter().map(move |to| (id, to));
        portal.ids("deals").filter(is_new).flat_map(of).collect()
    });
    assert!(expected.len() > 10 && pairs(&output, name) == expected);
}

#[test]
fn names_that_are_taken_get_a_prefix() {
    let streams = json!([
        { "from_object": "deals", "to_object": "contacts", "stream_name": "deals" },
        { "from_object": "deals", "to_object": "contacts", "stream_name": "boats" },
        { "from_object": "deals", "to_object": "contacts", "stream_name": "boats" },
        { "from_object": "goals", "to_object": "payments" },
    ]);
    let stage = asking(calm(few()), "association_streams", streams);
    let catalog = stage.catalog(Mode::Full);
    let offered = catalog.names();
    for name in
        ["deals", "associations_deals", "boats", "custom_boats", "associations_goals_payments"]
    {
        assert_eq!(offered.iter().filter(|offered| **offered == name).count(), 1, "{name}");
    }
    let names = ["associations_deals", "boats", "associations_goals_payments"];
    let output = stage.read(&catalog.only(&names)).succeeded();
    let expected = truth(&stage, "deals", "contacts");
    assert!(
        pairs(&output, "associations_deals") == expected && pairs(&output, "boats") == expected
    );
}
