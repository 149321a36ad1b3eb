//! Property definitions of an object type.

use bytes::Bytes;
use serde::{Deserialize, Deserializer};

use super::api::Api;
use super::endpoint::Endpoint;
use super::path_segment::path_segment;
use super::tolerant::{Readable, odd_as_default};
use crate::error::Error;
use crate::http::DecodeError;
use crate::strict;

/// Current definition of a property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    pub name: String,
    #[serde(default, rename = "type", deserialize_with = "odd_as_default")]
    pub kind: PropertyType,
    /// Creation time; sorts as text.
    #[serde(default, deserialize_with = "odd_as_default")]
    pub created_at: Option<String>,
    /// Form field type of the property.
    #[serde(default, deserialize_with = "odd_as_default")]
    pub field_type: String,
    /// Display name in HubSpot, at most `TEXT_CHARS` characters; may be empty.
    #[serde(default, deserialize_with = "short_text")]
    pub label: String,
    /// Description in HubSpot, at most `TEXT_CHARS` characters; mostly empty.
    #[serde(default, deserialize_with = "short_text")]
    pub description: String,
}

/// Longest label or description that is kept, in characters.
const TEXT_CHARS: usize = 500;

impl Definition {
    /// Returns `true` if a value can hold several options, separated by semicolons.
    pub(super) fn holds_several(&self) -> bool {
        self.kind == PropertyType::Enumeration && self.field_type == "checkbox"
    }
}

/// Deserializes a display text without surrounding whitespace. A longer text than `TEXT_CHARS` is
/// cut and ends with an ellipsis; anything else than text is empty.
fn short_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text: String = odd_as_default(deserializer)?;
    let text = text.trim();
    if text.chars().count() <= TEXT_CHARS {
        return Ok(text.to_owned());
    }
    let beginning: String = text.chars().take(TEXT_CHARS - 1).collect();
    Ok(format!("{}…", beginning.trim_end()))
}

/// HubSpot's type of a property. Values are always sent as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    Number,
    #[serde(alias = "boolean")]
    Bool,
    Date,
    #[serde(alias = "date-time")]
    Datetime,
    /// One or several of a list of options.
    Enumeration,
    /// Text, coordinates, JSON, and types added later.
    #[default]
    #[serde(other)]
    Text,
}

/// Requests all definitions of an object type that are not archived.
pub async fn definitions(api: Api<'_>, object: &str) -> Result<Vec<Definition>, Error> {
    let tail = format!("/{}?archived=false", path_segment(object));
    let found = api.get(Endpoint::PROPERTIES, &tail, decode).await?;
    Ok(usable(object, found))
}

/// Returns the readable definitions, sorted by name and without duplicates, and warns about the
/// others.
pub(super) fn usable(object: &str, found: Readable<Definition>) -> Vec<Definition> {
    let Readable { mut entries, unreadable } = found;
    if !unreadable.is_empty() {
        log::warn!(
            "properties of {object} that cannot be read are left out: {}",
            unreadable.join(", ")
        );
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries.dedup_by(|one, other| one.name == other.name);
    entries
}

#[derive(Deserialize)]
struct PropertiesResponse {
    #[serde(default)]
    results: Option<Readable<Definition>>,
}

pub(super) fn decode(body: &Bytes) -> Result<Readable<Definition>, DecodeError> {
    let PropertiesResponse { results } = serde_json::from_slice(&strict::strict(body))?;
    results.ok_or_else(|| DecodeError::Incomplete("it has no `results`".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q23_unknown_and_missing_types_are_text() {
        let body = r#"{"results":[{"name":"b","type":"hologram"},{"name":"a","type":"number"},
            {"name":"c"},{"name":"d","type":"bool"},{"name":"e","type":"datetime"}]}"#;
        let found = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        let found = usable("deals", found);
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

    #[test]
    fn display_texts_are_trimmed_and_cut() {
        let full = "é".repeat(TEXT_CHARS);
        let cut = format!("{}…", "é".repeat(TEXT_CHARS - 1));
        for (case, sent, expected) in [
            ("plain", "Deal amount", "Deal amount"),
            ("empty", "", ""),
            ("blank", " \n\t ", ""),
            ("whitespace around lines", "  One \"two\"\nthree\n", "One \"two\"\nthree"),
            ("the longest", &full, &full),
            ("one character more", &format!("{full}é"), &cut),
            ("much more", &full.repeat(9), &cut),
        ] {
            let body = serde_json::json!({ "results": [{ "name": "a", "label": sent }] });
            let found = decode(&Bytes::from(body.to_string())).unwrap();
            assert_eq!(found.entries[0].label, expected, "{case}");
        }
    }

    #[test]
    fn nothing_but_a_missing_name_costs_a_property() {
        let body = r#"{"results":[
            {"name":"a","type":null,"fieldType":null,"createdAt":null,"label":null,"description":null},
            {"name":"b","type":7,"fieldType":{},"createdAt":1.5,"label":["B"],"description":7},
            {"name":null,"type":"string"},{"type":"string"},{"name":7}]}"#;
        let found = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        let text = |name: &str| Definition { name: name.into(), ..Definition::default() };
        assert_eq!(found.entries, [text("a"), text("b")]);
        assert_eq!(found.unreadable.len(), 3, "{:?}", found.unreadable);
        for body in ["{}", r#"{"results":null}"#] {
            let found = decode(&Bytes::from_static(body.as_bytes()));
            assert!(matches!(found, Err(DecodeError::Incomplete(_))), "{body}");
        }
    }
}
