//! CRM objects: read by list for a full refresh, by search for changes.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::enrich::{Enricher, is_no_access};
use super::scanning::{self, EncodedPage, PageSource, ParsedRecord, ScanTarget, numeric};
use super::{StreamStats, unreadable};
use crate::cursor::{PageRequest, ReadMode, Scan, ScanPass};
use crate::error::Error;
use crate::hubspot::{
    self, Condition, ListQuery, Page, PageSize, PageToken, RecordId, SearchQuery, limits,
};
use crate::record::{Columns, Encoder};
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::{CrmArchived, CrmObject, ObjectType};
use crate::time::{self, Millis};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &CrmObject<'_>,
) -> Result<StreamStats, Error> {
    let ObjectType { name: object, modified } = definition.object;
    let objects = Objects {
        reader: ObjectReader::new(context, stream, definition),
        encoder: RefCell::new(Encoder::new(&context.name, &stream.columns)),
    };
    let scan =
        Scan::begin(&stream.saved.main, &context.bounds(), stream.full_refresh, stream.generation);
    let scan = scan.parallelism(scanning::SPREAD);
    let outcome =
        scanning::run(context, stream, ScanTarget::main(object, modified), scan, &objects).await?;
    Ok(objects.stats(outcome.finish(context, stream).await?))
}

/// Page source for CRM records with their associations.
pub(super) struct Objects<'a> {
    pub(super) reader: ObjectReader<'a>,
    pub(super) encoder: RefCell<Encoder<'a>>,
}

impl Objects<'_> {
    /// Adds value and property statistics to those of a scan.
    pub(super) fn stats(&self, scanned: StreamStats) -> StreamStats {
        let altered = self.encoder.borrow().altered();
        StreamStats { altered, properties: Some(self.reader.properties.len()), ..scanned }
    }
}

impl PageSource for Objects<'_> {
    async fn fetch(&self, window: (Millis, Millis), ask: PageRequest) -> Result<Page, Error> {
        self.reader.fetch(window, ask).await
    }

    async fn lines(
        &self,
        pass: ScanPass,
        found: &[ParsedRecord<'_>],
    ) -> Result<EncodedPage, Error> {
        self.reader.lines(pass.mode, found, &self.encoder).await
    }
}

/// Requests records of a CRM object type.
pub(super) struct ObjectReader<'a> {
    context: &'a Context<'a>,
    object: &'a str,
    modified: &'a str,
    /// Properties of which at least one must have a value; applied by searches.
    having: &'a [&'a str],
    /// Filter conditions that are sent with a search.
    conditions: &'a [Condition],
    /// Properties that filter conditions refer to. Every page includes them.
    decisive: Vec<String>,
    properties: Vec<String>,
    /// `true` if the property names fit the URL of a list request. Otherwise the properties are
    /// fetched by batch read.
    fits_list: bool,
    /// `true` until HubSpot rejects a search because of its length. Afterwards the properties are
    /// fetched by batch read.
    fits_search: Cell<bool>,
    enricher: Enricher<'a>,
    archived: bool,
    list_page: PageSize,
    search_page: PageSize,
}

impl<'a> ObjectReader<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        stream: &'a PlannedStream<'a>,
        definition: &CrmObject<'a>,
    ) -> Self {
        let CrmObject { object: ObjectType { name: object, modified }, columns } = *definition;
        let decisive: Vec<_> = stream.conditions.properties().map(str::to_owned).collect();
        let mut properties = [stream.columns.asked(), decisive.clone()].concat();
        properties.sort_unstable();
        properties.dedup();
        let chosen = |place| stream.columns.shows_associations(place);
        let types = columns.associations.iter().enumerate();
        let types = types.map(|(place, &to)| chosen(place).then_some(to)).collect();
        Self {
            context,
            object,
            modified,
            having: &[],
            conditions: stream.conditions.pushed(),
            decisive,
            fits_list: hubspot::fits_one_url(&properties),
            fits_search: Cell::new(true),
            properties,
            enricher: Enricher::new(context.api, object, types),
            archived: false,
            list_page: PageSize::new(limits::LIST_PAGE),
            search_page: PageSize::new(limits::SEARCH_PAGE),
        }
    }

    /// Creates a reader of archived records. It only supports lists.
    pub(super) fn archived(
        context: &'a Context<'a>,
        stream: &'a PlannedStream<'a>,
        definition: &CrmArchived<'a>,
    ) -> Self {
        let CrmArchived { object: name, columns } = *definition;
        let live = CrmObject { object: ObjectType { name, modified: "" }, columns };
        Self { archived: true, ..Self::new(context, stream, &live) }
    }

    /// Creates a reader of record ids only.
    pub(super) fn ids(context: &'a Context<'a>, object: &'a str, modified: &'a str) -> Self {
        Self {
            context,
            object,
            modified,
            having: &[],
            conditions: &[],
            decisive: Vec::new(),
            properties: vec!["hs_object_id".to_owned()],
            fits_list: true,
            fits_search: Cell::new(true),
            enricher: Enricher::new(context.api, object, Vec::new()),
            archived: false,
            list_page: PageSize::new(limits::LIST_PAGE),
            search_page: PageSize::new(limits::SEARCH_PAGE),
        }
    }

    /// Creates a reader that searches for records with a value in at least one property of
    /// `having`.
    pub(super) fn having(
        context: &'a Context<'a>,
        object: &'a str,
        modified: &'a str,
        having: &'a [&'a str],
        properties: Vec<String>,
    ) -> Self {
        Self { having, properties, ..Self::ids(context, object, modified) }
    }

    /// Requests a page. The window `from ≤ modified < to` applies to searches only.
    pub(super) async fn fetch(
        &self,
        (from, to): (Millis, Millis),
        ask: PageRequest,
    ) -> Result<Page, Error> {
        match ask {
            PageRequest::List { after } => {
                let associations: Vec<_> = self.enricher.types().collect();
                let mut query = ListQuery {
                    object: self.object,
                    properties: if self.fits_list { &self.properties } else { &self.decisive },
                    associations: &associations,
                    archived: self.archived,
                    after: after.map(PageToken::new),
                };
                match hubspot::list(self.context.api, &query, &self.list_page).await {
                    Err(error @ Error::SingleRecord { .. }) => {
                        Err(self.with_id(error, &query).await)
                    }
                    // An associated object type without access only costs its column.
                    Err(error)
                        if is_no_access(&error)
                            && !associations.is_empty()
                            && self
                                .enricher
                                .shut_those_refused(&associations, self.archived)
                                .await? =>
                    {
                        let rest: Vec<_> = self.enricher.types().collect();
                        query.associations = &rest;
                        hubspot::list(self.context.api, &query, &self.list_page).await
                    }
                    answer => answer,
                }
            }
            PageRequest::Search { above, below, offset } => {
                let is_whole = self.fits_search.get();
                let query = SearchQuery {
                    object: self.object,
                    modified: self.modified,
                    having: self.having,
                    conditions: self.conditions,
                    properties: if is_whole { &self.properties } else { &self.decisive },
                    from,
                    to,
                    above,
                    below,
                    offset: offset.map(PageToken::new),
                };
                match hubspot::search(self.context.api, &query, &self.search_page).await {
                    // HubSpot: property names may count towards the length limit of a search (note
                    // 43).
                    Err(Error::Refused { .. }) if is_whole && !query.fits() => {
                        self.fits_search.set(false);
                        let query = SearchQuery { properties: &self.decisive, ..query };
                        hubspot::search(self.context.api, &query, &self.search_page).await
                    }
                    answer => answer,
                }
            }
        }
    }

    /// Adds the record id to the error of a one-record page, if the page can be fetched without
    /// properties. Otherwise adds the id after which the page begins, if known.
    async fn with_id(&self, error: Error, query: &ListQuery<'_>) -> Error {
        let Error::SingleRecord { endpoint, attempts, last, .. } = error else { return error };
        let query = ListQuery { properties: &[], associations: &[], ..query.clone() };
        let page = hubspot::list(self.context.api, &query, &PageSize::new(1)).await.ok();
        let id = page.and_then(|page| self.ids_of(&page).ok()?.first().copied().flatten());
        let behind = query.after.map(|after| format!("from id {} on", after.as_str()));
        let record = id.map(|id| id.to_string()).or(behind);
        Error::SingleRecord { endpoint, record, attempts, last }
    }

    /// Reads records by id in one batch.
    pub(super) async fn by_id(&self, ids: &[RecordId]) -> Result<Vec<Page>, Error> {
        let api = self.context.api;
        hubspot::batch_read(api, self.object, ids, &self.properties, self.archived).await
    }

    /// Returns the ids of the records of a page, in order.
    pub(super) fn ids_of(&self, page: &Page) -> Result<Vec<Option<RecordId>>, Error> {
        Ok(self.parse(page)?.into_iter().map(|found| found.id).collect())
    }

    /// Parses the records of a page without splitting their properties.
    pub(super) fn parse<'page>(
        &self,
        page: &'page Page,
    ) -> Result<Vec<ParsedRecord<'page>>, Error> {
        ParsedRecord::all(page, &self.context.name, &Columns::default())
    }

    /// Encodes records with their associations.
    pub(super) async fn lines(
        &self,
        mode: ReadMode,
        found: &[ParsedRecord<'_>],
        encoder: &RefCell<Encoder<'_>>,
    ) -> Result<EncodedPage, Error> {
        if found.is_empty() {
            return Ok(EncodedPage::default());
        }
        let is_whole = match mode {
            ReadMode::List => self.fits_list,
            ReadMode::Search => self.fits_search.get(),
        };
        // A listed record with a non-numeric id is emitted with its inline associations only.
        let ids: Vec<_> = found.iter().filter_map(|found| found.id).collect();
        if mode == ReadMode::Search || !is_whole {
            let ids: Vec<_> = found.iter().map(|found| found.id).collect();
            numeric(&self.context.name, &ids)?;
        }
        let enriched = match mode {
            ReadMode::List => self.enricher.inline(found).await?,
            ReadMode::Search => self.enricher.anew(&ids).await?,
        };
        let emitted_at_ms = time::now_ms();
        let mut lines = EncodedPage::default();
        let mut push = |ParsedRecord { id, record, .. }: &ParsedRecord<'_>| {
            let mut encoder = encoder.borrow_mut();
            let listed = if id.is_none() { self.enricher.listed(record)? } else { Vec::new() };
            let listed = listed.iter().map(|ids| ids.as_deref()).collect();
            let linked = id.map_or(listed, |id| enriched.of(id));
            let written = encoder.push(record, &linked, emitted_at_ms, &mut lines.text);
            let written = written.map_err(|error| unreadable(&self.context.name, error))?;
            lines.records += u64::from(written);
            Ok(())
        };
        if is_whole {
            found.iter().try_for_each(&mut push)?;
        } else {
            let columns = encoder.borrow().columns();
            // All properties of a record come from one response: reading groups of columns one
            // after the other could mix versions.
            for block in ids.chunks(limits::BATCH_READ) {
                let pages = self.by_id(block).await?;
                let mut rows = HashMap::with_capacity(block.len());
                for page in &pages {
                    let found = ParsedRecord::all(page, &self.context.name, columns)?;
                    rows.extend(found.into_iter().map(|found| (found.id, found)));
                }
                block.iter().filter_map(|id| rows.get(&Some(*id))).try_for_each(&mut push)?;
            }
        }
        Ok(lines)
    }
}
