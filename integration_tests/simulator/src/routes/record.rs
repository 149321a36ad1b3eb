//! Serialization of records.

use crate::message::Answer;
use crate::portal::{
    Definition, Portal, Role, Store, View, push_history, push_iso, push_restless_history,
    push_string, push_u64,
};
use crate::refusal;
use crate::routes::object_types::named_store;
use crate::routes::paging::push_paging;

/// A property to output, and its index among the definitions of its type.
type Column<'a> = (usize, &'a Definition);

/// The parts of each record that a response contains.
pub(crate) struct Shape<'a> {
    portal: &'a Portal,
    store: &'a Store,
    columns: Vec<Column<'a>>,
    history: Vec<Column<'a>>,
    associations: Vec<Inline<'a>>,
    now_ms: i64,
}

/// One requested type of inline associations.
struct Inline<'a> {
    from: usize,
    to: usize,
    store: &'a Store,
    /// Association type names of the primary and of the plain link.
    primary: String,
    plain: String,
}

impl<'a> Shape<'a> {
    /// Selects the named properties, or the type's default ones, and the three that are always
    /// present.
    pub(crate) fn new<'n>(
        portal: &'a Portal,
        store: &'a Store,
        names: impl Iterator<Item = &'n str>,
        history: impl Iterator<Item = &'n str>,
    ) -> Self {
        // HubSpot: unknown names are silently ignored.
        let mut columns: Vec<Column<'a>> =
            names.filter_map(|name| store.definition(name)).collect();
        let mut history: Vec<Column<'a>> =
            history.filter_map(|name| store.definition(name)).collect();
        columns.extend(&history);
        if columns.is_empty() {
            let defaults = store.object.defaults.iter();
            columns.extend(defaults.filter_map(|name| store.definition(name)));
        }
        let always = store.definitions.iter().enumerate().filter(|(_, definition)| {
            matches!(definition.role, Role::Id | Role::Created | Role::Modified)
        });
        columns.extend(always);
        sort(&mut columns);
        sort(&mut history);
        Self { portal, store, columns, history, associations: Vec::new(), now_ms: portal.start_ms }
    }

    /// Sets the instant of the read.
    pub(crate) fn at(self, now_ms: i64) -> Self {
        Self { now_ms, ..self }
    }

    /// Adds inline associations with the named types.
    pub(crate) fn with_associations<'n>(
        mut self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Self, Answer> {
        for name in names {
            let (Some(from), Some(to)) =
                (self.portal.place(&self.store.object.id), self.portal.place(name))
            else {
                return Err(refusal::unknown_type(name));
            };
            let store = named_store(self.portal, name)?;
            if self.associations.iter().any(|known| known.to == to) {
                continue;
            }
            let text = format!("{}_to_{}", self.store.object.singular, store.object.singular);
            let types = self.portal.link_types(from, to);
            let labelled = types.iter().any(|kind| kind.label.as_deref() == Some("Primary"));
            let plain = if labelled { format!("{text}_unlabeled") } else { text.clone() };
            self.associations.push(Inline { from, to, store, primary: text, plain });
        }
        Ok(self)
    }

    /// Returns the estimated size of a record in bytes.
    pub(crate) fn record_size(&self) -> usize {
        400 + self.columns.len() * 48 + self.history.len() * 200
    }

    /// Appends a record as JSON.
    pub(crate) fn push(&self, out: &mut Vec<u8>, view: &View<'_>, with_url: bool) {
        self.portal.count_generated();
        out.extend_from_slice(b"{\"id\":\"");
        push_u64(out, view.id);
        out.extend_from_slice(b"\",\"properties\":{");
        for (number, (place, definition)) in self.columns.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&definition.key);
            if definition.role == Role::Restless {
                push_string(out, &self.reading(view).to_string());
            } else {
                view.push_json(out, definition, *place);
            }
        }
        out.push(b'}');
        if !self.history.is_empty() {
            self.push_histories(out, view);
        }
        out.extend_from_slice(b",\"createdAt\":\"");
        push_iso(out, view.created_ms);
        out.extend_from_slice(b"\",\"updatedAt\":\"");
        push_iso(out, view.modified_ms);
        if let Some(archived_ms) = view.archived_ms {
            out.extend_from_slice(b"\",\"archived\":true,\"archivedAt\":\"");
            push_iso(out, archived_ms);
            out.push(b'"');
        } else {
            out.extend_from_slice(b"\",\"archived\":false");
        }
        if with_url {
            out.extend_from_slice(b",\"url\":\"https://app.hubspot.com/contacts/");
            push_u64(out, self.portal.portal_id());
            out.extend_from_slice(b"/record/");
            out.extend_from_slice(self.store.object.id.as_bytes());
            out.push(b'/');
            push_u64(out, view.id);
            out.push(b'"');
        }
        self.push_associations(out, view.id);
        out.push(b'}');
    }

    /// Returns the current value of a restless property: the record's age in seconds plus the
    /// number of records returned so far.
    fn reading(&self, view: &View<'_>) -> u64 {
        let seconds = (self.now_ms - view.created_ms).max(0) / 1_000;
        u64::try_from(seconds).unwrap_or_default() + self.portal.generated()
    }

    fn push_histories(&self, out: &mut Vec<u8>, view: &View<'_>) {
        let kept = self.portal.kept_versions(self.store);
        out.extend_from_slice(b",\"propertiesWithHistory\":{");
        for (number, (place, definition)) in self.history.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&definition.key);
            if definition.role == Role::Restless {
                push_restless_history(out, self.reading(view), self.now_ms);
                continue;
            }
            push_history(out, view, definition, *place, kept);
        }
        out.push(b'}');
    }

    fn push_associations(&self, out: &mut Vec<u8>, id: u64) {
        let page = self.portal.settings.inline_associations_page;
        let mut written = false;
        for inline in &self.associations {
            let links = self.portal.links(inline.from, id, inline.to);
            if links.is_empty() {
                continue;
            }
            out.extend_from_slice(if written { b",".as_slice() } else { b",\"associations\":{" });
            written = true;
            push_string(out, &inline.store.object.full_name);
            out.extend_from_slice(b":{\"results\":[");
            for (number, link) in links.iter().take(page).enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                if link.primary {
                    push_link(out, link.to_id, &inline.primary);
                    out.push(b',');
                }
                if let Some(label) = &link.label {
                    push_link(out, link.to_id, &label.to_lowercase());
                    out.push(b',');
                }
                push_link(out, link.to_id, &inline.plain);
            }
            out.push(b']');
            if let Some(next) = links.get(page) {
                let after = next.to_id.to_string();
                let link = format!(
                    "https://api.hubapi.com/crm/v4/objects/{}/{id}/associations/{}?after={after}",
                    self.store.object.plural, inline.store.object.plural
                );
                push_paging(out, &after, Some(&link));
            }
            out.push(b'}');
        }
        if written {
            out.push(b'}');
        }
    }
}

/// HubSpot: properties are sorted by name.
fn sort(columns: &mut Vec<Column<'_>>) {
    columns.sort_unstable_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    columns.dedup_by_key(|(place, _)| *place);
}

fn push_link(out: &mut Vec<u8>, id: u64, kind: &str) {
    out.extend_from_slice(b"{\"id\":\"");
    push_u64(out, id);
    out.extend_from_slice(b"\",\"type\":");
    push_string(out, kind);
    out.push(b'}');
}
