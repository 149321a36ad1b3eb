//! What a family needs to read one stream.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::spec::StreamSpec;
use super::tally::Tally;
use crate::cursor::{BadState, Bounds, FIRST, Saved, Unused};
use crate::error::Error;
use crate::hubspot::{self, Api, Conditions, RecordId, limits};
use crate::protocol::{Batch, Outlet, StreamState};
use crate::record::Columns;
use crate::time::{self, Millis};

/// One selected stream, ready to be read.
#[derive(Debug)]
pub struct Planned<'a> {
    pub row: StreamSpec<'a>,
    pub columns: Columns,
    pub saved: Saved,
    /// Is everything to be read, whatever the saved position?
    pub everything: bool,
    pub generation: Option<i64>,
    /// What records of a CRM object type have to fit.
    pub conditions: Conditions,
    /// Nothing is to be read but this.
    pub targets: Option<Targets>,
}

/// Single records of a CRM object type, to be read whatever the state says.
#[derive(Debug)]
pub struct Targets {
    pub ids: Vec<RecordId>,
    /// What the state said: it still holds when they have been read.
    pub state: StreamState,
}

/// Pages that scans may have in hand at once, all streams together: asked for, waiting for their
/// associations, encoded, or waiting for stdout. It bounds memory; a quota of 25 requests a second
/// takes no more than that at a latency of almost a second, and one of 5 searches at three, the
/// reads of associations included.
#[derive(Debug)]
pub struct Places {
    pub list: Semaphore,
    pub search: Semaphore,
}

impl Default for Places {
    fn default() -> Self {
        Self { list: Semaphore::new(24), search: Semaphore::new(16) }
    }
}

/// A stream's way to HubSpot and to stdout.
pub struct Context<'a> {
    pub api: Api<'a>,
    pub outlet: &'a Outlet,
    pub places: &'a Places,
    pub tally: &'a Tally,
    pub name: Arc<str>,
    pub start_date: Option<Millis>,
    pub lookback: Duration,
    /// Properties whose history is read; empty means all.
    pub history_properties: &'a [String],
    /// When this sync began.
    pub started: Instant,
    /// Set once the account was asked for the time, by whichever stream.
    pub asked_for_time: &'a OnceCell<()>,
}

impl Context<'_> {
    /// What decides where a read begins and ends. Settled by the service's clock, so only right
    /// once an answer has come.
    pub fn bounds(&self) -> Bounds {
        let clock = self.api.client.clock();
        Bounds {
            // Nothing was modified before there was HubSpot, however wrong a clock is.
            started: clock.earliest(self.started).timestamp_millis().max(FIRST),
            latest: clock.latest(self.started).timestamp_millis(),
            unfinished: limits::UNFINISHED,
            start_date: self.start_date,
            lookback: self.lookback,
            index_lag: limits::INDEX_LAG,
            worst_lag: limits::WORST_INDEX_LAG,
        }
    }

    /// [`Context::bounds`] for a read that needs them before its first request: asks for the
    /// account if no answer has told the service's time yet.
    pub async fn settled_bounds(&self) -> Result<Bounds, Error> {
        if !self.api.client.clock().is_learned() {
            let ask = async || hubspot::account(self.api).await.map(|_any_answer| ());
            self.asked_for_time.get_or_try_init(ask).await?;
        }
        Ok(self.bounds())
    }

    /// What of a saved state can be relied on, and a line in the log about the rest.
    pub async fn reliable(&self, saved: Saved) -> Result<Saved, Error> {
        let name = &self.name;
        let bounds = if saved.is_ahead_of(&self.bounds()) {
            self.settled_bounds().await?
        } else {
            self.bounds()
        };
        let saved = saved
            .by_the_clock(&bounds)
            .map_err(|BadState(problem)| Error::State { stream: name.to_string(), problem })?;
        match saved.unused {
            None => {}
            Some(Unused::OtherCursor) => log::info!(
                "`{name}`: the cursor of its saved state is not the one that was written last, so \
                 the read goes on from the cursor, and what `source_hubspot` says is not used"
            ),
            Some(Unused::Ahead(position)) => log::warn!(
                "`{name}`: its saved state says that everything was read until {}, which lies \
                 ahead of the clocks of HubSpot and of this machine, so some clock was wrong or \
                 the state was edited; what was really read is unknown, so the stream is read \
                 from the beginning this once",
                time::write_instant(position)
            ),
        }
        Ok(saved)
    }

    /// Hands records over, and what may be claimed once they are written.
    pub async fn send(
        &self,
        lines: Vec<u8>,
        record_count: u64,
        state: Option<StreamState>,
    ) -> Result<(), Error> {
        self.send_claiming(lines, record_count, || state).await
    }

    /// Hands records over with the claim that is true at that very moment: `claim` is called once
    /// there is room, and whatever other tasks of the stream have handed over is before it.
    pub async fn send_claiming(
        &self,
        lines: Vec<u8>,
        record_count: u64,
        claim: impl FnOnce() -> Option<StreamState>,
    ) -> Result<(), Error> {
        let room = self.outlet.room().await?;
        self.tally.sent(record_count);
        let stream = Some(Arc::clone(&self.name));
        room.send(Batch { stream, lines, record_count, state: claim() });
        Ok(())
    }
}
