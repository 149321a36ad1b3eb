//! What belongs to the entries of another list: members of lists, submissions of forms.
//!
//! ```text
//! parents:  all there are, filtered by nothing: an old parent gets new children
//! emitted:  cursor ≥ the parent's position − overlap (or start date), applied by us; no upper
//!           bound. Answers that come newest first are read no further than that.
//! claimed:  everything before this sync began, of each parent once it has been read
//! ```
//!
//! An interrupted refresh passes over the parents that it has read, within its generation.

use std::cell::RefCell;

use futures_util::{TryStreamExt, stream};
use tokio::time::Instant;

use super::newest_first::oldest;
use super::pace::Pace;
use super::{Emitter, Receipt, same_page_again, unreadable};
use crate::cursor::{
    Bounds, Partitions, complete_global, no_cursor, parents_without_cursor, some_partitions,
};
use crate::error::Error;
use crate::hubspot::{self, Link, Page, PageQuery};
use crate::protocol::StreamState;
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::streams::spec::{Child, Children, CursorField, Parents};
use crate::time::Millis;

/// Parents under way at once. All streams together have fewer requests in flight than that.
const AT_ONCE: usize = 40;

pub(super) async fn read(
    context: &Context<'_>,
    planned: &Planned<'_>,
    children: &Children,
) -> Result<Receipt, Error> {
    let (saved, generation) = (&planned.saved, planned.generation);
    let is_rest = planned.everything && saved.is_of(generation);
    let is_kept = is_rest || !planned.everything;
    let reader = Reader {
        context,
        planned,
        child: &children.child,
        emitter: Emitter::new(context, planned),
        is_rest,
        done: RefCell::new(if is_kept { saved.partitions.clone() } else { Partitions::new() }),
        pace: RefCell::new(Pace::new(Instant::now())),
    };
    let read = async |id: String| reader.read_parent(&id).await;
    if let Err(error) = for_each_parent(context, &children.parents, read).await {
        reader.claim_what_was_read().await?;
        return Err(error);
    }
    let state = match planned.row.cursor {
        Some(cursor) => {
            let upper = context.bounds().upper();
            let position = reader.others().map_or(upper, |position| position.max(upper));
            complete_global(cursor.name, cursor.format, position)
        }
        None => no_cursor(),
    };
    reader.emitter.finish(state).await
}

/// Lists the parents and reads several of them at a time; the first error ends it all.
async fn for_each_parent(
    context: &Context<'_>,
    parents: &Parents,
    read: impl AsyncFn(String) -> Result<(), Error>,
) -> Result<(), Error> {
    let pages = stream::try_unfold(Some(None), async |next: Option<Option<Link>>| {
        let Some(after) = next else { return Ok(None) };
        let Parents { endpoint, tail, body, shape, .. } = *parents;
        let query = PageQuery { endpoint, tail, body, shape, after: after.as_ref() };
        let page = hubspot::collection(context.api, &query).await?;
        if page.next.is_some() && page.next == after {
            return Err(same_page_again(&context.name));
        }
        let ids = ids(&page, parents.id).map_err(|error| unreadable(&context.name, error))?;
        Ok(Some((ids, page.next.map(Some))))
    });
    let ids = pages.map_ok(|ids| stream::iter(ids.into_iter().map(Ok))).try_flatten();
    each(ids, read).await
}

/// Reads several items of a list at a time.
pub(super) async fn each<T>(
    items: impl futures_util::Stream<Item = Result<T, Error>>,
    read: impl AsyncFn(T) -> Result<(), Error>,
) -> Result<(), Error> {
    items.try_for_each_concurrent(AT_ONCE, |item| read(item)).await
}

/// The parents' ids, as text.
fn ids(page: &Page, field: &str) -> serde_json::Result<Vec<String>> {
    let id = |text| {
        let record = Record::parse(text)?;
        let text = record.text(field).map(std::borrow::Cow::into_owned);
        Ok(text.or_else(|| record.raw(field).map(str::to_owned)))
    };
    page.records().filter_map(|text| id(text).transpose()).collect()
}

struct Reader<'a> {
    context: &'a Context<'a>,
    planned: &'a Planned<'a>,
    child: &'a Child,
    emitter: Emitter<'a>,
    /// Is it the rest of a refresh that was interrupted?
    is_rest: bool,
    /// Positions of parents: the saved ones, then those read by this sync.
    done: RefCell<Partitions>,
    pace: RefCell<Pace>,
}

impl Reader<'_> {
    /// The saved position of parents that have none of their own.
    fn others(&self) -> Option<Millis> {
        self.planned.saved.position.filter(|_| !self.planned.everything)
    }

    /// Children older than this are dropped.
    fn from(&self, parent: &str, bounds: &Bounds) -> Millis {
        let own = self.planned.saved.partitions.get(parent).filter(|_| !self.planned.everything);
        let position = own.copied().unwrap_or_else(|| self.others());
        position.map_or(bounds.first(), |position| bounds.lower(position))
    }

    async fn read_parent(&self, parent: &str) -> Result<(), Error> {
        if self.is_rest && self.planned.saved.partitions.contains_key(parent) {
            return Ok(());
        }
        let Child { endpoint, tail, shape, parent_field, newest_first, .. } = *self.child;
        let bounds = self.context.bounds();
        let from = self.from(parent, &bounds);
        let tail = format!("/{parent}{tail}");
        let mut after = None;
        let mut records = 0;
        loop {
            let query =
                PageQuery { endpoint, tail: &tail, body: None, shape, after: after.as_ref() };
            let Some(page) = hubspot::entries(self.context.api, &query).await? else {
                log::info!("`{}`: {parent} is skipped, it has no entries", self.context.name);
                break;
            };
            let is_new = |record: &Record<'_>| {
                self.planned.row.changed(record).is_none_or(|moment| moment >= from)
            };
            let constants = [(parent_field, parent)];
            records += self.emitter.send(page.records(), &constants, is_new).await?;
            let is_old = match newest_first {
                Some(field) => oldest(&page, field)
                    .map_err(|error| unreadable(&self.context.name, error))?
                    .is_some_and(|oldest| oldest < from),
                None => false,
            };
            match page.next {
                None => break,
                Some(_) if is_old => break,
                Some(link) if after.as_ref() == Some(&link) => {
                    return Err(same_page_again(&self.context.name));
                }
                link => after = link,
            }
        }
        self.finished(parent, records, &bounds).await
    }

    /// Takes note of a parent that has been read to its end, and says so when it is time.
    async fn finished(&self, parent: &str, records: u64, bounds: &Bounds) -> Result<(), Error> {
        // A refresh that does not say which it is would be taken for an incremental read.
        if self.planned.everything && self.planned.generation.is_none() {
            return Ok(());
        }
        let position = self.planned.row.cursor.map(|_| bounds.upper());
        self.done.borrow_mut().insert(parent.to_owned(), position);
        if !self.pace.borrow_mut().is_due(records, Instant::now()) {
            return Ok(());
        }
        self.emitter.claim(self.progress()).await
    }

    /// Claims the parents that were read since the last state, for a read that ends early.
    async fn claim_what_was_read(&self) -> Result<(), Error> {
        if self.pace.borrow().is_owed() {
            self.emitter.claim(self.progress()).await
        } else {
            Ok(())
        }
    }

    fn progress(&self) -> StreamState {
        let (child, done) = (self.child, self.done.borrow());
        let generation = self.planned.generation.filter(|_| self.planned.everything);
        match self.planned.row.cursor {
            Some(CursorField { name, format, .. }) => {
                some_partitions(name, format, child.parent_key, &done, self.others(), generation)
            }
            None => parents_without_cursor(&done, generation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn ids_are_text_whatever_they_are_sent_as() {
        let body = Bytes::from_static(br#"{"results":[{"id":"a-b"},{"id":311},{"x":1}]}"#);
        assert_eq!(ids(&Page::decode(&body).unwrap(), "id").unwrap(), ["a-b", "311"]);
    }
}
