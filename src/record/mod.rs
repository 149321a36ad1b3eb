//! Conversion of one record of a page to one RECORD line. Pure and synchronous: no clock, no I/O.

mod coerce;
mod coercions;
mod columns;
mod datetime;
mod encode;
mod fields;
mod history;
mod json;

pub use coerce::{Coerced, Kind, coerce};
pub use coercions::{Coercions, EmptyString};
pub use columns::{Columns, Field, Property, Source};
pub use encode::{AlteredValues, Encoder};
pub use fields::Record;
pub use history::{HistoryEncoder, HistoryForm, VersionField};
