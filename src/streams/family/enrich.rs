//! The associated ids of the records of a page.
//!
//! They have a quota of their own, and a request takes the ids of five pages of a search. So what
//! several pages want while one request is under way is asked for together by the next one: the
//! slower the answers, the fewer the requests.

use std::cell::RefCell;
use std::collections::HashMap;

use futures_util::future::try_join_all;
use tokio::sync::Mutex;

use super::scanning::{Found, not_numeric};
use super::unreadable;
use crate::error::Error;
use crate::hubspot::limits::ASSOCIATIONS_READ;
use crate::hubspot::{Api, Associations, RecordId, inline_associations, read_associations};
use crate::record::Record;

/// Finds the associated ids of records of one object type.
pub(super) struct Enricher<'a> {
    object: &'a str,
    /// By the place of the column; `None` if it was not chosen.
    links: Vec<Option<Links<'a>>>,
}

/// Associated ids, for each object type that is a column: `None` for the others.
#[derive(Debug)]
pub(super) struct Enriched {
    by_type: Vec<Option<Associations>>,
}

impl<'a> Enricher<'a> {
    /// `types` are the associated object types by the place of their column, those chosen.
    pub(super) fn new(api: Api<'a>, object: &'a str, types: Vec<Option<&'a str>>) -> Self {
        let links = |to: Option<&'a str>| to.map(|to| Links::new(api, object, to));
        Self { object, links: types.into_iter().map(links).collect() }
    }

    /// The associated object types that were chosen.
    pub(super) fn types(&self) -> impl Iterator<Item = &'a str> {
        self.links.iter().flatten().map(|links| links.to)
    }

    /// Reads the associations of all `ids` anew, as a search needs it: its hits carry none.
    pub(super) async fn anew(&self, ids: &[RecordId]) -> Result<Enriched, Error> {
        let reads = self.links.iter().map(|links| async move {
            match links {
                Some(links) => links.of(ids).await.map(Some),
                None => Ok(None),
            }
        });
        Ok(Enriched { by_type: try_join_all(reads).await? })
    }

    /// The associations that stand in a listed record, by type, for one that cannot be asked about.
    ///
    /// # Errors
    /// If HubSpot cut a list short.
    pub(super) fn listed(&self, record: &Record<'_>) -> Result<Vec<Vec<RecordId>>, Error> {
        let found = record.raw("associations").map(inline_associations).transpose();
        let mut found = found.map_err(|error| unreadable(self.object, error))?.unwrap_or_default();
        let of_type = |links: &Option<Links<'_>>| {
            let inline =
                links.as_ref().and_then(|links| found.remove(links.to)).unwrap_or_default();
            if inline.is_cut { Err(not_numeric(self.object)) } else { Ok(inline.ids) }
        };
        self.links.iter().map(of_type).collect()
    }

    /// Takes the associations that stand in listed records; where HubSpot cut a list short, that
    /// record's ids are read anew.
    pub(super) async fn inline(&self, records: &[Found<'_>]) -> Result<Enriched, Error> {
        let none = |links: &Option<_>| links.as_ref().map(|_| Associations::new());
        let mut by_type: Vec<_> = self.links.iter().map(none).collect();
        let mut cut: Vec<Vec<RecordId>> = vec![Vec::new(); self.links.len()];
        for Found { id, record, .. } in records {
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
                found.extend(links.of(cut).await?);
                Ok(Some(found))
            });
        Ok(Enriched { by_type: try_join_all(reads).await? })
    }
}

impl Enriched {
    /// The ids of one record, by object type.
    pub(super) fn of(&self, id: RecordId) -> Vec<&[RecordId]> {
        self.by_type
            .iter()
            .map(|associations| {
                let ids = associations.as_ref().and_then(|associations| associations.get(&id));
                ids.map(Vec::as_slice).unwrap_or_default()
            })
            .collect()
    }
}

/// The associations with one object type, one request at a time.
struct Links<'a> {
    api: Api<'a>,
    from: &'a str,
    to: &'a str,
    /// Whoever has the turn asks, for everybody who waits.
    turn: Mutex<()>,
    waiting: RefCell<Vec<RecordId>>,
    /// What was found for others, until they fetch it.
    found: RefCell<Associations>,
}

impl<'a> Links<'a> {
    fn new(api: Api<'a>, from: &'a str, to: &'a str) -> Self {
        Self {
            api,
            from,
            to,
            turn: Mutex::new(()),
            waiting: RefCell::default(),
            found: RefCell::default(),
        }
    }

    /// The associations of these records; an empty list for one that has none.
    async fn of(&self, ids: &[RecordId]) -> Result<Associations, Error> {
        if ids.is_empty() {
            return Ok(Associations::new());
        }
        self.waiting.borrow_mut().extend(ids);
        let mut mine = Associations::with_capacity(ids.len());
        loop {
            let _turn = self.turn.lock().await;
            self.take_found(ids, &mut mine);
            let missing: Vec<_> = ids.iter().copied().filter(|id| !mine.contains_key(id)).collect();
            if missing.is_empty() {
                return Ok(mine);
            }
            let block = self.block(missing);
            let mut read = read_associations(self.api, self.from, self.to, &block).await?;
            let entry = |id: RecordId| (id, read.remove(&id).unwrap_or_default());
            self.found.borrow_mut().extend(block.into_iter().map(entry));
        }
    }

    /// These ids, and as many of those that wait as go with them into one request.
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
