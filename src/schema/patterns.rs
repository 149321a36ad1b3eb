//! Selection of properties by the configuration.

use wildmatch::WildMatch;

use super::properties::PropertyColumn;

/// Include and exclude patterns of properties.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

/// Pattern such as `hs_*`, or `contacts.hs_*` for one object type.
#[derive(Debug, Clone)]
struct Pattern {
    object: Option<String>,
    names: WildMatch,
}

impl Pattern {
    fn new(text: &str) -> Self {
        let object = object_of(text);
        let names = object.map_or(text, |object| text.get(object.len() + 1..).unwrap_or_default());
        Self { object: object.map(str::to_owned), names: WildMatch::new(names) }
    }
}

/// Returns the object type that a pattern is limited to, if any.
pub fn object_of(pattern: &str) -> Option<&str> {
    pattern.split_once('.').map(|(object, _)| object.trim())
}

impl Patterns {
    pub fn new(include: &[String], exclude: &[String]) -> Self {
        let patterns =
            |texts: &[String]| texts.iter().map(|text| Pattern::new(text.trim())).collect();
        Self { include: patterns(include), exclude: patterns(exclude) }
    }

    /// Removes the properties of an object type that are not selected. `is_called` returns `true`
    /// for the names of the object type.
    pub fn restrict(&self, columns: &mut Vec<PropertyColumn>, is_called: impl Fn(&str) -> bool) {
        let is_meant = |pattern: &&Pattern| pattern.object.as_deref().is_none_or(&is_called);
        let include: Vec<_> = self.include.iter().filter(is_meant).collect();
        let exclude: Vec<_> = self.exclude.iter().filter(is_meant).collect();
        let fits = |patterns: &[&Pattern], name: &str| {
            patterns.iter().any(|pattern| pattern.names.matches(name))
        };
        columns.retain(|column| {
            (include.is_empty() || fits(&include, &column.name)) && !fits(&exclude, &column.name)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;
    use crate::schema::PropertyTexts;

    #[test]
    fn patterns_choose_properties() {
        const ALL: &str = "amount email hs_a hs_bb";
        for (case, include, exclude, expected) in [
            ("nothing", &[][..], &[][..], ALL),
            ("one name", &["email"], &[], "email"),
            ("any text", &["hs_*", "am*t"], &[], "amount hs_a hs_bb"),
            ("one character", &["hs_?"], &[], "hs_a"),
            ("all but some", &[], &["hs_*"], "amount email"),
            ("some but one", &["hs_*"], &["hs_a"], "hs_bb"),
            ("of this object type", &["contacts.email"], &[], "email"),
            ("by its other name", &["people.email"], &[], "email"),
            ("of another object type", &["deals.amount"], &[], ALL),
            ("of both", &["deals.amount", "contacts.email"], &[], "email"),
            ("not of another", &["*"], &["deals.*", "contacts.hs_*"], "amount email"),
            ("none", &["x"], &[], ""),
            ("with blanks", &[" email "], &[], "email"),
        ] {
            let owned =
                |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
            let column = |name: &str| PropertyColumn {
                name: name.into(),
                flat_name: String::new(),
                kind: Kind::Text,
                created_at: None,
                is_defined: true,
                fallback: None,
                texts: PropertyTexts::default(),
            };
            let mut columns: Vec<_> = ALL.split(' ').map(column).collect();
            Patterns::new(&owned(include), &owned(exclude))
                .restrict(&mut columns, |name| ["contacts", "people"].contains(&name));
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(names.join(" "), expected, "{case}");
        }
    }
}
