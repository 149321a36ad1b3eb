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

use super::children::each;
use super::crm_object::Reader;
use super::pace::Pace;
use super::scanning::{after_refusal, numeric, without_order};
use super::{Emitter, Receipt};
use crate::cursor::{Bounds, FIRST, Job, Saved, Scan, Seen, complete_global, under_way};
use crate::error::Error;
use crate::hubspot::{Endpoint, ListRequest, OccurrenceQuery, Pages, RecordId, Shape, limits};
use crate::streams::context::{Context, Planned};
use crate::streams::spec::Occurrences;
use crate::time::Millis;

pub(super) async fn read(
    context: &Context<'_>,
    planned: &Planned<'_>,
    events: &Occurrences<'_>,
) -> Result<Receipt, Error> {
    let Some(cursor) = planned.row.cursor else { return Ok(Receipt::default()) };
    let records = Reader::ids(context, events.object, events.modified);
    let emitter = Emitter::new(context, planned);
    let bounds = Bounds {
        index_lag: limits::LATE_EVENTS,
        worst_lag: Duration::ZERO,
        ..context.settled_bounds().await?
    };
    let saved = earliest(&planned.saved);
    let mut scan = Scan::begin(&saved, &bounds, planned.everything, planned.generation);
    let mut pace = Pace::new(Instant::now());
    while let Some(Job::Page(range, ask)) = scan.ask() {
        let (window, way) = (scan.window(), ask.way());
        let found = match records.fetch(window, ask.clone()).await {
            Ok(found) => found,
            Err(error) => {
                scan = after_refusal(&context.name, &scan, &ask, error)?;
                continue;
            }
        };
        let ids: Vec<_> = records.ids_of(&found)?;
        let token = found.next.map(|link| link.as_str().to_owned());
        let seen = Seen { ids, token, left: None };
        if let Err(contradiction) = scan.take(range, way, &seen) {
            scan = without_order(&context.name, &scan, way, contradiction)?;
            continue;
        }
        let ids = numeric(&context.name, &seen.ids)?;
        let before = emitter.receipt().records;
        let asked = ids.into_iter().flat_map(|id| {
            events.event_types.iter().map(move |event_type| Ok((id, event_type.as_ref())))
        });
        let asked = stream::iter(asked);
        let (lower, upper) = window;
        each(asked, async |(id, event_type)| {
            let window = (begin(planned, &bounds, id, lower), upper);
            read_one(context, &emitter, events, (id, event_type), window).await
        })
        .await?;
        let count = emitter.receipt().records - before;
        if pace.is_due(count, Instant::now())
            && !scan.is_done()
            && let Some(progress) = scan.progress(planned.generation)
        {
            emitter.claim(under_way(cursor.name, progress)).await?;
        }
    }
    emitter.finish(complete_global(cursor.name, cursor.format, scan.end())).await
}

/// Reads the events of one type for one record.
async fn read_one(
    context: &Context<'_>,
    emitter: &Emitter<'_>,
    events: &Occurrences<'_>,
    (record, event_type): (RecordId, &str),
    (from, to): (Millis, Millis),
) -> Result<(), Error> {
    let query = OccurrenceQuery {
        object_type: events.object_type,
        record,
        event_type,
        from: from.max(FIRST),
        to,
    };
    let tail = query.tail();
    let list = ListRequest {
        endpoint: Endpoint::EventOccurrences,
        tail: &tail,
        body: None,
        shape: Shape::RESULTS,
    };
    let mut pages = Pages::new(context.api, list);
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
fn earliest(saved: &Saved) -> Saved {
    let own = saved.partitions.values().copied().min().unwrap_or(saved.position);
    // `None` sorts before every instant.
    Saved { position: saved.position.min(own), ..saved.clone() }
}

/// Returns the instant from which the events of one record are read: its own saved position, less
/// the overlap, if that is later than `lower`.
fn begin(planned: &Planned<'_>, bounds: &Bounds, record: RecordId, lower: Millis) -> Millis {
    let own = planned.saved.partitions.get(&record.to_string()).copied().flatten();
    let own = own.filter(|_| !planned.everything).map(|position| bounds.lower(position));
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
            let partitions =
                partitions.into_iter().map(|(id, position)| (id.to_owned(), position)).collect();
            let saved = Saved { position: others, partitions, ..Saved::default() };
            assert_eq!(earliest(&saved).position, expected, "{case}");
        }
    }
}
