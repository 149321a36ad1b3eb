//! The scan of one object type: which pages are asked for, and what may be claimed of them.
//!
//! ```text
//! list:    every record, ascending by id            modified ≥ lower, applied by us
//! search:  lower ≤ modified < upper, by id          applied by HubSpot's index
//! ```
//!
//! A scan is a set of [ranges](super::ranges) of ids. It begins as one. Once a list turns out to be
//! long, it is cut at marks: ids that search finds at regular ranks, because ids are anything but
//! evenly spread. Readers that have nothing to do take over half of the longest range. Every page
//! is verified: ids that do not ascend, or a token that is no id above them, mean that ranges cannot
//! be relied on, and the scan goes on in sequence from where it can.
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

/// Empty pages without a link, in a row, of a search that counts hits: more may be an index that is
/// just changing.
const MOST_EMPTY_ANSWERS: u32 = 3;

/// A scan under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    pub(super) way: Way,
    pub(super) lower: Millis,
    /// What the finished scan claims.
    pub(super) upper: Millis,
    /// The end of the window, exclusive; not before `upper`.
    pub(super) until: Millis,
    /// Ascending, without overlap.
    pub(super) ranges: Vec<Range>,
    pub(super) next_key: RangeKey,
    /// The range that is read by the service's own tokens alone, and where they have led.
    pub(super) chain: (RangeKey, Option<String>),
    /// Do ids and tokens bear out that a page can be asked for by id?
    pub(super) by_id: bool,
    /// Whether a page of the list has borne that out. Until then the list is read by one reader.
    pub(super) is_proven: bool,
    pub(super) spread: Option<Spread>,
    pub(super) extent: Extent,
    pub(super) is_marking: bool,
    /// Pages seen; so it is the key of the next one, too.
    pub(super) pages: PageKey,
    /// Records seen.
    pub(super) seen: u64,
    /// Ranges that an interrupted read had left.
    pub(super) resumed: usize,
    /// How many records the service said there are to be read.
    pub(super) said: Option<u64>,
    /// What the finished scan says of the changes that the index may have shown too late.
    pub(super) settled: Option<Millis>,
}

impl Scan {
    /// Decides what to read: go on where a scan stopped, what changed since, or everything.
    /// `everything` is a full refresh.
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
        // It was borne out before, or there would be no progress to go on from.
        scan.is_proven = true;
        scan
    }

    /// Lets several readers share the scan.
    #[must_use]
    pub fn spread(self, spread: Spread) -> Self {
        Self { spread: Some(spread), ..self }
    }

    /// The same window by the list, from the beginning.
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

    /// The same window by search, from the beginning.
    #[must_use]
    pub fn by_search(&self) -> Self {
        // Nothing was modified before the epoch.
        let scan = Self::new(Way::Search, self.lower.max(0), (self.upper, self.until));
        Self { spread: self.spread, ..scan }
    }

    /// The same window by search, for the second time.
    #[must_use]
    pub fn again(&self) -> Self {
        let settled = self.settled;
        Self {
            settled,
            spread: self.spread,
            ..Self::new(Way::Search, self.lower, (self.upper, self.until))
        }
    }

    /// The same scan of the list in one range, from where the service's own tokens have led.
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

    /// The same window, where nothing can be in it.
    #[must_use]
    pub fn of_nothing(self) -> Self {
        Self { ranges: Vec::new(), ..self }
    }

    /// What to do next; `None` if there is nothing to do until an answer has come.
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

    /// Takes note of a page that was asked for as `way`. Returns what of it is to be written; `None`
    /// if the scan wants nothing of it any more.
    ///
    /// `Err` leaves the scan as it was.
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
            // A search that has found something goes on behind it, without a token.
            Some(token) if way == Way::List || seen.ids.is_empty() => {
                range.guard.follow(token, seen.ids.len()).map_err(Contradiction::Endless)?;
            }
            Some(_) | None => range.guard = PageGuard::default(),
        }
        let share = if self.by_id { range.share(&seen.ids) } else { seen.ids.len() };
        range.counted = seen.left.or(range.counted);
        let (page, from) = (self.pages, range.seen);
        let count = u64::try_from(seen.ids.len()).unwrap_or(u64::MAX);
        // A search whose last page does not hold all that is left has not come to its end.
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
        // The offset of a search is only of use while its pages are empty.
        let is_empty = way == Way::List || seen.ids.is_empty();
        range.token = seen.token.clone().filter(|_| way == self.way && is_empty);
        // What the page shows beyond the range is left to others, who may not have it yet.
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

    /// Takes note that the records of a page are being handed over.
    pub fn written(&mut self, page: PageKey) {
        self.ranges.iter_mut().for_each(|range| range.written(page));
        self.ranges.retain(|range| !range.is_written());
    }

    /// [`Scan::see`] and [`Scan::written`], for a reader that writes a page before it asks for the
    /// next one.
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

    /// Takes note of how many hits search now counts in a part of a range whose pages did not fit
    /// together. If there are more than were seen, that part is searched again; `Err` if that has
    /// happened to it before.
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

    /// A page of it that was found this way.
    pub fn pass(&self, way: Way) -> Pass {
        Pass { way, lower: self.lower }
    }

    /// What may be claimed of a scan that is not finished: all records outside of the ranges that
    /// remain are written.
    ///
    /// `None` while that cannot be said, because the service does not page by id, and when nothing
    /// remains.
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

    /// How many records the service said there are to be read, if it said so of all of them.
    pub fn said(&self) -> Option<u64> {
        self.said
    }

    /// How many records have been seen.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many ranges an interrupted read had left.
    pub fn resumed(&self) -> usize {
        self.resumed
    }

    /// Whether ids and tokens have borne out so far that a page can be asked for by id.
    pub fn is_by_id(&self) -> bool {
        self.by_id
    }

    pub fn is_done(&self) -> bool {
        self.ranges.is_empty()
    }

    pub fn way(&self) -> Way {
        self.way
    }

    /// The window: modified at or after the first, before the second.
    pub fn window(&self) -> (Millis, Millis) {
        (self.lower, self.until)
    }

    /// The position that the finished scan claims.
    pub fn end(&self) -> Millis {
        self.upper
    }

    /// What the finished scan claims beside its position: see [`Saved::settled`].
    pub fn settled(&self) -> Option<Millis> {
        self.settled
    }

    /// Goes on another way: the tokens of one mean nothing to the other.
    pub(super) fn in_way(&mut self, way: Way) {
        self.way = way;
        for range in &mut self.ranges {
            range.token = None;
            range.totals = Totals::default();
        }
    }
}

/// The lowest id that may follow these, if they ascend from `next` on.
fn ascending(next: u64, ids: &[Option<u64>]) -> Option<u64> {
    ids.iter().try_fold(next, |next, id| id.filter(|id| *id >= next)?.checked_add(1))
}
