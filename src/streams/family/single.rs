//! A stream with a single record, which is the whole response.

use super::{Emitter, Receipt, Whole};
use crate::error::Error;
use crate::hubspot::{self, Endpoint};
use crate::streams::context::{Context, Planned};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    endpoint: Endpoint,
) -> Result<Receipt, Error> {
    let page = hubspot::single(context.api, endpoint).await?;
    let (emitter, whole) = (Emitter::new(context, stream), Whole::new(context, stream));
    emitter.send(page.records(), &[], |record| whole.wants(record)).await?;
    whole.finish(&emitter).await
}
