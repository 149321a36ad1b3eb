//! Property test of the scan against a small model of a portal that changes while it is read.
//! Several readers receive and write pages in any order.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::position::read_position;
use super::{
    AcceptedPage, CountProbe, CursorFormat, PageInfo, PageKey, PageRequest, ParallelReaders,
    Parallelism, Position, RangeKey, ReadMode, Scan, ScanTask, StateCodec, StateCursor,
    StateLayout, StreamState, TimeBounds,
};
use crate::record_id::RecordId;
use crate::time::{Millis, TimeWindow};

/// Time at which the portal is created.
const START: Millis = Millis::new(1_700_000_000_000);
const PAGE: usize = 3;
const LAG_S: u64 = 300;
const WORST_LAG_S: u64 = 3_600;
const SPREAD: Parallelism = Parallelism {
    list: ParallelReaders { most: 4, page: 1 },
    search: ParallelReaders { most: 3, page: 1 },
};

/// Change to the portal.
#[derive(Debug, Clone)]
enum Event {
    Create {
        id_gap: u64,
    },
    Modify {
        nth: usize,
    },
    /// Modifies every record in one millisecond.
    ModifyAll,
    Archive {
        nth: usize,
    },
}

/// Step of the test.
#[derive(Debug, Clone)]
enum ModelStep {
    Event(Event),
    Wait {
        seconds: u64,
    },
    /// Reads to the end, or until the process is killed.
    Sync(Conduct),
    /// Another connector reads in between: see [`peer`].
    Peer,
}

/// One record: its modification date, and the date that the search index holds for it.
#[derive(Debug, Clone, Copy)]
struct Stored {
    modified: Millis,
    indexed: Option<Millis>,
    visible_at: Millis,
}

/// A portal with a list, and with a search whose index lags.
struct Portal {
    now: Millis,
    next_id: RecordId,
    records: BTreeMap<RecordId, Stored>,
    /// Seconds until a change shows up in the index; used cyclically.
    lags: Vec<u64>,
    /// Number of hits that a search counts but leaves out before each page.
    skips: usize,
}

impl Portal {
    fn lag(&mut self) -> Duration {
        self.lags.rotate_left(1);
        Duration::from_secs(self.lags[0])
    }

    fn wait(&mut self, duration: Duration) {
        self.now = self.now.saturating_add(duration);
    }

    fn touch(&mut self, id: RecordId) {
        let (now, lag) = (self.now, self.lag());
        let stored = self.records.get_mut(&id).unwrap();
        if stored.visible_at <= now {
            stored.indexed = Some(stored.modified);
        }
        stored.modified = now;
        stored.visible_at = now.saturating_add(lag);
    }

    fn nth(&self, nth: usize) -> Option<RecordId> {
        self.records.keys().copied().nth(nth % self.records.len().max(1))
    }

    fn happen(&mut self, event: &Event) {
        self.now = self.now.following();
        match event {
            Event::Create { id_gap } => {
                self.next_id = self.next_id.saturating_add(*id_gap);
                let lag = self.lag();
                let visible_at = self.now.saturating_add(lag);
                let stored = Stored { modified: self.now, indexed: None, visible_at };
                self.records.insert(self.next_id, stored);
            }
            Event::Modify { nth } => {
                if let Some(id) = self.nth(*nth) {
                    self.touch(id);
                }
            }
            Event::ModifyAll => {
                let ids: Vec<_> = self.records.keys().copied().collect();
                for id in ids {
                    self.touch(id);
                }
            }
            Event::Archive { nth } => {
                if let Some(id) = self.nth(*nth) {
                    self.records.remove(&id);
                }
            }
        }
    }

    fn is_hit(&self, stored: &Stored, window: TimeWindow) -> bool {
        let visible = stored.visible_at <= self.now;
        let indexed = if visible { Some(stored.modified) } else { stored.indexed };
        indexed.is_some_and(|modified| (window.from..window.to).contains(&modified))
    }

    /// Returns a page of ids with their true modification dates, and the rest of the response.
    fn answer(
        &self,
        request: &PageRequest,
        window: TimeWindow,
    ) -> (Vec<(RecordId, Millis)>, PageInfo) {
        let (from, to) = match request {
            PageRequest::List { after } => {
                let from = after.as_ref().map(|after| after.parse().unwrap());
                (from.unwrap_or(RecordId::MIN), None)
            }
            PageRequest::Search { above, below, .. } => (above.saturating_add(1), *below),
        };
        let to = to.unwrap_or(RecordId::new(u64::MAX));
        let mut hits = self.records.range(from..to).filter(|(_, stored)| {
            matches!(request, PageRequest::List { .. }) || self.is_hit(stored, window)
        });
        let skipped = match request {
            PageRequest::Search { .. } => hits.by_ref().take(self.skips).count(),
            PageRequest::List { .. } => 0,
        };
        let page: Vec<_> =
            hits.by_ref().take(PAGE).map(|(id, stored)| (*id, stored.modified)).collect();
        let left = u64::try_from(skipped + page.len() + hits.clone().count()).unwrap();
        let token = match (hits.next(), page.last(), request) {
            (None, ..) | (_, None, _) => None,
            (Some(_), Some((last, _)), PageRequest::List { .. }) => {
                Some(last.saturating_add(1).to_string())
            }
            (Some(_), Some(_), PageRequest::Search { .. }) => Some(PAGE.to_string()),
        };
        let left = matches!(request, PageRequest::Search { .. }).then_some(left);
        let ids = page.iter().map(|(id, _)| Some(*id)).collect();
        (page, PageInfo { ids, token, left })
    }

    fn count_probe(&self, window: TimeWindow) -> CountProbe {
        let in_window = self.records.values().filter(|stored| self.is_hit(stored, window));
        CountProbe {
            total: self.records.len().try_into().unwrap(),
            in_window: in_window.count().try_into().unwrap(),
            top: self.records.keys().next_back().copied().unwrap_or(RecordId::MIN),
        }
    }
}

/// Parameters of a sync.
#[derive(Debug, Clone)]
struct Conduct {
    /// `true` if several readers share the scan.
    is_spread: bool,
    /// Indices of the in-flight page to advance next; used cyclically.
    order: Vec<usize>,
    /// Number of steps after which the process is killed.
    killed_after: Option<usize>,
}

/// Page in flight.
enum ModelPage {
    Asked(RangeKey, PageRequest),
    /// Received and accepted; holds the records to emit.
    PageInfo(PageKey, Vec<(RecordId, Millis)>),
}

/// Runs one sync, reading and writing the wire format of the state. `changes` happen between the
/// steps. `destination` receives the last emitted version of each record.
fn sync(
    portal: &mut Portal,
    state: &mut Option<crate::protocol::StateBlob>,
    destination: &mut BTreeMap<RecordId, Millis>,
    changes: &mut impl Iterator<Item = Event>,
    conduct: &Conduct,
) {
    let bounds = TimeBounds {
        started: portal.now,
        latest: portal.now,
        unfinished: Duration::from_secs(3),
        start_date: None,
        lookback: Duration::ZERO,
        index_lag: Duration::from_secs(LAG_S),
        worst_lag: Duration::from_secs(WORST_LAG_S),
    };
    let saved = CODEC.decode(state.as_ref()).unwrap();
    let mut scan = Scan::begin(&saved.main, &bounds, false, None);
    if conduct.is_spread {
        scan = scan.parallelism(SPREAD);
    }
    let mut order = conduct.order.iter().cycle();
    let mut pages = Vec::new();
    let mut is_second = false;
    for step in 0.. {
        while let Some(job) = scan.next_task() {
            match job {
                ScanTask::Page(range, request) => pages.push(ModelPage::Asked(range, request)),
                ScanTask::CountProbe => scan.apply_count_probe(portal.count_probe(scan.window())),
                ScanTask::SplitPoint { above, after } => {
                    let after = usize::try_from(after).unwrap();
                    let mut ids =
                        portal.records.range(above.saturating_add(1)..).map(|(id, _)| *id);
                    scan.apply_split_point(ids.nth(after));
                }
                ScanTask::Recount { range, from, to } => {
                    let part = portal.records.range(from..to).map(|(_, stored)| stored);
                    let hits = part.filter(|stored| portal.is_hit(stored, scan.window())).count();
                    if scan.recounted(range, Some(hits.try_into().unwrap())).is_err() {
                        scan = scan.by_list();
                    }
                }
            }
        }
        if pages.is_empty() {
            let in_window = portal.count_probe(scan.window()).in_window;
            let is_short = scan.expected().is_some_and(|expected| expected > scan.seen());
            if scan.mode() != ReadMode::Search || !is_short || in_window <= scan.seen() {
                break;
            }
            scan = if is_second { scan.by_list() } else { scan.again() };
            is_second = true;
            continue;
        }
        if conduct.killed_after == Some(step) {
            return;
        }
        portal.wait(Duration::from_millis(700));
        changes.next().iter().for_each(|event| portal.happen(event));
        let next = order.next().unwrap() % pages.len();
        match pages.swap_remove(next) {
            ModelPage::Asked(range, request) => {
                let (mut page, seen) = portal.answer(&request, scan.window());
                let taken = scan.accept(range, request.mode(), &seen);
                let taken = taken.unwrap_or_else(|error| {
                    assert!(portal.skips > 0, "{error:?}: {request:?} {seen:?} {scan:?}");
                    scan = scan.by_list();
                    None
                });
                if let Some(AcceptedPage { page: key, share }) = taken {
                    page.truncate(share);
                    page.retain(|(_, modified)| scan.pass(request.mode()).wants(Some(*modified)));
                    pages.push(ModelPage::PageInfo(key, page));
                }
            }
            ModelPage::PageInfo(key, page) => {
                for (id, modified) in page {
                    let emitted = destination.entry(id).or_insert(modified);
                    *emitted = modified.max(*emitted);
                }
                scan.enqueued(key);
                let progress = scan.progress(None);
                *state =
                    progress.map(|progress| encode(&StreamState::Scan(progress))).or(state.take());
            }
        }
    }
    assert!(scan.is_done(), "nothing is under way, and something remains: {scan:?}");
    let (end, reconciled_until) = (scan.end(), scan.reconciled_until());
    *state = Some(encode(&StreamState::Complete(Position { end, reconciled_until })));
}

const CODEC: StateCodec<'_> = StateCodec {
    cursor: Some(StateCursor { field: "updatedAt", selected: None, format: CursorFormat::Iso }),
    layout: StateLayout::Flat,
};

fn encode(state: &StreamState) -> crate::protocol::StateBlob {
    CODEC.encode(state, &BTreeMap::new())
}

/// Reads once as the Python connector does: by search, starting exactly at the cursor, without a
/// second pass. Its state is the largest date it has seen.
///
/// Starting from its own state, it would lose the changes that the index shows late, so it reads
/// nothing in that case.
fn peer(
    portal: &Portal,
    state: &mut Option<crate::protocol::StateBlob>,
    destination: &mut BTreeMap<RecordId, Millis>,
) {
    let Some(saved) = state.as_ref().filter(|saved| saved.contains_key("source_hubspot")) else {
        return;
    };
    let cursor = read_position(&saved["updatedAt"]).unwrap().unwrap();
    let mut last = cursor;
    let window = TimeWindow { from: cursor, to: portal.now.following() };
    for (id, stored) in &portal.records {
        if portal.is_hit(stored, window) {
            let emitted = destination.entry(*id).or_insert(stored.modified);
            *emitted = stored.modified.max(*emitted);
            last = last.max(stored.modified);
        }
    }
    let state_of_its_own = serde_json::json!({ "updatedAt": last });
    *state = serde_json::from_value(state_of_its_own).ok();
}

fn conduct() -> impl Strategy<Value = Conduct> {
    (any::<bool>(), vec(0_usize..8, 1..10), prop::option::of(0_usize..20))
        .prop_map(|(is_spread, order, killed_after)| Conduct { is_spread, order, killed_after })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (1_u64..1_000).prop_map(|id_gap| Event::Create { id_gap }),
        6 => (0_usize..100).prop_map(|nth| Event::Modify { nth }),
        1 => Just(Event::ModifyAll),
        1 => (0_usize..100).prop_map(|nth| Event::Archive { nth }),
    ]
}

fn step() -> impl Strategy<Value = ModelStep> {
    prop_oneof![
        4 => event().prop_map(ModelStep::Event),
        2 => (0_u64..5_000).prop_map(|seconds| ModelStep::Wait { seconds }),
        2 => conduct().prop_map(ModelStep::Sync),
        1 => Just(ModelStep::Peer),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn sequences_of_incremental_syncs_lose_no_record(
        at_first in 0_u64..40,
        skips in prop_oneof![3 => Just(0_usize), 1 => 1_usize..4],
        lags in vec(prop_oneof![3 => 0..LAG_S, 1 => 0..WORST_LAG_S], 1..6),
        steps in vec(step(), 0..60),
        during in vec(event(), 1..40),
    ) {
        let mut portal =
            Portal { now: START, next_id: RecordId::MIN, records: BTreeMap::new(), lags, skips };
        (0..at_first).for_each(|_| portal.happen(&Event::Create { id_gap: 7 }));
        portal.wait(Duration::from_secs(WORST_LAG_S));
        let (mut state, mut destination) = (None, BTreeMap::new());
        // A concurrent change is indistinguishable from a skipped hit, so a test case has only one
        // of them.
        let during = if skips == 0 { during } else { Vec::new() };
        let mut during = during.into_iter();
        for step in &steps {
            match step {
                ModelStep::Event(event) => portal.happen(event),
                ModelStep::Wait { seconds } => portal.wait(Duration::from_secs(*seconds)),
                ModelStep::Peer => peer(&portal, &mut state, &mut destination),
                ModelStep::Sync(conduct) => {
                    sync(&mut portal, &mut state, &mut destination, &mut during, conduct);
                }
            }
        }
        // The portal no longer changes. A sync that was killed may have to finish an old window
        // first; the next sync then reads what changed since.
        for _ in 0..2 {
            portal.wait(Duration::from_secs(2 * WORST_LAG_S + 10));
            let conduct = Conduct { is_spread: true, order: vec![0], killed_after: None };
            sync(&mut portal, &mut state, &mut destination, &mut std::iter::empty(), &conduct);
        }
        for (id, stored) in &portal.records {
            prop_assert_eq!(destination.get(id), Some(&stored.modified), "record {}", id);
        }
    }
}
