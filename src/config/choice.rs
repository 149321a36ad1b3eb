//! What the user chose of what HubSpot has: records, by filter or by id, and properties.

use serde::Deserialize;

/// The choice as a whole; empty unless the user made one.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// A record has to fit all of those for its object type.
    pub filters: Vec<FilterChoice>,
    /// Patterns of properties: those that are read, and those of them that are not.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Of these object types nothing but these records is read.
    pub records: Vec<RecordChoice>,
}

/// A comparison of a property, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FilterChoice {
    /// The object type, by any of its names.
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

/// Records of an object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChoice {
    /// The object type, by any of its names.
    pub object: String,
    pub ids: Vec<u64>,
}
