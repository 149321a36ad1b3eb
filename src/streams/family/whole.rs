//! What is decided about streams that are always read whole: what is new, and what may be claimed.
//!
//! ```text
//! emitted:  cursor ≥ saved position (or start date), applied by us; no upper bound
//! claimed:  everything changed before this sync began, or before what had to be left out
//! ```

use std::cell::Cell;

use super::{Emitter, Receipt};
use crate::cursor::{complete, no_cursor};
use crate::error::Error;
use crate::protocol::StreamState;
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::Millis;

/// A stream being read whole.
pub(super) struct Whole<'a> {
    context: &'a Context<'a>,
    stream: &'a Planned<'a>,
    /// The saved position, where it counts.
    position: Option<Millis>,
    /// No more than this is claimed in the end.
    until: Cell<Millis>,
}

impl<'a> Whole<'a> {
    pub(super) fn new(context: &'a Context<'a>, stream: &'a Planned<'a>) -> Self {
        let position = stream.saved.position.filter(|_| !stream.everything);
        Self { context, stream, position, until: Cell::new(Millis::MAX) }
    }

    /// Where the records wanted begin, inclusive.
    pub(super) fn from(&self) -> Millis {
        self.position.max(self.context.start_date).unwrap_or(Millis::MIN)
    }

    /// Is a record new enough? One without a cursor value always is.
    pub(super) fn wants(&self, record: &Record<'_>) -> bool {
        self.stream.row.changed(record).is_none_or(|moment| moment >= self.from())
    }

    /// Claims nothing changed at the moment of this record or later, because something of it has
    /// not been written.
    pub(super) fn hold_back_before(&self, record: &Record<'_>) {
        if let Some(moment) = self.stream.row.changed(record) {
            self.until.set(self.until.get().min(moment));
        }
    }

    /// What may be claimed in the end.
    pub(super) fn state(&self) -> StreamState {
        let upper = self.context.bounds().upper().min(self.until.get());
        match self.stream.row.cursor {
            Some(cursor) => {
                let position = self.position.map_or(upper, |position| position.max(upper));
                complete(cursor.name, cursor.format, position)
            }
            None => no_cursor(),
        }
    }

    /// Sends the last state.
    pub(super) async fn finish(&self, emitter: &Emitter<'_>) -> Result<Receipt, Error> {
        emitter.finish(self.state()).await
    }
}
