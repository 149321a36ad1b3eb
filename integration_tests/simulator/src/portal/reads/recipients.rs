//! Recipients of e-mails.

use crate::portal::Portal;
use crate::portal::hash::mix;

impl Portal {
    /// Returns the e-mail address of a contact, or one without a contact if there are none.
    pub(crate) fn some_recipient(&self, random: u64) -> String {
        let base = self.store("contacts").map(|store| &store.base);
        let id = base
            .filter(|base| base.len > 0)
            .map_or_else(|| random % 1_000, |base| base.id(mix(random) % base.len));
        format!("person.{id}@example.test")
    }
}
