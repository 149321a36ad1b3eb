//! From one record of a page to one RECORD line. Pure and synchronous: no clock, no I/O.

mod coerce;
mod columns;
mod datetime;
mod encode;
mod fields;

pub use coerce::{Coerced, Kind, coerce};
pub use columns::{Columns, Field, Property, Source};
pub use encode::Encoder;
pub use fields::Record;
