//! Reader of the records of a CRM object type, by list, by search and by id.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::enrich::{Enricher, is_no_access};
use super::scanning::{EncodedPage, PageSource, ParsedRecord, numeric};
use super::{StreamStats, unreadable};
use crate::cursor::{PageRequest, ReadMode, ScanPass};
use crate::error::Error;
use crate::hubspot::{self, Condition, ListQuery, Page, PageSize, PageToken, SearchQuery, limits};
use crate::record::{Columns, Encoder};
use crate::record_id::RecordId;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::ObjectType;
use crate::time::{self, TimeWindow};

/// Records that an [`ObjectReader`] requests, and the parts of them that it needs.
pub(super) struct ObjectRequest<'a> {
    pub(super) object: ObjectType<'a>,
    /// `true` for archived records. HubSpot only lists them.
    pub(super) archived: bool,
    /// Properties of which at least one must have a value; applied by searches.
    pub(super) having: &'a [&'a str],
    /// Filter conditions that are sent with a search.
    pub(super) conditions: &'a [Condition],
    /// Properties that filter conditions refer to. Every page includes them.
    pub(super) decisive: Vec<String>,
    pub(super) properties: Vec<String>,
    /// Object type of each association column; `None` if the column is not selected.
    pub(super) associations: Vec<Option<&'a str>>,
}

impl<'a> ObjectRequest<'a> {
    /// Requests the ids of all records, and nothing else of them.
    pub(super) fn ids(object: ObjectType<'a>) -> Self {
        Self {
            object,
            archived: false,
            having: &[],
            conditions: &[],
            decisive: Vec::new(),
            properties: vec!["hs_object_id".to_owned()],
            associations: Vec::new(),
        }
    }

    /// Requests the selected columns of the records of a stream. `associations` holds the object
    /// type of each association column.
    pub(super) fn columns(
        object: ObjectType<'a>,
        stream: &'a PlannedStream<'a>,
        associations: &'a [&'a str],
    ) -> Self {
        let decisive: Vec<_> = stream.conditions.properties().map(str::to_owned).collect();
        let mut properties = [stream.columns.asked(), decisive.clone()].concat();
        properties.sort_unstable();
        properties.dedup();
        let chosen = |place| stream.columns.shows_associations(place);
        let associations = associations.iter().enumerate();
        Self {
            conditions: stream.conditions.pushed(),
            decisive,
            properties,
            associations: associations.map(|(place, &to)| chosen(place).then_some(to)).collect(),
            ..Self::ids(object)
        }
    }
}

/// Requests records of a CRM object type. Strategies for such records compose it.
pub(super) struct ObjectReader<'a> {
    context: &'a Context<'a>,
    request: ObjectRequest<'a>,
    /// `true` if the property names fit the URL of a list request. Otherwise the properties are
    /// fetched by batch read.
    fits_list: bool,
    /// `true` until HubSpot rejects a search because of its length. Afterwards the properties are
    /// fetched by batch read.
    fits_search: Cell<bool>,
    enricher: Enricher<'a>,
    list_page: PageSize,
    search_page: PageSize,
}

impl<'a> ObjectReader<'a> {
    pub(super) fn new(context: &'a Context<'a>, mut request: ObjectRequest<'a>) -> Self {
        let associations = std::mem::take(&mut request.associations);
        Self {
            context,
            fits_list: hubspot::fits_one_url(&request.properties),
            fits_search: Cell::new(true),
            enricher: Enricher::new(context.api, request.object.name, associations),
            list_page: PageSize::new(limits::LIST_PAGE),
            search_page: PageSize::new(limits::SEARCH_PAGE),
            request,
        }
    }

    /// Requests a page. The window `from ≤ modified < to` applies to searches only.
    pub(super) async fn fetch(
        &self,
        TimeWindow { from, to }: TimeWindow,
        ask: PageRequest,
    ) -> Result<Page, Error> {
        let request = &self.request;
        match ask {
            PageRequest::List { after } => {
                let associations: Vec<_> = self.enricher.types().collect();
                let mut query = ListQuery {
                    object: request.object.name,
                    properties: if self.fits_list {
                        &request.properties
                    } else {
                        &request.decisive
                    },
                    associations: &associations,
                    archived: request.archived,
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
                                .shut_those_refused(&associations, request.archived)
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
                    object: request.object.name,
                    modified: request.object.modified,
                    having: request.having,
                    conditions: request.conditions,
                    properties: if is_whole { &request.properties } else { &request.decisive },
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
                        let query = SearchQuery { properties: &request.decisive, ..query };
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
        let (api, request) = (self.context.api, &self.request);
        let ObjectRequest { object, properties, archived, .. } = request;
        hubspot::batch_read(api, object.name, ids, properties, *archived).await
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
            ReadMode::Search => self.enricher.fetch(&ids).await?,
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

/// Page source for CRM records with their associations.
pub(super) struct ObjectPages<'a> {
    pub(super) reader: ObjectReader<'a>,
    pub(super) encoder: RefCell<Encoder<'a>>,
}

impl<'a> ObjectPages<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        stream: &'a PlannedStream<'a>,
        request: ObjectRequest<'a>,
    ) -> Self {
        Self {
            reader: ObjectReader::new(context, request),
            encoder: RefCell::new(Encoder::new(&context.name, &stream.columns)),
        }
    }

    /// Adds value and property statistics to those of a scan.
    pub(super) fn stats(&self, scanned: StreamStats) -> StreamStats {
        let altered = self.encoder.borrow().altered();
        StreamStats { altered, properties: Some(self.reader.request.properties.len()), ..scanned }
    }
}

impl PageSource for ObjectPages<'_> {
    async fn fetch(&self, window: TimeWindow, ask: PageRequest) -> Result<Page, Error> {
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
