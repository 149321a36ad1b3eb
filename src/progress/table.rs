//! Summary table of a read: one row per stream, and a total.

use std::time::Duration;

use super::line::{Line, RowStyle, cut};
use super::view::{EndState, Ended, ProgressView, Row};
use super::words::{figure, grouped};

/// Columns, and the order in which a narrow screen omits them.
const COLUMNS: [(&str, Option<u8>); 6] = [
    ("stream", None),
    ("records", None),
    ("requests", Some(2)),
    ("seconds", Some(3)),
    ("records/s", Some(1)),
    ("ended", None),
];
/// Gap between two columns.
const GAP: usize = 2;
/// Minimum width of a name that has to be cut.
const NAME: usize = 14;

/// One line of the table.
struct Cells {
    mark: RowStyle,
    texts: [String; COLUMNS.len()],
}

impl ProgressView {
    /// Renders the table, followed by one sentence for each incomplete or skipped stream.
    pub fn table(&self, width: usize) -> Vec<Line> {
        let head = Cells { mark: RowStyle::Foot, texts: COLUMNS.map(|(name, _)| name.to_owned()) };
        let rows: Vec<_> = self.rows.iter().map(|row| Cells::of(row, self.at)).collect();
        let sum = self.summed();
        let mut widths = [0; COLUMNS.len()];
        for cells in [&head, &sum].into_iter().chain(&rows) {
            for (most, text) in widths.iter_mut().zip(&cells.texts) {
                *most = text.chars().count().max(*most);
            }
        }
        let layout = Layout::of(widths, width);
        let line = |cells: &Cells| cells.line(&layout).within(width.saturating_sub(1));
        let lines: Vec<_> = [&head].into_iter().chain(&rows).chain([&sum]).map(line).collect();
        let widest = lines.iter().map(Line::width).max().unwrap_or(0).saturating_sub(2);
        let rule = Line::new(RowStyle::Foot, &"─".repeat(widest));
        let mut table = lines;
        table.insert(1, rule.clone());
        table.insert(table.len() - 1, rule);
        table.extend(self.rows.iter().filter_map(Row::complaint));
        table
    }

    fn summed(&self) -> Cells {
        let all = self.rows.len();
        let complete =
            self.rows.iter().filter(|row| row.final_mark() == RowStyle::Complete).count();
        let how = match complete {
            complete if complete == all => "all complete".to_owned(),
            complete => format!("{complete} of {all} complete"),
        };
        let requests = self.rows.iter().map(|row| row.now.requests).sum();
        let name = format!("{all} stream{}", if all == 1 { "" } else { "s" });
        Cells::new(RowStyle::Sum, name, (self.total(), requests, self.at), how)
    }
}

impl Row {
    /// Returns the final sign of the stream; a stream without an end state was interrupted.
    fn final_mark(&self) -> RowStyle {
        if self.now.ended.is_none() { RowStyle::Failed } else { self.mark() }
    }

    fn complaint(&self) -> Option<Line> {
        let Some(Ended { how: EndState::Incomplete(why) | EndState::Skipped(why), .. }) =
            &self.now.ended
        else {
            return None;
        };
        Some(Line::new(self.mark(), &format!("{}: {why}", self.name)))
    }
}

impl Cells {
    fn of(row: &Row, at: Duration) -> Self {
        let took = row.now.ended.as_ref().map_or(at, |ended| ended.took);
        let how = match row.now.ended.as_ref().map(|ended| &ended.how) {
            Some(EndState::Complete) => "complete",
            Some(EndState::Skipped(_)) => "skipped",
            Some(EndState::Incomplete(_)) => "incomplete",
            Some(EndState::Interrupted) | None => "interrupted",
        };
        let figures = (row.now.records, row.now.requests, took);
        Self::new(row.final_mark(), row.name.clone(), figures, how.to_owned())
    }

    fn new(mark: RowStyle, name: String, figures: (u64, u64, Duration), how: String) -> Self {
        let (records, requests, took) = figures;
        let seconds = took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "to be looked at")]
        let rate = (records > 0 && seconds > 0.0).then(|| figure(records as f64 / seconds));
        let (records, requests) = (grouped(records), grouped(requests));
        let texts =
            [name, records, requests, format!("{seconds:.1}"), rate.unwrap_or_default(), how];
        Self { mark, texts }
    }

    /// Formats the row: text left-aligned, numbers right-aligned.
    fn line(&self, layout: &Layout) -> Line {
        let columns = COLUMNS.iter().zip(&self.texts).zip(layout.widths);
        let texts: Vec<_> = columns
            .filter(|(((_, rank), _), _)| layout.shows(*rank))
            .map(|(((name, _), text), width)| match *name {
                "stream" => format!("{:<width$}", cut(text, width)),
                "ended" => text.clone(),
                _ => format!("{text:>width$}"),
            })
            .collect();
        Line::new(self.mark, &texts.join("  "))
    }
}

/// Columns that fit on the screen.
struct Layout {
    widths: [usize; COLUMNS.len()],
    /// Columns with a rank up to this one are omitted.
    without: u8,
}

impl Layout {
    fn of(widths: [usize; COLUMNS.len()], screen: usize) -> Self {
        let mut layout = Self { widths, without: 0 };
        while layout.width() >= screen && layout.without < 3 {
            layout.without += 1;
        }
        let too_wide = (layout.width() + 1).saturating_sub(screen);
        let [name, ..] = &mut layout.widths;
        *name = name.saturating_sub(too_wide).max(NAME.min(*name));
        layout
    }

    fn shows(&self, rank: Option<u8>) -> bool {
        rank.is_none_or(|rank| rank > self.without)
    }

    /// Returns the width of a line, including its sign.
    fn width(&self) -> usize {
        let columns = COLUMNS.iter().zip(self.widths).filter(|((_, rank), _)| self.shows(*rank));
        columns.map(|(_, width)| GAP + width).sum()
    }
}
