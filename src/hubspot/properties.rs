//! Property definitions of an object type: names and types from one list.

use bytes::Bytes;
use serde::Deserialize;

use super::api::Api;
use super::endpoint::Endpoint;
use crate::error::Error;
use crate::http::Undecodable;
use crate::strict;

/// A property as the portal defines it now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    pub name: String,
    #[serde(default, rename = "type")]
    pub kind: PropertyType,
    /// When it was defined; sorts as text.
    #[serde(default)]
    pub created_at: Option<String>,
    /// How HubSpot's forms show it.
    #[serde(default)]
    pub field_type: String,
}

impl Definition {
    /// Can a value hold several options, with a semicolon between them?
    pub(super) fn holds_several(&self) -> bool {
        self.kind == PropertyType::Enumeration && self.field_type == "checkbox"
    }
}

/// How HubSpot types a property's values, which are always text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    Number,
    #[serde(alias = "boolean")]
    Bool,
    Date,
    #[serde(alias = "date-time")]
    Datetime,
    /// One of a list of options, or several.
    Enumeration,
    /// Text, coordinates, JSON, and types invented after this was written.
    #[default]
    #[serde(other)]
    Text,
}

/// Asks for all definitions of an object type that are not archived.
pub async fn definitions(api: Api<'_>, object: &str) -> Result<Vec<Definition>, Error> {
    api.get(Endpoint::Properties, &format!("/{object}?archived=false"), decode).await
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Definition>,
}

pub(super) fn decode(body: &Bytes) -> Result<Vec<Definition>, Undecodable> {
    let Answer { mut results } = serde_json::from_slice(&strict::strict(body))?;
    results.sort_by(|one, other| one.name.cmp(&other.name));
    results.dedup_by(|one, other| one.name == other.name);
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q23_unknown_and_missing_types_are_text() {
        let body = r#"{"results":[{"name":"b","type":"hologram"},{"name":"a","type":"number"},
            {"name":"c"},{"name":"d","type":"bool"},{"name":"e","type":"datetime"}]}"#;
        let found = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        let found: Vec<_> =
            found.iter().map(|property| (property.name.as_str(), property.kind)).collect();
        assert_eq!(
            found,
            [
                ("a", PropertyType::Number),
                ("b", PropertyType::Text),
                ("c", PropertyType::Text),
                ("d", PropertyType::Bool),
                ("e", PropertyType::Datetime),
            ]
        );
    }
}
