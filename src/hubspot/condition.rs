//! A condition on one property, as sent in a search and as evaluated locally.
//!
//! A condition has the same meaning regardless of how a record is read. Lists and batch reads have
//! no filters, so conditions are evaluated locally; a search is sent those with a well-defined
//! meaning. The others, listed in `docs/hubspot.md` note 44, are evaluated locally for search hits
//! too.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use wildmatch::WildMatchPattern;

use super::properties::{Definition, PropertyType};
use crate::time::parse_iso;

/// Operators of the search API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Operator {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    Between,
    In,
    NotIn,
    HasProperty,
    NotHasProperty,
    ContainsToken,
    NotContainsToken,
}

/// Operands of a condition, as the user wrote them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Operands<'a> {
    pub value: Option<&'a str>,
    pub high_value: Option<&'a str>,
    pub values: &'a [String],
}

/// Invalid operand: its key, and a description of the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadOperand {
    pub key: &'static str,
    pub problem: String,
}

/// A valid condition: its property is defined and its operands are complete.
#[derive(Debug, Clone)]
pub struct Condition {
    pub(super) property: String,
    pub(super) operator: Operator,
    kind: PropertyType,
    /// `true` if a value can hold several options.
    holds_several: bool,
    /// One operand, the two ends of a range, or a list, in the format of the search API.
    pub(super) operands: Vec<String>,
}

impl Condition {
    pub fn new(
        definition: &Definition,
        operator: Operator,
        given: Operands<'_>,
    ) -> Result<Self, BadOperand> {
        let one = |key, value: Option<&str>| {
            let value = value.map(str::trim).filter(|value| !value.is_empty());
            let problem = format!("is missing: `{}` compares with it", name(operator));
            value.ok_or(BadOperand { key, problem }).and_then(|value| {
                written(definition.kind, operator, value)
                    .ok_or_else(|| BadOperand { key, problem: misfit(definition) })
            })
        };
        let operands = match operator {
            Operator::HasProperty | Operator::NotHasProperty => Vec::new(),
            Operator::Between => {
                vec![one("value", given.value)?, one("high_value", given.high_value)?]
            }
            Operator::In | Operator::NotIn if given.values.is_empty() => {
                vec![one("values", None)?]
            }
            Operator::In | Operator::NotIn => {
                let each = given.values.iter().map(|value| one("values", Some(value)));
                each.collect::<Result<_, _>>()?
            }
            Operator::Eq
            | Operator::Neq
            | Operator::Lt
            | Operator::Lte
            | Operator::Gt
            | Operator::Gte
            | Operator::ContainsToken
            | Operator::NotContainsToken => vec![one("value", given.value)?],
        };
        Ok(Self {
            property: definition.name.clone(),
            operator,
            kind: definition.kind,
            holds_several: definition.holds_several(),
            operands,
        })
    }

    pub fn property(&self) -> &str {
        &self.property
    }

    /// Returns `true` if the meaning of the condition in a search is well defined.
    pub(super) fn is_certain(&self) -> bool {
        match self.operator {
            Operator::HasProperty | Operator::NotHasProperty => true,
            Operator::Eq | Operator::In => !self.holds_several,
            Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte | Operator::Between => {
                matches!(
                    self.kind,
                    PropertyType::Number | PropertyType::Date | PropertyType::Datetime
                )
            }
            Operator::Neq
            | Operator::NotIn
            | Operator::ContainsToken
            | Operator::NotContainsToken => false,
        }
    }

    /// Returns `true` if the condition holds for a record with this value of the property. An empty
    /// value counts as absent.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return matches!(
                self.operator,
                Operator::NotHasProperty
                    | Operator::Neq
                    | Operator::NotIn
                    | Operator::NotContainsToken
            );
        };
        let is = |place: usize, wanted: fn(Ordering) -> bool| {
            self.operands
                .get(place)
                .and_then(|operand| self.compare(value, operand))
                .is_some_and(wanted)
        };
        match self.operator {
            Operator::HasProperty => true,
            Operator::NotHasProperty => false,
            Operator::Eq | Operator::In => self.is_among(value),
            Operator::Neq | Operator::NotIn => !self.is_among(value),
            Operator::Lt => is(0, Ordering::is_lt),
            Operator::Lte => is(0, Ordering::is_le),
            Operator::Gt => is(0, Ordering::is_gt),
            Operator::Gte => is(0, Ordering::is_ge),
            Operator::Between => is(0, Ordering::is_ge) && is(1, Ordering::is_le),
            Operator::ContainsToken => self.has_token(value),
            Operator::NotContainsToken => !self.has_token(value),
        }
    }

    /// Returns `true` if the value, or one of its options, equals one of the operands.
    fn is_among(&self, value: &str) -> bool {
        let separator = if self.holds_several { ';' } else { '\0' };
        value.split(separator).any(|part| {
            let is_same = |operand: &String| self.compare(part, operand) == Some(Ordering::Equal);
            self.operands.iter().any(is_same)
        })
    }

    /// Returns `true` if the whole value, or one of its words, matches the operand. `*` matches any
    /// text.
    fn has_token(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        let words = || value.split(|c: char| !c.is_alphanumeric());
        self.operands.iter().any(|operand| {
            // There is no single-character wildcard: the null character never occurs in a value.
            let pattern = WildMatchPattern::<'*', '\0'>::new(&operand.to_lowercase());
            pattern.matches(&value) || words().any(|word| !word.is_empty() && pattern.matches(word))
        })
    }

    /// Compares a value with an operand. Returns `None` if they are not comparable.
    fn compare(&self, value: &str, operand: &str) -> Option<Ordering> {
        match self.kind {
            PropertyType::Number => compare_numbers(value, operand),
            PropertyType::Date | PropertyType::Datetime => {
                Some(parse_iso(value)?.cmp(&parse_iso(operand)?))
            }
            PropertyType::Bool | PropertyType::Enumeration | PropertyType::Text => {
                Some(value.to_lowercase().cmp(&operand.to_lowercase()))
            }
        }
    }
}

/// Compares integers exactly, and other numbers in floating point, as HubSpot stores them.
fn compare_numbers(one: &str, other: &str) -> Option<Ordering> {
    match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) => Some(one.cmp(&other)),
        _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse::<f64>().ok()?),
    }
}

/// Returns an operand in the format of the search API, or `None` if the property cannot have such a
/// value.
fn written(kind: PropertyType, operator: Operator, operand: &str) -> Option<String> {
    if matches!(operator, Operator::ContainsToken | Operator::NotContainsToken) {
        return Some(operand.to_owned());
    }
    match kind {
        PropertyType::Number => {
            let number: f64 = operand.parse().ok()?;
            number.is_finite().then(|| operand.to_owned())
        }
        // HubSpot: timestamps in searches are in milliseconds.
        PropertyType::Date | PropertyType::Datetime => {
            Some(parse_iso(operand)?.timestamp_millis().to_string())
        }
        PropertyType::Bool => {
            let flag: bool = operand.to_lowercase().parse().ok()?;
            Some(flag.to_string())
        }
        // HubSpot: strings in a list must be in lower case.
        PropertyType::Text if operator == Operator::In => Some(operand.to_lowercase()),
        PropertyType::Enumeration | PropertyType::Text => Some(operand.to_owned()),
    }
}

fn misfit(definition: &Definition) -> String {
    let what = match definition.kind {
        PropertyType::Number => "a number",
        PropertyType::Date => "a date, like 2024-01-31",
        PropertyType::Datetime => "a moment, like 2024-01-31T00:00:00Z",
        PropertyType::Bool => "`true` or `false`",
        PropertyType::Enumeration | PropertyType::Text => "text",
    };
    format!("must be {what}, because `{}` is of that type", definition.name)
}

fn name(operator: Operator) -> String {
    serde_json::to_string(&operator).unwrap_or_default().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::filter::Filter;

    fn definition(kind: PropertyType, field_type: &str) -> Definition {
        Definition {
            name: "p".into(),
            kind,
            field_type: field_type.into(),
            ..Definition::default()
        }
    }

    /// Parses an operator and its operands, separated by `|`.
    fn condition(definition: &Definition, written: &str) -> Result<Condition, BadOperand> {
        let (operator, operands) = written.split_once(' ').unwrap_or((written, ""));
        let operator = serde_json::from_value(operator.into()).unwrap();
        let values: Vec<_> = operands.split('|').map(str::to_owned).collect();
        let values = if operands.is_empty() { &[][..] } else { &values };
        let one = |place: usize| values.get(place).map(String::as_str);
        Condition::new(definition, operator, Operands { value: one(0), high_value: one(1), values })
    }

    #[test]
    fn a_record_is_kept_by_the_value_it_has() {
        let text = definition(PropertyType::Text, "text");
        let option = definition(PropertyType::Enumeration, "select");
        let options = definition(PropertyType::Enumeration, "checkbox");
        let number = definition(PropertyType::Number, "number");
        let flag = definition(PropertyType::Bool, "booleancheckbox");
        let date = definition(PropertyType::Date, "date");
        let moment = definition(PropertyType::Datetime, "date");
        for (definition, written, kept, dropped) in [
            (&text, "EQ Ada", &["Ada", "ADA"][..], &["Ad", "Ada ", ""][..]),
            (&text, "NEQ Ada", &["Ad", ""], &["ada"]),
            (&text, "IN Ada|Bob", &["ada", "BOB"], &["Cy", ""]),
            (&text, "NOT_IN Ada|Bob", &["Cy", ""], &["ada", "Bob"]),
            (&text, "LT b", &["Ada", "a"], &["B", "b", "c", ""]),
            (&text, "BETWEEN b|d", &["B", "cat", "d"], &["a", "da", ""]),
            (&text, "HAS_PROPERTY", &["x", " "], &[""]),
            (&text, "NOT_HAS_PROPERTY", &[""], &["x"]),
            (
                &text,
                "CONTAINS_TOKEN york",
                &["New York", "york", "york-on-sea"],
                &["Yorkshire", ""],
            ),
            (&text, "CONTAINS_TOKEN york*", &["New Yorkshire"], &["new-yor"]),
            (&text, "CONTAINS_TOKEN *@Example.com", &["ada@example.com"], &["ada@example.org"]),
            (&text, "CONTAINS_TOKEN new york", &["New York"], &["york new"]),
            (&text, "CONTAINS_TOKEN y?rk", &["y?rk"], &["york"]),
            (&text, "NOT_CONTAINS_TOKEN york", &["Yorkshire", ""], &["New York"]),
            (&option, "EQ customer", &["customer", "Customer"], &["lead", "customer;lead", ""]),
            (&options, "EQ red", &["red", "blue;red"], &["reddish", "blue", ""]),
            (&options, "NOT_IN red|green", &["blue", ""], &["blue;green"]),
            (&number, "EQ 10", &["10", "10.0", "1e1"], &["10.01", "ten", ""]),
            (&number, "GT 9007199254740992", &["9007199254740993"], &["9007199254740992", "2"]),
            (&number, "LTE 2.5", &["2.5", "-3", "2"], &["2.51", "", "x"]),
            (&number, "BETWEEN 1|2", &["1", "1.5", "2.0"], &["0.9", "3", ""]),
            (&flag, "EQ True", &["true"], &["false", ""]),
            (&flag, "NEQ true", &["false", ""], &["true"]),
            (&date, "EQ 2024-01-31", &["2024-01-31"], &["2024-02-01", ""]),
            (&date, "GTE 20240131", &["2024-01-31", "2025-01-01"], &["2024-01-30"]),
            (
                &moment,
                "LT 2024-01-31T10:00:00+01:00",
                &["2024-01-31T08:59:59.999Z", "1706691599999"],
                &["2024-01-31T09:00:00Z", "", "soon"],
            ),
            (&moment, "EQ 1706691600000", &["2024-01-31T09:00:00Z"], &["2024-01-31T09:00:00.001Z"]),
        ] {
            let condition = condition(definition, written).unwrap();
            for (values, expected) in [(kept, true), (dropped, false)] {
                for value in values {
                    assert_eq!(condition.holds(Some(value)), expected, "{written}: `{value}`");
                }
            }
            assert_eq!(condition.holds(None), condition.holds(Some("")), "{written}");
        }
    }

    #[test]
    fn searches_are_written_as_hubspot_reads_them() {
        let text = definition(PropertyType::Text, "text");
        let option = definition(PropertyType::Enumeration, "select");
        let options = definition(PropertyType::Enumeration, "checkbox");
        let number = definition(PropertyType::Number, "number");
        let date = definition(PropertyType::Date, "date");
        for (definition, written, is_certain, expected) in [
            (&text, "EQ Ada", true, r#""operator":"EQ","value":"Ada""#),
            (&text, "IN Ada|Bob", true, r#""operator":"IN","values":["ada","bob"]"#),
            (&text, "LT b", false, r#""operator":"LT","value":"b""#),
            (&text, "NEQ Ada", false, r#""operator":"NEQ","value":"Ada""#),
            (&option, "IN Lead", true, r#""operator":"IN","values":["Lead"]"#),
            (&options, "EQ red", false, r#""operator":"EQ","value":"red""#),
            (&options, "NOT_HAS_PROPERTY", true, r#""operator":"NOT_HAS_PROPERTY""#),
            (&number, "BETWEEN 1|2", true, r#""operator":"BETWEEN","value":"1","highValue":"2""#),
            (&date, "GTE 2024-01-31", true, r#""operator":"GTE","value":"1706659200000""#),
        ] {
            let condition = condition(definition, written).unwrap();
            let body = serde_json::to_string(&Filter::from(&condition)).unwrap();
            assert_eq!(body, format!(r#"{{"propertyName":"p",{expected}}}"#), "{written}");
            assert_eq!(condition.is_certain(), is_certain, "{written}");
        }
    }

    #[test]
    fn operands_that_cannot_be_compared_are_named() {
        let number = definition(PropertyType::Number, "number");
        let moment = definition(PropertyType::Datetime, "date");
        for (definition, written, key, problem) in [
            (&number, "EQ", "value", "is missing: `EQ` compares with it"),
            (&number, "BETWEEN 1", "high_value", "is missing: `BETWEEN` compares with it"),
            (&number, "NOT_IN", "values", "is missing: `NOT_IN` compares with it"),
            (&number, "IN 1|x", "values", "must be a number, because `p` is of that type"),
            (&number, "GT NaN", "value", "must be a number, because `p` is of that type"),
            (
                &moment,
                "GT soon",
                "value",
                "must be a moment, like 2024-01-31T00:00:00Z, because `p` is of that type",
            ),
        ] {
            let bad = condition(definition, written).unwrap_err();
            assert_eq!((bad.key, bad.problem.as_str()), (key, problem), "{written}");
        }
    }
}
