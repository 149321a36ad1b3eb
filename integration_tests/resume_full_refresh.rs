//! An interrupted full refresh resumes where it stopped, within its generation.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeMap;

use hubspot_simulator::{Config, MarketingSpec, PortalSpec};
use serde_json::{Value, json};

use crate::support::reading::state_of;
use crate::support::{Catalog, Mode, Output, Stage, calm, few};

/// Returns the number of times that each record was emitted, by its text.
fn counted<'a>(records: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for record in records {
        *counts.entry(record.to_string()).or_default() += 1;
    }
    counts
}

/// Returns the records that precede the first state of their stream.
fn before_the_first_state<'a>(output: &'a Output, stream: &str) -> Vec<&'a Value> {
    let is_state = |line: &&Value| line["state"]["stream"]["stream_descriptor"]["name"] == stream;
    let before = output.lines.iter().take_while(|line| !is_state(line));
    let records = before.filter(|line| line["record"]["stream"] == stream);
    records.map(|line| &line["record"]["data"]).collect()
}

/// Reads a stream as generation 3, and again from its first state: the same generation emits the
/// rest, the next one emits everything.
fn goes_on(stage: &Stage, stream: &str) {
    let of = |generation: u64| {
        Catalog::of(&[stream], Mode::Full)
            .with("destination_sync_mode", &json!("overwrite"))
            .with("generation_id", &json!(generation))
            .with("minimum_generation_id", &json!(generation))
            .with("sync_id", &json!(7))
    };
    let whole = stage.read(&of(3)).succeeded();
    let all = counted(whole.records(stream));
    let states = whole.states(stream);
    assert!(states.len() >= 2, "{stream}: {} states for {} records", states.len(), all.len());
    let saved = state_of(stream, states[0]);
    let early = before_the_first_state(&whole, stream);

    let rest = stage.read_on(&of(3), &saved).succeeded();
    let late = rest.records(stream);
    assert!(late.len() < all.len() / 2, "{stream}: {} of {} again", late.len(), all.len());
    let union = counted(early.into_iter().chain(late));
    assert!(union.keys().eq(all.keys()), "{stream}: {} of {}", union.len(), all.len());

    let anew = stage.read_on(&of(4), &saved).succeeded();
    assert!(counted(anew.records(stream)) == all, "{stream}: another generation begins anew");
}

#[test]
fn records_of_an_object_type() {
    goes_on(&Stage::calm(PortalSpec { deals: 10_600, properties: 0, ..few() }), "deals");
}

#[test]
fn archived_records() {
    let portal = PortalSpec { deals: 11_800, properties: 0, archived_share: 0.9, ..few() };
    goes_on(&Stage::calm(portal), "deals_archived");
}

#[test]
fn submissions_of_forms() {
    let marketing = MarketingSpec { forms: 30, form_submissions: 480, ..MarketingSpec::default() };
    goes_on(&Stage::calm(PortalSpec { marketing, properties: 0, ..few() }), "form_submissions");
}

#[test]
fn members_of_lists() {
    let marketing = MarketingSpec { lists: 40, largest_list: 5_000, ..MarketingSpec::default() };
    let portal = PortalSpec { contacts: 5_000, properties: 0, marketing, ..few() };
    goes_on(&Stage::calm(portal), "list_memberships");
}

#[test]
fn associations() {
    let Config { portal, .. } = calm(few());
    let portal = PortalSpec { contacts: 11_000, companies: 3_000, properties: 0, ..portal };
    let mut stage = Stage::calm(portal);
    stage.config["association_streams"] =
        json!([{ "from_object": "contacts", "to_object": "companies" }]);
    goes_on(&stage, "associations_contacts_companies");
}
