//! The `json_schema` of a stream.

use serde_json::{Map, Value, json};

use super::properties::PropertyColumn;
use crate::record::Kind;

/// Builds a stream's schema from its static part (one of `schemas/`), an array of ids for each
/// associated object type, and each property, both inside `properties` and flat as
/// `properties_<name>`.
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
            flat.or_insert_with(|| value_schema(property.kind));
        }
        columns.insert("properties".into(), json!({ "type": "object", "properties": nested }));
    }
    schema
}

fn ids() -> Value {
    json!({ "type": ["null", "array"], "items": { "type": ["null", "string"] } })
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
        };
        let schema =
            build(r#"{"type":"object","properties":{}}"#, &["contacts"], Some(&[property]));
        assert_eq!(
            schema["properties"],
            json!({
                "contacts": { "type": ["null", "array"], "items": { "type": ["null", "string"] } },
                "properties": { "type": "object", "properties": { "amount": { "type": ["null", "number"] } } },
                "properties_amount": { "type": ["null", "number"] },
            })
        );
    }
}
