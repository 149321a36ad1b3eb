//! Tasks that a scan hands to its readers, and their results.

use super::ranges::{PageKey, RangeKey};
use crate::page_guard::Endless;
use crate::time::Millis;

/// Read mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    List,
    Search,
}

/// Task for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Request one page of a range.
    Page(RangeKey, Ask),
    /// Probe the number of records and the highest id.
    Survey,
    /// Count the search hits with `from <= id < to` again, because the totals of the pages in that
    /// part were inconsistent: see [`Scan::recounted`](super::Scan::recounted).
    Recount { range: RangeKey, from: u64, to: u64 },
    /// Find the split point: the record at zero-based rank `after` among those with an id above
    /// `above`.
    Mark { above: u64, after: u64 },
}

/// Request for one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A list page starting at this page token.
    List { after: Option<String> },
    /// Search hits with `above < id < below`. `offset` is set only after an empty page that was not
    /// the last one.
    Search { above: u64, below: Option<u64>, offset: Option<String> },
}

impl Ask {
    pub fn way(&self) -> Way {
        match self {
            Self::List { .. } => Way::List,
            Self::Search { .. } => Way::Search,
        }
    }
}

/// Read mode and window of a page; decides which of its records are emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    pub way: Way,
    /// Start of the window, inclusive.
    pub lower: Millis,
}

impl Pass {
    /// Returns `true` if a record modified at this instant is to be emitted. A record without a
    /// modification date always is.
    ///
    /// Search hits are always emitted: the index may be older than the record.
    pub fn wants(self, modified: Option<Millis>) -> bool {
        self.way == Way::Search || modified.is_none_or(|modified| modified >= self.lower)
    }
}

/// Contents of a page, as far as the scan needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Record ids, in page order.
    pub ids: Vec<Option<u64>>,
    /// Token for the next page; only its absence ends a range.
    pub token: Option<String>,
    /// Number of records left in the range, including this page, if the API reports it.
    pub left: Option<u64>,
}

/// Page accepted by the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub page: PageKey,
    /// Number of records to emit, counted from the start of the page.
    pub share: usize,
}

/// Result of a count probe, as reported by the search index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// Number of records of the object type.
    pub total: u64,
    /// Number of those that changed in the window and match the search filter.
    pub in_window: u64,
    /// Highest id.
    pub top: u64,
}

/// A response that violates an assumption of the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contradiction {
    /// Ids are not ascending, page tokens do not follow the ids, or search totals do not add up.
    Order,
    /// The sequence of pages never ends.
    Endless(Endless),
}

/// Limits for the concurrent readers of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    pub list: Readers,
    pub search: Readers,
}

/// Limits for the readers of one read mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readers {
    /// Maximum number of ranges read concurrently.
    pub most: usize,
    /// Number of records per page.
    pub page: u64,
}
