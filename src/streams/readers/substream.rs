//! Substreams: child records of each entry of a parent list, such as list members or form
//! submissions.
//!
//! ```text
//! parents:  all entries, unfiltered: an old parent gets new children
//! emitted:  cursor ≥ the parent's position − overlap (or start date), filtered client-side; no
//!           upper bound. Responses sorted newest first are read no further back than that.
//! covered:  everything before this sync began, for each parent once it has been read
//! ```
//!
//! A resumed full refresh skips the parents that were already read in the same generation.
//!
//! A parent that HubSpot refuses (any 4xx other than 401) is skipped with a warning and keeps its
//! position. The stream fails only if all parents are refused for a reason that concerns the
//! endpoint or the token.

use std::cell::{Cell, OnceCell, RefCell};

use futures_util::{TryStreamExt, stream};
use tokio::time::Instant;

use super::checkpoint_interval::CheckpointInterval;
use super::newest_first::oldest;
use super::{Emitter, StreamStats, unreadable};
use crate::cursor::{FIRST, FinishedParents, ParentPositions, Partitions, StreamState, TimeBounds};
use crate::error::Error;
use crate::hubspot::{Api, OneRefused, Page, Pages, path_segment};
use crate::record::Record;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::{Child, ParentStream, Substream};
use crate::time::Millis;

/// Number of parents read concurrently: as many as a sync can have requests in flight.
const AT_ONCE: usize = 40;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &Substream,
) -> Result<StreamStats, Error> {
    let saved = SavedParents::of(&stream.saved.main, stream);
    let done = saved.positions.clone();
    let reader = SubstreamReader {
        context,
        stream,
        child: &definition.child,
        emitter: Emitter::new(context, stream),
        saved,
        done: RefCell::new(done),
        end: OnceCell::new(),
        checkpoint_interval: RefCell::new(CheckpointInterval::new(Instant::now())),
        is_answered: Cell::new(false),
        refused: RefCell::default(),
    };
    let read = async |id: String| reader.read_parent(id).await;
    let outcome = async {
        for_each_parent(context, &definition.parents, read).await?;
        reader.read_by_the_older_path().await?;
        reader.judge_refusals()
    };
    if let Err(error) = outcome.await {
        reader.checkpoint_finished_parents().await?;
        return Err(error);
    }
    let state = match stream.spec.cursor {
        Some(_) => {
            let end = reader.end();
            let end = reader.saved.others.map_or(end, |position| position.max(end));
            StreamState::Parents(ParentPositions {
                positions: reader.positions_of_refused(),
                others: Some(end),
                end: Some(end),
                previous_end: reader.saved.end,
                generation: None,
            })
        }
        None => StreamState::NoCursor,
    };
    reader.emitter.finish(state).await
}

/// Lists the parents and reads several of them concurrently. Stops at the first error.
async fn for_each_parent(
    context: &Context<'_>,
    parents: &ParentStream,
    read: impl AsyncFn(String) -> Result<(), Error>,
) -> Result<(), Error> {
    let list = Pages::new(context.api, parents.list);
    let nameless = Cell::new(0);
    let pages = stream::try_unfold(list, async |mut list| {
        let Some(page) = list.next().await? else { return Ok::<_, Error>(None) };
        let entries = ids(&page, parents.id).map_err(|error| unreadable(&context.name, error))?;
        let found: Vec<_> = entries.iter().flatten().cloned().collect();
        nameless.set(nameless.get() + entries.len() - found.len());
        Ok(Some((found, list)))
    });
    let ids = pages.map_ok(|ids| stream::iter(ids.into_iter().map(Ok))).try_flatten();
    each(ids, read).await?;
    if nameless.get() > 0 {
        log::warn!(
            "`{}`: HubSpot lists {} entries without `{}`, so the records that belong to them are \
             missing",
            context.name,
            nameless.get(),
            parents.id
        );
    }
    Ok(())
}

/// Reads several items concurrently. Stops at the first error.
pub(super) async fn each<T>(
    items: impl futures_util::Stream<Item = Result<T, Error>>,
    read: impl AsyncFn(T) -> Result<(), Error>,
) -> Result<(), Error> {
    items.try_for_each_concurrent(AT_ONCE, |item| read(item)).await
}

/// Returns the parent ids as text; `None` for an entry without an id.
fn ids(page: &Page, field: &str) -> serde_json::Result<Vec<Option<String>>> {
    let id = |text| {
        let record = Record::parse(text)?;
        let text = record.text(field).map(std::borrow::Cow::into_owned);
        let id = text.or_else(|| record.raw(field).map(str::to_owned));
        Ok(id.filter(|id| !id.is_empty()))
    };
    page.records().map(id).collect()
}

/// Maximum number of refused parents that are named in warnings.
const MOST_NAMED: usize = 20;

/// Number of refused parents after which the stream fails, if no parent has been answered and all
/// refusals may concern the token.
const ENOUGH: usize = 40;

/// State that a read of a substream starts from.
#[derive(Debug, Default)]
struct SavedParents {
    /// Positions of parents that have their own.
    positions: Partitions,
    /// Position of all other parents.
    others: Option<Millis>,
    /// See [`ParentPositions::end`].
    end: Option<Millis>,
    /// `true` if the read resumes an interrupted full refresh, whose parents are finished.
    is_rest: bool,
}

impl SavedParents {
    /// Returns what holds for this read. A full refresh ignores positions unless they belong to its
    /// own generation, and then skips those parents.
    fn of(saved: &StreamState, stream: &PlannedStream<'_>) -> Self {
        let &PlannedStream { full_refresh, generation, .. } = stream;
        match saved {
            StreamState::Parents(parents) => {
                let is_rest = full_refresh && parents.is_of(generation);
                let is_kept = is_rest || !full_refresh;
                let positions = if is_kept { parents.positions.clone() } else { Partitions::new() };
                let others = parents.others.filter(|_| !full_refresh);
                Self { positions, others, end: parents.end, is_rest }
            }
            StreamState::FinishedParents(parents) if parents.is_of(generation) => {
                let positions = parents.ids.iter().map(|id| (id.clone(), None)).collect();
                Self { positions, is_rest: true, ..Self::default() }
            }
            StreamState::FinishedParents(_)
            | StreamState::Unread
            | StreamState::Complete(_)
            | StreamState::Scan(_)
            | StreamState::NoCursor => Self::default(),
        }
    }
}

struct SubstreamReader<'a> {
    context: &'a Context<'a>,
    stream: &'a PlannedStream<'a>,
    child: &'a Child,
    emitter: Emitter<'a>,
    saved: SavedParents,
    /// Positions of parents: the saved ones, updated with those read by this sync.
    done: RefCell<Partitions>,
    /// Position of every parent read by this sync.
    end: OnceCell<Millis>,
    checkpoint_interval: RefCell<CheckpointInterval>,
    /// `true` once HubSpot has returned a page for any parent.
    is_answered: Cell<bool>,
    refused: RefCell<Vec<(String, OneRefused)>>,
}

impl SubstreamReader<'_> {
    /// Returns the position to save for a parent that has been read. Accurate only after the first
    /// response.
    fn end(&self) -> Millis {
        *self.end.get_or_init(|| self.context.bounds().upper())
    }

    /// Returns the instant from which children of a parent are emitted.
    fn from(&self, parent: &str, bounds: &TimeBounds) -> Millis {
        let position = self.saved_position(parent);
        position.map_or(bounds.first(), |position| bounds.lower(position))
    }

    /// Returns the position that an incremental read of a parent starts from.
    fn saved_position(&self, parent: &str) -> Option<Millis> {
        let own = self.saved.positions.get(parent).filter(|_| !self.stream.full_refresh);
        own.copied().unwrap_or(self.saved.others)
    }

    async fn read_parent(&self, parent: String) -> Result<(), Error> {
        if self.saved.is_rest && self.saved.positions.contains_key(&parent) {
            return Ok(());
        }
        let Child { list, parent_field, newest_first, .. } = *self.child;
        let bounds = self.context.bounds();
        let from = self.from(&parent, &bounds);
        let path = format!("/{}{}", path_segment(&parent), list.path);
        let mut pages = Pages::new(self.context.api, list.path(&path));
        let mut records = 0;
        loop {
            let page = match pages.next_of_one().await? {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(OneRefused::NoEntries) => {
                    log::info!("`{}`: {parent} is skipped, it has no entries", self.context.name);
                    break;
                }
                Err(refused) => return self.leave_out(parent, refused),
            };
            self.is_answered.set(true);
            let is_new = |record: &Record<'_>| {
                self.stream.spec.changed(record).is_none_or(|moment| moment >= from)
            };
            let constants = [(parent_field, parent.as_str())];
            records += self.emitter.send(page.records(), &constants, is_new).await?;
            let is_old = match newest_first {
                Some(field) => oldest(&page, field)
                    .map_err(|error| unreadable(&self.context.name, error))?
                    .is_some_and(|oldest| oldest < from),
                None => false,
            };
            if is_old {
                break;
            }
        }
        self.finished(&parent, records).await
    }

    /// Adds a parent to the refused ones.
    ///
    /// Returns the error if `ENOUGH` parents were refused, none has been answered, and all
    /// refusals may concern the token, so that the remaining parents are not requested.
    fn leave_out(&self, parent: String, refused: OneRefused) -> Result<(), Error> {
        let mut all = self.refused.borrow_mut();
        all.push((parent, refused));
        let is_general = all.len() >= ENOUGH && !self.is_answered.get();
        if is_general && all.iter().all(|(_, refused)| refused.is_about_the_token()) {
            return match all.swap_remove(0).1 {
                OneRefused::Refused(error) | OneRefused::UnknownPath(error) => Err(error),
                OneRefused::NoEntries => Ok(()),
            };
        }
        Ok(())
    }

    /// Reads the parents again with the fallback path of the endpoint, if every parent was refused
    /// because its path is unknown.
    async fn read_by_the_older_path(&self) -> Result<(), Error> {
        let is_unknown = |(_, refused): &(String, OneRefused)| refused.is_unknown_path();
        let is_missing = {
            let refused = self.refused.borrow();
            !self.is_answered.get() && !refused.is_empty() && refused.iter().all(is_unknown)
        };
        let Api { paths, .. } = self.context.api;
        if !is_missing || !paths.fall_back(self.child.list.endpoint) {
            return Ok(());
        }
        let again = self.refused.take().into_iter().map(|(parent, _)| Ok(parent));
        each(stream::iter(again), async |parent| self.read_parent(parent).await).await
    }

    /// Warns about the skipped parents. Returns an error if all were refused for a reason that does
    /// not concern a single parent.
    fn judge_refusals(&self) -> Result<(), Error> {
        let name = &self.context.name;
        let mut refused = self.refused.borrow_mut();
        let is_several = refused.len() > 1;
        let is_general = |(_, refused): &(String, OneRefused)| {
            refused.is_about_the_token() || is_several && refused.is_unknown_path()
        };
        if !refused.is_empty() && !self.is_answered.get() && refused.iter().all(is_general) {
            return match refused.swap_remove(0).1 {
                OneRefused::Refused(error) | OneRefused::UnknownPath(error) => Err(error),
                OneRefused::NoEntries => Ok(()),
            };
        }
        for (parent, refused) in refused.iter().take(MOST_NAMED) {
            log::warn!(
                "`{name}`: the records of {parent} are left out, because HubSpot refused them \
                 ({refused}); the next sync requests them again"
            );
        }
        if let Some(more) = refused.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            log::warn!("`{name}`: the same applies to {more} more");
        }
        Ok(())
    }

    /// Returns the positions that refused parents keep; `FIRST` for those without one.
    fn positions_of_refused(&self) -> Partitions {
        let position = |parent: &String| Some(self.saved_position(parent).unwrap_or(FIRST));
        let refused = self.refused.borrow();
        refused.iter().map(|(parent, _)| (parent.clone(), position(parent))).collect()
    }

    /// Marks a parent as read to its end, and emits a checkpoint if one is due.
    async fn finished(&self, parent: &str, records: u64) -> Result<(), Error> {
        // Without a generation, a later sync would take the state of a refresh for that of an
        // incremental read.
        if self.stream.full_refresh && self.stream.generation.is_none() {
            return Ok(());
        }
        let position = self.stream.spec.cursor.map(|_| self.end());
        self.done.borrow_mut().insert(parent.to_owned(), position);
        if !self.checkpoint_interval.borrow_mut().is_due(records, Instant::now()) {
            return Ok(());
        }
        self.emitter.checkpoint(self.progress()).await
    }

    /// Emits a checkpoint for the parents read since the last one, before the read ends with an
    /// error.
    async fn checkpoint_finished_parents(&self) -> Result<(), Error> {
        if self.checkpoint_interval.borrow().is_owed() {
            self.emitter.checkpoint(self.progress()).await
        } else {
            Ok(())
        }
    }

    fn progress(&self) -> StreamState {
        let done = self.done.borrow();
        let generation = self.stream.generation.filter(|_| self.stream.full_refresh);
        if self.stream.spec.cursor.is_none() {
            let ids = done.keys().cloned().collect();
            return StreamState::FinishedParents(FinishedParents { ids, generation });
        }
        StreamState::Parents(ParentPositions {
            positions: done.clone(),
            others: self.saved.others,
            end: Some(self.end()),
            previous_end: self.saved.end,
            generation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn ids_are_text_whatever_they_are_sent_as() {
        let body = Bytes::from_static(br#"{"results":[{"id":"a-b"},{"id":311},{"x":1}]}"#);
        let found = ids(&Page::decode(&body).unwrap(), "id").unwrap();
        assert_eq!(found, [Some("a-b".to_owned()), Some("311".to_owned()), None]);
    }
}
