//! Selection of a stream's columns by the user.

use serde_json::{Map, Value};

use super::properties::{PropertyColumn, flat_name};
use crate::record::{Columns, Field, Property};

/// Selects the columns to read and write.
///
/// `configured` is the schema in the configured catalog. Fields listed in it are selected; `always`
/// (keys and cursor) are selected in any case; a schema without `properties` selects everything. A
/// property is selected nested, flat or both, wherever it is listed.
///
/// A property that is not listed was either deselected by the user or defined after the schema was
/// discovered. The latter is assumed if all unlisted properties are newer than all listed ones;
/// they are then selected, too.
pub fn choose(
    configured: &Value,
    fields: Vec<Field>,
    always: &[&str],
    properties: Vec<PropertyColumn>,
) -> Columns {
    let Some(chosen) = configured.get("properties").and_then(Value::as_object) else {
        return everything(fields, properties);
    };
    if chosen.is_empty() {
        return everything(fields, properties);
    }
    let fields = fields
        .into_iter()
        .filter(|field| chosen.contains_key(&field.name) || always.contains(&field.name.as_str()))
        .collect();
    let choice = ColumnChoice::of(chosen, &properties);
    // If the portal has no properties, `properties` is an ordinary column.
    let nested = !properties.is_empty() && !matches!(choice.nested, Nested::No);
    let properties = properties
        .into_iter()
        .filter_map(|property| {
            let (nested, flat) = (choice.nested(&property.name), choice.flat(&property));
            let property = PropertyColumn { flat_name: choice.flat_name(&property), ..property };
            (nested || flat).then(|| column(property, nested, flat))
        })
        .collect();
    Columns::new(fields, properties, nested)
}

fn everything(fields: Vec<Field>, properties: Vec<PropertyColumn>) -> Columns {
    let nested = !properties.is_empty();
    let properties = properties.into_iter().map(|property| column(property, true, true)).collect();
    Columns::new(fields, properties, nested)
}

fn column(property: PropertyColumn, nested: bool, flat: bool) -> Property {
    let PropertyColumn { name, flat_name, kind, is_defined, fallback, .. } = property;
    Property { name, flat_name, kind, nested, flat, is_defined, fallback }
}

/// Selection inside the `properties` object.
enum Nested<'a> {
    /// The object itself is not selected.
    No,
    /// The object does not list its contents.
    Everything,
    Listed(&'a Map<String, Value>),
}

/// Selection of properties.
struct ColumnChoice<'a> {
    top: &'a Map<String, Value>,
    nested: Nested<'a>,
    /// `true` if the unlisted properties were defined after the schema was discovered.
    unlisted_are_new: bool,
    any_flat: bool,
}

impl<'a> ColumnChoice<'a> {
    fn of(top: &'a Map<String, Value>, properties: &[PropertyColumn]) -> Self {
        let nested = match top.get("properties") {
            None => Nested::No,
            Some(object) => match object.get("properties").and_then(Value::as_object) {
                Some(listed) if !listed.is_empty() => Nested::Listed(listed),
                _ => Nested::Everything,
            },
        };
        let mut choice = Self { top, nested, unlisted_are_new: false, any_flat: false };
        choice.any_flat = properties.iter().any(|property| choice.flat(property));
        let (listed, unlisted): (Vec<_>, Vec<_>) = properties
            .iter()
            .partition(|property| choice.nested(&property.name) || choice.flat(property));
        let newest_listed =
            listed.iter().filter_map(|property| property.created_at.as_deref()).max();
        // A property without a creation date may be as old as the portal.
        let oldest_unlisted = unlisted
            .iter()
            .map(|property| property.created_at.as_deref().unwrap_or_default())
            .min();
        choice.unlisted_are_new = oldest_unlisted > newest_listed && newest_listed.is_some();
        choice
    }

    fn is_new(&self, name: &str) -> bool {
        let is_listed = matches!(self.nested, Nested::Listed(listed) if listed.contains_key(name));
        self.unlisted_are_new && !is_listed && !self.top.contains_key(&flat_name(name))
    }

    /// Returns the column's name as selected. The catalog may predate the property whose name made
    /// a suffix necessary.
    fn flat_name(&self, property: &PropertyColumn) -> String {
        let plain = flat_name(&property.name);
        let is_plain = !self.top.contains_key(&property.flat_name) && self.top.contains_key(&plain);
        if is_plain { plain } else { property.flat_name.clone() }
    }

    fn nested(&self, name: &str) -> bool {
        match self.nested {
            Nested::No => false,
            Nested::Everything => true,
            Nested::Listed(listed) => listed.contains_key(name) || self.is_new(name),
        }
    }

    fn flat(&self, property: &PropertyColumn) -> bool {
        self.top.contains_key(&self.flat_name(property))
            || self.any_flat && self.is_new(&property.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Kind, Source};
    use crate::schema::PropertyTexts;
    use serde_json::json;

    fn property(name: &str, created_at: &str) -> PropertyColumn {
        PropertyColumn {
            name: name.into(),
            flat_name: flat_name(name),
            kind: Kind::Text,
            created_at: Some(created_at.into()),
            is_defined: true,
            fallback: None,
            texts: PropertyTexts::default(),
        }
    }

    /// Returns the selected fields and properties, the latter as `n:name` and `f:name`.
    fn chosen(configured: &Value, properties: &[PropertyColumn]) -> Vec<String> {
        let field = |name: &str| Field { name: name.into(), source: Source::COPY };
        let fields = ["id", "createdAt", "updatedAt", "archived"].map(field).to_vec();
        choose(configured, fields, &["id", "updatedAt"], properties.to_vec()).summary()
    }

    #[test]
    fn a_choice_is_followed_and_its_absence_means_everything() {
        let old = [property("a", "2020"), property("b", "2021")];
        let with_new = [property("a", "2020"), property("b", "2021"), property("c", "2026")];
        let all = json!({"properties":{"id":{},"createdAt":{},"updatedAt":{},"archived":{},
            "properties":{"properties":{"a":{},"b":{}}},"properties_a":{},"properties_b":{}}});
        for (case, configured, properties, expected) in [
            ("no schema", Value::Null, &old[..], "id createdAt updatedAt archived n:a f:a n:b f:b"),
            ("an empty schema", json!({}), &old, "id createdAt updatedAt archived n:a f:a n:b f:b"),
            ("all columns", all.clone(), &old, "id createdAt updatedAt archived n:a f:a n:b f:b"),
            (
                "all columns, and a new property",
                all,
                &with_new,
                "id createdAt updatedAt archived n:a f:a n:b f:b n:c f:c",
            ),
            (
                "one flat column with texts, which are ignored",
                json!({"properties":{"properties_b":{"title":"b","description":"a"}}}),
                &old,
                "id updatedAt f:b",
            ),
            (
                "one nested column",
                json!({"properties":{"properties":{"properties":{"b":{}}}}}),
                &old,
                "id updatedAt n:b",
            ),
            (
                "one column both ways, with a younger one left out",
                json!({"properties":{"properties":{"properties":{"b":{}}},"properties_b":{}}}),
                &old,
                "id updatedAt n:b f:b",
            ),
            (
                "the object without a list",
                json!({"properties":{"properties":{}}}),
                &old,
                "id updatedAt n:a n:b",
            ),
            ("only fields", json!({"properties":{"archived":{}}}), &old, "id updatedAt archived"),
            (
                "the object whole, one flat column",
                json!({"properties":{"properties":{"properties":{"a":{},"b":{}}},"properties_a":{}}}),
                &old,
                "id updatedAt n:a f:a n:b",
            ),
        ] {
            assert_eq!(chosen(&configured, properties).join(" "), expected, "{case}");
        }
    }
}
