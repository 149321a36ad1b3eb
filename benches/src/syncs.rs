//! Reads contacts under quota: a first read and incremental reads.

use std::collections::BTreeMap;
use std::time::Duration;

use hubspot_simulator::{Bucket, Change, Records, Simulator};
use serde_json::{Value, json};
use source_hubspot::hubspot::limits::{LIST_PAGE, SEARCH_PAGE};

use crate::Result;
use crate::connector::{Connector, Run, named};
use crate::figure::{Figure, Points, float, grouped, megabytes, percent, seconds};
use crate::portal::{LATENCY, bounded, contacts};
use crate::usage::{Allowance, arrivals_ms, rates, refused};

/// Minimum share of an allowance that must be used.
const SHARE: f64 = 0.95;
/// Maximum share of responses with status 429.
const REFUSED: f64 = 0.001;
/// Maximum number of requests per full page.
const REQUESTS_PER_PAGE: f64 = 1.05;
/// Maximum number of requests of a first read that return no new records; the currently measured
/// value.
const PROBES: u64 = 600;
/// Maximum number of searches beyond the full pages: the count probe, and a partial page for each
/// range.
const ENDS: u64 = 32;

/// Result of a first read.
pub(crate) struct Load {
    pub(crate) figures: Vec<Figure>,
    /// Points (second, requests per second): per second, and averaged over the preceding ten
    /// seconds.
    pub(crate) rates: [Points; 2],
}

/// Reads all contacts for the first time. `factor` multiplies the quotas and divides the latency.
pub(crate) fn first(connector: &Connector, records: u64, factor: u32) -> Result<Load> {
    let simulator = bounded(contacts(records, 0), factor)?;
    let run = connector.read(&simulator.url(), &[named("contacts")], &[])?;
    expect_records(&run, records)?;
    let allowance = Allowance::GENERAL.times(factor.into());
    let entries = simulator.journal();
    let arrivals = arrivals_ms(&entries, Bucket::General);
    let what = format!(
        "first read of {} contacts at {} requests in 10 s and {} ms{}",
        grouped(records),
        grouped(allowance.requests),
        (LATENCY / factor).as_millis(),
        if factor > 1 { format!(" (true scale × {factor})") } else { String::new() },
    );
    let figures = vec![
        share(&format!("{what}: share of the general allowance"), allowance, &arrivals)?,
        refusals("the same: answers 429", &simulator),
        pages(arrivals.len() as u64, records),
        beyond_pages(arrivals.len() as u64, records),
        Figure::plain(
            "the same: time, CPU, peak memory",
            format!(
                "{}, {}, {}",
                seconds(run.wall),
                seconds(run.taken.cpu()),
                megabytes(run.taken.peak_bytes)
            ),
        ),
    ];
    let rates = [1_000, 10_000].map(|length_ms| rates(&arrivals, length_ms, 250));
    Ok(Load { figures, rates })
}

/// Reads about `changed` modified contacts, without and with their associations.
pub(crate) fn changes(connector: &Connector, records: u64, changed: u64) -> Result<Vec<Figure>> {
    const MINUTES: u64 = 10;
    let simulator = bounded(contacts(records, 0), 1)?;
    for seed in 0..MINUTES {
        let share = float(changed) / float(MINUTES * records);
        simulator.change(&Change::Modify {
            object: "contacts".to_owned(),
            records: Records::Sample { share, seed },
            properties: BTreeMap::default(),
        });
        simulator.advance(Duration::from_mins(1));
    }
    simulator.advance(Duration::from_mins(10));
    let state = json!({ "type": "STREAM", "stream": {
        "stream_descriptor": { "name": "contacts" },
        "stream_state": { "updatedAt": "2026-09-21T14:13:20.000000Z" },
    } });
    let mut figures = Vec::new();
    let mut walls = Vec::new();
    for (with, stream) in [("without", without_associations()), ("with", named("contacts"))] {
        simulator.clear_journal();
        let run = connector.read(&simulator.url(), &[stream], std::slice::from_ref(&state))?;
        if run.records < changed * 9 / 10 {
            return Err(format!("{} records of {changed} that changed", run.records).into());
        }
        let what = format!(
            "{} changed of {} contacts, {with} associations",
            grouped(run.records),
            grouped(records)
        );
        let entries = simulator.journal();
        let searches = arrivals_ms(&entries, Bucket::Search);
        let links = arrivals_ms(&entries, Bucket::Associations).len() as u64;
        let what_of_it = format!("{what}: share of 5 searches a second");
        figures.push(share(&what_of_it, Allowance::SEARCH, &searches)?);
        figures.push(refusals("the same: answers 429", &simulator));
        let most = run.records.div_ceil(SEARCH_PAGE as u64) + ENDS;
        let number = searches.len() as u64;
        figures.push(
            Figure::plain("the same: searches", number.to_string())
                .held(format!("≤ {most}: full pages, and {ENDS}"), number <= most)
                .anywhere(),
        );
        figures.push(Figure::plain(
            "the same: batch reads of associations, time",
            format!("{links}, {}", seconds(run.wall)),
        ));
        walls.push(run.wall.as_secs_f64());
    }
    if let [without, with] = walls.as_slice() {
        let ratio = with / without;
        figures.push(
            Figure::plain("associations beside it make it take", format!("{ratio:.2} × the time"))
                .held("≤ 1.05 ×", ratio <= 1.05),
        );
    }
    Ok(figures)
}

fn share(what: &str, allowance: Allowance, arrivals_ms: &[i64]) -> Result<Figure> {
    let share = allowance.share(arrivals_ms).ok_or("the read took less than one window")?;
    Ok(Figure::plain(what, percent(share)).held(format!("≥ {}", percent(SHARE)), share >= SHARE))
}

fn refusals(what: &str, simulator: &Simulator) -> Figure {
    let entries = simulator.journal();
    let refused = refused(&entries);
    let most = float(entries.len() as u64) * REFUSED;
    Figure::plain(what, format!("{refused} of {}", grouped(entries.len() as u64)))
        .held(format!("< {}", percent(REFUSED)), float(refused) < most)
        .anywhere()
}

/// Cost of reading id ranges in parallel: some pages are fetched more than once.
fn pages(requests: u64, records: u64) -> Figure {
    let pages = records.div_ceil(LIST_PAGE as u64);
    let ratio = float(requests) / float(pages.max(1));
    let measured =
        format!("{} requests for {} pages: {ratio:.2}", grouped(requests), grouped(pages));
    Figure::plain("the same: requests for each page of 100", measured)
        .held(format!("≤ {REQUESTS_PER_PAGE}"), ratio <= REQUESTS_PER_PAGE)
}

/// The same cost as a target that holds on every machine: the probes of empty id ranges come on top
/// of the pages and hardly depend on the number of records.
fn beyond_pages(requests: u64, records: u64) -> Figure {
    let beyond = requests.saturating_sub(records.div_ceil(LIST_PAGE as u64));
    Figure::plain("the same: requests beyond one a page", grouped(beyond))
        .held(format!("≤ {PROBES}"), beyond <= PROBES)
        .anywhere()
}

fn expect_records(run: &Run, records: u64) -> Result<()> {
    if run.records == records {
        return Ok(());
    }
    Err(format!("{} records were read of {records}", run.records).into())
}

/// Returns a catalog stream of contacts with all properties and without associated ids.
fn without_associations() -> Value {
    let mut stream = named("contacts");
    let names = ["archived", "createdAt", "id", "properties", "updatedAt"];
    let columns: serde_json::Map<_, _> =
        names.into_iter().map(|name| (name.to_owned(), json!({}))).collect();
    if let Some(schema) = stream.get_mut("json_schema") {
        *schema = json!({ "properties": columns });
    }
    stream
}
