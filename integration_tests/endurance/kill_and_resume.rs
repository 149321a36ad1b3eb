//! No data is lost if a run is killed at any time.
//!
//! A portal with a stopped clock is read once without interruption, and then in parts: each run is
//! killed (SIGKILL) and the next one continues from the last state that was printed. All parts
//! together must contain every record of the uninterrupted read at least as often, and no other.

#![expect(clippy::indexing_slicing, reason = "a catalog of another shape has to fail the test")]

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use hubspot_simulator::{AccountSpec, Config, MarketingSpec, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::interrupted_runs::{Received, Run, Stop};
use crate::support::portals::stopped;
use crate::support::reading::state_of;
use crate::support::rng::Rng;
use crate::support::{Catalog, Mode, Stage};

/// Seed of the random kill points.
const SEED: u64 = 11;

/// Streams, one for each read mode, and the number of kills at random points. Kills right after
/// states are additional.
const KILLS: &[(&str, u64)] = &[
    ("call_recordings", 12),
    ("campaigns", 10),
    ("companies", 12),
    ("contact_lists", 12),
    ("contacts_property_history", 16),
    ("contacts_web_analytics", 16),
    ("deals", 20),
    ("deals_archived", 16),
    ("email_events", 20),
    ("engagements", 16),
    ("form_submissions", 20),
    ("list_memberships", 16),
    ("marketing_emails", 10),
    ("subscription_changes", 16),
];

#[test]
fn there_are_two_hundred_kills_and_more() {
    assert!(KILLS.iter().map(|(_, kills)| kills).sum::<u64>() >= 200);
}

#[test]
fn a_run_that_is_not_listened_to_has_no_exit_code() {
    for _ in 0..20 {
        let mut command = Command::new("sh");
        command.args(["-c", "echo '{\"type\":\"STATE\"}'; exit 1"]);
        let run = Run::of(command, Stop::AtState);
        assert_eq!((run.lines.len(), run.code), (1, None));
    }
}

/// Returns an almost empty portal, on which the tests base theirs.
fn nothing() -> PortalSpec {
    PortalSpec {
        contacts: 40,
        companies: 0,
        deals: 0,
        tickets: 0,
        properties: 0,
        account: AccountSpec { events: 0, ..AccountSpec::default() },
        ..PortalSpec::default()
    }
}

fn with_others(others: &[(&str, u64)]) -> PortalSpec {
    let others = others.iter().map(|&(name, count)| (name.to_owned(), count));
    PortalSpec { others: others.collect::<BTreeMap<_, _>>(), ..nothing() }
}

/// Returns a stage with a stopped clock and a practically unlimited general quota.
fn stage(portal: PortalSpec) -> Stage {
    let config = stopped(portal);
    let settings = Settings { general_window: Some(1_000_000), ..config.settings };
    Stage::new(Config { settings, ..config })
}

fn catalog(stream: &str) -> Catalog {
    Catalog::of(&[stream], Mode::Incremental)
}

/// Returns a catalog with only the `id` column, which makes records small.
fn narrow_catalog(stream: &str) -> Catalog {
    let mut catalog = catalog(stream);
    for configured in catalog.streams() {
        configured["stream"]["json_schema"] =
            json!({ "properties": { "id": { "type": "string" } } });
    }
    catalog
}

/// Reads a stream in parts with all kinds of kills. `states` is the minimum number of states of the
/// uninterrupted read: with fewer, the kills would test little.
fn check(stage: &Stage, catalog: &Catalog, saved: &Value, states: usize) {
    let names = catalog.names();
    let stream = *names.first().expect("a stream");
    let (_, kills) = *KILLS.iter().find(|(name, _)| *name == stream).expect(stream);
    let run = |state: &Value, stop| Run::of(stage.reading(catalog, state), stop);
    let whole_run = run(saved, Stop::Never);
    assert!(whole_run.is_complete(), "{stream}");
    let found = whole_run.states().count();
    assert!(found >= states, "{stream}: {found} states, {} lines", whole_run.lines.len());
    let mut whole = Received::default();
    whole.take(&whole_run);
    assert!(whole.len() >= 10, "{stream}: {} records", whole.len());
    let below = u64::try_from(whole_run.lines.len()).expect("small");
    let (whole, run) = (&whole, &run);

    // Continues from the last state until a run is complete, killing each run at its point.
    let in_pieces = |what: String, stops: Vec<Stop>| {
        let (mut last, mut received) = (saved.clone(), Received::default());
        for stop in stops.into_iter().chain([Stop::Never]) {
            let piece = run(&last, stop);
            received.take(&piece);
            last = piece.state(&last);
            if piece.is_complete() {
                break;
            }
        }
        received.check(whole, &what);
    };
    let mut rng = Rng::new(SEED, below);
    let mut stops: Vec<_> = (0..kills).map(|_| Stop::random(&mut rng, below)).collect();
    // From the middle on part of the data need not be read again.
    stops.insert(stops.len() / 2, Stop::AtState);
    let what = format!("{stream}, seed {SEED}, {stops:?}");
    thread::scope(|scope| {
        scope.spawn(|| in_pieces(format!("{stream}, at states"), vec![Stop::AtState; found]));
        scope.spawn(|| in_pieces(what, stops));
    });
}

#[test]
fn records_by_the_list() {
    let stage = stage(PortalSpec { deals: 21_000, ..nothing() });
    check(&stage, &narrow_catalog("deals"), &Value::Null, 3);
}

#[test]
fn records_by_search() {
    // A third of the records have been modified since: if it were more than half, the list would be
    // read.
    let stage = stage(PortalSpec { companies: 32_000, ..nothing() });
    let mut times: Vec<i64> = stage.simulator.portal(|portal| {
        portal.ids("companies").filter_map(|id| portal.modified_ms("companies", id)).collect()
    });
    times.sort_unstable();
    let since = times[times.len() - 10_300].to_string();
    let saved = state_of("companies", &json!({ "updatedAt": since }));
    check(&stage, &narrow_catalog("companies"), &saved, 2);
}

#[test]
fn archived_records() {
    let stage = stage(PortalSpec { deals: 10_300, archived_share: 0.5, ..nothing() });
    check(&stage, &narrow_catalog("deals_archived"), &Value::Null, 2);
}

#[test]
fn property_history() {
    let stage = stage(PortalSpec { contacts: 360, ..nothing() });
    check(&stage, &catalog("contacts_property_history"), &Value::Null, 2);
}

#[test]
fn web_analytics() {
    let account = AccountSpec { events: 70_000, event_definitions: 1, ..AccountSpec::default() };
    let stage = stage(PortalSpec { contacts: 110, account, ..nothing() });
    check(&stage, &catalog("contacts_web_analytics"), &Value::Null, 2);
}

#[test]
fn engagements() {
    let stage = stage(with_others(&[("calls", 5_300), ("notes", 5_300)]));
    check(&stage, &catalog("engagements"), &Value::Null, 2);
}

#[test]
fn call_recordings() {
    let stage = stage(with_others(&[("calls", 1_000)]));
    check(&stage, &catalog("call_recordings"), &Value::Null, 1);
}

#[test]
fn form_submissions() {
    let marketing = MarketingSpec {
        forms: 120,
        form_submissions: 170,
        busiest_form: 300,
        ..MarketingSpec::default()
    };
    let stage = stage(PortalSpec { marketing, ..nothing() });
    check(&stage, &catalog("form_submissions"), &Value::Null, 2);
}

#[test]
fn list_memberships() {
    let marketing = MarketingSpec { lists: 60, largest_list: 3_000, ..MarketingSpec::default() };
    let stage = stage(PortalSpec { contacts: 3_000, marketing, ..nothing() });
    // Without a generation id, every read starts from the beginning.
    check(&stage, &catalog("list_memberships"), &Value::Null, 1);
}

#[test]
fn email_events() {
    let marketing = MarketingSpec { email_events: 12_000, ..MarketingSpec::default() };
    let stage = stage(PortalSpec { marketing, ..nothing() });
    check(&stage, &catalog("email_events"), &Value::Null, 2);
}

#[test]
fn subscription_changes() {
    let marketing = MarketingSpec { subscription_changes: 12_000, ..MarketingSpec::default() };
    let stage = stage(PortalSpec { marketing, ..nothing() });
    check(&stage, &catalog("subscription_changes"), &Value::Null, 2);
}

#[test]
fn lists_that_are_read_whole() {
    let marketing = MarketingSpec {
        lists: 220,
        marketing_emails: 120,
        email_campaigns: 200,
        ..MarketingSpec::default()
    };
    let stage = stage(PortalSpec { marketing, ..nothing() });
    for stream in ["campaigns", "contact_lists", "marketing_emails"] {
        check(&stage, &catalog(stream), &Value::Null, 1);
    }
}

/// States are 10,000 records apart, and requests in flight are repeated.
#[test]
fn a_killed_first_load_repeats_two_percent_of_its_requests_at_most() {
    const RECORDS: usize = 120_000;
    let stage = stage(PortalSpec { deals: RECORDS as u64, ..nothing() });
    let catalog = narrow_catalog("deals");
    let requests = || {
        let endpoints = stage.simulator.summary().endpoints;
        endpoints.get("objects.list").map_or(0, |count| count.requests)
    };
    let read = |saved: &Value, stop| Run::of(stage.reading(&catalog, saved), stop);
    let whole = read(&Value::Null, Stop::Never);
    assert!(whole.is_complete());
    let at_best = requests();
    let first = read(&Value::Null, Stop::AtState);
    let before = requests() - at_best;
    let saved = first.state(&Value::Null);
    let rest = read(&saved, Stop::Never);
    assert!(rest.is_complete());
    let repeated = (requests() - at_best).saturating_sub(at_best);
    let figures =
        format!("{at_best} at best, {before} before the kill, {repeated} repeated; {saved}");
    assert!(100 * repeated <= 2 * at_best, "{figures}");
    let mut received = Received::default();
    received.take(&first);
    received.take(&rest);
    assert_eq!(received.len(), RECORDS, "{figures}");
}
