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

use serde::Serialize;

use super::crm_object::Reader;
use super::{Receipt, Whole, same_page_again, unreadable};
use crate::cursor::Ask;
use crate::error::Error;
use crate::hubspot::{self, LinksQuery, RecordId, RecordLink, limits};
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::{self, Millis};

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
    stream: &Planned<'_>,
    from: &str,
    to: &str,
) -> Result<Receipt, Error> {
    let reader = Reader::ids(context, from, "");
    let mut whole = Whole::new(context, stream);
    let oldest = context.start_date.unwrap_or(Millis::MIN);
    let mut waiting: Vec<RecordId> = Vec::new();
    let mut after = None;
    loop {
        let page = reader.fetch((0, 0), Ask::List { after: after.clone() }).await;
        let page = page.map_err(|error| or_unknown(error, from, to))?;
        let recent = |record: &Record<'_>| {
            record.instant("updatedAt").is_none_or(|modified| modified >= oldest)
        };
        let found = reader.parse(&page)?;
        waiting.extend(found.iter().filter(|(_, record)| recent(record)).filter_map(|(id, _)| *id));
        let next = page.next.map(|link| link.as_str().to_owned());
        if next.is_some() && next == after {
            return Err(same_page_again(&context.name));
        }
        if next.is_none() || waiting.len() + limits::LIST_PAGE > limits::ASSOCIATIONS_READ {
            for ids in waiting.chunks(limits::ASSOCIATIONS_READ) {
                send(context, &mut whole, LinksQuery::new(from, to, ids)).await?;
            }
            waiting.clear();
        }
        if next.is_none() {
            return whole.finish().await;
        }
        after = next;
    }
}

/// Sends the associations of a block of records.
async fn send(
    context: &Context<'_>,
    whole: &mut Whole<'_>,
    query: LinksQuery<'_>,
) -> Result<(), Error> {
    let mut next = Some(query);
    while let Some(query) = next.take() {
        let answer = hubspot::read_links(context.api, &query).await;
        let (found, following) = answer.map_err(|error| or_unknown(error, query.from, query.to))?;
        let emitted_at_ms = time::now_ms();
        let (mut lines, mut count) = (Vec::new(), 0);
        for RecordLink { from, to, types } in &found {
            let (from_id, to_id) = (from.to_string(), to.to_string());
            for kind in types {
                let columns = Columns {
                    from_id: &from_id,
                    to_id: &to_id,
                    association_type_id: kind.type_id,
                    category: kind.category.as_deref(),
                    label: kind.label.as_deref(),
                };
                let written = serde_json::to_string(&columns).and_then(|text| {
                    let record = Record::parse(&text)?;
                    whole.encoder().push(&record, &[], emitted_at_ms, &mut lines)
                });
                count += u64::from(written.map_err(|error| unreadable(&context.name, error))?);
            }
        }
        whole.send_lines(lines, count).await?;
        next = following;
    }
    Ok(())
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
