//! All conditions on the records of one object type, split into those sent in a search and the
//! rest.

use serde_json::json;

use super::condition::Condition;
use super::filter::Filter;
use super::limits::{SEARCH_CONDITIONS, SEARCH_FILTER_CHARACTERS};

/// Conditions that must all hold; empty for most streams.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    all: Vec<Condition>,
    /// Number of leading conditions that are sent in a search.
    pushed: usize,
}

impl Conditions {
    pub fn new(all: Vec<Condition>) -> Self {
        let (mut all, doubtful): (Vec<_>, Vec<_>) =
            all.into_iter().partition(Condition::is_certain);
        let mut characters = 0;
        let fits = |condition: &&Condition| {
            characters += length(condition);
            characters <= SEARCH_FILTER_CHARACTERS
        };
        let pushed = all.iter().take(SEARCH_CONDITIONS).take_while(fits).count();
        all.extend(doubtful);
        Self { all, pushed }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the conditions that are sent in a search.
    pub fn pushed(&self) -> &[Condition] {
        self.all.get(..self.pushed).unwrap_or_default()
    }

    /// Returns the conditions to evaluate locally for search hits.
    pub fn left(&self) -> &[Condition] {
        self.all.get(self.pushed..).unwrap_or_default()
    }

    /// Returns all conditions, which are evaluated locally for listed records.
    pub fn all(&self) -> &[Condition] {
        &self.all
    }

    /// Returns the properties used by the conditions.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(Condition::property)
    }

    /// Returns a short text that identifies the set of conditions, independent of their order, or
    /// `None` if there are none.
    pub fn fingerprint(&self) -> Option<String> {
        let mut written: Vec<_> =
            self.all.iter().map(|condition| json!(Filter::from(condition)).to_string()).collect();
        written.sort_unstable();
        (!written.is_empty()).then(|| format!("{:016x}", fnv(written.join("\n").as_bytes())))
    }
}

/// Returns the number of characters that a condition takes in a search.
pub(super) fn length(condition: &Condition) -> usize {
    json!(Filter::from(condition)).to_string().len() + 1
}

/// FNV-1a hash: stable across versions, unlike the standard library's hash.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::{Definition, Operands, Operator, PropertyType};

    fn condition(name: &str, operator: Operator, value: &str) -> Condition {
        let definition =
            Definition { name: name.into(), kind: PropertyType::Text, ..Definition::default() };
        let values = &[value.to_owned()];
        let given = Operands { value: Some(value), high_value: Some(value), values };
        Condition::new(&definition, operator, given).unwrap()
    }

    #[test]
    fn a_search_is_given_what_is_certain_and_fits() {
        let long = "x".repeat(SEARCH_FILTER_CHARACTERS);
        for (case, written, pushed, left) in [
            ("nothing", &[][..], "", ""),
            ("what is certain", &[("a", Operator::Neq, "1"), ("b", Operator::Eq, "1")], "b", "a"),
            (
                "as many as fit beside the bounds",
                &[("a", Operator::Eq, "1"), ("b", Operator::In, "1"), ("c", Operator::Eq, "1")],
                "ab",
                "c",
            ),
            ("none too long", &[("a", Operator::Eq, long.as_str())], "", "a"),
        ] {
            let all =
                written.iter().map(|(name, operator, value)| condition(name, *operator, value));
            let conditions = Conditions::new(all.collect());
            let names =
                |some: &[Condition]| some.iter().map(Condition::property).collect::<String>();
            assert_eq!(names(conditions.pushed()), pushed, "{case}");
            assert_eq!(names(conditions.left()), left, "{case}");
        }
    }

    #[test]
    fn a_fingerprint_is_pinned_and_heeds_no_order() {
        let [one, other] = [condition("a", Operator::Eq, "1"), condition("b", Operator::Neq, "2")];
        let of = |all: &[&Condition]| {
            Conditions::new(all.iter().copied().cloned().collect()).fingerprint()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[&one, &other]), of(&[&other, &one]));
        assert_ne!(of(&[&one]), of(&[&other]));
        assert_eq!(of(&[&one]).as_deref(), Some("9bf2f75a3d47d6a2"));
    }
}
