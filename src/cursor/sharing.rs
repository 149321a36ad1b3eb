//! How a scan is shared by several readers, and which way is the cheaper one.
//!
//! ```text
//! a few pages ─▶ survey: how many, the highest id ─▶ marks, each so many records above the last
//!                                                └▶ idle readers halve the longest range
//! ```

use super::job::{Job, Readers, Survey, Way};
use super::ranges::{RangeKey, cut_at, steal};
use super::scan::Scan;

/// Pages of a range that are worth a reader of their own. The end of every range costs about half
/// a page more than one range would.
const WORTHWHILE: u64 = 5;
/// Pages that are read before anybody asks how many there are.
const FEW: u64 = 3;

/// Records between two marks, at most: search finds ranks up to 10,000.
const MARK: u64 = 9_900;

/// What is known of how much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Unknown,
    Asked,
    /// The highest id; the records between two marks, while the end has not been marked.
    Known {
        top: u64,
        step: Option<u64>,
    },
}

impl Scan {
    /// Takes note of what there is, and of what is the cheaper way to read it.
    ///
    /// Search finds what was modified, at the price of one request for each of its pages; the list
    /// shows everything, faster. So search is for less than half of what there is.
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
            // Without ids in order, nothing is known of what lies below the last one.
            Way::List if is_few && self.by_id => {
                self.lower = self.lower.max(0);
                self.in_way(Way::Search);
            }
            // The list is read from its beginning: whether it is paged by id has to be borne out
            // before a page is asked for by an id that a search has found.
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

    /// Records from one mark to the next, if so many are left; `None` if they are not worth marks.
    fn step_of(&self, left: u64) -> Option<u64> {
        let one = Readers { most: 1, page: 1 };
        let readers = self.spread.filter(|_| self.by_id).map_or(one, |spread| spread.list);
        let share = left / u64::try_from(readers.most).unwrap_or(u64::MAX).max(1);
        let step = share.clamp(WORTHWHILE * readers.page, MARK);
        (left > WORTHWHILE * readers.page).then_some(step)
    }

    /// Takes note of the id at a mark; `None` if fewer records are left than to the next one.
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

    /// Who may read at once; `None` if it is one reader, from page to page.
    pub(super) fn readers(&self) -> Option<Readers> {
        let spread = self.spread.filter(|_| self.by_id)?;
        match self.way {
            Way::List => Some(spread.list).filter(|_| self.is_proven),
            Way::Search => Some(spread.search),
        }
    }

    /// The mark to look for, while it is of use to any reader.
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
            // Marks are better than guesses.
            return None;
        }
        let key = self.next_key;
        steal(&mut self.ranges, key, top, WORTHWHILE * readers.page)?;
        self.next_key += 1;
        Some(key)
    }
}
