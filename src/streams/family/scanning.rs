//! Runs a [`Scan`]: several pages are in progress at once, each from its request to stdout.
//!
//! The scan makes the decisions. This loop sends the requests, emits the encoded pages, and emits
//! checkpoints that cover only records already sent. The page source is a [`Harvest`].

use std::cell::RefCell;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::pace::Pace;
use super::{Receipt, contradicts_itself, unreadable};
use crate::cursor::{
    Ask, Contradiction, Job, Pass, Progress, RangeKey, Readers, Scan, Seen, Spread, Survey, Taken,
    Way, complete_but, under_way_as,
};
use crate::error::Error;
use crate::hubspot::limits::{LIST_PAGE, SEARCH_PAGE};
use crate::hubspot::{self, Condition, Page, RecordId};
use crate::protocol::Message;
use crate::record::{Columns, Record};
use crate::streams::context::{Context, Planned};
use crate::streams::spec::CursorField;
use crate::time::Millis;

/// Maximum number of concurrent readers of a scan. Sufficient for 25 list requests per second at a
/// latency of half a second, and for 5 searches per second at one and a half seconds.
pub(super) const SPREAD: Spread = Spread {
    list: Readers { most: 16, page: LIST_PAGE as u64 },
    search: Readers { most: 8, page: SEARCH_PAGE as u64 },
};

/// A record returned by a list or a search.
#[derive(Debug)]
pub(super) struct Found<'page> {
    pub(super) id: Option<RecordId>,
    pub(super) text: &'page str,
    pub(super) record: Record<'page>,
}

impl<'page> Found<'page> {
    /// Parses all records of a page, with their properties split for the given columns.
    pub(super) fn all(
        page: &'page Page,
        stream: &str,
        columns: &Columns,
    ) -> Result<Vec<Self>, Error> {
        let found = |text| {
            let record =
                Record::parse_for(columns, text).map_err(|error| unreadable(stream, error))?;
            Ok(Self { id: record.id(), text, record })
        };
        page.records().map(found).collect()
    }
}

/// Page source of a scan.
pub(super) trait Harvest {
    /// Requests a page; `window` applies to searches only.
    async fn fetch(&self, window: (Millis, Millis), ask: Ask) -> Result<Page, Error>;

    /// Encodes the records of a page that are to be emitted.
    async fn lines(&self, pass: Pass, found: &[Found<'_>]) -> Result<Lines, Error>;
}

/// Encoded records of a page.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) text: Vec<u8>,
    /// Number of records in `text`.
    pub(super) records: u64,
    /// Number of records of the page already sent, because they were too many to buffer.
    pub(super) sent: u64,
}

/// Runs a scan to its end and emits the final state. Returns the number of records sent and the
/// number expected.
///
/// `modified` is the property with the modification time of a record.
pub(super) async fn run(
    context: &Context<'_>,
    stream: &Planned<'_>,
    (object, modified): (&str, &str),
    scan: Scan,
    harvest: &impl Harvest,
) -> Result<Receipt, Error> {
    let Some(cursor) = stream.row.cursor else { return Ok(Receipt::default()) };
    let resumed = scan.resumed();
    let scanning = Scanning {
        context,
        stream,
        cursor,
        object,
        modified,
        harvest,
        scan: RefCell::new(scan),
        pace: RefCell::new(Pace::new(Instant::now())),
    };
    let (mut records, mut failure) = (0, None);
    let mut is_second = false;
    loop {
        let mut under_way = FuturesUnordered::new();
        // Nothing may be sent from this loop itself: queue capacity could be reserved for a page
        // that is not polled in the meantime, which would be a deadlock.
        loop {
            while failure.is_none()
                && let Some(job) = scanning.ask()
            {
                under_way.push(scanning.work(job));
            }
            match under_way.next().await {
                Some(Ok(count)) => records += count,
                // Pages in flight still complete, so that a checkpoint can cover them.
                Some(Err(error)) => failure = failure.or(Some(error)),
                None => break,
            }
        }
        drop(under_way);
        if failure.is_some() {
            break;
        }
        match scanning.falls_short().await {
            Ok(true) => scanning.begin_again(is_second)?,
            Ok(false) => break,
            Err(error) => failure = Some(error),
        }
        is_second = true;
    }
    if let Some(error) = failure {
        scanning.claim_what_was_written().await?;
        return Err(error);
    }
    let said = scanning.said();
    let scan = scanning.scan.into_inner();
    let claim = complete_but(cursor.name, cursor.format, scan.end(), scan.settled());
    context.send(Vec::new(), 0, Some(claim)).await?;
    Ok(Receipt { records, said, resumed, ..Receipt::default() })
}

struct Scanning<'a, H> {
    context: &'a Context<'a>,
    stream: &'a Planned<'a>,
    cursor: CursorField,
    object: &'a str,
    modified: &'a str,
    harvest: &'a H,
    scan: RefCell<Scan>,
    pace: RefCell<Pace>,
}

impl<H: Harvest> Scanning<'_, H> {
    fn ask(&self) -> Option<Job> {
        self.scan.borrow_mut().ask()
    }

    /// Returns the progress that a checkpoint can record, with the fingerprint of the filter
    /// conditions.
    fn progress(&self, scan: &Scan) -> Option<Progress> {
        let filter = self.stream.conditions.fingerprint();
        Some(Progress { filter, ..scan.progress(self.stream.generation)? })
    }

    /// Returns the number of records to read, if HubSpot reported it. Unknown if some conditions
    /// are applied client-side, because the search does not count those.
    fn said(&self) -> Option<u64> {
        self.scan.borrow().said().filter(|_| self.stream.conditions.left().is_empty())
    }

    /// Updates the progress counters with `came` records. The first time the total is known and
    /// exceeds one page, also sends it to the platform as an estimate.
    fn tell(&self, came: usize) {
        let Context { tally, outlet, name, .. } = self.context;
        let is_known = tally.done().is_some();
        tally.came(came, self.said());
        let estimate = tally.done().filter(|&(done, all)| !is_known && done < all);
        if let Some((_, all)) = estimate {
            outlet.tap().say(&Message::estimate(name, all));
        }
    }

    /// Returns `true` if a record found in this pass is to be emitted.
    fn wants(&self, pass: Pass, record: &Record<'_>) -> bool {
        let conditions = &self.stream.conditions;
        let undecided = match pass.way {
            Way::List => conditions.all(),
            Way::Search => conditions.left(),
        };
        pass.wants(record.instant(self.cursor.name)) && fits(undecided, record)
    }

    /// Emits a checkpoint for everything sent since the last one, before the read ends with an
    /// error.
    async fn claim_what_was_written(&self) -> Result<(), Error> {
        let progress = self.progress(&self.scan.borrow());
        let is_owed = self.pace.borrow().is_owed();
        let Some(progress) = progress.filter(|_| is_owed) else { return Ok(()) };
        let claim = under_way_as(self.cursor.name, self.cursor.format, progress);
        self.context.send(Vec::new(), 0, Some(claim)).await
    }

    /// Runs one job to its end; returns the number of records sent.
    async fn work(&self, job: Job) -> Result<u64, Error> {
        match job {
            Job::Page(range, ask) => self.page(range, ask).await,
            Job::Survey => self.survey().await.map(|()| 0),
            Job::Recount { range, from, to } => self.recount(range, from, to).await.map(|()| 0),
            Job::Mark { above, after } => {
                let mark = hubspot::mark(self.context.api, self.object, above, after).await;
                let mark = self.unless_refused(mark)?.flatten();
                self.scan.borrow_mut().mark(mark);
                Ok(0)
            }
        }
    }

    async fn page(&self, range: RangeKey, ask: Ask) -> Result<u64, Error> {
        let way = ask.way();
        let places = match way {
            Way::List => &self.context.places.list,
            Way::Search => &self.context.places.search,
        };
        // The semaphore is never closed.
        let _place = places.acquire().await.ok();
        let window = self.scan.borrow().window();
        let page = match self.harvest.fetch(window, ask.clone()).await {
            Ok(page) => page,
            Err(error) => {
                let scan = &mut *self.scan.borrow_mut();
                *scan = after_refusal(&self.context.name, scan, &ask, error)?;
                return Ok(0);
            }
        };
        let mut found = Found::all(&page, &self.context.name, &self.stream.columns)?;
        let seen = Seen {
            ids: found.iter().map(|found| found.id).collect(),
            token: page.next.as_ref().map(|link| link.as_str().to_owned()),
            left: page.total.filter(|_| way == Way::Search),
        };
        let taken = self.scan.borrow_mut().see(range, way, &seen);
        let Taken { page: key, share } = match taken {
            Ok(Some(taken)) => taken,
            Ok(None) => return Ok(0),
            Err(contradiction) => {
                let scan = &mut *self.scan.borrow_mut();
                *scan = without_order(&self.context.name, scan, way, contradiction)?;
                return Ok(0);
            }
        };
        found.truncate(share);
        let pass = self.scan.borrow().pass(way);
        found.retain(|found| self.wants(pass, &found.record));
        self.tell(found.len());
        let Lines { text, records, sent } = self.harvest.lines(pass, &found).await?;
        // Only the encoded lines are held while waiting for queue capacity.
        drop(found);
        drop(page);
        let claim = || {
            let mut scan = self.scan.borrow_mut();
            scan.written(key);
            let is_due = self.pace.borrow_mut().is_due(records + sent, Instant::now());
            let progress = self.progress(&scan).filter(|_| is_due)?;
            Some(under_way_as(self.cursor.name, self.cursor.format, progress))
        };
        self.context.send_claiming(text, records, claim).await?;
        Ok(records + sent)
    }

    /// Returns `true` if a search returned fewer records than its first response counted and fewer
    /// than a new search counts. The second comparison rules out that records were changed or
    /// deleted meanwhile.
    async fn falls_short(&self) -> Result<bool, Error> {
        let (seen, is_short) = {
            let scan = self.scan.borrow();
            (
                scan.seen(),
                scan.way() == Way::Search && scan.said().is_some_and(|said| scan.seen() < said),
            )
        };
        if !is_short {
            return Ok(false);
        }
        let window = self.scan.borrow().window();
        let ask = Ask::Search { above: 0, below: None, offset: None };
        let hits = self.harvest.fetch(window, ask).await?.total;
        Ok(hits.is_some_and(|hits| hits > seen))
    }

    /// Reads the window again: by search the first time, by list the second time.
    fn begin_again(&self, is_second: bool) -> Result<(), Error> {
        let scan = &mut *self.scan.borrow_mut();
        *scan = if is_second {
            without_order(&self.context.name, scan, Way::Search, Contradiction::Order)?
        } else {
            scan.again()
        };
        Ok(())
    }

    /// Repeats the search count for ids in `from..to`.
    async fn recount(&self, range: RangeKey, from: u64, to: u64) -> Result<(), Error> {
        let window = self.scan.borrow().window();
        let ask = Ask::Search { above: from.saturating_sub(1), below: Some(to), offset: None };
        let hits = self.harvest.fetch(window, ask).await?.total;
        let scan = &mut *self.scan.borrow_mut();
        if let Err(contradiction) = scan.recounted(range, hits) {
            *scan = without_order(&self.context.name, scan, Way::Search, contradiction)?;
        }
        Ok(())
    }

    /// Turns a refusal into `None`, for requests that only make a read faster.
    fn unless_refused<T>(&self, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        match answer {
            Err(error) if error.is_refusal() => {
                log::debug!("`{}` is not shared by more readers: {error}", self.context.name);
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    /// Runs the count probe of the scan. If HubSpot refuses it, the scan keeps a single reader.
    async fn survey(&self) -> Result<(), Error> {
        let (lower, upper) = self.scan.borrow().window();
        let api = self.context.api;
        let extent = hubspot::extent(api, self.object).await;
        let Some(extent) = self.unless_refused(extent)? else { return Ok(()) };
        let (mut in_window, pushed) = (extent.total, self.stream.conditions.pushed());
        if lower > Millis::MIN || !pushed.is_empty() {
            let window = (lower.max(0), upper);
            let count = hubspot::count(api, self.object, self.modified, window, pushed).await;
            let Some(count) = self.unless_refused(count)? else { return Ok(()) };
            in_window = count;
        }
        let survey = Survey { total: extent.total, in_window, top: extent.top };
        let mut scan = self.scan.borrow_mut();
        let before = scan.way();
        scan.survey(survey);
        if scan.way() != before {
            log::info!(
                "`{}`: {in_window} of {} records are wanted, so the rest of them is read by the {}",
                self.context.name,
                extent.total,
                if scan.way() == Way::List { "list" } else { "search" }
            );
        }
        Ok(())
    }
}

/// Returns the ids of records that are to be read by id.
///
/// # Errors
/// If an id is not a number: related data of that record cannot be requested and must not be
/// omitted.
pub(super) fn numeric(stream: &str, ids: &[Option<RecordId>]) -> Result<Vec<RecordId>, Error> {
    ids.iter().map(|id| id.ok_or_else(|| not_numeric(stream))).collect()
}

pub(super) fn not_numeric(stream: &str) -> Error {
    Error::Contract {
        endpoint: format!("a record of `{stream}`"),
        source: "its id is not a number, so nothing more can be asked about it".into(),
    }
}

/// Returns `true` if a CRM record meets all conditions.
fn fits(conditions: &[Condition], record: &Record<'_>) -> bool {
    if conditions.is_empty() {
        return true;
    }
    let properties = record.nested("properties");
    conditions.iter().all(|condition| {
        let value = properties.as_ref().and_then(|values| values.text(condition.property()));
        condition.holds(value.as_deref())
    })
}

/// Returns the scan to continue with after a page was refused. Any other error is returned.
///
/// If search is refused, the list is read instead. If a list rejects a page requested by record id,
/// it is not or no longer paged by id, and is read by its page tokens only.
pub(super) fn after_refusal(
    name: &str,
    scan: &Scan,
    ask: &Ask,
    error: Error,
) -> Result<Scan, Error> {
    if ask.way() == Way::Search && is_search_refused(&error) {
        if scan.way() == Way::List {
            // Another page of the same search has already been refused.
            return Ok(scan.clone());
        }
        log::warn!(
            "`{name}`: HubSpot refuses to search, so the whole list is read instead: {}",
            error.with_cause()
        );
        return Ok(scan.by_list());
    }
    let is_by_id = matches!(ask, Ask::List { after: Some(_) }) && scan.is_by_id();
    if !is_by_id || !matches!(error, Error::Refused { .. }) {
        return Err(error);
    }
    log::warn!(
        "`{name}`: a page of the list was refused that was asked for by a record's id, so the list is \
         read page by page from its beginning: {error}"
    );
    Ok(scan.in_sequence())
}

/// Returns `true` if the error means that the object type cannot be searched.
fn is_search_refused(error: &Error) -> bool {
    matches!(error, Error::Refused { .. } | Error::Gone { .. } | Error::Forbidden { .. })
}

/// Returns the scan to continue with if the order of a page contradicts the assumption of the scan.
///
/// # Errors
/// If the page tokens repeat without end.
pub(super) fn without_order(
    name: &str,
    scan: &Scan,
    way: Way,
    contradiction: Contradiction,
) -> Result<Scan, Error> {
    match (way, contradiction) {
        (_, Contradiction::Endless(_)) => Err(contradicts_itself(name, contradiction)),
        (Way::Search, Contradiction::Order) => {
            log::warn!(
                "`{name}`: search did not answer in the order of ids, so nothing can be found by \
                 it without gaps: reading the whole list instead"
            );
            Ok(scan.by_list())
        }
        (Way::List, Contradiction::Order) => {
            log::warn!(
                "`{name}`: the list did not answer in the order of ids, so it is read page by \
                 page, and an interrupted read will begin anew"
            );
            Ok(scan.in_sequence())
        }
    }
}
