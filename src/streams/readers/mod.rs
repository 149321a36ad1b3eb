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
mod property_history;
mod record_events;
mod recordings;
mod scanning;
mod single;
mod substream;
mod targeted;
mod time_windows;

use super::context::{Context, PlannedStream};
use super::spec::ReadStrategy;
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
    match stream.spec.strategy {
        ReadStrategy::CrmObject { object, modified } if let Some(targets) = &stream.targets => {
            targeted::read(context, stream, (object, modified), targets).await
        }
        ReadStrategy::CrmObject { object, modified } => {
            crm_object::read(context, stream, object, modified).await
        }
        ReadStrategy::CrmArchived { object } => crm_archived::read(context, stream, object).await,
        ReadStrategy::Collection { passes } => collection::read(context, stream, passes).await,
        ReadStrategy::Detailed { list, batch } => {
            detailed::read(context, stream, list, batch).await
        }
        ReadStrategy::MarketingEmails { endpoint } => {
            marketing_emails::read(context, stream, endpoint).await
        }
        ReadStrategy::PropertyHistory { object, modified, form } => {
            property_history::read(context, stream, object, modified, form).await
        }
        ReadStrategy::Associations { from, to } => {
            associations::read(context, stream, from, to).await
        }
        ReadStrategy::Recordings { object, modified, urls } => {
            recordings::read(context, stream, object, modified, urls).await
        }
        ReadStrategy::TimeWindows { endpoint, layout } => {
            time_windows::read(context, stream, endpoint, layout).await
        }
        ReadStrategy::Substream(children) => substream::read(context, stream, children).await,
        ReadStrategy::RecordEvents(events) => record_events::read(context, stream, &events).await,
        ReadStrategy::Engagements => engagements::read(context, stream).await,
        ReadStrategy::Single { endpoint } => single::read(context, stream, endpoint).await,
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
