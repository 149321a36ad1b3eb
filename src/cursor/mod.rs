//! How far a stream has been read: positions, scans, and what may be claimed of them.
//!
//! Pure: no clock, no I/O, nothing of HubSpot's wire. Whatever decides that a record need not be
//! read again is decided here.

mod checkpoint;
#[cfg(test)]
mod model;
mod position;
mod scan;

pub use checkpoint::{BadState, Progress, Saved, complete, no_cursor, under_way};
pub use position::{Bounds, write_position};
pub use scan::{Ask, Contradiction, Scan, Way};
