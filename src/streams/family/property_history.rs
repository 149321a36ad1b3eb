//! The versions that the properties of a CRM object type have had: one version, one record.
//!
//! ```text
//! everything:   list with versions, every record       version ≥ start date, applied by us
//! what is new:  search for records                      lower ≤ modified < upper, by HubSpot
//!               batch read with versions of those       version ≥ lower, applied by us
//! claimed:      everything changed before `upper`
//! ```
//!
//! A version that is dated later than `upper` is emitted too; it comes again next time. `lower` is
//! the saved position less the lookback of histories and the lag of the search index, so one that
//! HubSpot dates back further is only found by a full refresh: merging two records, for instance,
//! gives the one that is left the older versions of both.
//!
//! Where the property names do not fit the URL of a list, ids are listed and versions read by
//! batch.

use futures_util::{StreamExt, stream};

use super::crm_object::Reader;
use super::scanning::{self, Harvest};
use super::{Receipt, unreadable};
use crate::cursor::{Ask, Scan, Way};
use crate::error::Error;
use crate::hubspot::{self, Link, Page, limits};
use crate::record::{HistoryEncoder, HistoryForm, Record};
use crate::streams::context::{Context, Planned};
use crate::time;

/// Their versions say nothing that those of other properties do not say.
const LEFT_OUT: [&str; 2] = ["hs_lastmodifieddate", "lastmodifieddate"];

/// Bytes of lines that are sent at once: the versions of one page can be very many.
const BATCH: usize = 1024 * 1024;

/// Batch reads under way at once: one is waited for while another is written.
const AHEAD: usize = 2;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    object: &str,
    modified: &str,
    form: HistoryForm,
) -> Result<Receipt, Error> {
    let properties = properties(context, object).await?;
    let reader = Reader::ids(context, object, modified);
    let mut versions = Versions {
        context,
        object,
        reader: &reader,
        fits_list: hubspot::fits_one_url(&properties),
        properties,
        encoder: HistoryEncoder::new(&context.name, form, &stream.columns),
    };
    let bounds = context.bounds();
    let mut scan = Scan::begin(&stream.saved, &bounds, stream.everything, stream.generation);
    if versions.properties.is_empty() {
        scan = scan.of_nothing();
    }
    let records = scanning::run(context, stream, &reader, scan, &mut versions).await?;
    Ok(Receipt { records, nulled: versions.encoder.nulled() })
}

/// The properties whose versions are read: those that were chosen among all there are.
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
    reader: &'a Reader<'a>,
    properties: Vec<String>,
    /// Do the property names fit the URL of a list?
    fits_list: bool,
    encoder: HistoryEncoder,
}

impl Harvest for Versions<'_> {
    async fn fetch(&self, scan: &Scan, ask: Ask) -> Result<Page, Error> {
        match ask {
            Ask::List { after } if self.is_listed(scan) => {
                let (api, after) = (self.context.api, after.map(Link::new));
                hubspot::list_history(api, self.object, &self.properties, after.as_ref()).await
            }
            Ask::List { .. } | Ask::Search { .. } => self.reader.fetch(scan.window(), ask).await,
        }
    }

    async fn send(&mut self, scan: &Scan, page: &Page) -> Result<u64, Error> {
        if self.is_listed(scan) {
            return self.send_versions(scan, page).await;
        }
        let found = self.reader.parse(page)?;
        let ids: Vec<_> = found.iter().filter_map(|(id, _)| *id).collect();
        let (api, object) = (self.context.api, self.object);
        let properties = std::mem::take(&mut self.properties);
        let pages = ids
            .chunks(limits::HISTORY_PAGE)
            .map(|ids| hubspot::read_history(api, object, ids, &properties));
        let mut pages = stream::iter(pages).buffered(AHEAD);
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += self.send_versions(scan, &page?).await?;
        }
        drop(pages);
        self.properties = properties;
        Ok(count)
    }
}

impl Versions<'_> {
    /// Do the pages of this scan hold the versions?
    fn is_listed(&self, scan: &Scan) -> bool {
        scan.way() == Way::List && self.fits_list
    }

    async fn send_versions(&mut self, scan: &Scan, page: &Page) -> Result<u64, Error> {
        let (lower, _) = scan.window();
        let emitted_at_ms = time::now_ms();
        let unreadable = |error| unreadable(&self.context.name, error);
        let (mut lines, mut count, mut sent) = (Vec::with_capacity(BATCH / 4), 0, 0);
        for text in page.records() {
            let record = Record::parse(text).map_err(unreadable)?;
            let pushed = self.encoder.push(&record, lower, emitted_at_ms, &mut lines);
            count += pushed.map_err(unreadable)?;
            if lines.len() >= BATCH {
                self.context.send(std::mem::take(&mut lines), count - sent, None).await?;
                sent = count;
            }
        }
        self.context.send(lines, count - sent, None).await?;
        Ok(count)
    }
}
