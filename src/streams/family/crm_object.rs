//! CRM objects: the list for everything, search for what changed.
//!
//! The scan decides ([`Scan`]); this loop asks, writes, and claims no more than was written.

use std::collections::HashMap;

use tokio::time::Instant;

use super::Receipt;
use super::enrich::Enriched;
use super::pace::Pace;
use super::{same_page_again, unreadable};
use crate::cursor::{Ask, Contradiction, Scan, Way, complete, under_way};
use crate::error::Error;
use crate::hubspot::{self, Link, ListQuery, Page, RecordId, SearchQuery};
use crate::record::{Encoder, Record};
use crate::streams::context::{Context, Planned};
use crate::time::{self, Millis};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    object: &str,
    modified: &str,
) -> Result<Receipt, Error> {
    let Some(cursor) = stream.row.cursor else { return Ok(Receipt::default()) };
    let reader = Reader::new(context, stream, object, modified);
    let mut encoder = Encoder::new(&context.name, &stream.columns);
    let mut scan =
        Scan::begin(&stream.saved, &context.bounds(), stream.everything, stream.generation);
    let mut pace = Pace::new(Instant::now());
    let mut records = 0;
    while let Some(ask) = scan.ask() {
        let answer = reader.fetch(scan.window(), ask).await?;
        let found = reader.parse(&answer)?;
        let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
        let token = answer.next.as_ref().map(|link| link.as_str().to_owned());
        if scan.take(&ids, token) == Err(Contradiction) {
            scan = reader.without_order(&scan)?;
            continue;
        }
        let wanted: Vec<_> = found
            .into_iter()
            .filter(|(_, record)| scan.wants(record.instant(cursor.name)))
            .collect();
        // Each value is written twice, and most of an answer is values.
        let mut lines = Vec::with_capacity(2 * answer.size());
        let count = reader.encode(scan.way(), &wanted, &mut encoder, &mut lines).await?;
        records += count;
        let is_due = pace.is_due(count, Instant::now()) && !scan.is_done();
        let progress = scan.progress(stream.generation).filter(|_| is_due);
        context
            .send(lines, count, progress.map(|progress| under_way(cursor.name, progress)))
            .await?;
    }
    let (_, upper) = scan.window();
    context.send(Vec::new(), 0, Some(complete(cursor.name, cursor.format, upper))).await?;
    Ok(Receipt { records, nulled: encoder.nulled() })
}

/// A listed or found record with its id.
pub(super) type Found<'page> = (Option<RecordId>, Record<'page>);

/// What stays the same from page to page.
pub(super) struct Reader<'a> {
    context: &'a Context<'a>,
    object: &'a str,
    modified: &'a str,
    /// Properties of which at least one must have a value, for a search.
    having: &'a [&'a str],
    properties: Vec<String>,
    /// Do the property names fit the URL of a list? If not, rows are read by batch.
    fits_list: bool,
    /// Associated object types by column place, those that were chosen.
    associations: Vec<Option<&'a str>>,
    archived: bool,
}

impl<'a> Reader<'a> {
    fn new(
        context: &'a Context<'a>,
        stream: &'a Planned<'a>,
        object: &'a str,
        modified: &'a str,
    ) -> Self {
        let properties = stream.columns.asked();
        let chosen = |place| stream.columns.shows_associations(place);
        let types = stream.row.associations.iter().enumerate();
        Self {
            context,
            object,
            modified,
            having: &[],
            fits_list: hubspot::fits_one_url(&properties),
            properties,
            associations: types.map(|(place, &to)| chosen(place).then_some(to)).collect(),
            archived: false,
        }
    }

    /// Reads archived records, by the list alone.
    pub(super) fn archived(
        context: &'a Context<'a>,
        stream: &'a Planned<'a>,
        object: &'a str,
    ) -> Self {
        Self { archived: true, ..Self::new(context, stream, object, "") }
    }

    /// Finds records for nothing but their ids.
    pub(super) fn ids(context: &'a Context<'a>, object: &'a str, modified: &'a str) -> Self {
        Self {
            context,
            object,
            modified,
            having: &[],
            properties: vec!["hs_object_id".to_owned()],
            fits_list: true,
            associations: Vec::new(),
            archived: false,
        }
    }

    /// Searches for records with a value in at least one of the properties `having`.
    pub(super) fn having(
        context: &'a Context<'a>,
        object: &'a str,
        modified: &'a str,
        having: &'a [&'a str],
        properties: Vec<String>,
    ) -> Self {
        Self { having, properties, ..Self::ids(context, object, modified) }
    }

    /// Asks for a page; `window` bounds a search.
    pub(super) async fn fetch(
        &self,
        (from, to): (Millis, Millis),
        ask: Ask,
    ) -> Result<Page, Error> {
        match ask {
            Ask::List { after } => {
                let associations: Vec<_> = self.associations.iter().copied().flatten().collect();
                let query = ListQuery {
                    object: self.object,
                    properties: if self.fits_list { &self.properties } else { &[] },
                    associations: &associations,
                    archived: self.archived,
                    after: after.map(Link::new),
                };
                hubspot::list(self.context.api, &query).await
            }
            Ask::Search { above, offset } => {
                let query = SearchQuery {
                    object: self.object,
                    modified: self.modified,
                    having: self.having,
                    properties: &self.properties,
                    from,
                    to,
                    above,
                    offset: offset.map(Link::new),
                };
                hubspot::search(self.context.api, &query).await
            }
        }
    }

    pub(super) fn parse<'page>(&self, page: &'page Page) -> Result<Vec<Found<'page>>, Error> {
        let parse = |text| Record::parse(text).map(|record| (record.id(), record));
        let records = page.records().map(parse).collect::<Result<_, _>>();
        records.map_err(|error| unreadable(&self.context.name, error))
    }

    /// What to do when the ids of a page are not in order.
    pub(super) fn without_order(&self, scan: &Scan) -> Result<Scan, Error> {
        match scan.way() {
            Way::Search => {
                log::warn!(
                    "`{}`: search did not answer in the order of ids, so nothing can be found by \
                     it without gaps: reading the whole list instead",
                    self.context.name
                );
                Ok(scan.by_list())
            }
            Way::List => Err(same_page_again(&self.context.name)),
        }
    }

    /// Appends found records as lines, associations included; returns how many.
    pub(super) async fn encode(
        &self,
        way: Way,
        found: &[Found<'_>],
        encoder: &mut Encoder<'_>,
        lines: &mut Vec<u8>,
    ) -> Result<u64, Error> {
        let api = self.context.api;
        let ids: Vec<_> = found.iter().filter_map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let types = &self.associations;
        let enriched = match way {
            Way::List => Enriched::inline(api, self.object, types, found).await?,
            Way::Search => Enriched::by_batch(api, self.object, types, &ids).await?,
        };
        let emitted_at_ms = time::now_ms();
        let mut count = 0;
        let mut push = |id, record: &Record<'_>, lines: &mut Vec<u8>| {
            let written = encoder.push(record, &enriched.of(id), emitted_at_ms, lines);
            count += u64::from(written.map_err(|error| unreadable(&self.context.name, error))?);
            Ok(())
        };
        if way == Way::Search || self.fits_list {
            found.iter().try_for_each(|(id, record)| push(*id, record, lines))?;
        } else {
            // One body, one instant: chunks of columns read one after the other could disagree.
            for block in ids.chunks(hubspot::limits::BATCH_READ) {
                let page =
                    hubspot::batch_read(api, self.object, block, &self.properties, self.archived)
                        .await?;
                let rows: HashMap<_, _> = self.parse(&page)?.into_iter().collect();
                let mut rows = block.iter().filter_map(|id| rows.get_key_value(&Some(*id)));
                rows.try_for_each(|(id, row)| push(*id, row, lines))?;
            }
        }
        Ok(count)
    }
}
