//! From values as they were sent to the types that a schema declares.

use serde_json::Value;

use super::coerce::{Coerced, Kind, coerce};

/// Casts a value, and all that is in it, to the types of its schema.
///
/// Only a type that stands alone, or with null, is cast to. Text becomes a number or a boolean, a
/// scalar the text of itself or a list of one. Empty text is no number and no boolean, so it
/// becomes null. What cannot be cast stays as it was sent, and so does what the schema does not
/// declare.
pub fn conform(value: &mut Value, schema: &Value) {
    let Some(kind) = only_type(schema) else { return };
    match (kind, &mut *value) {
        ("object", Value::Object(fields)) => {
            let declared = schema.get("properties").and_then(Value::as_object);
            for (name, schema) in declared.into_iter().flatten() {
                if let Some(field) = fields.get_mut(name) {
                    conform(field, schema);
                }
            }
        }
        ("array", Value::Array(items)) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    conform(item, schema);
                }
            }
        }
        ("array", Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            *value = Value::Array(vec![value.take()]);
            conform(value, schema);
        }
        ("string", Value::Bool(_) | Value::Number(_)) => *value = value.to_string().into(),
        ("integer", Value::String(_) | Value::Number(_)) => cast(value, Kind::Integer),
        ("number", Value::String(_)) => cast(value, Kind::Number),
        ("boolean", Value::String(_) | Value::Number(_)) => cast(value, Kind::Boolean),
        _ => {}
    }
}

fn cast(value: &mut Value, kind: Kind) {
    let mut text = Vec::new();
    match coerce(kind, &value.to_string(), &mut text) {
        Coerced::Written => {
            if let Ok(cast) = serde_json::from_slice(&text) {
                *value = cast;
            }
        }
        Coerced::Null => *value = Value::Null,
        Coerced::Unfit => {}
    }
}

/// The type that a schema allows besides null.
fn only_type(schema: &Value) -> Option<&str> {
    let kind = schema.get("type")?;
    let mut kinds = kind.as_array().map_or(std::slice::from_ref(kind), Vec::as_slice).iter();
    let mut kinds = kinds.by_ref().filter_map(Value::as_str).filter(|kind| *kind != "null");
    kinds.next().filter(|_| kinds.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_take_the_declared_types() {
        let kind = |kind: &str| json!({ "type": ["null", kind] });
        let texts = json!({ "type": ["null", "array"], "items": { "type": "string" } });
        let sizes = json!({ "type": "object", "properties": { "size": kind("integer") } });
        for (schema, sent, expected) in [
            (kind("integer"), json!("5120"), json!(5120)),
            (kind("integer"), json!(4), json!(4)),
            (kind("integer"), json!(4.0), json!(4)),
            (kind("integer"), json!("many"), json!("many")),
            (kind("integer"), json!(""), json!(null)),
            (kind("integer"), json!(true), json!(true)),
            (kind("integer"), json!(null), json!(null)),
            (kind("number"), json!("12.5"), json!(12.5)),
            (kind("number"), json!(12), json!(12)),
            (kind("boolean"), json!("yes"), json!(true)),
            (kind("boolean"), json!(0), json!(false)),
            (kind("boolean"), json!("maybe"), json!("maybe")),
            (kind("string"), json!(17), json!("17")),
            (kind("string"), json!(false), json!("false")),
            (kind("string"), json!({ "a": 1 }), json!({ "a": 1 })),
            (texts.clone(), json!([1, null, "b"]), json!(["1", null, "b"])),
            (texts, json!("b"), json!(["b"])),
            (sizes.clone(), json!({ "size": "7", "n": "7" }), json!({ "size": 7, "n": "7" })),
            (sizes, json!("7"), json!("7")),
            (json!({ "type": ["integer", "string"] }), json!("7"), json!("7")),
            (json!({ "type": [] }), json!("7"), json!("7")),
            (json!({}), json!("7"), json!("7")),
        ] {
            let mut value = sent.clone();
            conform(&mut value, &schema);
            assert_eq!(value, expected, "{sent} as {schema}");
        }
    }
}
