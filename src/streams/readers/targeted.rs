//! Reads single CRM records again, by id, and nothing else.
//!
//! ```text
//! emitted:  live records with the given ids, regardless of their dates and the filter conditions
//! state:    that of the previous sync, unchanged
//! ```

use super::StreamStats;
use super::object_reader::{ObjectPages, ObjectRequest};
use super::scanning::EncodedPage;
use crate::cursor::ReadMode;
use crate::error::Error;
use crate::hubspot::limits;
use crate::record_id::RecordId;
use crate::streams::context::{Context, PlannedStream, Targets};
use crate::streams::strategy::CrmObject;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &CrmObject<'_>,
    targets: &Targets,
) -> Result<StreamStats, Error> {
    let associations = definition.columns.associations;
    let request = ObjectRequest::columns(definition.object, stream, associations);
    let pages = ObjectPages::new(context, stream, request);
    let (mut count, mut missing) = (0, Vec::new());
    for ids in targets.ids.chunks(limits::BATCH_READ) {
        let batch = pages.reader.by_id(ids).await?;
        let mut found = Vec::new();
        for page in &batch {
            found.extend(pages.reader.parse(page)?);
        }
        let is_missing = |id: &&RecordId| found.iter().all(|found| found.id != Some(**id));
        missing.extend(ids.iter().filter(is_missing).map(ToString::to_string));
        // Batch reads return no associations, as with search hits.
        let lines = pages.reader.lines(ReadMode::Search, &found, &pages.encoder).await?;
        let EncodedPage { text, records, .. } = lines;
        count += records;
        context.send(text, records, None).await?;
    }
    if !missing.is_empty() {
        log::warn!(
            "`{}`: there is no live record with the id {}; take it out of `record_ids`",
            context.name,
            missing.join(" or ")
        );
    }
    context.send(Vec::new(), 0, Some(targets.state.clone())).await?;
    Ok(pages.stats(StreamStats { records: count, ..StreamStats::default() }))
}
