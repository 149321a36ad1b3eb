//! Table of records and requests of both reads.

use std::path::Path;
use std::time::Duration;

use crate::portal::Requests;
use crate::reading::Reading;
use crate::text::grouped;

/// One row of the table.
struct Row<'a> {
    name: &'a str,
    /// Records and requests of the first read, then of the second.
    first: (u64, u64),
    second: (u64, u64),
    /// Duration in the first read, if known.
    duration: Option<Duration>,
}

const HEADINGS: [&str; 2] = [
    "                   ────────── read 1 ──────────    ───── read 2 ─────    ────── saved ──────",
    "  stream           records  requests  records/s    records  requests    records   requests",
];

/// Prints a row for every stream, one for shared requests, and the total.
#[expect(clippy::print_stdout, reason = "the table is what the demo is for")]
pub(crate) fn print(
    first: &Reading,
    first_requests: &Requests,
    second: &Reading,
    second_requests: &Requests,
) {
    println!();
    for heading in HEADINGS {
        println!("{heading}");
    }
    let rule = format!("  {}", "─".repeat(88));
    println!("{rule}");
    let readings = first.by_stream().zip(&second.streams);
    let requests = first_requests.by_stream.into_iter().zip(second_requests.by_stream);
    for (((stream, older), newer), (cost, cost_later)) in readings.zip(requests) {
        println!(
            "{}",
            line(&Row {
                name: stream.name,
                first: (older.records, cost),
                second: (newer.records, cost_later),
                duration: Some(older.duration),
            })
        );
    }
    println!(
        "{}",
        line(&Row {
            name: "custom schemas",
            first: (0, first_requests.shared),
            second: (0, second_requests.shared),
            duration: None,
        })
    );
    println!("{rule}");
    println!(
        "{}",
        line(&Row {
            name: "all",
            first: (first.records(), first_requests.total),
            second: (second.records(), second_requests.total),
            duration: Some(first.duration),
        })
    );
    println!("  The streams share the quota: what each waited for it is part of its records/s.");
    println!("  Archived records stay in what was read: HubSpot's search does not show them.");
}

fn line(row: &Row<'_>) -> String {
    let (records, requests) = row.first;
    let (later_records, later_requests) = row.second;
    format!(
        "  {:<16}{:>8}{:>10}{:>11}{:>11}{:>10}{:>11}{:>11}",
        row.name,
        figure(records),
        figure(requests),
        row.duration.and_then(|duration| rate(records, duration)).unwrap_or_else(dash),
        if records == 0 { dash() } else { grouped(later_records) },
        grouped(later_requests),
        saved(records, later_records),
        saved(requests, later_requests),
    )
}

fn dash() -> String {
    "–".to_owned()
}

fn figure(number: u64) -> String {
    if number == 0 { dash() } else { grouped(number) }
}

/// Returns the records per second, or `None` for fewer than 100 records.
fn rate(records: u64, duration: Duration) -> Option<String> {
    let milliseconds = u64::try_from(duration.as_millis()).ok()?;
    let rate = (records * 1_000).checked_div(milliseconds)?;
    (records >= 100).then(|| grouped(rate))
}

/// Returns the percentage of the first read's requests that the second saved.
fn saved(first: u64, second: u64) -> String {
    let Some(tenths) = (first.saturating_sub(second) * 1_000).checked_div(first) else {
        return dash();
    };
    if tenths == 0 { "0 %".to_owned() } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

/// Prints the folder and the files of the run.
#[expect(clippy::print_stdout, reason = "the list of files belongs to the table")]
pub(crate) fn print_files(folder: &Path) {
    println!();
    println!("  Left in {}", folder.display());
    for (name, what) in [
        ("config.json, catalog.json", "what both reads were given"),
        ("first/, second/", "<stream>.jsonl: the records; messages.jsonl: everything else"),
        ("state-1.json, state-2.json", "where each read ended; the second began with state-1"),
    ] {
        println!("    {name:<28}{what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn savings_are_shares_of_the_first_read() {
        for (first, second, expected) in
            [(1_000, 9, "99.1 %"), (2, 2, "0 %"), (1, 3, "0 %"), (60, 0, "100.0 %"), (0, 0, "–")]
        {
            assert_eq!(saved(first, second), expected, "{second} after {first}");
        }
    }

    #[test]
    fn few_records_have_no_rate() {
        let second = Duration::from_secs(1);
        assert_eq!(rate(60, second), None);
        assert_eq!(rate(30_000, 4 * second).as_deref(), Some("7,500"));
        assert_eq!(rate(30_000, Duration::ZERO), None);
    }

    #[test]
    fn columns_align_whatever_they_hold() {
        let row = |name, records| {
            line(&Row {
                name,
                first: (records, 301),
                second: (0, 1),
                duration: Some(Duration::from_secs(9)),
            })
        };
        let widths = [row("contacts", 30_000), row("account_details", 1), row("owners", 0)]
            .map(|line| line.chars().count());
        assert_eq!(widths, [widths[0]; 3]);
    }
}
