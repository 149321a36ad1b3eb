//! Event logs and engagements.

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::{Config, MarketingSpec, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::output::end_ms;
use crate::support::reading::{asked, change, numbers, read, state_of, texts};
use crate::support::{Catalog, Mode, START_MS, Stage, calm};

const HOUR: Duration = Duration::from_hours(1);

/// Returns a portal for tests of marketing data.
fn few() -> PortalSpec {
    PortalSpec { properties: 0, ..PortalSpec::default() }
}

/// Returns a small portal with this marketing data.
fn stage(marketing: MarketingSpec) -> Stage {
    Stage::calm(PortalSpec { marketing, ..few() })
}

#[test]
fn a_log_is_read_whole_and_its_position_is_the_end_of_the_window() {
    let stage = stage(MarketingSpec { email_events: 5_000, ..MarketingSpec::default() });
    let output = read(&stage, "email_events", &Value::Null);
    let now_ms = stage.simulator.now_ms();
    let truth = stage.simulator.portal(|portal| portal.email_event_ids(now_ms));
    let ids = texts(&output, "email_events", "id");
    assert_eq!(ids.len(), output.records("email_events").len(), "no event twice");
    // An event may become visible between the last request and now.
    assert!(ids.is_subset(&truth) && ids.len() + 2 >= truth.len(), "{} {}", ids.len(), truth.len());
    let saved = output.last_state("email_events");
    let cursor: i64 = saved["created"].as_str().expect("text").parse().expect("milliseconds");
    assert_eq!(saved.as_object().map(serde_json::Map::len), Some(2), "{saved}");
    let position = end_ms(saved).expect("an end");
    assert_eq!(cursor, position - 3_600_000, "who begins there finds late events");
    assert!((START_MS - 5_000..now_ms).contains(&position), "{position}");
    let event = output.records("email_events")[0];
    assert!(event["created"].is_i64() && event["id"].is_string(), "{event}");
    // Most years since 2006 are empty: they are skipped after a few requests.
    let requests = asked(&stage, "email_events.list").len();
    assert!(requests < 60, "{requests}");
}

#[test]
fn q37_late_events_are_read_by_the_next_sync() {
    let stage = stage(MarketingSpec::default());
    let first = read(&stage, "email_events", &Value::Null);
    change(&stage, json!({"kind": "email_events", "count": 3, "delay_ms": 1_500_000}));
    let before = read(&stage, "email_events", &first.state());
    stage.simulator.advance(Duration::from_mins(40));
    let second = read(&stage, "email_events", &before.state());
    let now_ms = stage.simulator.now_ms();
    let truth = stage.simulator.portal(|portal| portal.email_event_ids(now_ms));
    let mut found = BTreeSet::new();
    for output in [&first, &before, &second] {
        found.extend(texts(output, "email_events", "id"));
    }
    assert_eq!(found, truth);
    // Only the overlap is read again.
    let oldest = numbers(&second, "email_events", "created").first().copied();
    assert!(oldest.is_none_or(|oldest| oldest >= START_MS - 3_700_000), "{oldest:?}");
    assert!(second.records("email_events").len() >= 3);
}

#[test]
fn a_page_token_that_expires_loses_nothing() {
    let portal = PortalSpec {
        marketing: MarketingSpec { subscription_changes: 30_000, ..MarketingSpec::default() },
        ..few()
    };
    for timeline_token_ms in [600_000, -1] {
        let settings = Settings { timeline_token_ms, ..calm(portal.clone()).settings };
        let stage = Stage::new(Config { settings, ..calm(portal.clone()) });
        let output = read(&stage, "subscription_changes", &Value::Null);
        let mut truth =
            stage.simulator.portal(hubspot_simulator::Portal::subscription_change_times);
        let entries = truth.len();
        truth.sort_unstable();
        truth.dedup();
        let mut found = numbers(&output, "subscription_changes", "timestamp");
        let records = found.len();
        found.dedup();
        assert_eq!(found, truth, "{timeline_token_ms}");
        let repeated = records - entries;
        assert!(repeated < if timeline_token_ms < 0 { 200 } else { 1 }, "{repeated}");
        let refused = asked(&stage, "subscriptions.timeline");
        let refused = refused.iter().filter(|entry| entry.status == 400).count();
        assert_eq!(refused > 0, timeline_token_ms < 0, "{refused}");
    }
}

#[test]
fn older_states_of_a_log_are_accepted() {
    let stage = stage(MarketingSpec::default());
    let from = START_MS - 40 * 86_400_000;
    let times = stage.simulator.portal(hubspot_simulator::Portal::subscription_change_times);
    let since = times.iter().filter(|at_ms| **at_ms >= from - 3_600_000).count();
    for (case, value, expected) in [
        ("milliseconds as text", json!(from.to_string()), since),
        ("milliseconds", json!(from), since),
        ("ISO", json!("2026-08-12T14:13:20.000000Z"), since),
        ("nothing read yet", json!(""), times.len()),
    ] {
        let saved = state_of("subscription_changes", &json!({ "timestamp": value }));
        let output = read(&stage, "subscription_changes", &saved);
        assert_eq!(output.records("subscription_changes").len(), expected, "{case}");
    }
    let future = json!({ "timestamp": "1890000000000" });
    let output = read(&stage, "subscription_changes", &state_of("subscription_changes", &future));
    assert_eq!(output.records("subscription_changes").len(), times.len(), "nobody read so far");
    assert!(end_ms(output.last_state("subscription_changes")) <= Some(stage.simulator.now_ms()));
}

#[test]
fn a_log_that_was_stopped_goes_on_behind_the_last_window() {
    let marketing = MarketingSpec { email_events: 30_000, ..MarketingSpec::default() };
    let stage = stage(marketing);
    let output = read(&stage, "email_events", &Value::Null);
    let half = output.states("email_events")[0].clone();
    assert!(half["source_hubspot"].is_object(), "{half}");
    let read_before: usize = output
        .lines
        .iter()
        .position(|line| line["type"] == "STATE")
        .map(|at| output.lines[..at].iter().filter(|line| line["type"] == "RECORD").count())
        .expect("a state");
    let rest = read(&stage, "email_events", &state_of("email_events", &half));
    let position: i64 = half["created"].as_str().expect("text").parse().expect("milliseconds");
    let all = numbers(&output, "email_events", "created");
    let expected = all.iter().filter(|at_ms| **at_ms >= position).count();
    assert_eq!(numbers(&rest, "email_events", "created").len(), expected);
    assert!(expected < all.len() && read_before >= 10_000, "{expected} {read_before}");
    assert_eq!(rest.last_state("email_events"), output.last_state("email_events"));
}

/// Returns a portal with this many calls and a few other engagements.
fn engaged(calls: u64) -> Stage {
    let others = [("calls", calls), ("emails", 30), ("meetings", 12), ("notes", 9), ("tasks", 8)];
    let others = others.map(|(object, count)| (object.to_owned(), count)).into();
    Stage::calm(PortalSpec { others, ..few() })
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
    change(&stage, json!({"kind": "modify", "object": "calls", "records": {"ids": changed}}));
    stage.simulator.advance(HOUR);
    stage.simulator.clear_journal();
    let second = read(&stage, "engagements", &first.state());
    let ids: Vec<_> = changed.iter().map(|id| i64::try_from(*id).expect("an id")).collect();
    assert_eq!(numbers(&second, "engagements", "id"), ids);
    assert_eq!(asked(&stage, "engagements.recent").len(), 2);
    assert!(asked(&stage, "engagements.paged").is_empty());

    // More changes than the recently modified engagements can return: one request for them, then
    // all by page.
    change(&stage, json!({"kind": "bulk_touch", "object": "calls"}));
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

#[test]
fn a_missing_scope_harms_the_stream_alone() {
    let config = Config { access: crate::support::access_to(&["oauth", "content"]), ..calm(few()) };
    let stage = Stage::new(config);
    let streams = ["email_events", "form_submissions", "list_memberships", "engagements"];
    let output = stage.read(&Catalog::of(&streams, Mode::Incremental));
    assert_eq!(output.statuses("email_events").last(), Some(&"COMPLETE"));
    for (stream, scope) in [("form_submissions", "forms"), ("list_memberships", "crm.lists.read")] {
        assert_eq!(output.statuses(stream).last(), Some(&"INCOMPLETE"), "{stream}");
        let said = output
            .warnings()
            .iter()
            .any(|warning| warning.contains(&format!("`{stream}`")) && warning.contains(scope));
        assert!(said, "{:?}", output.warnings());
    }
    assert_eq!(output.code, Some(0));
}
