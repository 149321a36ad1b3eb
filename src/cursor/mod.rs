//! Read progress of a stream: positions, scans and checkpoints.
//!
//! The code is pure: no clock, no I/O, no HubSpot wire formats. Every decision to skip a record
//! because it has already been read is made here.

#[cfg(test)]
mod cases;
mod checkpoint;
mod commit_tracker;
#[cfg(test)]
mod model;
mod partitions;
mod position;
mod ranges;
mod scan;
mod splitting;
mod task;
mod windows;
mod wire;

pub use checkpoint::{
    BadState, SavedState, ScanProgress, UnusedPart, complete, complete_with_recheck, in_progress,
    in_progress_as, in_progress_without_cursor, no_cursor, parents_without_cursor,
};
pub use commit_tracker::CommitTracker;
pub use partitions::{ParentProgress, Partitions, complete_global};
pub use position::{CursorFormat, FIRST, SETTLING, TimeBounds};
pub use ranges::{PageKey, RangeKey};
pub use scan::Scan;
pub use task::{
    AcceptedPage, CountProbe, PageInfo, PageRequest, PagingViolation, ParallelReaders, Parallelism,
    ReadMode, ScanPass, ScanTask,
};
pub use windows::{Span, TimeWindow};
