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
use crate::streams::context::{Context, Planned};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    object: &str,
) -> Result<Receipt, Error> {
    let reader = Reader::archived(context, stream, object);
    let mut whole = Whole::new(context, stream);
    let mut after = None;
    loop {
        let page = reader.fetch((0, 0), Ask::List { after: after.clone() }).await?;
        let mut found = reader.parse(&page)?;
        found.retain(|(_, record)| whole.wants(record));
        let mut lines = Vec::new();
        let count = reader.encode(Way::List, &found, whole.encoder(), &mut lines).await?;
        whole.send_lines(lines, count).await?;
        let next = page.next.map(|link| link.as_str().to_owned());
        if next.is_some() && next == after {
            return Err(same_page_again(&context.name));
        }
        if next.is_none() {
            return whole.finish().await;
        }
        after = next;
    }
}
