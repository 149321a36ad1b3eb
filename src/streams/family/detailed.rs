//! A list that leaves most of each record to a request of its own: only for records that moved.
//!
//! ```text
//! emitted:  cursor of the list ≥ saved position (or start date), applied by us; no upper bound
//! claimed:  everything changed before this sync began, or before the first record whose details
//!           HubSpot failed to give
//! ```
//!
//! The list's cursor stays in the record, whatever its details say. A record without details is
//! emitted as it stands in the list.

use futures_util::future::try_join_all;
use serde_json::{Map, Value};

use super::{Receipt, Whole, same_page_again};
use crate::error::Error;
use crate::hubspot::{self, Endpoint, PageQuery, Shape};
use crate::record::Record;
use crate::streams::context::{Context, Planned};

/// Details that are asked for at once.
const AT_ONCE: usize = 8;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    endpoint: Endpoint,
    tail: &str,
    shape: Shape,
) -> Result<Receipt, Error> {
    let mut whole = Whole::new(context, stream);
    let cursor = stream.row.cursor.map(|cursor| cursor.name);
    let mut after = None;
    loop {
        let query = PageQuery { endpoint, tail, body: None, shape, after: after.as_ref() };
        let page = hubspot::collection(context.api, &query).await?;
        let mut wanted = Vec::new();
        for text in page.records() {
            let record = whole.parse(text)?;
            if whole.wants(&record) {
                wanted.push((text, record));
            }
        }
        let (mut lines, mut count) = (Vec::new(), 0);
        for wanted in wanted.chunks(AT_ONCE) {
            let asked = wanted.iter().map(|(_, record)| details(context, endpoint, record));
            for ((text, record), found) in wanted.iter().zip(try_join_all(asked).await?) {
                let mut fields = whole.fields(text)?;
                match found {
                    Details::Given(details) => merge(&mut fields, details, cursor),
                    Details::None => {}
                    Details::Later => whole.hold_back_before(record),
                }
                count += whole.push_fields(fields, &mut lines)?;
            }
        }
        whole.send_lines(lines, count).await?;
        match page.next {
            None => break,
            Some(link) if after.as_ref() == Some(&link) => {
                return Err(same_page_again(&context.name));
            }
            link => after = link,
        }
    }
    whole.finish().await
}

/// Puts the details over the fields of the list, which keep the cursor.
fn merge(fields: &mut Map<String, Value>, details: Map<String, Value>, cursor: Option<&str>) {
    let listed = cursor.and_then(|cursor| fields.remove_entry(cursor));
    fields.extend(details);
    fields.extend(listed);
}

/// What asking for a record's details came to.
enum Details {
    Given(Map<String, Value>),
    /// There are none, and asking again would not help.
    None,
    /// HubSpot failed to answer.
    Later,
}

async fn details(
    context: &Context<'_>,
    endpoint: Endpoint,
    record: &Record<'_>,
) -> Result<Details, Error> {
    let Some(id) = record.id() else { return Ok(Details::None) };
    let page = match hubspot::item(context.api, endpoint, &id.to_string(), "").await {
        Ok(page) => page,
        Err(error @ Error::Refused { .. }) => {
            log::warn!("`{}` goes without the details of {id}: {error}", context.name);
            return Ok(Details::None);
        }
        Err(error @ (Error::Unavailable { .. } | Error::Contract { .. })) => {
            log::warn!("`{}` asks for the details of {id} again next time: {error}", context.name);
            return Ok(Details::Later);
        }
        Err(error) => return Err(error),
    };
    let fields = page.records().next().and_then(|text| serde_json::from_str(text).ok());
    Ok(fields.map_or(Details::None, Details::Given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn details_win_but_for_the_cursor() {
        for (case, listed, details, expected) in [
            (
                "both have a cursor",
                json!({ "id": 1, "at": 5, "name": "a" }),
                json!({ "at": 9, "name": "b", "type": "x" }),
                json!({ "id": 1, "at": 5, "name": "b", "type": "x" }),
            ),
            (
                "the details alone",
                json!({ "id": 1 }),
                json!({ "at": 9 }),
                json!({ "id": 1, "at": 9 }),
            ),
        ] {
            let mut fields = from_value(listed).unwrap();
            merge(&mut fields, from_value(details).unwrap(), Some("at"));
            assert_eq!(Value::Object(fields), expected, "{case}");
        }
    }
}
