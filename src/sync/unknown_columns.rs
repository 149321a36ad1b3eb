//! Columns of the configured catalog that a stream does not have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::config::nearest;
use crate::schema::PropertyColumn;
use crate::streams::StreamSpec;

/// Maximum number of columns that a warning names.
const NAMED: usize = 5;

/// Columns of the Python connector's catalogs that a stream of this connector may not have: one
/// stream per line, with its columns.
const OF_PYTHON: &str = include_str!("python_columns.txt");

/// Returns `true` if a catalog lists columns of a stream.
pub(super) fn are_listed(configured: &Value) -> bool {
    configured.get("properties").and_then(Value::as_object).is_some_and(|listed| !listed.is_empty())
}

/// Returns a warning about the columns in the catalog that the stream does not have, if there are
/// any. `properties` are all properties of its object type, or `None` for a stream without
/// properties.
pub(super) fn unknown_columns(
    spec: &StreamSpec<'_>,
    configured: &Value,
    properties: Option<&[PropertyColumn]>,
) -> Option<String> {
    let fixed: Value = serde_json::from_str(spec.static_fields()).unwrap_or_default();
    let known = Known {
        fixed: keys(&fixed).chain(spec.strategy.associations().iter().copied()).collect(),
        flat: properties.into_iter().flatten().flat_map(flat_names).collect(),
        has_properties: properties.is_some(),
        names: properties.into_iter().flatten().map(|property| property.name.as_str()).collect(),
        of_python: of_python(spec.name),
    };
    let mut unknown: BTreeMap<String, Option<String>> = BTreeMap::new();
    for name in keys(configured).filter(|name| !known.has(name)) {
        unknown.insert(name.to_owned(), known.similar(name));
    }
    let nested = configured.pointer("/properties/properties").filter(|_| known.has_properties);
    for name in nested.into_iter().flat_map(keys).filter(|name| !known.names.contains(name)) {
        // A property that is listed in both places is reported once.
        if !unknown.contains_key(&format!("properties_{name}")) {
            let similar = nearest(name, known.names.iter().copied());
            let similar = similar.map(|similar| format!("properties.{similar}"));
            unknown.insert(format!("properties.{name}"), similar);
        }
    }
    (!unknown.is_empty()).then(|| sentence(spec.name, &unknown))
}

/// Names of the columns that a stream has.
struct Known<'a> {
    fixed: BTreeSet<&'a str>,
    /// Flat columns of the properties.
    flat: BTreeSet<String>,
    has_properties: bool,
    /// Names of the properties.
    names: BTreeSet<&'a str>,
    of_python: BTreeSet<&'a str>,
}

impl Known<'_> {
    /// Returns `true` if a column exists or cannot be judged.
    fn has(&self, name: &str) -> bool {
        // Clients add columns with a leading underscore. The Python connector lists properties of
        // streams that have none here.
        let is_property = name == "properties" || name.starts_with("properties_");
        self.fixed.contains(name)
            || self.flat.contains(name)
            || self.of_python.contains(name)
            || name.starts_with('_')
            || is_property && (!self.has_properties || name == "properties")
    }

    /// Returns the column that was probably meant.
    fn similar(&self, name: &str) -> Option<String> {
        let property = name.strip_prefix("properties_").filter(|_| self.has_properties);
        if let Some(property) = property {
            let similar = nearest(property, self.names.iter().copied())?;
            return Some(format!("properties_{similar}"));
        }
        if self.names.contains(name) {
            return Some(format!("properties_{name}"));
        }
        nearest(name, self.fixed.iter().copied()).map(str::to_owned)
    }
}

/// Returns the names of a property's flat column: its own, and the one without a suffix, which
/// catalogs may use.
fn flat_names(property: &PropertyColumn) -> [String; 2] {
    [property.flat_name.clone(), format!("properties_{}", property.name)]
}

/// Returns the names in `properties` of a schema.
fn keys(schema: &Value) -> impl Iterator<Item = &str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, _)| name.as_str())
}

fn of_python(stream: &str) -> BTreeSet<&'static str> {
    let mut lines = OF_PYTHON.lines().map(str::split_whitespace);
    let columns = lines.find_map(|mut words| (words.next() == Some(stream)).then_some(words));
    columns.into_iter().flatten().collect()
}

fn sentence(stream: &str, unknown: &BTreeMap<String, Option<String>>) -> String {
    let named = unknown.iter().take(NAMED).map(|(name, similar)| match similar {
        Some(similar) => format!("`{name}` (did you mean `{similar}`?)"),
        None => format!("`{name}`"),
    });
    let more = match unknown.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "`{stream}` has no column {}{more} (deleted in HubSpot, or a typing error); its records come \
         without {}",
        named.collect::<Vec<_>>().join(", "),
        if unknown.len() == 1 { "it" } else { "them" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::{Definition, PropertyType};
    use crate::schema::{build, property_columns};
    use crate::streams::{STREAMS, Schema};
    use serde_json::json;

    fn spec(name: &str) -> StreamSpec<'static> {
        *STREAMS.iter().find(|spec| spec.name == name).unwrap()
    }

    fn columns(names: &str) -> Vec<PropertyColumn> {
        let definition = |name: &str| Definition {
            name: name.into(),
            kind: PropertyType::Text,
            ..Definition::default()
        };
        let definitions: Vec<_> = names.split_whitespace().map(definition).collect();
        property_columns(&definitions, &[], false)
    }

    #[test]
    fn columns_that_do_not_exist_are_named_with_what_was_meant() {
        let contacts = columns("email firstname Foo foo");
        for (case, stream, schema, expected) in [
            ("nothing listed", "contacts", json!({}), None),
            (
                "a flat property",
                "contacts",
                json!({ "properties": { "id": {}, "properties_emial": {}, "companies": {} } }),
                Some("`properties_emial` (did you mean `properties_email`?) (deleted"),
            ),
            (
                "a property without the prefix, and a misspelled field",
                "contacts",
                json!({ "properties": { "email": {}, "udpatedAt": {} } }),
                Some(
                    "`email` (did you mean `properties_email`?), `udpatedAt` (did you mean \
                     `updatedAt`?) (deleted",
                ),
            ),
            (
                "a deleted property, in both places",
                "contacts",
                json!({ "properties": { "properties_colour": {}, "properties_email": {},
                    "properties": { "properties": { "colour": {}, "email": {} } } } }),
                Some("`properties_colour` (deleted"),
            ),
            (
                "a nested property",
                "contacts",
                json!({ "properties": { "properties": { "properties": { "emial": {} } } } }),
                Some("`properties.emial` (did you mean `properties.email`?) (deleted"),
            ),
            (
                "many",
                "contacts",
                (0..9).fold(json!({ "properties": {} }), |mut schema, number| {
                    schema["properties"][format!("zzzz_{number}")] = json!({});
                    schema
                }),
                Some("`zzzz_0`, `zzzz_1`, `zzzz_2`, `zzzz_3`, `zzzz_4` and 4 more (deleted"),
            ),
            (
                "names with and without a suffix",
                "contacts",
                json!({ "properties": { "properties_Foo": {}, "properties_foo": {}, "_x": {} } }),
                None,
            ),
            (
                "the Python connector's catalog of archived deals",
                "deals_archived",
                json!({ "properties": { "properties_hs_date_entered_9567448": {} } }),
                None,
            ),
        ] {
            let found = unknown_columns(&spec(stream), &schema, Some(&contacts));
            let fits = match (&found, expected) {
                (Some(found), Some(expected)) => {
                    found.starts_with(&format!("`{stream}` has no column {expected}"))
                }
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(fits, "{case}: {found:?}");
        }
        let forms = json!({ "properties": { "id": {}, "properties_x": {}, "properties": {} } });
        assert_eq!(unknown_columns(&spec("forms"), &forms, None), None, "properties there");
        let forms = json!({ "properties": { "nmae": {} } });
        let found = unknown_columns(&spec("forms"), &forms, None).unwrap();
        assert!(found.contains("`nmae` (did you mean `name`?)"), "{found}");
    }

    #[test]
    fn what_catalogs_of_the_python_connector_list_is_no_error() {
        for line in OF_PYTHON.lines() {
            let (stream, names) = line.split_once(' ').unwrap();
            let spec = spec(stream);
            let listed: serde_json::Map<_, _> =
                names.split_whitespace().map(|name| (name.to_owned(), json!({}))).collect();
            let schema = json!({ "properties": listed });
            let contacts = columns("email");
            let properties = match spec.schema {
                Schema::Static(_) => None,
                Schema::Properties { .. } | Schema::Known { .. } => Some(&*contacts),
            };
            assert_eq!(unknown_columns(&spec, &schema, properties), None, "{stream}");
        }
    }

    #[test]
    fn what_discover_declares_is_known() {
        let contacts = columns("email firstname Foo foo id");
        for spec in STREAMS.iter() {
            let properties = match spec.schema {
                Schema::Static(_) => None,
                Schema::Properties { .. } | Schema::Known { .. } => Some(&*contacts),
            };
            let schema = build(spec.static_fields(), spec.strategy.associations(), properties);
            assert_eq!(unknown_columns(spec, &schema, properties), None, "{}", spec.name);
        }
    }
}
