//! Which columns a stream's records have, and where each comes from.

use std::collections::HashMap;

use super::coerce::Kind;
use super::json::{Place, quoted};

/// The columns to write, in the order they are written in.
#[derive(Debug, Default)]
pub struct Columns {
    pub(super) fields: Vec<Field>,
    pub(super) properties: Vec<Property>,
    /// Is the `properties` object itself a column?
    pub(super) nested: bool,
    slots: HashMap<Box<str>, usize>,
    /// The names of the properties as JSON.
    quoted: Vec<String>,
    /// The places of properties that fall back on others, and of those.
    fallbacks: Vec<(usize, usize)>,
}

/// What a record has for each property: JSON as it was sent.
pub(super) type Values<'page> = Vec<Option<&'page str>>;

/// A top-level column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub source: Source,
}

/// Where a top-level column comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The record's field of the same name, or `or` where it is absent; as it was sent, or
    /// coerced to a kind.
    Copy { or: Option<&'static str>, cast: Option<Kind> },
    /// The ids that were read for this object type, by position.
    Associations(usize),
}

impl Source {
    /// The field of the same name, as it was sent.
    pub const COPY: Self = Self::Copy { or: None, cast: None };
}

/// A property, as two columns: inside `properties`, and flat, usually as `properties_<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub name: String,
    /// The name of its column at the top.
    pub flat_name: String,
    pub kind: Kind,
    pub nested: bool,
    pub flat: bool,
    /// Does the portal define it, so that it can be asked for?
    pub is_defined: bool,
    /// The property to take the value from where this one has none.
    pub fallback: Option<String>,
}

impl Columns {
    /// `nested` says whether the `properties` object is a column.
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

    /// The names to ask HubSpot for: every property that a column shows or falls back on.
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

    /// Is anything of the properties of a CRM object shown?
    pub(super) fn shows_properties(&self) -> bool {
        self.nested || !self.properties.is_empty()
    }

    /// Is the column of associated ids at this place shown?
    pub fn shows_associations(&self, place: usize) -> bool {
        self.fields.iter().any(|field| field.source == Source::Associations(place))
    }

    /// Goes behind an object of properties; returns their values by the places of their columns.
    pub(super) fn values<'text>(&self, place: &mut Place<'text>) -> Option<Values<'text>> {
        let mut values = vec![None; self.properties.len()];
        // HubSpot sorts the properties of every record alike, so the next is nearly always this.
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

    /// The place of a property.
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
