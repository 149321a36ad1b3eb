//! Columns of a stream's records and the source of each column.

use std::collections::HashMap;

use super::coerce::Kind;
use super::json::{JsonCursor, quoted};

/// Columns to write, in output order.
#[derive(Debug, Default)]
pub struct Columns {
    pub(super) fields: Vec<Field>,
    pub(super) properties: Vec<Property>,
    /// `true` if the `properties` object is a column.
    pub(super) nested: bool,
    slots: HashMap<Box<str>, usize>,
    /// Property names as JSON strings.
    quoted: Vec<String>,
    /// Indices of properties with a fallback, each with the index of its fallback.
    fallbacks: Vec<(usize, usize)>,
}

/// Raw JSON value of each property of a record.
pub(super) type Values<'page> = Vec<Option<&'page str>>;

/// Top-level column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub source: Source,
}

/// Source of a top-level column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The record's field of the same name, or the field `or` if it is absent; either unchanged or
    /// coerced.
    Copy { or: Option<&'static str>, cast: Option<Kind> },
    /// Associated ids, by index of the associated object type.
    Associations(usize),
}

impl Source {
    /// The field of the same name, unchanged.
    pub const COPY: Self = Self::Copy { or: None, cast: None };
}

/// A property with up to two columns: nested inside `properties`, and flat, usually as
/// `properties_<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub name: String,
    /// Name of the flat column.
    pub flat_name: String,
    pub kind: Kind,
    pub nested: bool,
    pub flat: bool,
    /// `true` if the portal defines the property, so that it can be requested.
    pub is_defined: bool,
    /// Property that provides the value if this one has none.
    pub fallback: Option<String>,
}

impl Columns {
    /// Creates the set of columns; `nested` makes the `properties` object a column.
    pub fn new(fields: Vec<Field>, properties: Vec<Property>, nested: bool) -> Self {
        let slots: HashMap<Box<str>, _> = properties
            .iter()
            .enumerate()
            .map(|(slot, property)| (property.name.as_str().into(), slot))
            .collect();
        let fallback = |(slot, property): (usize, &Property)| {
            Some((slot, *slots.get(property.fallback.as_deref()?)?))
        };
        let fallbacks = properties.iter().enumerate().filter_map(fallback).collect();
        let quoted = properties.iter().map(|property| quoted(&property.name)).collect();
        Self { fields, properties, nested, slots, quoted, fallbacks }
    }

    /// Returns the names of the properties to request: every property that is shown or is a
    /// fallback.
    pub fn asked(&self) -> Vec<String> {
        let fallbacks = self.properties.iter().filter_map(|property| property.fallback.clone());
        let own = self
            .properties
            .iter()
            .filter(|property| property.is_defined)
            .map(|property| property.name.clone());
        let mut names: Vec<_> = own.chain(fallbacks).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns `true` if any property of a CRM object is shown.
    pub(super) fn shows_properties(&self) -> bool {
        self.nested || !self.properties.is_empty()
    }

    /// Returns `true` if the column of associated ids with this index is shown.
    pub fn shows_associations(&self, place: usize) -> bool {
        self.fields.iter().any(|field| field.source == Source::Associations(place))
    }

    /// Parses an object of properties and returns the values in column order.
    pub(super) fn values<'text>(&self, place: &mut JsonCursor<'text>) -> Option<Values<'text>> {
        let mut values = vec![None; self.properties.len()];
        // HubSpot sorts the properties of all records alike, so the next one is nearly always the
        // guess.
        let mut guess = 0;
        place.object(|place| {
            let is_guess = self.quoted.get(guess).is_some_and(|quoted| place.is_name(quoted));
            let slot = if is_guess { Some(guess) } else { self.slot(&place.name()?) };
            let raw = place.value()?;
            if let Some(slot) = slot {
                guess = slot + 1;
                *values.get_mut(slot)? = Some(raw);
            }
            Some(())
        })?;
        for &(slot, fallback) in &self.fallbacks {
            let fallback = values.get(fallback).copied().flatten();
            let value = values.get_mut(slot)?;
            if value.is_none_or(|raw| raw == "null") {
                *value = fallback.or(*value);
            }
        }
        Some(values)
    }

    /// Returns the index of a property.
    fn slot(&self, name: &str) -> Option<usize> {
        self.slots.get(name).copied()
    }
}

#[cfg(test)]
impl Columns {
    /// Names of the columns, properties as `n:name` (nested) and `f:name` (flat).
    pub(crate) fn summary(&self) -> Vec<String> {
        let fields = self.fields.iter().map(|field| field.name.clone());
        let properties = self.properties.iter().flat_map(|property| {
            let nested = (property.nested && self.nested).then(|| format!("n:{}", property.name));
            let flat = property.flat.then(|| format!("f:{}", property.name));
            nested.into_iter().chain(flat)
        });
        fields.chain(properties).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_columns_and_what_they_fall_back_on() {
        let property = |name: &str, fallback: Option<&str>| Property {
            name: name.into(),
            flat_name: format!("properties_{name}"),
            kind: Kind::Text,
            nested: true,
            flat: true,
            is_defined: true,
            fallback: fallback.map(Into::into),
        };
        let columns =
            Columns::new(Vec::new(), vec![property("b", Some("z")), property("a", None)], true);
        assert_eq!(columns.asked(), ["a", "b", "z"]);
        assert_eq!(
            (columns.slot("b"), columns.slot("a"), columns.slot("c")),
            (Some(0), Some(1), None)
        );
    }
}
