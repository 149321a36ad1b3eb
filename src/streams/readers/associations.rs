//! Associations from the records of one object type to those of another. Each record of the stream
//! is one association type between two CRM records.
//!
//! ```text
//! list:   every record; those modified before the start date are dropped client-side
//! links:  every page of associations, for blocks of 1,000 records
//! ```
//!
//! Always a full refresh: a change of associations does not update any date to search by. The state
//! holds the progress of the list, so that an interrupted refresh can be resumed.

use std::cell::{Cell, RefCell};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::Instant;

use super::checkpoint_interval::CheckpointInterval;
use super::object_reader::{ObjectReader, ObjectRequest};
use super::scanning::{after_refusal, numeric};
use super::{Emitter, StreamStats, contradicts_itself};
use crate::cursor::{CommitTracker, PageInfo, ReadMode, Scan, ScanProgress, ScanTask, StreamState};
use crate::error::Error;
use crate::hubspot::{self, LinkType, LinksQuery, RecordLink, limits};
use crate::record::Record;
use crate::record_id::RecordId;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::{AssociationPair, ObjectType};
use crate::time::Millis;

/// Number of record blocks whose associations are read concurrently.
const AT_ONCE: usize = 4;

/// An association, with fields named after the columns.
#[derive(Serialize)]
struct AssociationColumns<'a> {
    from_id: &'a str,
    to_id: &'a str,
    association_type_id: u64,
    category: Option<&'a str>,
    label: Option<&'a str>,
}

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &AssociationPair<'_>,
) -> Result<StreamStats, Error> {
    let AssociationPair { from, to } = *definition;
    let reader = ObjectReader::new(context, ObjectRequest::ids(ObjectType::listed(from)));
    let emitter = Emitter::new(context, stream);
    let oldest = context.start_date.unwrap_or(Millis::MIN);
    let recent =
        |record: &Record<'_>| record.instant("updatedAt").is_none_or(|modified| modified >= oldest);
    let scan = Scan::begin(&stream.saved.main, &context.bounds(), true, stream.generation);
    let blocks = stream::try_unfold(scan, async |mut scan: Scan| {
        let mut ids: Vec<RecordId> = Vec::new();
        while let Some(ScanTask::Page(range, request)) = scan.next_task() {
            let page = match reader.fetch(scan.window(), request.clone()).await {
                Ok(page) => page,
                Err(error) => {
                    let begun = after_refusal(&context.name, &scan, &request, error);
                    scan = begun.map_err(|error| or_unknown(error, from, to))?;
                    continue;
                }
            };
            let found = reader.parse(&page)?;
            let token = page.next.as_ref().map(|page_token| page_token.as_str().to_owned());
            let seen = PageInfo { ids: reader.ids_of(&page)?, token, left: None };
            scan.take(range, ReadMode::List, &seen)
                .map_err(|violation| contradicts_itself(&context.name, violation))?;
            let found = found.iter().filter(|found| recent(&found.record));
            let wanted: Vec<_> = found.map(|found| found.id).collect();
            ids.extend(numeric(&context.name, &wanted)?);
            if ids.len() + limits::LIST_PAGE > limits::ASSOCIATIONS_READ {
                break;
            }
        }
        let block = Block { ids, listed: scan.progress(stream.generation) };
        let is_last = block.ids.is_empty() && scan.is_done();
        Ok((!is_last).then_some((block, scan)))
    });
    let (done, checkpoint_interval) = (
        RefCell::new(CommitTracker::default()),
        RefCell::new(CheckpointInterval::new(Instant::now())),
    );
    let since_checkpoint = Cell::new(0);
    // Each block sends the associations it has read while further blocks are listed.
    let send = async |(place, block): (usize, Block)| {
        for ids in block.ids.chunks(limits::ASSOCIATIONS_READ) {
            let sent = send(context, &emitter, LinksQuery::new(from, to, ids)).await?;
            since_checkpoint.set(since_checkpoint.get() + sent);
        }
        let listed = done.borrow_mut().finish(place, block.listed).flatten();
        let listed = listed.filter(|listed| listed.generation.is_some());
        let Some(listed) = listed else { return Ok(()) };
        if !checkpoint_interval.borrow_mut().is_due(since_checkpoint.take(), Instant::now()) {
            return Ok(());
        }
        emitter.checkpoint(StreamState::Scan(listed)).await
    };
    let blocks = blocks.enumerate().map(|(place, block)| Ok((place, block?)));
    blocks.try_for_each_concurrent(AT_ONCE, send).await?;
    emitter.finish(StreamState::NoCursor).await
}

/// A block of records whose associations are read together.
struct Block {
    ids: Vec<RecordId>,
    /// Progress of the list at the end of the block.
    listed: Option<ScanProgress>,
}

/// Sends the associations of the records in the query; returns the number sent.
async fn send(
    context: &Context<'_>,
    emitter: &Emitter<'_>,
    query: LinksQuery<'_>,
) -> Result<u64, Error> {
    let (mut next, mut sent) = (Some(query), 0);
    while let Some(query) = next.take() {
        let answer = hubspot::read_links(context.api, &query).await;
        let (found, following) = answer.map_err(|error| or_unknown(error, query.from, query.to))?;
        let records =
            found.iter().flat_map(|link| link.types.iter().map(|kind| record(link, kind)));
        sent += emitter.send(records, &[], |_| true).await?;
        next = following;
    }
    Ok(sent)
}

/// Encodes one association type between two records as JSON.
fn record(link: &RecordLink, kind: &LinkType) -> String {
    let columns = AssociationColumns {
        from_id: &link.from.to_string(),
        to_id: &link.to.to_string(),
        association_type_id: kind.type_id,
        category: kind.category.as_deref(),
        label: kind.label.as_deref(),
    };
    // Serialization cannot fail; if it did, the empty string would be reported as an unreadable
    // record.
    serde_json::to_string(&columns).unwrap_or_default()
}

/// Converts a refusal to a configuration error. The only user input in these requests is the two
/// object types, so they are the cause.
fn or_unknown(error: Error, from: &str, to: &str) -> Error {
    let reason = if let Error::Refused { said, .. } = error {
        said
    } else if matches!(error, Error::UnknownObjectType { .. }) {
        "it does not know one of the two".to_owned()
    } else {
        return error;
    };
    Error::Config {
        violations: vec![format!(
            "a stream of associations from `{from}` to `{to}` is asked for, which HubSpot refuses: \
             {reason}"
        )],
    }
}
