//! Event occurrences of records. All occurrences are in one log; the record of an occurrence is
//! computed from its sequence number, and the mapping can be inverted to find the occurrences of a
//! record.

use crate::portal::hash::mix2;
use crate::portal::item_set::{Item, ItemSet};
use crate::portal::log::Log;
use crate::portal::store::Store;
use crate::portal::values::Values;

const DAY_MS: i64 = 86_400_000;
/// Interval of the occurrences that belong to a busy record.
const BUSY_EVERY: u64 = 10;
/// Remainder of the sequence numbers that belong to a busy record.
const BUSY: u64 = 3;
/// Number of busy records: the first of all.
const BUSY_RECORDS: u64 = 2;
/// Number of consecutive occurrences of each ordinary record. Only every `RUN`-th record has any.
const RUN: u64 = 3;
/// Interval of archived definitions.
const ARCHIVED_EVERY: u64 = 5;

const CUSTOM_NAMES: &[&str] = &["demo_booked", "trial_started", "cart_abandoned", "video_watched"];

/// HubSpot's own events; repeated names occur more often.
pub(crate) const PAGE_VISIT: &str = "e_visited_page";
pub(crate) const SUBMISSION: &str = "e_submitted_form";
pub(super) const STANDARD: &[&str] =
    &[PAGE_VISIT, PAGE_VISIT, PAGE_VISIT, SUBMISSION, "e_clicked_element", "e_document_shared_v2"];

/// The data of an occurrence that was added by a change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OccurrenceNote {
    pub(crate) place: usize,
    pub(crate) id: u64,
    pub(crate) kind: Option<String>,
    pub(crate) properties: Values,
}

/// Number range of the records of one type, following those of the preceding types.
#[derive(Debug, Clone, Copy)]
struct Slots {
    place: usize,
    first: u64,
    len: u64,
}

/// A permutation of the numbers below `len` with a large step, so that neighbors are far apart.
#[derive(Debug, Clone, Copy)]
struct Shuffle {
    len: u64,
    step: u64,
    /// Inverse of `step` modulo `len`.
    inverse: u64,
}

impl Shuffle {
    fn new(len: u64) -> Self {
        let len = len.max(1);
        let mut step = (len / 8 * 5).max(1);
        loop {
            if let Some(inverse) = inverse(step, len) {
                return Self { len, step, inverse };
            }
            step += 1;
        }
    }

    fn apply(self, number: u64) -> u64 {
        number % self.len * self.step % self.len
    }

    fn invert(self, number: u64) -> u64 {
        number % self.len * self.inverse % self.len
    }
}

/// Returns the inverse of `step` modulo `len`, if it exists.
fn inverse(step: u64, len: u64) -> Option<u64> {
    let (mut rest, mut next_rest) = (i128::from(len), i128::from(step % len));
    let (mut found, mut next) = (0, 1);
    while next_rest != 0 {
        let quotient = rest / next_rest;
        (rest, next_rest) = (next_rest, rest - quotient * next_rest);
        (found, next) = (next, found - quotient * next);
    }
    // With a length of one there is nothing to shuffle.
    let coprime = rest == 1 || len == 1;
    coprime.then(|| u64::try_from(found.rem_euclid(i128::from(len))).unwrap_or_default())
}

/// All occurrences of an account, and its custom event definitions.
#[derive(Debug)]
pub(crate) struct Events {
    pub(super) seed: u64,
    pub(crate) log: Log<OccurrenceNote>,
    slots: Vec<Slots>,
    records: u64,
    shuffle: Shuffle,
    pub(crate) definitions: ItemSet,
}

impl Events {
    pub(crate) fn new(
        seed: u64,
        (events, definitions): (u64, u64),
        stores: &[Store],
        lag_ms: (i64, i64),
        start_ms: i64,
    ) -> Self {
        let mut slots = Vec::new();
        let mut records = 0;
        for (place, store) in stores.iter().enumerate().filter(|(_, store)| store.base.len > 0) {
            slots.push(Slots { place, first: records, len: store.base.len });
            records += store.base.len;
        }
        let len = if records == 0 { 0 } else { events };
        let times = (start_ms - 120 * DAY_MS, start_ms);
        Self {
            seed,
            log: Log::new(mix2(seed, 11), len, times, lag_ms),
            slots,
            shuffle: Shuffle::new(records.div_ceil(RUN)),
            records,
            definitions: ItemSet::new(mix2(seed, 12), definitions, Some(ARCHIVED_EVERY), start_ms),
        }
    }

    /// Returns the number of the record that an initial occurrence belongs to.
    pub(super) fn slot(&self, sequence: u64) -> u64 {
        if sequence % BUSY_EVERY == BUSY {
            return sequence / BUSY_EVERY % BUSY_RECORDS.min(self.records.max(1));
        }
        self.shuffle.apply(sequence / RUN) * RUN
    }

    /// Returns the sequence numbers of the initial occurrences of a record.
    pub(super) fn of_slot(&self, slot: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let busy = BUSY_RECORDS.min(self.records);
        if slot < busy {
            let turns = (0..).map(|turn| (turn * busy + slot) * BUSY_EVERY + BUSY);
            found.extend(turns.take_while(|sequence| *sequence < self.log.len()));
        }
        if slot.is_multiple_of(RUN) {
            let mut run = self.shuffle.invert(slot / RUN);
            while run * RUN < self.log.len() {
                let sequences = run * RUN..(run * RUN + RUN).min(self.log.len());
                found.extend(sequences.filter(|sequence| sequence % BUSY_EVERY != BUSY));
                run += self.shuffle.len;
            }
        }
        found
    }

    /// Returns the number of a record, given by the index of its type and its own index.
    pub(super) fn slot_of(&self, place: usize, index: u64) -> Option<u64> {
        let slots = self.slots.iter().find(|slots| slots.place == place)?;
        Some(slots.first + index)
    }

    /// Returns the index of the type and of the record for a record number.
    pub(super) fn record(&self, slot: u64) -> Option<(usize, u64)> {
        let after = self.slots.partition_point(|slots| slots.first <= slot);
        let slots = self.slots.get(after.checked_sub(1)?)?;
        (slot - slots.first < slots.len).then_some((slots.place, slot - slots.first))
    }

    /// Returns the short name of a custom event.
    pub(crate) fn custom_name(number: u64) -> String {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        CUSTOM_NAMES
            .get(place)
            .map_or_else(|| format!("event_{number:04}"), |name| (*name).to_owned())
    }

    /// Returns the custom events that are not archived.
    pub(super) fn in_use(&self) -> Vec<Item> {
        self.definitions.items().filter(|item| item.archived_ms.is_none()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_can_be_undone() {
        for len in [0, 1, 2, 3, 8, 97, 734, 1_000] {
            let shuffle = Shuffle::new(len);
            for number in 0..len {
                assert_eq!(shuffle.invert(shuffle.apply(number)), number, "{number} of {len}");
            }
        }
    }
}
