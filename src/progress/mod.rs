//! Progress display on a terminal: live lines during a read and a table at the end.
//!
//! ```text
//! counters ─▶ Sample ─▶ ProgressView ─▶ lines ─▶ Screen ─▶ stderr, if it is a terminal
//!             5 per second  pure               own thread
//! ```
//!
//! A read never waits for the terminal: while it is slow, updates are dropped. `indicatif` draws
//! under a lock that its setters share, so a stalled terminal would stall the read. It also has no
//! columns that depend on the width, no limit on the number of lines, and no replaceable clock.

#[cfg(test)]
mod cases;
mod screen;
mod table;
mod text;
mod view;

pub use screen::Screen;
pub use text::{Fraction, Line, RowStyle};
pub use view::{EndState, Ended, Outage, ProgressView, QuotaUsage, Sample, Size};
