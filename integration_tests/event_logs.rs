//! Event logs: `email_events` and `subscription_changes`.

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::{Config, MarketingSpec, Settings};
use serde_json::{Value, json};

use crate::support::changes::email_events;
use crate::support::output::end_ms;
use crate::support::portals::with_marketing;
use crate::support::reading::{asked, numbers, read, state_of, texts};
use crate::support::{START_MS, Stage, calm};

#[test]
fn a_log_is_read_whole_and_its_position_is_the_end_of_the_window() {
    let stage = Stage::calm(with_marketing(MarketingSpec {
        email_events: 5_000,
        ..MarketingSpec::default()
    }));
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
    let stage = Stage::calm(with_marketing(MarketingSpec::default()));
    let first = read(&stage, "email_events", &Value::Null);
    stage.simulator.change(&email_events(3, 1_500_000));
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
    let marketing = MarketingSpec { subscription_changes: 30_000, ..MarketingSpec::default() };
    let portal = with_marketing(marketing);
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
    let stage = Stage::calm(with_marketing(MarketingSpec::default()));
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
