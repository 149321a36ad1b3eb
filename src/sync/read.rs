//! The `read` command: reads all selected streams concurrently and independently.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::choice::check_choice;
use super::day;
use super::rows::Rows;
use super::run::Run;
use super::session::Session;
use super::stream::read_stream;
use super::watch::{StreamProgress, watched};
use crate::concurrent::run_all;
use crate::error::Error;
use crate::progress::Screen;
use crate::protocol::{
    ConfiguredCatalog, ConfiguredStream, IncomingState, Message, MessageSender, NOT_KEPT,
    StreamStatus, TraceError,
};
use crate::streams::PageBudget;

/// Inputs of `read` besides the configuration.
pub struct ReadInputs {
    pub catalog: ConfiguredCatalog,
    pub state: IncomingState,
}

/// A stream that failed. Its TRACE has been written.
pub struct FailedStream {
    pub name: Arc<str>,
    pub error: Error,
}

/// Reads all selected streams and shows their progress on `screen`, if there is one. Returns the
/// streams that failed.
pub async fn read(
    session: &Session,
    inputs: &ReadInputs,
    sender: &MessageSender,
    screen: Option<&Screen>,
) -> Result<Vec<FailedStream>, Error> {
    let started = Instant::now();
    session.definitions.omit_texts();
    let state = &inputs.state;
    let selected = once_each(&inputs.catalog.streams);
    if selected.is_empty() {
        log::warn!("the catalog selects no streams, so nothing is read");
    }
    check_choice(session, None).await?;
    let rows = Rows::of(session, &selected).await?;
    warn_of_leftovers(state, &selected, &rows);
    day::begin(session).await?;
    let (page_budget, asked_for_time) = (PageBudget::default(), OnceCell::new());
    let run = Run { session, sender, state, rows, started, page_budget, asked_for_time };
    let tracks: Vec<_> = selected.into_iter().map(StreamProgress::of).collect();
    watched(screen, (session, sender, started), &tracks, read_all(&run, &tracks)).await
}

/// Reads all streams concurrently and independently.
///
/// A failed stream reports INCOMPLETE immediately but its error only at the very end, because some
/// clients stop at the first error and would miss the remaining records.
async fn read_all(
    run: &Run<'_>,
    tracks: &[StreamProgress<'_>],
) -> Result<Vec<FailedStream>, Error> {
    let mut waiting = tracks.iter();
    let next = || {
        let track = waiting.next()?;
        Some(async move {
            let outcome = run_stream(run, track).await;
            track.end(&outcome, run.started.elapsed());
            (track, outcome)
        })
    };
    let mut unfinished: HashSet<&str> = tracks.iter().map(|track| &*track.name).collect();
    let mut failed = Vec::new();
    let mut fatal = None;
    run_all(next, |(track, outcome)| {
        let name = &track.name;
        let Err(error) = outcome else {
            unfinished.remove(&**name);
            return ControlFlow::Continue(());
        };
        if error.ends_gently() {
            fatal = Some(error);
            return ControlFlow::Continue(());
        }
        if error.ends_everything() {
            fatal = Some(error);
            return ControlFlow::Break(());
        }
        unfinished.remove(&**name);
        if track.is_skipped_for(&error) {
            log::warn!(target: NOT_KEPT, "`{name}` is skipped: {error}");
        } else {
            log::warn!(target: NOT_KEPT, "`{name}` failed: {error}");
            failed.push(FailedStream { name: Arc::clone(name), error });
        }
        ControlFlow::Continue(())
    })
    .await;
    for FailedStream { name, error } in &failed {
        run.sender.message(&Message::error(TraceError::new(error, Some(name)))).await?;
    }
    let Some(error) = fatal else { return Ok(failed) };
    let error = day::with_reset(run.session, error).await;
    if matches!(error, Error::Stopped) {
        log::info!("{error}");
    }
    let mut unfinished: Vec<_> = unfinished.into_iter().collect();
    unfinished.sort_unstable();
    for name in unfinished {
        run.sender.status(&name.into(), StreamStatus::Incomplete).await?;
    }
    Err(error)
}

/// Reads a stream and sends its final status, unless its error ends the whole run.
async fn run_stream(run: &Run<'_>, track: &StreamProgress<'_>) -> Result<(), Error> {
    let outcome = read_stream(run, track).await;
    match &outcome {
        Ok(()) => run.sender.status(&track.name, StreamStatus::Complete).await?,
        Err(error) if error.ends_everything() => {}
        Err(_) => run.sender.status(&track.name, StreamStatus::Incomplete).await?,
    }
    outcome
}

/// Removes streams that are listed more than once.
fn once_each(streams: &[ConfiguredStream]) -> Vec<&ConfiguredStream> {
    let mut seen = HashSet::new();
    streams.iter().filter(|stream| seen.insert(stream.stream.name.as_str())).collect()
}

fn warn_of_leftovers(state: &IncomingState, selected: &[&ConfiguredStream], rows: &Rows<'_>) {
    for problem in &state.ignored {
        log::warn!("part of the state file is not used: {problem}");
    }
    let mut unselected: Vec<_> = state
        .stream_names()
        .filter(|saved| {
            let mut used = selected.iter().map(|stream| rows.name_in(state, &stream.stream.name));
            used.all(|name| name != *saved)
        })
        .collect();
    unselected.sort_unstable();
    if !unselected.is_empty() {
        log::warn!(
            "the state of {} is not used: the configured catalog does not select {}",
            unselected.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            if unselected.len() == 1 { "it" } else { "them" }
        );
    }
}
