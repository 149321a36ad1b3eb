//! From a portal's property definitions to columns.

use crate::hubspot::{Definition, PropertyType};
use crate::record::Kind;
use crate::strict::told_apart;

/// A property that a stream could show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyColumn {
    pub name: String,
    /// The name of its column at the top of a record.
    pub flat_name: String,
    pub kind: Kind,
    /// When it was defined, where HubSpot says so; sorts as text.
    pub created_at: Option<String>,
    /// Does the portal define it, or is it only shown under this name?
    pub is_defined: bool,
    /// Where its value comes from when it has none of its own.
    pub fallback: Option<String>,
}

/// A family of properties that HubSpot renamed, shown under the older names as well.
#[derive(Debug, Clone, Copy)]
pub struct Legacy {
    /// What the newer names begin with.
    pub newer: &'static str,
    /// Beginning and end of the older names.
    pub older: (&'static str, &'static str),
}

impl Legacy {
    /// The older name of a property, if it is of this family.
    pub fn older_name(&self, name: &str) -> Option<String> {
        let stage = name.strip_prefix(self.newer)?;
        let (beginning, end) = self.older;
        Some(format!("{beginning}{stage}{end}"))
    }
}

/// The name of a property's column at the top of a record.
pub(super) fn flat_name(name: &str) -> String {
    format!("properties_{name}")
}

/// The columns for a portal's properties, by name; those shown under an older name included.
///
/// Columns at the top whose names would differ by case only get a suffix ([`told_apart`]).
///
/// `text_only` turns numbers and booleans into text.
pub fn property_columns(
    definitions: &[Definition],
    legacy: &[Legacy],
    text_only: bool,
) -> Vec<PropertyColumn> {
    let mut columns: Vec<_> = definitions
        .iter()
        .map(|definition| PropertyColumn {
            name: definition.name.clone(),
            flat_name: String::new(),
            kind: kind(definition.kind, text_only),
            created_at: definition.created_at.clone(),
            is_defined: true,
            fallback: None,
        })
        .collect();
    for definition in definitions {
        let Some(name) = legacy.iter().find_map(|rule| rule.older_name(&definition.name)) else {
            continue;
        };
        match columns.iter_mut().find(|column| column.name == name) {
            Some(column) => column.fallback = Some(definition.name.clone()),
            None => columns.push(PropertyColumn {
                name,
                flat_name: String::new(),
                kind: kind(definition.kind, text_only),
                created_at: definition.created_at.clone(),
                is_defined: false,
                fallback: Some(definition.name.clone()),
            }),
        }
    }
    columns.sort_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let names = told_apart(&names);
    for (column, name) in columns.iter_mut().zip(names) {
        column.flat_name = flat_name(&name);
    }
    columns
}

fn kind(property: PropertyType, text_only: bool) -> Kind {
    match property {
        PropertyType::Number | PropertyType::Bool if text_only => Kind::Text,
        PropertyType::Number => Kind::Number,
        PropertyType::Bool => Kind::Boolean,
        PropertyType::Date => Kind::Date,
        PropertyType::Datetime => Kind::Datetime,
        PropertyType::Enumeration | PropertyType::Text => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, kind: PropertyType) -> Definition {
        Definition { name: name.into(), kind, ..Definition::default() }
    }

    #[test]
    fn an_older_name_stands_beside_the_newer_one() {
        const RULE: Legacy = Legacy { newer: "hs_v2_date_exited_", older: ("hs_date_exited_", "") };
        let definitions = [
            definition("hs_date_exited_won", PropertyType::Datetime),
            definition("hs_v2_date_exited_lost", PropertyType::Datetime),
            definition("hs_v2_date_exited_won", PropertyType::Datetime),
        ];
        let columns = property_columns(&definitions, &[RULE], false);
        let found: Vec<_> = columns
            .iter()
            .map(|column| (column.name.as_str(), column.is_defined, column.fallback.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("hs_date_exited_lost", false, Some("hs_v2_date_exited_lost")),
                ("hs_date_exited_won", true, Some("hs_v2_date_exited_won")),
                ("hs_v2_date_exited_lost", true, None),
                ("hs_v2_date_exited_won", true, None),
            ]
        );
    }

    #[test]
    fn q55_columns_that_differ_by_case_only_get_a_suffix() {
        let flat = |names: &[&str]| {
            let definitions: Vec<_> =
                names.iter().map(|name| definition(name, PropertyType::Text)).collect();
            let columns = property_columns(&definitions, &[], false);
            columns.into_iter().map(|column| column.flat_name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(flat(&["Foo", "bar"]), "properties_Foo properties_bar");
        let expected = "properties_Foo_0c7e1677 properties_foo";
        assert_eq!(flat(&["Foo", "foo"]), expected);
        assert_eq!(flat(&["foo", "Foo"]), expected);
    }

    #[test]
    fn numbers_and_booleans_can_be_text() {
        for (kind, typed, text_only) in [
            (PropertyType::Number, Kind::Number, Kind::Text),
            (PropertyType::Bool, Kind::Boolean, Kind::Text),
            (PropertyType::Date, Kind::Date, Kind::Date),
        ] {
            let definitions = [definition("x", kind)];
            assert_eq!(property_columns(&definitions, &[], false)[0].kind, typed);
            assert_eq!(property_columns(&definitions, &[], true)[0].kind, text_only);
        }
    }
}
