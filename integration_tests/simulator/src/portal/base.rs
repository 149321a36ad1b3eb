//! The initial records of a type, computed from their index; nothing is stored per record.
//!
//! Ids grow with the index, in two segments with different strides (old short ids, new long ones).
//! Modified dates follow a second order, the *rank*: the indices are divided into blocks, the
//! blocks are shuffled, and time grows with the rank. A time window is therefore a range of ranks,
//! which maps to a few index ranges.

use std::ops::Range;

use crate::portal::hash::{mix, mix2};

const DAY_MS: i64 = 86_400_000;
/// Number of shuffled blocks per type.
const BLOCKS: u64 = 64;

/// A run of ids: `first + n * stride + noise`, where the noise is below the stride.
#[derive(Debug, Clone, Copy)]
struct Segment {
    start_index: u64,
    first: u64,
    stride: u64,
}

/// Parameters that determine one type's initial records.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    seed: u64,
    /// Number of records, archived ones included.
    pub(crate) len: u64,
    /// Interval of archived records: the last record of every run of this length is archived.
    archive_every: u64,
    old: Segment,
    new: Segment,
    block_len: u64,
    /// Block number by rank order, each with the rank at which it starts.
    by_rank: Vec<(u64, u64)>,
    /// Rank at which each block starts, by block number.
    rank_of_block: Vec<u64>,
    created_from_ms: i64,
    modified_from_ms: i64,
    modified_until_ms: i64,
    /// Remainder of all ids when divided by `modulus`, so that types can share a range of ids.
    remainder: u64,
    modulus: u64,
}

impl Base {
    /// Creates `live` live records and as many archived ones as make up `archived_share` of the
    /// total. All dates lie at least an hour before `start_ms`.
    pub(crate) fn new(
        seed: u64,
        live: u64,
        archived_share: f64,
        long_ids: bool,
        start_ms: i64,
    ) -> Self {
        let minute_ms = start_ms - start_ms.rem_euclid(60_000);
        let archive_every = archive_interval(archived_share);
        let len = match live {
            0 => 0,
            live => live + (live - 1) / (archive_every - 1),
        };
        let block_len = len.div_ceil(BLOCKS).max(1);
        let blocks = len.div_ceil(block_len);
        let mut order: Vec<u64> = (0..blocks).collect();
        order.sort_by_key(|block| mix2(seed, *block));
        let mut by_rank = Vec::with_capacity(order.len());
        let mut starts: Vec<(u64, u64)> = Vec::with_capacity(order.len());
        let mut rank = 0;
        for block in order {
            by_rank.push((block, rank));
            starts.push((block, rank));
            rank += block_len.min(len - block * block_len);
        }
        starts.sort_unstable();
        let (later_first, later_stride) =
            if long_ids { (100_000_000_000_000_007, 1_009) } else { (18_000_000_011, 211) };
        Self {
            seed,
            len,
            archive_every,
            old: Segment { start_index: 0, first: 51, stride: 37 },
            new: Segment { start_index: len / 5 * 3, first: later_first, stride: later_stride },
            block_len,
            by_rank,
            rank_of_block: starts.into_iter().map(|(_, rank)| rank).collect(),
            created_from_ms: minute_ms - 1_460 * DAY_MS,
            modified_from_ms: minute_ms - 730 * DAY_MS,
            modified_until_ms: minute_ms - 3_600_000,
            remainder: 0,
            modulus: 1,
        }
    }

    /// Returns the same records with ids that leave this remainder when divided by `modulus`.
    pub(crate) fn with_id_remainder(self, remainder: u64, modulus: u64) -> Self {
        Self { remainder, modulus, ..self }
    }

    /// Returns the smallest id with this remainder that is at least `id`.
    pub(crate) fn align(&self, id: u64) -> u64 {
        id.saturating_sub(self.remainder).div_ceil(self.modulus) * self.modulus + self.remainder
    }

    /// Returns the id of the record at `index`; grows with the index.
    pub(crate) fn id(&self, index: u64) -> u64 {
        self.raw_id(index) * self.modulus + self.remainder
    }

    fn raw_id(&self, index: u64) -> u64 {
        let segment = if index < self.new.start_index { self.old } else { self.new };
        let noise = mix2(self.seed, index) % segment.stride;
        segment.first + (index - segment.start_index) * segment.stride + noise
    }

    /// Upper bound of the modified dates of the initial records.
    pub(crate) fn modified_until_ms(&self) -> i64 {
        self.modified_until_ms
    }

    /// Returns the index of the first record whose id is at least `id`.
    pub(crate) fn lower_bound(&self, id: u64) -> u64 {
        let id = id.saturating_sub(self.remainder).div_ceil(self.modulus);
        let (segment, end) = if id < self.new.first {
            (self.old, self.new.start_index)
        } else {
            (self.new, self.len)
        };
        let guess = segment.start_index + id.saturating_sub(segment.first) / segment.stride;
        let guess = guess.min(end);
        if guess < end && self.raw_id(guess) < id { guess + 1 } else { guess }
    }

    /// Returns the index of the record with this id.
    pub(crate) fn index_of(&self, id: u64) -> Option<u64> {
        let index = self.lower_bound(id);
        (index < self.len && self.id(index) == id).then_some(index)
    }

    /// Returns the smallest id above those of all initial records.
    pub(crate) fn end_id(&self) -> u64 {
        let last = self.len.checked_sub(1).map_or(0, |last| self.raw_id(last));
        self.align((last.max(self.new.first) + 1) * self.modulus)
    }

    /// Returns `true` if this record is archived from the start.
    pub(crate) fn archived(&self, index: u64) -> bool {
        index % self.archive_every == self.archive_every - 1
    }

    /// Returns the number of archived records in a range of indices.
    pub(crate) fn archived_in(&self, range: &Range<u64>) -> u64 {
        range.end / self.archive_every - range.start.min(range.end) / self.archive_every
    }

    /// Returns the index of a record by its position among the initially live records.
    pub(crate) fn live_index(&self, place: u64) -> u64 {
        place + place / (self.archive_every - 1)
    }

    /// Returns the number of initially live records below an index.
    pub(crate) fn live_below(&self, index: u64) -> u64 {
        index - index / self.archive_every
    }

    /// Returns the index of the first archived record at or after `index`, which may be past the
    /// end.
    pub(crate) fn next_archived(&self, index: u64) -> u64 {
        let run = index / self.archive_every;
        run.saturating_mul(self.archive_every).saturating_add(self.archive_every - 1)
    }

    /// Instant at which an initially archived record was archived, after its last modification.
    pub(crate) fn archived_ms(&self, index: u64) -> i64 {
        let days = i64::try_from(mix2(self.seed ^ 0xA5, index) % 89).unwrap_or_default();
        let recent = self.modified_until_ms - days * DAY_MS;
        recent.max(self.modified_ms(index) + 1)
    }

    /// Instant at which the record was created; grows with the index.
    pub(crate) fn created_ms(&self, index: u64) -> i64 {
        let span = 729 * DAY_MS;
        jitter(self.created_from_ms + scale(index, span, self.len))
    }

    /// Returns the indices of the records created in a time window.
    pub(crate) fn created_in(&self, window: &Range<i64>) -> Range<u64> {
        let first = bound(self.len, |index| self.created_ms(index) >= window.start);
        let last = bound(self.len, |index| self.created_ms(index) >= window.end);
        first..last.max(first)
    }

    /// Instant at which the record was last modified.
    pub(crate) fn modified_ms(&self, index: u64) -> i64 {
        self.time_at(self.rank(index))
    }

    fn rank(&self, index: u64) -> u64 {
        let block = usize::try_from(index / self.block_len).unwrap_or(usize::MAX);
        self.rank_of_block.get(block).copied().unwrap_or_default() + index % self.block_len
    }

    /// Modified date at a rank; grows with the rank. Small groups of records share an instant, and
    /// so does one block of one percent of all records.
    fn time_at(&self, rank: u64) -> i64 {
        let bulk = self.len / 100 * 30..self.len / 100 * 31;
        let rank = if bulk.contains(&rank) {
            bulk.start
        } else {
            match rank % 8 {
                0..=2 => (rank - rank % 8).max(if rank >= bulk.end { bulk.end } else { 0 }),
                _ => rank,
            }
        };
        let span = self.modified_until_ms - self.modified_from_ms;
        jitter(self.modified_from_ms + scale(rank, span, self.len))
    }

    /// Returns the index ranges, ascending, of the records last modified in a time window.
    pub(crate) fn modified_in(&self, window: &Range<i64>) -> Vec<Range<u64>> {
        let first = bound(self.len, |rank| self.time_at(rank) >= window.start);
        let last = bound(self.len, |rank| self.time_at(rank) >= window.end);
        let mut ranges = Vec::new();
        for (block, block_rank) in &self.by_rank {
            let start = block * self.block_len;
            let size = self.block_len.min(self.len - start);
            let from = first.clamp(*block_rank, block_rank + size) - block_rank;
            let until = last.clamp(*block_rank, block_rank + size) - block_rank;
            if from < until {
                ranges.push(start + from..start + until);
            }
        }
        ranges.sort_unstable_by_key(|range| range.start);
        ranges
    }

    /// Seed of a record's values.
    pub(crate) fn key(&self, index: u64) -> u64 {
        mix(self.seed.wrapping_add(index))
    }
}

/// Returns the interval of archived records: one record in this many.
fn archive_interval(share: f64) -> u64 {
    if share <= 0.0 {
        return u64::MAX;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive interval; the cast saturates"
    )]
    let interval = (1.0 / share).round() as u64;
    interval.max(2)
}

/// Computes `position / len * span`.
pub(crate) fn scale(position: u64, span: i64, len: u64) -> i64 {
    let product = i128::from(position) * i128::from(span) / i128::from(len.max(1));
    i64::try_from(product).unwrap_or_default()
}

/// Replaces the milliseconds by a value that depends only on the second. The result stays monotone,
/// and one second in a hundred has zero milliseconds.
///
/// HubSpot: record dates are in milliseconds, and few of them end in three zeros.
pub(crate) fn jitter(ms: i64) -> i64 {
    let second = ms.div_euclid(1_000);
    let random = mix(second.unsigned_abs());
    let milliseconds = if random.is_multiple_of(100) { 0 } else { random / 100 % 1_000 };
    second * 1_000 + i64::try_from(milliseconds).unwrap_or_default()
}

/// Returns the first position below `len` for which `reached` holds, or `len`. `reached` must be
/// monotone.
pub(crate) fn bound(len: u64, reached: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(live: u64) -> Base {
        Base::new(7, live, 0.01, true, 1_790_000_000_000)
    }

    #[test]
    fn ids_grow_and_can_be_inverted() {
        for live in [0, 1, 5, 1_000, 10_000_000] {
            let base = base(live);
            assert_eq!(base.len - base.archived_in(&(0..base.len)), live, "{live} live records");
            let step = (base.len / 2_000).max(1);
            let mut previous = 0;
            for index in (0..base.len).step_by(usize::try_from(step).expect("small")) {
                let id = base.id(index);
                assert!(id > previous);
                previous = id;
                assert_eq!(base.index_of(id), Some(index));
                assert_eq!(base.lower_bound(id + 1), index + 1);
                assert_eq!(base.lower_bound(id), index);
            }
            assert_eq!(base.lower_bound(u64::MAX), base.len);
            assert_eq!(base.lower_bound(0), 0);
            assert!(base.end_id() > previous);
        }
    }

    #[test]
    fn types_in_different_lanes_share_no_id() {
        let remainder = |remainder| {
            Base::new(7 + remainder, 900, 0.01, false, 1_790_000_000_000)
                .with_id_remainder(remainder, 5)
        };
        let mut ids = std::collections::HashSet::new();
        for base in (0..5).map(remainder) {
            for index in 0..base.len {
                let id = base.id(index);
                assert!(ids.insert(id), "{id} is taken twice");
                assert_eq!(base.index_of(id), Some(index));
                assert_eq!(base.lower_bound(id + 1), index + 1);
                assert_eq!(base.align(id), id);
                assert_eq!(base.align(id + 1), id + 5);
            }
            assert!(base.align(base.end_id()) > base.id(base.len - 1));
        }
    }

    #[test]
    fn later_contact_ids_need_more_than_53_bits() {
        assert!(base(100).id(99) > 1 << 53);
        assert!(base(100).id(3) < 1_000);
    }

    #[test]
    fn a_window_holds_exactly_the_records_modified_in_it() {
        for live in [1, 63, 64, 65, 1_000, 5_000] {
            let base = base(live);
            let mut times: Vec<i64> = (0..base.len).map(|index| base.modified_ms(index)).collect();
            times.sort_unstable();
            for (low, high) in [(0, 10), (3, 3), (20, 45), (0, 100), (29, 32)] {
                let at = |percent: usize| times[(times.len() - 1) * percent / 100];
                let window = at(low)..at(high) + 1;
                let inside: Vec<u64> = (0..base.len)
                    .filter(|index| window.contains(&base.modified_ms(*index)))
                    .collect();
                let ranged: Vec<u64> = base.modified_in(&window).into_iter().flatten().collect();
                assert_eq!(ranged, inside, "{live} records, {low}-{high} percent");
            }
        }
    }

    #[test]
    fn instants_tie_and_lose_their_milliseconds_now_and_then() {
        let base = base(5_000);
        let middle = base.created_ms(2_000)..base.created_ms(3_000);
        assert_eq!(base.created_in(&middle).end, base.created_in(&(middle.end..i64::MAX)).start);
        assert!(base.created_in(&middle).all(|index| middle.contains(&base.created_ms(index))));
        let mut times: Vec<i64> = (0..base.len).map(|index| base.modified_ms(index)).collect();
        let whole = times.iter().filter(|ms| **ms % 1_000 == 0).count();
        assert!((5..150).contains(&whole), "{whole} of 5,000 at a whole second");
        times.sort_unstable();
        let before = times.len();
        times.dedup();
        assert!(times.len() < before - 50);
        assert!((0..base.len).all(|index| base.created_ms(index) < base.modified_ms(index)));
    }

    #[test]
    fn archived_records_sit_at_regular_places() {
        let base = base(1_000);
        let archived: Vec<u64> = (0..base.len).filter(|index| base.archived(*index)).collect();
        assert_eq!(archived.len() as u64, base.archived_in(&(0..base.len)));
        assert_eq!(base.next_archived(0), archived[0]);
        assert_eq!(base.next_archived(archived[0] + 1), archived[1]);
        assert!(archived.iter().all(|index| base.archived_ms(*index) > base.modified_ms(*index)));
    }
}
