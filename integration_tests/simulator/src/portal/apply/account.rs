//! Changes to flows and events.

use crate::portal::Portal;
use crate::portal::account_change::{NewFlow, Occurrences};
use crate::portal::events::OccurrenceNote;

impl Portal {
    pub(super) fn occur(&mut self, change: &Occurrences, now_ms: i64) -> Result<(), String> {
        let Occurrences { object, id, .. } = change;
        let place = self.place(object).filter(|_| self.exists(object, *id));
        let place = place.ok_or_else(|| format!("there is no live record {id} of {object}"))?;
        for _ in 0..change.count {
            let note = OccurrenceNote {
                place,
                id: *id,
                kind: change.event_type.clone(),
                properties: change.properties.clone(),
            };
            self.events.log.push(change.at_ms.unwrap_or(now_ms), change.delay_ms, now_ms, note);
        }
        Ok(())
    }

    pub(super) fn create_flow(&mut self, flow: NewFlow, now_ms: i64) {
        let automation = &mut self.automation;
        let item_set =
            if flow.contact_based { &mut automation.contact } else { &mut automation.other };
        item_set.create(now_ms);
    }

    /// Toggles a flow, given by its id in the newer API.
    pub(super) fn edit_flow(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let place = self.automation.place(id);
        let edited = place.and_then(|(item_set, number)| item_set.edit(number, now_ms));
        edited.ok_or_else(|| format!("there is no flow {id}"))
    }

    pub(super) fn delete_flow(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let place = self.automation.place(id);
        let deleted = place.and_then(|(item_set, number)| item_set.archive(number, now_ms));
        deleted.ok_or_else(|| format!("there is no flow {id}"))
    }
}
