//! A stream with a single record, which is the whole response.

use super::{ClientSideCursor, Emitter, StreamStats};
use crate::error::Error;
use crate::hubspot;
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::Single;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &Single,
) -> Result<StreamStats, Error> {
    let page = hubspot::single(context.api, definition.endpoint).await?;
    let (emitter, client_side_cursor) =
        (Emitter::new(context, stream), ClientSideCursor::new(context, stream));
    emitter.send(page.records(), &[], |record| client_side_cursor.wants(record)).await?;
    client_side_cursor.finish(&emitter).await
}
