//! Records of a CRM object type that have a recording: where that is, not the file itself.
//!
//! ```text
//! search:  lower ≤ modified < upper, with a recording, both applied by HubSpot's index
//! claimed: everything modified before `upper`
//! ```
//!
//! Everything is a search from the start date on: few calls are recorded. Should a search
//! contradict itself, the list stands in, and records without a recording are dropped by us. Those
//! whose recording is kept by somebody else than HubSpot are dropped in any case.

use super::crm_object::Reader;
use super::scanning::{self, Harvest};
use super::{Receipt, unreadable};
use crate::cursor::{Ask, Scan};
use crate::error::Error;
use crate::hubspot::{self, Page};
use crate::record::{Encoder, Record};
use crate::streams::context::{Context, Planned};
use crate::time;

/// The column without which there is no record.
const URL: &str = "recording_url";

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    object: &str,
    modified: &'static str,
    urls: &[&str],
) -> Result<Receipt, Error> {
    // HubSpot: a search for a property that the portal does not have is refused.
    let defined = hubspot::definitions(context.api, object).await?;
    let is_defined = |name: &str| defined.iter().any(|definition| definition.name == name);
    let urls: Vec<_> = urls.iter().copied().filter(|name| is_defined(name)).collect();
    let dates = ["hs_createdate", modified];
    let properties = urls.iter().chain(&dates).map(|&name| name.to_owned()).collect();
    let reader = Reader::having(context, object, modified, &urls, properties);
    let mut recordings = Recordings {
        context,
        stream,
        reader: &reader,
        encoder: Encoder::new(&context.name, &stream.columns),
    };
    let bounds = context.bounds();
    let mut scan = Scan::begin(&stream.saved, &bounds, stream.everything, stream.generation);
    if urls.is_empty() {
        scan = scan.of_nothing();
    } else if scan.ask() == Some(Ask::List { after: None }) {
        scan = scan.by_search();
    }
    let records = scanning::run(context, stream, &reader, scan, &mut recordings).await?;
    Ok(Receipt { records, nulled: recordings.encoder.nulled() })
}

struct Recordings<'a> {
    context: &'a Context<'a>,
    stream: &'a Planned<'a>,
    reader: &'a Reader<'a>,
    encoder: Encoder<'a>,
}

impl Harvest for Recordings<'_> {
    async fn fetch(&self, scan: &Scan, ask: Ask) -> Result<Page, Error> {
        self.reader.fetch(scan.window(), ask).await
    }

    async fn send(&mut self, scan: &Scan, page: &Page) -> Result<u64, Error> {
        let encoded = self.encode(scan, page);
        let (lines, count) = encoded.map_err(|error| unreadable(&self.context.name, error))?;
        self.context.send(lines, count, None).await?;
        Ok(count)
    }
}

impl Recordings<'_> {
    fn encode(&mut self, scan: &Scan, page: &Page) -> serde_json::Result<(Vec<u8>, u64)> {
        let emitted_at_ms = time::now_ms();
        let (mut lines, mut count) = (Vec::new(), 0);
        for text in page.records() {
            let mut fields = serde_json::from_str(text)?;
            if let Some(reshape) = self.stream.row.reshape {
                reshape(&mut fields);
            }
            let reshaped = serde_json::to_string(&fields)?;
            let record = Record::parse(&reshaped)?;
            let cursor = self.stream.row.cursor;
            let modified = cursor.and_then(|cursor| record.instant(cursor.name));
            if record.raw(URL).is_some() && scan.wants(modified) {
                let written = self.encoder.push(&record, &[], emitted_at_ms, &mut lines)?;
                count += u64::from(written);
            }
        }
        Ok((lines, count))
    }
}
