//! Large numbers: one instant, one company, one window, and a search index that is far behind.
//!
//! `SCALE_RECORDS=10000000 cargo test --release --test endurance one_millisecond` reads ten million
//! contacts with one modified date instead of the default one million.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hubspot_simulator::{
    AccountSpec, Config, MarketingSpec, PortalSpec, Records, Settings, Simulator,
};
use serde_json::{Value, json};

use crate::support::changes::{create, modify, touch_all, touch_range};
use crate::support::expected_records::{check_associations, live_ids};
use crate::support::interrupted_runs::{Run, Stop};
use crate::support::invariants::instant_ms;
use crate::support::output::id;
use crate::support::portals::stopped;
use crate::support::reading::saved_at;
use crate::support::rng::Rng;
use crate::support::{Catalog, Mode, Stage, calm};

const RECORDS: u64 = 1_000_000;

/// Returns an empty portal, on which the tests base theirs.
fn nothing() -> PortalSpec {
    PortalSpec {
        contacts: 0,
        companies: 0,
        deals: 0,
        tickets: 0,
        properties: 0,
        account: AccountSpec { events: 0, ..AccountSpec::default() },
        marketing: MarketingSpec { lists: 0, forms: 0, ..MarketingSpec::default() },
        ..PortalSpec::default()
    }
}

/// Returns the configuration with a practically unlimited general quota.
fn uncounted(config: Config) -> Config {
    let settings = Settings { general_window: Some(1_000_000), ..config.settings };
    Config { settings, ..config }
}

/// Returns a catalog of a stream with these columns.
fn catalog(stream: &str, columns: &[&str]) -> Catalog {
    let mut catalog = Catalog::of(&[stream], Mode::Incremental);
    let columns = columns.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" })));
    let columns = Value::Object(columns.collect());
    for configured in catalog.streams() {
        configured["stream"]["json_schema"] = json!({ "properties": columns });
    }
    catalog
}

/// Ids and modified dates of the last version of every record.
#[derive(Debug, Default)]
struct Versions {
    last: BTreeMap<u64, i64>,
    lines: u64,
}

impl Versions {
    fn take(&mut self, run: &Run) {
        for line in run.records() {
            let line: Value = serde_json::from_str(line).expect(line);
            let data = &line["record"]["data"];
            self.last.insert(id(data), instant_ms(&data["updatedAt"]).expect("a time"));
            self.lines += 1;
        }
    }

    /// Returns the live records, modified before an instant, whose last version is missing.
    fn lacks(&self, simulator: &Simulator, object: &str, before_ms: i64) -> Vec<u64> {
        simulator.portal(|portal| {
            let truth = |id: u64| portal.modified_ms(object, id).expect("it is there");
            let lacks =
                |id: &u64| truth(*id) < before_ms && self.last.get(id).copied() != Some(truth(*id));
            portal.ids(object).filter(lacks).collect()
        })
    }
}

#[test]
fn a_million_contacts_of_one_millisecond() {
    let records = std::env::var("SCALE_RECORDS").map_or(RECORDS, |text| text.parse().expect("one"));
    let stage = Stage::new(uncounted(stopped(PortalSpec { contacts: records, ..nothing() })));
    let simulator = &stage.simulator;
    let saved = saved_at("contacts", simulator.now_ms());
    simulator.advance(Duration::from_hours(2));
    simulator.change(&touch_all("contacts", None));
    let touched_ms = simulator.now_ms();
    simulator.advance(Duration::from_mins(1));
    let run = Run::of(stage.reading(&catalog("contacts", &["id"]), &saved), Stop::Never);
    assert!(run.is_complete());
    let mut found = Versions::default();
    found.take(&run);
    // Each once, except for the search pages that were read before the switch to the list.
    assert!((records..=records + 800).contains(&found.lines), "{} lines", found.lines);
    assert_eq!(found.last.values().collect::<BTreeSet<_>>(), BTreeSet::from([&touched_ms]));
    assert_eq!(found.lacks(simulator, "contacts", i64::MAX), Vec::<u64>::new());
    assert!(u64::try_from(run.states().count()).expect("few") >= records / 10_000);
}

#[test]
fn twenty_five_thousand_changes_while_the_window_is_read() {
    let stage = Stage::new(uncounted(calm(PortalSpec { deals: 45_000, ..nothing() })));
    let simulator = &stage.simulator;
    let catalog = catalog("deals", &["id"]);
    let ids = live_ids(simulator, "deals");
    let mut found = Versions::default();
    // The destination has the current version of everything but the first 8,000.
    let rest = simulator.portal(|portal| {
        let version = |id: &u64| (*id, portal.modified_ms("deals", *id).expect("it is there"));
        ids[8_000..].iter().map(version).collect()
    });
    found.last = rest;
    let saved = saved_at("deals", simulator.now_ms());
    simulator.advance(Duration::from_hours(2));
    simulator.change(&touch_range("deals", 0, ids[7_999]));
    simulator.advance(Duration::from_mins(1));
    // Half of the records being read leave the window, and more than as many others change.
    simulator.schedule(vec![(12, touch_range("deals", ids[4_000], ids[28_999]))]);
    let first = Run::of(stage.reading(&catalog, &saved), Stop::Never);
    assert!(first.is_complete());
    found.take(&first);
    let searches = simulator.summary().endpoints["objects.search"].requests;
    assert!((12..60).contains(&searches), "the first is read by search: {searches}");
    assert!(found.lines < 8_000, "some have left the window: {}", found.lines);
    let before = found.lacks(simulator, "deals", i64::MAX).len();
    assert!(before >= 20_000, "the second has much to find: {before}");
    simulator.advance(Duration::from_mins(1));
    let second = Run::of(stage.reading(&catalog, &first.state(&saved)), Stop::Never);
    assert!(second.is_complete());
    found.take(&second);
    assert_eq!(found.lacks(simulator, "deals", i64::MAX), Vec::<u64>::new());
}

#[test]
fn a_company_with_fifty_thousand_contacts() {
    const CONTACTS: u64 = 50_000;
    let portal = PortalSpec { contacts: CONTACTS, companies: 30, hub: Some(CONTACTS), ..nothing() };
    let stage = Stage::new(uncounted(calm(portal)));
    let simulator = &stage.simulator;
    let catalog = catalog("companies", &["id", "contacts"]);
    // The list returns the first hundred associations; the rest has to be requested separately.
    let first = stage.read(&catalog).succeeded();
    assert_eq!(first.ids("companies"), live_ids(simulator, "companies"));
    let most = check_associations(simulator, "companies", "contacts", &first.records("companies"));
    // One in a hundred is archived.
    assert!(most as u64 >= CONTACTS - CONTACTS / 50, "{most}");
    // A search returns no associations.
    simulator.advance(Duration::from_hours(1));
    simulator.change(&modify("companies", Records::All));
    simulator.advance(Duration::from_mins(1));
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(second.ids("companies"), first.ids("companies"));
    let again =
        check_associations(simulator, "companies", "contacts", &second.records("companies"));
    assert_eq!(again, most);
}

#[test]
fn an_index_ten_minutes_behind_and_a_sync_every_minute() {
    const LAG_MS: i64 = 600_000;
    const MINUTE: Duration = Duration::from_mins(1);
    let config = stopped(PortalSpec { deals: 150, ..nothing() });
    let settings = Settings { index_lag_ms: (LAG_MS, LAG_MS), ..config.settings };
    let stage = Stage::new(Config { settings, ..config });
    let simulator = &stage.simulator;
    let catalog = catalog("deals", &["id"]);
    let (mut saved, mut found) = (Value::Null, Versions::default());
    let mut rng = Rng::new(5, 0);
    let mut sync = || {
        let run = Run::of(stage.reading(&catalog, &saved), Stop::Never);
        assert!(run.is_complete());
        found.take(&run);
        saved = run.state(&saved);
        let hour_ago_ms = simulator.now_ms() - 3_600_000 - 2 * LAG_MS;
        (found.lacks(simulator, "deals", hour_ago_ms), found.lacks(simulator, "deals", i64::MAX))
    };
    let mut most_open = 0;
    for minute in 0..125 {
        let (late, open) = sync();
        most_open = most_open.max(open.len());
        // Every change is found at most a little more than an hour after it happened.
        assert_eq!(late, Vec::<u64>::new(), "minute {minute}");
        let ids = live_ids(simulator, "deals");
        simulator.change(&modify("deals", Records::Id(*rng.pick(&ids))));
        if minute % 4 == 0 {
            simulator.change(&create("deals", 1));
        }
        simulator.advance(MINUTE);
    }
    assert!(most_open > 30, "the index is far behind: {most_open} changes were not found at once");
    let searches = simulator.summary().endpoints["objects.search"].requests;
    assert!(searches < 2 * 125, "{searches} searches in 125 syncs");
    simulator.advance(Duration::from_hours(2));
    let (_, open) = sync();
    assert_eq!(open, Vec::<u64>::new());
}
