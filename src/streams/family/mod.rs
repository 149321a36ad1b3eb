//! Read strategies, one module with a `read` function for each `Family`.

mod associations;
mod children;
mod collection;
mod crm_archived;
mod crm_object;
mod detailed;
mod emit;
mod engagements;
mod enrich;
mod marketing_emails;
mod newest_first;
mod occurrences;
mod pace;
mod property_history;
mod recordings;
mod scanning;
mod single;
mod targeted;
mod time_windows;
mod whole;

use super::context::{Context, Planned};
use super::spec::Family;
use crate::cursor::Contradiction;
use crate::error::Error;
use crate::hubspot::{ListRequest, endless_list};
use crate::record::Altered;

use emit::Emitter;
use whole::Whole;

/// Statistics of a stream that was read to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    pub records: u64,
    /// Values that had to be altered to be written.
    pub altered: Altered,
    /// Number of records to read according to HubSpot, if reported.
    pub said: Option<u64>,
    /// Number of properties requested, if the stream has properties to choose from.
    pub properties: Option<usize>,
    /// Number of ranges left over by an interrupted read.
    pub resumed: usize,
}

/// Reads one stream to its end and emits its records, followed by its final state.
pub async fn read(context: &Context<'_>, stream: &Planned<'_>) -> Result<Receipt, Error> {
    match stream.row.family {
        Family::CrmObject { object, modified } if let Some(targets) = &stream.targets => {
            targeted::read(context, stream, (object, modified), targets).await
        }
        Family::CrmObject { object, modified } => {
            crm_object::read(context, stream, object, modified).await
        }
        Family::CrmArchived { object } => crm_archived::read(context, stream, object).await,
        Family::Collection { endpoint, passes, shape } => {
            collection::read(context, stream, endpoint, passes, shape).await
        }
        Family::Detailed { endpoint, tail, shape, batch } => {
            let list = ListRequest { endpoint, tail, body: None, shape };
            detailed::read(context, stream, list, batch).await
        }
        Family::MarketingEmails { endpoint } => {
            marketing_emails::read(context, stream, endpoint).await
        }
        Family::PropertyHistory { object, modified, form } => {
            property_history::read(context, stream, object, modified, form).await
        }
        Family::Associations { from, to } => associations::read(context, stream, from, to).await,
        Family::Recordings { object, modified, urls } => {
            recordings::read(context, stream, object, modified, urls).await
        }
        Family::TimeWindows { endpoint, shape } => {
            time_windows::read(context, stream, endpoint, shape).await
        }
        Family::Children(children) => children::read(context, stream, children).await,
        Family::Occurrences(events) => occurrences::read(context, stream, &events).await,
        Family::Engagements => engagements::read(context, stream).await,
        Family::Single { endpoint } => single::read(context, stream, endpoint).await,
    }
}

/// Error for a record that cannot be parsed.
fn unreadable(stream: &str, error: serde_json::Error) -> Error {
    Error::Contract { endpoint: format!("a record of `{stream}`"), source: error.into() }
}

/// Error for a list that violates an assumption of its scan.
fn contradicts_itself(stream: &str, contradiction: Contradiction) -> Error {
    match contradiction {
        Contradiction::Endless(endless) => endless_list(stream, endless),
        Contradiction::Order => Error::Contract {
            endpoint: format!("the list of `{stream}`"),
            source: "its pages are not in the order of ids".into(),
        },
    }
}
