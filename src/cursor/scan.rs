//! Scan of one object type: requests pages and tracks what has been read.
//!
//! ```text
//! list:    every record, ascending by id            modified ≥ lower, filtered by us
//! search:  lower ≤ modified < upper, by id          filtered by HubSpot's index
//! ```
//!
//! A scan is a set of id [ranges](super::ranges) and starts with one. Once a list turns out to be
//! long, it is cut at split points: ids that search finds at regular ranks, because ids are
//! unevenly distributed. An idle reader takes over half of the longest range. Every page is
//! verified: if ids do not ascend, or a page token is not an id above them, ranges are unreliable
//! and the scan continues sequentially from the last page token that is known to be good.
//!
//! ```text
//! ask ─▶ (request) ─▶ see ─▶ (encode) ─▶ written            for each page of each range
//!  ▲                    │
//!  └── the next page ◀──┘
//! ```

use super::checkpoint::{Progress, Saved};
use super::job::{Ask, Contradiction, Job, Pass, Seen, Spread, Taken, Way};
use super::position::Bounds;
use super::ranges::{PageKey, Range, RangeKey, Totals, insert};
use super::sharing::Extent;
use crate::page_guard::PageGuard;
use crate::time::Millis;

/// Number of consecutive empty search pages, without a page token but with hits remaining, that
/// fails the scan. Fewer may be due to an index update in progress.
const MOST_EMPTY_ANSWERS: u32 = 3;

/// Scan in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    pub(super) way: Way,
    pub(super) lower: Millis,
    /// Position of the finished scan.
    pub(super) upper: Millis,
    /// End of the window, exclusive; not before `upper`.
    pub(super) until: Millis,
    /// Ascending and disjoint.
    pub(super) ranges: Vec<Range>,
    pub(super) next_key: RangeKey,
    /// Key of the range that is read by the API's page tokens alone, and its latest page token.
    pub(super) chain: (RangeKey, Option<String>),
    /// `true` while ids and page tokens are consistent with keyset pagination.
    pub(super) by_id: bool,
    /// `true` once a list page has confirmed keyset pagination. Until then, one reader reads the
    /// list.
    pub(super) is_proven: bool,
    pub(super) spread: Option<Spread>,
    pub(super) extent: Extent,
    pub(super) is_marking: bool,
    /// Number of pages accepted, which is also the key of the next page.
    pub(super) pages: PageKey,
    /// Number of records accepted.
    pub(super) seen: u64,
    /// Number of ranges left by an interrupted read.
    pub(super) resumed: usize,
    /// Expected number of records, as reported by the API.
    pub(super) said: Option<u64>,
    /// Value of [`Saved::settled`] once the scan is finished.
    pub(super) settled: Option<Millis>,
}

impl Scan {
    /// Starts a scan: resumes an interrupted scan, or reads the changes since the last position, or
    /// reads everything. `everything` requests a full refresh.
    pub fn begin(
        saved: &Saved,
        bounds: &Bounds,
        everything: bool,
        generation: Option<i64>,
    ) -> Self {
        let (upper, until) = (bounds.upper(), bounds.until());
        if let Some(progress) = saved.interrupted(everything, generation) {
            return Self::resume(progress);
        }
        match saved.position.filter(|_| !everything) {
            None => Self::new(Way::List, bounds.first(), (upper, until)),
            Some(position) => {
                let (lower, settled) = bounds.since(position, saved.settled);
                let scan = Self::new(Way::Search, lower, (upper.max(position), until));
                if position >= until {
                    // There is nothing to read yet.
                    return Self { settled: saved.settled, ..scan.of_nothing() };
                }
                Self { settled, ..scan }
            }
        }
    }

    fn new(way: Way, lower: Millis, (upper, until): (Millis, Millis)) -> Self {
        let until = until.max(upper);
        let scan = Self {
            way,
            lower,
            upper,
            until,
            ranges: vec![Range::new(0, 0, None)],
            next_key: 1,
            chain: (0, None),
            by_id: true,
            is_proven: false,
            spread: None,
            extent: Extent::Unknown,
            is_marking: false,
            pages: 0,
            seen: 0,
            resumed: 0,
            said: None,
            settled: None,
        };
        if lower >= until { scan.of_nothing() } else { scan }
    }

    fn resume(progress: &Progress) -> Self {
        let mut scan = Self::new(progress.way, progress.lower, (progress.upper, progress.upper));
        scan.settled = progress.settled;
        scan.ranges = (0..)
            .zip(&progress.remaining)
            .map(|(key, &(next, end))| Range::new(key, next, end))
            .collect();
        scan.next_key = RangeKey::try_from(scan.ranges.len()).unwrap_or(RangeKey::MAX);
        scan.resumed = scan.ranges.len();
        // Progress is only saved while keyset pagination holds.
        scan.is_proven = true;
        scan
    }

    /// Lets several readers share the scan.
    #[must_use]
    pub fn spread(self, spread: Spread) -> Self {
        Self { spread: Some(spread), ..self }
    }

    /// Restarts the same window as a list scan.
    #[must_use]
    pub fn by_list(&self) -> Self {
        let key = self.next_key;
        Self {
            ranges: vec![Range::new(key, 0, None)],
            next_key: key + 1,
            pages: self.pages,
            chain: (key, None),
            settled: self.settled,
            ..Self::new(Way::List, self.lower, (self.upper, self.until))
        }
    }

    /// Restarts the same window as a search scan.
    #[must_use]
    pub fn by_search(&self) -> Self {
        // No record was modified before the epoch.
        let scan = Self::new(Way::Search, self.lower.max(0), (self.upper, self.until));
        Self { spread: self.spread, ..scan }
    }

    /// Repeats the search of the same window, keeping `settled`.
    #[must_use]
    pub fn again(&self) -> Self {
        let settled = self.settled;
        Self {
            settled,
            spread: self.spread,
            ..Self::new(Way::Search, self.lower, (self.upper, self.until))
        }
    }

    /// Continues the list sequentially in one range, from the latest page token of the API.
    #[must_use]
    pub fn in_sequence(&self) -> Self {
        let key = self.next_key;
        let mut range = Range::new(key, 0, None);
        range.token.clone_from(&self.chain.1);
        Self {
            ranges: vec![range],
            next_key: key + 1,
            chain: (key, self.chain.1.clone()),
            by_id: false,
            spread: None,
            ..self.clone()
        }
    }

    /// Returns the scan with the same window and no ranges, for a window that cannot contain
    /// records.
    #[must_use]
    pub fn of_nothing(self) -> Self {
        Self { ranges: Vec::new(), ..self }
    }

    /// Returns the next task, or `None` if none is available until a response arrives.
    pub fn ask(&mut self) -> Option<Job> {
        if self.wants_survey() {
            self.extent = Extent::Asked;
            return Some(Job::Survey);
        }
        if let Some(mark) = self.next_mark() {
            self.is_marking = true;
            return Some(mark);
        }
        if self.way == Way::Search
            && let Some(recount) = self.next_recount()
        {
            return Some(recount);
        }
        let busy = self.ranges.iter().filter(|range| range.is_busy).count();
        if busy >= self.readers().map_or(1, |readers| readers.most.max(1)) {
            return None;
        }
        let idle = self.ranges.iter().find(|range| range.is_idle()).map(|range| range.key);
        let key = idle.or_else(|| self.steal())?;
        let way = self.way;
        let range = self.ranges.iter_mut().find(|range| range.key == key)?;
        range.is_busy = true;
        range.totals.asked_end = range.end;
        let ask = match way {
            Way::List => Ask::List { after: range.token.clone().or_else(|| range.by_id()) },
            Way::Search => Ask::Search {
                above: range.seen.saturating_sub(1),
                below: range.end,
                offset: range.token.clone(),
            },
        };
        Some(Job::Page(key, ask))
    }

    /// Accepts a page that was requested in mode `way`. Returns the part of it to emit, or `None`
    /// if the scan no longer needs the page.
    ///
    /// # Errors
    /// If the page contradicts what the scan relies on.
    pub fn see(
        &mut self,
        key: RangeKey,
        way: Way,
        seen: &Seen,
    ) -> Result<Option<Taken>, Contradiction> {
        let is_shared = matches!(self.extent, Extent::Known { .. }) && self.is_proven;
        let is_alone = self.ranges.len() == 1 && !is_shared;
        let by_id = self.by_id;
        let Some(range) = self.ranges.iter_mut().find(|range| range.key == key) else {
            return Ok(None);
        };
        let in_order = ascending(range.seen, &seen.ids);
        match way {
            Way::Search if in_order.is_none() => return Err(Contradiction::Order),
            Way::List => {
                let follows = match (in_order, seen.token.as_deref().map(str::parse::<u64>)) {
                    (Some(next), Some(Ok(after))) => after >= next,
                    (Some(_), None) => true,
                    (None, _) | (_, Some(Err(_))) => false,
                };
                if by_id && !follows && !is_alone {
                    return Err(Contradiction::Order);
                }
                self.by_id = by_id && follows;
                self.is_proven |= self.by_id && seen.token.is_some();
            }
            Way::Search => {}
        }
        match seen.token.as_deref() {
            // A search with hits continues above the last id, without a page token.
            Some(token) if way == Way::List || seen.ids.is_empty() => {
                range.guard.follow(token, seen.ids.len()).map_err(Contradiction::Endless)?;
            }
            Some(_) | None => range.guard = PageGuard::default(),
        }
        let share = if self.by_id { range.share(&seen.ids) } else { seen.ids.len() };
        range.counted = seen.left.or(range.counted);
        let (page, from) = (self.pages, range.seen);
        let count = u64::try_from(seen.ids.len()).unwrap_or(u64::MAX);
        // A search is not finished if its last page holds fewer hits than remained.
        let is_short = way == Way::Search && seen.left.is_some_and(|left| left > count);
        if way == Way::Search && seen.token.is_none() && seen.ids.is_empty() && is_short {
            range.totals.empty_answers += 1;
            if range.totals.empty_answers >= MOST_EMPTY_ANSWERS {
                return Err(Contradiction::Order);
            }
        } else {
            range.totals.empty_answers = 0;
        }
        range.see(page, seen.ids.get(..share).unwrap_or_default());
        let is_last = seen.token.is_none() && !is_short;
        range.is_over = is_last || share < seen.ids.len() || range.is_exhausted();
        if way == Way::Search && way == self.way {
            range.see_total(from, count, seen.left);
        }
        // The offset of a search is needed only while its pages are empty.
        let is_empty = way == Way::List || seen.ids.is_empty();
        range.token = seen.token.clone().filter(|_| way == self.way && is_empty);
        // Records past the end of the range belong to another reader, which may not have read them
        // yet.
        let is_all_taken = share == seen.ids.len();
        if way == Way::List && self.chain.0 == key && is_all_taken && seen.token.is_some() {
            self.chain.1.clone_from(&seen.token);
        }
        if self.pages == 0 && self.resumed == 0 {
            self.said = seen.left;
        }
        self.pages += 1;
        self.seen += u64::try_from(share).unwrap_or(u64::MAX);
        Ok(Some(Taken { page, share }))
    }

    /// Marks a page as enqueued for output.
    pub fn written(&mut self, page: PageKey) {
        self.ranges.iter_mut().for_each(|range| range.written(page));
        self.ranges.retain(|range| !range.is_written());
    }

    /// Combines [`Scan::see`] and [`Scan::written`], for a reader that enqueues each page before it
    /// requests the next one.
    pub fn take(
        &mut self,
        key: RangeKey,
        way: Way,
        seen: &Seen,
    ) -> Result<Option<usize>, Contradiction> {
        let taken = self.see(key, way, seen)?;
        Ok(taken.map(|Taken { page, share }| {
            self.written(page);
            share
        }))
    }

    fn next_recount(&mut self) -> Option<Job> {
        self.ranges.iter_mut().find_map(|range| {
            let (from, to) = range.recount()?;
            Some(Job::Recount { range: range.key, from, to })
        })
    }

    /// Records the recounted number of hits in a part of a range whose totals were inconsistent. If
    /// there are more hits than were accepted, that part is searched again.
    ///
    /// # Errors
    /// If the part has already been searched twice.
    pub fn recounted(&mut self, key: RangeKey, hits: Option<u64>) -> Result<(), Contradiction> {
        let Some(range) = self.ranges.iter_mut().find(|range| range.key == key) else {
            return Ok(());
        };
        let is_second = range.totals.is_second;
        let part = range.recounted(hits);
        if let Some((from, to)) = part {
            if is_second {
                return Err(Contradiction::Order);
            }
            let mut again = Range::new(self.next_key, from, Some(to));
            again.totals.is_second = true;
            self.next_key += 1;
            insert(&mut self.ranges, again);
        }
        self.ranges.retain(|range| !range.is_written());
        Ok(())
    }

    /// Returns the `Pass` of a page read in this mode.
    pub fn pass(&self, way: Way) -> Pass {
        Pass { way, lower: self.lower }
    }

    /// Returns the progress of an unfinished scan: all records outside of the remaining ranges are
    /// enqueued.
    ///
    /// Returns `None` if the API does not use keyset pagination, or if nothing remains.
    pub fn progress(&self, generation: Option<i64>) -> Option<Progress> {
        let &Self { way, lower, upper, settled, .. } = self;
        let remaining: Vec<_> = self.ranges.iter().map(|range| (range.next(), range.end)).collect();
        let is_said = self.by_id && !remaining.is_empty();
        is_said.then_some(Progress {
            way,
            lower,
            upper,
            remaining,
            generation,
            settled,
            filter: None,
        })
    }

    /// Returns the expected number of records, if the API reported it for the whole scan.
    pub fn said(&self) -> Option<u64> {
        self.said
    }

    /// Returns the number of records accepted.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns the number of ranges left by an interrupted read.
    pub fn resumed(&self) -> usize {
        self.resumed
    }

    /// Returns `true` while ids and page tokens are consistent with keyset pagination.
    pub fn is_by_id(&self) -> bool {
        self.by_id
    }

    pub fn is_done(&self) -> bool {
        self.ranges.is_empty()
    }

    pub fn way(&self) -> Way {
        self.way
    }

    /// Returns the window of modification dates: start inclusive, end exclusive.
    pub fn window(&self) -> (Millis, Millis) {
        (self.lower, self.until)
    }

    /// Returns the position of the finished scan.
    pub fn end(&self) -> Millis {
        self.upper
    }

    /// Returns the value of [`Saved::settled`] for the finished scan.
    pub fn settled(&self) -> Option<Millis> {
        self.settled
    }

    /// Switches the read mode. Page tokens of one mode are invalid in the other.
    pub(super) fn in_way(&mut self, way: Way) {
        self.way = way;
        for range in &mut self.ranges {
            range.token = None;
            range.totals = Totals::default();
        }
    }
}

/// Returns the lowest id that may follow these, if they ascend and none is below `next`.
fn ascending(next: u64, ids: &[Option<u64>]) -> Option<u64> {
    ids.iter().try_fold(next, |next, id| id.filter(|id| *id >= next)?.checked_add(1))
}
