//! Search filters: deserialization, the part answered by the index, and the test of single records.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::Answer;
use crate::portal::{Kind, Portal, Role, Store, View, Window};
use crate::refusal;
use crate::routes::rank::Rank;
use crate::settings::DoubtfulFilters;

/// One filter as in the request body.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Filter {
    property_name: String,
    operator: Operator,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    high_value: Option<Value>,
    #[serde(default)]
    values: Option<Vec<Value>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Operator {
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

/// The operand of a condition.
#[derive(Debug, Clone, Copy)]
enum Subject {
    Property(usize),
    /// Associations to the type at this index.
    Links(usize),
}

/// A filter with a resolved property and complete values.
#[derive(Debug)]
pub(crate) struct Condition {
    subject: Subject,
    kind: Kind,
    role: Role,
    operator: Operator,
    /// One value, two for a range, or a list.
    values: Vec<String>,
    /// `true` if behavior that HubSpot does not document is interpreted as matching as few records
    /// as possible.
    narrow: bool,
}

/// A filter group: a window of the index and the remaining conditions.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) window: Window,
    pub(crate) rest: Vec<Condition>,
    /// `true` if no record can match.
    pub(crate) never: bool,
}

impl Plan {
    /// Creates the plan for a filter group.
    pub(crate) fn new(portal: &Portal, store: &Store, group: &[Filter]) -> Result<Self, Answer> {
        let mut plan = Self::default();
        let narrow = portal.settings.doubtful_filters == DoubtfulFilters::Narrow;
        for filter in group {
            let values = filter.complete_values()?;
            let name = filter.property_name.as_str();
            if let Some(object) = name.strip_prefix("associations.") {
                let place = portal.place(object).filter(|_| !store.object.custom);
                let place = place.ok_or_else(|| refusal::unknown_type(object))?;
                plan.rest.push(Condition {
                    subject: Subject::Links(place),
                    kind: Kind::Whole,
                    role: Role::Plain,
                    operator: filter.operator,
                    values,
                    narrow,
                });
                continue;
            }
            // HubSpot: contacts accept the modified-date name of the other types but match nothing.
            if store.object.id == "0-1" && name == "hs_lastmodifieddate" {
                plan.never = true;
                continue;
            }
            let (place, definition) = store.definition(name).ok_or_else(|| {
                refusal::validation(&format!(
                    "There was a problem with the request: property {name} does not exist"
                ))
            })?;
            let condition = Condition {
                subject: Subject::Property(place),
                kind: definition.kind,
                role: definition.role,
                operator: filter.operator,
                values,
                narrow,
            };
            condition.check()?;
            if !plan.absorb(&condition) {
                plan.rest.push(condition);
            }
        }
        Ok(plan)
    }

    /// Narrows the window if the condition is about the record's id or one of its dates.
    fn absorb(&mut self, condition: &Condition) -> bool {
        let Some((low, high)) = condition.bounds() else { return false };
        match condition.role {
            Role::Modified => {
                narrow(&mut self.window.modified, low, high);
                true
            }
            Role::Created => {
                narrow(&mut self.window.created, low, high);
                true
            }
            Role::Id => {
                let ids = &self.window.ids;
                let low = u64::try_from(low.max(0)).unwrap_or(u64::MAX);
                let high = match high {
                    Some(high) if high < 0 => {
                        self.never = true;
                        0
                    }
                    Some(high) => u64::try_from(high).unwrap_or(u64::MAX),
                    None => u64::MAX,
                };
                self.window.ids = low.max(*ids.start())..=high.min(*ids.end());
                true
            }
            Role::Plain | Role::Email | Role::MergedIds | Role::MergedVids | Role::Restless => {
                false
            }
        }
    }
}

/// Intersects a time window with the range from `low` to `high`.
fn narrow(window: &mut Range<i64>, low: i128, high: Option<i128>) {
    let end = high.map_or(i128::MAX, |high| high + 1);
    *window = window.start.max(clamp(low))..window.end.min(clamp(end));
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

impl Filter {
    /// Returns the values that the operator requires, as text.
    fn complete_values(&self) -> Result<Vec<String>, Answer> {
        let value = self.value.iter();
        let wanted: Vec<&Value> = match self.operator {
            Operator::Between => value.chain(&self.high_value).collect(),
            Operator::In | Operator::NotIn => self.values.iter().flatten().collect(),
            Operator::HasProperty | Operator::NotHasProperty => Vec::new(),
            Operator::Eq
            | Operator::Neq
            | Operator::Lt
            | Operator::Lte
            | Operator::Gt
            | Operator::Gte
            | Operator::ContainsToken
            | Operator::NotContainsToken => value.collect(),
        };
        let least = match self.operator {
            Operator::Between => 2,
            Operator::HasProperty | Operator::NotHasProperty => 0,
            Operator::Eq
            | Operator::Neq
            | Operator::Lt
            | Operator::Lte
            | Operator::Gt
            | Operator::Gte
            | Operator::In
            | Operator::NotIn
            | Operator::ContainsToken
            | Operator::NotContainsToken => 1,
        };
        if wanted.len() < least {
            let name = &self.property_name;
            return Err(refusal::validation(&format!("filter on {name} lacks a value")));
        }
        wanted.into_iter().map(text).collect()
    }
}

/// HubSpot: a value may be a string or a number.
fn text(value: &Value) -> Result<String, Answer> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(refusal::validation("a filter value must be text or a number"))
        }
    }
}

impl Condition {
    /// Rejects values that cannot be compared with a date or an id.
    fn check(&self) -> Result<(), Answer> {
        let whole =
            self.role == Role::Id || matches!(self.kind, Kind::Date | Kind::DateTime | Kind::Stamp);
        let tokens = matches!(self.operator, Operator::ContainsToken | Operator::NotContainsToken);
        let odd = self
            .values
            .iter()
            .find(|value| whole && !tokens && !matches!(self.rank(value), Rank::Whole(_)));
        match odd {
            Some(value) => Err(refusal::validation(&format!("{value} is not a valid value"))),
            None => Ok(()),
        }
    }

    fn rank(&self, text: &str) -> Rank {
        Rank::of(self.kind, self.role, text)
    }

    /// Returns the closed range of integers that the condition allows, if it is a range.
    fn bounds(&self) -> Option<(i128, Option<i128>)> {
        let number = |place: usize| match self.values.get(place).map(|text| self.rank(text)) {
            Some(Rank::Whole(number)) => Some(number),
            Some(Rank::Float(_) | Rank::Text(_)) | None => None,
        };
        let least = i128::from(i64::MIN);
        match self.operator {
            Operator::Eq => number(0).map(|value| (value, Some(value))),
            Operator::Lt => number(0).map(|value| (least, Some(value - 1))),
            Operator::Lte => number(0).map(|value| (least, Some(value))),
            Operator::Gt => number(0).map(|value| (value + 1, None)),
            Operator::Gte => number(0).map(|value| (value, None)),
            Operator::Between => Some((number(0)?, Some(number(1)?))),
            Operator::Neq
            | Operator::In
            | Operator::NotIn
            | Operator::HasProperty
            | Operator::NotHasProperty
            | Operator::ContainsToken
            | Operator::NotContainsToken => None,
        }
    }

    /// Returns `true` if the condition holds for a record.
    pub(crate) fn holds(&self, portal: &Portal, store: &Store, view: &View<'_>) -> bool {
        let place = match self.subject {
            Subject::Property(place) => place,
            Subject::Links(to) => {
                let from = portal.place(&store.object.id).unwrap_or_default();
                let links = portal.links(from, view.id, to);
                return self
                    .values
                    .iter()
                    .any(|value| links.iter().any(|link| value.parse() == Ok(link.to_id)));
            }
        };
        let Some(definition) = store.definitions.get(place) else { return false };
        // HubSpot: a cleared property has no value, whether it is returned as null or as an empty
        // string.
        let text = view.text(definition, place).filter(|text| !text.is_empty());
        let Some(text) = text else {
            let negates = matches!(
                self.operator,
                Operator::Neq | Operator::NotIn | Operator::NotContainsToken
            );
            return self.operator == Operator::NotHasProperty || negates && !self.narrow;
        };
        self.accepts(&text)
    }

    fn accepts(&self, text: &str) -> bool {
        let order = |place: usize| {
            let value = self.values.get(place).map_or("", String::as_str);
            match (self.rank(text), self.rank(value)) {
                (Rank::Text(_), Rank::Text(_)) if self.narrow => text.cmp(value),
                (text, value) => text.compare(&value),
            }
        };
        match self.operator {
            Operator::Eq | Operator::In => self.among(text),
            Operator::Neq | Operator::NotIn => !self.among(text),
            Operator::Lt => order(0).is_lt(),
            Operator::Lte => order(0).is_le(),
            Operator::Gt => order(0).is_gt(),
            Operator::Gte => order(0).is_ge(),
            Operator::Between => order(0).is_ge() && order(1).is_le(),
            Operator::HasProperty => true,
            Operator::NotHasProperty => false,
            Operator::ContainsToken => self.contains_token(text),
            Operator::NotContainsToken => !self.contains_token(text),
        }
    }

    /// Returns `true` if the text, or one of its options, is among the values.
    fn among(&self, text: &str) -> bool {
        let several = matches!(self.kind, Kind::Choices(_)) && !self.narrow;
        let parts = text.split(if several { ';' } else { '\0' });
        let mut parts = parts.map(|part| self.rank(part));
        parts.any(|part| self.values.iter().any(|value| part.compare(&self.rank(value)).is_eq()))
    }

    fn contains_token(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.values.iter().any(|value| {
            let value = value.to_lowercase();
            if self.narrow {
                return text.split_whitespace().any(|word| word == value);
            }
            let bare = value.trim_matches('*');
            if bare.len() < value.len() {
                return text.contains(bare);
            }
            text.split(|letter: char| !letter.is_alphanumeric()).any(|token| token == value)
                || text == value
        })
    }
}
