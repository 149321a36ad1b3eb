//! Filters in the body of a search.

use std::borrow::Cow;

use serde::Serialize;

use super::condition::{Condition, Operator};

/// A filter in the body of a search.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter<'a> {
    property_name: &'a str,
    operator: Operator,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'a [String]>,
}

impl<'a> Filter<'a> {
    /// Creates a filter that compares a property with one value.
    pub(super) fn one(property_name: &'a str, operator: Operator, value: String) -> Self {
        let value = Some(Cow::Owned(value));
        Self { property_name, operator, value, high_value: None, values: None }
    }

    /// Creates a filter for records that have a value of the property.
    pub(super) fn has(property_name: &'a str) -> Self {
        let operator = Operator::HasProperty;
        Self { property_name, operator, value: None, high_value: None, values: None }
    }
}

impl<'a> From<&'a Condition> for Filter<'a> {
    fn from(condition: &'a Condition) -> Self {
        let Condition { property, operator, operands, .. } = condition;
        let is_list = matches!(operator, Operator::In | Operator::NotIn);
        let operand = |place: usize| operands.get(place).map(String::as_str).filter(|_| !is_list);
        Self {
            property_name: property,
            operator: *operator,
            value: operand(0).map(Cow::Borrowed),
            high_value: operand(1),
            values: is_list.then_some(operands),
        }
    }
}
