//! The commands `check`, `discover` and `read`.

mod access;
mod available;
mod check;
mod choice;
mod day;
mod definitions;
mod discover;
mod plan;
mod read;
mod report;
mod rows;
mod run;
mod session;
mod stream;
mod unknown_columns;
mod watch;

pub use check::{CheckReport, check};
pub use discover::discover;
pub use read::{FailedStream, ReadInputs, read};
pub use session::Session;
