//! Bounds of a search.

use std::ops::{Range, RangeInclusive};

/// A range of modified dates, of creation dates and of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) modified: Range<i64>,
    pub(crate) created: Range<i64>,
    pub(crate) ids: RangeInclusive<u64>,
}

/// Every instant.
pub(crate) const ALL_TIME: Range<i64> = i64::MIN..i64::MAX;

impl Default for Window {
    fn default() -> Self {
        Self { modified: ALL_TIME, created: ALL_TIME, ids: 0..=u64::MAX - 1 }
    }
}
