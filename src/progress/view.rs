//! Progress of a read, rendered for a screen of a given size.

use std::collections::VecDeque;
use std::time::Duration;

use super::text::{
    Fraction, Line, RowStyle, cut, format_duration, format_elapsed, format_number,
    format_remaining, format_until, group_thousands,
};

/// Minimum duration of a wait that is shown.
const SHOWN_WAIT: Duration = Duration::from_secs(1);
/// Time span over which the rate is measured.
const RATE_SPAN: Duration = Duration::from_secs(10);
/// Minimum interval between stored values; a rate that changed more often would be unreadable.
const RATE_STEP: Duration = Duration::from_secs(1);

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
    /// Completed part of the stream, in any unit.
    pub completion: Option<Fraction>,
    /// Reason that the whole stream is waiting, if it is.
    pub waits_for: Option<&'static str>,
    /// Failure of the request that the whole stream is waiting for.
    pub outage: Option<Outage>,
    pub ended: Option<Ended>,
}

/// Failure of a request that is being repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The failure, as a sentence.
    pub cause: String,
    /// Number of the next attempt.
    pub attempt: u32,
    /// Expected time until the request is given up.
    pub gives_up_in: Duration,
}

/// End state of a stream and the time until its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub state: EndState,
    pub elapsed: Duration,
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
    pub general: Fraction,
    /// Limit of searches per second.
    pub searches_per_second: u32,
    /// Number of searches sent so far.
    pub searches_sent: u64,
    /// Requests used today, and the daily limit.
    pub day: Option<Fraction>,
}

/// Latest progress of all streams of a read.
#[derive(Debug)]
pub struct ProgressView {
    pub(super) rows: Vec<Row>,
    records_rate: Rate,
    searches_rate: Rate,
    quota: QuotaUsage,
    /// Time of the latest samples, since the start of the read.
    pub(super) at: Duration,
}

/// Latest progress of one stream.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// Latest sample.
    pub(super) sample: Sample,
    records_rate: Rate,
    completion_rate: Rate,
    /// Reason and start of the current wait.
    waits_for: Option<(&'static str, Duration)>,
    /// Time of the first sample with a request.
    started: Option<Duration>,
}

impl ProgressView {
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let rows = names.into_iter().map(Row::new).collect();
        let (records_rate, searches_rate) = (Rate::default(), Rate::default());
        let (quota, at) = (QuotaUsage::default(), Duration::ZERO);
        Self { rows, records_rate, searches_rate, quota, at }
    }

    /// Records new samples, in the order of the names. `at` is the time since the start of the
    /// read.
    pub fn update(&mut self, at: Duration, samples: Vec<Sample>, quota: QuotaUsage) {
        for (row, sample) in self.rows.iter_mut().zip(samples) {
            row.update(at, sample);
        }
        self.records_rate.record(at, self.total());
        self.searches_rate.record(at, quota.searches_sent);
        (self.at, self.quota) = (at, quota);
    }

    pub(super) fn total(&self) -> u64 {
        self.rows.iter().map(|row| row.sample.records).sum()
    }

    /// Renders the screen: as many active and recently ended streams as fit, the total, and the
    /// quota, or the failure that a stream waits for.
    pub fn render(&self, size: Size) -> Vec<Line> {
        // The cursor takes a line of its own.
        let room = size.height.saturating_sub(3).max(1);
        let visible = self.visible(room);
        let columns = self.columns(size.width);
        let mut lines: Vec<_> = visible
            .iter()
            .filter_map(|place| self.rows.get(*place))
            .map(|row| row.line(&columns, self.at))
            .collect();
        lines.extend(self.hidden_summary(&visible));
        lines.push(self.total_line(&columns));
        lines.push(
            self.outage_line()
                .unwrap_or_else(|| Line::new(RowStyle::Foot, &self.quota_line(size.width))),
        );
        lines.into_iter().map(|line| line.within(columns.width)).collect()
    }

    /// Returns the indices of the streams to show, in stream order.
    fn visible(&self, room: usize) -> Vec<usize> {
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
    fn hidden_summary(&self, visible: &[usize]) -> Option<Line> {
        let hidden: Vec<_> =
            (0..).zip(&self.rows).filter(|(place, _)| !visible.contains(place)).collect();
        let number =
            |style: RowStyle| hidden.iter().filter(|(_, row)| row.style() == style).count();
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

    fn total_line(&self, columns: &LiveColumns) -> Line {
        let ended = self.rows.iter().filter(|row| row.sample.ended.is_some()).count();
        let name = format!("{ended} of {} ended", self.rows.len());
        let rate = self.records_rate.per_second().filter(|rate| *rate > 0.0);
        let text = columns.text(&name, self.total(), rate, None, &format_duration(self.at));
        Line::new(RowStyle::Sum, &text)
    }

    /// Returns the failure that an active stream has been waiting for, if there is one.
    fn outage_line(&self) -> Option<Line> {
        let active = self.rows.iter().filter(|row| row.sample.ended.is_none());
        let waiting = active.filter(|row| row.shown_wait(self.at).is_some());
        let outages = waiting.filter_map(|row| row.sample.outage.as_ref());
        let Outage { cause, attempt, gives_up_in } = outages.max_by_key(|outage| outage.attempt)?;
        let until = format_until(*gives_up_in);
        let text = format!("{cause}; attempt {attempt}, gives up in {until}");
        Some(Line::new(RowStyle::Warning, &text))
    }

    /// Formats the account's quotas, abbreviated if the screen is narrow.
    fn quota_line(&self, width: usize) -> String {
        let general = self.quota.general.percent();
        let searches = format_number(self.searches_rate.per_second().unwrap_or_default());
        let day = self.quota.day.map(Fraction::percent);
        let of_day = day.map_or(String::new(), |day| format!(" · {day} % of the day"));
        let allowed = self.quota.searches_per_second;
        let long = format!(
            "HubSpot's quota: {general} % of requests · {searches} of {allowed} searches/s{of_day}"
        );
        if long.chars().count() + 3 <= width {
            return long;
        }
        let day = day.map_or(String::new(), |day| format!(" · day {day} %"));
        format!("quota {general} % · search {searches}/s{day}")
    }

    fn columns(&self, width: usize) -> LiveColumns {
        let longest = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        LiveColumns::new(width, longest, group_thousands(self.total()).len())
    }
}

impl Row {
    fn new(name: String) -> Self {
        Self {
            name,
            sample: Sample::default(),
            records_rate: Rate::default(),
            completion_rate: Rate::default(),
            waits_for: None,
            started: None,
        }
    }

    fn update(&mut self, at: Duration, sample: Sample) {
        if sample.requests > 0 {
            self.started = self.started.or(Some(at));
        }
        self.records_rate.record(at, sample.records);
        self.completion_rate.record(at, sample.completion.map_or(0, |completion| completion.part));
        self.waits_for = match (sample.waits_for, self.waits_for) {
            (Some(reason), Some((before, since))) if reason == before => Some((reason, since)),
            (reason, _) => reason.map(|reason| (reason, at)),
        };
        self.sample = sample;
    }

    pub(super) fn style(&self) -> RowStyle {
        match (&self.sample.ended, self.started) {
            (None, None) => RowStyle::Waiting,
            (None, Some(_)) => RowStyle::Reading,
            (Some(ended), _) => match ended.state {
                EndState::Complete => RowStyle::Complete,
                EndState::Skipped(_) => RowStyle::Skipped,
                EndState::Incomplete(_) | EndState::Interrupted => RowStyle::Failed,
            },
        }
    }

    /// Returns the sort key for visibility; lower values are shown first.
    fn urgency(&self) -> (u8, Duration) {
        match (&self.sample.ended, self.started) {
            (None, Some(started)) => (0, started),
            (Some(ended), _) => (1, Duration::MAX.saturating_sub(ended.elapsed)),
            (None, None) => (2, Duration::ZERO),
        }
    }

    fn line(&self, columns: &LiveColumns, at: Duration) -> Line {
        let style = self.style();
        let records = self.sample.records;
        let text = match (style, &self.sample.ended) {
            (RowStyle::Waiting, _) => self.name.clone(),
            (_, Some(ended)) => {
                let elapsed = format_elapsed(ended.elapsed);
                let note = match &ended.state {
                    EndState::Complete => format!("in {elapsed}"),
                    EndState::Skipped(why) => format!("skipped: {why}"),
                    EndState::Incomplete(_) => format!("incomplete after {elapsed}"),
                    EndState::Interrupted => format!("interrupted after {elapsed}"),
                };
                columns.noted(&self.name, records, &note)
            }
            (_, None) => self.active_line(columns, at),
        };
        Line::new(style, &text)
    }

    /// Formats an active stream: its record rate, or the reason that it is waiting.
    fn active_line(&self, columns: &LiveColumns, at: Duration) -> String {
        let (name, records) = (&self.name, self.sample.records);
        let waiting = self.shown_wait(at).map(|reason| format!("waiting for {reason}"));
        let rate = self.records_rate.per_second().filter(|rate| *rate > 0.0);
        match (rate, waiting) {
            (None, Some(waiting)) => columns.noted(name, records, &waiting),
            (rate, waiting) => {
                // More records than counted may arrive, so an active stream never shows 100 %.
                let percent = self.sample.completion.map(|completion| completion.percent().min(99));
                let note = self.time_left().map(format_remaining).or(waiting).unwrap_or_default();
                columns.text(name, records, rate, percent, &note)
            }
        }
    }

    /// Returns the reason of the current wait, once it is long enough to be shown.
    fn shown_wait(&self, at: Duration) -> Option<&'static str> {
        let waits_for = self.waits_for.filter(|(_, since)| at.saturating_sub(*since) >= SHOWN_WAIT);
        waits_for.map(|(reason, _)| reason)
    }

    /// Estimates the remaining time at the recent rate.
    fn time_left(&self) -> Option<Duration> {
        let Fraction { part, whole } = self.sample.completion?;
        let rate = self.completion_rate.per_second().filter(|rate| *rate > 0.0)?;
        #[expect(clippy::cast_precision_loss, reason = "an estimate for display")]
        let more = whole.checked_sub(part).filter(|more| *more > 0)? as f64;
        Duration::try_from_secs_f64(more / rate).ok()
    }
}

/// Column widths of a line.
struct LiveColumns {
    width: usize,
    name: usize,
    records: usize,
}

impl LiveColumns {
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
        let rate = rate.map_or(String::new(), |rate| format!("{}/s", format_number(rate)));
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
        let (name, records) = (cut(name, self.name), group_thousands(records));
        format!("{name:<0$}  {records:>1$}", self.name, self.records)
    }
}

/// Recent growth rate of a counter: its values of the last seconds, oldest first.
#[derive(Debug, Default)]
struct Rate {
    values: VecDeque<(Duration, u64)>,
}

impl Rate {
    /// Records the value of the counter at a point in time.
    fn record(&mut self, at: Duration, number: u64) {
        if self.values.back().is_some_and(|(last, _)| at.saturating_sub(*last) < RATE_STEP) {
            return;
        }
        while self.values.front().is_some_and(|(first, _)| at.saturating_sub(*first) > RATE_SPAN) {
            self.values.pop_front();
        }
        self.values.push_back((at, number));
    }

    /// Returns the growth per second, or `None` if there are too few values.
    fn per_second(&self) -> Option<f64> {
        let ((started, from), (ended, to)) = (self.values.front()?, self.values.back()?);
        let seconds = ended.saturating_sub(*started).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "an estimate for display")]
        let grown = to.saturating_sub(*from) as f64;
        (seconds > 0.0).then(|| grown / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_covers_the_last_ten_seconds() {
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), None);
        for (ms, number, expected) in [
            (0, 0, None),
            (900, 5_000, None),
            (1_000, 100, Some(100.0)),
            (1_200, 9_999, Some(100.0)),
            (2_000, 300, Some(150.0)),
            (12_000, 1_300, Some(100.0)),
            (22_000, 1_300, Some(0.0)),
            (60_000, 1_300, None),
        ] {
            rate.record(Duration::from_millis(ms), number);
            assert_eq!(rate.per_second(), expected, "after {ms} ms");
        }
    }
}
