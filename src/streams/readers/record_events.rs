//! Events of the records of a CRM object type, requested record by record.
//!
//! ```text
//! records:  all records by list at first, then those modified since the saved position − overlap;
//!           by ascending id, so that an interrupted read resumes after the last finished record
//! events:   position − overlap (or start date) ≤ occurred < upper, filtered by HubSpot
//! covered:  everything that occurred before `upper`, which is fixed before the first request
//! ```
//!
//! HubSpot returns the events of one record and one event type at a time. An event updates the
//! modification time of its record, so records that were not modified are not requested.

use std::time::Duration;

use futures_util::stream;
use tokio::time::Instant;

use super::checkpoint_interval::CheckpointInterval;
use super::object_reader::{ObjectReader, ObjectRequest};
use super::scanning::{after_refusal, numeric, without_order};
use super::substream::each;
use super::{Emitter, StreamStats};
use crate::cursor::{FIRST, PageInfo, ParentPositions, Scan, ScanTask, StreamState, TimeBounds};
use crate::error::Error;
use crate::hubspot::{Endpoint, ListRequest, PageLayout, Pages, RecordEventsQuery, limits};
use crate::record_id::RecordId;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::RecordEvents;
use crate::time::Millis;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &RecordEvents<'_>,
) -> Result<StreamStats, Error> {
    let records = ObjectReader::new(context, ObjectRequest::ids(definition.object));
    let emitter = Emitter::new(context, stream);
    let bounds = TimeBounds {
        index_lag: limits::LATE_EVENTS,
        worst_lag: Duration::ZERO,
        ..context.settled_bounds().await?
    };
    let saved = earliest(&stream.saved.main);
    let mut scan = Scan::begin(&saved, &bounds, stream.full_refresh, stream.generation);
    let mut checkpoint_interval = CheckpointInterval::new(Instant::now());
    while let Some(ScanTask::Page(range, request)) = scan.next_task() {
        let (window, mode) = (scan.window(), request.mode());
        let found = match records.fetch(window, request.clone()).await {
            Ok(found) => found,
            Err(error) => {
                scan = after_refusal(&context.name, &scan, &request, error)?;
                continue;
            }
        };
        let ids: Vec<_> = records.ids_of(&found)?;
        let token = found.next.map(|page_token| page_token.as_str().to_owned());
        let seen = PageInfo { ids, token, left: None };
        if let Err(violation) = scan.take(range, mode, &seen) {
            scan = without_order(&context.name, &scan, mode, violation)?;
            continue;
        }
        let ids = numeric(&context.name, &seen.ids)?;
        let before = emitter.stats().records;
        let asked = ids.into_iter().flat_map(|id| {
            let event_types = definition.event_types.iter();
            event_types.map(move |event_type| Ok(RecordEventType { record: id, event_type }))
        });
        let asked = stream::iter(asked);
        each(asked, async |RecordEventType { record, event_type }| {
            let query = RecordEventsQuery {
                object_type: definition.object_type,
                record,
                event_type,
                from: begin(stream, &bounds, record, window.from).max(FIRST),
                to: window.to,
            };
            read_one(context, &emitter, &query).await
        })
        .await?;
        let count = emitter.stats().records - before;
        if checkpoint_interval.is_due(count, Instant::now())
            && !scan.is_done()
            && let Some(progress) = scan.progress(stream.generation)
        {
            emitter.checkpoint(StreamState::Scan(progress)).await?;
        }
    }
    emitter.finish(StreamState::read_until(scan.end())).await
}

/// A record and one of the event types to read for it.
struct RecordEventType<'a> {
    record: RecordId,
    event_type: &'a str,
}

/// Reads the events of one type for one record.
async fn read_one(
    context: &Context<'_>,
    emitter: &Emitter<'_>,
    query: &RecordEventsQuery<'_>,
) -> Result<(), Error> {
    let parameters = query.parameters();
    let parameters = parameters.in_order();
    let list = ListRequest::get(Endpoint::EVENT_OCCURRENCES, PageLayout::RESULTS);
    let mut pages = Pages::new(context.api, list.query(&parameters));
    while let Some(page) = pages.next_if_any().await? {
        emitter.send(page.records(), &[], |_| true).await?;
    }
    Ok(())
}

/// Returns the state with the earliest saved position as the position of all records. It is `None`
/// if some records may never have been read, which includes a state without a position for records
/// that it does not list.
///
/// Events after the own position of a record have also modified it after the earliest position.
fn earliest(saved: &StreamState) -> StreamState {
    let StreamState::Parents(ParentPositions { positions, others, .. }) = saved else {
        return saved.clone();
    };
    let own = positions.values().copied().min().unwrap_or(*others);
    // `None` sorts before every instant.
    own.min(*others).map_or(StreamState::Unread, StreamState::read_until)
}

/// Returns the instant from which the events of one record are read: its own saved position, less
/// the overlap, if that is later than `lower`.
fn begin(
    stream: &PlannedStream<'_>,
    bounds: &TimeBounds,
    record: RecordId,
    lower: Millis,
) -> Millis {
    let parents = if let StreamState::Parents(parents) = &stream.saved.main {
        Some(parents).filter(|_| !stream.full_refresh)
    } else {
        None
    };
    let own = parents.and_then(|parents| parents.positions.get(&record.to_string()).copied());
    let own = own.flatten().map(|position| bounds.lower(position));
    own.map_or(lower, |own| own.max(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_position_holds_for_all_records() {
        for (case, others, partitions, expected) in [
            ("none", None, vec![], None),
            ("global", Some(5), vec![], Some(5)),
            ("by record, nothing said of others", None, vec![("1", Some(7))], None),
            ("by record and others", Some(8), vec![("1", Some(7)), ("2", Some(6))], Some(6)),
            ("one not read", Some(8), vec![("1", Some(7)), ("2", None)], None),
            ("others are earlier", Some(5), vec![("1", Some(7))], Some(5)),
        ] {
            let own = partitions.into_iter();
            let saved = ParentPositions {
                positions: own
                    .map(|(id, at): (&str, Option<i64>)| (id.to_owned(), at.map(Millis::new)))
                    .collect(),
                others: others.map(Millis::new),
                ..ParentPositions::default()
            };
            let earliest = earliest(&StreamState::Parents(saved));
            assert_eq!(earliest.position(), expected.map(Millis::new), "{case}");
        }
    }
}
