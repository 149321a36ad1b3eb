//! Archived records of a CRM object type: the list with `archived=true`, always whole.
//!
//! ```text
//! emitted:  archived at or after the saved position (or start date), applied by us
//! claimed:  everything archived before this sync began
//! ```
//!
//! HubSpot keeps archived records for 90 days and filters them by nothing.

use super::crm_object::Reader;
use super::{Receipt, Whole, same_page_again};
use crate::cursor::{Ask, Way};
use crate::error::Error;
use crate::record::Encoder;
use crate::streams::context::{Context, Planned};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    object: &str,
) -> Result<Receipt, Error> {
    let reader = Reader::archived(context, stream, object);
    let whole = Whole::new(context, stream);
    let mut encoder = Encoder::new(&context.name, &stream.columns);
    let mut records = 0;
    let mut after = None;
    loop {
        let page = reader.fetch((0, 0), Ask::List { after: after.clone() }).await?;
        let mut found = reader.parse(&page)?;
        found.retain(|(_, record)| whole.wants(record));
        let mut lines = Vec::new();
        let count = reader.encode(Way::List, &found, &mut encoder, &mut lines).await?;
        records += count;
        context.send(lines, count, None).await?;
        let next = page.next.map(|link| link.as_str().to_owned());
        if next.is_some() && next == after {
            return Err(same_page_again(&context.name));
        }
        if next.is_none() {
            context.send(Vec::new(), 0, Some(whole.state())).await?;
            return Ok(Receipt { records, nulled: encoder.nulled() });
        }
        after = next;
    }
}
