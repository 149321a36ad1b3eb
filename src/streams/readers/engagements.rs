//! Engagements of all types from the legacy v1 API.
//!
//! ```text
//! recent:  modified ≥ lower, filtered by HubSpot; newest first, at most 30 days and 10,000 records
//! paged:   all engagements by ascending id; those modified before `lower` are dropped client-side
//! covered: everything modified before this sync began
//! ```
//!
//! The total in the first response of the recent list decides which of the two is used. A record
//! that is modified while the recent list is read moves to the front; the records it passes are
//! read twice and none is lost.

use std::time::Duration;

use tokio::time::Instant;

use super::checkpoint_interval::CheckpointInterval;
use super::{Emitter, StreamStats, contradicts_itself};
use crate::cursor::{PageInfo, PageRequest, ReadMode, Scan, ScanTask, StreamState, TimeBounds};
use crate::error::Error;
use crate::hubspot::{
    self, Endpoint, ListRequest, Page, PageLayout, PageSize, PageSizeField, PageToken, Pages,
    PagingKind, Parameter, limits,
};
use crate::record::Record;
use crate::record_id::RecordId;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::Engagements;
use crate::time::Millis;

const LAYOUT: PageLayout = PageLayout { records: "results", paging: PagingKind::Offset };
/// Field that holds the engagement's own fields in the response.
const ITSELF: &str = "engagement";

/// Parameters of the list of all engagements.
const PAGED: &[Parameter<'static>] = &[Parameter::limit(limits::ENGAGEMENTS_PAGE)];

/// Page size of the list of recently modified engagements.
const RECENT_PAGE: Parameter<'static> =
    Parameter::PageSize(PageSizeField { name: "count", size: limits::RECENT_ENGAGEMENTS_PAGE });

/// Maximum age for which the recent list is used: one day less than HubSpot covers.
const RECENT: Duration = Duration::from_hours(24 * 29);

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &Engagements,
) -> Result<StreamStats, Error> {
    let Some(cursor) = stream.spec.cursor else { return Ok(StreamStats::default()) };
    let bounds = TimeBounds { worst_lag: Duration::ZERO, ..context.settled_bounds().await? };
    let scan = Scan::begin(&stream.saved.main, &bounds, stream.full_refresh, stream.generation);
    let reader = EngagementReader {
        context,
        endpoint: definition.endpoint,
        emitter: Emitter::new(context, stream),
        cursor: cursor.name,
    };
    let (window, end) = (scan.window(), scan.end());
    let is_begun = stream.saved.main.is_scan() && scan.mode() == ReadMode::List;
    let is_recent = window.to.saturating_duration_since(window.from) <= RECENT;
    let is_read =
        scan.is_done() || is_recent && !is_begun && reader.read_recent(window.from).await?;
    if !is_read {
        let scan = if scan.mode() == ReadMode::List { scan } else { scan.by_list() };
        reader.read_paged(scan, stream.generation).await?;
    }
    reader.emitter.finish(StreamState::read_until(end)).await
}

struct EngagementReader<'a> {
    context: &'a Context<'a>,
    endpoint: Endpoint,
    emitter: Emitter<'a>,
    cursor: &'static str,
}

impl EngagementReader<'_> {
    /// Returns the list of all engagements.
    fn paged(&self) -> ListRequest<'static> {
        ListRequest::get(self.endpoint, LAYOUT).path("/paged").query(PAGED)
    }

    /// Reads the recently modified engagements. Returns `false`, with nothing sent, if there are
    /// more than HubSpot returns.
    async fn read_recent(&self, since: Millis) -> Result<bool, Error> {
        let since_parameter = format!("since={since}");
        let parameters = [RECENT_PAGE, Parameter::Encoded(&since_parameter)];
        let list =
            ListRequest::get(self.endpoint, LAYOUT).path("/recent/modified").query(&parameters);
        let mut pages = Pages::new(self.context.api, list);
        let mut is_first = true;
        while let Some(page) = pages.next().await? {
            if is_first && page.total.is_none_or(|total| total > limits::RECENT_ENGAGEMENTS) {
                return Ok(false);
            }
            is_first = false;
            self.send(&page, since).await?;
        }
        Ok(true)
    }

    /// Reads all engagements by list. If the offset of a page turns out not to be the id at which
    /// the page begins, the list is read again from the beginning as one paged by entry count.
    async fn read_paged(&self, mut scan: Scan, generation: Option<i64>) -> Result<(), Error> {
        let mut checkpoint_interval = CheckpointInterval::new(Instant::now());
        let lower = scan.window().from;
        let size = PageSize::new(limits::ENGAGEMENTS_PAGE);
        while let Some(ScanTask::Page(range, PageRequest::List { after })) = scan.next_task() {
            let after = after.map(PageToken::new);
            let answer =
                hubspot::collection(self.context.api, &self.paged(), after.as_ref(), &size).await;
            let answer = match answer {
                Ok(answer) => answer,
                // The offset saved by an interrupted read is no longer accepted.
                Err(error @ Error::Refused { .. }) if after.is_some() => {
                    log::warn!("`{}`: read from the beginning: {error}", self.context.name);
                    return self.read_by_offset(lower).await;
                }
                Err(error) => return Err(error),
            };
            let ids: Vec<_> = answer.records().map(id).collect();
            let token = answer.next.as_ref().map(|page_token| page_token.as_str().to_owned());
            let seen = PageInfo { ids, token, left: None };
            scan.take(range, ReadMode::List, &seen)
                .map_err(|violation| contradicts_itself(&self.context.name, violation))?;
            if !scan.is_by_id() {
                return self.read_by_offset(lower).await;
            }
            let count = self.send(&answer, lower).await?;
            if checkpoint_interval.is_due(count, Instant::now())
                && !scan.is_done()
                && let Some(progress) = scan.progress(generation)
            {
                self.emitter.checkpoint(StreamState::Scan(progress)).await?;
            }
        }
        Ok(())
    }

    async fn read_by_offset(&self, lower: Millis) -> Result<(), Error> {
        let mut pages = Pages::new(self.context.api, self.paged());
        while let Some(page) = pages.next().await? {
            self.send(&page, lower).await?;
        }
        Ok(())
    }

    async fn send(&self, page: &Page, from: Millis) -> Result<u64, Error> {
        let wants = |record: &Record<'_>| {
            let modified = record.nested(ITSELF).and_then(|own| own.instant(self.cursor));
            modified.is_none_or(|modified| modified >= from)
        };
        self.emitter.send(page.records(), &[], wants).await
    }
}

/// Returns the id of an engagement as sent.
fn id(text: &str) -> Option<RecordId> {
    Record::parse(text).ok()?.nested(ITSELF)?.id()
}
