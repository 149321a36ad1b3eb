//! Read progress of a stream: positions, scans and checkpoints.
//!
//! The code is pure: no clock, no I/O, no HubSpot wire formats. Every decision to skip a record
//! because it has already been read is made here.

#[cfg(test)]
mod cases;
mod codec;
mod commit_tracker;
#[cfg(test)]
mod model;
mod position;
mod ranges;
mod scan;
mod state;
#[cfg(test)]
mod state_formats;
mod task;
mod windows;
mod wire;

pub use codec::{StateCodec, StateCursor, StateLayout};
pub use commit_tracker::CommitTracker;
pub use position::{BadState, CursorFormat, FIRST, SETTLING, TimeBounds};
pub use ranges::{IdRange, PageKey, RangeKey};
pub use scan::Scan;
pub use state::{
    FinishedParents, IgnoredPart, ParentPositions, Partitions, Position, SavedState, ScanProgress,
    StreamState,
};
pub use task::{
    AcceptedPage, CountProbe, PageInfo, PageRequest, PagingViolation, ParallelReaders, Parallelism,
    ReadMode, ScanPass, ScanTask,
};
pub use windows::Span;
