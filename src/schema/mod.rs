//! The columns of a stream: what `discover` declares, and what of it a user chose.

mod build;
mod choose;
mod patterns;
mod properties;

pub use build::build;
pub use choose::choose;
pub use patterns::{Patterns, object_of};
pub use properties::{Legacy, PropertyColumn, property_columns};
