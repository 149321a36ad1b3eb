//! A record as returned by the API.

use crate::portal::definition::{Definition, Origin, Role};
use crate::portal::hash::mix;
use crate::portal::overlay::Edit;
use crate::portal::text::{push_iso, push_string, push_u64};
use crate::portal::value::{self, Form};

/// One record at one point in time. Values are derived from the key unless there is an edit.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub id: u64,
    pub created_ms: i64,
    /// The modified date before any change.
    pub(crate) first_modified_ms: i64,
    pub modified_ms: i64,
    pub archived_ms: Option<i64>,
    pub(crate) key: u64,
    pub(crate) edits: &'a [Edit],
}

/// Retention of the recycle bin, in milliseconds.
const BIN_MS: i64 = 90 * 86_400_000;

impl View<'_> {
    /// Returns `true` if the record has left the recycle bin. HubSpot: archived records are deleted
    /// after ninety days.
    pub(crate) fn expired(&self, now_ms: i64) -> bool {
        self.archived_ms.is_some_and(|archived_ms| archived_ms + BIN_MS <= now_ms)
    }

    /// Returns the last edit of a property.
    fn edit(&self, property: usize) -> Option<&Edit> {
        self.edits.iter().rev().find(|edit| edit.property == property)
    }

    fn hash(&self, definition: &Definition) -> u64 {
        mix(self.key ^ definition.salt)
    }

    /// Appends the value as JSON. `property` is the index of `definition` within its type.
    pub(crate) fn push_json(&self, out: &mut Vec<u8>, definition: &Definition, property: usize) {
        if let Some(edit) = self.edit(property) {
            match &edit.value {
                Some(text) => push_string(out, text),
                None => out.extend_from_slice(b"null"),
            }
            return;
        }
        match definition.role {
            Role::Plain if definition.origin == Origin::Late => out.extend_from_slice(b"null"),
            Role::Plain => value::push_json(out, definition.kind, self.hash(definition)),
            Role::MergedIds | Role::MergedVids | Role::Restless => {
                out.extend_from_slice(b"null");
            }
            Role::Id | Role::Created | Role::Modified | Role::Email => {
                out.push(b'"');
                self.push_own(out, definition.role);
                out.push(b'"');
            }
        }
    }

    /// Returns the value as text, or `None` for null.
    pub(crate) fn text(&self, definition: &Definition, property: usize) -> Option<String> {
        if let Some(edit) = self.edit(property) {
            return edit.value.as_ref().map(ToString::to_string);
        }
        let mut out = Vec::new();
        match definition.role {
            Role::Plain => {
                let blank = definition.origin == Origin::Late;
                let hash = self.hash(definition);
                if blank || value::push_raw(&mut out, definition.kind, hash) == Form::Null {
                    return None;
                }
            }
            Role::MergedIds | Role::MergedVids | Role::Restless => return None,
            Role::Id | Role::Created | Role::Modified | Role::Email => {
                self.push_own(&mut out, definition.role);
            }
        }
        String::from_utf8(out).ok()
    }

    /// Appends a value that is derived from the record itself; always plain ASCII.
    fn push_own(&self, out: &mut Vec<u8>, role: Role) {
        match role {
            Role::Id => push_u64(out, self.id),
            Role::Created => push_iso(out, self.created_ms),
            Role::Modified => push_iso(out, self.modified_ms),
            Role::Email => {
                out.extend_from_slice(b"person.");
                push_u64(out, self.id);
                out.extend_from_slice(b"@example.test");
            }
            Role::Plain | Role::MergedIds | Role::MergedVids | Role::Restless => {}
        }
    }
}

/// Returns the record id in a generated e-mail address.
pub(crate) fn id_of_email(email: &str) -> Option<u64> {
    email.strip_prefix("person.")?.strip_suffix("@example.test")?.parse().ok()
}
