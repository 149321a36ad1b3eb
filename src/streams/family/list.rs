//! A short list, always read whole: HubSpot filters it by nothing.
//!
//! ```text
//! emitted:  cursor ≥ saved position (or start date), applied by us; no upper bound
//! claimed:  everything changed before this sync began
//! ```

use super::Receipt;
use crate::cursor::complete;
use crate::error::Error;
use crate::hubspot::{self, Endpoint};
use crate::record::{Encoder, Record};
use crate::streams::context::{Context, Planned};
use crate::time::{Millis, parse_instant};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    endpoint: Endpoint,
    limit: usize,
) -> Result<Receipt, Error> {
    let cursor = stream.row.cursor.map_or("", |cursor| cursor.name);
    let position = stream.saved.position.filter(|_| !stream.everything);
    let from = position.max(context.start_date).unwrap_or(Millis::MIN);
    let mut encoder = Encoder::new(&context.name, &stream.columns);
    let mut records = 0;
    let mut after = None;
    loop {
        let page = hubspot::collection(context.api, endpoint, limit, after.as_ref()).await?;
        let mut lines = Vec::new();
        let is_new = |record: &Record<'_>| {
            let value = record.text(cursor).or_else(|| {
                let fill = stream.row.defaults.iter().find(|fill| fill.field == cursor)?;
                record.text(fill.or?)
            });
            let moment = value.and_then(|text| parse_instant(&text));
            moment.is_none_or(|moment| moment.timestamp_millis() >= from)
        };
        let count = super::encode_all(&context.name, &page, &mut encoder, &mut lines, is_new)?;
        records += count;
        context.send(lines, count, None).await?;
        match page.next {
            None => break,
            Some(link) if after.as_ref() == Some(&link) => {
                return Err(Error::Contract {
                    endpoint: format!("`{}`", context.name),
                    source: "the link to the next page leads to the same page".into(),
                });
            }
            link => after = link,
        }
    }
    let upper = context.bounds().upper();
    let state = complete(cursor, position.map_or(upper, |position| position.max(upper)));
    context.send(Vec::new(), 0, Some(state)).await?;
    Ok(Receipt { records, nulled: encoder.nulled() })
}
