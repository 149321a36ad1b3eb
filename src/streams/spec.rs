//! Types that describe a stream definition.

use super::strategy::ReadStrategy;
use crate::cursor::CursorFormat;
use crate::hubspot::Definition;
use crate::record::Record;
use crate::time::Millis;

/// Definition of one stream.
#[derive(Debug, Clone, Copy)]
pub struct StreamSpec<'a> {
    pub name: &'a str,
    pub strategy: ReadStrategy<'a>,
    pub primary_key: &'a [&'a str],
    pub cursor: Option<CursorField>,
    pub schema: Schema<'a>,
    pub scopes: Scopes<'a>,
    /// URL of the HubSpot documentation.
    pub docs: &'a str,
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

impl CursorField {
    /// Creates a source-defined cursor that is ISO 8601 text in the state.
    pub const fn iso(name: &'static str) -> Self {
        Self { name, source_defined: true, format: CursorFormat::Iso }
    }

    /// Creates a source-defined cursor that is a number of milliseconds in the state, as text.
    pub const fn millis(name: &'static str) -> Self {
        Self { name, source_defined: true, format: CursorFormat::Millis }
    }

    /// Lets the user select another cursor.
    #[must_use]
    pub const fn replaceable(self) -> Self {
        Self { source_defined: false, ..self }
    }
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

/// Scopes required to read a stream.
#[derive(Debug, Clone, Copy)]
pub struct Scopes<'a> {
    /// Scopes that are needed together.
    pub all: &'a [&'a str],
    /// Alternative scopes, any one of which is sufficient. Patterns as in
    /// [`crate::hubspot::GrantedScopes`].
    pub or_any_of: &'a [&'a str],
}

impl<'a> Scopes<'a> {
    /// Every token may read the stream. HubSpot leaves out what no scope of the token grants.
    pub const NONE: Self = Self::all(&[]);

    /// Requires all of these scopes.
    pub const fn all(all: &'a [&'a str]) -> Self {
        Self { all, or_any_of: &[] }
    }

    /// Adds alternative scopes, any one of which is sufficient.
    #[must_use]
    pub const fn or_any_of(self, or_any_of: &'a [&'a str]) -> Self {
        Self { or_any_of, ..self }
    }
}

impl StreamSpec<'_> {
    /// Returns `true` if the stream is only offered with experimental streams enabled. Reading the
    /// events of every single record takes more requests than most accounts can spare.
    pub fn is_experimental(&self) -> bool {
        matches!(self.strategy, ReadStrategy::RecordEvents(_))
    }

    /// Returns `true` if an interrupted full refresh can be resumed.
    pub fn is_resumable(&self) -> bool {
        self.cursor.is_some()
            || matches!(self.strategy, ReadStrategy::Associations(_) | ReadStrategy::Substream(_))
    }

    /// Returns the modification time of a record, from its cursor field as sent by HubSpot.
    pub fn changed(&self, record: &Record<'_>) -> Option<Millis> {
        let cursor = self.cursor?.name;
        let defaults = self.strategy.defaults();
        let field_default = defaults.iter().find(|field_default| field_default.field == cursor);
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
