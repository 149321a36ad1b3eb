//! Recording URLs of CRM records, such as calls and meetings. The files are not downloaded.
//!
//! ```text
//! search:  lower ≤ modified < upper, with a recording, both filtered by HubSpot's index
//! covered: everything modified before `upper`
//! ```
//!
//! A full refresh also uses search, from the start date on, because few calls are recorded. If a
//! search returns inconsistent results, the list is used instead, and records without a recording
//! are dropped client-side. Recordings that HubSpot does not host are always dropped.

use super::object_reader::{ObjectReader, ObjectRequest};
use super::scanning::{self, EncodedPage, PageSource, ParsedRecord, ScanTarget};
use super::{Emitter, StreamStats};
use crate::cursor::{PageRequest, ReadMode, Scan, ScanPass};
use crate::error::Error;
use crate::hubspot::{self, Page};
use crate::record::Record;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::{ObjectType, Recordings};
use crate::time::TimeWindow;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &Recordings,
) -> Result<StreamStats, Error> {
    let ObjectType { name: object, modified } = definition.object;
    // HubSpot rejects a search for a property that is not defined in the account.
    let defined = hubspot::definitions(context.api, object).await?;
    let is_defined = |name: &str| defined.iter().any(|definition| definition.name == name);
    let urls: Vec<_> = definition.urls.iter().copied().filter(|name| is_defined(name)).collect();
    let dates = ["hs_createdate", modified];
    let properties = urls.iter().chain(&dates).map(|&name| name.to_owned()).collect();
    let request =
        ObjectRequest { having: &urls, properties, ..ObjectRequest::ids(definition.object) };
    let recordings = RecordingPages {
        reader: ObjectReader::new(context, request),
        emitter: Emitter::new(context, stream),
        cursor: stream.spec.cursor.map(|cursor| cursor.name),
    };
    let bounds = context.bounds();
    let mut scan = Scan::begin(&stream.saved.main, &bounds, stream.full_refresh, stream.generation);
    if urls.is_empty() {
        scan = scan.of_nothing();
    } else if scan.mode() == ReadMode::List && !stream.saved.main.is_scan() {
        scan = scan.by_search();
    }
    let scan = scan.parallelism(scanning::SPREAD);
    let outcome =
        scanning::run(context, stream, ScanTarget::main(definition.object), scan, &recordings)
            .await?;
    let scanned = outcome.finish(context, stream).await?;
    // The reported number counts records whose recording HubSpot may not host.
    Ok(StreamStats { altered: recordings.emitter.stats().altered, expected: None, ..scanned })
}

struct RecordingPages<'a> {
    reader: ObjectReader<'a>,
    emitter: Emitter<'a>,
    /// Property used as the cursor.
    cursor: Option<&'static str>,
}

impl PageSource for RecordingPages<'_> {
    async fn fetch(&self, window: TimeWindow, ask: PageRequest) -> Result<Page, Error> {
        self.reader.fetch(window, ask).await
    }

    /// Records without a recording are dropped by the conversion.
    async fn lines(
        &self,
        pass: ScanPass,
        found: &[ParsedRecord<'_>],
    ) -> Result<EncodedPage, Error> {
        let modified = |record: &Record<'_>| record.nested("properties")?.instant(self.cursor?);
        let texts = found.iter().map(|found| found.text);
        let (text, records) =
            self.emitter.lines(texts, &[], |record| pass.wants(modified(record)))?;
        Ok(EncodedPage { text, records, sent: 0 })
    }
}
