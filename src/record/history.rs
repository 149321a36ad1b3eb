//! Encoder for property history: one RECORD line per version of a property.

use std::borrow::Cow;

use super::coerce::{Coerced, Kind, coerce};
use super::columns::Columns;
use super::encode::{AlteredValues, opening, push_display, repaired};
use super::fields::{Record, note};
use super::json::{JsonCursor, quoted, read, unquote};
use crate::protocol::Change;
use crate::strict::RepairKind;
use crate::time::{Millis, parse_instant};

/// Column names and types of a property history stream.
#[derive(Debug, Clone, Copy)]
pub struct HistoryForm {
    /// Name of the column with the record's id.
    pub id: &'static str,
    /// `true` if the id is a number, not text.
    pub id_is_number: bool,
    /// `true` if the timestamp is a number of milliseconds, not text.
    pub timestamp_is_number: bool,
    /// Fields of a version that are columns, with the column names.
    pub fields: &'static [(VersionField, &'static str)],
}

/// Field of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionField {
    Value,
    SourceType,
    SourceId,
    SourceLabel,
    UpdatedByUserId,
}

/// One version of a property, as raw JSON slices of the page.
#[derive(Default)]
struct PropertyVersion<'page> {
    value: Option<&'page str>,
    timestamp: Option<&'page str>,
    source_type: Option<&'page str>,
    source_id: Option<&'page str>,
    source_label: Option<&'page str>,
    updated_by_user_id: Option<&'page str>,
}

impl<'page> PropertyVersion<'page> {
    /// Parses a version and moves past it.
    fn read(place: &mut JsonCursor<'page>) -> Option<Self> {
        let mut version = Self::default();
        place.object(|place| {
            let name = place.name()?;
            let raw = Some(place.value()?).filter(|raw| *raw != "null");
            match &*name {
                "value" => version.value = raw,
                "timestamp" => version.timestamp = raw,
                "sourceType" => version.source_type = raw,
                "sourceId" => version.source_id = raw,
                "sourceLabel" => version.source_label = raw,
                "updatedByUserId" => version.updated_by_user_id = raw,
                _ => {}
            }
            Some(())
        })?;
        Some(version)
    }

    fn raw(&self, field: VersionField) -> Option<&'page str> {
        match field {
            VersionField::Value => self.value,
            VersionField::SourceType => self.source_type,
            VersionField::SourceId => self.source_id,
            VersionField::SourceLabel => self.source_label,
            VersionField::UpdatedByUserId => self.updated_by_user_id,
        }
    }

    fn instant(&self) -> Option<Millis> {
        let raw = self.timestamp?;
        let text = unquote(raw);
        parse_instant(text.as_deref().unwrap_or(raw)).map(Millis::from)
    }
}

/// Encodes the property versions of one stream.
#[derive(Debug)]
pub struct HistoryEncoder {
    form: HistoryForm,
    /// `{"type":"RECORD","record":{"stream":…,"data":{`
    opening: Vec<u8>,
    /// Selected columns of a version: its field, the column name, and that name as a JSON key.
    fields: Vec<(VersionField, &'static str, Vec<u8>)>,
    shows_archived: bool,
    /// Common prefix of all lines of the current record.
    beginning: Vec<u8>,
    altered: AlteredValues,
}

impl HistoryEncoder {
    /// Creates an encoder for the selected columns of the form; key columns are always included.
    pub fn new(stream: &str, form: HistoryForm, columns: &Columns) -> Self {
        let is_chosen = |name: &str| columns.fields.iter().any(|field| field.name == name);
        let fields = form.fields.iter().filter(|(_, name)| is_chosen(name));
        Self {
            form,
            opening: opening(stream),
            fields: fields
                .map(|&(field, name)| (field, name, format!(",{}:", quoted(name)).into_bytes()))
                .collect(),
            shows_archived: is_chosen("archived"),
            beginning: Vec::new(),
            altered: AlteredValues::default(),
        }
    }

    /// Returns the number of values altered so far.
    pub fn altered(&self) -> AlteredValues {
        self.altered
    }

    /// Appends a line for each property version with a timestamp at or after `from`, and returns
    /// the number of lines. A version without a readable timestamp is always appended.
    ///
    /// # Errors
    /// If the versions are not lists inside an object.
    pub fn push(
        &mut self,
        record: &Record<'_>,
        from: Millis,
        emitted_at_ms: Millis,
        lines: &mut Vec<u8>,
    ) -> serde_json::Result<u64> {
        let (Some(id), Some(histories)) = (record.id(), record.raw("propertiesWithHistory")) else {
            return Ok(0);
        };
        self.beginning.clear();
        self.beginning.extend_from_slice(&self.opening);
        let quote = if self.form.id_is_number { "" } else { "\"" };
        push_display(&mut self.beginning, format_args!("\"{}\":{quote}{id}{quote}", self.form.id));
        if let Some(archived) = record.raw("archived").filter(|_| self.shows_archived) {
            push_display(&mut self.beginning, format_args!(",\"archived\":{archived}"));
        }
        self.beginning.extend_from_slice(b",\"property\":");
        let mut count = 0;
        let mut push = |property: &str, version: &PropertyVersion<'_>| {
            let instant = version.instant();
            if instant.is_none_or(|instant| instant >= from) {
                let of_line = OfLine { instant, emitted_at_ms, is_odd: record.is_odd() };
                self.push_version(property, version, of_line, lines);
                count += 1;
            }
        };
        read(histories, |place| {
            place.object(|place| {
                let property = place.name()?;
                if place.is_list() {
                    place.list(|place| {
                        PropertyVersion::read(place).map(|version| push(&property, &version))
                    })
                } else {
                    (place.value()? == "null").then_some(())
                }
            })
        })?;
        Ok(count)
    }

    fn push_version(
        &mut self,
        property: &str,
        version: &PropertyVersion<'_>,
        OfLine { instant, emitted_at_ms, is_odd }: OfLine,
        line: &mut Vec<u8>,
    ) {
        line.extend_from_slice(&self.beginning);
        serde_json::to_writer(&mut *line, property).expect("text serializes into memory");
        let mut changes = Vec::new();
        match (self.form.timestamp_is_number, version.timestamp) {
            (true, Some(_)) => match instant {
                Some(instant) => push_display(line, format_args!(",\"timestamp\":{instant}")),
                None => note(&mut changes, "timestamp", RepairKind::Nulled),
            },
            (false, Some(raw)) => {
                let column = (b",\"timestamp\":".as_slice(), "timestamp", Kind::SentDatetime);
                push_value(column, raw, is_odd, &mut changes, line);
            }
            (_, None) => {}
        }
        for (field, name, key) in &self.fields {
            let Some(raw) = version.raw(*field) else { continue };
            let kind = match field {
                VersionField::UpdatedByUserId => Kind::Number,
                VersionField::Value
                | VersionField::SourceType
                | VersionField::SourceId
                | VersionField::SourceLabel => Kind::Text,
            };
            push_value((key, name, kind), raw, is_odd, &mut changes, line);
        }
        self.altered.count(&changes);
        push_display(line, format_args!("}},\"emitted_at\":{emitted_at_ms}"));
        Change::push_meta(&changes, line);
        line.extend_from_slice(b"}}\n");
    }
}

/// Context of a line besides its version.
#[derive(Clone, Copy)]
struct OfLine {
    instant: Option<Millis>,
    emitted_at_ms: Millis,
    /// `true` if the record contains JSON that strict parsers may reject.
    is_odd: bool,
}

/// Appends a column if it has a value.
fn push_value(
    (key, name, kind): (&[u8], &str, Kind),
    raw: &str,
    is_odd: bool,
    changes: &mut Vec<Change>,
    line: &mut Vec<u8>,
) {
    let raw = if is_odd { repaired(raw, || name.to_owned(), changes) } else { Cow::Borrowed(raw) };
    let before = line.len();
    line.extend_from_slice(key);
    let coerced = coerce(kind, &raw, line);
    if coerced != Coerced::Written {
        line.truncate(before);
    }
    if coerced == Coerced::Unfit {
        note(changes, name, RepairKind::Nulled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, Source};

    const FIELDS: &[(VersionField, &str)] = &[
        (VersionField::Value, "value"),
        (VersionField::SourceType, "source-type"),
        (VersionField::SourceId, "source-id"),
        (VersionField::SourceLabel, "source-label"),
        (VersionField::UpdatedByUserId, "updated-by-user-id"),
    ];
    const NUMBERS: HistoryForm =
        HistoryForm { id: "vid", id_is_number: true, timestamp_is_number: true, fields: FIELDS };
    const TEXTS: HistoryForm = HistoryForm {
        id: "dealId",
        id_is_number: false,
        timestamp_is_number: false,
        fields: &[(VersionField::Value, "value"), (VersionField::SourceId, "sourceId")],
    };
    const DEAL: &str = r#"{"id":"7","archived":false,"propertiesWithHistory":{
        "dealstage":[{"value":"won","timestamp":"2024-03-01T12:00:00.123Z","sourceType":"CRM_UI",
                      "sourceId":"userId:771","updatedByUserId":771},
                     {"value":"","timestamp":"2024-02-01T12:00:00Z","sourceType":"IMPORT","sourceId":null}],
        "amount":[], "caf\u00e9":null}}"#;

    /// Returns the data of the lines encoded for a record, and the number of nulled values.
    fn encoded(
        form: HistoryForm,
        chosen: &[&str],
        record: &str,
        from: Millis,
    ) -> (Vec<String>, u64) {
        let field = |name: &&str| Field { name: (*name).to_owned(), source: Source::COPY };
        let columns = Columns::new(chosen.iter().map(field).collect(), Vec::new(), false);
        let mut encoder = HistoryEncoder::new("deals_property_history", form, &columns);
        let record = Record::parse(record).unwrap();
        let mut lines = Vec::new();
        let count = encoder.push(&record, from, Millis::new(17), &mut lines).unwrap();
        let text = String::from_utf8(lines).unwrap();
        let data: Vec<_> = text
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON");
                let data = line.strip_prefix(
                    r#"{"type":"RECORD","record":{"stream":"deals_property_history","data":"#,
                );
                data.expect(line).replace(r#","emitted_at":17}}"#, "")
            })
            .collect();
        assert_eq!(data.len() as u64, count);
        (data, encoder.altered().nulled)
    }

    #[test]
    fn each_version_is_a_record() {
        let chosen = ["value", "sourceId", "archived"];
        let newest = Millis::new(1_709_294_400_123);
        assert_eq!(
            encoded(TEXTS, &chosen, DEAL, Millis::MIN).0,
            [
                r#"{"dealId":"7","archived":false,"property":"dealstage","timestamp":"2024-03-01T12:00:00.123Z","value":"won","sourceId":"userId:771"}"#,
                r#"{"dealId":"7","archived":false,"property":"dealstage","timestamp":"2024-02-01T12:00:00Z","value":""}"#,
            ]
        );
        assert_eq!(
            encoded(NUMBERS, &["source-type", "updated-by-user-id"], DEAL, newest).0,
            [
                r#"{"vid":7,"property":"dealstage","timestamp":1709294400123,"source-type":"CRM_UI","updated-by-user-id":771}"#
            ]
        );
    }

    #[test]
    fn q27_a_missing_source_is_null() {
        let (data, nulled) = encoded(NUMBERS, &["source-id", "source-label"], DEAL, Millis::MIN);
        let second = r#"{"vid":7,"property":"dealstage","timestamp":1706788800000}"#;
        assert_eq!((data[1].as_str(), nulled), (second, 0));
    }

    #[test]
    fn what_does_not_fit_is_nulled_and_noted() {
        let record = r#"{"id":"7","propertiesWithHistory":{"a":[
            {"value":"x","timestamp":"then","updatedByUserId":"me"},{"value":"y"}]}}"#;
        let chosen = ["value", "updated-by-user-id"];
        let (data, nulled) = encoded(NUMBERS, &chosen, record, Millis::new(9));
        assert_eq!(nulled, 2);
        assert!(data[0].starts_with(r#"{"vid":7,"property":"a","value":"x"}"#), "{data:?}");
        assert!(
            data[0].contains(r#""field":"timestamp""#)
                && data[0].contains(r#""field":"updated-by-user-id""#),
            "{data:?}"
        );
        assert_eq!(data[1], r#"{"vid":7,"property":"a","value":"y"}"#);
    }

    #[test]
    fn what_strict_parsers_refuse_is_replaced_and_noted() {
        let record = r#"{"id":"7","propertiesWithHistory":{"a\u0000":[
            {"value":"x\u0000\ud800","timestamp":"0000-01-01T00:00:00Z"},
            {"value":"y","timestamp":"2016-12-31T23:59:60Z","sourceId":1e400}]}}"#;
        let (data, nulled) = encoded(TEXTS, &["value", "sourceId"], record, Millis::MIN);
        assert_eq!(nulled, 2);
        let begins = |line: usize, with: &str| {
            assert!(data[line].starts_with(with), "{data:?}");
        };
        begins(0, r#"{"dealId":"7","property":"a","value":"x\ufffd"}"#);
        begins(
            1,
            r#"{"dealId":"7","property":"a","timestamp":"2017-01-01T00:00:00.000Z","value":"y"}"#,
        );
        for (line, note) in [
            (0, r#""field":"timestamp","change":"NULLED""#),
            (0, r#""field":"value","change":"TRUNCATED""#),
            (1, r#""field":"sourceId","change":"NULLED""#),
        ] {
            assert!(data[line].contains(note), "{data:?}");
        }
    }

    #[test]
    fn a_record_without_versions_is_none() {
        for record in [r#"{"id":"7"}"#, r#"{"propertiesWithHistory":{"a":[{}]}}"#] {
            assert_eq!(encoded(TEXTS, &[], record, Millis::EPOCH).0, [""; 0]);
        }
    }
}
