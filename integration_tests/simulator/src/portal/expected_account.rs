//! Expected contents other than records and marketing, for tests.

use crate::portal::people::team_id;
use crate::portal::{ENGAGEMENTS, Portal};

impl Portal {
    /// Returns the ids of the occurrences of a live record that are visible at an instant, oldest
    /// first.
    pub fn event_ids(&self, object: &str, id: u64, now_ms: i64) -> Vec<String> {
        let keys = self.place(object).map(|place| self.occurrences_of(place, id, now_ms));
        let found = keys.into_iter().flatten().filter_map(|key| self.occurrence(key));
        found.map(|occurrence| occurrence.uuid).collect()
    }

    /// Returns the ids of all occurrences of live records that are visible at an instant, newest
    /// first.
    pub fn all_event_ids(&self, now_ms: i64) -> Vec<String> {
        let found = self.occurrences(now_ms).filter_map(|key| self.occurrence(key));
        found.map(|occurrence| occurrence.uuid).collect()
    }

    /// Returns the ids of the flows in the newer automation API, ascending.
    pub fn flow_ids(&self) -> Vec<u64> {
        self.automation().flows().into_iter().map(|flow| flow.id).collect()
    }

    /// Returns the ids of the contact-based workflows in the older automation API, ascending.
    pub fn workflow_ids(&self) -> Vec<u64> {
        self.automation().flows().into_iter().filter_map(|flow| flow.workflow_id).collect()
    }

    /// Returns the ids of the active users, ascending.
    pub fn user_ids(&self) -> Vec<u64> {
        self.people(false).map(|person| person.user_id()).collect()
    }

    /// Returns the ids of the active or of the archived owners, ascending.
    pub fn owner_ids(&self, archived: bool) -> Vec<u64> {
        self.people(archived).map(|person| person.owner_id()).collect()
    }

    pub fn team_ids(&self) -> Vec<u64> {
        (0..self.spec.account.teams).map(team_id).collect()
    }

    /// Returns the ids of the live calls, e-mails, meetings, notes and tasks, ascending.
    pub fn engagement_ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = ENGAGEMENTS.iter().flat_map(|object| self.ids(object)).collect();
        ids.sort_unstable();
        ids
    }

    /// Returns `true` if this object type is disabled in the account.
    pub fn is_disabled(&self, object: &str) -> bool {
        let place = self.place(object);
        place.is_some_and(|place| self.disabled.contains(&place))
    }
}
