//! Id ranges that a scan still has to read.
//!
//! ```text
//!   next         seen                      end
//!    │── in flight ──│── still to request ──│         next ≤ id < end
//! ```
//!
//! Pages of a range are requested one at a time, each starting where the last accepted page ended;
//! earlier pages may still be in flight to stdout. A range can be split above its last accepted id
//! while it is being read; the upper part is then free for another reader.

use crate::page_guard::PageGuard;
use crate::record_id::RecordId;

/// Identifies a range within one scan; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RangeKey(pub(super) u32);

impl RangeKey {
    /// Returns the key that follows.
    pub(super) fn following(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// Identifies a page within one scan by the number of pages before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageKey(pub(super) u64);

/// Range of record ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRange {
    /// Inclusive.
    pub from: RecordId,
    /// Exclusive; `None` if the range is open.
    pub end: Option<RecordId>,
}

impl IdRange {
    /// Range of every id.
    pub const ALL: Self = Self { from: RecordId::MIN, end: None };
}

/// Range of ids of one object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) key: RangeKey,
    /// Every id below has been accepted, and is enqueued or in flight.
    pub(super) seen: RecordId,
    /// Pages in flight, in order, each with the id it starts at.
    on_its_way: Vec<(PageKey, RecordId)>,
    /// Exclusive; `None` if the range is open.
    pub(super) end: Option<RecordId>,
    /// Page token of the API for the next page, if it is to be used.
    pub(super) token: Option<String>,
    /// Detects endless sequences of page tokens.
    pub(super) guard: PageGuard,
    /// `true` while a page of the range is being requested.
    pub(super) is_busy: bool,
    /// `true` once the last page has been accepted.
    pub(super) is_over: bool,
    /// Mean distance between consecutive ids on the last accepted page.
    gap: Option<u64>,
    /// Number of remaining records, if known.
    pub(super) counted: Option<u64>,
    /// Consistency of the totals of a search.
    pub(super) totals: Totals,
}

/// Consistency check on the totals of successive search pages: after a page, the number of
/// remaining hits is the number before it minus the hits on the page. Fewer hits remain if records
/// have changed or are gone, or if the search is not ordered by id and has skipped hits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Totals {
    /// End of the range when the page was requested. Totals with different ends are not comparable.
    pub(super) asked_end: Option<RecordId>,
    /// Number of hits that must remain after the last page.
    due: Option<u64>,
    /// Part of the range that no total has confirmed yet: its first id and its number of hits.
    unconfirmed: Option<(RecordId, u64)>,
    /// Number of pages in the unconfirmed part since the first total that did not match.
    doubtful_pages: u32,
    /// Number of consecutive empty responses that reported remaining hits.
    pub(super) empty_answers: u32,
    /// `true` while the unconfirmed part is being recounted.
    pub(super) is_recounting: bool,
    /// `true` if the range is a part that is searched for the second time.
    pub(super) is_second: bool,
}

/// Maximum number of doubtful pages before the part is recounted.
const MOST_DOUBTFUL: u32 = 8;

impl Totals {
    /// Records a page that starts at `from`, with the total reported for it.
    fn accept(&mut self, from: RecordId, count: u64, left: Option<u64>, is_same_end: bool) {
        let fits = match (self.due, left) {
            (Some(due), Some(left)) if is_same_end => left >= due,
            _ => true,
        };
        match &mut self.unconfirmed {
            Some((_, hits)) if !fits || self.doubtful_pages > 0 => {
                *hits += count;
                self.doubtful_pages += 1;
            }
            _ => self.unconfirmed = Some((from, count)),
        }
        self.due = left.filter(|_| is_same_end).map(|left| left.saturating_sub(count));
    }
}

/// Upper limit for the estimated size of a range without a known count.
const UNCOUNTED: u64 = 10_000;

impl Range {
    pub(super) fn new(key: RangeKey, next: RecordId, end: Option<RecordId>) -> Self {
        Self {
            key,
            seen: next,
            on_its_way: Vec::new(),
            end,
            token: None,
            guard: PageGuard::default(),
            is_busy: false,
            is_over: false,
            gap: None,
            counted: None,
            totals: Totals::default(),
        }
    }

    /// Returns the id below which everything is enqueued and known to be complete.
    pub(super) fn next(&self) -> RecordId {
        let enqueued = self.on_its_way.first().map_or(self.seen, |&(_, from)| from);
        self.totals.unconfirmed.map_or(enqueued, |(from, _)| enqueued.min(from))
    }

    /// Returns the ids that have not been enqueued yet.
    pub(super) fn remaining(&self) -> IdRange {
        IdRange { from: self.next(), end: self.end }
    }

    /// Records the total of a search page that started at `from`; `left` is the number of hits from
    /// there on.
    pub(super) fn see_total(&mut self, from: RecordId, count: u64, left: Option<u64>) {
        let is_same_end = self.totals.asked_end == self.end;
        self.totals.accept(from, count, left, is_same_end);
        if self.is_over && self.totals.doubtful_pages == 0 {
            if self.totals.due.is_some_and(|due| due > 0) {
                // The last page holds fewer hits than remained.
                self.totals.doubtful_pages = 1;
            } else {
                self.totals.unconfirmed = None;
            }
        }
    }

    /// Returns the part to recount now as `from..to`, if any, and marks it as being recounted.
    pub(super) fn recount(&mut self) -> Option<(RecordId, RecordId)> {
        let totals = &mut self.totals;
        let is_due = totals.doubtful_pages > MOST_DOUBTFUL || self.is_over;
        let (from, _) = totals.unconfirmed.filter(|_| totals.doubtful_pages > 0 && is_due)?;
        if totals.is_recounting || self.is_busy {
            return None;
        }
        totals.is_recounting = true;
        Some((from, self.seen))
    }

    /// Records the recounted number of hits of the unconfirmed part. Returns that part if it has
    /// more hits than were accepted.
    pub(super) fn recounted(&mut self, hits: Option<u64>) -> Option<(RecordId, RecordId)> {
        let totals = std::mem::take(&mut self.totals);
        self.totals.is_second = totals.is_second;
        let (from, seen) = totals.unconfirmed?;
        (hits? > seen).then_some((from, self.seen))
    }

    /// Returns `true` if the next page may be requested.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy && !self.is_over && !self.totals.is_recounting
    }

    /// Returns `true` if the whole range has been enqueued.
    pub(super) fn is_written(&self) -> bool {
        let is_confirmed = self.totals.unconfirmed.is_none();
        self.is_over && !self.is_busy && self.on_its_way.is_empty() && is_confirmed
    }

    /// Returns how many of these ascending ids belong to the range.
    pub(super) fn share(&self, ids: &[Option<RecordId>]) -> usize {
        let Some(end) = self.end else { return ids.len() };
        ids.partition_point(|id| id.is_some_and(|id| id < end))
    }

    /// Accepts the requested page with those of its ids that belong to the range.
    pub(super) fn accept(&mut self, page: PageKey, ids: &[Option<RecordId>]) {
        self.is_busy = false;
        self.on_its_way.push((page, self.seen));
        let count = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        if let (Some(Some(first)), Some(Some(last))) = (ids.first(), ids.last()) {
            let width = last.saturating_distance_from(*first);
            self.gap = Some((width / (count - 1).max(1)).max(1));
            self.seen = self.seen.max(last.saturating_add(1));
        }
        self.counted = self.counted.map(|counted| counted.saturating_sub(count));
    }

    /// Marks a page as enqueued.
    pub(super) fn enqueued(&mut self, page: PageKey) {
        self.on_its_way.retain(|&(key, _)| key != page);
    }

    /// Returns the list page token that starts a page at the first id not accepted yet.
    pub(super) fn by_id(&self) -> Option<String> {
        (self.seen > RecordId::MIN).then(|| self.seen.to_string())
    }

    /// Returns `true` if every id of the range has been accepted.
    pub(super) fn is_exhausted(&self) -> bool {
        self.end.is_some_and(|end| self.seen >= end)
    }

    /// Estimates the number of remaining records, given the highest id `top`.
    fn left(&self, top: RecordId) -> u64 {
        let by_gap = || self.gap.map(|gap| (self.width(top) / gap).min(UNCOUNTED));
        self.counted.or_else(by_gap).unwrap_or_default()
    }

    /// Returns the number of ids between the last accepted id and the end.
    fn width(&self, top: RecordId) -> u64 {
        self.end.unwrap_or(top.saturating_add(1)).saturating_distance_from(self.seen)
    }

    /// Estimates the id in the middle of the remaining records, assuming constant density.
    fn middle(&self, top: RecordId) -> RecordId {
        let half = self.gap.unwrap_or(u64::MAX).saturating_mul(self.left(top) / 2);
        self.seen.saturating_add(half.clamp(1, (self.width(top) / 2).max(1)))
    }

    /// Splits the range at this id and returns the upper part.
    fn cut(&mut self, key: RangeKey, at: RecordId) -> Self {
        let upper = Self { gap: self.gap, ..Self::new(key, at, self.end) };
        self.end = Some(at);
        upper
    }
}

/// Splits the unfinished range that contains `at`; the lower part holds `counted` records. Returns
/// `false` if no range contains `at` above its accepted ids.
pub(super) fn cut_at(ranges: &mut Vec<Range>, key: RangeKey, at: RecordId, counted: u64) -> bool {
    let holds = |range: &&mut Range| {
        !range.is_over && range.seen < at && range.end.is_none_or(|end| at < end)
    };
    let Some(range) = ranges.iter_mut().find(holds) else { return false };
    let mut upper = range.cut(key, at);
    upper.counted = range.counted.map(|all| all.saturating_sub(counted));
    range.counted = Some(counted);
    insert(ranges, upper);
    true
}

pub(super) fn insert(ranges: &mut Vec<Range>, range: Range) {
    let place = ranges.partition_point(|other| other.next() < range.next());
    ranges.insert(place, range);
}

/// Halves the range with the most remaining records if it has at least `worthwhile` of them; `top`
/// is the highest id. Returns the upper half, which no reader has yet.
pub(super) fn steal(
    ranges: &mut Vec<Range>,
    key: RangeKey,
    top: RecordId,
    worthwhile: u64,
) -> Option<RangeKey> {
    let longest = ranges
        .iter_mut()
        .filter(|range| !range.is_over && range.width(top) >= 2)
        .max_by_key(|range| (range.left(top), range.width(top)))?;
    if longest.left(top) < worthwhile {
        return None;
    }
    let half = longest.left(top) / 2;
    let mut upper = longest.cut(key, longest.middle(top));
    (longest.counted, upper.counted) = (Some(half), Some(half));
    insert(ranges, upper);
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: u64) -> RecordId {
        RecordId::new(id)
    }

    fn range(key: u32, next: u64, end: Option<u64>) -> Range {
        Range::new(RangeKey(key), id(next), end.map(id))
    }

    fn ids<const N: usize>(ids: [u64; N]) -> [Option<RecordId>; N] {
        ids.map(|number| Some(id(number)))
    }

    #[test]
    fn it_begins_with_the_first_page_that_is_on_its_way() {
        let mut range = range(0, 5, Some(100));
        for (page, last) in [(1, 9), (2, 19), (3, 29)] {
            range.accept(PageKey(page), &ids([last]));
        }
        assert_eq!((range.next(), range.seen), (id(5), id(30)));
        for (enqueued, next) in [(2, 5), (1, 20), (2, 20), (3, 30)] {
            range.enqueued(PageKey(enqueued));
            assert_eq!(range.next(), id(next), "page {enqueued} is written");
        }
    }

    fn bounds(ranges: &[Range]) -> Vec<(u64, Option<u64>)> {
        let bounds = |range: &Range| (range.next().get(), range.end.map(RecordId::get));
        ranges.iter().map(bounds).collect()
    }

    #[test]
    fn the_longest_range_is_halved_where_half_of_its_records_are() {
        let mut first = range(0, 0, Some(1_000));
        first.accept(PageKey(0), &ids([10, 19]));
        let mut open = range(1, 1_000, None);
        open.counted = Some(200);
        let mut ranges = vec![first, open];
        // The first range has 980 ids left, with a record every 9 ids; the density of the other
        // range is unknown.
        assert_eq!(steal(&mut ranges, RangeKey(2), id(4_999), 50), Some(RangeKey(2)));
        assert_eq!(bounds(&ranges), [(0, Some(1_000)), (1_000, Some(3_000)), (3_000, None)]);
        assert_eq!(steal(&mut ranges, RangeKey(3), id(4_999), 50), Some(RangeKey(3)));
        assert_eq!(
            bounds(&ranges),
            [(0, Some(506)), (506, Some(1_000)), (1_000, Some(3_000)), (3_000, None)]
        );
    }

    #[test]
    fn a_counted_range_goes_on_as_densely_as_it_began() {
        let mut range = range(0, 0, None);
        range.accept(PageKey(0), &ids([10, 19]));
        range.counted = Some(100);
        let mut ranges = vec![range];
        assert_eq!(steal(&mut ranges, RangeKey(1), id(18_000_000_000), 50), Some(RangeKey(1)));
        assert_eq!(bounds(&ranges), [(0, Some(470)), (470, None)], "a record every 9 ids");
    }

    #[test]
    fn a_range_is_cut_at_an_id_that_has_not_been_seen() {
        let mut first = range(0, 0, None);
        first.accept(PageKey(0), &ids([10, 19]));
        let mut ranges = vec![first];
        assert!(!cut_at(&mut ranges, RangeKey(1), id(20), 5), "it is seen next");
        assert!(cut_at(&mut ranges, RangeKey(1), id(500), 40));
        assert!(cut_at(&mut ranges, RangeKey(2), id(900), 40));
        assert_eq!(bounds(&ranges), [(0, Some(500)), (500, Some(900)), (900, None)]);
        assert_eq!((ranges[0].left(id(5_000)), ranges[1].left(id(5_000))), (40, 40));
    }

    #[test]
    fn what_is_nearly_read_is_left_alone() {
        let mut range = range(0, 0, Some(1_000));
        range.accept(PageKey(0), &ids([10, 19]));
        // 980 ids are left, with a record every 9 ids: 108 records.
        for (case, counted, is_over, worthwhile, expected) in [
            ("few by their distance", None, false, 200, false),
            ("many by their distance", None, false, 100, true),
            ("few by count", Some(50), false, 100, false),
            ("read to its end", None, true, 1, false),
        ] {
            let mut ranges = vec![Range { is_over, counted, ..range.clone() }];
            let stolen = steal(&mut ranges, RangeKey(1), id(5_000), worthwhile);
            assert_eq!(stolen.is_some(), expected, "{case}");
        }
    }

    #[test]
    fn a_page_beyond_the_end_is_shared() {
        assert_eq!(range(0, 0, Some(20)).share(&ids([5, 19, 20, 21])), 2);
        assert_eq!(range(0, 0, None).share(&[Some(id(5)), None]), 2);
    }
}
