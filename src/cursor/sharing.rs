//! Distribution of a scan over several readers, and the choice of the cheaper read mode.
//!
//! ```text
//! a few pages ─▶ count probe: total, highest id ─▶ split points at regular ranks
//!                                               └▶ idle readers halve the longest range
//! ```

use super::job::{Job, Readers, Survey, Way};
use super::ranges::{RangeKey, cut_at, steal};
use super::scan::Scan;

/// Minimum size, in pages, of a range for its own reader. The end of each additional range costs
/// about half a page.
const WORTHWHILE: u64 = 5;
/// Number of pages read before the count probe.
const FEW: u64 = 3;

/// Maximum number of records between two split points: search finds ranks up to 10,000.
const MARK: u64 = 9_900;

/// Size estimate of the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
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
    pub fn survey(&mut self, survey: Survey) {
        let left = survey.total.saturating_sub(self.seen);
        self.extent = Extent::Known { top: survey.top, step: self.step_of(left) };
        if let (Way::List, [only]) = (self.way, &mut *self.ranges) {
            only.counted = Some(left);
        }
        if self.way == Way::List && self.resumed == 0 {
            self.said = Some(survey.in_window);
        }
        let is_few = survey.in_window < survey.total / 2;
        match self.way {
            // If ids are not ordered, records below the last id may still be missing.
            Way::List if is_few && self.by_id => {
                self.lower = self.lower.max(0);
                self.in_way(Way::Search);
            }
            // The list is read from the beginning: keyset pagination must be confirmed before a
            // page is requested by an id that a search has found.
            Way::Search if !is_few => {
                let (spread, said) = (self.spread, Some(survey.in_window));
                let extent = Extent::Known { top: survey.top, step: self.step_of(survey.total) };
                *self = Self { spread, extent, said, ..self.by_list() };
                if let [only] = &mut *self.ranges {
                    only.counted = Some(survey.total);
                }
            }
            Way::List | Way::Search => {}
        }
    }

    /// Returns the number of records between two split points, or `None` if too few records are
    /// left for split points.
    fn step_of(&self, left: u64) -> Option<u64> {
        let one = Readers { most: 1, page: 1 };
        let readers = self.spread.filter(|_| self.by_id).map_or(one, |spread| spread.list);
        let share = left / u64::try_from(readers.most).unwrap_or(u64::MAX).max(1);
        let step = share.clamp(WORTHWHILE * readers.page, MARK);
        (left > WORTHWHILE * readers.page).then_some(step)
    }

    /// Records the id at a split point; `None` if fewer records are left than one step.
    pub fn mark(&mut self, found: Option<u64>) {
        self.is_marking = false;
        let Extent::Known { top, step: Some(step) } = self.extent else { return };
        if let Some(id) = found {
            let key = self.next_key;
            self.next_key += RangeKey::from(cut_at(&mut self.ranges, key, id, step));
            return;
        }
        self.extent = Extent::Known { top, step: None };
    }

    pub(super) fn wants_survey(&self) -> bool {
        let (Some(readers), Extent::Unknown) = (self.readers(), self.extent) else { return false };
        let left: u64 = self.ranges.iter().filter_map(|range| range.counted).sum();
        match self.way {
            Way::List => self.pages >= FEW && !self.ranges.is_empty(),
            Way::Search => left > FEW * readers.page,
        }
    }

    /// Returns the limits for concurrent readers, or `None` if a single reader must go page by
    /// page.
    pub(super) fn readers(&self) -> Option<Readers> {
        let spread = self.spread.filter(|_| self.by_id)?;
        match self.way {
            Way::List => Some(spread.list).filter(|_| self.is_proven),
            Way::Search => Some(spread.search),
        }
    }

    /// Returns the task to find the next split point, if a reader could use it.
    pub(super) fn next_mark(&self) -> Option<Job> {
        let (readers, Extent::Known { step: Some(after), .. }) = (self.readers()?, self.extent)
        else {
            return None;
        };
        let waiting = self.ranges.iter().filter(|range| range.is_idle()).count();
        let last = self.ranges.last().filter(|last| last.end.is_none() && !last.is_over)?;
        let is_due = self.way == Way::List && !self.is_marking && waiting < readers.most;
        is_due.then_some(Job::Mark { above: last.seen.saturating_sub(1), after })
    }

    pub(super) fn steal(&mut self) -> Option<RangeKey> {
        let Extent::Known { top, step } = self.extent else { return None };
        let readers = self.readers()?;
        if self.way == Way::List && step.is_some() {
            // Split points found by search are more accurate than estimates.
            return None;
        }
        let key = self.next_key;
        steal(&mut self.ranges, key, top, WORTHWHILE * readers.page)?;
        self.next_key += 1;
        Some(key)
    }
}
