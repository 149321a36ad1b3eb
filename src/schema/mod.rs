//! Columns of a stream: those that `discover` declares, and those selected by the user.

mod build;
mod column_choice;
mod patterns;
mod properties;

pub use build::build;
pub use column_choice::choose;
pub use patterns::{Patterns, object_of};
pub use properties::{Legacy, PropertyColumn, PropertyTexts, property_columns};
