//! Lenient deserialization of responses in which any field may be null, missing, or of another type
//! than documented.
//!
//! Null counts as missing. A descriptive field that cannot be read does not invalidate its entry,
//! and an entry that cannot be read does not invalidate its list.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::strict;

/// The default for null, for `#[serde(default, deserialize_with = "null_as_default")]`.
pub(super) fn null_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Deserializes null and anything else that does not fit as the default.
pub(super) fn odd_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + DeserializeOwned,
    D: Deserializer<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// Deserializes text that may be sent as a number or a boolean; empty for anything else.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value: Value = odd_as_default(deserializer)?;
    Ok(match value {
        Value::String(text) => text,
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    })
}

/// Deserializes an integer that may be sent as text.
pub(super) fn number<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: std::str::FromStr,
    D: Deserializer<'de>,
{
    let text = text_or_digits(deserializer)?;
    let number = text.trim().parse();
    number.map_err(|_| serde::de::Error::custom(format_args!("`{text}` is no number")))
}

/// Text, or the digits of a whole number as they were sent.
///
/// # Errors
/// For any other type.
pub(super) fn text_or_digits<'de, D>(deserializer: D) -> Result<Cow<'de, str>, D::Error>
where
    D: Deserializer<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if raw.starts_with('"') {
        return strict::read(raw).map(Cow::Owned).map_err(serde::de::Error::custom);
    }
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Cow::Borrowed(raw));
    }
    Err(serde::de::Error::custom("neither text nor a whole number"))
}

/// The readable entries of a list, and the reasons why others are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable<T> {
    pub entries: Vec<T>,
    /// For each skipped entry, its name if it has one, and the reason.
    pub unreadable: Vec<String>,
}

impl<T> Default for Readable<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), unreadable: Vec::new() }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Readable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Option::<Vec<&RawValue>>::deserialize(deserializer)?.unwrap_or_default();
        let mut found = Self::default();
        for entry in raw {
            match serde_json::from_str(entry.get()) {
                Ok(entry) => found.entries.push(entry),
                Err(error) => found.unreadable.push(format!("{} ({error})", name_of(entry))),
            }
        }
        Ok(found)
    }
}

/// Returns the name of an entry, for messages.
fn name_of(entry: &RawValue) -> String {
    let entry = serde_json::from_str::<Value>(entry.get()).unwrap_or_default();
    let keys = ["fullyQualifiedName", "name", "label", "id"];
    let name = keys.iter().find_map(|key| entry.get(key)?.as_str());
    name.map_or_else(|| "one without a name".to_owned(), |name| format!("`{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Entry {
        name: String,
        #[serde(default, deserialize_with = "null_as_default")]
        archived: bool,
        #[serde(default, deserialize_with = "text")]
        label: String,
        #[serde(default, deserialize_with = "odd_as_default")]
        count: u8,
    }

    #[test]
    fn one_entry_that_cannot_be_read_costs_no_other() {
        let found: Readable<Entry> = serde_json::from_str(
            r#"[{"name":"a","archived":null,"label":7,"count":"x"},{"name":null,"label":"b"},7,{"name":"c","archived":1}]"#,
        )
        .unwrap();
        let entry = |name: &str, label: &str| Entry {
            name: name.into(),
            label: label.into(),
            ..Entry::default()
        };
        assert_eq!(found.entries, [entry("a", "7")]);
        let reasons: Vec<_> =
            found.unreadable.iter().filter_map(|reason| reason.split_once(" (")).collect();
        let names: Vec<_> = reasons.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["`b`", "one without a name", "`c`"]);
        assert_eq!(serde_json::from_str::<Readable<Entry>>("null").unwrap(), Readable::default());
        assert!(serde_json::from_str::<Readable<Entry>>("7").is_err());
    }

    #[test]
    fn a_number_may_be_text() {
        #[derive(Deserialize)]
        struct OneId(#[serde(deserialize_with = "number")] u64);
        for (text, expected) in
            [("7", Some(7)), (r#"" 7""#, Some(7)), (r#""x""#, None), ("null", None), ("-1", None)]
        {
            assert_eq!(serde_json::from_str::<OneId>(text).ok().map(|id| id.0), expected, "{text}");
        }
    }
}
