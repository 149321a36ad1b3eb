//! Read progress of a stream: positions, scans and checkpoints.
//!
//! The code is pure: no clock, no I/O, no HubSpot wire formats. Every decision to skip a record
//! because it has already been read is made here.

#[cfg(test)]
mod cases;
mod checkpoint;
mod gapless;
mod job;
#[cfg(test)]
mod model;
mod own;
mod partitions;
mod position;
mod ranges;
mod scan;
mod sharing;
mod windows;

pub use checkpoint::{
    BadState, Progress, Saved, Unused, complete, complete_but, no_cursor, parents_without_cursor,
    under_way, under_way_as, under_way_without_cursor,
};
pub use gapless::Gapless;
pub use job::{Ask, Contradiction, Job, Pass, Readers, Seen, Spread, Survey, Taken, Way};
pub use partitions::{Parents, Partitions, complete_global};
pub use position::{Bounds, CursorFormat, FIRST, SETTLING};
pub use ranges::{PageKey, RangeKey};
pub use scan::Scan;
pub use windows::{Span, Window};
