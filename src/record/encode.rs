//! Encoder for RECORD lines.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;

use super::coerce::{Coerced, Kind, coerce};
use super::columns::{Columns, Property, Source};
use super::fields::{Record, note};
use super::json::quoted;
use crate::protocol::{Change, ChangeKind};
use crate::record_id::RecordId;
use crate::strict::{self, RepairKind, Repaired};
use crate::time::Millis;

/// Encodes the records of one stream.
///
/// A property's value is coerced once and copied to its nested and its flat column. Nulls are
/// written inside `properties` and omitted at the top level, as the Python connector does.
#[derive(Debug)]
pub struct Encoder<'columns> {
    columns: &'columns Columns,
    /// `{"type":"RECORD","record":{"stream":…,"data":{`
    opening: Vec<u8>,
    /// For each column, `"name":`.
    field_keys: Vec<Vec<u8>>,
    keys: Vec<ColumnKeys>,
    /// Buffer for the coerced value of the current property.
    value: Vec<u8>,
    /// Buffer for the flat columns of the current record, which follow all nested ones.
    flat: Vec<u8>,
    altered: AlteredValues,
}

/// Number of values that could not be written as HubSpot sent them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlteredValues {
    /// Values set to null because they did not fit their columns.
    pub nulled: u64,
    /// Values with characters removed or replaced.
    pub replaced: u64,
}

impl AlteredValues {
    pub(super) fn count(&mut self, changes: &[Change]) {
        let replaced = changes.iter().filter(|change| change.kind == ChangeKind::Truncated).count();
        self.replaced += replaced as u64;
        self.nulled += (changes.len() - replaced) as u64;
    }
}

/// JSON keys of a property's columns: `"name":` and `"properties_name":`.
#[derive(Debug)]
struct ColumnKeys {
    nested: Option<Vec<u8>>,
    flat: Option<Vec<u8>>,
}

impl<'columns> Encoder<'columns> {
    pub fn new(stream: &str, columns: &'columns Columns) -> Self {
        let key = |name: &str| format!("{}:", quoted(name)).into_bytes();
        Self {
            columns,
            opening: opening(stream),
            field_keys: columns.fields.iter().map(|field| key(&field.name)).collect(),
            keys: columns
                .properties
                .iter()
                .map(|Property { name, flat_name, nested, flat, .. }| ColumnKeys {
                    nested: (*nested && columns.nested).then(|| key(name)),
                    flat: flat.then(|| key(flat_name)),
                })
                .collect(),
            value: Vec::new(),
            flat: Vec::new(),
            altered: AlteredValues::default(),
        }
    }

    /// Returns the columns of the encoder.
    pub fn columns(&self) -> &'columns Columns {
        self.columns
    }

    /// Returns the number of values altered so far.
    pub fn altered(&self) -> AlteredValues {
        self.altered
    }

    /// Appends the record as one line. `associations` holds the ids for each
    /// [`Source::Associations`]; a column whose ids are unknown is omitted. Returns `false`, with
    /// nothing appended, if no column has a value.
    ///
    /// # Errors
    /// If `properties` is not an object.
    pub fn push(
        &mut self,
        record: &Record<'_>,
        associations: &[Option<&[RecordId]>],
        emitted_at_ms: Millis,
        line: &mut Vec<u8>,
    ) -> serde_json::Result<bool> {
        let start = line.len();
        line.extend_from_slice(&self.opening);
        let data = line.len();
        let mut changes = record.changes().to_vec();
        for (field, key) in self.columns.fields.iter().zip(&self.field_keys) {
            match &field.source {
                Source::Copy { or, cast } => {
                    let value = record.raw(&field.name).or_else(|| record.raw((*or)?));
                    let Some(value) = value else { continue };
                    let value = if record.is_odd() {
                        repaired(value, || field.name.clone(), &mut changes)
                    } else {
                        Cow::Borrowed(value)
                    };
                    if push_field(key, &value, *cast, line) == Coerced::Unfit {
                        note(&mut changes, &field.name, RepairKind::Nulled);
                    }
                }
                Source::Associations(place) => {
                    let Some(ids) = associations.get(*place).copied().flatten() else { continue };
                    line.extend_from_slice(key);
                    push_ids(ids, line);
                    line.push(b',');
                }
            }
        }
        let values = record.values(self.columns)?;
        if let Some(values) = values {
            self.push_properties(&values, record.is_odd(), &mut changes, line);
        }
        if line.len() == data {
            line.truncate(start);
            return Ok(false);
        }
        // Every value is followed by a comma; remove the last one.
        line.pop();
        self.altered.count(&changes);
        push_display(line, format_args!("}},\"emitted_at\":{emitted_at_ms}"));
        Change::push_meta(&changes, line);
        line.extend_from_slice(b"}}\n");
        Ok(true)
    }

    fn push_properties(
        &mut self,
        values: &[Option<&str>],
        is_odd: bool,
        changes: &mut Vec<Change>,
        line: &mut Vec<u8>,
    ) {
        let columns = self.columns;
        self.flat.clear();
        if columns.nested {
            line.extend_from_slice(b"\"properties\":{");
        }
        let empty = line.len();
        for ((property, keys), raw) in columns.properties.iter().zip(&self.keys).zip(values) {
            let Some(raw) = raw else { continue };
            self.value.clear();
            let column = || property.flat_name.clone();
            let coerced = if is_odd {
                coerce(property.kind, &repaired(raw, column, changes), &mut self.value)
            } else {
                coerce(property.kind, raw, &mut self.value)
            };
            if coerced == Coerced::Unfit {
                note(changes, &column(), RepairKind::Nulled);
            }
            let value = (coerced == Coerced::Written).then_some(self.value.as_slice());
            if let Some(key) = &keys.nested {
                push_pair(key, value.unwrap_or(b"null"), line);
            }
            if let (Some(key), Some(value)) = (&keys.flat, value) {
                push_pair(key, value, &mut self.flat);
            }
        }
        if columns.nested {
            if line.len() > empty {
                line.pop();
            }
            line.extend_from_slice(b"},");
        }
        line.extend_from_slice(&self.flat);
    }
}

/// Repairs a value of a record with non-strict JSON and adds the repairs to `changes`.
pub(super) fn repaired<'raw>(
    raw: &'raw str,
    column: impl FnOnce() -> String,
    changes: &mut Vec<Change>,
) -> Cow<'raw, str> {
    let Some(Repaired { text, repairs }) = strict::repair(raw) else { return Cow::Borrowed(raw) };
    let column = column();
    for repair in repairs {
        note(changes, &column, repair.kind);
    }
    Cow::Owned(text)
}

/// Appends `"key":value,`.
fn push_pair(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    out.extend_from_slice(value);
    out.push(b',');
}

/// Appends a top-level field of the record if it has a value that fits.
fn push_field(key: &[u8], raw: &str, cast: Option<Kind>, line: &mut Vec<u8>) -> Coerced {
    let before = line.len();
    line.extend_from_slice(key);
    let coerced = match cast {
        // Null fields are dropped before the repair, so this null was produced by it.
        _ if raw == "null" => Coerced::Null,
        Some(kind) => coerce(kind, raw, line),
        None => {
            push_on_one_line(raw, line);
            Coerced::Written
        }
    };
    if coerced == Coerced::Written {
        line.push(b',');
    } else {
        line.truncate(before);
    }
    coerced
}

/// Appends JSON without its line breaks.
///
/// A nested value keeps the server's whitespace, and a record must be one line. JSON forbids raw
/// line breaks inside strings, so every line break found here is insignificant.
fn push_on_one_line(raw: &str, line: &mut Vec<u8>) {
    for run in raw.as_bytes().split(|byte| matches!(byte, b'\n' | b'\r')) {
        line.extend_from_slice(run);
    }
}

/// Appends associated ids as text, like all ids.
fn push_ids(ids: &[RecordId], line: &mut Vec<u8>) {
    line.push(b'[');
    for (index, id) in ids.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        push_display(line, format_args!("{comma}\"{id}\""));
    }
    line.push(b']');
}

/// Returns the common prefix of all lines of a stream.
pub(super) fn opening(stream: &str) -> Vec<u8> {
    format!(r#"{{"type":"RECORD","record":{{"stream":{},"data":{{"#, quoted(stream)).into_bytes()
}

pub(super) fn push_display(line: &mut Vec<u8>, value: impl Display) {
    // Writing to memory does not fail.
    let _infallible = write!(line, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, Property};

    fn property(name: &str, kind: Kind) -> Property {
        Property {
            name: name.into(),
            flat_name: format!("properties_{name}"),
            kind,
            nested: true,
            flat: true,
            is_defined: true,
            fallback: None,
        }
    }

    fn field(name: &str, source: Source) -> Field {
        Field { name: name.into(), source }
    }

    /// Encodes one record of the stream `deals` and returns its line.
    fn line(columns: &Columns, record: &str, associations: &[Option<&[RecordId]>]) -> String {
        let mut line = Vec::new();
        let record = Record::parse(record).unwrap();
        Encoder::new("deals", columns)
            .push(&record, associations, Millis::new(17), &mut line)
            .unwrap();
        let line = String::from_utf8(line).unwrap();
        if !line.is_empty() {
            serde_json::from_str::<serde_json::Value>(&line).expect("a line is JSON");
        }
        line
    }

    #[test]
    fn q33_values_appear_nested_and_flat_and_nulls_only_nested() {
        let columns = Columns::new(
            vec![
                field("id", Source::COPY),
                field("contacts", Source::Associations(0)),
                field("archivedAt", Source::COPY),
            ],
            vec![
                property("amount", Kind::Number),
                property("dealname", Kind::Text),
                property("unknown", Kind::Text),
            ],
            true,
        );
        let record = r#"{"id":"7","archivedAt":null,"properties":{"amount":"12.50","dealname":null},"url":"x"}"#;
        assert_eq!(
            line(&columns, record, &[Some(&[RecordId::new(1), RecordId::new(2)])]),
            concat!(
                r#"{"type":"RECORD","record":{"stream":"deals","data":{"id":"7","contacts":["1","2"],"#,
                r#""properties":{"amount":12.50,"dealname":null},"properties_amount":12.50},"emitted_at":17}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn q07_integers_are_exact_in_both_places() {
        let columns = Columns::new(Vec::new(), vec![property("n", Kind::Number)], true);
        for integer in ["9007199254740993", "-9223372036854775808", "12345678901234567"] {
            let record = format!(r#"{{"properties":{{"n":"{integer}"}}}}"#);
            let expected =
                format!(r#""data":{{"properties":{{"n":{integer}}},"properties_n":{integer}}}"#);
            assert!(line(&columns, &record, &[]).contains(&expected), "{integer}");
        }
    }

    #[test]
    fn q07_numbers_keep_their_digits_however_many() {
        let columns = Columns::new(Vec::new(), vec![property("n", Kind::Number)], true);
        let sixty = "123456789012345678901234567890123456789012345678901234567890";
        let numbers = [
            "9223372036854775808",
            "-12345678901234567890",
            sixty,
            "1.10",
            "1e20",
            "0.1234567890123456789012345678901234567890",
        ];
        for number in numbers {
            for record in [
                format!(r#"{{"properties":{{"n":"{number}"}}}}"#),
                format!(r#"{{"properties":{{"n":{number}}}}}"#),
            ] {
                let expected =
                    format!(r#""data":{{"properties":{{"n":{number}}},"properties_n":{number}}}"#);
                let line = line(&columns, &record, &[]);
                assert!(line.contains(&expected), "{line}");
                assert!(!line.contains("meta"), "{line}");
            }
        }
    }

    #[test]
    fn an_unfit_value_is_nulled_and_noted() {
        let columns = Columns::new(
            vec![field("id", Source::COPY)],
            vec![property("amount", Kind::Number)],
            true,
        );
        assert_eq!(
            line(&columns, r#"{"id":"7","properties":{"amount":"much"}}"#, &[]),
            concat!(
                r#"{"type":"RECORD","record":{"stream":"deals","data":{"id":"7","properties":{"amount":null}},"emitted_at":17,"#,
                r#""meta":{"changes":[{"field":"properties_amount","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn what_strict_parsers_refuse_is_replaced_or_nulled_and_noted() {
        let columns = Columns::new(
            vec![field("id", Source::COPY), field("teams", Source::COPY)],
            vec![property("a", Kind::Text), property("n", Kind::Number)],
            true,
        );
        let deep = format!("{}1{}", "[".repeat(150), "]".repeat(150));
        for (case, record, expected, changes) in [
            (
                "U+0000 in a value, another value as it was",
                r#"{"id":"7","properties":{"a":"x\u0000y","n":"1"}}"#.to_owned(),
                r#"{"id":"7","properties":{"a":"xy","n":1},"properties_a":"xy","properties_n":1}"#,
                "properties_a TRUNCATED",
            ),
            (
                "half a surrogate pair",
                r#"{"id":"7","properties":{"a":"\ud800","n":null}}"#.to_owned(),
                r#"{"id":"7","properties":{"a":"\ufffd","n":null},"properties_a":"\ufffd"}"#,
                "properties_a TRUNCATED",
            ),
            (
                "numbers beyond a double",
                r#"{"id":"7","teams":[{"x":1e400}],"properties":{"n":1e400}}"#.to_owned(),
                r#"{"id":"7","teams":[{"x":null}],"properties":{"n":null}}"#,
                "teams NULLED, properties_n NULLED",
            ),
            (
                "numbers within",
                r#"{"id":"7","teams":[{"x":1e300}],"properties":{"n":"1E5","a":1e5}}"#.to_owned(),
                r#"{"id":"7","teams":[{"x":1e300}],"properties":{"a":"1e5","n":1E5},"properties_a":"1e5","properties_n":1E5}"#,
                "",
            ),
            (
                "names that nobody asked for",
                r#"{"id":"7","\ud800":1,"b\u0000":2,"properties":{"\udfff":3,"a\u0000":"4"}}"#
                    .to_owned(),
                r#"{"id":"7","properties":{"a":"4"},"properties_a":"4"}"#,
                "",
            ),
            (
                "surrogate pairs are characters",
                r#"{"id":"7","properties":{"a":"\ud83d\ude00"}}"#.to_owned(),
                r#"{"id":"7","properties":{"a":"\ud83d\ude00"},"properties_a":"\ud83d\ude00"}"#,
                "",
            ),
            (
                "nesting without end",
                format!(r#"{{"id":"7","teams":{deep},"properties":{{"a":"x"}}}}"#),
                &format!(
                    r#"{{"id":"7","teams":{}null{},"properties":{{"a":"x"}},"properties_a":"x"}}"#,
                    "[".repeat(100),
                    "]".repeat(100)
                ),
                "teams NULLED",
            ),
        ] {
            let line = line(&columns, &record, &[]);
            assert!(line.contains(&format!(r#""data":{expected},"emitted_at""#)), "{case}: {line}");
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            let noted = line["record"]["meta"]["changes"].as_array().into_iter().flatten();
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let noted =
                noted.map(|one| format!("{} {}", text(&one["field"]), text(&one["change"])));
            assert_eq!(noted.collect::<Vec<_>>().join(", "), changes, "{case}");
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_nulled_and_others_stay() {
        let sent = |kind| Source::Copy { or: None, cast: Some(kind) };
        let columns = Columns::new(
            vec![field("at", sent(Kind::SentDatetime)), field("id", Source::COPY)],
            Vec::new(),
            false,
        );
        for (at, expected) in [
            (r#""2024-03-01T12:00:00.5Z""#, r#"{"at":"2024-03-01T12:00:00.5Z","id":"7"}"#),
            (r#""2016-12-31T23:59:60Z""#, r#"{"at":"2017-01-01T00:00:00.000Z","id":"7"}"#),
            ("1709294400123", r#"{"at":1709294400123,"id":"7"}"#),
            (r#""""#, r#"{"id":"7"}"#),
            (r#""0000-01-01T00:00:00Z""#, r#"{"id":"7"}"#),
        ] {
            let line = line(&columns, &format!(r#"{{"id":"7","at":{at}}}"#), &[]);
            assert!(line.contains(&format!(r#""data":{expected}"#)), "{line}");
            let is_noted = line.contains(r#"{"field":"at","change":"NULLED""#);
            assert_eq!(is_noted, at.contains("0000-"), "{line}");
        }
    }

    #[test]
    fn a_field_called_properties_is_copied_where_there_are_no_properties() {
        let columns = Columns::new(vec![field("properties", Source::COPY)], Vec::new(), false);
        let found = line(&columns, r#"{"id":"7","properties":[{"name":"x"}]}"#, &[]);
        assert!(found.contains(r#""data":{"properties":[{"name":"x"}]}"#), "{found}");
    }

    #[test]
    fn only_chosen_places_are_written() {
        let flat_only = Property { nested: false, ..property("amount", Kind::Number) };
        let nested_only = Property { flat: false, ..property("dealname", Kind::Text) };
        let columns = Columns::new(Vec::new(), vec![flat_only, nested_only], true);
        let record = r#"{"id":"7","properties":{"amount":"1","dealname":"x"}}"#;
        assert!(
            line(&columns, record, &[])
                .contains(r#""data":{"properties":{"dealname":"x"},"properties_amount":1}"#)
        );
        let columns = Columns::new(Vec::new(), vec![property("amount", Kind::Number)], false);
        assert!(line(&columns, record, &[]).contains(r#""data":{"properties_amount":1}"#));
    }

    #[test]
    fn a_field_or_property_falls_back_where_it_has_no_value() {
        let old = Property { fallback: Some("new".into()), ..property("old", Kind::Text) };
        let columns = Columns::new(
            vec![field("updatedAt", Source::Copy { or: Some("createdAt"), cast: None })],
            vec![property("new", Kind::Text), old],
            true,
        );
        for (record, expected) in [
            (
                r#"{"createdAt":"c","properties":{"new":"n"}}"#,
                r#"{"updatedAt":"c","properties":{"new":"n","old":"n"},"properties_new":"n","properties_old":"n"}"#,
            ),
            (
                r#"{"updatedAt":"u","properties":{"new":"n","old":"o"}}"#,
                r#"{"updatedAt":"u","properties":{"new":"n","old":"o"},"properties_new":"n","properties_old":"o"}"#,
            ),
            (
                r#"{"updatedAt":"u","properties":{"new":null,"old":null}}"#,
                r#"{"updatedAt":"u","properties":{"new":null,"old":null}}"#,
            ),
        ] {
            let line = line(&columns, record, &[]);
            assert!(line.contains(&format!(r#""data":{expected}"#)), "{line}");
        }
    }

    #[test]
    fn a_record_stays_one_line_however_it_was_laid_out() {
        let columns = Columns::new(vec![field("teams", Source::COPY)], Vec::new(), false);
        let line = line(&columns, "{\"teams\": [\r\n  {\n \"id\": \"1\" }\n]\n}", &[]);
        assert!(line.contains(r#""data":{"teams":[  { "id": "1" }]}"#), "{line}");
    }

    #[test]
    fn a_record_without_any_column_is_left_out() {
        let columns = Columns::new(vec![field("id", Source::COPY)], Vec::new(), false);
        assert_eq!(line(&columns, r#"{"name":"x"}"#, &[]), "");
    }

    #[test]
    fn properties_of_another_kind_are_a_field_like_any_other() {
        let columns = Columns::new(vec![field("properties", Source::COPY)], Vec::new(), false);
        let line = line(&columns, r#"{"properties":[{"name":"x"}]}"#, &[]);
        assert!(line.contains(r#""data":{"properties":[{"name":"x"}]}"#), "{line}");
    }

    #[test]
    fn properties_out_of_order_find_their_places() {
        let columns = Columns::new(
            Vec::new(),
            vec![property("a", Kind::Text), property("b", Kind::Text)],
            true,
        );
        let line = line(&columns, r#"{"properties":{"b":"2","z":"0","a":"1"}}"#, &[]);
        assert!(line.contains(r#""properties":{"a":"1","b":"2"}"#), "{line}");
    }
}
