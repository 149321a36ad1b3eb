//! Pipelines, and definitions of properties and association labels.

use std::collections::BTreeSet;

use hubspot_simulator::Config;

use crate::support::list_streams::*;
use crate::support::{Catalog, Mode, START_MS, Stage, access_to, calm};

#[test]
fn pipelines_of_every_type_are_read() {
    let stage = Stage::calm(little());
    let streams = [
        "appointment_pipelines",
        "course_pipelines",
        "deal_pipelines",
        "engagements_task_pipelines",
        "lead_pipelines",
        "listing_pipelines",
        "order_pipelines",
        "project_pipelines",
        "service_pipelines",
        "ticket_pipelines",
    ];
    let catalog = stage.catalog(Mode::Full).only(&streams);
    let output = stage.read(&catalog).succeeded();
    check_schemas(&catalog, &output);
    for stream in streams {
        let records = output.records(stream);
        assert!(!records.is_empty(), "{stream}");
        assert!(records.iter().all(|record| !record["stages"][0].is_null()), "{stream}");
    }
    // Never edited, so the creation date is used.
    let [tasks] = output.records("engagements_task_pipelines")[..] else { panic!("one pipeline") };
    assert_eq!(tasks["updatedAt"], tasks["createdAt"]);
}

#[test]
fn q51_deal_pipelines_look_as_in_the_first_version_of_their_api() {
    let stage = Stage::calm(little());
    let output = stage.read(&Catalog::of(&["deal_pipelines"], Mode::Full)).succeeded();
    let journal = stage.simulator.journal();
    assert_eq!(asked(&journal, "pipelines.list_v1").len(), 0, "it is gone");
    assert_eq!(asked(&journal, "pipelines.list").len(), 1);
    assert_eq!(column(&output, "deal_pipelines", "pipelineId"), ["default", "75001"]);
    let pipeline = output.records("deal_pipelines")[0];
    assert!(pipeline["updatedAt"].as_i64().is_some_and(|at_ms| at_ms < START_MS));
    assert_eq!(pipeline["objectTypeId"], "0-3");
    assert_eq!(pipeline["active"], true);
    assert!(pipeline.get("default").is_none(), "the present version has no such field");
    let stage = &pipeline["stages"][0];
    assert_eq!(stage["stageId"], "appointmentscheduled");
    assert!(stage["createdAt"].is_i64() && stage.get("id").is_none(), "{stage}");
    assert_eq!(stage["metadata"]["probability"], "0.2");
}

#[test]
fn q35_pipelines_take_one_request() {
    let stage = Stage::calm(little());
    stage.read(&Catalog::of(&["ticket_pipelines"], Mode::Full)).succeeded();
    let journal = stage.simulator.journal();
    assert_eq!(asked(&journal, "pipelines.list"), [""]);
}

#[test]
fn definitions_say_what_they_belong_to() {
    let stage = Stage::calm(little());
    let streams = ["association_labels", "properties"];
    let output = stage.read(&Catalog::of(&streams, Mode::Full)).succeeded();
    let types: BTreeSet<_> = column(&output, "properties", "objectType").into_iter().collect();
    for object in ["company", "contact", "deal", "ticket", "call", "lead", "user"] {
        assert!(types.contains(object), "{object} is missing from {types:?}");
    }
    let mut keys = BTreeSet::new();
    for label in output.records("association_labels") {
        let fields = ["fromObjectType", "toObjectType", "category", "typeId"];
        assert!(keys.insert(fields.map(|field| label[field].to_string())), "{label} twice");
    }
    let pair = |from: &str, to: &str| {
        let labels = output.records("association_labels");
        labels.iter().any(|label| label["fromObjectType"] == from && label["toObjectType"] == to)
    };
    assert!(pair("contacts", "companies") && pair("companies", "contacts"));
    assert!(pair("deals", "contacts") && pair("tickets", "companies"));
}

#[test]
fn a_type_that_may_not_be_read_leaves_out_its_definitions_alone() {
    let access = access_to(&["crm.objects.contacts.read", "crm.schemas.contacts.read"]);
    let stage = Stage::new(Config { access, ..calm(little()) });
    let output = stage.read(&Catalog::of(&["properties"], Mode::Full)).succeeded();
    let types: BTreeSet<_> = column(&output, "properties", "objectType").into_iter().collect();
    assert!(types.contains("contact") && !types.contains("ticket"), "{types:?}");
}
