//! A list whose records lack most fields; the details are fetched by id for changed records only.
//!
//! ```text
//! emitted:  list cursor ≥ saved position and start date, filtered client-side; no upper bound
//! covered:  everything changed before this sync began, or before the first record whose details
//!           HubSpot failed to return
//! ```
//!
//! The cursor value of the list is kept, whatever the details contain. A record without details is
//! emitted as listed. Ids missing from a batch response are requested one by one to learn the
//! reason.

use std::borrow::Cow;
use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{ClientSideCursor, Emitter, StreamStats, unreadable};
use crate::error::Error;
use crate::hubspot::{self, BatchRead, Endpoint, Pages};
use crate::record::Record;
use crate::record_id::RecordId;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::Detailed;

/// Number of details requested concurrently.
const AT_ONCE: usize = 8;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &Detailed,
) -> Result<StreamStats, Error> {
    let (emitter, client_side_cursor) =
        (Emitter::new(context, stream), ClientSideCursor::new(context, stream));
    let cursor = stream.spec.cursor.map(|cursor| cursor.name);
    let mut pages = Pages::new(context.api, definition.list);
    while let Some(page) = pages.next().await? {
        let unreadable = |error| unreadable(&context.name, error);
        let mut wanted = Vec::new();
        for text in page.records() {
            let record = Record::parse(text).map_err(unreadable)?;
            if client_side_cursor.wants(&record) {
                wanted.push((text, record));
            }
        }
        let ids: Vec<_> = wanted.iter().filter_map(|(_, record)| record.id()).collect();
        let mut found = details(context, definition, &ids).await?;
        let mut records = Vec::new();
        for (text, record) in &wanted {
            let details = match record.id().and_then(|id| found.remove(&id)) {
                Some(Details::Given(details)) => Some(details),
                Some(Details::Later) => {
                    client_side_cursor.hold_back_before(record);
                    None
                }
                Some(Details::None) | None => None,
            };
            records.push(match details {
                Some(details) => {
                    let details = Record::parse(&details).map_err(unreadable)?;
                    Cow::Owned(record.merged_with(&details, cursor))
                }
                None => Cow::Borrowed(*text),
            });
        }
        emitter.send(records, &[], |_| true).await?;
    }
    client_side_cursor.finish(&emitter).await
}

/// Result of a request for the details of one record.
enum Details {
    /// The JSON text of the record.
    Given(String),
    /// There are none, and asking again would not help.
    None,
    /// HubSpot failed to answer; the next sync retries.
    Later,
}

/// Returns the details of the given records.
async fn details(
    context: &Context<'_>,
    definition: &Detailed,
    ids: &[RecordId],
) -> Result<HashMap<RecordId, Details>, Error> {
    let endpoint = definition.list.endpoint;
    let mut found = HashMap::new();
    if let Some(batch) = &definition.batch {
        for ids in ids.chunks(batch.most) {
            found.extend(of_several(context, endpoint, batch, ids).await?);
        }
    }
    let missing: Vec<_> = ids.iter().filter(|id| !found.contains_key(*id)).copied().collect();
    let alone = missing.into_iter().map(async |id| Ok((id, of_one(context, endpoint, id).await?)));
    let alone: Vec<_> = stream::iter(alone).buffer_unordered(AT_ONCE).try_collect().await?;
    found.extend(alone);
    Ok(found)
}

/// Reads the details of several records in one request. Records missing from the response are
/// missing from the result.
async fn of_several(
    context: &Context<'_>,
    endpoint: Endpoint,
    batch: &BatchRead,
    ids: &[RecordId],
) -> Result<Vec<(RecordId, Details)>, Error> {
    let page = match hubspot::items(context.api, endpoint, batch, ids).await {
        Ok(page) => page,
        Err(error @ (Error::Refused { .. } | Error::Gone { .. } | Error::Contract { .. })) => {
            log::warn!("`{}`: requesting details one by one: {error}", context.name);
            return Ok(Vec::new());
        }
        Err(error @ Error::Unavailable { .. }) => {
            log::warn!("`{}`: details are requested again by the next sync: {error}", context.name);
            return Ok(ids.iter().map(|id| (*id, Details::Later)).collect());
        }
        Err(error) => return Err(error),
    };
    let given = |text| {
        let id = Record::parse(text).ok()?.id()?;
        Some((id, Details::Given(text.to_owned())))
    };
    Ok(page.records().filter_map(given).collect())
}

async fn of_one(context: &Context<'_>, endpoint: Endpoint, id: RecordId) -> Result<Details, Error> {
    let page = match hubspot::item(context.api, endpoint, &id.to_string(), "").await {
        Ok(page) => page,
        Err(error) if error.is_refusal() => {
            log::warn!("`{}`: reading without the details of {id}: {error}", context.name);
            return Ok(Details::None);
        }
        Err(error @ (Error::Unavailable { .. } | Error::Contract { .. })) => {
            log::warn!(
                "`{}`: the details of {id} are requested again by the next sync: {error}",
                context.name
            );
            return Ok(Details::Later);
        }
        Err(error) => return Err(error),
    };
    let text = page.records().next().filter(|text| Record::parse(text).is_ok());
    Ok(text.map_or(Details::None, |text| Details::Given(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn details_win_but_for_the_cursor() {
        for (case, listed, details, expected) in [
            (
                "both have a cursor",
                json!({ "id": 1, "at": 5, "name": "a" }),
                json!({ "at": 9, "name": "b", "type": "x" }),
                json!({ "id": 1, "at": 5, "name": "b", "type": "x" }),
            ),
            (
                "the details alone",
                json!({ "id": 1 }),
                json!({ "at": 9 }),
                json!({ "id": 1, "at": 9 }),
            ),
        ] {
            let (listed, details) = (listed.to_string(), details.to_string());
            let details = Record::parse(&details).unwrap();
            let merged = Record::parse(&listed).unwrap().merged_with(&details, Some("at"));
            let merged: Value = serde_json::from_str(&merged).unwrap();
            assert_eq!(merged, expected, "{case}");
        }
    }
}
