//! The types of the stream table.

use crate::hubspot::{Definition, Endpoint};
use crate::record::Kind;
use crate::schema::Legacy;

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
    /// Properties also shown under an older name.
    pub legacy: &'a [Legacy],
    /// Scopes that reading it takes, all of them.
    pub scopes: &'a [&'a str],
    /// HubSpot's page about it.
    pub docs: &'a str,
}

/// How a stream is read.
#[derive(Debug, Clone, Copy)]
pub enum Family<'a> {
    /// A CRM object type: the list for everything, search for what changed. `modified` is the
    /// property that says when a record was modified.
    CrmObject { object: &'a str, modified: &'a str },
    /// A short list, always read whole; what is older than the cursor is dropped by us.
    List { endpoint: Endpoint, page: usize },
    /// One record: the answer itself.
    Single { endpoint: Endpoint },
}

/// The column that says how new a record is.
#[derive(Debug, Clone, Copy)]
pub struct CursorField {
    pub name: &'static str,
    /// As published: `false` lets the user pick another one.
    pub source_defined: bool,
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

impl StreamSpec<'_> {
    /// The JSON text of the static part of its schema.
    pub fn static_fields(&self) -> &'static str {
        match self.schema {
            Schema::Static(fields)
            | Schema::Properties { fields, .. }
            | Schema::Known { fields, .. } => fields,
        }
    }
}
