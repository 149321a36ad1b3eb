//! Archived records of a CRM object type: the list with `archived=true`, always read in full.
//!
//! ```text
//! emitted:  archived at or after the saved position − lookback (or start date), client-side
//! covered:  everything archived before this sync began
//! ```
//!
//! HubSpot keeps archived records for 90 days and offers no filter for them. They are paged by id
//! like live records, so an interrupted read can be resumed.

use std::cell::RefCell;
use std::time::Duration;

use super::Receipt;
use super::crm_object::{Objects, Reader};
use super::scanning;
use crate::cursor::{Bounds, Scan, Way};
use crate::error::Error;
use crate::record::Encoder;
use crate::streams::context::{Context, Planned};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    object: &str,
) -> Result<Receipt, Error> {
    let objects = Objects {
        reader: Reader::archived(context, stream, object),
        encoder: RefCell::new(Encoder::new(&context.name, &stream.columns)),
    };
    // The list is not served from the search index, so it has no index lag.
    let bounds =
        Bounds { index_lag: Duration::ZERO, worst_lag: Duration::ZERO, ..context.bounds() };
    let scan = Scan::begin(&stream.saved, &bounds, stream.everything, stream.generation);
    let is_listed = scan.way() == Way::List || scan.is_done();
    let scan = if is_listed { scan } else { scan.by_list() };
    let receipt = scanning::run(context, stream, (object, ""), scan, &objects).await?;
    Ok(objects.receipt(receipt))
}
