//! Lists of records: names, object types, and the effect of changes.

use std::collections::BTreeMap;

use crate::portal::item_set::{Item, ItemSet};
use crate::portal::marketing_spec::MarketingSpec;
use crate::portal::members::{MemberEdits, Members};
use crate::portal::object_type::ObjectType;
use crate::portal::store::Store;

const FIRST_ID: u64 = 311;
const ID_STEP: u64 = 7;
/// Object type and processing type of the lists, in a cycle.
const KINDS: &[(&str, &str)] = &[
    ("0-1", "DYNAMIC"),
    ("0-1", "MANUAL"),
    ("0-2", "DYNAMIC"),
    ("0-136", "MANUAL"),
    ("0-1", "SNAPSHOT"),
    ("0-3", "DYNAMIC"),
    ("2-31337", "MANUAL"),
    ("0-5", "DYNAMIC"),
    ("0-1", "DYNAMIC"),
    ("0-2", "SNAPSHOT"),
];
/// The object type whose lists have no readable members.
const WITHOUT_MEMBERS: &str = "0-136";

/// Data of a list created by a change.
#[derive(Debug)]
struct Named {
    name: String,
    object: String,
    processing: String,
}

/// All lists of an account.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) item_set: ItemSet,
    initial: u64,
    largest: u64,
    created: BTreeMap<u64, Named>,
    pub(crate) edits: BTreeMap<u64, MemberEdits>,
}

impl Lists {
    pub(crate) fn new(seed: u64, spec: &MarketingSpec, start_ms: i64) -> Self {
        Self {
            item_set: ItemSet::new(seed ^ 0x115, spec.lists, None, start_ms),
            initial: spec.lists,
            largest: spec.largest_list,
            created: BTreeMap::new(),
            edits: BTreeMap::new(),
        }
    }

    pub(crate) fn create(&mut self, name: &str, object: &str, processing: &str, now_ms: i64) {
        let number = self.item_set.create(now_ms);
        let named = Named {
            name: name.to_owned(),
            object: object.to_owned(),
            processing: processing.to_owned(),
        };
        self.created.insert(number, named);
    }

    /// Returns the id of the object type of a list.
    pub(crate) fn object_of(&self, item: &Item) -> &str {
        let created = self.created.get(&item.number);
        created.map_or(kind(item.number).0, |created| created.object.as_str())
    }

    /// Returns a list whose records are in `store`.
    pub(crate) fn list<'a>(&'a self, item: Item, store: &'a Store) -> List<'a> {
        List { item, object: &store.object, store, lists: self }
    }

    /// Returns the number of a list id; the list may not exist.
    pub(crate) fn number(id: u64) -> Option<u64> {
        let steps = id.checked_sub(FIRST_ID)?;
        steps.is_multiple_of(ID_STEP).then_some(steps / ID_STEP)
    }
}

/// One list.
pub(crate) struct List<'a> {
    pub(crate) item: Item,
    pub(crate) object: &'a ObjectType,
    store: &'a Store,
    lists: &'a Lists,
}

impl<'a> List<'a> {
    pub(crate) fn id(&self) -> u64 {
        FIRST_ID + self.item.number * ID_STEP
    }

    /// Returns the id in the Lists v1 API; newer lists have none.
    pub(crate) fn legacy_id(&self) -> Option<u64> {
        (self.item.number < self.lists.initial && !self.item.number.is_multiple_of(5))
            .then_some(self.item.number + 2)
    }

    pub(crate) fn name(&self) -> String {
        let created = self.lists.created.get(&self.item.number);
        created.map_or_else(
            || format!("{} {}", self.object.label(true), self.item.number),
            |created| created.name.clone(),
        )
    }

    pub(crate) fn processing(&self) -> &'a str {
        let created = self.lists.created.get(&self.item.number);
        created.map_or(kind(self.item.number).1, |created| created.processing.as_str())
    }

    /// Returns `true` if the memberships endpoint serves this list.
    pub(crate) fn shows_members(&self) -> bool {
        self.object.id != WITHOUT_MEMBERS
    }

    pub(crate) fn edits(&self) -> Option<&'a MemberEdits> {
        self.lists.edits.get(&self.item.number)
    }

    pub(crate) fn members(&self) -> Members<'a> {
        let number = self.item.number;
        let live = self.store.base.live_below(self.store.base.len);
        let size = match number {
            number if number >= self.lists.initial => 0,
            0 => self.lists.largest.min(live),
            // Most lists are small; a few have half of all live records.
            number if number.is_multiple_of(8) => live / 2,
            number => (live / 6).min(40 + number * 9),
        };
        Members::new(self.store, self.edits(), size, &self.item, self.processing() == "SNAPSHOT")
    }
}

fn kind(number: u64) -> (&'static str, &'static str) {
    let place = usize::try_from(number).unwrap_or_default() % KINDS.len();
    KINDS.get(place).copied().unwrap_or(("0-1", "MANUAL"))
}
