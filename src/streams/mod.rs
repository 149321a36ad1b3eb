//! What there is to read: the table of streams, and how each family of them is read.
//!
//! A stream is a row of [`STREAMS`]; a difference between streams is a field of the row.

mod context;
mod custom;
pub mod family;
mod registry;
mod spec;

pub use context::{Context, Planned};
pub use custom::CustomStream;
pub use registry::STREAMS;
pub use spec::{CursorField, Family, Fill, Schema, StreamSpec};
