//! Changes to single records, stored as versions; the search index may still show an older version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::portal::window::{ALL_TIME, Window};

/// One property set by a change.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// Index of the property among the type's definitions.
    pub(crate) property: usize,
    pub(crate) at_ms: i64,
    pub(crate) value: Option<Box<str>>,
}

/// State of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Live,
    /// In the recycle bin since this instant.
    Archived(i64),
    /// Merged; its id redirects to the winner.
    Merged(u64),
    Purged,
}

/// State of a record between two changes.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// Instant from which the search index shows this version.
    pub(crate) indexed_ms: i64,
    pub(crate) modified_ms: i64,
    pub(crate) status: Status,
    /// All edits so far, oldest first.
    pub(crate) edits: Arc<[Edit]>,
}

/// A record with individual changes.
#[derive(Debug, Clone)]
pub(crate) struct Touched {
    pub(crate) key: u64,
    pub(crate) created_ms: i64,
    /// The modified date before any change.
    pub(crate) first_modified_ms: i64,
    /// Versions, oldest first; the last one is current. Versions older than the indexed one are
    /// dropped.
    pub(crate) versions: Vec<Version>,
}

impl Touched {
    /// Creates a record at `now_ms`.
    pub(crate) fn new(now_ms: i64) -> Self {
        Self { key: 0, created_ms: now_ms, first_modified_ms: now_ms, versions: Vec::new() }
    }

    pub(crate) fn current(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// Returns the version in the search index, or `None` if the record is not indexed yet.
    pub(crate) fn indexed(&self, now_ms: i64) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.indexed_ms <= now_ms)
    }
}

/// All touched records of a type.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pub(crate) records: BTreeMap<u64, Touched>,
    /// Modified date and id of every stored live version.
    by_modified: BTreeSet<(i64, u64)>,
}

impl Overlay {
    /// Appends a version to a record. `start` creates the record if it is not stored yet.
    pub(crate) fn push(
        &mut self,
        id: u64,
        start: impl FnOnce() -> Touched,
        version: Version,
        now_ms: i64,
    ) {
        let record = self.records.entry(id).or_insert_with(start);
        let by_modified = &mut self.by_modified;
        for old in &record.versions {
            by_modified.remove(&(old.modified_ms, id));
        }
        let visible = record.versions.iter().rposition(|old| old.indexed_ms <= now_ms);
        record.versions.drain(..visible.unwrap_or(0));
        record.versions.push(version);
        for kept in record.versions.iter().filter(|kept| kept.status == Status::Live) {
            by_modified.insert((kept.modified_ms, id));
        }
    }

    /// Returns the ids, ascending, of live records that the index shows inside the window.
    pub(crate) fn indexed_in(&self, window: &Window, now_ms: i64) -> Vec<u64> {
        let (modified, ids) = (&window.modified, &window.ids);
        if modified.is_empty() || ids.is_empty() {
            return Vec::new();
        }
        let shown = |record: &Touched| {
            window.created.contains(&record.created_ms)
                && record.current().is_some_and(|version| version.status == Status::Live)
                && record.indexed(now_ms).is_some_and(|version| {
                    version.status == Status::Live && modified.contains(&version.modified_ms)
                })
        };
        if *modified == ALL_TIME {
            let records = self.records.range(ids.clone());
            return records.filter(|(_, record)| shown(record)).map(|(id, _)| *id).collect();
        }
        let mut found: Vec<u64> = self
            .by_modified
            .range((modified.start, 0)..(modified.end, 0))
            .map(|(_, id)| *id)
            .filter(|id| ids.contains(id))
            .filter(|id| self.records.get(id).is_some_and(shown))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// A modified date set on a range of records by a bulk change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// Distinguishes stamps when the index delay of a record is computed.
    pub(crate) sequence: u64,
    pub(crate) at_ms: i64,
    pub(crate) modified_ms: i64,
}

/// Stamps by disjoint index ranges: start → (end, stamps oldest first).
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    pub(crate) ranges: BTreeMap<u64, (u64, Vec<Stamp>)>,
}

impl Stamps {
    /// Returns the stamps on the record at `index`, oldest first.
    pub(crate) fn at(&self, index: u64) -> &[Stamp] {
        match self.ranges.range(..=index).next_back() {
            Some((_, (end, stamps))) if index < *end => stamps,
            _ => &[],
        }
    }

    /// Adds a stamp to the records in `start..end`.
    pub(crate) fn put(&mut self, start: u64, end: u64, stamp: Stamp) {
        if start >= end {
            return;
        }
        self.split(start);
        self.split(end);
        let mut gaps = Vec::new();
        let mut from = start;
        for (range_start, (range_end, stamps)) in self.ranges.range_mut(start..end) {
            if from < *range_start {
                gaps.push((from, *range_start));
            }
            stamps.push(stamp);
            from = *range_end;
        }
        if from < end {
            gaps.push((from, end));
        }
        for (gap_start, gap_end) in gaps {
            self.ranges.insert(gap_start, (gap_end, vec![stamp]));
        }
    }

    /// Splits the range that spans `index`, if any.
    fn split(&mut self, index: u64) {
        let Some((_, (end, stamps))) = self.ranges.range_mut(..index).next_back() else { return };
        if *end > index {
            let rest = (*end, stamps.clone());
            *end = index;
            self.ranges.insert(index, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_pile_up_where_ranges_overlap() {
        let mut stamps = Stamps::default();
        let stamp = |sequence| Stamp { sequence, at_ms: 0, modified_ms: 0 };
        stamps.put(10, 20, stamp(1));
        stamps.put(15, 30, stamp(2));
        stamps.put(5, 40, stamp(3));
        for (index, expected) in [
            (4, vec![]),
            (5, vec![3]),
            (10, vec![1, 3]),
            (15, vec![1, 2, 3]),
            (20, vec![2, 3]),
            (30, vec![3]),
            (40, vec![]),
        ] {
            let found: Vec<u64> = stamps.at(index).iter().map(|stamp| stamp.sequence).collect();
            assert_eq!(found, expected, "index {index}");
        }
    }

    #[test]
    fn the_index_shows_the_old_version_until_the_new_one_arrives() {
        let version = |indexed_ms, modified_ms| Version {
            indexed_ms,
            modified_ms,
            status: Status::Live,
            edits: Arc::new([]),
        };
        let start = || Touched { versions: vec![version(i64::MIN, 5)], ..Touched::new(0) };
        let mut overlay = Overlay::default();
        overlay.push(9, start, version(150, 100), 100);
        for (now_ms, window, expected) in [
            (100, 0..10, vec![9]),
            (100, 90..110, vec![]),
            (150, 0..10, vec![]),
            (150, 90..110, vec![9]),
            (150, 90..100, vec![]),
        ] {
            let window = Window { modified: window, ..Window::default() };
            let found = overlay.indexed_in(&window, now_ms);
            assert_eq!(found, expected, "{window:?} at {now_ms}");
        }
    }
}
