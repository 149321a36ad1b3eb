//! Associated ids of the records of a page.
//!
//! Association reads have a quota of their own, and one request accepts the ids of five search
//! pages. Ids that several pages need while a request is in flight are therefore batched into the
//! next one: the slower the responses, the fewer the requests.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use futures_util::future::try_join_all;
use tokio::sync::Mutex;

use super::scanning::{ParsedRecord, not_numeric};
use super::unreadable;
use crate::error::{Error, WHERE_TO_GRANT};
use crate::hubspot::limits::{ASSOCIATIONS_READ, LIST_PAGE};
use crate::hubspot::{
    self, Api, Associations, ListQuery, PageSize, RequestContext, inline_associations,
    read_associations,
};
use crate::record::Record;
use crate::record_id::RecordId;
use crate::streams::scopes_of;

/// Reads the associated ids of records of one object type.
pub(super) struct Enricher<'a> {
    api: Api<'a>,
    object: &'a str,
    /// Indexed by association column; `None` if the column is not selected.
    links: Vec<Option<Links<'a>>>,
    probing: Mutex<()>,
}

/// Associated ids by association column. `None` for columns that are not selected or that the token
/// may not read.
#[derive(Debug)]
pub(super) struct Enriched {
    by_type: Vec<Option<Associations>>,
}

impl<'a> Enricher<'a> {
    /// Creates an enricher. `types` holds the associated object type of each association column;
    /// `None` if the column is not selected.
    pub(super) fn new(api: Api<'a>, object: &'a str, types: Vec<Option<&'a str>>) -> Self {
        let links = |to: Option<&'a str>| to.map(|to| Links::new(api, object, to));
        let links = types.into_iter().map(links).collect();
        Self { api, object, links, probing: Mutex::new(()) }
    }

    /// Returns the selected associated object types, except those without access.
    pub(super) fn types(&self) -> impl Iterator<Item = &'a str> {
        self.links.iter().flatten().filter(|links| !links.is_shut.get()).map(|links| links.to)
    }

    /// Determines which associated object types caused the refusal of a list request with the types
    /// `asked`, and omits their columns from now on. Returns `true` if there are any.
    pub(super) async fn shut_those_refused(
        &self,
        asked: &[&str],
        archived: bool,
    ) -> Result<bool, Error> {
        let _turn = self.probing.lock().await;
        let is_smaller = || self.types().count() < asked.len();
        if is_smaller() {
            // Another page has already determined them.
            return Ok(true);
        }
        let properties = ["hs_object_id".to_owned()];
        let list = async |api, associations: &[&str]| {
            let query = ListQuery {
                object: self.object,
                properties: &properties,
                associations,
                archived,
                after: None,
            };
            hubspot::list(api, &query, &PageSize::new(LIST_PAGE)).await
        };
        // If the list is refused without associations too, they are not the cause.
        if list(self.api, &[]).await.is_err() {
            return Ok(false);
        }
        for links in self.links.iter().flatten().filter(|links| !links.is_shut.get()) {
            match list(links.api, &[links.to]).await {
                Err(error) if is_no_access(&error) => links.shut(&error),
                answer => drop(answer?),
            }
        }
        Ok(is_smaller())
    }

    /// Reads the associations of all `ids` by batch read. Search hits contain no associations.
    pub(super) async fn fetch(&self, ids: &[RecordId]) -> Result<Enriched, Error> {
        let reads = self.links.iter().map(|links| async move {
            match links {
                Some(links) => links.of(ids).await,
                None => Ok(None),
            }
        });
        Ok(Enriched { by_type: try_join_all(reads).await? })
    }

    /// Returns the inline associations of a listed record by association column, for a record that
    /// cannot be read by id.
    ///
    /// # Errors
    /// If HubSpot truncated one of the lists.
    pub(super) fn listed(&self, record: &Record<'_>) -> Result<Vec<Option<Vec<RecordId>>>, Error> {
        let found = record.raw("associations").map(inline_associations).transpose();
        let mut found = found.map_err(|error| unreadable(self.object, error))?.unwrap_or_default();
        let of_type = |links: &Option<Links<'_>>| {
            let links = links.as_ref().filter(|links| !links.is_shut.get());
            let Some(links) = links else { return Ok(None) };
            let inline = found.remove(links.to).unwrap_or_default();
            if inline.is_cut { Err(not_numeric(self.object)) } else { Ok(Some(inline.ids)) }
        };
        self.links.iter().map(of_type).collect()
    }

    /// Returns the inline associations of listed records. Where HubSpot truncated a list, the
    /// associated ids of that record are read separately.
    pub(super) async fn inline(&self, records: &[ParsedRecord<'_>]) -> Result<Enriched, Error> {
        let none = |links: &Option<_>| links.as_ref().map(|_| Associations::new());
        let mut by_type: Vec<_> = self.links.iter().map(none).collect();
        let mut cut: Vec<Vec<RecordId>> = vec![Vec::new(); self.links.len()];
        for ParsedRecord { id, record, .. } in records {
            let (Some(id), Some(raw)) = (id, record.raw("associations")) else { continue };
            let mut found =
                inline_associations(raw).map_err(|error| unreadable(self.object, error))?;
            for ((links, associations), cut) in self.links.iter().zip(&mut by_type).zip(&mut cut) {
                let (Some(links), Some(associations)) = (links, associations) else { continue };
                match found.remove(links.to) {
                    Some(inline) if inline.is_cut => cut.push(*id),
                    Some(inline) => drop(associations.insert(*id, inline.ids)),
                    None => {}
                }
            }
        }
        let reads =
            self.links.iter().zip(by_type).zip(&cut).map(|((links, found), cut)| async move {
                let (Some(links), Some(mut found)) = (links, found) else { return Ok(None) };
                let Some(rest) = links.of(cut).await? else { return Ok(None) };
                found.extend(rest);
                Ok(Some(found))
            });
        Ok(Enriched { by_type: try_join_all(reads).await? })
    }
}

impl Enriched {
    /// Returns the associated ids of one record, by association column.
    pub(super) fn of(&self, id: RecordId) -> Vec<Option<&[RecordId]>> {
        let ids = |associations| Associations::get(associations, &id);
        self.by_type
            .iter()
            .map(|associations| {
                let associations = associations.as_ref()?;
                Some(ids(associations).map(Vec::as_slice).unwrap_or_default())
            })
            .collect()
    }
}

/// Returns `true` if the error means that the token or the account has no access to an associated
/// object type.
pub(super) fn is_no_access(error: &Error) -> bool {
    error.is_no_access() || matches!(error, Error::UnknownObjectType { .. } | Error::Gone { .. })
}

/// Batched reads of the associations with one object type, one request at a time.
struct Links<'a> {
    api: Api<'a>,
    /// Scopes required for the records themselves.
    own_scopes: &'a [&'a str],
    from: &'a str,
    to: &'a str,
    /// Held while a request is in flight. The holder also requests ids that other tasks wait for.
    turn: Mutex<()>,
    waiting: RefCell<Vec<RecordId>>,
    /// Results for other tasks, until they collect them.
    found: RefCell<Associations>,
    /// `true` once HubSpot has refused access. Records are then emitted without the column.
    is_shut: Cell<bool>,
}

impl<'a> Links<'a> {
    fn new(api: Api<'a>, from: &'a str, to: &'a str) -> Self {
        // A refusal means that the scopes of the other object type are missing.
        let request_context = RequestContext { scopes: scopes_of(to), ..api.request_context };
        Self {
            api: Api { request_context, ..api },
            own_scopes: api.request_context.scopes,
            from,
            to,
            turn: Mutex::new(()),
            waiting: RefCell::default(),
            found: RefCell::default(),
            is_shut: Cell::new(false),
        }
    }

    /// Omits the column from now on. The first call logs a warning with the reason.
    fn shut(&self, error: &Error) {
        if self.is_shut.replace(true) {
            return;
        }
        let (stream, column) = (self.api.request_context.stream, self.to);
        if let Error::MissingScope { needed, said: None, .. } = error {
            log::warn!(
                "`{stream}`: records come without the column `{column}`, which takes {}: grant it to \
                 the token {WHERE_TO_GRANT}, or deselect the column",
                needed.without(self.own_scopes)
            );
        } else {
            log::warn!(
                "`{stream}`: records come without the column `{column}`: {}",
                error.with_cause()
            );
        }
    }

    /// Returns the associations of the given records, with an empty list for a record that has
    /// none. Returns `None` if the token may not read them.
    async fn of(&self, ids: &[RecordId]) -> Result<Option<Associations>, Error> {
        if self.is_shut.get() {
            return Ok(None);
        }
        if ids.is_empty() {
            return Ok(Some(Associations::new()));
        }
        self.waiting.borrow_mut().extend(ids);
        let mut mine = Associations::with_capacity(ids.len());
        loop {
            let _turn = self.turn.lock().await;
            if self.is_shut.get() {
                return Ok(None);
            }
            self.take_found(ids, &mut mine);
            let missing: Vec<_> = ids.iter().copied().filter(|id| !mine.contains_key(id)).collect();
            if missing.is_empty() {
                return Ok(Some(mine));
            }
            let block = self.block(missing);
            let read = read_associations(self.api, self.from, self.to, &block).await;
            let mut read = match read {
                Err(error) if is_no_access(&error) => {
                    self.shut(&error);
                    return Ok(None);
                }
                read => read?,
            };
            let entry = |id: RecordId| (id, read.remove(&id).unwrap_or_default());
            self.found.borrow_mut().extend(block.into_iter().map(entry));
        }
    }

    /// Returns the given ids, up to the size of one request, filled up with ids that other tasks
    /// wait for.
    fn block(&self, mut ids: Vec<RecordId>) -> Vec<RecordId> {
        ids.truncate(ASSOCIATIONS_READ);
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|id| !ids.contains(id));
        let room = waiting.len().min(ASSOCIATIONS_READ - ids.len());
        ids.extend(waiting.drain(..room));
        ids
    }

    fn take_found(&self, ids: &[RecordId], mine: &mut HashMap<RecordId, Vec<RecordId>>) {
        let mut found = self.found.borrow_mut();
        mine.extend(ids.iter().filter_map(|id| found.remove_entry(id)));
    }
}
