//! Progress display of a read: a bar for each stream on a terminal, lines otherwise.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::portal::STREAMS;
use crate::text::{count, grouped, seconds, step};

/// Interval between two lines if bars cannot be shown.
const PAUSE: Duration = Duration::from_secs(5);

/// Progress of each stream.
pub(crate) enum Progress {
    Bars(Vec<ProgressBar>),
    Lines { begun: Instant, last: Instant, total: u64, records: u64 },
}

impl Progress {
    /// Starts a display. `totals` are the expected records in the order of [`STREAMS`].
    pub(crate) fn new(totals: [u64; STREAMS.len()]) -> Self {
        if !std::io::stderr().is_terminal() {
            let now = Instant::now();
            return Self::Lines { begun: now, last: now, total: totals.iter().sum(), records: 0 };
        }
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template(
            "            {prefix:<16} {bar:24} {human_pos:>7} / {human_len:<7} {msg}",
        )
        .expect("the template is well formed")
        .progress_chars("━╸─");
        let bar = |(place, total): (usize, u64)| {
            let bar = all.add(ProgressBar::new(total).with_style(style.clone()));
            bar.set_prefix(STREAMS.get(place).map_or("", |stream| stream.name));
            bar.tick();
            bar
        };
        Self::Bars(totals.into_iter().enumerate().map(bar).collect())
    }

    /// Counts one record of a stream.
    pub(crate) fn record(&mut self, place: usize) {
        match self {
            Self::Bars(bars) => {
                if let Some(bar) = bars.get(place) {
                    bar.inc(1);
                }
            }
            Self::Lines { begun, last, total, records } => {
                *records += 1;
                if last.elapsed() >= PAUSE {
                    *last = Instant::now();
                    let (done, all) = (grouped(*records), grouped(*total));
                    step("", &format!("{done} of {all} records in {}", seconds(begun.elapsed())));
                }
            }
        }
    }

    /// Marks a stream as complete with this number of records.
    pub(crate) fn complete(&mut self, place: usize, records: u64, duration: Duration) {
        match self {
            Self::Bars(bars) => {
                if let Some(bar) = bars.get(place) {
                    bar.set_length(records);
                    bar.abandon_with_message(seconds(duration));
                }
            }
            Self::Lines { .. } => {
                let name = STREAMS.get(place).map_or("", |stream| stream.name);
                let records = count(records, "record");
                step("", &format!("{name:<16} {records} in {}", seconds(duration)));
            }
        }
    }

    /// Ends the display and leaves the bars visible.
    pub(crate) fn end(&mut self) {
        if let Self::Bars(bars) = self {
            bars.iter().filter(|bar| !bar.is_finished()).for_each(ProgressBar::abandon);
        }
    }
}
