//! A stream of one record: the answer itself.

use super::{Receipt, Whole};
use crate::error::Error;
use crate::hubspot::{self, Endpoint};
use crate::streams::context::{Context, Planned};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    endpoint: Endpoint,
) -> Result<Receipt, Error> {
    let page = hubspot::single(context.api, endpoint).await?;
    let mut whole = Whole::new(context, stream);
    whole.send(&page, &[]).await?;
    whole.finish().await
}
