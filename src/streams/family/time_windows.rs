//! A log of events that is asked for by windows of time, newest first within each.
//!
//! ```text
//! from ≤ happened ≤ to − 1 ms             both bounds inclusive, applied by HubSpot
//! claimed:  everything before a window, once that and all windows before it are read
//! ```
//!
//! Within a window HubSpot gives the newest events first and pages by a token that soon expires:
//! then the rest of the window is asked for anew. Several windows are read at once. Of a long span
//! the newest page comes first, which often is all there is.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::{TryStreamExt, stream};
use tokio::time::Instant;

use super::newest_first::oldest;
use super::pace::Pace;
use super::{Emitter, Receipt, unreadable};
use crate::cursor::{Bounds, Gapless, Span, Window, complete, under_way_as};
use crate::error::Error;
use crate::hubspot::{Endpoint, ListRequest, Page, Pages, Shape, limits};
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::Millis;

/// Events of one page.
const PAGE: u32 = 1000;
const WINDOW: Duration = Duration::from_hours(24 * 30);
/// Windows under way at once.
const AT_ONCE: usize = 8;
/// Looking for the first event, or for few of them, takes requests: worth it from this many windows
/// on.
const MANY: usize = 16;

pub(super) async fn read(
    context: &Context<'_>,
    planned: &Planned<'_>,
    endpoint: Endpoint,
    shape: Shape,
) -> Result<Receipt, Error> {
    let Some(cursor) = planned.row.cursor else { return Ok(Receipt::default()) };
    let bounds = Bounds { index_lag: limits::LATE_EVENTS, ..context.settled_bounds().await? };
    let span = Span::begin(&planned.saved, &bounds, planned.everything, planned.generation);
    let emitter = Emitter::new(context, planned);
    let log = Log { context, endpoint, shape, cursor: cursor.name, emitter };
    let rest = log.without_newest(span).await?;
    let windows = log.without_empty_past(rest.windows(WINDOW)).await?;
    let done = RefCell::new(Gapless::default());
    let unclaimed = Cell::new(0);
    let pace = RefCell::new(Pace::new(Instant::now()));
    // Claims are made where the windows are read: a loop that sends while other windows are not
    // polled could wait for a place in the queue that is promised to one of them.
    let reads = stream::iter((0..).zip(windows).map(Ok));
    let read = async |(place, window)| {
        let records = log.read(window).await?;
        unclaimed.set(unclaimed.get() + records);
        let position = done.borrow_mut().finish(place, window.to);
        let position = position.filter(|position| *position < span.upper);
        let Some(position) = position else { return Ok(()) };
        if !pace.borrow_mut().is_due(unclaimed.take(), Instant::now()) {
            return Ok(());
        }
        let progress = span.progress(position, planned.generation);
        log.emitter.claim(under_way_as(cursor.name, cursor.format, progress)).await
    };
    reads.try_for_each_concurrent(AT_ONCE, read).await?;
    log.emitter.finish(complete(cursor.name, cursor.format, span.end)).await
}

struct Log<'a> {
    context: &'a Context<'a>,
    endpoint: Endpoint,
    shape: Shape,
    cursor: &'static str,
    emitter: Emitter<'a>,
}

impl Log<'_> {
    /// Sends every event of a window; returns how many.
    async fn read(&self, mut window: Window) -> Result<u64, Error> {
        // What is left of the window below the pages read so far.
        let mut rest = window;
        let mut records = 0;
        'window: loop {
            let tail = tail(window, PAGE);
            let mut pages = self.pages(&tail);
            loop {
                let page = match pages.next().await {
                    // The token has expired: ask for the rest anew. The moment that the last page
                    // ended with is read twice, because it may hold more.
                    Err(Error::Refused { .. }) if pages.is_begun() && rest.to < window.to => {
                        window = rest;
                        continue 'window;
                    }
                    answer => answer?,
                };
                let Some(page) = page else { return Ok(records) };
                records += self.emitter.send(page.records(), &[], |_| true).await?;
                if let Some(oldest) = self.oldest(&page)? {
                    rest.to = rest.to.min(oldest + 1);
                }
            }
        }
    }

    /// Sends the newest page of a long span; returns what is left to be read.
    async fn without_newest(&self, span: Span) -> Result<Span, Error> {
        if span.windows(WINDOW).len() < MANY {
            return Ok(span);
        }
        let whole = Window { from: span.lower, to: span.upper };
        let Some(page) = self.newest(whole, PAGE).await? else { return Ok(span) };
        if page.next.is_none() {
            self.emitter.send(page.records(), &[], |_| true).await?;
            return Ok(Span { lower: span.upper, ..span });
        }
        let Some(oldest) = self.oldest(&page)? else { return Ok(span) };
        // There may be more of the moment that the page ends with: it is left for later, whole.
        let is_newer = |record: &Record<'_>| record.instant(self.cursor) > Some(oldest);
        self.emitter.send(page.records(), &[], is_newer).await?;
        Ok(Span { upper: oldest + 1, ..span })
    }

    /// The moment of a page's last event, if the newest come first.
    fn oldest(&self, page: &Page) -> Result<Option<Millis>, Error> {
        oldest(page, self.cursor).map_err(|error| unreadable(&self.context.name, error))
    }

    fn pages<'b>(&'b self, tail: &'b str) -> Pages<'b> {
        let (endpoint, shape) = (self.endpoint, self.shape);
        Pages::new(self.context.api, ListRequest { endpoint, tail, body: None, shape })
    }

    /// The newest page of a window, of so many events at most.
    async fn newest(&self, window: Window, limit: u32) -> Result<Option<Page>, Error> {
        self.pages(&tail(window, limit)).next().await
    }

    /// Leaves out the windows before the first event, which are most of them in a portal that is
    /// younger than HubSpot.
    async fn without_empty_past(&self, mut windows: Vec<Window>) -> Result<Vec<Window>, Error> {
        let Some(first) = windows.first().copied().filter(|_| windows.len() >= MANY) else {
            return Ok(windows);
        };
        // Windows below `empty` hold nothing; the one at `found` or an earlier one may.
        let (mut empty, mut found) = (0, windows.len() - 1);
        while empty < found {
            let middle = usize::midpoint(empty, found);
            let Some(window) = windows.get(middle) else { break };
            if self.is_empty(Window { from: first.from, to: window.to }).await? {
                empty = middle + 1;
            } else {
                found = middle;
            }
        }
        Ok(windows.split_off(empty))
    }

    async fn is_empty(&self, window: Window) -> Result<bool, Error> {
        let page = self.newest(window, 1).await?;
        Ok(page.is_none_or(|page| page.records().len() == 0 && page.next.is_none()))
    }
}

/// What follows the endpoint's path to ask for the events of a window.
fn tail(Window { from, to }: Window, limit: u32) -> String {
    format!("?limit={limit}&startTimestamp={from}&endTimestamp={}", to - 1)
}
