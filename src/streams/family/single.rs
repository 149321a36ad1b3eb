//! A stream of one record: the answer itself.

use super::Receipt;
use crate::cursor::no_cursor;
use crate::error::Error;
use crate::hubspot::{self, Endpoint};
use crate::record::Encoder;
use crate::streams::context::{Context, Planned};

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    endpoint: Endpoint,
) -> Result<Receipt, Error> {
    let page = hubspot::single(context.api, endpoint).await?;
    let mut encoder = Encoder::new(&context.name, &stream.columns);
    let mut lines = Vec::new();
    let records = super::encode_all(&context.name, &page, &mut encoder, &mut lines, |_| true)?;
    context.send(lines, records, Some(no_cursor())).await?;
    Ok(Receipt { records, nulled: encoder.nulled() })
}
