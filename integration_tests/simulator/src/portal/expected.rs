//! Actual contents of the portal, for tests to compare with what was read.

use serde_json::Value;

use crate::portal::store::Handle;
use crate::portal::{Portal, Status, push_history};

impl Portal {
    /// Returns the number of live records of a type, or zero if the type does not exist. Types can
    /// be given by any of their names.
    pub fn count(&self, object: &str) -> u64 {
        self.store(object).map_or(0, super::Store::live)
    }

    /// Returns `true` if there is a live record with this id.
    pub fn exists(&self, object: &str, id: u64) -> bool {
        self.store(object).is_some_and(|store| store.is_live(id))
    }

    /// Returns the ids of the live records, ascending.
    pub fn ids(&self, object: &str) -> impl Iterator<Item = u64> + '_ {
        self.listed(object, false)
    }

    /// Returns the ids of the archived records, ascending.
    pub fn archived_ids(&self, object: &str) -> impl Iterator<Item = u64> + '_ {
        self.listed(object, true)
    }

    fn listed(&self, object: &str, archived: bool) -> impl Iterator<Item = u64> + '_ {
        self.store(object).into_iter().flat_map(move |store| {
            store.list(0, archived).map(|handle| match handle {
                Handle::Base(index) => store.base.id(index),
                Handle::Touched(id) => id,
            })
        })
    }

    /// Returns the modified date of a live or archived record.
    pub fn modified_ms(&self, object: &str, id: u64) -> Option<i64> {
        self.store(object)?.get(id).map(|view| view.modified_ms)
    }

    /// Returns the value of a property of a live or archived record, if it has one.
    pub fn value(&self, object: &str, id: u64, property: &str) -> Option<String> {
        let store = self.store(object)?;
        let (place, definition) = store.definition(property)?;
        store.get(id)?.text(definition, place)
    }

    /// Returns the retained versions of a property of a live or archived record, newest first, as
    /// JSON. A restless property has no stable versions.
    pub fn versions(&self, object: &str, id: u64, property: &str) -> Vec<Value> {
        let Some(store) = self.store(object) else { return Vec::new() };
        let found = store.definition(property).zip(store.get(id));
        let Some(((place, definition), view)) = found else { return Vec::new() };
        let mut out = Vec::new();
        push_history(&mut out, &view, definition, place, self.kept_versions(store));
        serde_json::from_slice(&out).unwrap_or_default()
    }

    /// Returns the number of versions retained for each property of a type.
    pub(crate) fn kept_versions(&self, store: &super::Store) -> usize {
        let settings = &self.settings;
        let kept = if store.object.id == "0-1" {
            settings.history_versions_contacts
        } else {
            settings.history_versions
        };
        kept.unwrap_or(usize::MAX)
    }

    /// Returns the ids of the live records of type `to` that a live record is linked to, ascending.
    pub fn associations(&self, from: &str, id: u64, to: &str) -> Vec<u64> {
        match (self.place(from), self.place(to)) {
            (Some(from), Some(to)) => {
                self.links(from, id, to).into_iter().map(|link| link.to_id).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the names of a type's properties that are not archived, sorted.
    pub fn property_names(&self, object: &str) -> Vec<String> {
        let Some(store) = self.store(object) else { return Vec::new() };
        let names = store.by_name.keys();
        names.filter(|name| store.definition(name).is_some()).cloned().collect()
    }

    /// Returns the id that an id redirects to after merges, or the id itself.
    pub fn merged_into(&self, object: &str, id: u64) -> u64 {
        self.store(object).map_or(id, |store| store.resolve(id))
    }

    /// Returns `true` if the record is in the recycle bin.
    pub fn is_archived(&self, object: &str, id: u64) -> bool {
        let Some(store) = self.store(object) else { return false };
        store.handle(id).is_some_and(|handle| matches!(store.status(handle), Status::Archived(_)))
    }
}
