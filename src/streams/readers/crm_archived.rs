//! Archived records of a CRM object type: the list with `archived=true`, always read in full.
//!
//! ```text
//! emitted:  archived at or after the saved position − lookback (or start date), client-side
//! covered:  everything archived before this sync began
//! ```
//!
//! HubSpot keeps archived records for 90 days and offers no filter for them. They are paged by id
//! like live records, so an interrupted read can be resumed.

use std::time::Duration;

use super::StreamStats;
use super::object_reader::{ObjectPages, ObjectRequest};
use super::scanning::{self, ScanTarget};
use crate::cursor::{ReadMode, Scan, TimeBounds};
use crate::error::Error;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::{CrmArchived, ObjectType};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &CrmArchived<'_>,
) -> Result<StreamStats, Error> {
    let object = ObjectType::listed(definition.object);
    let associations = definition.columns.associations;
    let request =
        ObjectRequest { archived: true, ..ObjectRequest::columns(object, stream, associations) };
    let pages = ObjectPages::new(context, stream, request);
    // The list is not served from the search index, so it has no index lag.
    let bounds =
        TimeBounds { index_lag: Duration::ZERO, worst_lag: Duration::ZERO, ..context.bounds() };
    let scan = Scan::begin(&stream.saved.main, &bounds, stream.full_refresh, stream.generation);
    let is_listed = scan.mode() == ReadMode::List || scan.is_done();
    let scan = if is_listed { scan } else { scan.by_list() };
    let outcome = scanning::run(context, stream, ScanTarget::main(object), scan, &pages).await?;
    Ok(pages.stats(outcome.finish(context, stream).await?))
}
