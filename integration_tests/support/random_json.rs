//! Random JSON bodies that are valid for a schema of HubSpot's documents.

use hubspot_simulator::contract::Contract;
use serde_json::{Map, Value, json};

use super::rng::Rng;

/// Kind of bodies to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Every optional field is present.
    Full,
    /// No optional field is present.
    Minimal,
    /// Every second optional field is null, which the documents do not forbid.
    Nulls,
    /// Undocumented fields and values.
    Unknown,
    /// Dates with an offset, such as `+05:30`.
    Offsets,
    /// Dates without a fraction, or with one to nine digits of it.
    Fractions,
    /// Minimum and maximum numbers.
    Edges,
    /// Empty arrays and maps.
    Empty,
    /// Each alternative of a `oneOf` in turn.
    Branches,
    /// Every page holds one entry, and the last page none.
    SinglePages,
}

impl Variant {
    pub(crate) const ALL: [Self; 10] = [
        Self::Full,
        Self::Minimal,
        Self::Nulls,
        Self::Unknown,
        Self::Offsets,
        Self::Fractions,
        Self::Edges,
        Self::Empty,
        Self::Branches,
        Self::SinglePages,
    ];
}

/// Depth below which optional parts are omitted, since some schemas are recursive.
const DEEPEST: usize = 5;

/// Generator of bodies.
pub(crate) struct Maker {
    pub(crate) variant: Variant,
    pub(crate) rng: Rng,
    branch: usize,
}

impl Maker {
    pub(crate) fn new(variant: Variant, seed: u64) -> Self {
        Self { variant, rng: Rng::new(seed, 11), branch: 0 }
    }

    /// Returns a value that is valid for a schema.
    pub(crate) fn make(&mut self, schema: &Value, depth: usize) -> Value {
        let contract = Contract::get();
        let schema = contract.resolve(schema);
        if let Some(all) = schema["oneOf"].as_array() {
            self.branch += 1;
            let has_turns = self.variant == Variant::Branches;
            let place = if has_turns { self.branch % all.len() } else { 0 };
            return all.get(place).map_or(Value::Null, |one| self.make(one, depth));
        }
        if let Some(values) = schema["enum"].as_array() {
            if self.variant == Variant::Unknown && self.rng.once_in(3) {
                return "NEVER_HEARD_OF".into();
            }
            return self.rng.pick(values).clone();
        }
        match schema["type"].as_str().unwrap_or_default() {
            "string" => self.text(schema["format"].as_str()),
            "integer" => self.integer(schema["format"].as_str()),
            "number" if self.variant == Variant::Edges => {
                json!(*self.rng.pick(&[1e308, -5e-324, 0.1]))
            }
            "number" => json!(
                f64::from(u32::try_from(self.rng.between(0, 1_000_000)).expect("small")) / 64.0
            ),
            "boolean" => self.rng.once_in(2).into(),
            "array" => {
                let is_empty = self.variant == Variant::Empty || depth > DEEPEST;
                let count = if is_empty { 0 } else { self.rng.between(1, 3) };
                (0..count).map(|_| self.make(&schema["items"], depth + 1)).collect()
            }
            "object" => self.object(schema, depth),
            _ => json!({}),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut fields = Map::new();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let is_optional = !required.contains(&name.as_str());
            if is_optional {
                if self.variant == Variant::Minimal || depth > DEEPEST {
                    continue;
                }
                if self.variant == Variant::Nulls && self.rng.once_in(2) {
                    fields.insert(name.clone(), Value::Null);
                    continue;
                }
            }
            let value = self.make(schema, depth + 1);
            fields.insert(name.clone(), value);
        }
        let others = &schema["additionalProperties"];
        if others.is_object() && self.variant != Variant::Empty {
            for number in 0..2 {
                let value = self.make(others, depth + 1);
                fields.insert(format!("key {number}"), value);
            }
        }
        if self.variant == Variant::Unknown {
            fields.insert("xUnheardOf".to_owned(), json!({ "deep": [1, null, "x"] }));
        }
        fields.into()
    }

    fn text(&mut self, format: Option<&str>) -> Value {
        let number = self.rng.between(0, 1_000_000);
        if format != Some("date-time") {
            return format!("text {number} – „é“ \"\\ \u{1F44B}").into();
        }
        let (day, second) = (number % 28 + 1, number % 60);
        let start = format!(
            "20{:02}-0{}-{day:02}T1{}:{:02}",
            15 + number % 10,
            number % 9 + 1,
            number % 10,
            number % 59
        );
        let mut fraction = format!(".{:03}", number % 1_000);
        let mut offset = "Z";
        if self.variant == Variant::Fractions {
            let digits = usize::try_from(number % 10).expect("small");
            fraction =
                ".123456789".chars().take(if digits == 0 { 0 } else { digits + 1 }).collect();
        }
        if self.variant == Variant::Offsets {
            offset = *self.rng.pick(&["+05:30", "-11:00", "+00:00", "+14:00"]);
        }
        format!("{start}:{second:02}{fraction}{offset}").into()
    }

    fn integer(&mut self, format: Option<&str>) -> Value {
        let edges = if format == Some("int32") {
            [i64::from(i32::MIN), -1, 0, i64::from(i32::MAX)]
        } else {
            [i64::MIN, -1, 9_007_199_254_740_993, i64::MAX]
        };
        if self.variant == Variant::Edges {
            return (*self.rng.pick(&edges)).into();
        }
        self.rng.between(1, 1_000_000).into()
    }
}

/// Returns the paths of the optional fields of a response, as JSON pointers with `*` for every
/// entry.
pub(crate) fn optional_fields(contract: &Contract, schema: &Value) -> Vec<Vec<String>> {
    fn walk(contract: &Contract, schema: &Value, path: &[String], fields: &mut Vec<Vec<String>>) {
        let schema = contract.resolve(schema);
        if path.len() > 6 {
            return;
        }
        let inside = |name: &str| {
            let mut path = path.to_vec();
            path.push(name.to_owned());
            path
        };
        if let Some(first) = schema["oneOf"].get(0) {
            return walk(contract, first, path, fields);
        }
        if schema["items"].is_object() {
            walk(contract, &schema["items"], &inside("*"), fields);
        }
        let required = schema["required"].as_array();
        for (name, value) in schema["properties"].as_object().into_iter().flatten() {
            if !required.is_some_and(|required| required.iter().any(|one| one == name)) {
                fields.push(inside(name));
            }
            walk(contract, value, &inside(name), fields);
        }
    }
    let mut fields = Vec::new();
    walk(contract, schema, &[], &mut fields);
    fields
}

/// Returns the number of runs needed to set every optional field of every response to null.
pub(crate) fn optional_field_count() -> usize {
    let contract = Contract::get();
    let counts = contract.operations.iter().filter_map(|operation| operation.answer(200));
    counts.map(|schema| optional_fields(contract, schema).len()).max().unwrap_or_default()
}

pub(crate) fn null(value: &mut Value, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        *value = Value::Null;
        return;
    };
    match value {
        Value::Array(values) if first == "*" => {
            for value in values {
                null(value, rest);
            }
        }
        Value::Object(fields) => {
            // Missing fields are not created, since their parents may be optional too.
            if rest.is_empty() {
                fields.insert(first.clone(), Value::Null);
            } else if let Some(value) = fields.get_mut(first) {
                null(value, rest);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
    }
}
