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
use super::scanning::{self, Found, Harvest, Lines};
use super::{Emitter, Receipt};
use crate::cursor::{Ask, Pass, Scan, Way};
use crate::error::Error;
use crate::hubspot::{self, Page};
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::Millis;

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
    let recordings = Recordings {
        reader: Reader::having(context, object, modified, &urls, properties),
        emitter: Emitter::new(context, stream),
        cursor: stream.row.cursor.map(|cursor| cursor.name),
    };
    let bounds = context.bounds();
    let mut scan = Scan::begin(&stream.saved, &bounds, stream.everything, stream.generation);
    if urls.is_empty() {
        scan = scan.of_nothing();
    } else if scan.way() == Way::List && stream.saved.progress.is_none() {
        scan = scan.by_search();
    }
    let scan = scan.spread(scanning::SPREAD);
    let scanned = scanning::run(context, stream, (object, modified), scan, &recordings).await?;
    // How many there are is said of the records, of which some have no recording of HubSpot's.
    Ok(Receipt { altered: recordings.emitter.receipt().altered, said: None, ..scanned })
}

struct Recordings<'a> {
    reader: Reader<'a>,
    emitter: Emitter<'a>,
    /// The property that is the cursor.
    cursor: Option<&'static str>,
}

impl Harvest for Recordings<'_> {
    async fn fetch(&self, window: (Millis, Millis), ask: Ask) -> Result<Page, Error> {
        self.reader.fetch(window, ask).await
    }

    /// A record without a recording is none once it has its shape.
    async fn lines(&self, pass: Pass, found: &[Found<'_>]) -> Result<Lines, Error> {
        let modified = |record: &Record<'_>| record.nested("properties")?.instant(self.cursor?);
        let texts = found.iter().map(|found| found.text);
        let (text, records) =
            self.emitter.lines(texts, &[], |record| pass.wants(modified(record)))?;
        Ok(Lines { text, records, sent: 0 })
    }
}
