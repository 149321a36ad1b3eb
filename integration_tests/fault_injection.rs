//! Faults do not change the records that are emitted.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use hubspot_simulator::settings::{ListCursor, MissingAssociations, SearchRefusal};
use hubspot_simulator::{Config, Fault, Kind, Policy, Records, Settings, Which};

use crate::support::changes::set;
use crate::support::{Catalog, Mode, Output, Stage, calm, few, oauth_access};

/// Streams of all read modes.
const STREAMS: &[&str] =
    &["account_details", "boats", "companies", "contacts", "deals", "owners", "tickets"];

/// Result of a first and a second read: the first uses lists, the second searches.
struct Reads {
    first: BTreeMap<String, Vec<String>>,
    second: BTreeMap<String, Vec<String>>,
    outputs: [Output; 2],
    /// Number of requests affected by a fault.
    struck: usize,
}

/// Reads a portal, changes it, and reads again, with the same faults each time.
fn read_twice(
    config: Config,
    faults: &[Fault],
    environment: Option<(&'static str, &str)>,
) -> Reads {
    let mut stage = Stage::new(config);
    if let Some((variable, value)) = environment {
        stage.set(variable, value);
    }
    let catalog = Catalog::of(STREAMS, Mode::Incremental);
    stage.simulator.plant(faults.to_vec());
    let first = stage.read(&catalog).succeeded();
    stage.simulator.clear_faults();
    stage.simulator.advance(Duration::from_hours(2));
    for object in ["boats", "companies", "contacts", "deals", "tickets"] {
        let records = Records::Sample { share: 0.3, seed: 5 };
        let change = set(object, records, "hs_object_source_label", "changed");
        stage.simulator.change(&change);
    }
    stage.simulator.advance(Duration::from_mins(1));
    stage.simulator.plant(faults.to_vec());
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    let journal = stage.simulator.journal();
    assert_eq!(stage.simulator.summary().writes, 0);
    Reads {
        first: first.content(),
        second: second.content(),
        outputs: [first, second],
        struck: journal.iter().filter(|entry| entry.fault.is_some()).count(),
    }
}

/// Reads with faults and compares the result with a run without faults.
fn survives(faults: &[Fault]) -> Reads {
    survives_as(calm(few()), faults, None)
}

fn survives_as(
    config: Config,
    faults: &[Fault],
    environment: Option<(&'static str, &str)>,
) -> Reads {
    static PLAIN: LazyLock<Reads> = LazyLock::new(|| read_twice(calm(few()), &[], None));
    let plain = &*PLAIN;
    assert!(plain.first["contacts"].len() == 230 && plain.second["contacts"].len() > 40);
    assert_eq!(plain.struck, 0);
    let reads = read_twice(config, faults, environment);
    // The dates in changed records depend on when the change was made; ids do not.
    assert!(reads.first == plain.first, "the first read brings other records");
    let without_dates = |content: &BTreeMap<String, Vec<String>>| {
        let blank = |record: &String| blanked(record);
        let stream = |(name, records): (&String, &Vec<String>)| {
            (name.clone(), records.iter().map(blank).collect::<Vec<_>>())
        };
        content.iter().map(stream).collect::<BTreeMap<_, _>>()
    };
    let (found, expected) = (without_dates(&reads.second), without_dates(&plain.second));
    assert!(found == expected, "the second read brings other records");
    reads
}

/// Removes the modified dates from a record, since changes are made in real time.
fn blanked(record: &str) -> String {
    let mut text = record.to_owned();
    for key in ["\"updatedAt\":\"", "lastmodifieddate\":\""] {
        let mut from = 0;
        while let Some(found) = text[from..].find(key) {
            let start = from + found + key.len();
            let end = start + text[start..].find('"').expect("the end");
            text.replace_range(start..end, "");
            from = start;
        }
    }
    text
}

/// Returns faults of these kinds, in a cycle, at one request of each read mode.
fn everywhere(kinds: &[Kind]) -> Vec<Fault> {
    let places = [
        Which::nth_of("objects.list", 4),
        Which::nth_of("objects.search", 2),
        Which::nth_of("associations.batch_read", 3),
        Which::nth_of("owners.list", 1),
        Which::nth_of("properties.list", 2),
        Which::nth_of("schemas.list", 1),
        Which::nth_of("account.details", 1),
    ];
    places.into_iter().zip(kinds.iter().cycle()).map(|(at, k)| Fault::new(at, k.clone())).collect()
}

/// Five of the faults affect the first read, six the second.
fn survives_everywhere(kinds: &[Kind]) {
    let reads = survives(&everywhere(kinds));
    assert_eq!(reads.struck, 11);
}

#[test]
fn rate_limits_with_and_without_retry_after() {
    let limited = |policy, retry_after_s| Kind::RateLimited { policy, retry_after_s };
    survives_everywhere(&[limited(Policy::TenSecondlyRolling, Some(1))]);
    // Without the header the client waits for a whole window: one second for search.
    let fault = Fault::new(Which::nth_of("objects.search", 2), limited(Policy::Secondly, None));
    assert_eq!(survives(&[fault]).struck, 1);
}

#[test]
fn pages_of_the_edge() {
    survives_everywhere(
        &[500, 502, 504, 521].map(|code| Kind::Status { code, retry_after_s: None }),
    );
}

#[test]
fn locked_records_and_moving_accounts() {
    survives_everywhere(&[423, 477].map(|code| Kind::Status { code, retry_after_s: Some(1) }));
}

#[test]
fn connections_reset_before_the_answer() {
    survives_everywhere(&[Kind::Reset]);
}

#[test]
fn connections_reset_inside_the_body() {
    survives_everywhere(&[Kind::ResetAfter { bytes: 40 }, Kind::ResetAfter { bytes: 0 }]);
}

#[test]
fn bodies_cut_short() {
    survives_everywhere(&[Kind::Truncated { bytes: None }, Kind::Truncated { bytes: Some(0) }]);
}

#[test]
fn bodies_that_are_no_json() {
    survives_everywhere(&[Kind::Garbage]);
}

#[test]
fn bodies_with_another_layout() {
    let reads = survives(&[Fault::new(Which::all(), Kind::Pretty)]);
    assert!(reads.struck > 30);
}

#[test]
fn bodies_that_drip_and_answers_that_are_late() {
    let slow = Kind::Slow { chunk_bytes: 700, pause_ms: 2 };
    survives_everywhere(&[slow, Kind::Late { ms: 300 }]);
}

#[test]
fn valid_tokens_called_expired_once() {
    survives_everywhere(&[Kind::ExpiredToken]);
}

#[test]
fn several_kinds_at_random() {
    for seed in [1, 2] {
        let share = |share, kind| Fault::new(Which::share(share, seed), kind);
        let reads = survives(&[
            share(0.10, Kind::Status { code: 503, retry_after_s: None }),
            share(0.05, Kind::Reset),
            share(0.05, Kind::Truncated { bytes: None }),
        ]);
        assert!(reads.struck > 0, "seed {seed}");
    }
}

#[test]
fn lists_paged_by_tokens_of_their_own() {
    let reads = survives(&[Fault::new(Which::endpoint("objects.list"), Kind::OpaqueCursor)]);
    assert!(reads.struck > 5);
    let config = calm(few());
    let settings = Settings { list_cursor: ListCursor::Opaque, ..config.settings };
    survives_as(Config { settings, ..calm(few()) }, &[], None);
}

#[test]
fn short_pages_that_are_not_the_last() {
    let reads = survives(&[Fault::new(Which::endpoint("objects.list"), Kind::ShortPage)]);
    assert!(reads.struck > 5);
}

#[test]
fn inputs_without_associations_reported_as_errors() {
    let settings = Settings {
        missing_associations: MissingAssociations::MultiStatus,
        search_refusal: SearchRefusal::Category,
        ..calm(few()).settings
    };
    survives_as(Config { settings, ..calm(few()) }, &[], None);
}

#[test]
fn dated_paths_that_are_gone() {
    let gone = |path: &str, code| {
        let on = Which { dated: true, ..Which::path(path) };
        Fault::new(on, Kind::Gone { code })
    };
    let reads = survives(&[gone("/crm/", 404), gone("/crm-", 410), gone("/account", 410)]);
    assert!(reads.struck >= 11);
    let moved = |output: &Output| {
        let warnings = output.warnings().into_iter();
        let moved =
            warnings.filter_map(|warning| warning.strip_prefix("HubSpot no longer serves "));
        let mut moved: Vec<_> = moved.map(str::to_owned).collect();
        moved.sort_unstable();
        moved
    };
    let mut expected = vec![
        "/account-info/2026-09/details; this run continues with /account-info/v3/details",
        "/crm-object-schemas/2026-09/schemas; this run continues with /crm/v3/schemas",
        "/crm/objects/2026-09; this run continues with /crm/v3/objects",
        "/crm/owners/2026-09; this run continues with /crm/v3/owners",
        "/crm/properties/2026-09; this run continues with /crm/v3/properties",
    ];
    let [first, second] = &reads.outputs;
    assert_eq!(moved(first), expected, "one warning for each family of paths");
    expected.insert(2, "/crm/associations/2026-09; this run continues with /crm/v4/associations");
    assert_eq!(moved(second), expected, "one warning for each family of paths");
}

#[test]
fn classic_paths_only() {
    // No dated path is requested, so a fault on dated paths has no effect.
    let gone = Fault::new(Which { dated: true, ..Which::all() }, Kind::Gone { code: 404 });
    let reads = survives_as(calm(few()), &[gone], Some(("HUBSPOT_API_VERSION", "classic")));
    assert_eq!(reads.struck, 0);
    assert_eq!(reads.outputs[0].warnings(), Vec::<&str>::new());
}

#[test]
fn oauth_works_where_dated_paths_are_gone() {
    let gone = Fault::new(Which { dated: true, ..Which::all() }, Kind::Gone { code: 404 });
    let config = Config { access: oauth_access(), ..calm(few()) };
    let reads = survives_as(config, &[gone], None);
    assert!(reads.struck > 0);
}
