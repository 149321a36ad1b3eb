//! Associations of records.

use crate::portal::Portal;
use crate::portal::graph::Link;
use crate::portal::hash::mix;
use crate::portal::overlay::Status;
use crate::portal::store::Handle;
use crate::settings::ArchivedAssociations;

/// An association type as returned by the label endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkType {
    pub(crate) category: &'static str,
    pub(crate) type_id: u64,
    pub(crate) label: Option<String>,
}

/// The label that the account defines for every pair of types.
pub(crate) const USER_LABEL: &str = "Advisor";

impl Portal {
    /// Returns the links of a live record, or of an archived one that keeps its links, to live
    /// records of another type, by id.
    pub(crate) fn links(&self, from_place: usize, from_id: u64, to_place: usize) -> Vec<Link> {
        let (Some(from), Some(to)) = (self.stores.get(from_place), self.stores.get(to_place))
        else {
            return Vec::new();
        };
        let keeps = self.settings.archived_associations == ArchivedAssociations::Kept
            && from.handle(from_id).is_some_and(|h| matches!(from.status(h), Status::Archived(_)));
        if !keeps && !from.is_live(from_id) {
            return Vec::new();
        }
        let graph = &self.graph;
        let side = (from_place, from_id, to_place);
        let mut links = Vec::new();
        if let Some(index) = from.base.index_of(from_id) {
            for (other, primary) in graph.initial((from_place, from), index, (to_place, to)) {
                let to_id = to.base.id(other);
                let live = if to.overlay.records.contains_key(&to_id) {
                    to.status(Handle::Touched(to_id)) == Status::Live
                } else {
                    !to.base.archived(other)
                };
                if live && !graph.removed.contains(&(side, to_id)) {
                    let labelled = mix(graph.seed ^ from_id ^ to_id).is_multiple_of(10);
                    let label = labelled.then(|| USER_LABEL.to_owned());
                    links.push(Link { to_id, primary, label });
                }
            }
        }
        for (to_id, label) in graph.added.get(&side).into_iter().flatten() {
            if !to.is_live(*to_id) {
                continue;
            }
            links.retain(|link| link.to_id != *to_id);
            let primary = label.as_deref() == Some("Primary");
            let label = label.clone().filter(|_| !primary);
            links.push(Link { to_id: *to_id, primary, label });
        }
        links.sort_by_key(|link| link.to_id);
        links
    }

    /// Returns the association types from one type to another.
    pub(crate) fn link_types(&self, from: usize, to: usize) -> Vec<LinkType> {
        let plural =
            |place: usize| self.stores.get(place).map_or("", |store| store.object.plural.as_str());
        let (plain, primary) = match (plural(from), plural(to)) {
            ("contacts", "companies") => (279, Some(1)),
            ("companies", "contacts") => (280, Some(2)),
            ("deals", "contacts") => (3, None),
            ("contacts", "deals") => (4, None),
            ("deals", "companies") => (341, Some(5)),
            ("companies", "deals") => (342, Some(6)),
            ("tickets", "companies") => (339, Some(26)),
            ("companies", "tickets") => (340, Some(25)),
            ("contacts", "tickets") => (15, None),
            ("tickets", "contacts") => (16, None),
            ("deals", "line_items") => (19, None),
            ("line_items", "deals") => (20, None),
            ("deals", "tickets") => (27, None),
            ("tickets", "deals") => (28, None),
            ("contacts", "contacts") => (449, None),
            _ => (1_000 + (from * 100 + to) as u64, None),
        };
        let label = |text: &str| Some(text.to_owned());
        let mut types = Vec::new();
        if let Some(type_id) = primary {
            let category = "HUBSPOT_DEFINED";
            types.push(LinkType { category, type_id, label: label("Primary") });
        }
        types.push(LinkType { category: "HUBSPOT_DEFINED", type_id: plain, label: None });
        let type_id = 20_000 + (from * 100 + to) as u64;
        types.push(LinkType { category: "USER_DEFINED", type_id, label: label(USER_LABEL) });
        types
    }
}
