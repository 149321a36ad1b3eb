//! Collections of tens or hundreds of items (lists, forms, e-mails, campaigns): the dates of
//! initial items are computed from their numbers, later items and all changes are stored.

use std::collections::BTreeMap;

use crate::portal::hash::{mix, mix2};

const DAY_MS: i64 = 86_400_000;
const LAST_TWELVE_DIGITS: u64 = 0xFFFF_FFFF_FFFF;

/// One item of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) number: u64,
    pub(crate) created_ms: i64,
    /// Instant of the last edit; the creation date if there were none.
    pub(crate) updated_ms: i64,
    pub(crate) edits: u32,
    pub(crate) archived_ms: Option<i64>,
}

/// All items of one kind.
#[derive(Debug)]
pub(crate) struct ItemSet {
    pub(crate) seed: u64,
    start_ms: i64,
    len: u64,
    /// Interval of initially archived items: the last item of every run of this length.
    archived_every: Option<u64>,
    changed: BTreeMap<u64, Item>,
}

impl ItemSet {
    pub(crate) fn new(seed: u64, len: u64, archived_every: Option<u64>, start_ms: i64) -> Self {
        Self { seed, start_ms, len, archived_every, changed: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Returns all items by number, archived ones included.
    pub(crate) fn items(&self) -> impl DoubleEndedIterator<Item = Item> + '_ {
        (0..self.len).filter_map(|number| self.item(number))
    }

    pub(crate) fn item(&self, number: u64) -> Option<Item> {
        let changed = self.changed.get(&number).copied();
        changed.or_else(|| (number < self.len).then(|| self.initial(number)))
    }

    /// Returns an initial item. Every third one, starting with number 1, is old and was never
    /// edited.
    fn initial(&self, number: u64) -> Item {
        let random = mix2(self.seed, number);
        let below = |bound: u64, salt: u64| {
            i64::try_from(mix2(random, salt) % bound.max(1)).unwrap_or_default()
        };
        let untouched = number % 3 == 1;
        let age = below(1_000, 1) + if untouched { 830 } else { 100 };
        let end_ms = self.start_ms - self.start_ms.rem_euclid(60_000) - 3_600_000;
        let mut created_ms = end_ms - age * DAY_MS + below(80_000_000, 2);
        if random.is_multiple_of(4) {
            created_ms -= created_ms.rem_euclid(1_000);
        }
        let rest = u64::try_from(end_ms - created_ms).unwrap_or_default();
        let updated_ms = if untouched { created_ms } else { created_ms + 1 + below(rest, 3) };
        let archived =
            self.archived_every.is_some_and(|every| every > 0 && number % every == every - 1);
        Item {
            number,
            created_ms,
            updated_ms,
            edits: if untouched { 0 } else { 1 + u32::try_from(random % 6).unwrap_or_default() },
            archived_ms: archived.then(|| updated_ms + (end_ms - updated_ms) / 2),
        }
    }

    /// Appends an item and returns its number.
    pub(crate) fn create(&mut self, now_ms: i64) -> u64 {
        let number = self.len;
        self.len += 1;
        let item =
            Item { number, created_ms: now_ms, updated_ms: now_ms, edits: 0, archived_ms: None };
        self.changed.insert(number, item);
        number
    }

    /// Updates the date of the last edit. Returns `None` if the item does not exist or is archived.
    pub(crate) fn edit(&mut self, number: u64, now_ms: i64) -> Option<()> {
        let mut item = self.item(number).filter(|item| item.archived_ms.is_none())?;
        item.updated_ms = now_ms;
        item.edits += 1;
        self.changed.insert(number, item);
        Some(())
    }

    /// Archives an item. Returns `None` if it does not exist or is already archived.
    pub(crate) fn archive(&mut self, number: u64, now_ms: i64) -> Option<()> {
        let mut item = self.item(number).filter(|item| item.archived_ms.is_none())?;
        item.archived_ms = Some(now_ms);
        self.changed.insert(number, item);
        Some(())
    }

    /// Returns the item with this GUID.
    pub(crate) fn by_guid(&self, guid: &str) -> Option<Item> {
        let digits = guid.rsplit('-').next()?;
        let number = u64::from_str_radix(digits, 16).ok()? ^ (mix(self.seed) & LAST_TWELVE_DIGITS);
        self.item(number).filter(|item| self.guid(item.number).eq_ignore_ascii_case(guid))
    }

    pub(crate) fn guid(&self, number: u64) -> String {
        guid(self.seed, number)
    }
}

/// Returns the id of a numbered item in the format of a random UUID.
pub(crate) fn guid(seed: u64, number: u64) -> String {
    let random = mix2(seed ^ 0x6D, number);
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        random >> 32,
        random >> 16 & 0xFFFF,
        random >> 8 & 0xFFF,
        random & 0xFFF,
        number ^ (mix(seed) & LAST_TWELVE_DIGITS)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: i64 = 1_790_000_000_000;

    #[test]
    fn guids_lead_back_to_their_items() {
        let item_set = ItemSet::new(3, 40, Some(7), START_MS);
        for item in item_set.items() {
            let guid = item_set.guid(item.number);
            assert_eq!(guid.len(), 36);
            assert_eq!(item_set.by_guid(&guid), Some(item), "{guid}");
        }
        for strange in ["", "x", &guid(3, 40), &guid(4, 1)] {
            assert_eq!(item_set.by_guid(strange), None, "{strange}");
        }
    }

    #[test]
    fn dates_are_in_order_and_some_items_are_old_and_untouched() {
        let item_set = ItemSet::new(1, 300, Some(7), START_MS);
        for item in item_set.items() {
            assert!(item.created_ms <= item.updated_ms && item.updated_ms < START_MS, "{item:?}");
            assert!(item.archived_ms.is_none_or(|at_ms| at_ms > item.updated_ms), "{item:?}");
            assert_eq!(item.edits == 0, item.updated_ms == item.created_ms, "{item:?}");
        }
        let untouched = item_set.items().filter(|item| item.edits == 0);
        assert!(untouched.map(|item| START_MS - item.updated_ms).min() > Some(2 * 365 * DAY_MS));
    }

    #[test]
    fn changes_reach_living_items_only() {
        let mut item_set = ItemSet::new(1, 8, Some(7), START_MS);
        for (case, number, expected) in
            [("a living one", 0, Some(())), ("an archived one", 6, None), ("none", 8, None)]
        {
            assert_eq!(item_set.edit(number, START_MS), expected, "{case}");
        }
        assert_eq!(item_set.create(START_MS + 5), 8);
        assert_eq!(item_set.archive(8, START_MS + 6), Some(()));
        assert_eq!(item_set.archive(8, START_MS + 7), None);
        assert_eq!(item_set.items().count(), 9);
    }
}
