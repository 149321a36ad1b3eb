//! Lists of records.

use crate::portal::Portal;
use crate::portal::item_set::Item;
use crate::portal::lists::{List, Lists};

impl Portal {
    fn list_of(&self, item: Item) -> Option<List<'_>> {
        let object = self.lists.object_of(&item);
        let store = self.store(object).or_else(|| self.stores.first())?;
        Some(self.lists.list(item, store))
    }

    /// Returns the list with an id, unless it was deleted.
    pub(crate) fn list(&self, id: u64) -> Option<List<'_>> {
        let item = self.lists.item_set.item(Lists::number(id)?)?;
        item.archived_ms.is_none().then(|| self.list_of(item))?
    }

    /// Returns all lists that were not deleted, by ascending id.
    pub(crate) fn lists(&self) -> impl DoubleEndedIterator<Item = List<'_>> + '_ {
        let items = self.lists.item_set.items().filter(|item| item.archived_ms.is_none());
        items.filter_map(|item| self.list_of(item))
    }
}
