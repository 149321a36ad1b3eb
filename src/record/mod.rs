//! Conversion of one record of a page to one RECORD line. Pure and synchronous: no clock, no I/O.

mod casts;
mod coerce;
mod columns;
mod datetime;
mod encode;
mod fields;
mod history;
mod json;

pub use casts::{Casts, EmptyText};
pub use coerce::{Coerced, Kind, coerce};
pub use columns::{Columns, Field, Property, Source};
pub use encode::{Altered, Encoder};
pub use fields::Record;
pub use history::{HistoryEncoder, HistoryForm, VersionField};
