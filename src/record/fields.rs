//! A record of a page, split into its top-level fields and no further.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::time::{Millis, parse_instant};

/// The top-level fields of one record, as slices of the page.
#[derive(Debug)]
pub struct Record<'page> {
    fields: Vec<(Cow<'page, str>, &'page RawValue)>,
}

impl<'page> Record<'page> {
    /// Splits a record. Its JSON has been checked with the page; an object it has to be.
    pub fn parse(text: &'page str) -> serde_json::Result<Self> {
        let mut fields = Vec::with_capacity(8);
        for_each_field(text, |name, value| fields.push((name, value)))?;
        Ok(Self { fields })
    }

    /// A field's JSON text; `None` if it is absent or null.
    pub fn raw(&self, name: &str) -> Option<&'page str> {
        let (_, value) = self.fields.iter().find(|(field, _)| field == name)?;
        Some(value.get()).filter(|raw| *raw != "null")
    }

    /// A text field's content; `None` if it is absent, null or no text.
    pub fn text(&self, name: &str) -> Option<Cow<'page, str>> {
        self.raw(name).and_then(unquote)
    }

    /// A field's moment, in any spelling or as an epoch; `None` if it has none.
    pub fn instant(&self, name: &str) -> Option<Millis> {
        let raw = self.raw(name)?;
        let text = unquote(raw);
        parse_instant(text.as_deref().unwrap_or(raw)).map(|instant| instant.timestamp_millis())
    }

    /// A field that is a record itself; `None` if it is absent or no object.
    pub fn nested(&self, name: &str) -> Option<Self> {
        Self::parse(self.raw(name)?).ok()
    }

    /// The record's id, where it is decimal text (or, in older APIs, a number).
    pub fn id(&self) -> Option<u64> {
        self.raw("id")?.trim_matches('"').parse().ok()
    }
}

/// Calls `take` with each field of a JSON object, in order.
pub(super) fn for_each_field<'text>(
    text: &'text str,
    take: impl FnMut(Cow<'text, str>, &'text RawValue),
) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Fields(take))?;
    deserializer.end()
}

/// The content of a JSON string; `None` if the JSON is something else.
pub(super) fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(raw).ok().map(Cow::Owned)
}

struct Fields<F>(F);

impl<'de, F: FnMut(Cow<'de, str>, &'de RawValue)> Visitor<'de> for Fields<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Key)? {
            (self.0)(name, map.next_value()?);
        }
        Ok(())
    }
}

/// A map key, borrowed where it holds no escape: `Cow` alone would always own it.
pub(super) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
        Err(E::custom("a field name is text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_slices_and_null_is_absent() {
        let record =
            Record::parse(r#"{ "id" : "70021", "caf\u00e9": "\u00e9\"", "x": null, "n": 7 }"#)
                .unwrap();
        assert_eq!(record.id(), Some(70021));
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
}
