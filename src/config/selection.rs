//! User selection of records, by filter or id, and of properties.

use serde::Deserialize;

use crate::record_id::RecordId;

/// Complete selection; empty unless the user configured one.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Filters; a record must match all filters for its object type.
    pub filters: Vec<FilterChoice>,
    /// Patterns of properties to read; `exclude` removes properties from those.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Records to read; all other records of these object types are skipped.
    pub records: Vec<RecordChoice>,
}

/// Comparison of a property, as written in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FilterChoice {
    /// Object type, by any of its names.
    pub object: String,
    pub property: String,
    pub operator: String,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub high_value: Option<String>,
    #[serde(default)]
    pub values: Vec<String>,
}

/// Selected records of one object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChoice {
    /// Object type, by any of its names.
    pub object: String,
    pub ids: Vec<RecordId>,
}
