//! Event occurrences of records.

use crate::portal::Portal;
use crate::portal::events::{Events, PAGE_VISIT, STANDARD};
use crate::portal::item_set::guid;
use crate::portal::log::{END, Key};
use crate::portal::store::Store;
use crate::portal::values::Values;
use crate::portal::view::View;

/// One event occurrence.
#[derive(Debug)]
pub(crate) struct Occurrence<'a> {
    pub(crate) at_ms: i64,
    pub(crate) random: u64,
    pub(crate) uuid: String,
    pub(crate) store: &'a Store,
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) properties: Option<&'a Values>,
}

impl Portal {
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
        let slot = index.and_then(|index| events.slot_of(place, index));
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
        let random = self.events.log.random(sequence);
        let note = self.events.log.entry(key);
        let (place, id) = if let Some(note) = note {
            (note.place, note.id)
        } else {
            let (place, index) = self.events.record(self.events.slot(sequence))?;
            (place, self.stores.get(place)?.base.id(index))
        };
        let store = self.stores.get(place)?;
        store.get(id).filter(|view: &View<'_>| view.archived_ms.is_none())?;
        let kind = note.and_then(|note| note.kind.clone()).unwrap_or_else(|| self.kind(random));
        Some(Occurrence {
            at_ms,
            random,
            uuid: guid(self.events.seed, sequence),
            store,
            id,
            kind,
            properties: note.map(|note| &note.properties).filter(|values| !values.is_empty()),
        })
    }

    fn kind(&self, random: u64) -> String {
        let pick = |len: usize| usize::try_from(random >> 16).unwrap_or_default() % len.max(1);
        let own = self.events.in_use();
        match own.get(pick(own.len())) {
            Some(item) if random.is_multiple_of(4) => self.event_name(item.number),
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
}
