//! Incremental reads: changes are emitted, nothing is lost, and positions do not advance too early.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use hubspot_simulator::{Change, Config, JournalConfig, PortalSpec, Records, Settings, Simulator};
use serde_json::{Value, json};

use crate::support::changes::{archive, create, merge, modify, touch_range};
use crate::support::expected_records::{check_associations, live_ids};
use crate::support::output::{Output, id};
use crate::support::portals::stopped;
use crate::support::reading::{saved_at, state_of};
use crate::support::{Catalog, Mode, Stage, calm, few};

/// Overlap with the previous window in milliseconds: the maximum assumed lag of the search index.
const OVERLAP_MS: i64 = 300_000;

/// Returns the live records modified at or after an instant.
fn modified_since(simulator: &Simulator, object: &str, since_ms: i64) -> Vec<u64> {
    simulator.portal(|portal| {
        let is_new = |id: &u64| portal.modified_ms(object, *id) >= Some(since_ms);
        portal.ids(object).filter(is_new).collect()
    })
}

fn updated_ms(record: &Value) -> i64 {
    let text = record["updatedAt"].as_str().expect("a time");
    DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis()
}

#[test]
fn a_second_read_brings_what_changed_and_nothing_else() {
    let stage = Stage::calm(few());
    let simulator = &stage.simulator;
    let catalog = Catalog::of(&["companies", "contacts", "deals", "tickets"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    simulator.advance(Duration::from_hours(2));

    let contacts = live_ids(simulator, "contacts");
    let companies = live_ids(simulator, "companies");
    let deals = live_ids(simulator, "deals");
    simulator.change(&modify("contacts", Records::Ids(contacts[10..15].to_vec())));
    simulator.change(&modify("companies", Records::Id(companies[3])));
    simulator.change(&create("contacts", 3));
    simulator.change(&create("deals", 2));
    let (winner, loser) = (contacts[20], contacts[21]);
    simulator.change(&merge("contacts", winner, loser));
    simulator.change(&modify("deals", Records::Id(deals[5])));
    simulator.change(&archive("deals", Records::Ids(vec![deals[5], deals[6]])));
    // One record gets a link and is modified, another loses its links without being modified.
    simulator.change(&Change::Associate {
        from_object: "contacts".to_owned(),
        from_id: contacts[10],
        to_object: "companies".to_owned(),
        to_id: companies[77],
        label: Some("Advisor".to_owned()),
    });
    let linked =
        simulator.portal(|portal| portal.associations("contacts", contacts[11], "companies"));
    for to_id in linked {
        let (from_object, to_object) = ("contacts".to_owned(), "companies".to_owned());
        let from_id = contacts[11];
        simulator.change(&Change::Dissociate { from_object, from_id, to_object, to_id });
    }
    simulator.advance(Duration::from_mins(1));

    let second = stage.read_on(&catalog, &first.state()).succeeded();
    let expected_counts = [("companies", 1), ("contacts", 5 + 3 + 1), ("deals", 2), ("tickets", 0)];
    for (stream, count) in expected_counts {
        let since = first.position_ms(stream) - OVERLAP_MS;
        assert_eq!(second.ids(stream), modified_since(simulator, stream, since), "{stream}");
        assert_eq!(second.ids(stream).len(), count, "{stream}");
    }
    let records = second.records("contacts");
    assert!(records.iter().any(|record| id(record) == winner));
    check_associations(simulator, "contacts", "companies", &records);
    let of = |wanted: u64| records.iter().find(|record| id(record) == wanted).unwrap();
    assert!(
        of(contacts[10])["companies"]
            .as_array()
            .unwrap()
            .contains(&companies[77].to_string().into())
    );
    assert_eq!(of(contacts[11])["companies"], json!([]));

    // The next read overlaps by five minutes; the one after that does not reach back so far.
    simulator.advance(Duration::from_mins(10));
    let third = stage.read_on(&catalog, &second.state()).succeeded();
    assert_eq!(third.ids("contacts"), second.ids("contacts"));
    simulator.advance(Duration::from_mins(10));
    let fourth = stage.read_on(&catalog, &third.state()).succeeded();
    assert_eq!(fourth.content(), BTreeMap::new());
    assert!(fourth.position_ms("tickets") > third.position_ms("tickets"));
}

#[test]
fn a_chain_of_syncs_over_a_lagging_index_loses_nothing() {
    let config = calm(PortalSpec { contacts: 120, deals: 60, ..few() });
    let settings = Settings { index_lag_ms: (0, 240_000), ..config.settings };
    let stage = Stage::new(Config { settings, ..config });
    let simulator = &stage.simulator;
    let streams = ["contacts", "deals"];
    let catalog = Catalog::of(&streams, Mode::Incremental);
    let mut destination: BTreeMap<(String, u64), i64> = BTreeMap::new();
    let mut saved = Value::Null;
    let mut positions = [i64::MIN; 2];
    let mut late = 0;
    for round in 0..9 {
        let started_ms = simulator.now_ms();
        let output = stage.read_on(&catalog, &saved).succeeded();
        saved = output.state();
        for (stream, position) in streams.iter().zip(&mut positions) {
            for record in output.records(stream) {
                let (key, updated) = (((*stream).to_owned(), id(record)), updated_ms(record));
                let before = destination.insert(key, updated);
                late += usize::from(before != Some(updated) && updated < *position);
            }
            let claimed = output.position_ms(stream);
            assert!(claimed <= started_ms && claimed > *position, "round {round}, {stream}");
            *position = claimed;
        }
        match round {
            // No more changes, and the index is up to date.
            7 => simulator.advance(Duration::from_mins(10)),
            8 => break,
            _ => {
                for stream in streams {
                    simulator.change(&modify(stream, Records::Sample { share: 0.15, seed: round }));
                    simulator.change(&create(stream, 2));
                }
                simulator.advance(Duration::from_secs(10 + 45 * (round % 3)));
                simulator
                    .change(&modify("deals", Records::Sample { share: 0.1, seed: round + 50 }));
            }
        }
    }
    assert!(late > 10, "the index showed only {late} changes after their window was claimed");
    for stream in streams {
        for id in live_ids(simulator, stream) {
            let truth = simulator.portal(|portal| portal.modified_ms(stream, id));
            let found = destination.get(&(stream.to_owned(), id)).copied();
            assert_eq!(found, truth, "{stream} {id}");
        }
    }
}

#[test]
fn any_number_of_records_can_share_a_millisecond() {
    let config = calm(PortalSpec { deals: 25_000, ..few() });
    let journal = JournalConfig { bodies: true, ..JournalConfig::default() };
    // Quotas are enabled, so that the rate of the searches is checked as well.
    let settings = Settings { quota: true, ..config.settings };
    let stage = Stage::new(Config { settings, journal, ..config });
    let simulator = &stage.simulator;
    let saved = saved_at("deals", simulator.now_ms());
    simulator.advance(Duration::from_hours(2));
    let touched = &live_ids(simulator, "deals")[..12_000];
    simulator.change(&touch_range("deals", touched[0], touched[touched.len() - 1]));
    simulator.advance(Duration::from_mins(1));
    let mut catalog = stage.catalog(Mode::Incremental).only(&["deals"]);
    catalog.columns("deals").retain(|name, _| name == "id");
    simulator.clear_journal();
    let output = stage.read_on(&catalog, &saved).succeeded();
    assert_eq!(output.ids("deals"), touched);
    let mut stamps: Vec<_> = output.records("deals").into_iter().map(updated_ms).collect();
    stamps.dedup();
    assert_eq!(stamps.len(), 1, "all of one millisecond");
    let entries = simulator.journal();
    let searches: Vec<_> =
        entries.iter().filter(|entry| entry.endpoint == "objects.search").collect();
    assert!((60..80).contains(&searches.len()), "{} searches of 200", searches.len());
    assert!(searches.iter().all(|entry| !entry.body.as_ref().unwrap().contains("\"after\"")));
    // None on an idle machine; on a busy one some requests arrive closer together than intended.
    let refused = entries.iter().filter(|entry| entry.status == 429).count();
    assert!(refused <= 2 + entries.len() / 20, "{refused} of {} refused", entries.len());
    assert!(output.states("deals").len() >= 2, "a state after 10,000 records");
}

#[test]
fn a_hit_that_the_index_shows_late_is_emitted_now_and_again_later() {
    let config = calm(few());
    let settings = Settings { index_lag_ms: (20_000, 20_000), ..config.settings };
    let stage = Stage::new(Config { settings, ..config });
    let simulator = &stage.simulator;
    let deal = live_ids(simulator, "deals")[4];
    let saved = saved_at("deals", simulator.now_ms());
    simulator.advance(Duration::from_hours(1));
    simulator.change(&modify("deals", Records::Id(deal)));
    simulator.advance(Duration::from_secs(30));
    simulator.change(&modify("deals", Records::Id(deal)));
    let catalog = Catalog::of(&["deals"], Mode::Incremental);
    let output = stage.read_on(&catalog, &saved).succeeded();
    assert_eq!(output.ids("deals"), [deal]);
    let latest = simulator.portal(|portal| portal.modified_ms("deals", deal)).unwrap();
    assert_eq!(updated_ms(output.records("deals")[0]), latest);
    assert!(latest > output.position_ms("deals"), "it lies past the claim");
    simulator.advance(Duration::from_mins(1));
    let output = stage.read_on(&catalog, &output.state()).succeeded();
    assert_eq!(output.ids("deals"), [deal]);
    assert!(latest < output.position_ms("deals"));
}

#[test]
fn q21_lookback_is_in_minutes_and_for_every_crm_family() {
    let mut stage = Stage::calm(few());
    let simulator = &stage.simulator;
    let objects = ["contacts", "deals", "p4455_boats"];
    let picked = objects.map(|object| live_ids(simulator, object)[4]);
    let archived = live_ids(simulator, "deals")[6];
    simulator.advance(Duration::from_hours(1));
    for (object, id) in objects.iter().zip(picked) {
        simulator.change(&modify(object, Records::Id(id)));
    }
    simulator.change(&archive("deals", Records::Id(archived)));
    simulator.advance(Duration::from_hours(1));
    let saved_ms = simulator.now_ms();
    simulator.advance(Duration::from_secs(10));
    let streams = ["contacts", "deals", "boats"].into_iter().zip(picked);
    for (stream, id) in streams.chain([("deals_archived", archived)]) {
        let cursor = if stream == "deals_archived" { "archivedAt" } else { "updatedAt" };
        let position = DateTime::from_timestamp_millis(saved_ms).expect("a time").to_rfc3339();
        let saved = state_of(stream, &json!({ cursor: position }));
        let catalog = Catalog::of(&[stream], Mode::Incremental);
        for (lookback, expected) in [(0, vec![]), (30, vec![]), (61, vec![id])] {
            stage.config["lookback_window"] = lookback.into();
            let output = stage.read_on(&catalog, &saved).succeeded();
            assert_eq!(output.ids(stream), expected, "{stream}, {lookback} minutes");
        }
    }
}

#[test]
fn q25_a_full_refresh_ignores_the_saved_position() {
    let stage = Stage::calm(few());
    let streams = ["boats", "deals", "owners"];
    let saved = stage.read(&Catalog::of(&streams, Mode::Incremental)).succeeded().state();
    stage.simulator.advance(Duration::from_hours(1));
    let output = stage.read_on(&Catalog::of(&streams, Mode::Full), &saved).succeeded();
    assert_eq!(output.ids("boats"), live_ids(&stage.simulator, "p4455_boats"));
    assert_eq!(output.ids("deals"), live_ids(&stage.simulator, "deals"));
    assert_eq!(output.ids("owners").len(), 20);
}

#[test]
fn two_full_reads_agree() {
    // E-mail statistics change with time, so the clock is stopped.
    let stage = Stage::new(stopped(few()));
    let catalog = stage.catalog(Mode::Full);
    let (one, other) = (stage.read(&catalog).succeeded(), stage.read(&catalog).succeeded());
    assert!(one.content() == other.content());
    let emitted = |output: &Output| -> Vec<i64> {
        output.lines.iter().filter_map(|line| line["record"]["emitted_at"].as_i64()).collect()
    };
    assert!(emitted(&one).iter().max() < emitted(&other).iter().min());
}
