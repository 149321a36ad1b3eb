//! Records as a table that fits a terminal.

use std::fmt::Write as _;

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use super::super::stderr::one_line;
use super::{PreviewRow, columns, text};

/// Widest value, in characters; longer ones are cut. Names of columns are not, so that they can be
/// copied.
const WIDEST: usize = 32;
const GAP: &str = "  ";

/// Returns the records as a table of at most `width` characters a line.
///
/// Without a choice of columns, those without any value are left out, and as many of the others are
/// shown as fit. The last line counts what is not shown.
pub(super) fn render_table(rows: &[PreviewRow], chosen: &[String], width: usize) -> String {
    if rows.is_empty() {
        return "no records\n".to_owned();
    }
    let all: Vec<&str> =
        if chosen.is_empty() { columns(rows) } else { chosen.iter().map(String::as_str).collect() };
    let is_shown = |name: &&&str| {
        !chosen.is_empty() || rows.iter().any(|row| !text(row.get(**name)).is_empty())
    };
    let mut left = width;
    let mut shown = Vec::new();
    for &name in all.iter().filter(is_shown) {
        let column = Column::of(name, rows);
        let needed = column.width + GAP.len();
        // The first column is shown even if it is too wide.
        if !shown.is_empty() && needed > left {
            break;
        }
        left = left.saturating_sub(needed);
        shown.push(column);
    }
    let mut table = String::new();
    for line in 0..=rows.len() {
        let cells = shown.iter().filter_map(|column| {
            let cell = column.cells.get(line)?;
            Some(pad_str(cell, column.width, column.alignment, None).into_owned())
        });
        let text = cells.collect::<Vec<_>>().join(GAP);
        writeln!(table, "{}", text.trim_end()).expect("memory");
    }
    let hidden = all.len() - shown.len();
    if hidden > 0 {
        writeln!(
            table,
            "{} of {} columns; choose others with --columns, or redirect stdout to get all as CSV",
            shown.len(),
            all.len()
        )
        .expect("memory");
    }
    table
}

struct Column {
    /// Name and values.
    cells: Vec<String>,
    width: usize,
    alignment: Alignment,
}

impl Column {
    fn of(name: &str, rows: &[PreviewRow]) -> Self {
        let values = rows.iter().map(|row| text(row.get(name)));
        let cells: Vec<_> =
            std::iter::once(name.to_owned()).chain(values.map(|value| cut(&value))).collect();
        let width = cells.iter().map(|cell| measure_text_width(cell)).max().unwrap_or_default();
        let are_numbers = rows
            .iter()
            .filter_map(|row| row.get(name))
            .all(|value| value.is_number() || value.is_null());
        let alignment = if are_numbers { Alignment::Right } else { Alignment::Left };
        Self { cells, width, alignment }
    }
}

/// Returns the text on one line of at most [`WIDEST`] characters.
fn cut(text: &str) -> String {
    truncate_str(&one_line(text), WIDEST, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::rows;
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_fit_the_terminal_and_the_rest_is_counted() {
        let rows = rows(json!([
            { "id": "70021", "properties_amount": 1200.5, "properties_dealname": "Ten boats\n\u{1b}[2J",
              "properties_nothing": null, "properties_hs_object_id": 70021 },
            { "id": "70055", "properties_amount": null, "properties_dealname": "A very long name of a deal that goes on",
              "properties_nothing": null, "properties_hs_object_id": 70055 },
        ]));
        assert_eq!(
            render_table(&rows, &[], 120),
            "\
id     properties_dealname               properties_amount  properties_hs_object_id
70021  Ten boats  [2J                               1200.5                    70021
70055  A very long name of a deal that…                                       70055
4 of 5 columns; choose others with --columns, or redirect stdout to get all as CSV
"
        );
        let narrow = render_table(&rows, &[], 30);
        assert_eq!(narrow.lines().next(), Some("id"));
        assert!(narrow.ends_with(
            "1 of 5 columns; choose others with --columns, or redirect stdout to get all as CSV\n"
        ));
        let chosen = ["properties_nothing".to_owned(), "id".to_owned()];
        assert_eq!(
            render_table(&rows, &chosen, 80),
            "properties_nothing  id\n                    70021\n                    70055\n"
        );
        assert_eq!(render_table(&[], &[], 80), "no records\n");
    }
}
