//! Stream definitions and the code that reads them.
//!
//! A stream is an entry of [`STREAMS`]; differences between streams are fields of that entry.

mod association;
mod checkpoints;
mod context;
mod cost;
mod counter;
mod custom;
mod names;
mod objects;
pub mod readers;
mod registry;
mod spec;
mod strategy;
mod transform;

pub use association::{AssociationStream, scopes_of};
pub use checkpoints::{Checkpoints, Section};
pub use context::{Context, PageBudget, PlannedStream, Targets};
pub use cost::{Cost, Each, Term};
pub use counter::RecordCounter;
pub use custom::CustomStream;
pub use names::Names;
pub use objects::names_of;
pub use registry::STREAMS;
pub use spec::{CursorField, Schema, Scopes, StreamSpec};
pub use strategy::{
    AssociationPair, Child, Collection, Conversions, CrmArchived, CrmColumns, CrmObject, Detailed,
    Engagements, FieldDefault, MarketingEmails, ObjectType, OnForbidden, ParentStream, Pass,
    PropertyHistory, ReadStrategy, RecordEvents, Recordings, Single, Substream, TimeWindows,
    Transform,
};
