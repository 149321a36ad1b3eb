//! Invariants of the records of any stream, and the collection of violations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, NaiveDate};
use serde_json::Value;

/// Violations by stream, without duplicates.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    by_stream: BTreeMap<String, BTreeSet<String>>,
}

impl Findings {
    pub(crate) fn add(&mut self, stream: &str, what: &str) {
        self.by_stream.entry(stream.to_owned()).or_default().insert(what.to_owned());
    }

    pub(crate) fn check(&mut self, holds: bool, stream: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.add(stream, &what());
        }
    }

    /// Panics if there are any violations.
    pub(crate) fn none(&self) {
        let mut text = String::new();
        for (stream, findings) in &self.by_stream {
            for finding in findings.iter().take(5) {
                let finding: String = finding.chars().take(400).collect();
                writeln!(text, "{stream}: {finding}").expect("memory");
            }
            if findings.len() > 5 {
                writeln!(text, "{stream}: and {} more", findings.len() - 5).expect("memory");
            }
        }
        assert!(text.is_empty(), "{} streams break promises\n{text}", self.by_stream.len());
    }
}

/// Checks records against the schema of their stream, more strictly than JSON schema: integers must
/// not be floats, dates and times must be parseable, and every column must be in the schema.
pub(crate) fn check_schema(
    stream: &str,
    schema: &Value,
    records: &[&Value],
    findings: &mut Findings,
) {
    let validator = match jsonschema::options().should_validate_formats(true).build(schema) {
        Ok(validator) => validator,
        Err(error) => return findings.add(stream, &format!("the schema is none: {error}")),
    };
    for record in records {
        for error in validator.iter_errors(record) {
            findings.add(stream, &format!("{}: {error}", error.instance_path()));
        }
        let columns = schema["properties"].as_object().expect("columns");
        for (name, value) in record.as_object().expect("an object") {
            match columns.get(name) {
                None => findings.add(stream, &format!("the column {name} is not published")),
                Some(column) => check_value(column, value, name, stream, findings),
            }
        }
    }
}

fn check_value(schema: &Value, value: &Value, place: &str, stream: &str, findings: &mut Findings) {
    let may_be = |kind: &str| {
        let types = schema["type"].as_array().into_iter().flatten().chain([&schema["type"]]);
        types.filter_map(Value::as_str).any(|name| name == kind)
    };
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            let is_strict = may_be("number") || !may_be("integer") || !number.is_f64();
            findings.check(is_strict, stream, || format!("{place}: {number} is no integer"));
        }
        Value::String(text) => {
            let fits = match schema["format"].as_str() {
                Some("date-time") => DateTime::parse_from_rfc3339(text).is_ok(),
                Some("date") => text.parse::<NaiveDate>().is_ok(),
                _ => true,
            };
            findings
                .check(fits, stream, || format!("{place}: {text:?} is no {}", schema["format"]));
        }
        Value::Array(values) => {
            for value in values {
                check_value(&schema["items"], value, place, stream, findings);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                check_value(&schema["properties"][name], value, &place, stream, findings);
            }
        }
    }
}

/// Returns the values of a record's primary key, empty if the stream has none, or `None` if a value
/// is missing.
pub(crate) fn key_of(stream: &Value, record: &Value) -> Option<Vec<String>> {
    let paths = stream["source_defined_primary_key"].as_array();
    let value = |path: &Value| {
        let path = path.as_array().expect("a path").iter().filter_map(Value::as_str);
        let value = path.fold(record, |value, name| &value[name]);
        (!value.is_null()).then(|| value.to_string())
    };
    paths.into_iter().flatten().map(value).collect()
}

/// Returns a record's cursor value, `None` if it has none, or `Err` if the value is not an instant.
pub(crate) fn cursor_ms(stream: &Value, record: &Value) -> Result<Option<i64>, String> {
    let Some(field) = stream["default_cursor_field"][0].as_str() else { return Ok(None) };
    let value = &record[field];
    if value.is_null() {
        return Ok(None);
    }
    instant_ms(value).map(Some).ok_or_else(|| value.to_string())
}

/// Parses an instant: RFC 3339, or milliseconds as a number or a string.
pub(crate) fn instant_ms(value: &Value) -> Option<i64> {
    const EARLIEST: i64 = 100_000_000_000;
    let is_late = |number: &i64| *number > EARLIEST;
    let Some(text) = value.as_str() else { return value.as_i64().filter(is_late) };
    let instant = DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.timestamp_millis());
    instant.or_else(|| text.parse().ok().filter(is_late))
}
