//! Append-only logs (e-mail events, submissions, subscription changes): initial entries are
//! computed from their sequence number, later ones are stored. Some become visible only some time
//! after they happened.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::portal::base::{bound, jitter, scale};
use crate::portal::hash::mix2;

/// Sort key of a log entry: instant (epoch milliseconds) and sequence number.
pub(crate) type Key = (i64, u64);

/// Larger than every key.
pub(crate) const END: Key = (i64::MAX, u64::MAX);

/// An entry added by a change.
#[derive(Debug)]
struct Added<T> {
    visible_ms: i64,
    entry: T,
}

/// One log. `T` is the data of an entry added by a change; initial entries are derived from their
/// hash.
#[derive(Debug)]
pub(crate) struct Log<T> {
    seed: u64,
    len: u64,
    from_ms: i64,
    until_ms: i64,
    lag_ms: (i64, i64),
    added: BTreeMap<Key, Added<T>>,
}

impl<T> Log<T> {
    /// Creates a log of `len` entries between two instants. Each entry becomes visible after its
    /// own delay.
    pub(crate) fn new(
        seed: u64,
        len: u64,
        (from_ms, until_ms): (i64, i64),
        lag_ms: (i64, i64),
    ) -> Self {
        Self { seed, len, from_ms, until_ms, lag_ms, added: BTreeMap::new() }
    }

    /// Returns the instant of an initial entry. It grows with the sequence number, with ties.
    fn at_ms(&self, sequence: u64) -> i64 {
        let tied = if sequence % 12 < 4 { sequence - sequence % 4 } else { sequence };
        let at_ms = self.from_ms + scale(tied + 1, self.until_ms - self.from_ms, self.len);
        jitter(at_ms).min(self.until_ms)
    }

    /// Returns the hash that an entry's values are derived from.
    pub(crate) fn random(&self, sequence: u64) -> u64 {
        mix2(self.seed, sequence)
    }

    fn delay_ms(&self, sequence: u64) -> i64 {
        let (min, max) = self.lag_ms;
        let spread = u64::try_from(max - min).unwrap_or_default() + 1;
        min + i64::try_from(mix2(self.seed ^ 0x1A6, sequence) % spread).unwrap_or_default()
    }

    /// Returns the data of an entry that was added by a change.
    pub(crate) fn entry(&self, key: Key) -> Option<&T> {
        self.added.get(&key).map(|added| &added.entry)
    }

    /// Returns the keys of the visible entries inside a window and below a key, newest first.
    pub(crate) fn newest_first(
        &self,
        window: &RangeInclusive<i64>,
        below: Key,
        now_ms: i64,
    ) -> impl Iterator<Item = Key> + '_ {
        let (from_ms, to_ms) = (*window.start(), *window.end());
        let below = below.min((to_ms, u64::MAX));
        let key = |sequence| (self.at_ms(sequence), sequence);
        let end = bound(self.len, |sequence| key(sequence) >= below);
        let mut initial = (0..end)
            .rev()
            .map(key)
            .take_while(move |(at_ms, _)| *at_ms >= from_ms)
            .filter(move |(at_ms, sequence)| at_ms + self.delay_ms(*sequence) <= now_ms)
            .peekable();
        let mut added = self
            .added
            .range(..below)
            .rev()
            .take_while(move |((at_ms, _), _)| *at_ms >= from_ms)
            .filter(move |(_, added)| added.visible_ms <= now_ms)
            .map(|(key, _)| *key)
            .peekable();
        std::iter::from_fn(move || match (initial.peek(), added.peek()) {
            (Some(first), Some(other)) if first < other => added.next(),
            (None, _) => added.next(),
            (Some(_), _) => initial.next(),
        })
    }

    /// Returns the keys of the visible entries inside a window and above a key, oldest first.
    pub(crate) fn oldest_first(
        &self,
        window: &RangeInclusive<i64>,
        above: Option<Key>,
        now_ms: i64,
    ) -> impl Iterator<Item = Key> + '_ {
        let to_ms = *window.end();
        let floor = (*window.start(), 0);
        let inside = move |key: Key| key >= floor && above.is_none_or(|above| key > above);
        let key = |sequence| (self.at_ms(sequence), sequence);
        let start = bound(self.len, |sequence| inside(key(sequence)));
        let mut initial = (start..self.len)
            .map(key)
            .take_while(move |(at_ms, _)| *at_ms <= to_ms)
            .filter(move |(at_ms, sequence)| at_ms + self.delay_ms(*sequence) <= now_ms)
            .peekable();
        let mut added = self
            .added
            .range(above.map_or(floor, |above| above.max(floor))..)
            .skip_while(move |(key, _)| !inside(**key))
            .take_while(move |((at_ms, _), _)| *at_ms <= to_ms)
            .filter(move |(_, added)| added.visible_ms <= now_ms)
            .map(|(key, _)| *key)
            .peekable();
        std::iter::from_fn(move || match (initial.peek(), added.peek()) {
            (Some(first), Some(other)) if first > other => added.next(),
            (None, _) => added.next(),
            (Some(_), _) => initial.next(),
        })
    }

    /// Returns the number of initial entries.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Returns the key of an initial entry if it is visible at `now_ms`.
    pub(crate) fn shown(&self, sequence: u64, now_ms: i64) -> Option<Key> {
        let at_ms = self.at_ms(sequence);
        (at_ms + self.delay_ms(sequence) <= now_ms).then_some((at_ms, sequence))
    }

    /// Returns the added entries that are visible at `now_ms`, oldest first.
    pub(crate) fn added(&self, now_ms: i64) -> impl Iterator<Item = (Key, &T)> {
        let shown = self.added.iter().filter(move |(_, added)| added.visible_ms <= now_ms);
        shown.map(|(key, added)| (*key, &added.entry))
    }

    /// Returns the keys of all visible entries, newest first.
    pub(crate) fn all(&self, now_ms: i64) -> impl Iterator<Item = Key> + '_ {
        self.newest_first(&(i64::MIN..=i64::MAX), END, now_ms)
    }

    /// Adds an entry that becomes visible after the given delay, or after one derived from its
    /// sequence number.
    pub(crate) fn push(&mut self, at_ms: i64, delay_ms: Option<i64>, now_ms: i64, entry: T) {
        let sequence = self.len + u64::try_from(self.added.len()).unwrap_or_default();
        let delay_ms = delay_ms.unwrap_or_else(|| self.delay_ms(sequence));
        let added = Added { visible_ms: now_ms + delay_ms, entry };
        self.added.insert((at_ms, sequence), added);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END_MS: i64 = 1_790_000_000_000;

    fn log(len: u64, lag_ms: (i64, i64)) -> Log<()> {
        Log::new(5, len, (END_MS - 1_000_000_000, END_MS), lag_ms)
    }

    #[test]
    fn keys_come_newest_first_and_paging_by_key_loses_nothing() {
        let mut log = log(500, (0, 0));
        for turn in 0..40 {
            log.push(END_MS - turn * 20_000_000, None, END_MS, ());
        }
        let all: Vec<Key> = log.all(END_MS).collect();
        assert_eq!(all.len(), 540);
        assert!(all.is_sorted_by(|first, second| first > second));
        assert!(all.windows(2).any(|pair| pair[0].0 == pair[1].0), "there are ties");
        let mut paged = Vec::new();
        while paged.len() < all.len() {
            let below = paged.last().copied().unwrap_or(END);
            paged.extend(log.newest_first(&(0..=i64::MAX), below, END_MS).take(7));
        }
        assert_eq!(paged, all);
        let mut forward: Vec<Key> = Vec::new();
        while forward.len() < all.len() {
            let above = forward.last().copied();
            forward.extend(log.oldest_first(&(0..=i64::MAX), above, END_MS).take(7));
        }
        forward.reverse();
        assert_eq!(forward, all);
    }

    #[test]
    fn windows_hold_both_ends() {
        let log = log(500, (0, 0));
        let all: Vec<Key> = log.all(END_MS).collect();
        let (newest, oldest) = (all[100].0, all[200].0);
        let expected = all.iter().filter(|(at_ms, _)| (oldest..=newest).contains(at_ms)).count();
        let found: Vec<Key> = log.newest_first(&(oldest..=newest), END, END_MS).collect();
        assert_eq!(found.len(), expected);
        assert_eq!((found[0].0, found[found.len() - 1].0), (newest, oldest));
        let forward = log.oldest_first(&(oldest..=newest), None, END_MS);
        assert_eq!(forward.collect::<Vec<Key>>(), found.into_iter().rev().collect::<Vec<Key>>());
    }

    #[test]
    fn entries_show_after_their_delay() {
        let mut log = log(5_000, (0, 1_800_000));
        log.push(END_MS - 5_000_000, Some(60_000), END_MS, ());
        let counts: Vec<usize> =
            [0, 60_000, 900_000, 1_800_000].map(|later| log.all(END_MS + later).count()).to_vec();
        assert!(counts.is_sorted(), "{counts:?}");
        assert!(counts[0] < 5_000 && counts[3] == 5_001, "{counts:?}");
        let early: Vec<Key> = log.all(END_MS).collect();
        let late: Vec<Key> = log.all(END_MS + 1_800_000).collect();
        assert_ne!(early, late[late.len() - early.len()..], "a late entry is not the newest");
    }
}
