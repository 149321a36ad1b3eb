//! Writes RECORD lines.

use std::fmt::Display;
use std::io::Write;

use super::coerce::{Coerced, Kind, coerce};
use super::columns::{Columns, Property, Source};
use super::fields::Record;
use super::json::quoted;
use crate::protocol::Change;
use crate::time::Millis;

/// Encodes the records of one stream.
///
/// A property's value is coerced once and copied to its nested and its flat place. Nulls are
/// written inside `properties` and left out at the top, as the Python connector does.
#[derive(Debug)]
pub struct Encoder<'columns> {
    columns: &'columns Columns,
    /// `{"type":"RECORD","record":{"stream":…,"data":{`
    opening: Vec<u8>,
    /// For each column, `"name":`.
    field_keys: Vec<Vec<u8>>,
    keys: Vec<Keys>,
    /// The coerced value of the property at hand.
    value: Vec<u8>,
    /// The flat columns of the record at hand: they follow all nested ones.
    flat: Vec<u8>,
    nulled: u64,
}

/// The places of a property that are columns: `"name":` and `"properties_name":`.
#[derive(Debug)]
struct Keys {
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
                .map(|Property { name, nested, flat, .. }| Keys {
                    nested: (*nested && columns.nested).then(|| key(name)),
                    flat: flat.then(|| key(&format!("properties_{name}"))),
                })
                .collect(),
            value: Vec::new(),
            flat: Vec::new(),
            nulled: 0,
        }
    }

    /// The columns that it writes.
    pub fn columns(&self) -> &'columns Columns {
        self.columns
    }

    /// Values that did not fit their columns so far.
    pub fn nulled(&self) -> u64 {
        self.nulled
    }

    /// Appends the record as one line. `associations` holds the ids for each
    /// [`Source::Associations`]. `false`, and nothing appended, if no column has a value.
    ///
    /// # Errors
    /// If `properties` is not an object.
    pub fn push(
        &mut self,
        record: &Record<'_>,
        associations: &[&[u64]],
        emitted_at_ms: Millis,
        line: &mut Vec<u8>,
    ) -> serde_json::Result<bool> {
        let start = line.len();
        line.extend_from_slice(&self.opening);
        let data = line.len();
        for (field, key) in self.columns.fields.iter().zip(&self.field_keys) {
            match &field.source {
                Source::Copy { or, cast } => {
                    let value = record.raw(&field.name).or_else(|| record.raw((*or)?));
                    push_field(key, value, *cast, line);
                }
                Source::Associations(place) => {
                    line.extend_from_slice(key);
                    push_ids(associations.get(*place).copied().unwrap_or_default(), line);
                    line.push(b',');
                }
            }
        }
        let values = record.values(self.columns)?;
        let changes = values.map(|values| self.push_properties(&values, line)).unwrap_or_default();
        if line.len() == data {
            line.truncate(start);
            return Ok(false);
        }
        // Every value has left a comma behind it.
        line.pop();
        self.nulled += changes.len() as u64;
        push_display(line, format_args!("}},\"emitted_at\":{emitted_at_ms}"));
        Change::push_meta(&changes, line);
        line.extend_from_slice(b"}}\n");
        Ok(true)
    }

    fn push_properties(&mut self, values: &[Option<&str>], line: &mut Vec<u8>) -> Vec<Change> {
        let columns = self.columns;
        let mut changes = Vec::new();
        self.flat.clear();
        if columns.nested {
            line.extend_from_slice(b"\"properties\":{");
        }
        let empty = line.len();
        for ((property, keys), raw) in columns.properties.iter().zip(&self.keys).zip(values) {
            let Some(raw) = raw else { continue };
            self.value.clear();
            let coerced = coerce(property.kind, raw, &mut self.value);
            if coerced == Coerced::Unfit {
                changes.push(Change { field: format!("properties_{}", property.name) });
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
        changes
    }
}

/// Appends `"key":value,`.
fn push_pair(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    out.extend_from_slice(value);
    out.push(b',');
}

/// A value that does not fit its cast stays as it was sent: it is HubSpot's own field.
fn push_field(key: &[u8], raw: Option<&str>, cast: Option<Kind>, line: &mut Vec<u8>) {
    let Some(raw) = raw else { return };
    line.extend_from_slice(key);
    if cast.is_none_or(|kind| coerce(kind, raw, line) != Coerced::Written) {
        push_on_one_line(raw, line);
    }
    line.push(b',');
}

/// Appends JSON without its line breaks.
///
/// A nested value keeps the server's layout, and a record must be one line. JSON forbids a raw
/// line break inside a string, so every one found here is layout and can go.
fn push_on_one_line(raw: &str, line: &mut Vec<u8>) {
    for run in raw.as_bytes().split(|byte| matches!(byte, b'\n' | b'\r')) {
        line.extend_from_slice(run);
    }
}

/// Associated ids are text, like every id.
fn push_ids(ids: &[u64], line: &mut Vec<u8>) {
    line.push(b'[');
    for (index, id) in ids.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        push_display(line, format_args!("{comma}\"{id}\""));
    }
    line.push(b']');
}

/// What every line of a stream begins with.
pub(super) fn opening(stream: &str) -> Vec<u8> {
    format!(r#"{{"type":"RECORD","record":{{"stream":{},"data":{{"#, quoted(stream)).into_bytes()
}

pub(super) fn push_display(line: &mut Vec<u8>, value: impl Display) {
    // Writing into memory does not fail.
    let _infallible = write!(line, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, Property};

    fn property(name: &str, kind: Kind) -> Property {
        Property {
            name: name.into(),
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

    /// Encodes one record as the stream `deals` and returns its line.
    fn line(columns: &Columns, record: &str, associations: &[&[u64]]) -> String {
        let mut line = Vec::new();
        let record = Record::parse(record).unwrap();
        Encoder::new("deals", columns).push(&record, associations, 17, &mut line).unwrap();
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
            line(&columns, record, &[&[1, 2]]),
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
