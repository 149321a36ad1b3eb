//! Property history of a CRM object type: one record per property version.
//!
//! ```text
//! full refresh:  list with versions, every record       version ≥ start date, client-side
//! incremental:   search for records                     lower ≤ modified < upper, by HubSpot
//!                batch read with versions of those      version ≥ lower, client-side
//! covered:       everything changed before `upper`
//! ```
//!
//! A version dated later than `upper` is emitted too, and again by the next sync. `lower` is the
//! saved position less the history lookback and the lag of the search index. A version that HubSpot
//! dates further back is only found by a full refresh: for example, merging two records gives the
//! remaining one the older versions of both.
//!
//! If the property names do not fit the URL of a list request, ids are listed and versions are read
//! by batch.

use std::cell::RefCell;

use futures_util::{StreamExt, stream};

use super::object_reader::{ObjectReader, ObjectRequest};
use super::scanning::{self, EncodedPage, PageSource, ParsedRecord, ScanTarget, numeric};
use super::{StreamStats, unreadable};
use crate::cursor::{PageRequest, ReadMode, Scan, ScanPass};
use crate::error::Error;
use crate::hubspot::{self, Page, PageSize, PageToken, limits};
use crate::record::HistoryEncoder;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::{ObjectType, PropertyHistory};
use crate::time::{self, Millis, TimeWindow};

/// Properties whose history adds nothing to that of other properties.
const LEFT_OUT: [&str; 2] = ["hs_lastmodifieddate", "lastmodifieddate"];

/// Size in bytes at which encoded lines are sent: a single page can have a very large number of
/// versions.
const BATCH: usize = 1024 * 1024;

/// Number of batch reads in flight: one is awaited while another one is encoded.
const AHEAD: usize = 2;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &PropertyHistory,
) -> Result<StreamStats, Error> {
    let ObjectType { name: object, .. } = definition.object;
    let properties = properties(context, object).await?;
    let versions = Versions {
        context,
        object,
        reader: ObjectReader::new(context, ObjectRequest::ids(definition.object)),
        fits_list: hubspot::fits_one_url(&properties),
        list_page: PageSize::new(limits::HISTORY_PAGE),
        properties,
        encoder: RefCell::new(HistoryEncoder::new(&context.name, definition.form, &stream.columns)),
    };
    let bounds = context.bounds();
    let mut scan = Scan::begin(&stream.saved.main, &bounds, stream.full_refresh, stream.generation);
    if versions.properties.is_empty() {
        scan = scan.of_nothing();
    }
    let scan = scan.parallelism(scanning::SPREAD);
    let outcome =
        scanning::run(context, stream, ScanTarget::main(definition.object), scan, &versions)
            .await?;
    let scanned = outcome.finish(context, stream).await?;
    let altered = versions.encoder.borrow().altered();
    // HubSpot reports the number of objects, not of versions.
    Ok(StreamStats {
        altered,
        expected: None,
        properties: Some(versions.properties.len()),
        ..scanned
    })
}

/// Returns the properties whose history is read: those selected in the configuration, or all.
async fn properties(context: &Context<'_>, object: &str) -> Result<Vec<String>, Error> {
    let defined = hubspot::definitions(context.api, object).await?;
    let mut names: Vec<_> = defined.into_iter().map(|definition| definition.name).collect();
    let chosen = context.history_properties;
    if !chosen.is_empty() {
        let unknown: Vec<_> =
            chosen.iter().filter(|name| !names.contains(name)).map(String::as_str).collect();
        if !unknown.is_empty() {
            log::warn!(
                "`{}`: there is no history of {}, because {object} have no such property",
                context.name,
                unknown.join(", ")
            );
        }
        names.retain(|name| chosen.contains(name));
    }
    names.retain(|name| !LEFT_OUT.contains(&name.as_str()));
    Ok(names)
}

struct Versions<'a> {
    context: &'a Context<'a>,
    object: &'a str,
    reader: ObjectReader<'a>,
    properties: Vec<String>,
    /// `true` if the property names fit the URL of a list request.
    fits_list: bool,
    list_page: PageSize,
    encoder: RefCell<HistoryEncoder>,
}

impl PageSource for Versions<'_> {
    async fn fetch(&self, window: TimeWindow, ask: PageRequest) -> Result<Page, Error> {
        match ask {
            PageRequest::List { after } if self.fits_list => {
                let (api, after) = (self.context.api, after.map(PageToken::new));
                let (properties, size) = (&self.properties, &self.list_page);
                hubspot::list_history(api, self.object, properties, after.as_ref(), size).await
            }
            PageRequest::List { .. } | PageRequest::Search { .. } => {
                self.reader.fetch(window, ask).await
            }
        }
    }

    async fn lines(
        &self,
        pass: ScanPass,
        found: &[ParsedRecord<'_>],
    ) -> Result<EncodedPage, Error> {
        let mut lines = EncodedPage::default();
        if pass.mode == ReadMode::List && self.fits_list {
            self.push(pass.lower, found, &mut lines).await?;
            return Ok(lines);
        }
        let ids: Vec<_> = found.iter().map(|found| found.id).collect();
        let ids = numeric(&self.context.name, &ids)?;
        let pages = ids
            .chunks(limits::HISTORY_PAGE)
            .map(|ids| hubspot::read_history(self.context.api, self.object, ids, &self.properties));
        let mut pages = stream::iter(pages).buffered(AHEAD);
        while let Some(pages) = pages.next().await {
            for page in pages? {
                self.push(pass.lower, &self.reader.parse(&page)?, &mut lines).await?;
            }
        }
        Ok(lines)
    }
}

impl Versions<'_> {
    /// Encodes the versions of the given records that are not older than `lower`. Full batches are
    /// sent.
    async fn push(
        &self,
        lower: Millis,
        records: &[ParsedRecord<'_>],
        lines: &mut EncodedPage,
    ) -> Result<(), Error> {
        let emitted_at_ms = time::now_ms();
        for ParsedRecord { record, .. } in records {
            let pushed =
                self.encoder.borrow_mut().push(record, lower, emitted_at_ms, &mut lines.text);
            lines.records += pushed.map_err(|error| unreadable(&self.context.name, error))?;
            if lines.text.len() >= BATCH {
                let EncodedPage { text, records, sent } = std::mem::take(lines);
                self.context.send(text, records, None).await?;
                lines.sent = sent + records;
            }
        }
        Ok(())
    }
}
