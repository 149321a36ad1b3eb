//! Tasks that a scan hands to its readers, and their results.

use super::ranges::{PageKey, RangeKey};
use crate::page_guard::Endless;
use crate::record_id::RecordId;
use crate::time::Millis;

/// Read mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMode {
    List,
    Search,
}

/// Task for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanTask {
    /// Request one page of a range.
    Page(RangeKey, PageRequest),
    /// Probe the number of records and the highest id.
    CountProbe,
    /// Count the search hits with `from <= id < to` again, because the totals of the pages in that
    /// part were inconsistent: see [`Scan::recounted`](super::Scan::recounted).
    Recount { range: RangeKey, from: RecordId, to: RecordId },
    /// Find the split point: the record at zero-based rank `after` among those with an id above
    /// `above`.
    SplitPoint { above: RecordId, after: u64 },
}

/// Request for one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageRequest {
    /// A list page starting at this page token.
    List { after: Option<String> },
    /// Search hits with `above < id < below`. `offset` is set only after an empty page that was not
    /// the last one.
    Search { above: RecordId, below: Option<RecordId>, offset: Option<String> },
}

impl PageRequest {
    pub fn mode(&self) -> ReadMode {
        match self {
            Self::List { .. } => ReadMode::List,
            Self::Search { .. } => ReadMode::Search,
        }
    }
}

/// Read mode and window of a page; decides which of its records are emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanPass {
    pub mode: ReadMode,
    /// Start of the window, inclusive.
    pub lower: Millis,
}

impl ScanPass {
    /// Returns `true` if a record modified at this instant is to be emitted. A record without a
    /// modification date always is.
    ///
    /// Search hits are always emitted: the index may be older than the record.
    pub fn wants(self, modified: Option<Millis>) -> bool {
        self.mode == ReadMode::Search || modified.is_none_or(|modified| modified >= self.lower)
    }
}

/// Contents of a page, as far as the scan needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageInfo {
    /// Record ids, in page order.
    pub ids: Vec<Option<RecordId>>,
    /// Token for the next page; only its absence ends a range.
    pub token: Option<String>,
    /// Number of records left in the range, including this page, if the API reports it.
    pub left: Option<u64>,
}

/// Page accepted by the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptedPage {
    pub page: PageKey,
    /// Number of records to emit, counted from the start of the page.
    pub share: usize,
}

/// Result of a count probe, as reported by the search index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountProbe {
    /// Number of records of the object type.
    pub total: u64,
    /// Number of those that changed in the window and match the search filter.
    pub in_window: u64,
    /// Highest id.
    pub top: RecordId,
}

/// A response that violates an assumption of the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagingViolation {
    /// Ids are not ascending, page tokens do not follow the ids, or search totals do not add up.
    Order,
    /// The sequence of pages never ends.
    Endless(Endless),
}

/// Limits for the concurrent readers of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parallelism {
    pub list: ParallelReaders,
    pub search: ParallelReaders,
}

/// Limits for the readers of one read mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParallelReaders {
    /// Maximum number of ranges read concurrently.
    pub most: usize,
    /// Number of records per page.
    pub page: u64,
}
