//! What a person sees of a read: lines that move while it goes on, and a table at its end.
//!
//! ```text
//! numbers ─▶ Sample ─▶ Board ─▶ lines ─▶ Screen ─▶ stderr, if that is a terminal
//!            5 a second  pure             a thread of its own
//! ```
//!
//! Nothing here knows what the numbers are about, and nothing that is read waits for a terminal.

mod board;
#[cfg(test)]
mod cases;
mod line;
mod rate;
mod screen;
mod table;
mod words;

pub use board::{Board, Ended, How, Quota, Sample, Size};
pub use line::{Line, Mark};
pub use screen::Screen;
