//! The search index: finds records by modified date and id without visiting each of them.

use std::ops::Range;

use crate::portal::store::{Handle, Store};
use crate::portal::window::{ALL_TIME, Window};

/// Untouched records at consecutive indices.
#[derive(Debug, Clone)]
struct Piece {
    range: Range<u64>,
    /// `true` if indexed dates differ within the piece, so that each record has to be checked.
    mixed: bool,
}

/// Records that a window contains at one point in time.
pub(crate) struct Hits<'a> {
    store: &'a Store,
    window: Window,
    now_ms: i64,
    pieces: Vec<Piece>,
    /// Ids of the touched records, ascending.
    touched: Vec<u64>,
}

impl Store {
    /// Returns the live records that the index shows inside a window.
    pub(crate) fn hits(&self, window: &Window, now_ms: i64) -> Hits<'_> {
        let ids = &window.ids;
        let span = if ids.is_empty() {
            0..0
        } else {
            self.base.lower_bound(*ids.start())..self.base.lower_bound(ids.end().saturating_add(1))
        };
        let unbounded = window.modified == ALL_TIME;
        let created = if window.created == ALL_TIME {
            0..self.base.len
        } else {
            self.base.created_in(&window.created)
        };
        let span = span.start.max(created.start)..span.end.min(created.end);
        let dated = if unbounded {
            std::iter::once(0..self.base.len).collect()
        } else {
            self.base.modified_in(&window.modified)
        };
        let mut pieces = Vec::new();
        let mut add = |range: Range<u64>, mixed| {
            let range = range.start.max(span.start)..range.end.min(span.end);
            if range.start < range.end {
                pieces.push(Piece { range, mixed });
            }
        };
        let mut from = 0;
        let add_gap = |gap: Range<u64>, add: &mut dyn FnMut(Range<u64>, bool)| {
            for range in &dated {
                add(range.start.max(gap.start)..range.end.min(gap.end), false);
            }
        };
        for (start, (end, stamps)) in &self.stamps.ranges {
            add_gap(from..*start, &mut add);
            from = *end;
            match stamps.last() {
                Some(last) if self.settled(last, now_ms) => {
                    if window.modified.contains(&last.modified_ms) || unbounded {
                        add(*start..*end, false);
                    }
                }
                _ => add(*start..*end, !unbounded),
            }
        }
        add_gap(from..self.base.len, &mut add);
        pieces.sort_unstable_by_key(|piece| piece.range.start);
        let touched = self.overlay.indexed_in(window, now_ms);
        Hits { store: self, window: window.clone(), now_ms, pieces, touched }
    }
}

impl Hits<'_> {
    /// Returns the number of records.
    pub(crate) fn count(&self) -> u64 {
        let untouched: u64 = self
            .pieces
            .iter()
            .map(|piece| {
                if piece.mixed {
                    piece.range.clone().filter(|index| self.holds(*index, true)).count() as u64
                } else {
                    let range = &piece.range;
                    let displaced = &self.store.displaced;
                    let displaced = displaced.partition_point(|index| *index < range.end)
                        - displaced.partition_point(|index| *index < range.start);
                    range.end - range.start - self.store.base.archived_in(range) - displaced as u64
                }
            })
            .sum();
        untouched + self.touched.len() as u64
    }

    fn holds(&self, index: u64, mixed: bool) -> bool {
        !self.store.base.archived(index)
            && self.store.displaced.binary_search(&index).is_err()
            && (!mixed
                || self.window.modified.contains(&self.store.indexed_modified(index, self.now_ms)))
    }

    /// Returns the records by id, ascending.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = Handle> + '_ {
        let untouched = self.pieces.iter().flat_map(move |piece| {
            piece.range.clone().filter(move |index| self.holds(*index, piece.mixed))
        });
        let touched = self.touched.iter().copied();
        merged(self.store, untouched, touched, |untouched, touched| untouched < touched)
    }

    /// Returns the records by id, descending.
    pub(crate) fn descending(&self) -> impl Iterator<Item = Handle> + '_ {
        let untouched = self.pieces.iter().rev().flat_map(move |piece| {
            piece.range.clone().rev().filter(move |index| self.holds(*index, piece.mixed))
        });
        let touched = self.touched.iter().rev().copied();
        merged(self.store, untouched, touched, |untouched, touched| untouched > touched)
    }
}

/// Merges two sorted runs. `first` returns `true` if the untouched record precedes the touched one.
fn merged(
    store: &Store,
    untouched: impl Iterator<Item = u64>,
    touched: impl Iterator<Item = u64>,
    first: fn(u64, u64) -> bool,
) -> impl Iterator<Item = Handle> {
    let mut untouched = untouched.map(|index| (store.base.id(index), index)).peekable();
    let mut touched = touched.peekable();
    std::iter::from_fn(move || {
        let next_untouched = match (untouched.peek(), touched.peek()) {
            (Some((id, _)), Some(other)) => first(*id, *other),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if next_untouched {
            untouched.next().map(|(_, index)| Handle::Base(index))
        } else {
            touched.next().map(Handle::Touched)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::{Change, Portal, PortalSpec, Records, Status, mix};
    use crate::settings::Settings;

    const START_MS: i64 = 1_790_000_000_000;

    /// Finds the live records that the index shows in the window by checking every record.
    fn by_looking(store: &Store, window: &Window, now_ms: i64) -> Vec<u64> {
        let all = store.list(0, false);
        all.filter_map(|handle| {
            assert_eq!(store.status(handle), Status::Live);
            let view = store.indexed_view(handle, now_ms)?;
            let inside = window.modified.contains(&view.modified_ms)
                && window.created.contains(&view.created_ms)
                && window.ids.contains(&view.id)
                && view.archived_ms.is_none();
            inside.then_some(view.id)
        })
        .collect()
    }

    fn random_change(portal: &Portal, random: u64, now_ms: i64) -> Change {
        let object = "companies".to_owned();
        let ids: Vec<u64> = portal.ids("companies").collect();
        let pick =
            |turn: u64| ids[usize::try_from(mix(random ^ turn)).expect("64 bits") % ids.len()];
        let records = Records::Id(pick(1));
        match random % 11 {
            0 => Change::Create { object, count: 3, id: None, properties: [].into() },
            1 => Change::Archive { object, records },
            2 => Change::Purge { object, records },
            3 if pick(1) != pick(2) => Change::Merge { object, winner: pick(1), loser: pick(2) },
            4 => Change::Restore { object, records: Records::Sample { share: 0.3, seed: random } },
            5 | 6 => {
                let (from, to) = (pick(1).min(pick(2)), pick(1).max(pick(2)));
                let at_ms = random.is_multiple_of(2).then_some(now_ms - 86_400_000 * 30);
                Change::BulkTouch { object, from_id: Some(from), to_id: Some(to), at_ms }
            }
            7 => {
                let records = Records::Sample { share: 0.05, seed: random };
                Change::Modify { object, records, properties: [].into() }
            }
            _ => Change::Modify { object, records, properties: [].into() },
        }
    }

    #[test]
    fn the_index_finds_what_looking_at_every_record_finds() {
        for seed in 0..30 {
            let lag = if seed % 2 == 0 { (0, 0) } else { (1_000, 20_000) };
            let settings = Settings { index_lag_ms: lag, ..Settings::default() };
            let spec =
                PortalSpec { seed, companies: 120, archived_share: 0.1, ..PortalSpec::default() };
            let mut portal = Portal::new(spec, settings, START_MS);
            let mut now_ms = START_MS;
            for step in 0..60_u64 {
                now_ms += i64::try_from(mix(step ^ seed) % 4_000).expect("small");
                let change = random_change(&portal, mix(seed * 1_000 + step), now_ms);
                portal.apply(&change, now_ms).expect("the change fits");
                let store = portal.store("companies").expect("a type");
                let ids: Vec<u64> = portal.ids("companies").collect();
                assert_eq!(ids.len() as u64, portal.count("companies"), "seed {seed} step {step}");
                let low = ids[ids.len() / 4];
                for (case, from, until, ids) in [
                    ("everything", i64::MIN, i64::MAX, 0..=u64::MAX - 1),
                    ("lately", START_MS, now_ms + 1, 0..=u64::MAX - 1),
                    ("last seconds, upper ids", now_ms - 5_000, now_ms, low..=u64::MAX - 1),
                    ("long ago", START_MS - 86_400_000 * 200, START_MS, low..=u64::MAX - 1),
                    ("all dates, one id", i64::MIN, i64::MAX, low..=low),
                    ("upside down", now_ms, START_MS - 1, 0..=u64::MAX - 1),
                ] {
                    let created = match step % 3 {
                        0 => ALL_TIME,
                        1 => START_MS - 86_400_000 * 1_000..i64::MAX,
                        _ => i64::MIN..START_MS + 1_000,
                    };
                    let window = Window { modified: from..until, created, ids };
                    let hits = store.hits(&window, now_ms);
                    let expected = by_looking(store, &window, now_ms);
                    let id_of = |handle| store.view(handle).expect("a live record").id;
                    let mut found: Vec<u64> = hits.ascending().map(id_of).collect();
                    assert_eq!(found, expected, "seed {seed} step {step}: {case}");
                    assert_eq!(
                        hits.count(),
                        expected.len() as u64,
                        "seed {seed} step {step}: {case}"
                    );
                    found.reverse();
                    let backwards: Vec<u64> = hits.descending().map(id_of).collect();
                    assert_eq!(backwards, found, "seed {seed} step {step}: {case}");
                }
            }
        }
    }

    #[test]
    fn a_stamp_on_everything_costs_no_memory_per_record() {
        let settings = Settings::default();
        let spec = PortalSpec { contacts: 10_000_000, ..PortalSpec::default() };
        let mut portal = Portal::new(spec, settings, START_MS);
        let change = Change::BulkTouch {
            object: "contacts".to_owned(),
            from_id: None,
            to_id: None,
            at_ms: None,
        };
        portal.apply(&change, START_MS).expect("the change fits");
        let store = portal.store("contacts").expect("a type");
        assert!(store.overlay.records.is_empty());
        let window = Window { modified: START_MS..START_MS + 1, ..Window::default() };
        assert_eq!(store.hits(&window, START_MS + 20_000).count(), 10_000_000);
        assert_eq!(store.hits(&window, START_MS + 20_000).pieces.len(), 1);
    }
}
