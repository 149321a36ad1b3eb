//! Conversions of static fields to the types that their schema declares.
//!
//! Some of HubSpot's older endpoints send numbers as text and the other way round. The Python
//! connector converts the fields of their streams, and tables exist with the types it gave them.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

/// What is to be converted in the records of one stream.
#[derive(Debug, Default)]
pub struct Casts {
    target: Option<Target>,
    fields: BTreeMap<String, Casts>,
    items: Option<Box<Casts>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Text,
    Integer,
    Number,
    Boolean,
    Array,
}

impl Casts {
    /// Reads a JSON schema: every field with one type beside null is converted to it.
    pub fn of(schema: &Value) -> Self {
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        Self {
            target: schema.get("type").and_then(target),
            fields: fields.map(|(name, field)| (name.clone(), Self::of(field))).collect(),
            items: schema.get("items").map(|items| Box::new(Self::of(items))),
        }
    }

    /// Converts the declared fields of a record. A value that does not fit stays as it is.
    pub fn apply(&self, record: &mut Map<String, Value>) {
        for (name, casts) in &self.fields {
            if let Some(value) = record.get_mut(name) {
                casts.apply_to(value);
            }
        }
    }

    fn apply_to(&self, value: &mut Value) {
        let converted = self.target.and_then(|target| convert(target, value));
        if let Some(converted) = converted {
            *value = converted;
        }
        match value {
            Value::Object(fields) => self.apply(fields),
            Value::Array(values) => {
                if let Some(items) = &self.items {
                    for value in values {
                        items.apply_to(value);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The one type beside null, if it is one to convert to.
fn target(types: &Value) -> Option<Target> {
    let name = match types {
        Value::String(name) => name,
        Value::Array(names) => {
            let mut names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.next().filter(|_| names.next().is_none())?
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    match name {
        "string" => Some(Target::Text),
        "integer" => Some(Target::Integer),
        "number" => Some(Target::Number),
        "boolean" => Some(Target::Boolean),
        "array" => Some(Target::Array),
        _ => None,
    }
}

/// The value as the type has it; `None` if it is fine as it is, or cannot be converted.
fn convert(target: Target, value: &Value) -> Option<Value> {
    match (target, value) {
        (Target::Text, Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(Value::from(value.to_string()))
        }
        (Target::Integer, Value::Number(number)) => whole(number),
        (Target::Integer, Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
        (Target::Number, Value::String(text)) => {
            text.trim().parse::<Number>().ok().map(Value::Number)
        }
        (Target::Integer | Target::Number, Value::Bool(flag)) => Some(u8::from(*flag).into()),
        (Target::Boolean, Value::String(text)) => truth(text).map(Value::from),
        (Target::Boolean, Value::Number(number)) => Some((number.as_f64()? != 0.0).into()),
        (Target::Array, Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Some(Value::Array(vec![value.clone()]))
        }
        _ => None,
    }
}

/// A fraction is cut off.
fn whole(number: &Number) -> Option<Value> {
    if number.is_i64() || number.is_u64() {
        return None;
    }
    let text = format!("{:.0}", number.as_f64()?.trunc());
    text.parse::<i64>().ok().map(Value::from)
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Some(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_what_their_schema_declares() {
        for (kind, value, expected) in [
            ("string", json!(1280), json!("1280")),
            ("string", json!("x"), json!("x")),
            ("string", json!(null), json!(null)),
            ("string", json!({"a": 1}), json!(r#"{"a":1}"#)),
            ("integer", json!("42"), json!(42)),
            ("integer", json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_993_i64)),
            ("integer", json!(7.9), json!(7)),
            ("integer", json!(true), json!(1)),
            ("integer", json!("4.2"), json!("4.2")),
            ("integer", json!(""), json!("")),
            ("number", json!("4.25"), json!(4.25)),
            ("number", json!("much"), json!("much")),
            ("boolean", json!("FALSE"), json!(false)),
            ("boolean", json!(2), json!(true)),
            ("boolean", json!("maybe"), json!("maybe")),
            ("array", json!("a@b"), json!(["a@b"])),
            ("array", json!(["a@b"]), json!(["a@b"])),
            ("object", json!("a"), json!("a")),
        ] {
            let schema = json!({ "properties": { "x": { "type": ["null", kind] } } });
            let mut record = Map::from_iter([("x".to_owned(), value.clone())]);
            Casts::of(&schema).apply(&mut record);
            assert_eq!(record["x"], expected, "{value} as {kind}");
        }
    }

    #[test]
    fn fields_and_items_are_converted_at_any_depth() {
        let schema = json!({ "properties": {
            "to": { "type": ["null", "array"], "items": { "type": ["null", "object"], "properties": {
                "id": { "type": ["null", "string"] },
            } } },
            "free": { "type": ["null", "string", "integer"] },
        } });
        let mut record = Map::new();
        record.insert("to".into(), json!([{ "id": 5, "other": 5 }, null]));
        record.insert("free".into(), json!(5));
        record.insert("undeclared".into(), json!(5));
        Casts::of(&schema).apply(&mut record);
        assert_eq!(
            Value::Object(record),
            json!({ "to": [{ "id": "5", "other": 5 }, null], "free": 5, "undeclared": 5 })
        );
    }
}
