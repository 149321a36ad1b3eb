//! Client-side incremental filtering for streams that are always read in full.
//!
//! ```text
//! emitted:  cursor ≥ saved position and start date, filtered client-side; no upper bound
//! covered:  everything changed before this sync began, or before the first incomplete record
//! ```

use std::cell::Cell;

use super::{Emitter, Receipt};
use crate::cursor::{complete, no_cursor};
use crate::error::Error;
use crate::protocol::StreamState;
use crate::record::Record;
use crate::streams::context::{Context, Planned};
use crate::time::Millis;

/// Cursor of a client-side incremental stream.
pub(super) struct Whole<'a> {
    context: &'a Context<'a>,
    stream: &'a Planned<'a>,
    /// Saved position; `None` in a full refresh.
    position: Option<Millis>,
    /// Upper limit of the final position.
    until: Cell<Millis>,
}

impl<'a> Whole<'a> {
    pub(super) fn new(context: &'a Context<'a>, stream: &'a Planned<'a>) -> Self {
        let position = stream.saved.position.filter(|_| !stream.everything);
        Self { context, stream, position, until: Cell::new(Millis::MAX) }
    }

    /// Returns the instant from which records are emitted, inclusive.
    pub(super) fn from(&self) -> Millis {
        self.position.max(self.context.start_date).unwrap_or(Millis::MIN)
    }

    /// Returns `true` if a record is new enough. A record without a cursor value always is.
    pub(super) fn wants(&self, record: &Record<'_>) -> bool {
        self.stream.row.changed(record).is_none_or(|moment| moment >= self.from())
    }

    /// Limits the final position to the modification time of this record, because a part of it
    /// could not be read.
    pub(super) fn hold_back_before(&self, record: &Record<'_>) {
        if let Some(moment) = self.stream.row.changed(record) {
            self.until.set(self.until.get().min(moment));
        }
    }

    /// Returns the final state.
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

    /// Emits the final state.
    pub(super) async fn finish(&self, emitter: &Emitter<'_>) -> Result<Receipt, Error> {
        emitter.finish(self.state()).await
    }
}
