//! All records of one type: initial state, changes, and current view.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::portal::base::Base;
use crate::portal::definition::Definition;
use crate::portal::hash::{mix, mix2};
use crate::portal::object_type::ObjectType;
use crate::portal::overlay::{Edit, Overlay, Stamp, Stamps, Status, Touched, Version};
use crate::portal::view::View;

/// Location of an existing record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handle {
    /// An initial record without individual changes, by index.
    Base(u64),
    /// Any other record, by id.
    Touched(u64),
}

/// One object type with its records and definitions.
#[derive(Debug)]
pub struct Store {
    pub object: ObjectType,
    pub(crate) seed: u64,
    pub(crate) base: Base,
    pub(crate) overlay: Overlay,
    pub(crate) stamps: Stamps,
    /// Indices of touched records that were live at the start, ascending.
    pub(crate) displaced: Vec<u64>,
    pub(crate) definitions: Vec<Definition>,
    pub(crate) by_name: BTreeMap<String, usize>,
    live: u64,
    pub(crate) next_id: u64,
    sequence: u64,
    lag_ms: (i64, i64),
}

impl Store {
    pub(crate) fn new(
        object: ObjectType,
        seed: u64,
        base: Base,
        definitions: Vec<Definition>,
        lag_ms: (i64, i64),
    ) -> Self {
        let by_name = definitions
            .iter()
            .enumerate()
            .map(|(place, definition)| (definition.name.clone(), place))
            .collect();
        Self {
            object,
            seed,
            live: base.len - base.archived_in(&(0..base.len)),
            next_id: base.end_id(),
            base,
            overlay: Overlay::default(),
            stamps: Stamps::default(),
            displaced: Vec::new(),
            definitions,
            by_name,
            sequence: 0,
            lag_ms,
        }
    }

    /// Returns the number of live records.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// Returns the definition of a property that is not archived, and its index.
    pub(crate) fn definition(&self, name: &str) -> Option<(usize, &Definition)> {
        let place = *self.by_name.get(name)?;
        self.definitions.get(place).filter(|found| !found.archived).map(|found| (place, found))
    }

    /// Returns the location of the record with this id, including merged and purged ones.
    pub(crate) fn handle(&self, id: u64) -> Option<Handle> {
        if self.overlay.records.contains_key(&id) {
            return Some(Handle::Touched(id));
        }
        self.base.index_of(id).map(Handle::Base)
    }

    pub(crate) fn status(&self, handle: Handle) -> Status {
        match handle {
            Handle::Base(index) if self.base.archived(index) => {
                Status::Archived(self.base.archived_ms(index))
            }
            Handle::Base(_) => Status::Live,
            Handle::Touched(id) => {
                let current = self.overlay.records.get(&id).and_then(Touched::current);
                current.map_or(Status::Purged, |version| version.status)
            }
        }
    }

    /// Returns the current state of the record; `None` if it was purged or merged.
    pub(crate) fn view(&self, handle: Handle) -> Option<View<'_>> {
        match handle {
            Handle::Base(index) => Some(self.base_view(index, self.modified_of_base(index))),
            Handle::Touched(id) => {
                let record = self.overlay.records.get(&id)?;
                touched_view(id, record, record.current()?)
            }
        }
    }

    /// Returns the record as the search index shows it.
    pub(crate) fn indexed_view(&self, handle: Handle, now_ms: i64) -> Option<View<'_>> {
        match handle {
            Handle::Base(index) => {
                Some(self.base_view(index, self.indexed_modified(index, now_ms)))
            }
            Handle::Touched(id) => {
                let record = self.overlay.records.get(&id)?;
                touched_view(id, record, record.indexed(now_ms)?)
            }
        }
    }

    fn base_view(&self, index: u64, modified_ms: i64) -> View<'_> {
        View {
            id: self.base.id(index),
            created_ms: self.base.created_ms(index),
            first_modified_ms: self.base.modified_ms(index),
            modified_ms,
            archived_ms: self.base.archived(index).then(|| self.base.archived_ms(index)),
            key: self.base.key(index),
            edits: &[],
        }
    }

    /// Returns the live or archived record with this id.
    pub(crate) fn get(&self, id: u64) -> Option<View<'_>> {
        self.handle(id).and_then(|handle| self.view(handle))
    }

    /// Returns `true` if there is a live record with this id.
    pub(crate) fn is_live(&self, id: u64) -> bool {
        self.handle(id).is_some_and(|handle| self.status(handle) == Status::Live)
    }

    /// Returns the id of the record that this one was merged into, or the id itself.
    pub(crate) fn resolve(&self, id: u64) -> u64 {
        let mut id = id;
        while let Some(Status::Merged(winner)) = self.handle(id).map(|handle| self.status(handle)) {
            id = winner;
        }
        id
    }

    /// Returns the records with ids from `from` on, ascending: the archived ones, or all others.
    pub(crate) fn list(&self, from: u64, archived: bool) -> Box<dyn Iterator<Item = Handle> + '_> {
        let untouched = self.indices(self.base.lower_bound(from), archived);
        let mut untouched =
            untouched.map(|index| (self.base.id(index), Handle::Base(index))).peekable();
        let wanted = move |record: &Touched| match record.current().map(|current| current.status) {
            Some(Status::Live) => !archived,
            Some(Status::Archived(_)) => archived,
            Some(Status::Merged(_) | Status::Purged) | None => false,
        };
        let mut touched = self
            .overlay
            .records
            .range(from..)
            .filter(move |(_, record)| wanted(record))
            .map(|(id, _)| *id)
            .peekable();
        Box::new(std::iter::from_fn(move || match (untouched.peek(), touched.peek()) {
            (Some((id, _)), Some(other)) if id < other => {
                untouched.next().map(|(_, handle)| handle)
            }
            (Some(_), None) => untouched.next().map(|(_, handle)| handle),
            (_, Some(_)) => touched.next().map(Handle::Touched),
            (None, None) => None,
        }))
    }

    /// Returns the indices from `from` on of untouched records: the archived ones, or all others.
    fn indices(&self, from: u64, archived: bool) -> Box<dyn Iterator<Item = u64> + '_> {
        if archived {
            let mut next = self.base.next_archived(from);
            return Box::new(
                std::iter::from_fn(move || {
                    let index = (next < self.base.len).then_some(next)?;
                    next = self.base.next_archived(index + 1);
                    Some(index)
                })
                .filter(|index| !self.overlay.records.contains_key(&self.base.id(*index))),
            );
        }
        let mut displaced = self
            .displaced
            .get(self.displaced.partition_point(|index| *index < from)..)
            .unwrap_or_default()
            .iter()
            .copied()
            .peekable();
        Box::new((from..self.base.len).filter(move |index| {
            !self.base.archived(*index) && displaced.next_if_eq(index).is_none()
        }))
    }

    /// Returns the stamps on a record; archived records have none.
    fn stamps_on(&self, index: u64) -> &[Stamp] {
        if self.base.archived(index) { &[] } else { self.stamps.at(index) }
    }

    fn modified_of_base(&self, index: u64) -> i64 {
        match self.stamps_on(index).last() {
            Some(stamp) => stamp.modified_ms,
            None => self.base.modified_ms(index),
        }
    }

    pub(crate) fn indexed_modified(&self, index: u64, now_ms: i64) -> i64 {
        let id = self.base.id(index);
        let shown = self.stamps_on(index).iter().rev().find(|stamp| self.shown(stamp, id, now_ms));
        shown.map_or_else(|| self.base.modified_ms(index), |stamp| stamp.modified_ms)
    }

    fn shown(&self, stamp: &Stamp, id: u64, now_ms: i64) -> bool {
        stamp.at_ms + self.lag(id, stamp.sequence) <= now_ms
    }

    /// Returns `true` if the index shows this stamp on every record at `now_ms`.
    pub(crate) fn settled(&self, stamp: &Stamp, now_ms: i64) -> bool {
        stamp.at_ms + self.lag_ms.1.max(self.lag_ms.0) <= now_ms
    }

    /// Returns the delay, in milliseconds, until the index shows a change of a record.
    fn lag(&self, id: u64, sequence: u64) -> i64 {
        let (min, max) = self.lag_ms;
        let spread = u64::try_from(max - min).unwrap_or_default() + 1;
        min + i64::try_from(mix2(self.seed ^ sequence, id) % spread).unwrap_or_default()
    }
}

/// Modification of records.
impl Store {
    /// Appends a version to a record. If `modified_ms` is `None`, the modified date is kept.
    pub(crate) fn put(
        &mut self,
        id: u64,
        status: Status,
        modified_ms: Option<i64>,
        edits: &[Edit],
        now_ms: i64,
    ) {
        self.sequence += 1;
        let handle = self.handle(id);
        let before = handle.map_or(Status::Purged, |handle| self.status(handle));
        let start = handle.map_or_else(
            || Touched { key: mix2(self.seed, id), ..Touched::new(now_ms) },
            |handle| self.touched(handle, now_ms),
        );
        if let Some(Handle::Base(index)) = handle
            && !self.base.archived(index)
        {
            let place = self.displaced.partition_point(|other| *other < index);
            self.displaced.insert(place, index);
        }
        let current = start.current();
        let old_modified_ms = current.map_or(now_ms, |version| version.modified_ms);
        let old_edits = current.map(|version| Arc::clone(&version.edits)).unwrap_or_default();
        let version = Version {
            indexed_ms: now_ms + self.lag(id, self.sequence),
            modified_ms: modified_ms.unwrap_or(old_modified_ms),
            status,
            edits: if edits.is_empty() {
                old_edits
            } else {
                old_edits.iter().chain(edits).cloned().collect()
            },
        };
        self.live += u64::from(status == Status::Live);
        self.live -= u64::from(before == Status::Live);
        self.next_id = self.next_id.max(id + 1);
        self.overlay.push(id, || start, version, now_ms);
    }

    /// Returns the record in the overlay's representation.
    fn touched(&self, handle: Handle, now_ms: i64) -> Touched {
        let index = match handle {
            Handle::Touched(id) => {
                let kept = self.overlay.records.get(&id).cloned();
                return kept.unwrap_or_else(|| Touched::new(now_ms));
            }
            Handle::Base(index) => index,
        };
        let id = self.base.id(index);
        let version = |indexed_ms, modified_ms| Version {
            indexed_ms,
            modified_ms,
            status: self.status(handle),
            edits: Arc::default(),
        };
        let pending =
            self.stamps_on(index).iter().filter(|stamp| !self.shown(stamp, id, now_ms)).map(
                |stamp| version(stamp.at_ms + self.lag(id, stamp.sequence), stamp.modified_ms),
            );
        let first = version(i64::MIN, self.indexed_modified(index, now_ms));
        Touched {
            key: self.base.key(index),
            created_ms: self.base.created_ms(index),
            first_modified_ms: self.base.modified_ms(index),
            versions: std::iter::once(first).chain(pending).collect(),
        }
    }

    /// Sets a modified date on every record whose id is in the range.
    pub(crate) fn stamp(&mut self, ids: Range<u64>, modified_ms: i64, now_ms: i64) {
        let touched: Vec<u64> =
            self.overlay.records.range(ids.clone()).map(|(id, _)| *id).collect();
        for id in touched.into_iter().filter(|id| self.is_live(*id)).collect::<Vec<_>>() {
            self.put(id, Status::Live, Some(modified_ms), &[], now_ms);
        }
        self.sequence += 1;
        let stamp = Stamp { sequence: self.sequence, at_ms: now_ms, modified_ms };
        let (start, end) = (self.base.lower_bound(ids.start), self.base.lower_bound(ids.end));
        self.stamps.put(start, end, stamp);
    }

    /// Returns an unused id that is greater than all existing ones.
    pub(crate) fn free_id(&self) -> u64 {
        self.base.align(self.next_id + mix(self.next_id) % 97)
    }
}

fn touched_view<'a>(id: u64, record: &'a Touched, version: &'a Version) -> Option<View<'a>> {
    let archived_ms = match version.status {
        Status::Live => None,
        Status::Archived(at_ms) => Some(at_ms),
        Status::Merged(_) | Status::Purged => return None,
    };
    Some(View {
        id,
        created_ms: record.created_ms,
        first_modified_ms: record.first_modified_ms,
        modified_ms: version.modified_ms,
        archived_ms,
        key: record.key,
        edits: &version.edits,
    })
}
