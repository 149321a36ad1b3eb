//! CRM objects: read by list for a full refresh, by search for changes.

use super::StreamStats;
use super::object_reader::{ObjectPages, ObjectRequest};
use super::scanning::{self, ScanTarget};
use crate::cursor::Scan;
use crate::error::Error;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::CrmObject;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &CrmObject<'_>,
) -> Result<StreamStats, Error> {
    let associations = definition.columns.associations;
    let request = ObjectRequest::columns(definition.object, stream, associations);
    let pages = ObjectPages::new(context, stream, request);
    let scan =
        Scan::begin(&stream.saved.main, &context.bounds(), stream.full_refresh, stream.generation);
    let scan = scan.parallelism(scanning::SPREAD);
    let target = ScanTarget::main(definition.object);
    let outcome = scanning::run(context, stream, target, scan, &pages).await?;
    Ok(pages.stats(outcome.finish(context, stream).await?))
}
