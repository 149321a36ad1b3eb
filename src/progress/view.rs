//! Progress of a read, rendered for a screen of a given size.

use std::time::Duration;

use super::line::{Line, RowStyle, cut};
use super::rate::Rate;
use super::words::{figure, grouped, lasting, left, percent, took};

/// Minimum duration of a wait that is shown.
const SPEAKABLE: Duration = Duration::from_secs(1);

/// Size of the screen, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

/// Progress of one stream at one point in time.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    pub records: u64,
    pub requests: u64,
    /// Amount done and total amount, in any unit.
    pub done: Option<(u64, u64)>,
    /// Reason that the whole stream is waiting, if it is.
    pub waits_for: Option<&'static str>,
    pub ended: Option<Ended>,
}

/// End state of a stream and the time until its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub how: EndState,
    pub took: Duration,
}

/// End state of a stream, with a sentence about the problem, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndState {
    Complete,
    Skipped(String),
    Incomplete(String),
    /// The stream ended because the whole read did.
    Interrupted,
}

/// Quota usage of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuotaUsage {
    /// Requests in the general window, and its limit.
    pub general: (u32, u32),
    /// Search limit per second.
    pub searches: u32,
    /// Number of searches sent so far.
    pub searched: u64,
    /// Requests used today, and the daily limit.
    pub day: Option<(u64, u64)>,
}

/// Latest progress of all streams of a read.
#[derive(Debug)]
pub struct ProgressView {
    pub(super) rows: Vec<Row>,
    records: Rate,
    searches: Rate,
    quota: QuotaUsage,
    pub(super) at: Duration,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) now: Sample,
    records: Rate,
    done: Rate,
    /// Reason and start of the current wait.
    waits_for: Option<(&'static str, Duration)>,
    /// Time of the first request.
    began: Option<Duration>,
}

impl ProgressView {
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let rows = names.into_iter().map(Row::new).collect();
        let (records, searches) = (Rate::default(), Rate::default());
        Self { rows, records, searches, quota: QuotaUsage::default(), at: Duration::ZERO }
    }

    /// Records new samples, in the order of the names. `at` is the time since the start of the
    /// read.
    pub fn take(&mut self, at: Duration, samples: Vec<Sample>, quota: QuotaUsage) {
        for (row, sample) in self.rows.iter_mut().zip(samples) {
            row.take(at, sample);
        }
        self.records.take(at, self.total());
        self.searches.take(at, quota.searched);
        (self.at, self.quota) = (at, quota);
    }

    pub(super) fn total(&self) -> u64 {
        self.rows.iter().map(|row| row.now.records).sum()
    }

    /// Renders the screen: as many active and recently ended streams as fit, the total, and the
    /// quota.
    pub fn lines(&self, size: Size) -> Vec<Line> {
        // The cursor takes a line of its own.
        let room = size.height.saturating_sub(3).max(1);
        let shown = self.shown(room);
        let columns = self.columns(size.width);
        let mut lines: Vec<_> = shown
            .iter()
            .filter_map(|place| self.rows.get(*place))
            .map(|row| row.line(&columns, self.at))
            .collect();
        lines.extend(self.rest(&shown));
        lines.push(self.sum(&columns));
        lines.push(Line::new(RowStyle::Foot, &self.quota_line(size.width)));
        lines.into_iter().map(|line| line.within(columns.width)).collect()
    }

    /// Returns the indices of the streams to show, in stream order.
    fn shown(&self, room: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.rows.len()).collect();
        if places.len() > room {
            // Active streams come first, oldest first, so that they keep their place until they
            // end; then the most recently ended ones; then the waiting ones.
            places.sort_by_key(|place| self.rows.get(*place).map(Row::urgency));
            places.truncate(room - 1);
            places.sort_unstable();
        }
        places
    }

    /// Returns a summary of the hidden streams, if any.
    fn rest(&self, shown: &[usize]) -> Option<Line> {
        let hidden: Vec<_> =
            (0..).zip(&self.rows).filter(|(place, _)| !shown.contains(place)).collect();
        let number = |mark: RowStyle| hidden.iter().filter(|(_, row)| row.mark() == mark).count();
        let ended =
            [RowStyle::Complete, RowStyle::Skipped, RowStyle::Failed].map(number).iter().sum();
        let parts = [
            (number(RowStyle::Reading), "under way"),
            (number(RowStyle::Waiting), "waiting"),
            (ended, "ended"),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        let text = format!("… and {} more: {}", hidden.len(), parts.join(", "));
        (!hidden.is_empty()).then(|| Line::new(RowStyle::Foot, &text))
    }

    fn sum(&self, columns: &TableColumns) -> Line {
        let ended = self.rows.iter().filter(|row| row.now.ended.is_some()).count();
        let name = format!("{ended} of {} ended", self.rows.len());
        let rate = self.records.a_second().filter(|rate| *rate > 0.0);
        let text = columns.text(&name, self.total(), rate, None, &lasting(self.at));
        Line::new(RowStyle::Sum, &text)
    }

    /// Formats the account's quotas, abbreviated if the screen is narrow.
    fn quota_line(&self, width: usize) -> String {
        let (used, allowed) = self.quota.general;
        let general = percent(used.into(), allowed.into());
        let searches = figure(self.searches.a_second().unwrap_or_default());
        let day = self.quota.day.map(|(used, allowed)| percent(used, allowed));
        let of_day = day.map_or(String::new(), |day| format!(" · {day} % of the day"));
        let allowed = self.quota.searches;
        let long = format!(
            "HubSpot's quota: {general} % of requests · {searches} of {allowed} searches/s{of_day}"
        );
        if long.chars().count() + 3 <= width {
            return long;
        }
        let day = day.map_or(String::new(), |day| format!(" · day {day} %"));
        format!("quota {general} % · search {searches}/s{day}")
    }

    fn columns(&self, width: usize) -> TableColumns {
        let longest = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        TableColumns::new(width, longest, grouped(self.total()).len())
    }
}

impl Row {
    fn new(name: String) -> Self {
        let (records, done) = (Rate::default(), Rate::default());
        Self { name, now: Sample::default(), records, done, waits_for: None, began: None }
    }

    fn take(&mut self, at: Duration, sample: Sample) {
        if sample.requests > 0 {
            self.began = self.began.or(Some(at));
        }
        self.records.take(at, sample.records);
        self.done.take(at, sample.done.map_or(0, |(done, _)| done));
        self.waits_for = match (sample.waits_for, self.waits_for) {
            (Some(what), Some((before, since))) if what == before => Some((what, since)),
            (what, _) => what.map(|what| (what, at)),
        };
        self.now = sample;
    }

    pub(super) fn mark(&self) -> RowStyle {
        match (&self.now.ended, self.began) {
            (None, None) => RowStyle::Waiting,
            (None, Some(_)) => RowStyle::Reading,
            (Some(ended), _) => match ended.how {
                EndState::Complete => RowStyle::Complete,
                EndState::Skipped(_) => RowStyle::Skipped,
                EndState::Incomplete(_) | EndState::Interrupted => RowStyle::Failed,
            },
        }
    }

    /// Returns the sort key for visibility; lower values are shown first.
    fn urgency(&self) -> (u8, Duration) {
        match (&self.now.ended, self.began) {
            (None, Some(began)) => (0, began),
            (Some(ended), _) => (1, Duration::MAX.saturating_sub(ended.took)),
            (None, None) => (2, Duration::ZERO),
        }
    }

    fn line(&self, columns: &TableColumns, at: Duration) -> Line {
        let mark = self.mark();
        let records = self.now.records;
        let text = match (mark, &self.now.ended) {
            (RowStyle::Waiting, _) => self.name.clone(),
            (_, Some(ended)) => {
                let took = took(ended.took);
                let note = match &ended.how {
                    EndState::Complete => format!("in {took}"),
                    EndState::Skipped(why) => format!("skipped: {why}"),
                    EndState::Incomplete(_) => format!("incomplete after {took}"),
                    EndState::Interrupted => format!("interrupted after {took}"),
                };
                columns.noted(&self.name, records, &note)
            }
            (_, None) => self.moving(columns, at),
        };
        Line::new(mark, &text)
    }

    /// Formats an active stream: its record rate, or the reason that it is waiting.
    fn moving(&self, columns: &TableColumns, at: Duration) -> String {
        let (name, records) = (&self.name, self.now.records);
        let lasts = |since: Duration| at.saturating_sub(since) >= SPEAKABLE;
        let waits_for = self.waits_for.filter(|(_, since)| lasts(*since));
        let waiting = waits_for.map(|(what, _)| format!("waiting for {what}"));
        let rate = self.records.a_second().filter(|rate| *rate > 0.0);
        match (rate, waiting) {
            (None, Some(waiting)) => columns.noted(name, records, &waiting),
            (rate, waiting) => {
                // More records than counted may arrive, so an active stream never shows 100 %.
                let percent = self.now.done.map(|(done, of)| percent(done, of).min(99));
                let note = self.eta().map(left).or(waiting).unwrap_or_default();
                columns.text(name, records, rate, percent, &note)
            }
        }
    }

    /// Estimates the remaining time at the recent rate.
    fn eta(&self) -> Option<Duration> {
        let (done, of) = self.now.done?;
        let rate = self.done.a_second().filter(|rate| *rate > 0.0)?;
        #[expect(clippy::cast_precision_loss, reason = "to be looked at")]
        let more = of.checked_sub(done).filter(|more| *more > 0)? as f64;
        Duration::try_from_secs_f64(more / rate).ok()
    }
}

/// Column widths of a line.
struct TableColumns {
    width: usize,
    name: usize,
    records: usize,
}

impl TableColumns {
    /// The last column stays empty because some terminals wrap there.
    fn new(width: usize, longest_name: usize, records: usize) -> Self {
        let name = longest_name.clamp(14, 36).min((width / 3).max(14));
        Self { width: width.saturating_sub(1), name, records: records.max(7) }
    }

    /// Formats `name  records  rate  percent  note`, omitting columns that do not fit.
    fn text(
        &self,
        name: &str,
        records: u64,
        rate: Option<f64>,
        percent: Option<u64>,
        note: &str,
    ) -> String {
        let mut text = self.head(name, records);
        let rate = rate.map_or(String::new(), |rate| format!("{}/s", figure(rate)));
        let percent = percent.map_or(String::new(), |percent| format!("{percent} %"));
        for column in [format!("{rate:>10}"), format!("{percent:>6}"), format!("  {note}")] {
            let used = text.chars().count() + 2;
            if used + column.chars().count() > self.width {
                break;
            }
            text.push_str(&column);
        }
        text
    }

    /// Formats `name  records  note`.
    fn noted(&self, name: &str, records: u64, note: &str) -> String {
        format!("{}  {note}", self.head(name, records))
    }

    fn head(&self, name: &str, records: u64) -> String {
        let (name, records) = (cut(name, self.name), grouped(records));
        format!("{name:<0$}  {records:>1$}", self.name, self.records)
    }
}
