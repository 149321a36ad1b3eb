//! Marketing e-mails, live and archived, with their statistics.
//!
//! ```text
//! live:      updatedAt ≥ saved position (or start date), applied by HubSpot: its `updatedAfter`
//!            leaves out the instant itself, so one millisecond earlier is asked for
//! archived:  updatedAt or deletedAt ≥ the same, applied by us, since HubSpot does not say that
//!            archiving moves updatedAt
//! sent:      published in the last 30 days; only in an incremental read, which they would be
//!            missing from: statistics move on without updatedAt
//! claimed:   everything changed before this sync began
//! ```
//!
//! HubSpot: a list with statistics may leave e-mails out (`docs/hubspot.md`, note 37). So live and
//! archived ones are first listed without, page by page until one is wanted; then with statistics,
//! and what that left out is read one by one. The rest of the first list is not asked for if its
//! `total` is the number of those that came with statistics: see [`Listed::unmoved`].

use std::cell::RefCell;
use std::collections::HashSet;

use chrono::{DateTime, Duration, SecondsFormat};
use futures_util::future::try_join;
use futures_util::{TryStreamExt, stream};

use super::{Emitter, Receipt, Whole, unreadable};
use crate::error::Error;
use crate::hubspot::{self, Endpoint, ListRequest, Pages, Shape};
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::Millis;

/// E-mails that are read one by one at once.
const AT_ONCE: usize = 8;

/// How long statistics are read again after an e-mail was published. Half of all opens come within
/// a day or two, nearly all within a month.
const STILL_OPENED: Duration = Duration::days(30);

/// Which e-mails are read, and which of them are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Live,
    Archived,
    Sent,
}

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    endpoint: Endpoint,
) -> Result<Receipt, Error> {
    let emails = Emails {
        context,
        stream,
        endpoint,
        emitter: Emitter::new(context, stream),
        whole: Whole::new(context, stream),
        emitted: RefCell::default(),
    };
    try_join(emails.part(Part::Live), emails.part(Part::Archived)).await?;
    if stream.saved.position.is_some() && !stream.everything {
        emails.with_statistics(Part::Sent).await?;
    }
    emails.whole.finish(&emails.emitter).await
}

/// A read under way.
struct Emails<'a> {
    context: &'a Context<'a>,
    stream: &'a Planned<'a>,
    endpoint: Endpoint,
    emitter: Emitter<'a>,
    whole: Whole<'a>,
    /// Ids of the e-mails that were sent on.
    emitted: RefCell<HashSet<String>>,
}

/// What a list with statistics has shown.
#[derive(Default)]
struct Listed {
    ids: HashSet<String>,
    /// E-mails without an id among them.
    nameless: usize,
    /// How many of them were neither changed nor archived since this sync began. All of these
    /// stood in a list that was asked for before this one, so if that had no more of them, nothing
    /// of it is missing here.
    unmoved: u64,
}

impl Emails<'_> {
    /// Sends the e-mails of one part.
    async fn part(&self, part: Part) -> Result<(), Error> {
        let dates = "includedProperties=updatedAt&includedProperties=deletedAt";
        let tail = format!("?limit=100&includedProperties=id&{dates}{}", self.filter(part));
        let mut listed: Option<Listed> = None;
        let mut nameless = 0;
        let mut pages = self.pages(&tail);
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
                "`{}`: HubSpot lists {} e-mails without an id that cannot be asked for, so they \
                 are missing from the records",
                self.context.name,
                nameless - found
            );
        }
        Ok(())
    }

    /// Sends the e-mails of one part that are listed with statistics.
    async fn with_statistics(&self, part: Part) -> Result<Listed, Error> {
        let tail = format!("?limit=100&includeStats=true{}", self.filter(part));
        let mut listed = Listed::default();
        let mut pages = self.pages(&tail);
        while let Some(page) = pages.next().await? {
            let began = self.context.bounds().upper();
            let wants = |record: &Record<'_>| {
                let id = id(record);
                listed.nameless += usize::from(id.is_none());
                let is_new = id.is_some_and(|id| listed.ids.insert(id));
                let moved = [self.stream.row.changed(record), record.instant("deletedAt")];
                let is_unmoved = moved.into_iter().flatten().max().is_some_and(|at| at < began);
                listed.unmoved += u64::from(is_new && is_unmoved);
                self.wants(part, record) && self.is_first(record)
            };
            self.emitter.send(page.records(), &[], wants).await?;
        }
        Ok(listed)
    }

    /// Sends one e-mail with its statistics, unless it is gone.
    async fn read_one(&self, part: Part, id: String) -> Result<(), Error> {
        let query = format!("?includeStats=true&archived={}", part == Part::Archived);
        match hubspot::item(self.context.api, self.endpoint, &id, &query).await {
            Ok(found) => {
                let wants = |record: &Record<'_>| self.wants(part, record) && self.is_first(record);
                self.emitter.send(found.records(), &[], wants).await?;
            }
            Err(error @ (Error::Refused { .. } | Error::Gone { .. })) => {
                log::info!("`{}` goes without {id}, gone meanwhile: {error}", self.context.name);
            }
            Err(error) if error.is_refusal() => {
                log::warn!("`{}` goes without {id}: {error}", self.context.name);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Is it the first time that this e-mail is about to be sent, whatever parts it belongs to?
    fn is_first(&self, record: &Record<'_>) -> bool {
        id(record).is_none_or(|id| self.emitted.borrow_mut().insert(id))
    }

    fn parse<'page>(&self, text: &'page str) -> Result<Record<'page>, Error> {
        Record::parse(text).map_err(|error| unreadable(&self.context.name, error))
    }

    fn pages<'b>(&'b self, tail: &'b str) -> Pages<'b> {
        let (endpoint, shape) = (self.endpoint, Shape::RESULTS);
        Pages::new(self.context.api, ListRequest { endpoint, tail, body: None, shape })
    }

    /// What HubSpot is to filter by, as it follows other parameters of a query.
    fn filter(&self, part: Part) -> String {
        match part {
            Part::Live if self.whole.from() > Millis::MIN => {
                format!("&updatedAfter={}", instant(self.whole.from() - 1))
            }
            Part::Live => String::new(),
            Part::Archived => "&archived=true".into(),
            Part::Sent => {
                let since = self.context.bounds().upper() - STILL_OPENED.num_milliseconds();
                format!("&publishedAfter={}", instant(since))
            }
        }
    }

    fn wants(&self, part: Part, record: &Record<'_>) -> bool {
        match part {
            Part::Live => self.whole.wants(record),
            Part::Archived => {
                let deleted = record.instant("deletedAt");
                self.whole.wants(record) || deleted.is_some_and(|at| at >= self.whole.from())
            }
            Part::Sent => {
                let changed = self.stream.row.changed(record);
                changed.is_none_or(|at| self.context.start_date.is_none_or(|start| at >= start))
            }
        }
    }
}

/// The id of an e-mail, as text whatever it is sent as.
fn id(record: &Record<'_>) -> Option<String> {
    let text = record.text("id").map(std::borrow::Cow::into_owned);
    text.or_else(|| record.raw("id").map(str::to_owned)).filter(|id| !id.is_empty())
}

/// `2024-03-01T12:00:00.123Z`
fn instant(moment: Millis) -> String {
    let instant = DateTime::from_timestamp_millis(moment).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
