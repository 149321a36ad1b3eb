//! Event occurrences of records. All occurrences are in one log; the record of an occurrence is
//! computed from its sequence number, and the mapping can be inverted to find the occurrences of a
//! record.

use crate::portal::Portal;
use crate::portal::change::Values;
use crate::portal::hash::mix2;
use crate::portal::log::{END, Key, Log};
use crate::portal::roster::{Item, Roster, guid};
use crate::portal::store::Store;
use crate::portal::view::View;

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
const STANDARD: &[&str] =
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

    fn forth(self, number: u64) -> u64 {
        number % self.len * self.step % self.len
    }

    fn back(self, number: u64) -> u64 {
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

/// One event occurrence.
#[derive(Debug)]
pub(crate) struct Occurrence<'a> {
    pub(crate) at_ms: i64,
    pub(crate) dice: u64,
    pub(crate) uuid: String,
    pub(crate) store: &'a Store,
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) properties: Option<&'a Values>,
}

/// All occurrences of an account, and its custom event definitions.
#[derive(Debug)]
pub(crate) struct Events {
    seed: u64,
    pub(crate) log: Log<OccurrenceNote>,
    slots: Vec<Slots>,
    records: u64,
    shuffle: Shuffle,
    pub(crate) definitions: Roster,
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
            definitions: Roster::new(mix2(seed, 12), definitions, Some(ARCHIVED_EVERY), start_ms),
        }
    }

    /// Returns the number of the record that an initial occurrence belongs to.
    fn slot(&self, sequence: u64) -> u64 {
        if sequence % BUSY_EVERY == BUSY {
            return sequence / BUSY_EVERY % BUSY_RECORDS.min(self.records.max(1));
        }
        self.shuffle.forth(sequence / RUN) * RUN
    }

    /// Returns the sequence numbers of the initial occurrences of a record.
    fn of_slot(&self, slot: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let busy = BUSY_RECORDS.min(self.records);
        if slot < busy {
            let turns = (0..).map(|turn| (turn * busy + slot) * BUSY_EVERY + BUSY);
            found.extend(turns.take_while(|sequence| *sequence < self.log.len()));
        }
        if slot.is_multiple_of(RUN) {
            let mut run = self.shuffle.back(slot / RUN);
            while run * RUN < self.log.len() {
                let sequences = run * RUN..(run * RUN + RUN).min(self.log.len());
                found.extend(sequences.filter(|sequence| sequence % BUSY_EVERY != BUSY));
                run += self.shuffle.len;
            }
        }
        found
    }

    /// Returns the index of the type and of the record for a record number.
    fn record(&self, slot: u64) -> Option<(usize, u64)> {
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
    fn in_use(&self) -> Vec<Item> {
        self.definitions.items().filter(|item| item.archived_ms.is_none()).collect()
    }
}

impl Portal {
    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    /// Returns the full name of a custom event, `pe<portal>_<name>`.
    pub(crate) fn event_name(&self, number: u64) -> String {
        format!("pe{}_{}", self.portal_id(), Events::custom_name(number))
    }

    /// Returns every event type of the account.
    pub(crate) fn event_types(&self) -> Vec<String> {
        let mut names: Vec<String> = STANDARD.iter().map(|name| (*name).to_owned()).collect();
        names.dedup();
        names.extend(self.events.in_use().iter().map(|item| self.event_name(item.number)));
        names
    }

    /// Returns the keys of the occurrences of a record that are visible at `now_ms`, oldest first.
    pub(crate) fn occurrences_of(&self, place: usize, id: u64, now_ms: i64) -> Vec<Key> {
        let events = &self.events;
        let index = self.stores.get(place).and_then(|store| store.base.index_of(id));
        let slots = events.slots.iter().find(|slots| slots.place == place);
        let slot = slots.zip(index).map(|(slots, index)| slots.first + index);
        let mut keys: Vec<Key> = slot
            .into_iter()
            .flat_map(|slot| events.of_slot(slot))
            .filter_map(|sequence| events.log.shown(sequence, now_ms))
            .collect();
        let added = events.log.added(now_ms);
        keys.extend(
            added.filter(|(_, note)| (note.place, note.id) == (place, id)).map(|(key, _)| key),
        );
        keys.sort_unstable();
        keys
    }

    /// Returns the keys of all occurrences that are visible at `now_ms`, newest first.
    pub(crate) fn occurrences(&self, now_ms: i64) -> impl Iterator<Item = Key> + '_ {
        self.events.log.newest_first(&(i64::MIN..=i64::MAX), END, now_ms)
    }

    /// Returns the occurrence with a key, unless its record is archived or deleted.
    pub(crate) fn occurrence(&self, key: Key) -> Option<Occurrence<'_>> {
        let (at_ms, sequence) = key;
        let dice = self.events.log.dice(sequence);
        let note = self.events.log.entry(key);
        let (place, id) = if let Some(note) = note {
            (note.place, note.id)
        } else {
            let (place, index) = self.events.record(self.events.slot(sequence))?;
            (place, self.stores.get(place)?.base.id(index))
        };
        let store = self.stores.get(place)?;
        store.get(id).filter(|view: &View<'_>| view.archived_ms.is_none())?;
        let kind = note.and_then(|note| note.kind.clone()).unwrap_or_else(|| self.kind(dice));
        Some(Occurrence {
            at_ms,
            dice,
            uuid: guid(self.events.seed, sequence),
            store,
            id,
            kind,
            properties: note.map(|note| &note.properties).filter(|values| !values.is_empty()),
        })
    }

    fn kind(&self, dice: u64) -> String {
        let pick = |len: usize| usize::try_from(dice >> 16).unwrap_or_default() % len.max(1);
        let own = self.events.in_use();
        match own.get(pick(own.len())) {
            Some(item) if dice.is_multiple_of(4) => self.event_name(item.number),
            _ => STANDARD.get(pick(STANDARD.len())).copied().unwrap_or(PAGE_VISIT).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::portal::{AccountSpec, PortalSpec};
    use crate::settings::Settings;

    const START_MS: i64 = 1_790_000_000_000;

    fn portal(events: u64) -> Portal {
        let account = AccountSpec { events, ..AccountSpec::default() };
        let spec = PortalSpec { account, contacts: 100, deals: 7, ..PortalSpec::default() };
        Portal::new(spec, Settings { event_lag_ms: (0, 0), ..Settings::default() }, START_MS)
    }

    #[test]
    fn the_records_of_the_log_and_the_log_of_the_records_agree() {
        for events in [0, 1, 40, 3_000] {
            let portal = portal(events);
            let mut by_record: BTreeMap<(String, u64), Vec<Key>> = BTreeMap::new();
            for key in portal.occurrences(START_MS) {
                let Some(found) = portal.occurrence(key) else { continue };
                by_record.entry((found.store.object.id.clone(), found.id)).or_default().push(key);
            }
            let mut seen = 0;
            for (place, store) in portal.stores().iter().enumerate() {
                for id in portal.ids(&store.object.id) {
                    let keys = portal.occurrences_of(place, id, START_MS);
                    let expected = by_record.remove(&(store.object.id.clone(), id));
                    let mut expected = expected.unwrap_or_default();
                    expected.reverse();
                    assert_eq!(keys, expected, "{events}: {place} {id}");
                    seen += keys.len();
                }
            }
            assert!(by_record.is_empty());
            assert!(seen as u64 <= events && seen as u64 >= events / 10 * 9, "{seen} of {events}");
        }
    }

    #[test]
    fn some_records_are_busy_and_some_have_nothing() {
        let portal = portal(3_000);
        let counts: Vec<usize> =
            portal.ids("contacts").map(|id| portal.occurrences_of(0, id, START_MS).len()).collect();
        assert!(counts[0] > 100 && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn shuffling_can_be_undone() {
        for len in [0, 1, 2, 3, 8, 97, 734, 1_000] {
            let shuffle = Shuffle::new(len);
            for number in 0..len {
                assert_eq!(shuffle.back(shuffle.forth(number)), number, "{number} of {len}");
            }
        }
    }
}
