//! Conversion of a portal's property definitions to columns.

use crate::hubspot::{Definition, PropertyType};
use crate::record::Kind;
use crate::strict::disambiguated;

/// A property that a stream can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyColumn {
    pub name: String,
    /// Name of the flat column.
    pub flat_name: String,
    pub kind: Kind,
    /// Creation date of the definition, if HubSpot reports it; sorts as text.
    pub created_at: Option<String>,
    /// `true` if the portal defines the property; `false` if it is only an alias of another
    /// property.
    pub is_defined: bool,
    /// Property that provides the value if this one has none.
    pub fallback: Option<String>,
    pub texts: PropertyTexts,
}

/// Display texts of a property; an absent text says nothing beyond the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PropertyTexts {
    /// Label in HubSpot, unless it is empty or equal to the name.
    pub title: Option<String>,
    /// Description in HubSpot, unless it is empty or equal to the name or the label.
    pub description: Option<String>,
}

impl PropertyTexts {
    fn of(definition: &Definition) -> Self {
        let Definition { name, label, description, .. } = definition;
        let unless_one_of = |text: &String, others: &[&String]| {
            (!text.is_empty() && !others.contains(&text)).then(|| text.clone())
        };
        Self {
            title: unless_one_of(label, &[name]),
            description: unless_one_of(description, &[name, label]),
        }
    }
}

/// A group of properties that HubSpot renamed and that are shown under the older names as well.
#[derive(Debug, Clone, Copy)]
pub struct Legacy {
    /// Prefix of the newer names.
    pub newer: &'static str,
    /// Prefix and suffix of the older names.
    pub older: (&'static str, &'static str),
}

impl Legacy {
    /// Returns the older name of a property, if it belongs to this group.
    pub fn older_name(&self, name: &str) -> Option<String> {
        let stage = name.strip_prefix(self.newer)?;
        let (beginning, end) = self.older;
        Some(format!("{beginning}{stage}{end}"))
    }
}

/// Returns the name of a property's flat column.
pub(super) fn flat_name(name: &str) -> String {
    format!("properties_{name}")
}

/// Returns the columns for a portal's properties, sorted by name, including aliases under older
/// names.
///
/// Flat columns whose names would differ only by case get a suffix ([`disambiguated`]).
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
            texts: PropertyTexts::of(definition),
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
                texts: PropertyTexts::of(definition),
            }),
        }
    }
    columns.sort_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let names = disambiguated(&names);
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
    fn q58_texts_that_repeat_the_name_are_left_out() {
        for (case, label, description, expected) in [
            ("both", "Amount", "The total", (Some("Amount"), Some("The total"))),
            ("neither", "", "", (None, None)),
            ("the name again", "amount", "amount", (None, None)),
            ("the label again", "Amount", "Amount", (Some("Amount"), None)),
        ] {
            let definitions = [Definition {
                label: label.into(),
                description: description.into(),
                ..definition("amount", PropertyType::Number)
            }];
            let [column] = &property_columns(&definitions, &[], false)[..] else {
                panic!("{case}")
            };
            let PropertyTexts { title, description } = &column.texts;
            assert_eq!((title.as_deref(), description.as_deref()), expected, "{case}");
        }
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
