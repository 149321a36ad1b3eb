//! Archived records of a CRM object type: the list with `archived=true`, always whole.
//!
//! ```text
//! emitted:  archived at or after the saved position − lookback (or start date), applied by us
//! claimed:  everything archived before this sync began
//! ```
//!
//! HubSpot keeps archived records for 90 days and filters them by nothing. It pages them by id like
//! those that are live, so an interrupted read goes on where it stopped.

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
    // No index is asked, so none can be late.
    let bounds =
        Bounds { index_lag: Duration::ZERO, worst_lag: Duration::ZERO, ..context.bounds() };
    let scan = Scan::begin(&stream.saved, &bounds, stream.everything, stream.generation);
    let is_listed = scan.way() == Way::List || scan.is_done();
    let scan = if is_listed { scan } else { scan.by_list() };
    let receipt = scanning::run(context, stream, (object, ""), scan, &objects).await?;
    Ok(objects.receipt(receipt))
}
