//! Conversion of static fields to the types declared in their schema.
//!
//! Some HubSpot endpoints send numbers as text and vice versa. The Python connector converts the
//! fields of these streams, and existing destination tables have the resulting types.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

/// Treatment of empty text where the schema declares a number or a boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyString {
    /// Kept, like any other value that does not fit.
    Stays,
    /// Converted to null.
    IsNull,
}

/// Conversions for the records of one stream.
#[derive(Debug)]
pub struct Coercions {
    record: Node,
    empty: EmptyString,
}

/// Declared type of a value and of the values inside it.
#[derive(Debug)]
struct Node {
    target: Option<Target>,
    fields: BTreeMap<String, Node>,
    items: Option<Box<Node>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Text,
    Integer,
    Number,
    Boolean,
    Array,
}

impl Coercions {
    /// Reads a JSON schema. Every field with exactly one type besides null is converted to it.
    pub fn of(schema: &Value, empty: EmptyString) -> Self {
        Self { record: Node::of(schema), empty }
    }

    /// Converts the declared fields of a record. A value that does not fit is kept unchanged.
    pub fn apply(&self, record: &mut Map<String, Value>) {
        self.record.apply(record, self.empty);
    }
}

impl Node {
    fn of(schema: &Value) -> Self {
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        Self {
            target: schema.get("type").and_then(target),
            fields: fields.map(|(name, field)| (name.clone(), Self::of(field))).collect(),
            items: schema.get("items").map(|items| Box::new(Self::of(items))),
        }
    }

    fn apply(&self, fields: &mut Map<String, Value>, empty: EmptyString) {
        for (name, node) in &self.fields {
            if let Some(value) = fields.get_mut(name) {
                node.apply_to(value, empty);
            }
        }
    }

    fn apply_to(&self, value: &mut Value, empty: EmptyString) {
        let converted = self.target.and_then(|target| convert(target, value, empty));
        if let Some(converted) = converted {
            *value = converted;
        }
        match value {
            Value::Object(fields) => self.apply(fields, empty),
            Value::Array(values) => {
                if let Some(items) = &self.items {
                    for value in values {
                        items.apply_to(value, empty);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Returns the only type besides null, if values can be converted to it.
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

/// Converts the value to the type. Returns `None` if it already has the type or cannot be
/// converted.
fn convert(target: Target, value: &Value, empty: EmptyString) -> Option<Value> {
    match (target, value) {
        (Target::Integer | Target::Number | Target::Boolean, Value::String(text))
            if text.is_empty() && empty == EmptyString::IsNull =>
        {
            Some(Value::Null)
        }
        (Target::Text, Value::Number(number)) => Some(number_text(number).into()),
        (Target::Text, Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Some(Value::from(value.to_string()))
        }
        (Target::Integer, Value::Number(number)) => whole(number),
        (Target::Integer, Value::String(text)) => {
            let text = text.trim();
            text.parse::<i64>().map(Value::from).ok().or_else(|| long_integer(text))
        }
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

/// Returns a number as text: integers with all their digits, fractions in their shortest form.
fn number_text(number: &Number) -> String {
    let text = number.to_string();
    let is_whole = !text.contains(['.', 'e', 'E']);
    let double = number.as_f64().filter(|double| !is_whole && double.is_finite());
    double.map_or(text, |double| format!("{double:?}"))
}

/// Returns an integer that needs more than 64 bits, with its digits as they are.
fn long_integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_whole).map(Value::Number)
}

/// Truncates a number with a fraction to an integer.
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
    use serde_json::{from_str, json};

    fn cast(schema: &Value, record: Value, empty: EmptyString) -> Value {
        let Value::Object(mut record) = record else { panic!("an object") };
        Coercions::of(schema, empty).apply(&mut record);
        record.into()
    }

    #[test]
    fn values_become_what_their_schema_declares() {
        for (kind, value, expected) in [
            ("string", json!(1280), json!("1280")),
            ("string", from_str("1.50").unwrap(), json!("1.5")),
            ("string", from_str("1e3").unwrap(), json!("1000.0")),
            ("string", json!(false), json!("false")),
            ("string", json!("x"), json!("x")),
            ("string", json!(null), json!(null)),
            ("string", json!({"a": 1}), json!(r#"{"a":1}"#)),
            ("integer", json!("42"), json!(42)),
            ("integer", json!(4), json!(4)),
            ("integer", json!(4.0), json!(4)),
            ("integer", json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_993_i64)),
            ("integer", json!(7.9), json!(7)),
            ("integer", json!(true), json!(1)),
            ("integer", json!("007"), json!(7)),
            ("integer", json!("+5"), json!(5)),
            ("integer", json!("-"), json!("-")),
            ("integer", json!("1e3"), json!("1e3")),
            ("integer", json!("4.2"), json!("4.2")),
            ("integer", json!("many"), json!("many")),
            ("integer", json!(null), json!(null)),
            ("number", json!("4.25"), json!(4.25)),
            ("number", json!(12), json!(12)),
            ("number", json!("much"), json!("much")),
            ("boolean", json!("FALSE"), json!(false)),
            ("boolean", json!("yes"), json!(true)),
            ("boolean", json!(0), json!(false)),
            ("boolean", json!(2), json!(true)),
            ("boolean", json!("maybe"), json!("maybe")),
            ("array", json!("a@b"), json!(["a@b"])),
            ("array", json!(["a@b"]), json!(["a@b"])),
            ("object", json!("a"), json!("a")),
        ] {
            let schema = json!({ "properties": { "x": { "type": ["null", kind] } } });
            for empty in [EmptyString::Stays, EmptyString::IsNull] {
                let found = cast(&schema, json!({ "x": value }), empty);
                assert_eq!(found["x"], expected, "{value} as {kind}");
            }
        }
    }

    #[test]
    fn empty_text_stays_or_is_no_value() {
        for (kind, if_null) in [
            ("integer", json!(null)),
            ("number", json!(null)),
            ("boolean", json!(null)),
            ("string", json!("")),
            ("array", json!([""])),
        ] {
            let schema = json!({ "properties": { "x": { "type": ["null", kind] } } });
            let stays = if kind == "array" { json!([""]) } else { json!("") };
            for (empty, expected) in [(EmptyString::Stays, stays), (EmptyString::IsNull, if_null)] {
                let found = cast(&schema, json!({ "x": "" }), empty);
                assert_eq!(found["x"], expected, "{kind}, {empty:?}");
            }
        }
    }

    #[test]
    fn fields_and_items_are_converted_at_any_depth() {
        let schema = json!({ "properties": {
            "to": { "type": ["null", "array"], "items": { "type": ["null", "object"], "properties": {
                "id": { "type": ["null", "string"] },
            } } },
            "one": { "type": "array", "items": { "type": "string" } },
            "free": { "type": ["null", "string", "integer"] },
            "any": {},
            "none": { "type": [] },
        } });
        let record = json!({ "to": [{ "id": 5, "other": 5 }, null], "one": 5, "free": 5,
            "any": "5", "none": "5", "undeclared": 5 });
        assert_eq!(
            cast(&schema, record, EmptyString::Stays),
            json!({ "to": [{ "id": "5", "other": 5 }, null], "one": ["5"], "free": 5,
                "any": "5", "none": "5", "undeclared": 5 })
        );
    }
}
