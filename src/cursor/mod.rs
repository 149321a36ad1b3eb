//! How far a stream has been read: positions, scans, and what may be claimed of them.
//!
//! Pure: no clock, no I/O, nothing of HubSpot's wire. Whatever decides that a record need not be
//! read again is decided here.

mod checkpoint;
#[cfg(test)]
mod model;
mod partitions;
mod position;
mod scan;
mod windows;

pub use checkpoint::{BadState, Progress, Saved, complete, no_cursor, under_way, under_way_as};
pub use partitions::{Partitions, complete_global, some_partitions};
pub use position::{Bounds, CursorFormat, FIRST};
pub use scan::{Ask, Contradiction, Scan, Way};
pub use windows::{Done, Span, Window};
