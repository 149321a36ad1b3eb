//! Read strategies: how the records of a stream are requested and converted.
//!
//! Each strategy has a definition with exactly the fields that it uses, and a module in
//! [`super::readers`] that reads by it.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::hubspot::{BatchRead, Endpoint, ListRequest, PageLayout};
use crate::record::{EmptyString, HistoryForm, Kind};
use crate::schema::Legacy;

/// Read strategy of a stream.
#[derive(Debug, Clone, Copy)]
pub enum ReadStrategy<'a> {
    CrmObject(CrmObject<'a>),
    CrmArchived(CrmArchived<'a>),
    Collection(Collection),
    Detailed(Detailed),
    MarketingEmails(MarketingEmails),
    PropertyHistory(PropertyHistory),
    Associations(AssociationPair<'a>),
    Recordings(Recordings),
    TimeWindows(TimeWindows),
    Substream(Substream),
    RecordEvents(RecordEvents<'a>),
    Engagements(Engagements),
    Single(Single),
}

/// A CRM object type that can be searched by modification time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectType<'a> {
    /// Name in API paths.
    pub name: &'a str,
    /// Property with the modification time of a record.
    pub modified: &'a str,
}

impl<'a> ObjectType<'a> {
    /// HubSpot: a search for contacts by the property of the other types finds nothing and returns
    /// no error.
    pub const CONTACTS: Self = Self { name: "contacts", modified: "lastmodifieddate" };

    /// Creates any object type except contacts, by its name in API paths.
    pub const fn named(name: &'a str) -> Self {
        Self { name, modified: "hs_lastmodifieddate" }
    }

    /// Creates an object type whose records are never searched, by its name in API paths.
    pub const fn listed(name: &'a str) -> Self {
        Self { name, modified: "" }
    }
}

/// A CRM object type: read by list for a full refresh, by search for changes.
#[derive(Debug, Clone, Copy)]
pub struct CrmObject<'a> {
    pub object: ObjectType<'a>,
    pub columns: CrmColumns<'a>,
}

/// Archived records of a CRM object type. Always listed in full, because HubSpot offers no filter.
#[derive(Debug, Clone, Copy)]
pub struct CrmArchived<'a> {
    /// Object type name in API paths.
    pub object: &'a str,
    pub columns: CrmColumns<'a>,
}

/// Columns of CRM records in addition to those of the schema.
#[derive(Debug, Clone, Copy)]
pub struct CrmColumns<'a> {
    /// Object types whose associated ids are added to each record, in a column of the same name.
    /// Each costs one request per page of a search.
    pub associations: &'a [&'a str],
    /// Properties that are also shown under an older name.
    pub legacy: &'a [Legacy],
    /// Fields that HubSpot omits.
    pub defaults: &'a [FieldDefault],
}

/// A short list that is always read in full, with client-side incremental filtering by cursor.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    pub passes: &'static [Pass],
    pub conversions: Conversions,
}

/// A list whose records lack most fields; these are fetched by id, in batches or one by one.
#[derive(Debug, Clone, Copy)]
pub struct Detailed {
    pub list: ListRequest<'static>,
    /// `None` if the details of each record take a request of their own.
    pub batch: Option<BatchRead>,
    pub conversions: Conversions,
}

/// Marketing e-mails. Their statistics change after the e-mail itself has stopped changing.
#[derive(Debug, Clone, Copy)]
pub struct MarketingEmails {
    pub endpoint: Endpoint,
    pub conversions: Conversions,
}

/// Property versions of a CRM object type.
#[derive(Debug, Clone, Copy)]
pub struct PropertyHistory {
    pub object: ObjectType<'static>,
    pub form: HistoryForm,
}

/// Associations from one object type to another, both by their names in API paths.
#[derive(Debug, Clone, Copy)]
pub struct AssociationPair<'a> {
    pub from: &'a str,
    pub to: &'a str,
}

/// Records of a CRM object type that have a recording.
#[derive(Debug, Clone, Copy)]
pub struct Recordings {
    pub object: ObjectType<'static>,
    /// Properties of which at least one has the URL of a recording.
    pub urls: &'static [&'static str],
    pub conversions: Conversions,
}

/// An event log that is read in time windows.
#[derive(Debug, Clone, Copy)]
pub struct TimeWindows {
    pub endpoint: Endpoint,
    pub layout: PageLayout,
    /// Length of a window.
    pub window: Duration,
    pub conversions: Conversions,
}

/// A substream: the child records of each entry of a parent list.
#[derive(Debug, Clone, Copy)]
pub struct Substream {
    pub parents: ParentStream,
    pub child: Child,
    pub conversions: Conversions,
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

/// Events of the records of a CRM object type.
#[derive(Debug, Clone, Copy)]
pub struct RecordEvents<'a> {
    pub object: ObjectType<'a>,
    /// Object type name in the events API.
    pub object_type: &'a str,
    pub event_types: &'a [Cow<'static, str>],
    pub conversions: Conversions,
}

/// Engagements of all types from the legacy v1 API.
#[derive(Debug, Clone, Copy)]
pub struct Engagements {
    pub endpoint: Endpoint,
    pub conversions: Conversions,
}

/// A single record, which is the whole response.
#[derive(Debug, Clone, Copy)]
pub struct Single {
    pub endpoint: Endpoint,
    pub conversions: Conversions,
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

/// Conversions of each record, from what HubSpot sends to the columns of the stream.
#[derive(Debug, Clone, Copy)]
pub struct Conversions {
    /// Converts a record to the shape that the stream has always had, where the API now returns
    /// another one.
    pub transform: Option<Transform>,
    /// If set, values are converted to the types declared in the static schema. The value selects
    /// the treatment of empty strings.
    pub coercions: Option<EmptyString>,
    /// Fields that HubSpot omits or names differently.
    pub defaults: &'static [FieldDefault],
}

/// Function that changes the fields of one record. If it leaves none, the record is dropped.
///
/// Costs an additional parse. Types are left to [`Conversions::coercions`].
pub type Transform = fn(&mut Map<String, Value>);

/// A record field that is filled from another one or cast.
#[derive(Debug, Clone, Copy)]
pub struct FieldDefault {
    pub field: &'static str,
    /// Field to take the value from if this one is absent.
    pub or: Option<&'static str>,
    pub cast: Option<Kind>,
}

impl Conversions {
    /// Records are emitted as HubSpot sends them.
    pub const NONE: Self = Self { transform: None, coercions: None, defaults: &[] };

    #[must_use]
    pub const fn transform(self, transform: Transform) -> Self {
        Self { transform: Some(transform), ..self }
    }

    #[must_use]
    pub const fn coercions(self, empty_string: EmptyString) -> Self {
        Self { coercions: Some(empty_string), ..self }
    }

    #[must_use]
    pub const fn defaults(self, defaults: &'static [FieldDefault]) -> Self {
        Self { defaults, ..self }
    }
}

impl<'a> ReadStrategy<'a> {
    /// Returns the heading for a group of such streams.
    pub fn title(&self) -> &'static str {
        match self {
            Self::CrmObject(_) => "CRM objects",
            Self::CrmArchived(_) => "Archived records of CRM objects",
            Self::PropertyHistory(_) => "Property histories",
            Self::Associations(_) => "Associations",
            Self::Recordings(_) => "Recordings",
            Self::Collection(_) | Self::Detailed(_) | Self::MarketingEmails(_) => "Lists",
            Self::TimeWindows(_) => "Logs",
            Self::Substream(_) => "What belongs to the entries of a list",
            Self::RecordEvents(_) => "Events of records",
            Self::Engagements(_) => "Engagements by their first API",
            Self::Single(_) => "Single records",
        }
    }

    /// Returns the definition of a CRM object type, if the stream holds its live records.
    pub fn crm_object(&self) -> Option<&CrmObject<'a>> {
        if let Self::CrmObject(definition) = self { Some(definition) } else { None }
    }

    /// Returns the CRM object type if the stream holds its records, live or archived.
    pub fn records_of(&self) -> Option<&'a str> {
        match self {
            Self::CrmObject(definition) => Some(definition.object.name),
            Self::CrmArchived(definition) => Some(definition.object),
            Self::Collection(_)
            | Self::Detailed(_)
            | Self::MarketingEmails(_)
            | Self::PropertyHistory(_)
            | Self::Associations(_)
            | Self::Recordings(_)
            | Self::TimeWindows(_)
            | Self::Substream(_)
            | Self::RecordEvents(_)
            | Self::Engagements(_)
            | Self::Single(_) => None,
        }
    }

    /// Returns the name of a parent id in the state, if the stream is read parent by parent.
    pub fn parent_key(&self) -> Option<&'static str> {
        match self {
            Self::Substream(definition) => Some(definition.child.parent_key),
            Self::RecordEvents(_) => Some("parent_id"),
            Self::CrmObject(_)
            | Self::CrmArchived(_)
            | Self::Collection(_)
            | Self::Detailed(_)
            | Self::MarketingEmails(_)
            | Self::PropertyHistory(_)
            | Self::Associations(_)
            | Self::Recordings(_)
            | Self::TimeWindows(_)
            | Self::Engagements(_)
            | Self::Single(_) => None,
        }
    }

    /// Returns the CRM object type that must exist for the stream to have records.
    pub fn object(&self) -> Option<&'a str> {
        match self {
            Self::CrmObject(_) | Self::CrmArchived(_) => self.records_of(),
            Self::PropertyHistory(definition) => Some(definition.object.name),
            Self::Recordings(definition) => Some(definition.object.name),
            Self::RecordEvents(definition) => Some(definition.object.name),
            Self::Associations(_)
            | Self::Collection(_)
            | Self::Detailed(_)
            | Self::MarketingEmails(_)
            | Self::TimeWindows(_)
            | Self::Substream(_)
            | Self::Engagements(_)
            | Self::Single(_) => None,
        }
    }

    /// Returns the object types whose associated ids are columns.
    pub fn associations(&self) -> &'a [&'a str] {
        self.crm_columns().map_or(&[], |columns| columns.associations)
    }

    /// Returns the properties that are also shown under an older name.
    pub fn legacy(&self) -> &'a [Legacy] {
        self.crm_columns().map_or(&[], |columns| columns.legacy)
    }

    /// Returns the fields that HubSpot omits or names differently.
    pub fn defaults(&self) -> &'a [FieldDefault] {
        self.crm_columns().map_or(self.conversions().defaults, |columns| columns.defaults)
    }

    /// Returns the conversions of each record. Strategies that build their records themselves have
    /// none.
    pub fn conversions(&self) -> Conversions {
        match self {
            Self::Collection(definition) => definition.conversions,
            Self::Detailed(definition) => definition.conversions,
            Self::MarketingEmails(definition) => definition.conversions,
            Self::Recordings(definition) => definition.conversions,
            Self::TimeWindows(definition) => definition.conversions,
            Self::Substream(definition) => definition.conversions,
            Self::RecordEvents(definition) => definition.conversions,
            Self::Engagements(definition) => definition.conversions,
            Self::Single(definition) => definition.conversions,
            Self::CrmObject(_)
            | Self::CrmArchived(_)
            | Self::PropertyHistory(_)
            | Self::Associations(_) => Conversions::NONE,
        }
    }

    fn crm_columns(&self) -> Option<CrmColumns<'a>> {
        match self {
            Self::CrmObject(definition) => Some(definition.columns),
            Self::CrmArchived(definition) => Some(definition.columns),
            Self::Collection(_)
            | Self::Detailed(_)
            | Self::MarketingEmails(_)
            | Self::PropertyHistory(_)
            | Self::Associations(_)
            | Self::Recordings(_)
            | Self::TimeWindows(_)
            | Self::Substream(_)
            | Self::RecordEvents(_)
            | Self::Engagements(_)
            | Self::Single(_) => None,
        }
    }
}
