//! How the streams of each family are read: one module, one `read`.

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

/// What a stream that was read to its end has to say for its receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    pub records: u64,
    /// Values that could not be written as they came.
    pub altered: Altered,
    /// How many records HubSpot said there are to be read, where it did.
    pub said: Option<u64>,
    /// Properties that were asked for, where they are chosen.
    pub properties: Option<usize>,
    /// Ranges that an interrupted read had left.
    pub resumed: usize,
}

/// Reads one stream to its end: its records, then its last state.
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

/// A record that is no record.
fn unreadable(stream: &str, error: serde_json::Error) -> Error {
    Error::Contract { endpoint: format!("a record of `{stream}`"), source: error.into() }
}

/// The error of a list that contradicts what its scan relies on.
fn contradicts_itself(stream: &str, contradiction: Contradiction) -> Error {
    match contradiction {
        Contradiction::Endless(endless) => endless_list(stream, endless),
        Contradiction::Order => Error::Contract {
            endpoint: format!("the list of `{stream}`"),
            source: "its pages are not in the order of ids".into(),
        },
    }
}
