//! Types that describe a stream definition.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::cursor::CursorFormat;
use crate::hubspot::{BatchRead, Definition, Endpoint, ListRequest, PageLayout};
use crate::record::{EmptyString, HistoryForm, Kind, Record};
use crate::schema::Legacy;
use crate::time::Millis;

/// Definition of one stream.
#[derive(Debug, Clone, Copy)]
pub struct StreamSpec<'a> {
    pub name: &'a str,
    pub strategy: ReadStrategy<'a>,
    /// Object types whose associated ids are added to each record, in a column of the same name.
    /// Each costs one request per page of a search.
    pub associations: &'a [&'a str],
    pub primary_key: &'a [&'a str],
    pub cursor: Option<CursorField>,
    pub schema: Schema<'a>,
    /// Fields that HubSpot omits or names differently.
    pub defaults: &'a [FieldDefault],
    /// Converts a record to the shape that the stream has always had, where the API now returns
    /// another one. Ignored by CRM object streams, live and archived, as is `coercions`.
    pub transform: Option<Transform>,
    /// If set, values are converted to the types declared in the static schema. The value selects
    /// the treatment of empty strings.
    pub coercions: Option<EmptyString>,
    /// Properties that are also shown under an older name.
    pub legacy: &'a [Legacy],
    /// Scopes required to read the stream; all of them are needed.
    pub scopes: &'a [&'a str],
    /// Alternative scopes, any one of which is sufficient. Patterns as in
    /// [`crate::hubspot::GrantedScopes`].
    pub or_any_of: &'a [&'a str],
    /// URL of the HubSpot documentation.
    pub docs: &'a str,
}

/// Read strategy of a stream.
#[derive(Debug, Clone, Copy)]
pub enum ReadStrategy<'a> {
    /// A CRM object type: read by list for a full refresh, by search for changes. `modified` is the
    /// property with the modification time of a record.
    CrmObject { object: &'a str, modified: &'a str },
    /// Archived records of a CRM object type. Always listed in full, because HubSpot offers no
    /// filter.
    CrmArchived { object: &'a str },
    /// A short list that is always read in full, with client-side incremental filtering by cursor.
    Collection { passes: &'static [Pass] },
    /// A list whose records lack most fields; these are fetched by id, in batches or one by one.
    Detailed { list: ListRequest<'static>, batch: Option<BatchRead> },
    /// Marketing e-mails. Their statistics change after the e-mail itself has stopped changing.
    MarketingEmails { endpoint: Endpoint },
    /// Property versions of a CRM object type.
    PropertyHistory { object: &'a str, modified: &'a str, form: HistoryForm },
    /// Associations from one object type to another.
    Associations { from: &'a str, to: &'a str },
    /// Records of a CRM object type that have a recording, according to one of the properties in
    /// `urls`.
    Recordings { object: &'a str, modified: &'static str, urls: &'static [&'static str] },
    /// An event log that is read in time windows.
    TimeWindows { endpoint: Endpoint, layout: PageLayout },
    /// A substream: the child records of each entry of a parent list.
    Substream(&'static Substream),
    /// Events of the records of a CRM object type.
    RecordEvents(RecordEvents<'a>),
    /// Engagements from the legacy v1 API.
    Engagements,
    /// A single record, which is the whole response.
    Single { endpoint: Endpoint },
}

/// A parent list and the child records of each entry.
#[derive(Debug, Clone, Copy)]
pub struct Substream {
    pub parents: ParentStream,
    pub child: Child,
}

/// A list whose entries have child records.
#[derive(Debug, Clone, Copy)]
pub struct ParentStream {
    pub list: ListRequest<'static>,
    /// Field with the id of an entry.
    pub id: &'static str,
}

/// Location of the child records of one parent.
#[derive(Debug, Clone, Copy)]
pub struct Child {
    /// The path of this request follows the id of the parent.
    pub list: ListRequest<'static>,
    /// Field of each child record that is set to the parent id.
    pub parent_field: &'static str,
    /// Name of the parent id in the state.
    pub parent_key: &'static str,
    /// Field, as sent by the API, by which child records are sorted newest first; `None` if they
    /// are sorted otherwise.
    pub newest_first: Option<&'static str>,
}

/// Events of a CRM object type.
#[derive(Debug, Clone, Copy)]
pub struct RecordEvents<'a> {
    /// Object type name in the API paths of records.
    pub object: &'a str,
    /// Property with the modification time of a record.
    pub modified: &'a str,
    /// Object type name in the events API.
    pub object_type: &'a str,
    pub event_types: &'a [Cow<'static, str>],
}

impl ReadStrategy<'_> {
    /// Returns the heading for a group of such streams.
    pub fn title(&self) -> &'static str {
        match self {
            Self::CrmObject { .. } => "CRM objects",
            Self::CrmArchived { .. } => "Archived records of CRM objects",
            Self::PropertyHistory { .. } => "Property histories",
            Self::Associations { .. } => "Associations",
            Self::Recordings { .. } => "Recordings",
            Self::Collection { .. } | Self::Detailed { .. } | Self::MarketingEmails { .. } => {
                "Lists"
            }
            Self::TimeWindows { .. } => "Logs",
            Self::Substream(_) => "What belongs to the entries of a list",
            Self::RecordEvents(_) => "Events of records",
            Self::Engagements => "Engagements by their first API",
            Self::Single { .. } => "Single records",
        }
    }

    /// Returns the name of a parent id in the state, if the stream is read parent by parent.
    pub fn parent_key(&self) -> Option<&'static str> {
        match self {
            Self::Substream(substream) => Some(substream.child.parent_key),
            Self::RecordEvents(_) => Some("parent_id"),
            Self::CrmObject { .. }
            | Self::CrmArchived { .. }
            | Self::PropertyHistory { .. }
            | Self::Recordings { .. }
            | Self::Associations { .. }
            | Self::Collection { .. }
            | Self::Detailed { .. }
            | Self::MarketingEmails { .. }
            | Self::TimeWindows { .. }
            | Self::Engagements
            | Self::Single { .. } => None,
        }
    }

    /// Returns the CRM object type if the stream holds its records, live or archived.
    pub fn records_of(&self) -> Option<&str> {
        if let Self::CrmObject { object, .. } | Self::CrmArchived { object } = self {
            Some(object)
        } else {
            None
        }
    }

    /// Returns the CRM object type that must exist for the stream to have records.
    pub fn object(&self) -> Option<&str> {
        match self {
            Self::CrmObject { object, .. }
            | Self::CrmArchived { object }
            | Self::PropertyHistory { object, .. }
            | Self::Recordings { object, .. } => Some(object),
            Self::RecordEvents(events) => Some(events.object),
            Self::Associations { .. }
            | Self::Collection { .. }
            | Self::Detailed { .. }
            | Self::MarketingEmails { .. }
            | Self::TimeWindows { .. }
            | Self::Substream(_)
            | Self::Engagements
            | Self::Single { .. } => None,
        }
    }
}

/// One series of requests over a collection.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    pub list: ListRequest<'static>,
    /// Fields with the same value in every record of this pass.
    pub constants: &'static [(&'static str, &'static str)],
    pub unless_allowed: OnForbidden,
}

/// Behavior if the first page of a pass is refused or unusable.
#[derive(Debug, Clone, Copy)]
pub enum OnForbidden {
    /// Fail the stream.
    Fail,
    /// Skip the pass.
    Skip,
    /// Read the same data from another endpoint, which requires another scope.
    Read(ListRequest<'static>),
}

impl Pass {
    /// Creates a pass over one list, which fails the stream if it is refused.
    pub const fn of(list: ListRequest<'static>) -> Self {
        Self { list, constants: &[], unless_allowed: OnForbidden::Fail }
    }

    /// Creates a pass that adds constant fields to its records and is skipped if it is refused.
    pub const fn marked(
        list: ListRequest<'static>,
        constants: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { list, constants, unless_allowed: OnForbidden::Skip }
    }
}

/// Cursor column of a stream.
#[derive(Debug, Clone, Copy)]
pub struct CursorField {
    pub name: &'static str,
    /// Published as `source_defined_cursor`; `false` lets the user select another one.
    pub source_defined: bool,
    /// Format of the cursor value in the state.
    pub format: CursorFormat,
}

/// Source of the columns.
#[derive(Debug, Clone, Copy)]
pub enum Schema<'a> {
    /// A file of `schemas/`, complete.
    Static(&'static str),
    /// A file of `schemas/`, plus the properties that the account defines for the object type.
    Properties { fields: &'static str, object: &'a str },
    /// A file of `schemas/`, plus properties that are already known.
    Known { fields: &'static str, properties: &'a [Definition] },
}

/// A record field that is filled from another one or cast.
#[derive(Debug, Clone, Copy)]
pub struct FieldDefault {
    pub field: &'static str,
    /// Field to take the value from if this one is absent.
    pub or: Option<&'static str>,
    pub cast: Option<Kind>,
}

/// Function that changes the fields of one record. If it leaves none, the record is dropped.
///
/// Costs an additional parse. Types are left to [`StreamSpec::coercions`].
pub type Transform = fn(&mut Map<String, Value>);

impl StreamSpec<'_> {
    /// Returns `true` if the stream is only offered with experimental streams enabled. Reading the
    /// events of every single record takes more requests than most accounts can spare.
    pub fn is_experimental(&self) -> bool {
        matches!(self.strategy, ReadStrategy::RecordEvents(_))
    }

    /// Returns `true` if an interrupted full refresh can be resumed.
    pub fn is_resumable(&self) -> bool {
        self.cursor.is_some()
            || matches!(
                self.strategy,
                ReadStrategy::Associations { .. } | ReadStrategy::Substream(_)
            )
    }

    /// Returns the modification time of a record, from its cursor field as sent by HubSpot.
    pub fn changed(&self, record: &Record<'_>) -> Option<Millis> {
        let cursor = self.cursor?.name;
        let field_default =
            self.defaults.iter().find(|field_default| field_default.field == cursor);
        record
            .instant(cursor)
            .or_else(|| record.instant(field_default.and_then(|field_default| field_default.or)?))
    }

    /// Returns the JSON text of the static part of the schema.
    pub fn static_fields(&self) -> &'static str {
        match self.schema {
            Schema::Static(fields)
            | Schema::Properties { fields, .. }
            | Schema::Known { fields, .. } => fields,
        }
    }
}
