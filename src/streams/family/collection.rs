//! A short list, always read whole: HubSpot filters it by nothing.
//!
//! ```text
//! emitted:  cursor ≥ saved position (or start date), applied by us; no upper bound
//! claimed:  everything changed before this sync began
//! ```

use futures_util::{TryStreamExt, stream};

use super::{Emitter, Receipt, Whole, same_page_again};
use crate::error::Error;
use crate::hubspot::{self, Endpoint, Link, Page, PageQuery, Shape};
use crate::streams::context::{Context, Planned};
use crate::streams::spec::{Otherwise, Pass};

/// Passes under way at once, where there are several.
const AT_ONCE: usize = 8;

/// What a pass turned out to read.
#[derive(Clone, Copy)]
struct Source {
    endpoint: Endpoint,
    tail: &'static str,
    body: Option<&'static str>,
    shape: Shape,
}

impl Source {
    async fn page(self, context: &Context<'_>, after: Option<&Link>) -> Result<Page, Error> {
        let Self { endpoint, tail, body, shape } = self;
        hubspot::collection(context.api, &PageQuery { endpoint, tail, body, shape, after }).await
    }
}

pub(super) async fn read(
    context: &Context<'_>,
    stream: &Planned<'_>,
    endpoint: Endpoint,
    passes: &[Pass],
    shape: Shape,
) -> Result<Receipt, Error> {
    let (emitter, whole) = (Emitter::new(context, stream), Whole::new(context, stream));
    // Every pass sends what it has read itself: no request waits for the records of another.
    let read = async |pass: &Pass| {
        let found = first_page(context, endpoint, pass, shape).await?;
        let Some((source, mut page)) = found else { return Ok(()) };
        loop {
            emitter.send(page.records(), pass.constants, |record| whole.wants(record)).await?;
            let Some(link) = page.next.take() else { return Ok(()) };
            page = source.page(context, Some(&link)).await?;
            if page.next.as_ref() == Some(&link) {
                return Err(same_page_again(&context.name));
            }
        }
    };
    stream::iter(passes.iter().map(Ok)).try_for_each_concurrent(AT_ONCE, read).await?;
    whole.finish(&emitter).await
}

/// Asks for the first page of a pass; `None` if the token may not read it and need not.
async fn first_page(
    context: &Context<'_>,
    endpoint: Endpoint,
    pass: &Pass,
    shape: Shape,
) -> Result<Option<(Source, Page)>, Error> {
    let source = Source { endpoint, tail: pass.tail, body: pass.body, shape };
    let refused = match source.page(context, None).await {
        Ok(page) => return Ok(Some((source, page))),
        Err(error @ (Error::MissingScope { .. } | Error::Plan { .. })) => error,
        Err(error) => return Err(error),
    };
    match pass.unless_allowed {
        Otherwise::Fail => Err(refused),
        Otherwise::Skip => {
            log::info!("`{}` goes without {}: {refused}", context.name, pass.tail);
            Ok(None)
        }
        Otherwise::Read { endpoint, tail, shape } => {
            let source = Source { endpoint, tail, body: None, shape };
            source.page(context, None).await.map(|page| Some((source, page)))
        }
    }
}
