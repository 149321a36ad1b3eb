//! Progress display on a terminal: live lines during a read and a table at the end.
//!
//! ```text
//! numbers ─▶ Sample ─▶ ProgressView ─▶ lines ─▶ Screen ─▶ stderr, if it is a terminal
//!            5 a second  pure             a thread of its own
//! ```
//!
//! The module is independent of the meaning of the numbers, and a read never waits for the
//! terminal.

#[cfg(test)]
mod cases;
mod line;
mod rate;
mod screen;
mod table;
mod view;
mod words;

pub use line::{Line, RowStyle};
pub use screen::Screen;
pub use view::{EndState, Ended, ProgressView, QuotaUsage, Sample, Size};
