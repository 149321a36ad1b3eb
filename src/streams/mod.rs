//! What there is to read: the table of streams, and how each family of them is read.
//!
//! A stream is a row of [`STREAMS`]; a difference between streams is a field of the row.

mod association;
mod context;
mod cost;
mod custom;
pub mod family;
mod names;
mod objects;
mod registry;
mod reshape;
mod spec;
mod tally;

pub use association::{AssociationStream, scopes_of};
pub use context::{Context, Places, Planned, Targets};
pub use cost::{Cost, Each, Term};
pub use custom::CustomStream;
pub use names::Names;
pub use objects::names_of;
pub use registry::STREAMS;
pub use spec::{
    Child, Children, CursorField, Family, Fill, Occurrences, Otherwise, Parents, Pass, Reshape,
    Schema, StreamSpec,
};
pub use tally::Tally;
