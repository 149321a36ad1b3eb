//! A record of a page, split into its top-level fields and, for an encoder, its properties.

use std::borrow::Cow;

use super::columns::{Columns, Values};
use super::json::{quoted, read, unquote};
use crate::protocol::{Change, ChangeKind};
use crate::record_id::RecordId;
use crate::strict::{RepairKind, Repaired};
use crate::time::{Millis, parse_instant};

/// Field of a CRM object that holds the properties defined by the portal.
const PROPERTIES: &str = "properties";

/// Top-level fields of one record, as slices of the page.
#[derive(Debug)]
pub struct Record<'page> {
    fields: Vec<(Cow<'page, str>, &'page str)>,
    /// Values of `properties` in column order, if they were requested.
    values: Option<Values<'page>>,
    /// `true` if the record contains JSON that strict parsers may reject.
    is_odd: bool,
    /// Changes made before the record was parsed.
    changes: Vec<Change>,
}

impl<'page> Record<'page> {
    /// Splits a record. Its JSON was validated with the page, but it may not be an object.
    ///
    /// # Errors
    /// If the JSON is not an object.
    pub fn parse(text: &'page str) -> serde_json::Result<Self> {
        Self::split(text, None)
    }

    /// Splits a record and, in the same pass, its properties for an encoder with these columns.
    pub fn parse_for(columns: &Columns, text: &'page str) -> serde_json::Result<Self> {
        Self::split(text, Some(columns).filter(|columns| columns.shows_properties()))
    }

    fn split(text: &'page str, columns: Option<&Columns>) -> serde_json::Result<Self> {
        let mut record = Self {
            fields: Vec::with_capacity(8),
            values: None,
            is_odd: false,
            changes: Vec::new(),
        };
        read(text, |place| {
            place.object(|place| {
                let name = place.name()?;
                let columns = columns.filter(|_| name == PROPERTIES && !record.has(&name));
                let raw = match columns {
                    Some(columns) if place.is_object() => {
                        let (raw, values) = place.passed(|place| columns.values(place))?;
                        record.values = Some(values);
                        raw
                    }
                    _ => place.value()?,
                };
                record.fields.push((name, raw));
                Some(())
            })?;
            record.is_odd = place.is_odd();
            Some(())
        })?;
        Ok(record)
    }

    /// Returns `true` if the record contains JSON that strict parsers may reject.
    pub fn is_odd(&self) -> bool {
        self.is_odd
    }

    /// Adds the repairs that made the text of the record strict JSON.
    ///
    /// The fields of a transformed record may have moved: the value of `a.b` may be in `a_b` or in
    /// `b`.
    #[must_use]
    pub fn noting(mut self, repaired: Option<&Repaired>) -> Self {
        for repair in repaired.into_iter().flat_map(|repaired| &repaired.repairs) {
            let parts: Vec<_> = repair.path.iter().map(String::as_str).collect();
            let candidates =
                [parts.join("_"), parts.first().copied().unwrap_or_default().to_owned()];
            let inner = parts.last().copied().unwrap_or_default();
            let found = candidates.into_iter().chain([inner.to_owned()]);
            let field = found.into_iter().find(|name| self.has(name));
            let field = field.unwrap_or_else(|| parts.join("_"));
            note(&mut self.changes, &field, repair.kind);
        }
        self
    }

    /// Returns the changes made before the record was parsed.
    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the values of the record's properties, or `None` if it has no `properties` or no
    /// column shows any.
    ///
    /// # Errors
    /// If `properties` is shown but is not an object.
    pub(super) fn values(
        &self,
        columns: &Columns,
    ) -> serde_json::Result<Option<Cow<'_, Values<'page>>>> {
        if let Some(values) = &self.values {
            return Ok(Some(Cow::Borrowed(values)));
        }
        let shown = self.raw(PROPERTIES).filter(|_| columns.shows_properties());
        let Some(raw) = shown else { return Ok(None) };
        read(raw, |place| columns.values(place)).map(|values| Some(Cow::Owned(values)))
    }

    /// Returns the record's JSON text with the fields of `other` in place of its own, except for
    /// the field called `kept`.
    pub fn merged_with(&self, other: &Record<'_>, kept: Option<&str>) -> String {
        let is_replaced = |name: &str| Some(name) != kept && other.has(name);
        let own = self.fields.iter().filter(|(name, _)| !is_replaced(name));
        let others =
            other.fields.iter().filter(|(name, _)| Some(&**name) != kept || !self.has(name));
        let mut text = String::from("{");
        for (name, raw) in own.chain(others) {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&quoted(name));
            text.push(':');
            text.push_str(raw);
        }
        text.push('}');
        text
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// Returns a field's JSON text, or `None` if it is absent or null.
    pub fn raw(&self, name: &str) -> Option<&'page str> {
        let (_, raw) = *self.fields.iter().find(|(field, _)| field == name)?;
        Some(raw).filter(|raw| *raw != "null")
    }

    /// Returns the content of a text field, or `None` if it is absent, null or not text.
    pub fn text(&self, name: &str) -> Option<Cow<'page, str>> {
        self.raw(name).and_then(unquote)
    }

    /// Returns the instant in a field, in any supported format or as an epoch; `None` if there is
    /// none.
    pub fn instant(&self, name: &str) -> Option<Millis> {
        let raw = self.raw(name)?;
        let text = unquote(raw);
        parse_instant(text.as_deref().unwrap_or(raw)).map(Millis::from)
    }

    /// Returns a field that is itself a record, or `None` if it is absent or not an object.
    pub fn nested(&self, name: &str) -> Option<Self> {
        Self::parse(self.raw(name)?).ok()
    }

    /// Returns the record's id if it is decimal text or, in older APIs, a number.
    pub fn id(&self) -> Option<RecordId> {
        let raw = self.raw("id")?;
        unquote(raw).as_deref().unwrap_or(raw).parse().ok()
    }
}

/// Adds a repair of a column to `changes`, once per column and kind.
pub(super) fn note(changes: &mut Vec<Change>, field: &str, kind: RepairKind) {
    let kind = match kind {
        RepairKind::Nulled => ChangeKind::Nulled,
        RepairKind::Replaced => ChangeKind::Truncated,
    };
    if !changes.iter().any(|change| change.field == field && change.kind == kind) {
        changes.push(Change { field: field.to_owned(), kind });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::record::{Kind, Property};

    #[test]
    fn fields_are_slices_and_null_is_absent() {
        let record =
            Record::parse(r#"{ "id" : "70021", "caf\u00e9": "\u00e9\"", "x": null, "n": 7 }"#)
                .unwrap();
        assert_eq!(record.id(), Some(RecordId::new(70_021)));
        assert_eq!(record.text("café").as_deref(), Some("é\""));
        assert_eq!((record.raw("x"), record.raw("absent")), (None, None));
        assert_eq!((record.raw("n"), record.text("n")), (Some("7"), None));
    }

    #[test]
    fn only_an_object_is_a_record() {
        for text in ["7", "[]", "\"x\"", "{", "{} {}"] {
            assert!(Record::parse(text).is_err(), "{text}");
        }
    }
    /// Whitespace between two tokens.
    const LAYOUT: &str = "[ \n\r\t]{0,2}";

    /// JSON strings with and without escapes.
    fn string() -> impl Strategy<Value = String> {
        let escaped = |text: String| {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
            format!("\"{}\"", units.collect::<String>())
        };
        let plain = |text: String| serde_json::Value::from(text).to_string();
        let text = || prop_oneof!["[a-c\\\\\"{}\\[\\]:,é\n\u{2028}]{0,9}", any::<String>()];
        prop_oneof![text().prop_map(plain), "[abé𐐷]{0,3}".prop_map(escaped)]
    }

    /// JSON of any type with any whitespace.
    fn value() -> impl Strategy<Value = String> {
        let number = "-?(0|[1-9][0-9]{0,20})([.][0-9]{1,4})?([eE][-+]?[0-9]{1,2})?";
        let leaf = prop_oneof!["null|true|false", number, string()];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let list = vec(inner.clone(), 0..4)
                .prop_flat_map(|items| LAYOUT.prop_map(move |gap| listed(&items, &gap)));
            let object = (vec((string(), inner), 0..4), LAYOUT);
            prop_oneof![list, object.prop_map(|(fields, gap)| object_of(&fields, &gap))]
        })
    }

    fn listed(items: &[String], gap: &str) -> String {
        format!("[{gap}{}{gap}]", items.join(&format!("{gap},{gap}")))
    }

    fn object_of(fields: &[(String, String)], gap: &str) -> String {
        let fields = fields.iter().map(|(name, value)| format!("{name}{gap}:{gap}{value}"));
        listed(&fields.collect::<Vec<_>>(), gap)
            .replacen('[', "{", 1)
            .strip_suffix(']')
            .unwrap()
            .to_owned()
            + "}"
    }

    fn columns(names: &[&str]) -> Columns {
        let property = |name: &&str| Property {
            name: (*name).to_owned(),
            flat_name: format!("properties_{name}"),
            kind: Kind::Text,
            nested: true,
            flat: true,
            is_defined: true,
            fallback: None,
        };
        Columns::new(Vec::new(), names.iter().map(property).collect(), true)
    }

    proptest! {
        #[test]
        fn any_object_is_split_into_what_it_was_made_of(
            fields in vec((string(), value()), 0..8),
            gap in LAYOUT,
            outer in LAYOUT,
        ) {
            let text = format!("{outer}{}{outer}", object_of(&fields, &gap));
            let record = Record::parse(&text).unwrap();
            let unquoted = fields.iter().map(|(name, value)| {
                (serde_json::from_str(name).unwrap(), value.as_str())
            });
            prop_assert_eq!(record.fields, unquoted.collect::<Vec<(Cow<'_, str>, _)>>());
        }

        #[test]
        fn properties_are_found_in_one_pass_as_in_two(
            fields in vec((prop_oneof!["\"[ab]\"", string()], value()), 0..8),
            gap in LAYOUT,
        ) {
            let properties = object_of(&fields, &gap);
            let text = format!(r#"{{"id":"7",{gap}"properties":{gap}{properties}}}"#);
            let names = ["a", "b", "é", ""];
            let columns = columns(&names);
            let last: HashMap<String, &str> = fields
                .iter()
                .map(|(name, value)| (serde_json::from_str(name).unwrap(), value.as_str()))
                .collect();
            let expected: Vec<_> = names.iter().map(|name| last.get(*name).copied()).collect();
            for record in [Record::parse(&text), Record::parse_for(&columns, &text)] {
                let record = record.unwrap();
                let values = record.values(&columns).unwrap();
                prop_assert_eq!(values.as_deref(), Some(&expected));
                prop_assert_eq!(record.raw("properties"), Some(properties.as_str()));
            }
        }

        /// Unchecked text would be a bug, because pages are validated, but it must not cause a
        /// panic.
        #[test]
        fn text_that_was_not_checked_is_an_error_at_worst(
            text in "\\{?[{}\\[\\]:,\"\\\\ntf0-9é \n]{0,24}",
            fields in vec((string(), value()), 1..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let columns = columns(&["a"]);
            let _any = Record::parse(&text).map(|record| record.values(&columns).is_ok());
            let object = object_of(&fields, "");
            let cut = object.floor_char_boundary(cut.index(object.len()));
            prop_assert!(Record::parse(object.get(..cut).unwrap()).is_err());
        }
    }

    #[test]
    fn only_the_first_properties_count_and_they_may_be_something_else() {
        let columns = columns(&["a"]);
        for (text, expected) in [
            (r#"{"properties":null,"properties":{"a":1}}"#, Some(None)),
            (r#"{"properties":{"a":1},"properties":{"a":2}}"#, Some(Some(vec![Some("1")]))),
            (r#"{"id":"7"}"#, Some(None)),
            (r#"{"properties":[{"a":1}]}"#, None),
        ] {
            for record in [Record::parse(text), Record::parse_for(&columns, text)] {
                let values =
                    record.unwrap().values(&columns).ok().map(|values| values.map(Cow::into_owned));
                assert_eq!(values, expected, "{text}");
            }
        }
    }
}
