//! Changes to flows and events.

use serde::{Deserialize, Serialize};

use crate::portal::Portal;
use crate::portal::change::Values;
use crate::portal::events::OccurrenceNote;

/// Occurrences of an event, all of one record and at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrences {
    pub object: String,
    pub id: u64,
    #[serde(default = "one")]
    pub count: u64,
    /// Such as `e_visited_page` or `pe4455_demo_booked`; any type if left out.
    #[serde(default)]
    pub event_type: Option<String>,
    /// Instant of the occurrence, which may be in the past; the instant of the change if left out.
    #[serde(default)]
    pub at_ms: Option<i64>,
    /// Delay until it becomes visible; chosen by the simulator if left out.
    #[serde(default)]
    pub delay_ms: Option<i64>,
    #[serde(default)]
    pub properties: Values,
}

/// A new flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFlow {
    /// Whether the flow is about contacts, so that the older automation API shows it too.
    #[serde(default = "yes")]
    pub contact_based: bool,
}

fn one() -> u64 {
    1
}

fn yes() -> bool {
    true
}

impl Portal {
    pub(crate) fn occur(&mut self, change: &Occurrences, now_ms: i64) -> Result<(), String> {
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

    pub(crate) fn create_flow(&mut self, flow: NewFlow, now_ms: i64) {
        let automation = &mut self.automation;
        let roster =
            if flow.contact_based { &mut automation.contact } else { &mut automation.other };
        roster.create(now_ms);
    }

    /// Toggles a flow, given by its id in the newer API.
    pub(crate) fn edit_flow(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let place = self.automation.place(id);
        let edited = place.and_then(|(roster, number)| roster.edit(number, now_ms));
        edited.ok_or_else(|| format!("there is no flow {id}"))
    }

    pub(crate) fn delete_flow(&mut self, id: u64, now_ms: i64) -> Result<(), String> {
        let place = self.automation.place(id);
        let deleted = place.and_then(|(roster, number)| roster.archive(number, now_ms));
        deleted.ok_or_else(|| format!("there is no flow {id}"))
    }
}
