//! Inputs for reading one stream.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::checkpoints::Checkpoints;
use super::counter::RecordCounter;
use super::spec::StreamSpec;
use crate::cursor::{BadState, FIRST, IgnoredPart, SavedState, TimeBounds};
use crate::error::Error;
use crate::hubspot::{self, Api, Conditions, limits};
use crate::protocol::{Batch, MessageSender, StateBlob};
use crate::record::Columns;
use crate::record_id::RecordId;
use crate::time::{self, Millis};

/// A selected stream with everything resolved that reading it requires.
#[derive(Debug)]
pub struct PlannedStream<'a> {
    pub spec: StreamSpec<'a>,
    pub columns: Columns,
    /// State saved by the previous sync.
    pub saved: SavedState,
    pub checkpoints: Checkpoints<'a>,
    /// `true` for a full refresh: the saved position is ignored.
    pub full_refresh: bool,
    pub generation: Option<i64>,
    /// Filter conditions on the records of a CRM object type.
    pub conditions: Conditions,
    /// If set, only these records are read.
    pub targets: Option<Targets>,
}

/// Single records of a CRM object type to read regardless of the saved state.
#[derive(Debug)]
pub struct Targets {
    pub ids: Vec<RecordId>,
    /// State from the previous sync. It stays valid and is emitted unchanged after the read.
    pub state: StateBlob,
}

/// Semaphores that limit the pages which scans hold at once, across all streams: requested, waiting
/// for associations, encoded, or waiting for stdout.
///
/// Bounds memory. 24 list pages sustain a quota of 25 requests per second at a latency of almost
/// one second; 16 search pages sustain 5 searches per second at about three seconds, including the
/// association reads.
#[derive(Debug)]
pub struct PageBudget {
    pub list: Semaphore,
    pub search: Semaphore,
}

impl Default for PageBudget {
    fn default() -> Self {
        Self { list: Semaphore::new(24), search: Semaphore::new(16) }
    }
}

/// Handles and settings that a stream uses to call HubSpot and to write to stdout.
pub struct Context<'a> {
    pub api: Api<'a>,
    pub sender: &'a MessageSender,
    pub page_budget: &'a PageBudget,
    pub counter: &'a RecordCounter,
    pub name: Arc<str>,
    pub start_date: Option<Millis>,
    pub lookback: Duration,
    /// Properties whose history is read; empty for all.
    pub history_properties: &'a [String],
    /// Start of this sync.
    pub started: Instant,
    /// Initialized after any stream has requested the account to learn the server time.
    pub asked_for_time: &'a OnceCell<()>,
}

impl Context<'_> {
    /// Returns the time bounds of a read.
    ///
    /// They depend on the server clock, so they are accurate only after the first response.
    pub fn bounds(&self) -> TimeBounds {
        let clock = self.api.client.clock();
        TimeBounds {
            // No record was modified before HubSpot existed, however wrong a clock may be.
            started: Millis::from(clock.earliest(self.started)).max(FIRST),
            latest: clock.latest(self.started).into(),
            unfinished: limits::UNFINISHED,
            start_date: self.start_date,
            lookback: self.lookback,
            index_lag: limits::INDEX_LAG,
            worst_lag: limits::WORST_INDEX_LAG,
        }
    }

    /// Returns [`Context::bounds`] for a read that needs them before its first request. Requests
    /// the account if no response has carried the server time yet.
    pub async fn settled_bounds(&self) -> Result<TimeBounds, Error> {
        if !self.api.client.clock().is_learned() {
            let ask = async || hubspot::account(self.api).await.map(|_any_answer| ());
            self.asked_for_time.get_or_try_init(ask).await?;
        }
        Ok(self.bounds())
    }

    /// Returns the part of a saved state that can be trusted, and logs why any other part is
    /// ignored.
    ///
    /// # Errors
    /// If the state is invalid, or the server time is needed and cannot be requested.
    pub async fn reliable(&self, saved: SavedState) -> Result<SavedState, Error> {
        let name = &self.name;
        let bounds = if saved.is_ahead_of(&self.bounds()) {
            self.settled_bounds().await?
        } else {
            self.bounds()
        };
        let saved = saved
            .by_the_clock(&bounds)
            .map_err(|BadState(problem)| Error::State { stream: name.to_string(), problem })?;
        match saved.ignored {
            None => {}
            Some(IgnoredPart::OtherCursor) => log::info!(
                "`{name}`: the cursor of the saved state was changed by another connector or by \
                hand, so the read continues from the cursor and ignores `source_hubspot`"
            ),
            Some(IgnoredPart::Ahead(position)) => log::warn!(
                "`{name}`: the saved state ends at {}, which is later than the clocks of HubSpot \
                 and of this machine, so a clock was wrong or the state was edited; this sync \
                 reads the stream from the beginning",
                time::write_instant(position)
            ),
        }
        Ok(saved)
    }

    /// Sends encoded records, followed by a checkpoint that covers them, if any.
    pub async fn send(
        &self,
        lines: Vec<u8>,
        record_count: u64,
        state: Option<StateBlob>,
    ) -> Result<(), Error> {
        self.send_with_checkpoint(lines, record_count, || state).await
    }

    /// Sends encoded records with a checkpoint computed at the moment of sending: `checkpoint` is called
    /// once the queue has capacity, so it covers everything that other tasks of the stream have
    /// sent before.
    pub async fn send_with_checkpoint(
        &self,
        lines: Vec<u8>,
        record_count: u64,
        checkpoint: impl FnOnce() -> Option<StateBlob>,
    ) -> Result<(), Error> {
        let room = self.sender.room().await?;
        self.counter.sent(record_count);
        let stream = Some(Arc::clone(&self.name));
        room.send(Batch { stream, lines, record_count, state: checkpoint() });
        Ok(())
    }
}
