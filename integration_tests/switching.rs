//! Migration to the Python connector and back, while the search index, the logs and the events lag
//! behind: what one connector could not see yet, the other finds.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hubspot_simulator::portal::{Numbered, Occurrences};
use hubspot_simulator::{Change, Config, MarketingSpec, PortalSpec, Records, Settings};
use serde_json::Value;

use crate::support::changes::{archive, email_events, modify, set, submit_form};
use crate::support::invariants::instant_ms;
use crate::support::output::end_ms;
use crate::support::python_connector::{self, ReadMode};
use crate::support::reading::state_of;
use crate::support::{Catalog, Mode, Output, Stage, calm, few};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR_MS: i64 = 3_600_000;
/// Maximum delay until something becomes visible, in milliseconds.
const LAG_MS: i64 = 20 * 60_000;
/// Number of records that change at once.
const FEW: usize = 9;

/// A stream that both connectors read.
struct Case {
    stream: &'static str,
    cursor: &'static str,
    mode: ReadMode,
    /// Fields that identify its records.
    key: &'static [&'static str],
    /// Changes some of the known records. Returns the keys that both connectors must find.
    happen: fn(&Stage, known: &[String]) -> BTreeSet<String>,
}

const CASES: [Case; 11] = [
    Case {
        stream: "contacts",
        cursor: "updatedAt",
        mode: ReadMode::Search { object: "contacts", modified: "lastmodifieddate" },
        key: &["id"],
        happen: |stage, known| modify_each(stage, "contacts", known),
    },
    Case {
        stream: "deals",
        cursor: "updatedAt",
        mode: ReadMode::Search { object: "deals", modified: "hs_lastmodifieddate" },
        key: &["id"],
        happen: |stage, known| modify_each(stage, "deals", known),
    },
    Case {
        stream: "boats",
        cursor: "updatedAt",
        mode: ReadMode::Search { object: "p4455_boats", modified: "hs_lastmodifieddate" },
        key: &["id"],
        happen: |stage, known| modify_each(stage, "p4455_boats", known),
    },
    Case {
        stream: "call_recordings",
        cursor: "hs_lastmodifieddate",
        mode: ReadMode::Search { object: "calls", modified: "hs_lastmodifieddate" },
        key: &["call_id"],
        happen: |stage, known| modify_each(stage, "calls", known),
    },
    Case {
        stream: "deals_property_history",
        cursor: "timestamp",
        mode: ReadMode::Histories { object: "deals" },
        key: &["dealId", "property", "timestamp"],
        happen: |stage, _| {
            let ids: Vec<u64> =
                stage.simulator.portal(|portal| portal.ids("deals").take(FEW).collect());
            let name = format!("at {}", stage.simulator.now_ms());
            stage.simulator.change(&set("deals", Records::Ids(ids.clone()), "dealname", &name));
            let at = |id| stage.simulator.portal(|portal| portal.modified_ms("deals", id));
            ids.iter().map(|id| format!("{id} dealname {}", at(*id).expect("a date"))).collect()
        },
    },
    Case {
        stream: "deals_archived",
        cursor: "archivedAt",
        mode: ReadMode::List {
            path: "/crm/v3/objects/deals?limit=100&archived=true",
            records: "results",
            key: "id",
        },
        key: &["id"],
        happen: |stage, _| {
            let ids: Vec<u64> =
                stage.simulator.portal(|portal| portal.ids("deals").take(FEW).collect());
            stage.simulator.change(&archive("deals", Records::Ids(ids.clone())));
            ids.iter().map(ToString::to_string).collect()
        },
    },
    Case {
        stream: "marketing_emails",
        cursor: "updatedAt",
        mode: ReadMode::List {
            path: "/marketing/v3/emails?limit=100",
            records: "results",
            key: "id",
        },
        key: &["id"],
        happen: |stage, _| {
            let ids = stage.simulator.portal(|portal| portal.marketing_email_ids(false));
            for &id in ids.iter().take(3) {
                stage.simulator.change(&Change::EditMarketingEmail(Numbered { id }));
            }
            ids.iter().take(3).map(ToString::to_string).collect()
        },
    },
    Case {
        stream: "email_events",
        cursor: "created",
        mode: ReadMode::Log,
        key: &["id"],
        happen: |stage, _| {
            let ids = || {
                let later = stage.simulator.now_ms() + HOUR_MS;
                stage.simulator.portal(|portal| portal.email_event_ids(later))
            };
            let before = ids();
            for delay_ms in [0, LAG_MS, LAG_MS / 2, 0] {
                stage.simulator.change(&email_events(3, delay_ms));
                stage.simulator.advance(Duration::from_secs(1));
            }
            ids().difference(&before).cloned().collect()
        },
    },
    Case {
        stream: "engagements",
        cursor: "lastUpdated",
        mode: ReadMode::Engagements,
        key: &["id"],
        happen: |stage, _| {
            let ids: Vec<u64> =
                stage.simulator.portal(|portal| portal.ids("calls").take(FEW).collect());
            stage.simulator.change(&modify("calls", Records::Ids(ids.clone())));
            ids.iter().map(ToString::to_string).collect()
        },
    },
    Case {
        stream: "contacts_web_analytics",
        cursor: "occurredAt",
        mode: ReadMode::Visits,
        key: &["id"],
        happen: |stage, _| {
            let ids: Vec<u64> =
                stage.simulator.portal(|portal| portal.ids("contacts").take(FEW).collect());
            let events = || -> BTreeSet<String> {
                let later = stage.simulator.now_ms() + HOUR_MS;
                let events = |id: &u64| {
                    stage.simulator.portal(|portal| portal.event_ids("contacts", *id, later))
                };
                ids.iter().flat_map(events).collect()
            };
            let before = events();
            for (&id, delay_ms) in ids.iter().zip([0, LAG_MS].into_iter().cycle()) {
                stage.simulator.change(&Change::Occur(Occurrences {
                    object: "contacts".to_owned(),
                    id,
                    count: 1,
                    event_type: Some("e_visited_page".to_owned()),
                    at_ms: None,
                    delay_ms: Some(delay_ms),
                    properties: [].into(),
                }));
                stage.simulator.change(&modify("contacts", Records::Id(id)));
                stage.simulator.advance(Duration::from_secs(1));
            }
            events().difference(&before).cloned().collect()
        },
    },
    Case {
        stream: "form_submissions",
        cursor: "updatedAt",
        mode: ReadMode::Submissions,
        key: &["submittedAt"],
        happen: |stage, _| {
            let forms = stage.simulator.portal(|portal| portal.form_ids(false));
            let forms = forms.into_iter().filter(|(_, kind)| *kind != "blog_comment");
            let (form, _) = forms.max().expect("a form");
            let times = || -> BTreeSet<i64> {
                stage
                    .simulator
                    .portal(|portal| portal.submission_times(&form).into_iter().collect())
            };
            let before = times();
            stage.simulator.change(&submit_form(&form, 2));
            times().difference(&before).map(ToString::to_string).collect()
        },
    },
];

/// Modifies some of the known records one after another.
fn modify_each(stage: &Stage, object: &str, known: &[String]) -> BTreeSet<String> {
    let some: Vec<_> = known.iter().take(FEW).cloned().collect();
    for id in &some {
        let id: u64 = id.parse().expect("a number");
        stage.simulator.change(&modify(object, Records::Id(id)));
        stage.simulator.advance(Duration::from_secs(1));
    }
    some.into_iter().collect()
}

fn stage() -> Stage {
    let portal = PortalSpec {
        deals: 60,
        contacts: 40,
        companies: 0,
        tickets: 0,
        others: BTreeMap::from([("calls".to_owned(), 60)]),
        marketing: MarketingSpec { marketing_emails: 8, ..MarketingSpec::default() },
        ..few()
    };
    let config = calm(portal);
    let settings = Settings { index_lag_ms: (0, LAG_MS), ..config.settings };
    let mut stage = Stage::new(Config { settings, ..config });
    stage.config["enable_experimental_streams"] = true.into();
    stage
}

fn keys(output: &Output, case: &Case) -> BTreeSet<String> {
    let key = |record: &Value| {
        let part = |field: &&str| match &record[field] {
            at if *field == "timestamp" => instant_ms(at).expect("a time").to_string(),
            value => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        case.key.iter().map(part).collect::<Vec<_>>().join(" ")
    };
    output.records(case.stream).into_iter().map(key).collect()
}

fn read(stage: &Stage, case: &Case, claim: &Value) -> Output {
    let saved = if claim.is_null() { Value::Null } else { state_of(case.stream, claim) };
    stage.read_on(&Catalog::of(&[case.stream], Mode::Incremental), &saved).succeeded()
}

fn missing(what: &BTreeSet<String>, found: [&BTreeSet<String>; 2]) -> BTreeSet<String> {
    what.iter().filter(|key| found.iter().all(|found| !found.contains(*key))).cloned().collect()
}

#[test]
fn q57_what_one_connector_could_not_see_yet_the_other_finds() {
    for case in &CASES {
        let (name, stage) = (case.stream, stage());
        stage.simulator.advance(180 * MINUTE);
        let first = read(&stage, case, &Value::Null);
        let known: Vec<_> = keys(&first, case).into_iter().collect();
        stage.simulator.advance(30 * MINUTE);

        // To the Python connector, which starts exactly at the cursor.
        let happened = (case.happen)(&stage, &known);
        let ours = read(&stage, case, first.last_state(name));
        stage.simulator.advance(40 * MINUTE);
        let theirs = python_connector::read(&stage, case.mode, case.cursor, ours.last_state(name));
        let lost = missing(&happened, [&keys(&ours, case), &theirs.keys]);
        assert!(!happened.is_empty() && lost.is_empty(), "{name} to theirs: {lost:?} are lost");

        // The cost: everything changed since the cursor, at most two hours, is read again.
        let claim = ours.last_state(name);
        let end = end_ms(claim).expect("an end");
        let saved = if claim["state"].is_object() { &claim["state"] } else { claim };
        let cursor = instant_ms(&saved[case.cursor]).expect("a cursor");
        assert!((end - 2 * HOUR_MS..=end - HOUR_MS).contains(&cursor), "{name}: {claim}");

        // And back, from a state without this connector's own key.
        let happened = (case.happen)(&stage, &known[FEW.min(known.len())..]);
        let theirs = python_connector::read(&stage, case.mode, case.cursor, &theirs.claim);
        stage.simulator.advance(180 * MINUTE);
        let ours = read(&stage, case, &theirs.claim);
        let lost = missing(&happened, [&keys(&ours, case), &theirs.keys]);
        assert!(!happened.is_empty() && lost.is_empty(), "{name} from theirs: {lost:?} are lost");
        assert_eq!(ours.warnings(), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn going_on_without_a_change_of_connector_repeats_no_more_than_the_overlap() {
    for case in &CASES {
        let (name, stage) = (case.stream, stage());
        stage.simulator.advance(180 * MINUTE);
        let first = read(&stage, case, &Value::Null);
        let known: Vec<_> = keys(&first, case).into_iter().collect();
        (case.happen)(&stage, &known);
        // After the overlap of every list, and before the second pass of a search is due.
        stage.simulator.advance(30 * MINUTE);
        let second = read(&stage, case, first.last_state(name));
        stage.simulator.advance(10 * MINUTE);
        let third = read(&stage, case, second.last_state(name));
        // Logs and events are read again for an hour, and e-mails as long as they are opened.
        let is_again =
            ["contacts_web_analytics", "email_events", "marketing_emails"].contains(&name);
        let repeated = keys(&third, case);
        assert!(is_again || repeated.is_empty(), "{name}: {repeated:?} come again");
    }
}

#[test]
fn a_machine_whose_clock_is_wrong_loses_nothing() {
    for ahead_ms in [2 * HOUR_MS, -2 * HOUR_MS] {
        for case in &CASES {
            let (name, mut stage) = (case.stream, stage());
            stage.simulator.advance(180 * MINUTE);
            stage.machine_ahead_ms = ahead_ms;
            let first = read(&stage, case, &Value::Null);
            let known: Vec<_> = keys(&first, case).into_iter().collect();
            stage.simulator.advance(30 * MINUTE);
            let happened = (case.happen)(&stage, &known);
            let ours = read(&stage, case, first.last_state(name));
            let is_noticed = ours.warnings().iter().any(|line| line.contains("clock"));
            assert!(is_noticed, "{name} {ahead_ms}: {:?}", ours.warnings());
            // The next sync runs on a machine whose clock is right.
            stage.machine_ahead_ms = 0;
            stage.simulator.advance(180 * MINUTE);
            let next = read(&stage, case, ours.last_state(name));
            let lost = missing(&happened, [&keys(&ours, case), &keys(&next, case)]);
            assert!(
                !happened.is_empty() && lost.is_empty(),
                "{name} {ahead_ms}: {lost:?} are lost"
            );
        }
    }
}
