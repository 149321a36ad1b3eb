//! The `json_schema` of a stream.

use serde_json::{Map, Value, json};

use super::properties::{PropertyColumn, PropertyTexts};
use crate::record::Kind;

/// Builds a stream's schema from its static part (one of `schemas/`), an array of ids for each
/// associated object type, and each property, both inside `properties` and flat as
/// `properties_<name>`.
///
/// Only the flat column has the texts of the property: the nested one would repeat them in the same
/// schema.
///
/// `properties` is `None` for a stream without properties.
///
/// # Panics
/// If the static part is not a JSON object with `properties`; a test reads all of them.
pub fn build(
    static_part: &str,
    associations: &[&str],
    properties: Option<&[PropertyColumn]>,
) -> Value {
    let mut schema: Value = serde_json::from_str(static_part).expect("schemas/ holds JSON");
    let columns = schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .expect("schemas/ holds object schemas");
    for &object in associations {
        columns.insert(object.into(), ids());
    }
    if let Some(properties) = properties {
        let nested: Map<_, _> = properties
            .iter()
            .map(|property| (property.name.clone(), value_schema(property.kind)))
            .collect();
        for property in properties {
            // If the name collides with a column of the record itself, that column is kept.
            let flat = columns.entry(property.flat_name.clone());
            flat.or_insert_with(|| described(property));
        }
        columns.insert("properties".into(), json!({ "type": "object", "properties": nested }));
    }
    schema
}

fn ids() -> Value {
    json!({ "type": ["null", "array"], "items": { "type": ["null", "string"] } })
}

/// Returns the schema of a flat column.
fn described(property: &PropertyColumn) -> Value {
    let mut schema = value_schema(property.kind);
    let PropertyTexts { title, description } = &property.texts;
    for (key, text) in [("title", title), ("description", description)] {
        if let (Some(fields), Some(text)) = (schema.as_object_mut(), text) {
            fields.insert(key.into(), text.as_str().into());
        }
    }
    schema
}

fn value_schema(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": ["null", "string"] }),
        Kind::Integer => json!({ "type": ["null", "integer"] }),
        Kind::Number => json!({ "type": ["null", "number"] }),
        Kind::Boolean => json!({ "type": ["null", "boolean"] }),
        Kind::Date | Kind::SentDate => json!({ "type": ["null", "string"], "format": "date" }),
        Kind::Datetime | Kind::SentDatetime => {
            json!({ "type": ["null", "string"], "format": "date-time" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_appear_nested_and_flat() {
        let property = PropertyColumn {
            name: "amount".into(),
            flat_name: "properties_amount".into(),
            kind: Kind::Number,
            created_at: None,
            is_defined: true,
            fallback: None,
            texts: PropertyTexts {
                title: Some("Amount".into()),
                description: Some("The \"total\"".into()),
            },
        };
        let schema =
            build(r#"{"type":"object","properties":{}}"#, &["contacts"], Some(&[property]));
        assert_eq!(
            schema["properties"],
            json!({
                "contacts": { "type": ["null", "array"], "items": { "type": ["null", "string"] } },
                "properties": { "type": "object", "properties": { "amount": { "type": ["null", "number"] } } },
                "properties_amount": {
                    "type": ["null", "number"], "title": "Amount", "description": "The \"total\"",
                },
            })
        );
    }
}
