//! Marketing e-mails, live and archived, with their statistics.
//!
//! ```text
//! live:      updatedAt ≥ saved position and start date, filtered by HubSpot: `updatedAfter` is
//!            exclusive, so the request is for one millisecond earlier
//! archived:  updatedAt or deletedAt ≥ the same, filtered client-side, because HubSpot does not
//!            document that archiving changes updatedAt
//! sent:      published in the last 30 days; only in an incremental read, which would miss them:
//!            statistics change without updatedAt
//! covered:   everything changed before this sync began
//! ```
//!
//! HubSpot: a list with statistics may omit e-mails (`docs/hubspot.md`, note 37). Live and archived
//! e-mails are therefore first listed without statistics, page by page until one matches; then with
//! statistics, and those omitted are read one by one. The rest of the first list is skipped if its
//! `total` equals the number of e-mails listed with statistics: see [`ListedEmail::unmoved`].

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::try_join;
use futures_util::{TryStreamExt, stream};

use super::{ClientSideCursor, Emitter, StreamStats, unreadable};
use crate::error::Error;
use crate::hubspot::{self, Endpoint, ListRequest, PageLayout, Pages, Parameter, limits};
use crate::record::Record;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::MarketingEmails;
use crate::time::{Millis, write_instant};

/// Number of e-mails read concurrently by id.
const AT_ONCE: usize = 8;

/// Time after publication during which the statistics of an e-mail are read again. Half of all
/// opens come within a day or two, nearly all within a month.
const STILL_OPENED: Duration = Duration::from_hours(24 * 30);

/// Part of the e-mails, as requested and filtered together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Live,
    Archived,
    Sent,
}

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &MarketingEmails,
) -> Result<StreamStats, Error> {
    let emails = Emails {
        context,
        stream,
        endpoint: definition.endpoint,
        emitter: Emitter::new(context, stream),
        client_side_cursor: ClientSideCursor::new(context, stream),
        emitted: RefCell::default(),
    };
    try_join(emails.part(Part::Live), emails.part(Part::Archived)).await?;
    if stream.saved.main.position().is_some() && !stream.full_refresh {
        emails.with_statistics(Part::Sent).await?;
    }
    emails.client_side_cursor.finish(&emails.emitter).await
}

/// State of a read.
struct Emails<'a> {
    context: &'a Context<'a>,
    stream: &'a PlannedStream<'a>,
    endpoint: Endpoint,
    emitter: Emitter<'a>,
    client_side_cursor: ClientSideCursor<'a>,
    /// Ids of the e-mails already sent.
    emitted: RefCell<HashSet<String>>,
}

/// E-mails seen in a list with statistics.
#[derive(Default)]
struct ListedEmail {
    ids: HashSet<String>,
    /// Number of e-mails without an id.
    nameless: usize,
    /// Number of distinct e-mails neither changed nor archived since this sync began. All of them
    /// were in the list that was requested before this one, so if that list has no more than these,
    /// none of its e-mails is missing here.
    unmoved: u64,
}

impl Emails<'_> {
    /// Sends the e-mails of one part.
    async fn part(&self, part: Part) -> Result<(), Error> {
        let filter = self.filter(part);
        let parameters = [
            Parameter::limit(limits::LIST_PAGE),
            Parameter::Encoded(
                "includedProperties=id&includedProperties=updatedAt&includedProperties=deletedAt",
            ),
            Parameter::Encoded(&filter),
        ];
        let mut listed: Option<ListedEmail> = None;
        let mut nameless = 0;
        let mut pages = self.pages(&parameters);
        while let Some(page) = pages.next().await? {
            let mut ids = Vec::new();
            let mut is_any_wanted = false;
            for text in page.records() {
                let record = self.parse(text)?;
                if !self.wants(part, &record) {
                    continue;
                }
                is_any_wanted = true;
                match id(&record) {
                    Some(id) => ids.push(id),
                    None => nameless += 1,
                }
            }
            if listed.is_none() && is_any_wanted {
                let with_statistics = self.with_statistics(part).await?;
                if page.total == Some(with_statistics.unmoved) {
                    return Ok(());
                }
                listed = Some(with_statistics);
            }
            if let Some(listed) = &listed {
                let left_out = ids.into_iter().filter(|id| !listed.ids.contains(id)).map(Ok);
                let read = |id: String| self.read_one(part, id);
                stream::iter(left_out).try_for_each_concurrent(AT_ONCE, read).await?;
            }
        }
        let found = listed.map_or(0, |listed| listed.nameless);
        if nameless > found {
            log::warn!(
                "`{}`: HubSpot lists {} e-mails without an id that cannot be requested, so they \
                 are missing from the records",
                self.context.name,
                nameless - found
            );
        }
        Ok(())
    }

    /// Sends the e-mails of one part that are listed with statistics.
    async fn with_statistics(&self, part: Part) -> Result<ListedEmail, Error> {
        let filter = self.filter(part);
        let parameters = [
            Parameter::limit(limits::LIST_PAGE),
            Parameter::Encoded("includeStats=true"),
            Parameter::Encoded(&filter),
        ];
        let mut listed = ListedEmail::default();
        let mut pages = self.pages(&parameters);
        while let Some(page) = pages.next().await? {
            let began = self.context.bounds().upper();
            let wants = |record: &Record<'_>| {
                let id = id(record);
                listed.nameless += usize::from(id.is_none());
                let is_new = id.is_some_and(|id| listed.ids.insert(id));
                let moved = [self.stream.spec.changed(record), record.instant("deletedAt")];
                let is_unmoved = moved.into_iter().flatten().max().is_some_and(|at| at < began);
                listed.unmoved += u64::from(is_new && is_unmoved);
                self.wants(part, record) && self.is_first(record)
            };
            self.emitter.send(page.records(), &[], wants).await?;
        }
        Ok(listed)
    }

    /// Sends one e-mail with its statistics, or skips it if HubSpot refuses it.
    async fn read_one(&self, part: Part, id: String) -> Result<(), Error> {
        let query = format!("?includeStats=true&archived={}", part == Part::Archived);
        match hubspot::item(self.context.api, self.endpoint, &id, &query).await {
            Ok(found) => {
                let wants = |record: &Record<'_>| self.wants(part, record) && self.is_first(record);
                self.emitter.send(found.records(), &[], wants).await?;
            }
            Err(error @ (Error::Refused { .. } | Error::Gone { .. })) => {
                log::info!(
                    "`{}`: {id} is left out, it was deleted during the read: {error}",
                    self.context.name
                );
            }
            Err(error) if error.is_refusal() => {
                log::warn!("`{}`: {id} is left out: {error}", self.context.name);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Returns `true` if this e-mail has not been sent by any part, and marks it as sent.
    fn is_first(&self, record: &Record<'_>) -> bool {
        id(record).is_none_or(|id| self.emitted.borrow_mut().insert(id))
    }

    fn parse<'page>(&self, text: &'page str) -> Result<Record<'page>, Error> {
        Record::parse(text).map_err(|error| unreadable(&self.context.name, error))
    }

    fn pages<'b>(&'b self, parameters: &'b [Parameter<'b>]) -> Pages<'b> {
        let list = ListRequest::get(self.endpoint, PageLayout::RESULTS).query(parameters);
        Pages::new(self.context.api, list)
    }

    /// Returns the parameters of the filter for HubSpot; empty if there is none.
    fn filter(&self, part: Part) -> String {
        match part {
            Part::Live if self.client_side_cursor.from() > Millis::MIN => {
                let before = self.client_side_cursor.from().preceding();
                format!("updatedAfter={}", write_instant(before))
            }
            Part::Live => String::new(),
            Part::Archived => "archived=true".into(),
            Part::Sent => {
                let since = self.context.bounds().upper().saturating_sub(STILL_OPENED);
                format!("publishedAfter={}", write_instant(since))
            }
        }
    }

    fn wants(&self, part: Part, record: &Record<'_>) -> bool {
        match part {
            Part::Live => self.client_side_cursor.wants(record),
            Part::Archived => {
                let deleted = record.instant("deletedAt");
                self.client_side_cursor.wants(record)
                    || deleted.is_some_and(|at| at >= self.client_side_cursor.from())
            }
            Part::Sent => {
                let changed = self.stream.spec.changed(record);
                changed.is_none_or(|at| self.context.start_date.is_none_or(|start| at >= start))
            }
        }
    }
}

/// Returns the id of an e-mail as text, whatever its JSON type.
fn id(record: &Record<'_>) -> Option<String> {
    let text = record.text("id").map(std::borrow::Cow::into_owned);
    text.or_else(|| record.raw("id").map(str::to_owned)).filter(|id| !id.is_empty())
}
