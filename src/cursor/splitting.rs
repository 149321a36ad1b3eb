//! Distribution of a scan over several readers, and the choice of the cheaper read mode.
//!
//! ```text
//! a few pages ─▶ count probe: total, highest id ─▶ split points at regular ranks
//!                                               └▶ idle readers halve the longest range
//! ```

use super::ranges::{RangeKey, cut_at, steal};
use super::scan::Scan;
use super::task::{CountProbe, ParallelReaders, ReadMode, ScanTask};

/// Minimum size, in pages, of a range for its own reader. The end of each additional range costs
/// about half a page.
const WORTHWHILE: u64 = 5;
/// Number of pages read before the count probe.
const FEW: u64 = 3;

/// Maximum number of records between two split points: search finds ranks up to 10,000.
const SPLIT_DISTANCE: u64 = 9_900;

/// Size estimate of the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SizeEstimate {
    Unknown,
    Asked,
    /// Highest id, and the number of records between two split points until the last one is found.
    Known {
        top: u64,
        step: Option<u64>,
    },
}

impl Scan {
    /// Records the result of a count probe and chooses the cheaper read mode.
    ///
    /// Search returns only modified records and takes one request per page; the list returns every
    /// record and is faster. Search is therefore used for less than half of the records.
    pub fn apply_count_probe(&mut self, count_probe: CountProbe) {
        let left = count_probe.total.saturating_sub(self.seen);
        self.size_estimate = SizeEstimate::Known { top: count_probe.top, step: self.step_of(left) };
        if let (ReadMode::List, [only]) = (self.mode, &mut *self.ranges) {
            only.counted = Some(left);
        }
        if self.mode == ReadMode::List && self.resumed == 0 {
            self.expected = Some(count_probe.in_window);
        }
        let is_few = count_probe.in_window < count_probe.total / 2;
        match self.mode {
            // If ids are not ordered, records below the last id may still be missing.
            ReadMode::List if is_few && self.by_id => {
                self.lower = self.lower.max(0);
                self.switch_mode(ReadMode::Search);
            }
            // The list is read from the beginning: keyset pagination must be confirmed before a
            // page is requested by an id that a search has found.
            ReadMode::Search if !is_few => {
                let (parallelism, expected) = (self.parallelism, Some(count_probe.in_window));
                let size_estimate = SizeEstimate::Known {
                    top: count_probe.top,
                    step: self.step_of(count_probe.total),
                };
                *self = Self { parallelism, size_estimate, expected, ..self.by_list() };
                if let [only] = &mut *self.ranges {
                    only.counted = Some(count_probe.total);
                }
            }
            ReadMode::List | ReadMode::Search => {}
        }
    }

    /// Returns the number of records between two split points, or `None` if too few records are
    /// left for split points.
    fn step_of(&self, left: u64) -> Option<u64> {
        let one = ParallelReaders { most: 1, page: 1 };
        let readers =
            self.parallelism.filter(|_| self.by_id).map_or(one, |parallelism| parallelism.list);
        let share = left / u64::try_from(readers.most).unwrap_or(u64::MAX).max(1);
        let step = share.clamp(WORTHWHILE * readers.page, SPLIT_DISTANCE);
        (left > WORTHWHILE * readers.page).then_some(step)
    }

    /// Records the id at a split point; `None` if fewer records are left than one step.
    pub fn apply_split_point(&mut self, found: Option<u64>) {
        self.is_finding_split_point = false;
        let SizeEstimate::Known { top, step: Some(step) } = self.size_estimate else { return };
        if let Some(id) = found {
            let key = self.next_key;
            if cut_at(&mut self.ranges, key, id, step) {
                self.next_key = key.following();
            }
            return;
        }
        self.size_estimate = SizeEstimate::Known { top, step: None };
    }

    pub(super) fn needs_count_probe(&self) -> bool {
        let (Some(readers), SizeEstimate::Unknown) = (self.readers(), self.size_estimate) else {
            return false;
        };
        let left: u64 = self.ranges.iter().filter_map(|range| range.counted).sum();
        match self.mode {
            ReadMode::List => self.pages >= FEW && !self.ranges.is_empty(),
            ReadMode::Search => left > FEW * readers.page,
        }
    }

    /// Returns the limits for concurrent readers, or `None` if a single reader must go page by
    /// page.
    pub(super) fn readers(&self) -> Option<ParallelReaders> {
        let parallelism = self.parallelism.filter(|_| self.by_id)?;
        match self.mode {
            ReadMode::List => Some(parallelism.list).filter(|_| self.is_proven),
            ReadMode::Search => Some(parallelism.search),
        }
    }

    /// Returns the task to find the next split point, if a reader could use it.
    pub(super) fn next_split_point(&self) -> Option<ScanTask> {
        let (readers, SizeEstimate::Known { step: Some(after), .. }) =
            (self.readers()?, self.size_estimate)
        else {
            return None;
        };
        let waiting = self.ranges.iter().filter(|range| range.is_idle()).count();
        let last = self.ranges.last().filter(|last| last.end.is_none() && !last.is_over)?;
        let is_due =
            self.mode == ReadMode::List && !self.is_finding_split_point && waiting < readers.most;
        is_due.then_some(ScanTask::SplitPoint { above: last.seen.saturating_sub(1), after })
    }

    pub(super) fn steal(&mut self) -> Option<RangeKey> {
        let SizeEstimate::Known { top, step } = self.size_estimate else { return None };
        let readers = self.readers()?;
        if self.mode == ReadMode::List && step.is_some() {
            // Split points found by search are more accurate than estimates.
            return None;
        }
        let key = self.next_key;
        steal(&mut self.ranges, key, top, WORTHWHILE * readers.page)?;
        self.next_key = key.following();
        Some(key)
    }
}
