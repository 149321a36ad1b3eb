//! A short list that is always read in full, because HubSpot offers no filter for it.
//!
//! ```text
//! emitted:  cursor ≥ saved position and start date, filtered client-side; no upper bound
//! covered:  everything changed before this sync began
//! ```

use std::cell::{Cell, RefCell};

use futures_util::{TryStreamExt, stream};

use super::{ClientSideCursor, Emitter, StreamStats};
use crate::error::Error;
use crate::hubspot::{Page, Pages};
use crate::streams::context::{Context, PlannedStream};
use crate::streams::strategy::{Collection, OnForbidden, Pass};

/// Number of passes read concurrently.
const AT_ONCE: usize = 8;

pub(super) async fn read(
    context: &Context<'_>,
    stream: &PlannedStream<'_>,
    definition: &Collection,
) -> Result<StreamStats, Error> {
    let (emitter, client_side_cursor) =
        (Emitter::new(context, stream), ClientSideCursor::new(context, stream));
    let (is_answered, refused) = (Cell::new(false), RefCell::new(None));
    // Each pass sends the records it has read, so no request waits for the records of another pass.
    let read = async |pass: &Pass| {
        let found = match first_page(context, pass).await? {
            Ok(found) => found,
            // Missing access or an unknown object type is a valid answer: the pass has no records.
            Err(error) if is_known_to_be_none(&error) => return Ok(()),
            Err(error) => {
                refused.borrow_mut().get_or_insert(error);
                return Ok(());
            }
        };
        is_answered.set(true);
        let Some((mut pages, first)) = found else { return Ok(()) };
        let mut next = Some(first);
        while let Some(page) = next {
            emitter
                .send(page.records(), pass.constants, |record| client_side_cursor.wants(record))
                .await?;
            next = pages.next().await?;
        }
        Ok(())
    };
    stream::iter(definition.passes.iter().map(Ok)).try_for_each_concurrent(AT_ONCE, read).await?;
    // No pass was answered, so the stream cannot be taken for empty.
    if let (false, Some(error)) = (is_answered.get(), refused.take()) {
        return Err(error);
    }
    client_side_cursor.finish(&emitter).await
}

/// Returns `true` if the error means that the token has no access or the account lacks the object
/// type.
fn is_known_to_be_none(error: &Error) -> bool {
    error.is_no_access() || matches!(error, Error::UnknownObjectType { .. })
}

/// Requests the first page of a pass. The inner error is the refusal of a pass that the stream
/// skips; `None` means that the list is empty.
async fn first_page<'a>(
    context: &'a Context<'_>,
    pass: &'a Pass,
) -> Result<Result<Option<(Pages<'a>, Page)>, Error>, Error> {
    let begin = async |list| {
        let mut pages = Pages::new(context.api, list);
        Ok::<_, Error>(pages.next().await?.map(|first| (pages, first)))
    };
    let refused = match begin(pass.list).await {
        Err(error) if error.is_about_one_answer() => error,
        answer => return answer.map(Ok),
    };
    match pass.unless_allowed {
        OnForbidden::Fail => Err(refused),
        OnForbidden::Skip => {
            let name = &context.name;
            if is_known_to_be_none(&refused) {
                log::info!("`{name}`: reading without {}: {refused}", pass.list.path);
            } else {
                log::warn!(
                    "`{name}`: reading without {}: {}",
                    pass.list.path,
                    refused.with_cause()
                );
            }
            Ok(Err(refused))
        }
        OnForbidden::Read(list) => begin(list).await.map(Ok),
    }
}
