//! Ordering of property values.

use std::cmp::Ordering;

use crate::portal::{Definition, Kind, Role, View, parse_ms};

/// A comparable form of a value.
#[derive(Debug, PartialEq)]
pub(crate) enum Rank {
    Whole(i128),
    Float(f64),
    Text(String),
}

impl Rank {
    pub(crate) fn of(kind: Kind, role: Role, text: &str) -> Self {
        let lower = || Self::Text(text.to_lowercase());
        match kind {
            _ if role == Role::Id => text.parse().map_or_else(|_| lower(), Self::Whole),
            Kind::Date | Kind::DateTime | Kind::Stamp => {
                parse_ms(text).map_or_else(lower, |ms| Self::Whole(i128::from(ms)))
            }
            Kind::Whole | Kind::Money | Kind::Big | Kind::Exponent => {
                text.parse().map_or_else(|_| lower(), Self::Float)
            }
            Kind::Text
            | Kind::LongText
            | Kind::Phone
            | Kind::Bool
            | Kind::Choice(_)
            | Kind::Choices(_)
            | Kind::Owner
            | Kind::Json
            | Kind::Coordinates
            | Kind::Recording
            | Kind::Fixed(_)
            | Kind::Future => lower(),
        }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(other),
            (Self::Float(one), Self::Float(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Whole(_) | Self::Float(_), _) => Ordering::Less,
            (Self::Text(_), _) => Ordering::Greater,
        }
    }
}

/// Orders two records by a property; records without a value come last.
pub(crate) fn compare(
    one: &View<'_>,
    other: &View<'_>,
    definition: &Definition,
    place: usize,
) -> Ordering {
    let rank = |view: &View<'_>| {
        view.text(definition, place).map(|text| Rank::of(definition.kind, definition.role, &text))
    };
    match (rank(one), rank(other)) {
        (Some(one), Some(other)) => one.compare(&other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
