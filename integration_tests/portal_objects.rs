//! What is a portal's own: custom objects, whatever they are called, and the ids of records that
//! were merged.

use hubspot_simulator::CustomSpec;
use hubspot_simulator::portal::{Change, PortalSpec};
use serde_json::Value;

use crate::support::{Catalog, Mode, Stage, few};

fn custom(names: &[&str]) -> PortalSpec {
    let object = |name: &&str| CustomSpec { name: (*name).to_owned(), records: 60 };
    PortalSpec { custom_objects: names.iter().map(object).collect(), archived_share: 0.2, ..few() }
}

#[test]
fn q42_names_that_are_taken_get_a_prefix() {
    let stage =
        Stage::calm(custom(&["boats", "deals", "contacts_archived", "orders", "owners_archived"]));
    let catalog = stage.catalog(Mode::Full);
    let offered = catalog.names();
    let mut distinct = offered.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), offered.len(), "each name once");
    let streams = [
        ("boats", "p4455_boats"),
        ("custom_deals", "p4455_deals"),
        ("custom_contacts_archived", "p4455_contacts_archived"),
        ("custom_orders", "p4455_orders"),
        ("custom_owners_archived", "p4455_owners_archived"),
        ("deals", "deals"),
    ];
    let names = streams.map(|(stream, _)| stream);
    let output = stage.read(&catalog.only(&names)).succeeded();
    for (stream, object) in streams {
        let expected: Vec<_> = stage.simulator.portal(|portal| portal.ids(object).collect());
        assert!(!expected.is_empty() && output.ids(stream) == expected, "{stream}");
    }
    assert_eq!(stage.catalog(Mode::Full).names(), offered, "the same again");
}

#[test]
fn q39_custom_objects_have_streams_of_their_archived_records() {
    let stage = Stage::calm(custom(&["boats", "deals"]));
    let catalog = stage.catalog(Mode::Incremental);
    let streams = [("boats_archived", "p4455_boats"), ("custom_deals_archived", "p4455_deals")];
    let catalog = catalog.only(&streams.map(|(stream, _)| stream));
    let first = stage.read(&catalog).succeeded();
    for (stream, object) in streams {
        let expected: Vec<_> =
            stage.simulator.portal(|portal| portal.archived_ids(object).collect());
        assert!(expected.len() > 3 && first.ids(stream) == expected, "{stream}");
        let records = first.records(stream);
        assert!(records.iter().all(|record| record["archived"] == true));
        assert!(records.iter().all(|record| record["archivedAt"].is_string()));
        assert!(records.iter().any(|record| record["properties_serial_no"].is_string()));
    }
    stage.simulator.advance(std::time::Duration::from_hours(1));
    let boat = stage.simulator.portal(|portal| portal.ids("p4455_boats").next().unwrap());
    stage.simulator.change(&Change::Archive {
        object: "p4455_boats".to_owned(),
        records: hubspot_simulator::Records::Id(boat),
    });
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(second.ids("boats_archived"), [boat]);
    assert_eq!(second.ids("custom_deals_archived"), [0; 0]);
}

#[test]
fn c16_ids_of_merged_records_are_read_where_nothing_is_chosen() {
    let stage = Stage::calm(few());
    let catalog = Catalog::of(&["companies", "contacts"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    let merges = ["companies", "contacts"].map(|object| {
        let ids = stage.simulator.portal(|portal| {
            let mut ids = portal.ids(object);
            (ids.next().unwrap(), ids.next().unwrap())
        });
        (object, ids.0, ids.1)
    });
    stage.simulator.advance(std::time::Duration::from_hours(1));
    for (object, winner, loser) in merges {
        stage.simulator.change(&Change::Merge { object: object.to_owned(), winner, loser });
    }
    stage.simulator.advance(std::time::Duration::from_mins(1));
    for output in [stage.read_on(&catalog, &first.state()), stage.read(&catalog)] {
        let output = output.succeeded();
        for (object, winner, loser) in merges {
            let records = output.records(object);
            let with_id = |id: u64| {
                let id = Value::from(id.to_string());
                records.iter().find(|record| record["id"] == id)
            };
            let record = with_id(winner).unwrap();
            let names: &[_] = match object {
                "contacts" => &["hs_merged_object_ids", "hs_calculated_merged_vids"],
                _ => &["hs_merged_object_ids"],
            };
            for name in names {
                let ids = record[format!("properties_{name}")].as_str().expect(name);
                assert!(ids.contains(&loser.to_string()), "{name}: {ids}");
                assert_eq!(record["properties"][name], ids);
            }
            assert!(with_id(loser).is_none());
        }
    }
}
