//! Reads all streams of a small portal: a first sync, and later ones without changes.

use std::collections::BTreeMap;
use std::time::Duration;

use hubspot_simulator::{Bucket, Entry, Simulator};

use crate::Result;
use crate::connector::{Connector, Receipt};
use crate::figure::{Figure, grouped, megabytes, seconds};
use crate::portal::{LATENCY, bounded, small, unbounded};
use crate::usage::{Allowance, arrivals_ms, longest_chain, refused};

/// Number of requests allowed per stream in a sync without changes.
const FEW: u64 = 2;
/// Time allowed for a sync without changes.
const SOON: Duration = Duration::from_secs(5);
const MEMORY: u64 = 64_000_000;

/// Measures with quotas and latency, so that times are realistic.
pub(crate) fn timed(connector: &Connector) -> Result<Vec<Figure>> {
    measure(connector, &bounded(small(), 1)?, true)
}

/// Measures without quotas and latency; only requests, records and memory are meaningful.
pub(crate) fn counted(connector: &Connector) -> Result<Vec<Figure>> {
    measure(connector, &unbounded(small())?, false)
}

fn measure(connector: &Connector, simulator: &Simulator, is_timed: bool) -> Result<Vec<Figure>> {
    let url = simulator.url();
    let streams = connector.discover(&url)?;
    // Let the quota that discovery has used up recover.
    simulator.advance(Duration::from_mins(1));
    simulator.clear_journal();
    let first = connector.read(&url, &streams, &[])?;
    let entries = simulator.journal();
    let mut figures = Vec::new();
    let number = streams.len();
    let what = format!("first read of all {number} streams of a small portal");
    if is_timed {
        let (bound, bucket) = least(&entries);
        let chain = LATENCY * longest_chain(&entries);
        figures.push(Figure::plain(
            format!("{what}: time"),
            format!(
                "{}; at least {} for {bucket}, and {} for the longest chain of pages",
                seconds(first.wall),
                seconds(bound),
                seconds(chain)
            ),
        ));
        figures.push(Figure::plain("the same: requests by bucket", by_bucket(&entries)));
        figures.push(Figure::plain("the same: answers 429", refused(&entries).to_string()));
    }
    figures.push(
        Figure::plain(
            format!("{what}: records, peak memory"),
            format!("{}, {}", grouped(first.records), megabytes(first.taken.peak_bytes)),
        )
        .held("< 64 MB", first.taken.peak_bytes < MEMORY)
        .anywhere(),
    );

    // Each sync searches the last hour of the previous one again. With an intermediate sync and
    // these gaps, the measured sync searches nothing of the first read again.
    simulator.advance(Duration::from_hours(3));
    let middle = connector.read(&url, &streams, &first.states())?;
    simulator.advance(Duration::from_hours(3));
    simulator.clear_journal();
    let idle = connector.read(&url, &streams, &middle.states())?;
    figures.extend(requests(&idle.receipts(), number));
    if is_timed {
        figures.push(
            Figure::plain(
                format!("the same: time at {} ms", LATENCY.as_millis()),
                format!("{} for {}", seconds(idle.wall), by_bucket(&simulator.journal())),
            )
            .held(format!("< {}", seconds(SOON)), idle.wall < SOON),
        );
    }
    Ok(figures)
}

/// Returns the lower bound of the duration of the sync that the quotas imply, with the bucket that
/// causes it.
fn least(entries: &[Entry]) -> (Duration, String) {
    let buckets = [
        (Bucket::General, Allowance::GENERAL, "general requests"),
        (Bucket::Search, Allowance::SEARCH, "searches"),
        (Bucket::Associations, Allowance::ASSOCIATIONS, "batch reads of associations"),
    ];
    let bound = buckets.into_iter().map(|(bucket, allowance, name)| {
        let requests = arrivals_ms(entries, bucket).len() as u64;
        (allowance.least(requests), format!("{} {name}", grouped(requests)))
    });
    bound.max_by_key(|(least, _)| *least).unwrap_or_default()
}

fn by_bucket(entries: &[Entry]) -> String {
    let count = |bucket| arrivals_ms(entries, bucket).len();
    format!(
        "{} general, {} searches, {} of associations",
        count(Bucket::General),
        count(Bucket::Search),
        count(Bucket::Associations)
    )
}

/// Returns the number of requests per stream and in total, from the receipts.
fn requests(receipts: &[Receipt], streams: usize) -> Vec<Figure> {
    let mut by_number: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for receipt in receipts {
        let number = receipt.requests.iter().sum();
        by_number.entry(number).or_default().push(&receipt.stream);
    }
    let total: u64 = by_number.iter().map(|(number, streams)| number * streams.len() as u64).sum();
    let many: Vec<_> = by_number
        .range(FEW + 1..)
        .flat_map(|(number, streams)| {
            streams.iter().map(move |stream| format!("`{stream}` {number}"))
        })
        .collect();
    let within = receipts.len() - many.len();
    let list = if many.is_empty() { String::new() } else { format!("; more: {}", many.join(", ")) };
    vec![
        Figure::plain(
            format!("nothing changed, {streams} streams: requests a stream"),
            format!("{within} of {} with at most {FEW}{list}", receipts.len()),
        )
        .held(format!("≤ {FEW} each"), many.is_empty() && receipts.len() == streams),
        Figure::plain("the same: requests in all", total.to_string())
            .held(format!("≤ {FEW} a stream"), total <= FEW * streams as u64)
            .anywhere(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_with_many_requests_are_named() {
        let receipt = |stream: &str, requests| Receipt { stream: stream.to_owned(), requests };
        let few = receipt("deals", [1, 1, 0]);
        let many = receipt("forms", [1, 1, 1]);
        for (case, receipts, expected) in [
            ("few", vec![few.clone()], Some("1 of 1 with at most 2")),
            ("many", vec![few, many], Some("1 of 2 with at most 2; more: `forms` 3")),
        ] {
            let figures = requests(&receipts, receipts.len());
            let table = crate::figure::table(&figures);
            assert_eq!(
                table.lines().nth(2).and_then(|row| row.split(" | ").nth(1)),
                expected,
                "{case}"
            );
        }
    }
}
