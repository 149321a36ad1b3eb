//! Summary table of a read: one row per stream, and a total.

use std::time::Duration;

use super::text::{Line, RowStyle, cut, format_number, group_thousands};
use super::view::{EndState, Ended, ProgressView, Row};

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

/// Numbers of one line of the table.
struct Amounts {
    records: u64,
    requests: u64,
    elapsed: Duration,
}

/// Texts of one line of the table.
struct Cells {
    style: RowStyle,
    texts: [String; COLUMNS.len()],
}

impl ProgressView {
    /// Renders the table, followed by one sentence for each incomplete or skipped stream.
    pub fn render_table(&self, width: usize) -> Vec<Line> {
        let head = Cells { style: RowStyle::Foot, texts: COLUMNS.map(|(name, _)| name.to_owned()) };
        let rows: Vec<_> = self.rows.iter().map(|row| Cells::of(row, self.at)).collect();
        let sum = self.total_cells();
        let mut widths = [0; COLUMNS.len()];
        for cells in [&head, &sum].into_iter().chain(&rows) {
            for (most, text) in widths.iter_mut().zip(&cells.texts) {
                *most = text.chars().count().max(*most);
            }
        }
        let layout = TableLayout::of(widths, width);
        let line = |cells: &Cells| cells.line(&layout).within(width.saturating_sub(1));
        let lines: Vec<_> = [&head].into_iter().chain(&rows).chain([&sum]).map(line).collect();
        let widest = lines.iter().map(Line::width).max().unwrap_or(0).saturating_sub(2);
        let rule = Line::new(RowStyle::Foot, &"─".repeat(widest));
        let mut table = lines;
        table.insert(1, rule.clone());
        table.insert(table.len() - 1, rule);
        table.extend(self.rows.iter().filter_map(Row::problem_line));
        table
    }

    fn total_cells(&self) -> Cells {
        let all = self.rows.len();
        let complete =
            self.rows.iter().filter(|row| row.final_style() == RowStyle::Complete).count();
        let outcome = match complete {
            complete if complete == all => "all complete".to_owned(),
            complete => format!("{complete} of {all} complete"),
        };
        let requests = self.rows.iter().map(|row| row.sample.requests).sum();
        let name = format!("{all} stream{}", if all == 1 { "" } else { "s" });
        let amounts = Amounts { records: self.total(), requests, elapsed: self.at };
        Cells::new(RowStyle::Sum, name, &amounts, outcome)
    }
}

impl Row {
    /// Returns the final sign of the stream; a stream without an end state was interrupted.
    fn final_style(&self) -> RowStyle {
        if self.sample.ended.is_none() { RowStyle::Failed } else { self.style() }
    }

    fn problem_line(&self) -> Option<Line> {
        let Some(Ended { state: EndState::Incomplete(why) | EndState::Skipped(why), .. }) =
            &self.sample.ended
        else {
            return None;
        };
        Some(Line::new(self.style(), &format!("{}: {why}", self.name)))
    }
}

impl Cells {
    fn of(row: &Row, at: Duration) -> Self {
        let elapsed = row.sample.ended.as_ref().map_or(at, |ended| ended.elapsed);
        let outcome = match row.sample.ended.as_ref().map(|ended| &ended.state) {
            Some(EndState::Complete) => "complete",
            Some(EndState::Skipped(_)) => "skipped",
            Some(EndState::Incomplete(_)) => "incomplete",
            Some(EndState::Interrupted) | None => "interrupted",
        };
        let amounts =
            Amounts { records: row.sample.records, requests: row.sample.requests, elapsed };
        Self::new(row.final_style(), row.name.clone(), &amounts, outcome.to_owned())
    }

    fn new(style: RowStyle, name: String, amounts: &Amounts, outcome: String) -> Self {
        let Amounts { records, requests, elapsed } = *amounts;
        let seconds = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "an estimate for display")]
        let rate = (records > 0 && seconds > 0.0).then(|| format_number(records as f64 / seconds));
        let (records, requests) = (group_thousands(records), group_thousands(requests));
        let texts =
            [name, records, requests, format!("{seconds:.1}"), rate.unwrap_or_default(), outcome];
        Self { style, texts }
    }

    /// Formats the row: text left-aligned, numbers right-aligned.
    fn line(&self, layout: &TableLayout) -> Line {
        let columns = COLUMNS.iter().zip(&self.texts).zip(layout.widths);
        let texts: Vec<_> = columns
            .filter(|(((_, rank), _), _)| layout.shows(*rank))
            .map(|(((name, _), text), width)| match *name {
                "stream" => format!("{:<width$}", cut(text, width)),
                "ended" => text.clone(),
                _ => format!("{text:>width$}"),
            })
            .collect();
        Line::new(self.style, &texts.join("  "))
    }
}

/// Columns that fit on the screen.
struct TableLayout {
    widths: [usize; COLUMNS.len()],
    /// Columns with a rank up to this one are omitted.
    without: u8,
}

impl TableLayout {
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
