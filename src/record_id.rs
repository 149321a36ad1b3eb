//! Ids of records.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Id of a record of any object type: a 64-bit number that HubSpot sends as decimal text. Older APIs
/// send a number.
///
/// Displayed as the number, and serialized as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(u64);

impl RecordId {
    /// The lowest id; no record has it.
    pub const MIN: Self = Self(0);

    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// Returns the id as a number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the id that is higher by `count`, at most the highest possible id.
    #[must_use]
    pub const fn saturating_add(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// Returns the id that is higher by `count`, or `None` if there is no such id.
    pub fn checked_add(self, count: u64) -> Option<Self> {
        self.0.checked_add(count).map(Self)
    }

    /// Returns the id that is lower by `count`, at least [`RecordId::MIN`].
    #[must_use]
    pub const fn saturating_sub(self, count: u64) -> Self {
        Self(self.0.saturating_sub(count))
    }

    /// Returns the number of ids in `lower..self`, or 0 if `lower` is higher.
    pub const fn saturating_distance_from(self, lower: Self) -> u64 {
        self.0.saturating_sub(lower.0)
    }
}

impl FromStr for RecordId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Writes the bare number.
impl fmt::Debug for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_decimal_text() {
        for (text, expected) in [
            ("0", Some(RecordId::MIN)),
            ("7", Some(RecordId::new(7))),
            ("18446744073709551615", Some(RecordId::new(u64::MAX))),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.0", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
        let id = RecordId::new(70_021);
        let texts =
            [id.to_string(), format!("{:?}", Some(id)), serde_json::to_string(&id).unwrap()];
        assert_eq!(texts, ["70021", "Some(70021)", r#""70021""#]);
    }

    #[test]
    fn arithmetic_stops_at_the_limits() {
        let (low, high) = (RecordId::new(3), RecordId::new(u64::MAX));
        assert_eq!((low.saturating_add(4), high.saturating_add(4)), (RecordId::new(7), high));
        assert_eq!((low.checked_add(4), high.checked_add(1)), (Some(RecordId::new(7)), None));
        assert_eq!(
            (low.saturating_sub(1), low.saturating_sub(4)),
            (RecordId::new(2), RecordId::MIN)
        );
        assert_eq!(high.saturating_distance_from(low), u64::MAX - 3);
        assert_eq!(low.saturating_distance_from(high), 0);
    }
}
