//! Stream definitions and the code that reads them.
//!
//! A stream is an entry of [`STREAMS`]; differences between streams are fields of that entry.

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
