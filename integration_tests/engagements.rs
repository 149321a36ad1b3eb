//! The `engagements` stream.

use std::time::Duration;

use hubspot_simulator::{MarketingSpec, PortalSpec, Records};
use serde_json::{Value, json};

use crate::support::changes::{modify, touch_all};
use crate::support::output::end_ms;
use crate::support::portals::with_marketing;
use crate::support::reading::{asked, numbers, read, state_of};
use crate::support::{START_MS, Stage};

const HOUR: Duration = Duration::from_hours(1);

/// Returns a portal with this many calls and a few other engagements.
fn engaged(calls: u64) -> Stage {
    let others = [("calls", calls), ("emails", 30), ("meetings", 12), ("notes", 9), ("tasks", 8)];
    let others = others.map(|(object, count)| (object.to_owned(), count)).into();
    Stage::calm(PortalSpec { others, ..with_marketing(MarketingSpec::default()) })
}

#[test]
fn engagements_are_read_whole_and_keep_their_shape() {
    let stage = engaged(600);
    let output = read(&stage, "engagements", &Value::Null);
    let truth = stage.simulator.portal(hubspot_simulator::Portal::engagement_ids);
    let truth: Vec<_> = truth.iter().map(|id| i64::try_from(*id).expect("an id")).collect();
    assert_eq!(numbers(&output, "engagements", "id"), truth);
    assert!(asked(&stage, "engagements.recent").is_empty());
    for record in output.records("engagements") {
        assert!(record.get("engagement").is_none(), "{record}");
        assert_eq!(record["associations_contactIds"], record["associations"]["contactIds"]);
        let metadata = record["metadata"].as_object().expect("metadata");
        for (name, value) in metadata {
            assert_eq!(record.get(format!("metadata_{name}")), Some(value), "{record}");
        }
    }
    let saved = output.last_state("engagements");
    assert!(end_ms(saved) > Some(START_MS - 10_000), "{saved}");
    for old in [json!(START_MS), json!(START_MS.to_string())] {
        let saved = state_of("engagements", &json!({ "lastUpdated": old }));
        read(&stage, "engagements", &saved);
    }
}

#[test]
fn q17_the_way_to_read_engagements_is_chosen_once() {
    let stage = engaged(11_000);
    let first = read(&stage, "engagements", &Value::Null);
    let halfway = first.states("engagements");
    assert!(halfway.iter().any(|saved| saved.get("source_hubspot").is_some()), "resumable");

    // A few changes: only the recently modified engagements are requested.
    stage.simulator.advance(HOUR);
    let changed: Vec<u64> =
        stage.simulator.portal(|portal| portal.ids("calls").take(130).collect());
    stage.simulator.change(&modify("calls", Records::Ids(changed.clone())));
    stage.simulator.advance(HOUR);
    stage.simulator.clear_journal();
    let second = read(&stage, "engagements", &first.state());
    let ids: Vec<_> = changed.iter().map(|id| i64::try_from(*id).expect("an id")).collect();
    assert_eq!(numbers(&second, "engagements", "id"), ids);
    assert_eq!(asked(&stage, "engagements.recent").len(), 2);
    assert!(asked(&stage, "engagements.paged").is_empty());

    // More changes than the recently modified engagements can return: one request for them, then
    // all by page.
    stage.simulator.change(&touch_all("calls", None));
    stage.simulator.advance(HOUR);
    stage.simulator.clear_journal();
    let third = read(&stage, "engagements", &second.state());
    let calls: Vec<u64> = stage.simulator.portal(|portal| portal.ids("calls").collect());
    assert_eq!(third.records("engagements").len(), calls.len());
    assert_eq!(asked(&stage, "engagements.recent").len(), 1);
    assert_eq!(asked(&stage, "engagements.paged").len(), 45);
    stage.simulator.clear_journal();
    let fourth = read(&stage, "engagements", &third.state());
    assert_eq!(fourth.records("engagements").len(), 0);
    assert!(stage.simulator.journal().len() <= 2, "a sync without changes is cheap");
}
