//! A thousand random portals: no data is lost, whatever changes and whatever fails.
//!
//! A case is a small portal with random settings for undocumented behavior of HubSpot, two to four
//! streams, and two to four syncs. Between and during all but the last ones records change,
//! requests fail and runs are killed. In the end the destination must hold everything that the
//! portal holds.
//!
//! A failure prints its seed, and `RANDOM_SEED=<seed> RANDOM_CASES=1 cargo test --test endurance
//! random_portals::` repeats it. The order of requests of concurrent streams is not reproducible.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use hubspot_simulator::{Change, Entry, Simulator};
use serde_json::{Value, json};

use crate::support::destination::Destination;
use crate::support::interrupted_runs::{Run, Stop};
use crate::support::invariants::instant_ms;
use crate::support::rng::Rng;
use crate::support::{Catalog, START_MS, Stage, random_portals};

const CASES: u64 = 1_000;
const SEED: u64 = 1;
/// Number of concurrent cases: most of them are waiting.
const AT_ONCE: usize = 48;
/// With this many processes on two cores a request may arrive later than the limiter allows for;
/// the limiter then increases its allowance. A limiter that counts incorrectly would exceed the
/// quota far more often.
const REQUESTS_A_REFUSAL: usize = 5_000;
const SIGKILL: i32 = 9;
/// Time after which every quota window is empty.
const WINDOWS: Duration = Duration::from_secs(11);

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn nothing_is_lost_in_a_thousand_portals() {
    let first = from_environment("RANDOM_SEED", SEED);
    let cases = from_environment("RANDOM_CASES", CASES);
    let next = AtomicU64::new(first);
    let failures = Mutex::new(Vec::new());
    let (requests, refused) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + cases {
                        break;
                    }
                    let run = AssertUnwindSafe(|| Case::new(seed).run());
                    let Ok((sent, exceeding)) = catch_unwind(run) else {
                        failures.lock().expect("no panic in here").push(seed);
                        continue;
                    };
                    requests.fetch_add(sent, Ordering::Relaxed);
                    if exceeding > 0 {
                        refused.lock().expect("no panic in here").push((seed, exceeding));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic in here");
    assert!(failures.is_empty(), "seeds {failures:?} of {cases} from {first} on");
    let (requests, refused) =
        (requests.into_inner(), refused.into_inner().expect("no panic in here"));
    let exceeding: usize = refused.iter().map(|(_, exceeding)| exceeding).sum();
    assert!(
        exceeding <= 1 + requests / REQUESTS_A_REFUSAL,
        "a quota was exceeded by {exceeding} of {requests} requests: (seed, requests) {refused:?}"
    );
}

struct Case {
    seed: u64,
    rng: Rng,
    stage: Stage,
    streams: Vec<&'static str>,
    catalog: Catalog,
    since_ms: i64,
    saved: Value,
    destination: Destination,
    /// Records that others were merged into.
    merged: BTreeSet<(String, u64)>,
    requests: usize,
    /// Number of requests that exceeded a quota.
    refused: usize,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 0);
        let streams = random_portals::streams(&mut rng);
        let mut stage = Stage::new(random_portals::config(&mut rng, &streams));
        let catalog = random_portals::catalog(&mut rng, &streams);
        let mut since_ms = i64::MIN;
        let is_dated = |name: &&str| ["boats", "contacts", "deals", "tickets"].contains(name);
        if streams.iter().all(is_dated) && rng.once_in(2) {
            let days = i64::try_from(rng.between(1, 700)).expect("small");
            since_ms = START_MS - days * 86_400_000;
            let date = DateTime::from_timestamp_millis(since_ms).expect("a time");
            stage.config["start_date"] = json!(date.to_rfc3339_opts(SecondsFormat::Secs, true));
        }
        let (destination, merged) = (Destination::default(), BTreeSet::default());
        let saved = Value::Null;
        Self {
            seed,
            rng,
            stage,
            streams,
            catalog,
            since_ms,
            saved,
            destination,
            merged,
            requests: 0,
            refused: 0,
        }
    }

    fn simulator(&self) -> &Simulator {
        &self.stage.simulator
    }

    /// Runs the case. Returns the number of requests, and of those that exceeded a quota.
    fn run(mut self) -> (usize, usize) {
        let disturbed = 1 + u64::from(self.rng.once_in(3));
        for _ in 0..disturbed {
            self.change(6, 1);
            let pause = random_portals::pause(&mut self.rng);
            self.simulator().advance(pause);
            self.disturbed();
        }
        // Longer than any delay, and twice if the first sync only finishes an older read.
        self.simulator().advance(Duration::from_hours(3));
        self.destination.forget("list_memberships");
        if self.is_under_way() {
            self.sync(Stop::Never);
            self.simulator().advance(Duration::from_hours(3));
            self.destination.forget("list_memberships");
        }
        self.sync(Stop::Never);
        self.compare();
        (self.requests, self.refused)
    }

    /// Runs a sync with faults, changes and kills.
    fn disturbed(&mut self) {
        let faults = random_portals::faults(&mut self.rng);
        self.simulator().plant(faults);
        self.change(5, 25);
        while self.rng.once_in(3) {
            let stop = Stop::random(&mut self.rng, 300);
            self.sync(stop);
            self.simulator().advance(WINDOWS);
        }
        self.sync(Stop::Never);
        self.simulator().clear_faults();
        self.simulator().unschedule();
    }

    /// Schedules fewer than `most` changes before the next requests.
    fn change(&mut self, most: u64, spread: u64) {
        let count = self.rng.between(0, most);
        let changes = self
            .stage
            .simulator
            .portal(|portal| random_portals::changes(&mut self.rng, portal, count, spread));
        for (_, change) in &changes {
            if let Change::Merge { object, winner, .. } = change {
                self.merged.insert((object.clone(), *winner));
            }
        }
        self.simulator().schedule(changes);
    }

    fn sync(&mut self, stop: Stop) {
        let seed = self.seed;
        let began_ms = self.simulator().now_ms();
        let run = Run::of(self.stage.reading(&self.catalog, &self.saved), stop);
        let is_day_over =
            run.errors.iter().any(|line| line.contains("DAILY") || line.contains("day"));
        assert!(
            run.code.unwrap_or_default() == 0 || is_day_over,
            "seed {seed}: {:?} {:#?}",
            self.streams,
            run.errors
        );
        let is_whole = run.half.is_none() || run.signal == Some(SIGKILL);
        assert!(is_whole, "seed {seed}: {:?}", run.half);
        for state in run.states() {
            let state = &state["stream"]["stream_state"];
            let own = &state["source_hubspot"];
            for claimed in [&state["updatedAt"], &own["end"], &own["to"], &own["settled"]] {
                assert!(instant_ms(claimed) <= Some(began_ms), "seed {seed}: {began_ms} {state}");
            }
        }
        self.destination.take(&run);
        self.saved = run.state(&self.saved);
        let journal = self.simulator().journal();
        let exceeds = |entry: &&Entry| entry.status == 429 && entry.fault.is_none();
        self.refused = journal.iter().filter(exceeds).count();
        self.requests = journal.len();
    }

    fn is_under_way(&self) -> bool {
        self.saved.to_string().contains("remaining")
    }

    fn compare(&self) {
        let now_ms = self.simulator().now_ms();
        for stream in &self.streams {
            let lacking = self.simulator().portal(|portal| {
                let times = (self.since_ms, now_ms);
                self.destination.lacks(stream, portal, times, &self.merged)
            });
            let some: Vec<_> = lacking.iter().take(5).collect();
            assert!(
                lacking.is_empty(),
                "seed {}: {stream} of {:?} lacks {}: {some:?}",
                self.seed,
                self.streams,
                lacking.len()
            );
        }
    }
}
