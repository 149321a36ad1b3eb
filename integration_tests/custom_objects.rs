//! Account-specific data: custom objects with any name, and the ids of merged records.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use hubspot_simulator::portal::PortalSpec;
use hubspot_simulator::{CustomSpec, Records};
use serde_json::Value;

use crate::support::changes::archive;
use crate::support::expected_records::live_ids;
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
    stage.simulator.change(&archive("p4455_boats", Records::Id(boat)));
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(second.ids("boats_archived"), [boat]);
    assert_eq!(second.ids("custom_deals_archived"), [0; 0]);
}

#[test]
fn q55_streams_that_differ_by_case_only_get_a_prefix_or_a_suffix() {
    let stage = Stage::calm(custom(&["Projects", "Contacts", "boats", "Boats"]));
    let catalog = stage.catalog(Mode::Full);
    let names = catalog.names();
    let folded: std::collections::BTreeSet<_> =
        names.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(folded.len(), names.len(), "{names:?}");
    let second = names.iter().find(|name| name.starts_with("Boats_2-") && !name.contains("arch"));
    let streams = [
        ("custom_Projects", "p4455_Projects"),
        ("custom_Contacts", "p4455_Contacts"),
        ("boats", "p4455_boats"),
        (second.expect("the younger one"), "p4455_Boats"),
    ];
    let output = stage.read(&catalog.only(&streams.map(|(stream, _)| stream))).succeeded();
    // Stream names of earlier versions.
    let before = Catalog::of(&["Projects", "Contacts", "Boats"], Mode::Full);
    let before = stage.read(&before).succeeded();
    for (stream, object) in streams {
        let expected: Vec<_> = stage.simulator.portal(|portal| portal.ids(object).collect());
        assert_eq!(output.ids(stream), expected, "{stream}");
        let plain = object.trim_start_matches("p4455_");
        if plain != "boats" {
            assert_eq!(before.ids(plain), expected, "{plain}");
        }
    }
}

#[test]
fn q42_both_spellings_of_a_taken_name_are_understood_and_so_are_their_states() {
    let mut stage = Stage::calm(custom(&["deals"]));
    let archived = |stream: &str| format!("{stream}_archived");
    for (is_python, offered, other) in [
        (false, "custom_deals", "custom_object_deals"),
        (true, "custom_object_deals", "custom_deals"),
    ] {
        stage.config["prefix_colliding_custom_objects"] = is_python.into();
        let catalog = stage.catalog(Mode::Full);
        let names = catalog.names();
        assert!(names.contains(&offered) && names.contains(&archived(offered).as_str()));
        assert!(!names.contains(&other), "{other}");
        let expected: Vec<_> = stage.simulator.portal(|portal| portal.ids("p4455_deals").collect());
        for stream in [offered, other] {
            let streams = [stream.to_owned(), archived(stream)];
            let catalog = Catalog::of(&streams.each_ref().map(String::as_str), Mode::Incremental);
            let first = stage.read(&catalog).succeeded();
            assert_eq!(first.ids(stream), expected, "{stream}");
            // The state has the name that the catalog does not use.
            let renamed = if stream == offered { other } else { offered };
            let saved = first.state().to_string().replace(stream, renamed);
            stage.simulator.advance(std::time::Duration::from_hours(3));
            let second = stage.read_on(&catalog, &serde_json::from_str(&saved).unwrap());
            let second = second.succeeded();
            assert_eq!(second.ids(stream), [0; 0], "{stream} goes on");
            assert_eq!(second.warnings(), [""; 0]);
        }
    }
}

/// Returns the catalog of a custom object under the name of a built-in stream.
fn called(catalog: &Catalog, stream: &str, name: &str) -> Catalog {
    let mut catalog = catalog.only(&[stream]);
    for configured in catalog.streams() {
        configured["stream"]["name"] = name.into();
    }
    catalog
}

#[test]
fn q56_a_catalog_with_the_columns_of_a_custom_object_gets_its_records() {
    let stage = Stage::calm(custom(&["projects", "roles"]));
    let discovered = stage.catalog(Mode::Incremental);
    for name in ["projects", "roles"] {
        let catalog = called(&discovered, &format!("custom_{name}"), name);
        let object = format!("p4455_{name}");
        let expected: Vec<_> = stage.simulator.portal(|portal| portal.ids(&object).collect());
        let first = stage.read(&catalog).succeeded();
        assert_eq!(first.ids(name), expected, "{name}");
        assert!(first.records(name).iter().any(|data| data["properties_serial_no"].is_string()));
        stage.simulator.advance(std::time::Duration::from_hours(3));
        let second = stage.read_on(&catalog, &first.state()).succeeded();
        assert_eq!(second.ids(name), [0; 0], "{name} goes on");
        let own = stage.read(&discovered.only(&[name])).succeeded();
        let is_own = |data: &&Value| data.get("properties_serial_no").is_none();
        assert!(own.records(name).iter().all(is_own), "{name} by its own columns");
    }
    // Columns of both streams: ambiguous.
    let mut unclear = called(&discovered, "custom_projects", "projects");
    let own = discovered.clone().columns("projects")["properties_hs_name"].clone();
    unclear.columns("projects").insert("properties_hs_name".to_owned(), own);
    let output = stage.read(&unclear);
    let (message, kind) = output.error();
    assert_eq!(kind, "config_error");
    assert!(message.contains("`projects`") && message.contains("`custom_projects`"), "{message}");
    assert_eq!(output.records("projects").len(), 0);
}

#[test]
fn custom_objects_named_like_built_in_streams_get_a_prefix() {
    let custom = |name: &str, records| CustomSpec { name: name.to_owned(), records };
    let custom_objects = vec![custom("deals", 17), custom("boats", 5)];
    let stage = Stage::calm(PortalSpec { custom_objects, ..few() });
    let catalog = stage.catalog(Mode::Full);
    let names = catalog.names();
    let custom: Vec<_> = names
        .iter()
        .filter(|name| name.contains("boats") || name.starts_with("custom_"))
        .copied()
        .collect();
    let expected = ["boats", "boats_archived", "custom_deals", "custom_deals_archived"];
    assert_eq!(custom, expected);
    let output = stage.read(&catalog.only(&["custom_deals", "deals", "boats"])).succeeded();
    assert_eq!(output.ids("custom_deals"), live_ids(&stage.simulator, "p4455_deals"));
    assert_eq!(output.ids("deals"), live_ids(&stage.simulator, "deals"));
    let lengths = ["custom_deals", "deals", "boats"].map(|stream| output.ids(stream).len());
    assert_eq!(lengths, [17, 110, 5]);
}
