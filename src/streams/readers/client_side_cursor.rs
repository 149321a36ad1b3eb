//! Client-side incremental filtering for streams that are always read in full.
//!
//! ```text
//! emitted:  cursor ≥ saved position and start date, filtered client-side; no upper bound
//! covered:  everything changed before this sync began, or before the first incomplete record
//! ```

use std::cell::Cell;

use super::{Emitter, StreamStats};
use crate::cursor::StreamState;
use crate::error::Error;
use crate::record::Record;
use crate::streams::context::{Context, PlannedStream};
use crate::time::Millis;

/// Cursor of a client-side incremental stream.
pub(super) struct ClientSideCursor<'a> {
    context: &'a Context<'a>,
    stream: &'a PlannedStream<'a>,
    /// Saved position; `None` in a full refresh.
    position: Option<Millis>,
    /// Upper limit of the final position.
    until: Cell<Millis>,
}

impl<'a> ClientSideCursor<'a> {
    pub(super) fn new(context: &'a Context<'a>, stream: &'a PlannedStream<'a>) -> Self {
        let position = stream.saved.main.position().filter(|_| !stream.full_refresh);
        Self { context, stream, position, until: Cell::new(Millis::MAX) }
    }

    /// Returns the instant from which records are emitted, inclusive.
    pub(super) fn from(&self) -> Millis {
        self.position.max(self.context.start_date).unwrap_or(Millis::MIN)
    }

    /// Returns `true` if a record is new enough. A record without a cursor value always is.
    pub(super) fn wants(&self, record: &Record<'_>) -> bool {
        self.stream.spec.changed(record).is_none_or(|moment| moment >= self.from())
    }

    /// Limits the final position to the modification time of this record, because a part of it
    /// could not be read.
    pub(super) fn hold_back_before(&self, record: &Record<'_>) {
        if let Some(moment) = self.stream.spec.changed(record) {
            self.until.set(self.until.get().min(moment));
        }
    }

    /// Returns the final state.
    pub(super) fn state(&self) -> StreamState {
        let upper = self.context.bounds().upper().min(self.until.get());
        match self.stream.spec.cursor {
            Some(_) => {
                let position = self.position.map_or(upper, |position| position.max(upper));
                StreamState::read_until(position)
            }
            None => StreamState::NoCursor,
        }
    }

    /// Emits the final state.
    pub(super) async fn finish(&self, emitter: &Emitter<'_>) -> Result<StreamStats, Error> {
        emitter.finish(self.state()).await
    }
}
