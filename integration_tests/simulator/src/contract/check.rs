//! Validation of a JSON value against a schema of the contract.

use chrono::DateTime;
use serde_json::Value;

use super::Contract;

/// Path of a part of a value, such as `results[].id`.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    name: &'a str,
}

impl<'a> Place<'a> {
    /// The path of the whole value.
    pub fn root() -> Self {
        Self { parent: None, name: "" }
    }

    fn field(&'a self, name: &'a str) -> Self {
        Place { parent: Some(self), name }
    }

    fn text(&self) -> String {
        let above = self.parent.map(Self::text).unwrap_or_default();
        match self.name {
            "" => above,
            "[]" => above + "[]",
            name if above.is_empty() => name.to_owned(),
            name => above + "." + name,
        }
    }
}

/// Appends one message to `complaints` for each violation of `schema` in `value`. Equal violations
/// in several array entries or map values produce the same message.
pub fn check(
    contract: &Contract,
    schema: &Value,
    value: &Value,
    place: Place<'_>,
    complaints: &mut Vec<String>,
) {
    let schema = contract.resolve(schema);
    let mut say = |what: String| complaints.push(format!("{} {what}", place.text()));
    if let Some(all) = schema.get("oneOf").and_then(Value::as_array) {
        let of = |one: &Value| {
            let mut complaints = Vec::new();
            check(contract, one, value, place, &mut complaints);
            complaints
        };
        // Reports the violations of the alternative that fits best.
        complaints.extend(all.iter().map(of).min_by_key(Vec::len).unwrap_or_default());
        return;
    }
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    if value.is_null() && !kind.is_empty() {
        return say("is null".to_owned());
    }
    let fits = match (kind, value) {
        ("string", Value::String(_))
        | ("number", Value::Number(_))
        | ("boolean", Value::Bool(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_))
        | ("", _) => true,
        ("integer", Value::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    };
    if !fits {
        return say(format!("is {}, not {kind}", kind_of(value)));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && !values.contains(value)
    {
        say(format!("is {value}, none of its {} values", values.len()));
    }
    match (schema.get("format").and_then(Value::as_str), value) {
        (Some("date-time"), Value::String(text)) if DateTime::parse_from_rfc3339(text).is_err() => {
            say("is no date-time".to_owned());
        }
        (Some("int32"), Value::Number(number))
            if number.as_i64().is_none_or(|number| i32::try_from(number).is_err()) =>
        {
            say("is beyond 32 bits".to_owned());
        }
        _ => {}
    }
    match value {
        Value::Array(values) => {
            if let Some(items) = schema.get("items") {
                let inside = place.field("[]");
                for value in values {
                    check(contract, items, value, inside, complaints);
                }
            }
        }
        Value::Object(fields) => check_fields(contract, schema, fields, place, complaints),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn check_fields(
    contract: &Contract,
    schema: &Value,
    fields: &serde_json::Map<String, Value>,
    place: Place<'_>,
    complaints: &mut Vec<String>,
) {
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if let Some(name) = name.as_str().filter(|name| !fields.contains_key(*name)) {
            complaints.push(format!("{} is required", place.field(name).text()));
        }
    }
    let declared = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    for (name, value) in fields {
        if let Some(schema) = declared.and_then(|declared| declared.get(name)) {
            check(contract, schema, value, place.field(name), complaints);
        } else if let Some(schema) = others {
            check(contract, schema, value, place.field("*"), complaints);
        } else if declared.is_some() {
            complaints.push(format!("{} is not declared", place.field(name).text()));
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_difference_is_named_with_its_place() {
        let schema = json!({
            "type": "object",
            "required": ["id", "all"],
            "properties": {
                "id": { "type": "string" },
                "at": { "type": "string", "format": "date-time" },
                "size": { "type": "integer", "format": "int32" },
                "kind": { "type": "string", "enum": ["a", "b"] },
                "all": { "type": "array", "items": { "type": "boolean" } },
                "map": { "type": "object", "additionalProperties": { "type": "string" } },
                "either": { "oneOf": [
                    { "type": "object", "properties": { "type": { "type": "string", "enum": ["x"] } } },
                    { "type": "object", "properties": { "n": { "type": "number" } } },
                ] },
            },
        });
        let contract = Contract::get();
        for (case, value, expected) in [
            ("nothing", json!({ "id": "7", "all": [], "at": "2026-01-01T00:00:00+05:30" }), vec![]),
            ("a lack", json!({ "id": "7" }), vec!["all is required"]),
            ("another type", json!({ "id": 7, "all": [] }), vec!["id is integer, not string"]),
            ("null", json!({ "id": null, "all": [] }), vec!["id is null"]),
            ("an entry", json!({ "id": "7", "all": [1] }), vec!["all[] is integer, not boolean"]),
            ("a stranger", json!({ "id": "7", "all": [], "x": 1 }), vec!["x is not declared"]),
            (
                "an unknown value",
                json!({ "id": "7", "all": [], "kind": "c" }),
                vec!["kind is \"c\", none of its 2 values"],
            ),
            ("no time", json!({ "id": "7", "all": [], "at": "now" }), vec!["at is no date-time"]),
            (
                "too large",
                json!({ "id": "7", "all": [], "size": 3_000_000_000_u64 }),
                vec!["size is beyond 32 bits"],
            ),
            (
                "in a map",
                json!({ "id": "7", "all": [], "map": { "any": 1 } }),
                vec!["map.* is integer, not string"],
            ),
            ("one of two", json!({ "id": "7", "all": [], "either": { "n": 1.5 } }), vec![]),
            (
                "neither",
                json!({ "id": "7", "all": [], "either": { "n": "1" } }),
                vec!["either.n is not declared"],
            ),
        ] {
            let mut complaints = Vec::new();
            check(contract, &schema, &value, Place::root(), &mut complaints);
            assert_eq!(complaints, expected, "{case}");
        }
    }
}
