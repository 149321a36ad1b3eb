//! Runs a [`Scan`]: several pages are in progress at once, each from its request to stdout.
//!
//! The scan makes the decisions. This loop sends the requests, emits the encoded pages, and emits
//! checkpoints that cover only records already sent. The page source is a [`PageSource`].

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use tokio::time::Instant;

use super::checkpoint_interval::CheckpointInterval;
use super::{StreamStats, contradicts_itself, unreadable};
use crate::concurrent::run_all;
use crate::cursor::{
    AcceptedPage, CountProbe, PageInfo, PageRequest, PagingViolation, ParallelReaders, Parallelism,
    Position, RangeKey, ReadMode, Scan, ScanPass, ScanProgress, ScanTask, StreamState,
};
use crate::error::Error;
use crate::hubspot::limits::{LIST_PAGE, SEARCH_PAGE};
use crate::hubspot::{self, Condition, Page};
use crate::protocol::{Message, StateBlob};
use crate::record::{Columns, Record};
use crate::record_id::RecordId;
use crate::streams::checkpoints::Section;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::spec::CursorField;
use crate::streams::strategy::ObjectType;
use crate::time::{Millis, TimeWindow};

/// Maximum number of concurrent readers of a scan. Sufficient for 25 list requests per second at a
/// latency of half a second, and for 5 searches per second at one and a half seconds.
pub(super) const SPREAD: Parallelism = Parallelism {
    list: ParallelReaders { most: 16, page: LIST_PAGE as u64 },
    search: ParallelReaders { most: 8, page: SEARCH_PAGE as u64 },
};

/// A record returned by a list or a search.
#[derive(Debug)]
pub(super) struct ParsedRecord<'page> {
    pub(super) id: Option<RecordId>,
    pub(super) text: &'page str,
    pub(super) record: Record<'page>,
}

impl<'page> ParsedRecord<'page> {
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
pub(super) trait PageSource {
    /// Requests a page; `window` applies to searches only.
    async fn fetch(&self, window: TimeWindow, ask: PageRequest) -> Result<Page, Error>;

    /// Encodes the records of a page that are to be emitted.
    async fn lines(&self, pass: ScanPass, found: &[ParsedRecord<'_>])
    -> Result<EncodedPage, Error>;
}

/// Encoded records of a page.
#[derive(Debug, Default)]
pub(super) struct EncodedPage {
    pub(super) text: Vec<u8>,
    /// Number of records in `text`.
    pub(super) records: u64,
    /// Number of records of the page already sent, because they were too many to buffer.
    pub(super) sent: u64,
}

/// Result of a scan that has reached its end, before its final checkpoint is emitted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ScanOutcome {
    /// Number of records sent.
    pub(super) records: u64,
    /// Number of records to read according to HubSpot, if reported.
    pub(super) expected: Option<u64>,
    /// Number of ranges left over by an interrupted read.
    pub(super) resumed: usize,
    /// End of the window: every record modified before it has been sent.
    pub(super) end: Millis,
    /// Start of the changes that the search index may have shown too late, if they have to be
    /// searched again.
    pub(super) reconciled_until: Option<Millis>,
}

impl ScanOutcome {
    /// Returns the state after the scan.
    pub(super) fn state(&self) -> StreamState {
        let &Self { end, reconciled_until, .. } = self;
        StreamState::Complete(Position { end, reconciled_until })
    }

    /// Emits the final checkpoint of a stream that consists of this scan alone.
    pub(super) async fn finish(
        self,
        context: &Context<'_>,
        stream: &PlannedStream<'_>,
    ) -> Result<StreamStats, Error> {
        let state = stream.checkpoints.record(Section::Main, self.state());
        context.send(Vec::new(), 0, Some(state)).await?;
        let Self { records, expected, resumed, .. } = self;
        Ok(StreamStats { records, expected, resumed, ..StreamStats::default() })
    }
}

/// Object type and section of the stream that a scan reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanTarget<'a> {
    pub(super) object: ObjectType<'a>,
    /// Part of the stream's state that holds the progress of the scan.
    pub(super) section: Section,
}

impl<'a> ScanTarget<'a> {
    /// Returns the target of a stream that consists of one scan.
    pub(super) fn main(object: ObjectType<'a>) -> Self {
        Self { object, section: Section::Main }
    }
}

/// Runs a scan to its end, emitting intermediate checkpoints. The final one is up to the caller: see
/// [`ScanOutcome::finish`]. A stream may run several scans, each with a section of its own.
pub(super) async fn run(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    target: ScanTarget<'_>,
    scan: Scan,
    page_source: &impl PageSource,
) -> Result<ScanOutcome, Error> {
    let Some(cursor) = stream.spec.cursor else { return Ok(ScanOutcome::default()) };
    let resumed = scan.resumed();
    let scanning = ScanRun {
        context,
        stream,
        cursor,
        target,
        page_source,
        scan: RefCell::new(scan),
        checkpoint_interval: RefCell::new(CheckpointInterval::new(Instant::now())),
        records: Cell::new(0),
    };
    if let Err(error) = scanning.run_to_the_end().await {
        scanning.checkpoint_what_was_sent().await?;
        return Err(error);
    }
    let (expected, records) = (scanning.expected(), scanning.records.get());
    let scan = scanning.scan.into_inner();
    let (end, reconciled_until) = (scan.end(), scan.reconciled_until());
    Ok(ScanOutcome { records, expected, resumed, end, reconciled_until })
}

struct ScanRun<'a, H> {
    context: &'a Context<'a>,
    stream: &'a PlannedStream<'a>,
    cursor: CursorField,
    target: ScanTarget<'a>,
    page_source: &'a H,
    scan: RefCell<Scan>,
    checkpoint_interval: RefCell<CheckpointInterval>,
    /// Number of records sent.
    records: Cell<u64>,
}

impl<H: PageSource> ScanRun<'_, H> {
    /// Reads the window, and reads it again if the search left records out.
    async fn run_to_the_end(&self) -> Result<(), Error> {
        for is_second in [false, true] {
            self.run_tasks().await?;
            if !self.falls_short().await? {
                return Ok(());
            }
            self.begin_again(is_second)?;
        }
        self.run_tasks().await
    }

    /// Runs tasks until the scan has none left. After an error no further task starts, but those in
    /// progress complete, so that a checkpoint can cover them.
    async fn run_tasks(&self) -> Result<(), Error> {
        let failure = RefCell::new(None);
        let next = || {
            let is_failed = failure.borrow().is_some();
            let task = if is_failed { None } else { self.next_task() };
            Some(self.work(task?))
        };
        let ended = |result| {
            match result {
                Ok(count) => self.records.set(self.records.get() + count),
                Err(error) => {
                    failure.borrow_mut().get_or_insert(error);
                }
            }
            ControlFlow::Continue(())
        };
        run_all(next, ended).await;
        failure.into_inner().map_or(Ok(()), Err)
    }

    fn next_task(&self) -> Option<ScanTask> {
        self.scan.borrow_mut().next_task()
    }

    /// Returns the progress that a checkpoint can record, with the fingerprint of the filter
    /// conditions.
    fn progress(&self, scan: &Scan) -> Option<ScanProgress> {
        let filter = self.stream.conditions.fingerprint();
        Some(ScanProgress { filter, ..scan.progress(self.stream.generation)? })
    }

    /// Returns the state to write for this progress.
    fn checkpoint(&self, progress: ScanProgress) -> StateBlob {
        let ScanTarget { section, .. } = self.target;
        self.stream.checkpoints.record(section, StreamState::Scan(progress))
    }

    /// Returns the number of records to read, if HubSpot reported it. Unknown if some conditions
    /// are applied client-side, because the search does not count those.
    fn expected(&self) -> Option<u64> {
        self.scan.borrow().expected().filter(|_| self.stream.conditions.left().is_empty())
    }

    /// Updates the progress counters with `came` records. The first time the total is known and
    /// exceeds one page, also sends it to the platform as an estimate.
    fn tell(&self, came: usize) {
        let Context { counter, sender, name, .. } = self.context;
        let is_known = counter.done().is_some();
        counter.came(came, self.expected());
        let estimate = counter.done().filter(|&(done, all)| !is_known && done < all);
        if let Some((_, all)) = estimate {
            sender.out_of_band().say(&Message::estimate(name, all));
        }
    }

    /// Returns `true` if a record found in this pass is to be emitted.
    fn wants(&self, pass: ScanPass, record: &Record<'_>) -> bool {
        let conditions = &self.stream.conditions;
        let undecided = match pass.mode {
            ReadMode::List => conditions.all(),
            ReadMode::Search => conditions.left(),
        };
        pass.wants(record.instant(self.cursor.name)) && fits(undecided, record)
    }

    /// Emits a checkpoint for everything sent since the last one, before the read ends with an
    /// error.
    async fn checkpoint_what_was_sent(&self) -> Result<(), Error> {
        let progress = self.progress(&self.scan.borrow());
        let is_owed = self.checkpoint_interval.borrow().is_owed();
        let Some(progress) = progress.filter(|_| is_owed) else { return Ok(()) };
        let state = self.checkpoint(progress);
        self.context.send(Vec::new(), 0, Some(state)).await
    }

    /// Runs one task to its end; returns the number of records sent.
    async fn work(&self, task: ScanTask) -> Result<u64, Error> {
        match task {
            ScanTask::Page(range, ask) => self.page(range, ask).await,
            ScanTask::CountProbe => self.count_probe().await.map(|()| 0),
            ScanTask::Recount { range, from, to } => {
                self.recount(range, from, to).await.map(|()| 0)
            }
            ScanTask::SplitPoint { above, after } => {
                let split_point =
                    hubspot::id_at_rank(self.context.api, self.target.object.name, above, after)
                        .await;
                let split_point = self.unless_refused(split_point)?.flatten();
                self.scan.borrow_mut().apply_split_point(split_point);
                Ok(0)
            }
        }
    }

    async fn page(&self, range: RangeKey, ask: PageRequest) -> Result<u64, Error> {
        let mode = ask.mode();
        let page_budget = match mode {
            ReadMode::List => &self.context.page_budget.list,
            ReadMode::Search => &self.context.page_budget.search,
        };
        // The semaphore is never closed.
        let _place = page_budget.acquire().await.ok();
        let window = self.scan.borrow().window();
        let page = match self.page_source.fetch(window, ask.clone()).await {
            Ok(page) => page,
            Err(error) => {
                let scan = &mut *self.scan.borrow_mut();
                *scan = after_refusal(&self.context.name, scan, &ask, error)?;
                return Ok(0);
            }
        };
        let mut found = ParsedRecord::all(&page, &self.context.name, &self.stream.columns)?;
        let seen = PageInfo {
            ids: found.iter().map(|found| found.id).collect(),
            token: page.next.as_ref().map(|page_token| page_token.as_str().to_owned()),
            left: page.total.filter(|_| mode == ReadMode::Search),
        };
        let taken = self.scan.borrow_mut().accept(range, mode, &seen);
        let AcceptedPage { page: key, share } = match taken {
            Ok(Some(taken)) => taken,
            Ok(None) => return Ok(0),
            Err(violation) => {
                let scan = &mut *self.scan.borrow_mut();
                *scan = without_order(&self.context.name, scan, mode, violation)?;
                return Ok(0);
            }
        };
        found.truncate(share);
        let pass = self.scan.borrow().pass(mode);
        found.retain(|found| self.wants(pass, &found.record));
        self.tell(found.len());
        let EncodedPage { text, records, sent } = self.page_source.lines(pass, &found).await?;
        // Only the encoded lines are held while waiting for queue capacity.
        drop(found);
        drop(page);
        let checkpoint = || {
            let mut scan = self.scan.borrow_mut();
            scan.enqueued(key);
            let is_due =
                self.checkpoint_interval.borrow_mut().is_due(records + sent, Instant::now());
            let progress = self.progress(&scan).filter(|_| is_due)?;
            Some(self.checkpoint(progress))
        };
        self.context.send_with_checkpoint(text, records, checkpoint).await?;
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
                scan.mode() == ReadMode::Search
                    && scan.expected().is_some_and(|expected| scan.seen() < expected),
            )
        };
        if !is_short {
            return Ok(false);
        }
        let window = self.scan.borrow().window();
        let ask = PageRequest::Search { above: RecordId::MIN, below: None, offset: None };
        let hits = self.page_source.fetch(window, ask).await?.total;
        Ok(hits.is_some_and(|hits| hits > seen))
    }

    /// Reads the window again: by search the first time, by list the second time.
    fn begin_again(&self, is_second: bool) -> Result<(), Error> {
        let scan = &mut *self.scan.borrow_mut();
        *scan = if is_second {
            without_order(&self.context.name, scan, ReadMode::Search, PagingViolation::Order)?
        } else {
            scan.again()
        };
        Ok(())
    }

    /// Repeats the search count for ids in `from..to`.
    async fn recount(&self, range: RangeKey, from: RecordId, to: RecordId) -> Result<(), Error> {
        let window = self.scan.borrow().window();
        let ask =
            PageRequest::Search { above: from.saturating_sub(1), below: Some(to), offset: None };
        let hits = self.page_source.fetch(window, ask).await?.total;
        let scan = &mut *self.scan.borrow_mut();
        if let Err(violation) = scan.recounted(range, hits) {
            *scan = without_order(&self.context.name, scan, ReadMode::Search, violation)?;
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
    async fn count_probe(&self) -> Result<(), Error> {
        let window = self.scan.borrow().window();
        let api = self.context.api;
        let ObjectType { name, modified } = self.target.object;
        let object_count = hubspot::object_count(api, name).await;
        let Some(object_count) = self.unless_refused(object_count)? else { return Ok(()) };
        let (mut in_window, pushed) = (object_count.total, self.stream.conditions.pushed());
        if window.from > Millis::MIN || !pushed.is_empty() {
            let window = TimeWindow { from: window.from.max(Millis::EPOCH), ..window };
            let count = hubspot::count(api, name, modified, window, pushed).await;
            let Some(count) = self.unless_refused(count)? else { return Ok(()) };
            in_window = count;
        }
        let count_probe =
            CountProbe { total: object_count.total, in_window, top: object_count.top };
        let mut scan = self.scan.borrow_mut();
        let before = scan.mode();
        scan.apply_count_probe(count_probe);
        if scan.mode() != before {
            log::info!(
                "`{}`: {in_window} of {} records are in the time window, so the remaining ones \
                 are read by {}",
                self.context.name,
                object_count.total,
                if scan.mode() == ReadMode::List { "list" } else { "search" }
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
    ask: &PageRequest,
    error: Error,
) -> Result<Scan, Error> {
    if ask.mode() == ReadMode::Search && is_search_refused(&error) {
        if scan.mode() == ReadMode::List {
            // Another page of the same search has already been refused.
            return Ok(scan.clone());
        }
        log::warn!(
            "`{name}`: HubSpot refuses the search, so the whole list is read instead: {}",
            error.with_cause()
        );
        return Ok(scan.by_list());
    }
    let is_by_id = matches!(ask, PageRequest::List { after: Some(_) }) && scan.is_by_id();
    if !is_by_id || !matches!(error, Error::Refused { .. }) {
        return Err(error);
    }
    log::warn!(
        "`{name}`: HubSpot refused a page of the list requested by record id, so the list is \
        read sequentially from its beginning: {error}"
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
    mode: ReadMode,
    violation: PagingViolation,
) -> Result<Scan, Error> {
    match (mode, violation) {
        (_, PagingViolation::Endless(_)) => Err(contradicts_itself(name, violation)),
        (ReadMode::Search, PagingViolation::Order) => {
            log::warn!(
                "`{name}`: the search results are not in the order of ids, so records could be \
                missed; the whole list is read instead"
            );
            Ok(scan.by_list())
        }
        (ReadMode::List, PagingViolation::Order) => {
            log::warn!(
                "`{name}`: the list is not in the order of ids, so it is read sequentially, and \
                an interrupted read starts again from the beginning"
            );
            Ok(scan.in_sequence())
        }
    }
}
