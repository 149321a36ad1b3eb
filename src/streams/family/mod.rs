//! How the streams of each family are read: one module, one `read`.

mod crm_object;
mod enrich;
mod list;
mod pace;
mod single;

use super::context::{Context, Planned};
use super::spec::Family;
use crate::error::Error;
use crate::hubspot::Page;
use crate::record::{Encoder, Record};
use crate::time;

/// What a stream that was read to its end has to say for its receipt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    pub records: u64,
    /// Values that did not fit their column.
    pub nulled: u64,
}

/// Reads one stream to its end: its records, then its last state.
pub async fn read(context: &Context<'_>, stream: &Planned<'_>) -> Result<Receipt, Error> {
    match stream.row.family {
        Family::CrmObject { object, modified } => {
            crm_object::read(context, stream, object, modified).await
        }
        Family::List { endpoint, page } => list::read(context, stream, endpoint, page).await,
        Family::Single { endpoint } => single::read(context, stream, endpoint).await,
    }
}

/// Encodes the wanted records of a page that needs nothing beside it; returns how many there were.
fn encode_all(
    stream: &str,
    page: &Page,
    encoder: &mut Encoder<'_>,
    lines: &mut Vec<u8>,
    is_wanted: impl Fn(&Record<'_>) -> bool,
) -> Result<u64, Error> {
    let emitted_at_ms = time::now_ms();
    let mut count = 0;
    for text in page.records() {
        let record = Record::parse(text).map_err(|error| unreadable(stream, error))?;
        if is_wanted(&record) {
            let written = encoder
                .push(&record, &[], emitted_at_ms, lines)
                .map_err(|error| unreadable(stream, error))?;
            count += u64::from(written);
        }
    }
    Ok(count)
}

/// A record that is no record.
fn unreadable(stream: &str, error: serde_json::Error) -> Error {
    Error::Contract { endpoint: format!("a record of `{stream}`"), source: error.into() }
}
