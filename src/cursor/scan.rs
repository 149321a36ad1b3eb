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
//! next_task ─▶ (request) ─▶ accept ─▶ (encode) ─▶ enqueued      for each page of each range
//!     ▲                        │
//!     └──── the next page ◀────┘
//! ```

use super::position::TimeBounds;
use super::ranges::{PageKey, Range, RangeKey, Totals, cut_at, insert, steal};
use super::state::{ScanProgress, StreamState};
use super::task::{
    AcceptedPage, CountProbe, PageInfo, PageRequest, PagingViolation, ParallelReaders, Parallelism,
    ReadMode, ScanPass, ScanTask,
};
use crate::page_guard::PageGuard;
use crate::record_id::RecordId;
use crate::time::{Millis, TimeWindow};

/// Number of consecutive empty search pages, without a page token but with hits remaining, that
/// fails the scan. Fewer may be due to an index update in progress.
const MOST_EMPTY_ANSWERS: u32 = 3;

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
        top: RecordId,
        step: Option<u64>,
    },
}

/// Scan in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    mode: ReadMode,
    lower: Millis,
    /// Position of the finished scan.
    upper: Millis,
    /// End of the window, exclusive; not before `upper`.
    until: Millis,
    /// Ascending and disjoint.
    ranges: Vec<Range>,
    next_key: RangeKey,
    /// Key of the range that is read by the API's page tokens alone, and its latest page token.
    chain: (RangeKey, Option<String>),
    /// `true` while ids and page tokens are consistent with keyset pagination.
    by_id: bool,
    /// `true` once a list page has confirmed keyset pagination. Until then, one reader reads the
    /// list.
    is_proven: bool,
    parallelism: Option<Parallelism>,
    size_estimate: SizeEstimate,
    is_finding_split_point: bool,
    /// Number of pages accepted, which is also the key of the next page.
    pages: u64,
    /// Number of records accepted.
    seen: u64,
    /// Number of ranges left by an interrupted read.
    resumed: usize,
    /// Expected number of records, as reported by the API.
    expected: Option<u64>,
    /// Value of [`Position::reconciled_until`](super::Position::reconciled_until) once the scan is finished.
    reconciled_until: Option<Millis>,
}

impl Scan {
    /// Starts a scan: resumes an interrupted scan, or reads the changes since the last position, or
    /// reads everything. `full_refresh` requests a full refresh.
    pub fn begin(
        saved: &StreamState,
        bounds: &TimeBounds,
        full_refresh: bool,
        generation: Option<i64>,
    ) -> Self {
        let (upper, until) = (bounds.upper(), bounds.until());
        if let Some(progress) = saved.interrupted(full_refresh, generation) {
            return Self::resume(progress);
        }
        match saved.position().filter(|_| !full_refresh) {
            None => {
                let window = TimeWindow { from: bounds.first(), to: until };
                Self::new(ReadMode::List, window, upper)
            }
            Some(position) => {
                let (lower, reconciled_until) = bounds.since(position, saved.reconciled_until());
                let window = TimeWindow { from: lower, to: until };
                let scan = Self::new(ReadMode::Search, window, upper.max(position));
                if position >= until {
                    // There is nothing to read yet.
                    return Self {
                        reconciled_until: saved.reconciled_until(),
                        ..scan.of_nothing()
                    };
                }
                Self { reconciled_until, ..scan }
            }
        }
    }

    /// Creates the scan of a window. `upper` is the position once it is finished; the window ends
    /// there if it would end before.
    fn new(mode: ReadMode, window: TimeWindow, upper: Millis) -> Self {
        let (lower, until) = (window.from, window.to.max(upper));
        let scan = Self {
            mode,
            lower,
            upper,
            until,
            ranges: vec![Range::new(RangeKey(0), RecordId::MIN, None)],
            next_key: RangeKey(1),
            chain: (RangeKey(0), None),
            by_id: true,
            is_proven: false,
            parallelism: None,
            size_estimate: SizeEstimate::Unknown,
            is_finding_split_point: false,
            pages: 0,
            seen: 0,
            resumed: 0,
            expected: None,
            reconciled_until: None,
        };
        if lower >= until { scan.of_nothing() } else { scan }
    }

    fn resume(progress: &ScanProgress) -> Self {
        let &ScanProgress { mode, lower, upper, .. } = progress;
        let mut scan = Self::new(mode, TimeWindow { from: lower, to: upper }, upper);
        scan.reconciled_until = progress.reconciled_until;
        let keys = std::iter::successors(Some(RangeKey(0)), |key| Some(key.following()));
        scan.ranges = keys
            .zip(&progress.remaining)
            .map(|(key, range)| Range::new(key, range.from, range.end))
            .collect();
        scan.next_key = scan.ranges.last().map_or(RangeKey(0), |last| last.key.following());
        scan.resumed = scan.ranges.len();
        // Progress is only saved while keyset pagination holds.
        scan.is_proven = true;
        scan
    }

    /// Lets several readers share the scan.
    #[must_use]
    pub fn parallelism(self, parallelism: Parallelism) -> Self {
        Self { parallelism: Some(parallelism), ..self }
    }

    /// Restarts the same window as a list scan.
    #[must_use]
    pub fn by_list(&self) -> Self {
        let key = self.next_key;
        Self {
            ranges: vec![Range::new(key, RecordId::MIN, None)],
            next_key: key.following(),
            pages: self.pages,
            chain: (key, None),
            reconciled_until: self.reconciled_until,
            ..Self::new(ReadMode::List, self.window(), self.upper)
        }
    }

    /// Restarts the same window as a search scan.
    #[must_use]
    pub fn by_search(&self) -> Self {
        // No record was modified before the epoch.
        let window = TimeWindow { from: self.lower.max(Millis::EPOCH), to: self.until };
        let scan = Self::new(ReadMode::Search, window, self.upper);
        Self { parallelism: self.parallelism, ..scan }
    }

    /// Repeats the search of the same window, keeping `reconciled_until`.
    #[must_use]
    pub fn again(&self) -> Self {
        let reconciled_until = self.reconciled_until;
        Self {
            reconciled_until,
            parallelism: self.parallelism,
            ..Self::new(ReadMode::Search, self.window(), self.upper)
        }
    }

    /// Continues the list sequentially in one range, from the latest page token of the API.
    #[must_use]
    pub fn in_sequence(&self) -> Self {
        let key = self.next_key;
        let mut range = Range::new(key, RecordId::MIN, None);
        range.token.clone_from(&self.chain.1);
        Self {
            ranges: vec![range],
            next_key: key.following(),
            chain: (key, self.chain.1.clone()),
            by_id: false,
            parallelism: None,
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
    pub fn next_task(&mut self) -> Option<ScanTask> {
        if self.needs_count_probe() {
            self.size_estimate = SizeEstimate::Asked;
            return Some(ScanTask::CountProbe);
        }
        if let Some(split_point) = self.next_split_point() {
            self.is_finding_split_point = true;
            return Some(split_point);
        }
        if self.mode == ReadMode::Search
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
        let mode = self.mode;
        let range = self.ranges.iter_mut().find(|range| range.key == key)?;
        range.is_busy = true;
        range.totals.asked_end = range.end;
        let request = match mode {
            ReadMode::List => {
                PageRequest::List { after: range.token.clone().or_else(|| range.by_id()) }
            }
            ReadMode::Search => PageRequest::Search {
                above: range.seen.saturating_sub(1),
                below: range.end,
                offset: range.token.clone(),
            },
        };
        Some(ScanTask::Page(key, request))
    }

    /// Accepts a page that was requested in mode `mode`. Returns the part of it to emit, or `None`
    /// if the scan no longer needs the page.
    ///
    /// # Errors
    /// If the page contradicts what the scan relies on.
    pub fn accept(
        &mut self,
        key: RangeKey,
        mode: ReadMode,
        seen: &PageInfo,
    ) -> Result<Option<AcceptedPage>, PagingViolation> {
        let is_shared = matches!(self.size_estimate, SizeEstimate::Known { .. }) && self.is_proven;
        let is_alone = self.ranges.len() == 1 && !is_shared;
        let by_id = self.by_id;
        let Some(range) = self.ranges.iter_mut().find(|range| range.key == key) else {
            return Ok(None);
        };
        let in_order = ascending(range.seen, &seen.ids);
        match mode {
            ReadMode::Search if in_order.is_none() => return Err(PagingViolation::Order),
            ReadMode::List => {
                let follows = match (in_order, seen.token.as_deref().map(str::parse::<RecordId>)) {
                    (Some(next), Some(Ok(after))) => after >= next,
                    (Some(_), None) => true,
                    (None, _) | (_, Some(Err(_))) => false,
                };
                if by_id && !follows && !is_alone {
                    return Err(PagingViolation::Order);
                }
                self.by_id = by_id && follows;
                self.is_proven |= self.by_id && seen.token.is_some();
            }
            ReadMode::Search => {}
        }
        match seen.token.as_deref() {
            // A search with hits continues above the last id, without a page token.
            Some(token) if mode == ReadMode::List || seen.ids.is_empty() => {
                range.guard.follow(token, seen.ids.len()).map_err(PagingViolation::Endless)?;
            }
            Some(_) | None => range.guard = PageGuard::default(),
        }
        let share = if self.by_id { range.share(&seen.ids) } else { seen.ids.len() };
        range.counted = seen.left.or(range.counted);
        let (page, from) = (PageKey(self.pages), range.seen);
        let count = u64::try_from(seen.ids.len()).unwrap_or(u64::MAX);
        // A search is not finished if its last page holds fewer hits than remained.
        let is_short = mode == ReadMode::Search && seen.left.is_some_and(|left| left > count);
        if mode == ReadMode::Search && seen.token.is_none() && seen.ids.is_empty() && is_short {
            range.totals.empty_answers += 1;
            if range.totals.empty_answers >= MOST_EMPTY_ANSWERS {
                return Err(PagingViolation::Order);
            }
        } else {
            range.totals.empty_answers = 0;
        }
        range.accept(page, seen.ids.get(..share).unwrap_or_default());
        let is_last = seen.token.is_none() && !is_short;
        range.is_over = is_last || share < seen.ids.len() || range.is_exhausted();
        if mode == ReadMode::Search && mode == self.mode {
            range.see_total(from, count, seen.left);
        }
        // The offset of a search is needed only while its pages are empty.
        let is_empty = mode == ReadMode::List || seen.ids.is_empty();
        range.token = seen.token.clone().filter(|_| mode == self.mode && is_empty);
        // Records past the end of the range belong to another reader, which may not have read them
        // yet.
        let is_all_taken = share == seen.ids.len();
        if mode == ReadMode::List && self.chain.0 == key && is_all_taken && seen.token.is_some() {
            self.chain.1.clone_from(&seen.token);
        }
        if self.pages == 0 && self.resumed == 0 {
            self.expected = seen.left;
        }
        self.pages += 1;
        self.seen += u64::try_from(share).unwrap_or(u64::MAX);
        Ok(Some(AcceptedPage { page, share }))
    }

    /// Marks a page as enqueued for output.
    pub fn enqueued(&mut self, page: PageKey) {
        self.ranges.iter_mut().for_each(|range| range.enqueued(page));
        self.ranges.retain(|range| !range.is_written());
    }

    /// Combines [`Scan::accept`] and [`Scan::enqueued`], for a reader that enqueues each page before it
    /// requests the next one.
    pub fn take(
        &mut self,
        key: RangeKey,
        mode: ReadMode,
        seen: &PageInfo,
    ) -> Result<Option<usize>, PagingViolation> {
        let taken = self.accept(key, mode, seen)?;
        Ok(taken.map(|AcceptedPage { page, share }| {
            self.enqueued(page);
            share
        }))
    }

    fn next_recount(&mut self) -> Option<ScanTask> {
        self.ranges.iter_mut().find_map(|range| {
            let (from, to) = range.recount()?;
            Some(ScanTask::Recount { range: range.key, from, to })
        })
    }

    /// Records the recounted number of hits in a part of a range whose totals were inconsistent. If
    /// there are more hits than were accepted, that part is searched again.
    ///
    /// # Errors
    /// If the part has already been searched twice.
    pub fn recounted(&mut self, key: RangeKey, hits: Option<u64>) -> Result<(), PagingViolation> {
        let Some(range) = self.ranges.iter_mut().find(|range| range.key == key) else {
            return Ok(());
        };
        let is_second = range.totals.is_second;
        let part = range.recounted(hits);
        if let Some((from, to)) = part {
            if is_second {
                return Err(PagingViolation::Order);
            }
            let mut again = Range::new(self.next_key, from, Some(to));
            again.totals.is_second = true;
            self.next_key = self.next_key.following();
            insert(&mut self.ranges, again);
        }
        self.ranges.retain(|range| !range.is_written());
        Ok(())
    }

    /// Returns the `ScanPass` of a page read in this mode.
    pub fn pass(&self, mode: ReadMode) -> ScanPass {
        ScanPass { mode, lower: self.lower }
    }

    /// Returns the progress of an unfinished scan: all records outside of the remaining ranges are
    /// enqueued.
    ///
    /// Returns `None` if the API does not use keyset pagination, or if nothing remains.
    pub fn progress(&self, generation: Option<i64>) -> Option<ScanProgress> {
        let &Self { mode, lower, upper, reconciled_until, .. } = self;
        let remaining: Vec<_> = self.ranges.iter().map(Range::remaining).collect();
        let is_said = self.by_id && !remaining.is_empty();
        is_said.then_some(ScanProgress {
            mode,
            lower,
            upper,
            remaining,
            generation,
            reconciled_until,
            filter: None,
        })
    }

    /// Returns the expected number of records, if the API reported it for the whole scan.
    pub fn expected(&self) -> Option<u64> {
        self.expected
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

    pub fn mode(&self) -> ReadMode {
        self.mode
    }

    /// Returns the window of modification dates.
    pub fn window(&self) -> TimeWindow {
        TimeWindow { from: self.lower, to: self.until }
    }

    /// Returns the position of the finished scan.
    pub fn end(&self) -> Millis {
        self.upper
    }

    /// Returns the value of [`Position::reconciled_until`](super::Position::reconciled_until) for the finished scan.
    pub fn reconciled_until(&self) -> Option<Millis> {
        self.reconciled_until
    }

    /// Switches the read mode. Page tokens of one mode are invalid in the other.
    pub(super) fn switch_mode(&mut self, mode: ReadMode) {
        self.mode = mode;
        for range in &mut self.ranges {
            range.token = None;
            range.totals = Totals::default();
        }
    }
}

/// Distribution of a scan over several readers, and the choice of the cheaper read mode.
///
/// ```text
/// a few pages ─▶ count probe: total, highest id ─▶ split points at regular ranks
///                                               └▶ idle readers halve the longest range
/// ```
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
                self.lower = self.lower.max(Millis::EPOCH);
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
    pub fn apply_split_point(&mut self, found: Option<RecordId>) {
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

/// Returns the lowest id that may follow these, if they ascend and none is below `next`.
fn ascending(next: RecordId, ids: &[Option<RecordId>]) -> Option<RecordId> {
    ids.iter().try_fold(next, |next, id| id.filter(|id| *id >= next)?.checked_add(1))
}
