//! The commands `check`, `discover` and `read`.

mod check;
mod choice;
mod day;
mod definitions;
mod discover;
mod found;
mod offer;
mod plan;
mod read;
mod receipt;
mod rows;
mod session;
mod stream;
mod watch;

pub use check::check;
pub use discover::discover;
pub use read::{Inputs, read};
pub use session::Session;
