//! Read strategies, one module with a `read` function for each `ReadStrategy`.

mod associations;
mod checkpoint_interval;
mod client_side_cursor;
mod collection;
mod crm_archived;
mod crm_object;
mod detailed;
mod emit;
mod engagements;
mod enrich;
mod marketing_emails;
mod newest_first;
mod object_reader;
mod property_history;
mod record_events;
mod recordings;
mod scanning;
mod single;
mod substream;
mod targeted;
mod time_windows;

use super::context::{Context, PlannedStream};
use super::strategy::ReadStrategy;
use crate::cursor::PagingViolation;
use crate::error::Error;
use crate::hubspot::endless_list;
use crate::record::AlteredValues;

use client_side_cursor::ClientSideCursor;
use emit::Emitter;

/// Statistics of a stream that was read to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamStats {
    pub records: u64,
    /// Values that had to be altered to be written.
    pub altered: AlteredValues,
    /// Number of records to read according to HubSpot, if reported.
    pub expected: Option<u64>,
    /// Number of properties requested, if the stream has properties to choose from.
    pub properties: Option<usize>,
    /// Number of ranges left over by an interrupted read.
    pub resumed: usize,
}

/// Reads one stream to its end and emits its records, followed by its final state.
pub async fn read(context: &Context<'_>, stream: &PlannedStream<'_>) -> Result<StreamStats, Error> {
    match &stream.spec.strategy {
        ReadStrategy::CrmObject(definition) => match &stream.targets {
            Some(targets) => targeted::read(context, stream, definition, targets).await,
            None => crm_object::read(context, stream, definition).await,
        },
        ReadStrategy::CrmArchived(definition) => {
            crm_archived::read(context, stream, definition).await
        }
        ReadStrategy::Collection(definition) => collection::read(context, stream, definition).await,
        ReadStrategy::Detailed(definition) => detailed::read(context, stream, definition).await,
        ReadStrategy::MarketingEmails(definition) => {
            marketing_emails::read(context, stream, definition).await
        }
        ReadStrategy::PropertyHistory(definition) => {
            property_history::read(context, stream, definition).await
        }
        ReadStrategy::Associations(definition) => {
            associations::read(context, stream, definition).await
        }
        ReadStrategy::Recordings(definition) => recordings::read(context, stream, definition).await,
        ReadStrategy::TimeWindows(definition) => {
            time_windows::read(context, stream, definition).await
        }
        ReadStrategy::Substream(definition) => substream::read(context, stream, definition).await,
        ReadStrategy::RecordEvents(definition) => {
            record_events::read(context, stream, definition).await
        }
        ReadStrategy::Engagements(definition) => {
            engagements::read(context, stream, definition).await
        }
        ReadStrategy::Single(definition) => single::read(context, stream, definition).await,
    }
}

/// Error for a record that cannot be parsed.
fn unreadable(stream: &str, error: serde_json::Error) -> Error {
    Error::Contract { endpoint: format!("a record of `{stream}`"), source: error.into() }
}

/// Error for a list that violates an assumption of its scan.
fn contradicts_itself(stream: &str, violation: PagingViolation) -> Error {
    match violation {
        PagingViolation::Endless(endless) => endless_list(stream, endless),
        PagingViolation::Order => Error::Contract {
            endpoint: format!("the list of `{stream}`"),
            source: "its pages are not in the order of ids".into(),
        },
    }
}
