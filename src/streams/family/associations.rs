//! The associations from the records of one object type to those of another: one record for each
//! way in which two records are associated.
//!
//! ```text
//! list:   every record, those modified before the start date dropped by us
//! links:  of blocks of 1,000 of them, every page of each
//! ```
//!
//! Always whole, without a state: a change of associations moves no date by which it could be
//! found.

use futures_util::{TryStreamExt, stream};
use serde::Serialize;

use super::crm_object::Reader;
use super::{Emitter, Receipt, same_page_again};
use crate::cursor::{Ask, no_cursor};
use crate::error::Error;
use crate::hubspot::{self, LinkType, LinksQuery, RecordId, RecordLink, limits};
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::Millis;

/// Blocks of records whose associations are read at once.
const AT_ONCE: usize = 4;

/// An association, as the columns are called.
#[derive(Serialize)]
struct Columns<'a> {
    from_id: &'a str,
    to_id: &'a str,
    association_type_id: u64,
    category: Option<&'a str>,
    label: Option<&'a str>,
}

pub(super) async fn read(
    context: &Context<'_>,
    planned: &Planned<'_>,
    from: &str,
    to: &str,
) -> Result<Receipt, Error> {
    let reader = Reader::ids(context, from, "");
    let emitter = Emitter::new(context, planned);
    let oldest = context.start_date.unwrap_or(Millis::MIN);
    let recent =
        |record: &Record<'_>| record.instant("updatedAt").is_none_or(|modified| modified >= oldest);
    let blocks = stream::try_unfold(Some(None), async |next: Option<Option<String>>| {
        let Some(mut after) = next else { return Ok(None) };
        let mut block: Vec<RecordId> = Vec::new();
        loop {
            let page = reader.fetch((0, 0), Ask::List { after: after.clone() }).await;
            let page = page.map_err(|error| or_unknown(error, from, to))?;
            let found = reader.parse(&page)?;
            let found = found.iter().filter(|(_, record)| recent(record));
            block.extend(found.filter_map(|(id, _)| *id));
            let next = page.next.as_ref().map(|link| link.as_str().to_owned());
            if next.is_some() && next == after {
                return Err(same_page_again(&context.name));
            }
            if next.is_none() || block.len() + limits::LIST_PAGE > limits::ASSOCIATIONS_READ {
                return Ok(Some((block, next.map(Some))));
            }
            after = next;
        }
    });
    // Every block sends what it has read itself, while further ones are listed.
    let send = async |block: Vec<RecordId>| {
        for ids in block.chunks(limits::ASSOCIATIONS_READ) {
            send(context, &emitter, LinksQuery::new(from, to, ids)).await?;
        }
        Ok(())
    };
    blocks.try_for_each_concurrent(AT_ONCE, send).await?;
    emitter.finish(no_cursor()).await
}

/// Sends the associations of a block of records.
async fn send(
    context: &Context<'_>,
    emitter: &Emitter<'_>,
    query: LinksQuery<'_>,
) -> Result<(), Error> {
    let mut next = Some(query);
    while let Some(query) = next.take() {
        let answer = hubspot::read_links(context.api, &query).await;
        let (found, following) = answer.map_err(|error| or_unknown(error, query.from, query.to))?;
        let records =
            found.iter().flat_map(|link| link.types.iter().map(|kind| record(link, kind)));
        emitter.send(records, &[], |_| true).await?;
        next = following;
    }
    Ok(())
}

/// One way in which two records are associated, as JSON.
fn record(link: &RecordLink, kind: &LinkType) -> String {
    let columns = Columns {
        from_id: &link.from.to_string(),
        to_id: &link.to.to_string(),
        association_type_id: kind.type_id,
        category: kind.category.as_deref(),
        label: kind.label.as_deref(),
    };
    // An impossible failure would show up as an unreadable record.
    serde_json::to_string(&columns).unwrap_or_default()
}

/// Nothing in these requests is the user's but the two object types, so if HubSpot refuses one,
/// these are why.
fn or_unknown(error: Error, from: &str, to: &str) -> Error {
    let reason = if let Error::Refused { said, .. } = error {
        said
    } else if matches!(error, Error::UnknownObjectType { .. }) {
        "it does not know one of the two".to_owned()
    } else {
        return error;
    };
    Error::Config {
        violations: vec![format!(
            "a stream of associations from `{from}` to `{to}` is asked for, which HubSpot refuses: \
             {reason}"
        )],
    }
}
