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
//! HubSpot: a list with statistics may leave e-mails out (`docs/hubspot.md`, note 37). So the ids
//! are listed once more without them, and what was left out is read one by one.

use std::collections::HashSet;

use chrono::{DateTime, Duration, SecondsFormat};

use super::{Receipt, Whole, same_page_again};
use crate::error::Error;
use crate::hubspot::{self, Endpoint, Page, PageQuery, Shape};
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::Millis;

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
    let mut emails = Emails {
        context,
        endpoint,
        whole: Whole::new(context, stream),
        start_date: context.start_date.unwrap_or(Millis::MIN),
        seen: HashSet::new(),
        emitted: HashSet::new(),
    };
    emails.part(Part::Live).await?;
    emails.part(Part::Archived).await?;
    // A state from the future asks for nothing.
    let upper = context.bounds().upper();
    let is_incremental = stream.saved.position.is_some_and(|position| position <= upper);
    if is_incremental && !stream.everything {
        emails.part(Part::Sent).await?;
    }
    emails.left_out(Part::Live).await?;
    emails.left_out(Part::Archived).await?;
    emails.whole.finish().await
}

/// A read under way.
struct Emails<'a> {
    context: &'a Context<'a>,
    endpoint: Endpoint,
    whole: Whole<'a>,
    start_date: Millis,
    /// Ids of the e-mails that lists with statistics have shown, and of those that were sent on.
    seen: HashSet<u64>,
    emitted: HashSet<u64>,
}

impl Emails<'_> {
    /// Sends the e-mails of one part, each once whatever other parts it belongs to.
    async fn part(&mut self, part: Part) -> Result<(), Error> {
        let tail = format!("?limit=100&includeStats=true{}", self.filter(part));
        let mut after = None;
        loop {
            let page = self.page(&tail, after.as_ref()).await?;
            let (mut lines, mut count) = (Vec::new(), 0);
            for text in page.records() {
                let record = self.whole.parse(text)?;
                self.seen.extend(record.id());
                if self.wants(part, &record) && record.id().is_none_or(|id| self.emitted.insert(id))
                {
                    count += self.whole.push(text, &[], &mut lines)?;
                }
            }
            self.whole.send_lines(lines, count).await?;
            if page.next.is_none() {
                return Ok(());
            }
            after = page.next;
        }
    }

    /// Sends the e-mails of one part that the list with statistics has left out.
    async fn left_out(&mut self, part: Part) -> Result<(), Error> {
        let tail = format!("?limit=100&includedProperties=id{}", self.filter(part));
        let single = format!("?includeStats=true&archived={}", part == Part::Archived);
        let mut after = None;
        loop {
            let page = self.page(&tail, after.as_ref()).await?;
            for text in page.records() {
                let id = self.whole.parse(text)?.id();
                let Some(id) = id.filter(|id| self.seen.insert(*id)) else { continue };
                let Some(found) = self.single(id, &single).await? else { continue };
                let (mut lines, mut count) = (Vec::new(), 0);
                for text in found.records() {
                    if self.wants(part, &self.whole.parse(text)?) {
                        count += self.whole.push(text, &[], &mut lines)?;
                    }
                }
                self.whole.send_lines(lines, count).await?;
            }
            if page.next.is_none() {
                return Ok(());
            }
            after = page.next;
        }
    }

    /// One e-mail with its statistics; `None` if it is gone.
    async fn single(&self, id: u64, query: &str) -> Result<Option<Page>, Error> {
        match hubspot::item(self.context.api, self.endpoint, &id.to_string(), query).await {
            Ok(found) => Ok(Some(found)),
            Err(error @ Error::Refused { .. }) => {
                log::info!("`{}` goes without {id}, gone meanwhile: {error}", self.context.name);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn page(&self, tail: &str, after: Option<&hubspot::Link>) -> Result<Page, Error> {
        let shape = Shape::RESULTS;
        let query = PageQuery { endpoint: self.endpoint, tail, body: None, shape, after };
        let page = hubspot::collection(self.context.api, &query).await?;
        if page.next.is_some() && page.next.as_ref() == after {
            return Err(same_page_again(&self.context.name));
        }
        Ok(page)
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
            Part::Sent => self.whole.changed(record).is_none_or(|at| at >= self.start_date),
        }
    }
}

/// `2024-03-01T12:00:00.123Z`
fn instant(moment: Millis) -> String {
    let instant = DateTime::from_timestamp_millis(moment).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
