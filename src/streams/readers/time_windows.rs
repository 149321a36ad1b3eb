//! An event log that is read in time windows, newest first within each.
//!
//! ```text
//! from ≤ occurred ≤ to − 1 ms             both bounds inclusive, filtered by HubSpot
//! covered:  everything before the end of a window, once it and all earlier windows are read
//! ```
//!
//! Within a window HubSpot returns the newest events first, with a page token that expires soon;
//! the rest of the window is then requested again. Several windows are read concurrently. For a
//! long time span the newest page is read first, because it often contains all events.

use std::cell::{Cell, RefCell};

use futures_util::{TryStreamExt, stream};
use tokio::time::Instant;

use super::checkpoint_interval::CheckpointInterval;
use super::newest_first::oldest;
use super::{Emitter, StreamStats, unreadable};
use crate::cursor::{CommitTracker, Span, StreamState, TimeBounds};
use crate::error::Error;
use crate::hubspot::{ListRequest, Page, Pages, Parameter, limits};
use crate::record::Record;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::TimeWindows;
use crate::time::{Millis, TimeWindow};

/// Number of windows read concurrently.
const AT_ONCE: usize = 8;
/// Minimum number of windows for which it is worthwhile to spend requests on finding the first
/// event, or on reading the newest page first.
const MANY: usize = 16;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &TimeWindows,
) -> Result<StreamStats, Error> {
    let Some(cursor) = stream.spec.cursor else { return Ok(StreamStats::default()) };
    let bounds = TimeBounds { index_lag: limits::LATE_EVENTS, ..context.settled_bounds().await? };
    let span = Span::begin(&stream.saved.main, &bounds, stream.full_refresh, stream.generation);
    let emitter = Emitter::new(context, stream);
    let log = EventLog { context, definition, cursor: cursor.name, emitter };
    let rest = log.without_newest(span).await?;
    let windows = log.without_empty_past(rest.windows(definition.window)).await?;
    let done = RefCell::new(CommitTracker::default());
    let since_checkpoint = Cell::new(0);
    let checkpoint_interval = RefCell::new(CheckpointInterval::new(Instant::now()));
    let reads = stream::iter((0..).zip(windows).map(Ok));
    let read = async |(place, window)| {
        let records = log.read(window).await?;
        since_checkpoint.set(since_checkpoint.get() + records);
        let position = done.borrow_mut().finish(place, window.to);
        let position = position.filter(|position| *position < span.upper);
        let Some(position) = position else { return Ok(()) };
        if !checkpoint_interval.borrow_mut().is_due(since_checkpoint.take(), Instant::now()) {
            return Ok(());
        }
        let progress = span.progress(position, stream.generation);
        log.emitter.checkpoint(StreamState::Scan(progress)).await
    };
    reads.try_for_each_concurrent(AT_ONCE, read).await?;
    log.emitter.finish(StreamState::read_until(span.end)).await
}

struct EventLog<'a> {
    context: &'a Context<'a>,
    definition: &'a TimeWindows,
    cursor: &'static str,
    emitter: Emitter<'a>,
}

impl EventLog<'_> {
    /// Sends all events of a window; returns the number sent.
    async fn read(&self, mut window: TimeWindow) -> Result<u64, Error> {
        // Part of the window older than the pages read so far.
        let mut rest = window;
        let mut records = 0;
        'window: loop {
            let bounds = bounds(window);
            let parameters = parameters(&bounds, limits::EVENTS_PAGE);
            let mut pages = self.pages(&parameters);
            loop {
                let page = match pages.next().await {
                    // The page token has expired. Request the rest of the window, including the
                    // time of the last event read, because it may have more events.
                    Err(Error::Refused { .. }) if pages.is_begun() && rest.to < window.to => {
                        window = rest;
                        continue 'window;
                    }
                    answer => answer?,
                };
                let Some(page) = page else { return Ok(records) };
                records += self.emitter.send(page.records(), &[], |_| true).await?;
                if let Some(oldest) = self.oldest(&page)? {
                    rest.to = rest.to.min(oldest.following());
                }
            }
        }
    }

    /// Sends the newest page of a long span; returns the rest of the span.
    async fn without_newest(&self, span: Span) -> Result<Span, Error> {
        if span.windows(self.definition.window).len() < MANY {
            return Ok(span);
        }
        let client_side_cursor = TimeWindow { from: span.lower, to: span.upper };
        let Some(page) = self.newest(client_side_cursor, limits::EVENTS_PAGE).await? else {
            return Ok(span);
        };
        if page.next.is_none() {
            self.emitter.send(page.records(), &[], |_| true).await?;
            return Ok(Span { lower: span.upper, ..span });
        }
        let Some(oldest) = self.oldest(&page)? else { return Ok(span) };
        // More events may share the time of the last one, so events of that time are left to the
        // rest.
        let is_newer = |record: &Record<'_>| record.instant(self.cursor) > Some(oldest);
        self.emitter.send(page.records(), &[], is_newer).await?;
        Ok(Span { upper: oldest.following(), ..span })
    }

    /// Returns the time of the last event of a page, if it is sorted newest first.
    fn oldest(&self, page: &Page) -> Result<Option<Millis>, Error> {
        oldest(page, self.cursor).map_err(|error| unreadable(&self.context.name, error))
    }

    fn pages<'b>(&'b self, parameters: &'b [Parameter<'b>]) -> Pages<'b> {
        let TimeWindows { endpoint, layout, .. } = *self.definition;
        Pages::new(self.context.api, ListRequest::get(endpoint, layout).query(parameters))
    }

    /// Requests the newest page of a window, with at most `limit` events.
    async fn newest(&self, window: TimeWindow, limit: usize) -> Result<Option<Page>, Error> {
        self.pages(&parameters(&bounds(window), limit)).next().await
    }

    /// Removes the windows before the first event by binary search. In a recently created account
    /// these are most of the windows.
    async fn without_empty_past(
        &self,
        mut windows: Vec<TimeWindow>,
    ) -> Result<Vec<TimeWindow>, Error> {
        let Some(first) = windows.first().copied().filter(|_| windows.len() >= MANY) else {
            return Ok(windows);
        };
        // Windows before `empty` have no events; the window at `found` or an earlier one may have
        // some.
        let (mut empty, mut found) = (0, windows.len() - 1);
        while empty < found {
            let middle = usize::midpoint(empty, found);
            let Some(window) = windows.get(middle) else { break };
            if self.is_empty(TimeWindow { from: first.from, to: window.to }).await? {
                empty = middle + 1;
            } else {
                found = middle;
            }
        }
        Ok(windows.split_off(empty))
    }

    async fn is_empty(&self, window: TimeWindow) -> Result<bool, Error> {
        let page = self.newest(window, 1).await?;
        Ok(page.is_none_or(|page| page.records().len() == 0 && page.next.is_none()))
    }
}

/// Returns the parameters with the bounds of a window.
fn bounds(TimeWindow { from, to }: TimeWindow) -> String {
    format!("startTimestamp={from}&endTimestamp={}", to.preceding())
}

/// Returns the parameters for at most `limit` events of a window.
fn parameters(bounds: &str, limit: usize) -> [Parameter<'_>; 2] {
    [Parameter::limit(limit), Parameter::Encoded(bounds)]
}
