//! The types of the stream table.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::cursor::CursorFormat;
use crate::hubspot::{BatchRead, Definition, Endpoint, Shape};
use crate::record::{EmptyText, HistoryForm, Kind, Record};
use crate::schema::Legacy;
use crate::time::Millis;

/// One stream: everything that sets it apart.
#[derive(Debug, Clone, Copy)]
pub struct StreamSpec<'a> {
    pub name: &'a str,
    pub family: Family<'a>,
    /// Object types whose ids each record carries, as a column of that name. Each costs a request
    /// per page of a search.
    pub associations: &'a [&'a str],
    pub primary_key: &'a [&'a str],
    pub cursor: Option<CursorField>,
    pub schema: Schema<'a>,
    /// Fields that HubSpot's answer leaves out or spells otherwise.
    pub defaults: &'a [Fill],
    /// Gives a record the shape the stream has always had, where HubSpot's is another. The scans of
    /// CRM objects heed neither this nor `casts`.
    pub reshape: Option<Reshape>,
    /// Are values cast to the types that the static schema declares? If so, what becomes of empty
    /// text.
    pub casts: Option<EmptyText>,
    /// Properties also shown under an older name.
    pub legacy: &'a [Legacy],
    /// Scopes that reading it takes, all of them.
    pub scopes: &'a [&'a str],
    /// Scopes of which any one does as well, as [`crate::hubspot::Granted`] reads them.
    pub or_any_of: &'a [&'a str],
    /// HubSpot's page about it.
    pub docs: &'a str,
}

/// How a stream is read.
#[derive(Debug, Clone, Copy)]
pub enum Family<'a> {
    /// A CRM object type: the list for everything, search for what changed. `modified` is the
    /// property that says when a record was modified.
    CrmObject { object: &'a str, modified: &'a str },
    /// The archived records of a CRM object type, always listed whole: HubSpot filters them by
    /// nothing.
    CrmArchived { object: &'a str },
    /// A short list, always read whole; what is older than the cursor is dropped by us.
    Collection { endpoint: Endpoint, passes: &'static [Pass], shape: Shape },
    /// A collection that leaves most of each record to requests by its id: for so many at once, or
    /// for each alone.
    Detailed { endpoint: Endpoint, tail: &'static str, shape: Shape, batch: Option<BatchRead> },
    /// Marketing e-mails, whose statistics move on after the e-mail itself has stopped changing.
    MarketingEmails { endpoint: Endpoint },
    /// The versions of the properties of a CRM object type.
    PropertyHistory { object: &'a str, modified: &'a str, form: HistoryForm },
    /// The associations from one object type to another.
    Associations { from: &'a str, to: &'a str },
    /// Records of a CRM object type that have a recording, where one of these properties says.
    Recordings { object: &'a str, modified: &'static str, urls: &'static [&'static str] },
    /// A log of events, by windows of time.
    TimeWindows { endpoint: Endpoint, shape: Shape },
    /// What belongs to the entries of another list, which is read for their ids.
    Children(&'static Children),
    /// Events that happened to the records of a CRM object type.
    Occurrences(Occurrences<'a>),
    /// Engagements by their first API.
    Engagements,
    /// One record: the answer itself.
    Single { endpoint: Endpoint },
}

/// The entries of a list, and what belongs to each.
#[derive(Debug, Clone, Copy)]
pub struct Children {
    pub parents: Parents,
    pub child: Child,
}

/// A list whose entries have children.
#[derive(Debug, Clone, Copy)]
pub struct Parents {
    pub endpoint: Endpoint,
    /// What follows the endpoint's path: segments and query, the page size included.
    pub tail: &'static str,
    /// The JSON body of a POST, without paging.
    pub body: Option<&'static str>,
    pub shape: Shape,
    /// The field that holds an entry's id.
    pub id: &'static str,
}

/// Where the children of one entry are.
#[derive(Debug, Clone, Copy)]
pub struct Child {
    pub endpoint: Endpoint,
    /// What follows the entry's id: segments and query, the page size included.
    pub tail: &'static str,
    pub shape: Shape,
    /// The field of each child that is filled with the entry's id.
    pub parent_field: &'static str,
    /// What the entry's id is called in a state.
    pub parent_key: &'static str,
    /// The field, as sent, by which children come newest first; `None` if they come in another
    /// order.
    pub newest_first: Option<&'static str>,
}

/// Events of a CRM object type.
#[derive(Debug, Clone, Copy)]
pub struct Occurrences<'a> {
    /// The object type as the paths of records name it.
    pub object: &'a str,
    /// The property that says when a record was modified.
    pub modified: &'a str,
    /// The object type as events name it.
    pub object_type: &'a str,
    pub event_types: &'a [Cow<'static, str>],
}

impl Family<'_> {
    /// What a group of such streams is called.
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
            Self::Children(_) => "What belongs to the entries of a list",
            Self::Occurrences(_) => "Events of records",
            Self::Engagements => "Engagements by their first API",
            Self::Single { .. } => "Single records",
        }
    }

    /// The CRM object type whose records, live or archived, are the stream's own.
    pub fn records_of(&self) -> Option<&str> {
        if let Self::CrmObject { object, .. } | Self::CrmArchived { object } = self {
            Some(object)
        } else {
            None
        }
    }

    /// The CRM object type without which there is nothing to read.
    pub fn object(&self) -> Option<&str> {
        match self {
            Self::CrmObject { object, .. }
            | Self::CrmArchived { object }
            | Self::PropertyHistory { object, .. }
            | Self::Recordings { object, .. } => Some(object),
            Self::Occurrences(events) => Some(events.object),
            Self::Associations { .. }
            | Self::Collection { .. }
            | Self::Detailed { .. }
            | Self::MarketingEmails { .. }
            | Self::TimeWindows { .. }
            | Self::Children(_)
            | Self::Engagements
            | Self::Single { .. } => None,
        }
    }
}

/// One way through a collection.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// What follows the endpoint's path: segments and query, the page size included.
    pub tail: &'static str,
    /// The JSON body of a POST, without paging.
    pub body: Option<&'static str>,
    /// Fields with the same value in every record of this pass.
    pub constants: &'static [(&'static str, &'static str)],
    pub unless_allowed: Otherwise,
}

/// What to do where the token may not read a pass.
#[derive(Debug, Clone, Copy)]
pub enum Otherwise {
    /// The stream ends.
    Fail,
    /// There is nothing of that kind.
    Skip,
    /// Something else says the same, and takes another scope.
    Read { endpoint: Endpoint, tail: &'static str, shape: Shape },
}

impl Pass {
    /// A GET.
    pub const fn get(tail: &'static str) -> Self {
        Self { tail, body: None, constants: &[], unless_allowed: Otherwise::Fail }
    }

    /// A POST.
    pub const fn post(tail: &'static str, body: &'static str) -> Self {
        Self { body: Some(body), ..Self::get(tail) }
    }

    /// A GET that is left out where the token may not read it, with fields of its own.
    pub const fn marked(
        tail: &'static str,
        constants: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { constants, unless_allowed: Otherwise::Skip, ..Self::get(tail) }
    }
}

/// The column that says how new a record is.
#[derive(Debug, Clone, Copy)]
pub struct CursorField {
    pub name: &'static str,
    /// As published: `false` lets the user pick another one.
    pub source_defined: bool,
    /// How its value is written in the state.
    pub format: CursorFormat,
}

/// Where the columns come from.
#[derive(Debug, Clone, Copy)]
pub enum Schema<'a> {
    /// A file of `schemas/`, whole.
    Static(&'static str),
    /// A file of `schemas/`, and the portal's properties of the object type.
    Properties { fields: &'static str, object: &'a str },
    /// A file of `schemas/`, and properties known already.
    Known { fields: &'static str, properties: &'a [Definition] },
}

/// A field of the record that is filled or cast.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    pub field: &'static str,
    /// The field to take where this one is absent.
    pub or: Option<&'static str>,
    pub cast: Option<Kind>,
}

/// Changes the fields of one record; left without any, it is none. It costs a parse of its own, and
/// leaves types to [`StreamSpec::casts`].
pub type Reshape = fn(&mut Map<String, Value>);

impl StreamSpec<'_> {
    /// Is it only offered to those who ask for experimental streams? Reading the events of each
    /// single record takes more requests than most portals have to spare.
    pub fn is_experimental(&self) -> bool {
        matches!(self.family, Family::Occurrences(_))
    }

    /// Does a refresh that was interrupted go on where it stopped?
    pub fn is_resumable(&self) -> bool {
        self.cursor.is_some()
            || matches!(self.family, Family::Associations { .. } | Family::Children(_))
    }

    /// When a record was last changed, by its cursor as HubSpot sent it.
    pub fn changed(&self, record: &Record<'_>) -> Option<Millis> {
        let cursor = self.cursor?.name;
        let fill = self.defaults.iter().find(|fill| fill.field == cursor);
        record.instant(cursor).or_else(|| record.instant(fill.and_then(|fill| fill.or)?))
    }

    /// The JSON text of the static part of its schema.
    pub fn static_fields(&self) -> &'static str {
        match self.schema {
            Schema::Static(fields)
            | Schema::Properties { fields, .. }
            | Schema::Known { fields, .. } => fields,
        }
    }
}
