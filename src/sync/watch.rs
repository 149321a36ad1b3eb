//! Progress of the streams of a run, and its display on a screen, if there is one.

use std::cell::OnceCell;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::session::Session;
use crate::error::Error;
use crate::http::{BlockedOn, Bucket, RequestStats};
use crate::progress::{
    EndState, Ended, Fraction, Line, Outage, ProgressView, QuotaUsage, RowStyle, Sample, Screen,
};
use crate::protocol::{ConfiguredStream, KeptWarnings, MessageSender, kept_warnings};
use crate::streams::RecordCounter;

/// Interval between two updates of the screen.
const LOOK: Duration = Duration::from_millis(200);

/// Progress of one selected stream, for its final report and the display. It costs nothing without
/// a display.
#[derive(Debug)]
pub(super) struct StreamProgress<'a> {
    pub(super) selected: &'a ConfiguredStream,
    pub(super) name: Arc<str>,
    pub(super) stats: RequestStats,
    pub(super) counter: RecordCounter,
    ended: OnceCell<Ended>,
}

impl<'a> StreamProgress<'a> {
    pub(super) fn of(selected: &'a ConfiguredStream) -> Self {
        let (stats, counter, ended) =
            (RequestStats::default(), RecordCounter::default(), OnceCell::new());
        Self { selected, name: selected.stream.name.as_str().into(), stats, counter, ended }
    }

    /// Returns `true` if the stream can be skipped without harm when it fails with this error.
    pub(super) fn is_skipped_for(&self, error: &Error) -> bool {
        error.is_no_access() && !self.selected.replaces_its_table()
    }

    /// Records the end state of the stream; `elapsed` is the time since the start of the run.
    pub(super) fn end(&self, outcome: &Result<(), Error>, elapsed: Duration) {
        let is_skipped = outcome.as_ref().is_err_and(|error| self.is_skipped_for(error));
        let state = match outcome {
            Ok(()) => EndState::Complete,
            Err(error) if error.ends_everything() => EndState::Interrupted,
            Err(Error::MissingScope { needed, .. }) if is_skipped => {
                EndState::Skipped(format!("needs {needed}"))
            }
            Err(Error::Plan { .. }) if is_skipped => {
                EndState::Skipped("is not in the account's subscription".to_owned())
            }
            Err(Error::SwitchedOff { .. }) if is_skipped => {
                EndState::Skipped("is switched off in the account".to_owned())
            }
            Err(_) if is_skipped => EndState::Skipped("is refused to this token".to_owned()),
            Err(error) => EndState::Incomplete(error.to_string()),
        };
        // A stream ends only once.
        let _first = self.ended.set(Ended { state, elapsed });
    }

    fn sample(&self, sender: &MessageSender) -> Sample {
        let waits_for = match self.stats.blocked_on() {
            Some(BlockedOn::Fault) => Some("HubSpot, which has failed"),
            Some(BlockedOn::Quota(Bucket::Search)) => Some("HubSpot's search quota"),
            Some(BlockedOn::Quota(Bucket::Associations)) => Some("HubSpot's association quota"),
            Some(BlockedOn::Quota(Bucket::General | Bucket::Unlimited)) => Some("HubSpot's quota"),
            None if sender.is_full() && !self.stats.is_busy() => Some("the destination"),
            None => None,
        };
        Sample {
            records: self.counter.records(),
            requests: self.stats.requests(),
            completion: self.counter.done().map(|(part, whole)| Fraction { part, whole }),
            waits_for,
            outage: self.stats.fault().map(|fault| Outage {
                cause: fault.cause,
                attempt: fault.attempt,
                gives_up_in: fault.gives_up.saturating_duration_since(Instant::now()),
            }),
            ended: self.ended.get().cloned(),
        }
    }
}

/// Runs `reading` and updates the screen, if there is one. At the end, the screen shows the result
/// of each stream and the warnings of the log.
pub(super) async fn watched<T>(
    screen: Option<&Screen>,
    (session, sender, started): (&Session, &MessageSender, Instant),
    tracks: &[StreamProgress<'_>],
    reading: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let Some(screen) = screen else { return reading.await };
    let mut board = ProgressView::new(tracks.iter().map(|track| track.name.to_string()));
    let look = |board: &mut ProgressView| {
        let samples = tracks.iter().map(|track| track.sample(sender)).collect();
        board.update(started.elapsed(), samples, quota(session, tracks));
    };
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reading = pin!(reading);
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut reading => break outcome,
            _ = looks.tick() => {
                look(&mut board);
                screen.draw_live(board.render(screen.size()));
            }
        }
    };
    look(&mut board);
    // The caller shows the error itself.
    let (has_table, has_warnings) = match &outcome {
        Err(Error::OutputClosed | Error::Unreachable { .. }) => (false, false),
        Err(Error::Credentials { .. }) => (false, true),
        Ok(_) | Err(_) => (!tracks.is_empty(), true),
    };
    let mut lines = if has_table { board.render_table(screen.size().width) } else { Vec::new() };
    if has_warnings {
        let warnings = kept_warnings();
        lines.extend(warning_lines(&warnings));
        let outage = session.client.outage().filter(|_| matches!(outcome, Err(Error::Stopped)));
        let is_new = |cause: &String| !warnings.first.iter().any(|text| text.starts_with(cause));
        lines.extend(outage.filter(is_new).map(|cause| Line::new(RowStyle::Warning, &cause)));
    }
    screen.draw_final(lines);
    outcome
}

/// Returns a line for each of the first warnings, and the number of the others.
fn warning_lines(warnings: &KeptWarnings) -> Vec<Line> {
    let others = match warnings.others() {
        0 => None,
        1 => Some("and 1 more warning in the log".to_owned()),
        others => Some(format!("and {others} more warnings in the log")),
    };
    let texts = warnings.first.iter().chain(&others);
    texts.map(|text| Line::new(RowStyle::Warning, text)).collect()
}

fn quota(session: &Session, tracks: &[StreamProgress<'_>]) -> QuotaUsage {
    let (_, searches_per_second) = session.client.usage(Bucket::Search);
    let (used, limit) = session.client.usage(Bucket::General);
    QuotaUsage {
        general: Fraction { part: used.into(), whole: limit.into() },
        searches_per_second,
        searches_sent: tracks.iter().map(|track| track.stats.by_bucket()[1]).sum(),
        day: session
            .client
            .daily_quota()
            .usage()
            .map(|day| Fraction { part: day.used, whole: day.limit }),
    }
}
