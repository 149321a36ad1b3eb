//! The scan against a small model of a portal that changes while it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Ask, Bounds, CursorFormat, Saved, Scan, Way, complete, under_way};
use crate::time::Millis;

const PAGE: usize = 3;
const LAG_S: u64 = 300;

/// What happens to the portal.
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

/// What the test does next.
#[derive(Debug, Clone)]
enum Step {
    Event(Event),
    Wait {
        seconds: u64,
    },
    /// Reads until the end, or until the process is killed after so many pages.
    Sync {
        killed_after: Option<usize>,
    },
}

/// One record: when it was modified, and what the search index says of that.
#[derive(Debug, Clone, Copy)]
struct Stored {
    modified: Millis,
    indexed: Option<Millis>,
    visible_at: Millis,
}

/// A portal with a list, and a search whose index lags.
struct Portal {
    now: Millis,
    next_id: u64,
    records: BTreeMap<u64, Stored>,
    /// Seconds until the next change shows up in the index; cycles.
    lags: Vec<u64>,
}

impl Portal {
    fn lag(&mut self) -> Millis {
        self.lags.rotate_left(1);
        Millis::try_from(self.lags[0]).unwrap() * 1000
    }

    fn touch(&mut self, id: u64) {
        let (now, lag) = (self.now, self.lag());
        let stored = self.records.get_mut(&id).unwrap();
        if stored.visible_at <= now {
            stored.indexed = Some(stored.modified);
        }
        stored.modified = now;
        stored.visible_at = now + lag;
    }

    fn nth(&self, nth: usize) -> Option<u64> {
        self.records.keys().copied().nth(nth % self.records.len().max(1))
    }

    fn happen(&mut self, event: &Event) {
        self.now += 1;
        match event {
            Event::Create { id_gap } => {
                self.next_id += id_gap;
                let visible_at = self.now + self.lag();
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

    /// A page of ids with their true modified dates, and the token for the next page.
    fn answer(
        &self,
        ask: &Ask,
        (lower, upper): (Millis, Millis),
    ) -> (Vec<(u64, Millis)>, Option<String>) {
        let from = match ask {
            Ask::List { after } => after.as_ref().map_or(0, |after| after.parse().unwrap()),
            Ask::Search { above, .. } => above + 1,
        };
        let is_hit = |stored: &Stored| {
            let visible = stored.visible_at <= self.now;
            let indexed = if visible { Some(stored.modified) } else { stored.indexed };
            matches!(ask, Ask::List { .. })
                || indexed.is_some_and(|modified| (lower..upper).contains(&modified))
        };
        let mut hits = self.records.range(from..).filter(|(_, stored)| is_hit(stored));
        let page: Vec<_> =
            hits.by_ref().take(PAGE).map(|(id, stored)| (*id, stored.modified)).collect();
        let token = match (hits.next(), page.last(), ask) {
            (None, ..) | (_, None, _) => None,
            (Some(_), Some((last, _)), Ask::List { .. }) => Some((last + 1).to_string()),
            (Some(_), Some(_), Ask::Search { .. }) => Some(PAGE.to_string()),
        };
        (page, token)
    }
}

/// Reads once, with `changes` happening between the pages, from and to the wire form of the state.
/// `destination` takes the version of each record that was last emitted.
fn sync(
    portal: &mut Portal,
    state: &mut Option<crate::protocol::StreamState>,
    destination: &mut BTreeMap<u64, Millis>,
    changes: &mut impl Iterator<Item = Event>,
    killed_after: Option<usize>,
) {
    let bounds = Bounds {
        started: portal.now,
        unfinished: Duration::from_secs(3),
        start_date: None,
        lookback: Duration::ZERO,
        index_lag: Duration::from_secs(LAG_S),
    };
    let saved = Saved::read(state.as_ref(), "updatedAt", None).unwrap();
    let mut scan = Scan::begin(&saved, &bounds, false, None);
    let mut pages = 0;
    while let Some(ask) = scan.ask() {
        if killed_after == Some(pages) {
            return;
        }
        pages += 1;
        portal.now += 700;
        changes.next().iter().for_each(|event| portal.happen(event));
        let (page, token) = portal.answer(&ask, scan.window());
        let ids: Vec<_> = page.iter().map(|(id, _)| Some(*id)).collect();
        scan.take(&ids, token).unwrap();
        let wanted = page.into_iter().filter(|(_, modified)| scan.wants(Some(*modified)));
        destination.extend(wanted);
        *state = scan.progress(None).map(|progress| under_way("updatedAt", progress));
    }
    *state = Some(complete("updatedAt", CursorFormat::Iso, scan.window().1));
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (1_u64..1_000).prop_map(|id_gap| Event::Create { id_gap }),
        6 => (0_usize..100).prop_map(|nth| Event::Modify { nth }),
        1 => Just(Event::ModifyAll),
        1 => (0_usize..100).prop_map(|nth| Event::Archive { nth }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => event().prop_map(Step::Event),
        2 => (0_u64..900).prop_map(|seconds| Step::Wait { seconds }),
        2 => prop::option::of(0_usize..6).prop_map(|killed_after| Step::Sync { killed_after }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn sequences_of_incremental_syncs_lose_no_record(
        at_first in 0_u64..20,
        lags in vec(0..LAG_S, 1..6),
        steps in vec(step(), 0..60),
        during in vec(event(), 1..40),
    ) {
        let mut portal =
            Portal { now: 1_700_000_000_000, next_id: 0, records: BTreeMap::new(), lags };
        (0..at_first).for_each(|_| portal.happen(&Event::Create { id_gap: 7 }));
        portal.now += 3_600_000;
        let (mut state, mut destination) = (None, BTreeMap::new());
        let mut during = during.into_iter();
        for step in &steps {
            match step {
                Step::Event(event) => portal.happen(event),
                Step::Wait { seconds } => portal.now += Millis::try_from(*seconds).unwrap() * 1000,
                Step::Sync { killed_after } => {
                    sync(&mut portal, &mut state, &mut destination, &mut during, *killed_after);
                }
            }
        }
        // The portal comes to rest. A sync that was killed may have to finish an old window
        // first; the next one brings what changed since.
        for _ in 0..2 {
            portal.now += Millis::try_from(LAG_S).unwrap() * 1000 + 10_000;
            sync(&mut portal, &mut state, &mut destination, &mut std::iter::empty(), None);
        }
        for (id, stored) in &portal.records {
            prop_assert_eq!(destination.get(id), Some(&stored.modified), "record {}", id);
        }
    }
}

#[test]
fn a_search_out_of_order_is_a_contradiction() {
    let bounds = Bounds {
        started: 10_000_000,
        unfinished: Duration::ZERO,
        start_date: None,
        lookback: Duration::ZERO,
        index_lag: Duration::ZERO,
    };
    let saved = Saved { position: Some(1_000), ..Saved::default() };
    let mut scan = Scan::begin(&saved, &bounds, false, None);
    assert_eq!(scan.ask(), Some(Ask::Search { above: 0, offset: None }));
    assert!(scan.take(&[Some(10), Some(9)], None).is_err(), "text order");
    assert!(scan.take(&[None], None).is_err(), "no number");
    assert_eq!(scan.take(&[Some(9), Some(10)], Some("200".into())), Ok(()));
    assert_eq!(scan.ask(), Some(Ask::Search { above: 10, offset: None }));
    assert!(scan.take(&[Some(10)], None).is_err(), "the same hit again");
    assert_eq!(scan.take(&[], Some("200".into())), Ok(()), "an empty page that is not the last");
    assert_eq!(scan.ask(), Some(Ask::Search { above: 10, offset: Some("200".into()) }));
    assert_eq!(scan.by_list().ask(), Some(Ask::List { after: None }));
}

#[test]
fn a_list_that_is_not_paged_by_id_is_read_and_claims_nothing() {
    let bounds = Bounds {
        started: 10_000_000,
        unfinished: Duration::ZERO,
        start_date: None,
        lookback: Duration::ZERO,
        index_lag: Duration::ZERO,
    };
    for (case, ids, token, claims) in [
        ("by id", vec![Some(1), Some(2)], "3", true),
        ("by id, with a gap", vec![Some(1), Some(2)], "9", true),
        ("opaque", vec![Some(1), Some(2)], "bW9yZQ", false),
        ("behind the page", vec![Some(1), Some(2)], "2", false),
        ("descending", vec![Some(2), Some(1)], "3", false),
        ("no numbers", vec![None], "3", false),
    ] {
        let mut scan = Scan::begin(&Saved::default(), &bounds, false, None);
        assert_eq!(scan.way(), Way::List);
        scan.take(&ids, Some(token.into())).expect(case);
        assert_eq!(scan.ask(), Some(Ask::List { after: Some(token.into()) }), "{case}");
        assert_eq!(scan.progress(None).is_some(), claims, "{case}");
        assert!(scan.take(&[], Some(token.into())).is_err(), "{case}: the same page for ever");
    }
}

#[test]
fn where_a_read_begins() {
    let bounds = Bounds {
        started: 10_003_000,
        unfinished: Duration::from_secs(3),
        start_date: Some(1_000_000),
        lookback: Duration::ZERO,
        index_lag: Duration::from_secs(LAG_S),
    };
    let at = |position| Saved { position: Some(position), ..Saved::default() };
    let mut under_way = Scan::begin(&Saved::default(), &bounds, true, Some(3));
    under_way.take(&[Some(7)], Some("8".into())).unwrap();
    let progress = under_way.progress(Some(3));
    let half = || Saved { progress, ..Saved::default() };
    for (case, saved, everything, generation, way, window, ask) in [
        (
            "nothing saved",
            Saved::default(),
            false,
            None,
            Way::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "a position",
            at(9_000_000),
            false,
            None,
            Way::Search,
            (8_700_000, 10_000_000),
            Some(None),
        ),
        (
            "a position before the start date",
            at(5),
            false,
            None,
            Way::Search,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "a full refresh",
            at(9_000_000),
            true,
            None,
            Way::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "a position in the future",
            at(99_000_000),
            false,
            None,
            Way::Search,
            (98_700_000, 99_000_000),
            None,
        ),
        ("half a scan", half(), false, None, Way::List, (1_000_000, 10_000_000), Some(Some("8"))),
        (
            "half a refresh of the same generation",
            half(),
            true,
            Some(3),
            Way::List,
            (1_000_000, 10_000_000),
            Some(Some("8")),
        ),
        (
            "half a refresh of an older generation",
            half(),
            true,
            Some(4),
            Way::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
        (
            "half a refresh of no generation",
            half(),
            true,
            None,
            Way::List,
            (1_000_000, 10_000_000),
            Some(None),
        ),
    ] {
        let scan = Scan::begin(&saved, &bounds, everything, generation);
        assert_eq!((scan.way(), scan.window()), (way, window), "{case}");
        let expected = ask.map(|after: Option<&str>| match way {
            Way::List => Ask::List { after: after.map(str::to_owned) },
            Way::Search => Ask::Search { above: 0, offset: None },
        });
        assert_eq!(scan.ask(), expected, "{case}");
    }
}
