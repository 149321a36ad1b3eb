//! No stream takes more requests than its stated cost. `--nocapture` prints the requests of each.

#![expect(clippy::print_stdout, reason = "the table is for whoever asks for it by --nocapture")]

use std::collections::BTreeSet;

use hubspot_simulator::{Config, Entry, JournalConfig};
use serde_json::Value;
use source_hubspot::hubspot::limits;
use source_hubspot::streams::{Cost, STREAMS, StreamSpec, Term};

use crate::support::portals::{every_stream, stopped};
use crate::support::{Catalog, Mode, Output, Stage};

/// Maximum number of each of the things other than records that costs are counted by.
const OTHERS: usize = 30;

/// Returns the total requests of a stream according to its report: general, search, associations.
fn requests(output: &Output, stream: &str) -> Option<usize> {
    let receipt = output.receipt(stream)?;
    let counts = receipt.get("requests")?.as_object()?.values().filter_map(Value::as_u64);
    usize::try_from(counts.sum::<u64>()).ok()
}

/// Returns the maximum number of requests that these terms allow for a number of records.
fn most(terms: &[Term], records: usize) -> usize {
    // In this portal property names fit into one request and no list of associated ids is
    // truncated.
    let due = terms.iter().filter(|term| term.only.is_none());
    due.map(|term| term.most(records, OTHERS)).sum()
}

/// Prints a table of the costs of one read and returns its violations.
///
/// `of` returns the terms of a stream, and the number of records it has to read.
fn overdrawn<'a>(
    when: &str,
    output: &Output,
    of: impl Fn(&'a StreamSpec<'static>) -> (Vec<Term>, usize),
) -> Vec<String> {
    println!("\n{when}\n{:<36} {:>8} {:>8} {:>8}", "stream", "requests", "stated", "records");
    let mut findings = Vec::new();
    for row in STREAMS.iter() {
        let records = output.records(row.name).len();
        let Some(requests) = requests(output, row.name) else {
            findings.push(format!("{when}: {} has no receipt", row.name));
            continue;
        };
        let (terms, read) = of(row);
        let stated = most(&terms, read);
        println!("{:<36} {requests:>8} {stated:>8} {records:>8}", row.name);
        if requests > stated {
            findings.push(format!("{when}: {} took {requests} of {stated} requests", row.name));
        }
    }
    findings
}

#[test]
fn no_stream_takes_more_requests_than_it_says() {
    let mut stage = Stage::new(stopped(every_stream()));
    stage.config["enable_experimental_streams"] = true.into();
    let everything = stage.read(&stage.catalog(Mode::Full)).succeeded();
    let mut findings = overdrawn("everything", &everything, |row| {
        (row.cost().whole, everything.records(row.name).len())
    });

    // All data is older than an hour: nothing has changed.
    let catalog =
        Catalog::of(&STREAMS.iter().map(|row| row.name).collect::<Vec<_>>(), Mode::Incremental);
    let first = stage.read(&stage.catalog(Mode::Incremental)).succeeded();
    stage.simulator.advance(std::time::Duration::from_mins(10));
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    findings.extend(overdrawn("what changed", &second, |row| match row.cost() {
        Cost { changes: Some(changes), .. } => (changes, second.records(row.name).len()),
        Cost { whole, changes: None } => (whole, first.records(row.name).len()),
    }));
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// Returns the number of records that a request asks for, in its query or in its body.
fn requested(entry: &Entry) -> Option<usize> {
    const NAMES: [&str; 2] = ["limit", "count"];
    let pairs = entry.query.split('&').filter_map(|pair| pair.split_once('='));
    let in_query = pairs.filter(|(name, _)| NAMES.contains(name)).map(|(_, size)| size.to_owned());
    let body = entry.body.as_deref().unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let in_body = NAMES.iter().filter_map(|name| Some(body.get(name)?.to_string()));
    in_query.chain(in_body).map(|size| size.parse().expect("a number")).next()
}

#[test]
fn the_stated_page_sizes_are_those_of_the_requests() {
    /// Ids per request of batch reads, which a request does not name.
    const BATCHES: [usize; 4] =
        [limits::ASSOCIATIONS_READ, limits::BATCH_READ, limits::FLOWS_READ, limits::HISTORY_PAGE];
    let journal = JournalConfig { bodies: true, ..JournalConfig::default() };
    let mut stage = Stage::new(Config { journal, ..stopped(every_stream()) });
    stage.config["enable_experimental_streams"] = true.into();
    let sizes = |stage: &Stage| {
        let sizes: BTreeSet<_> = stage.simulator.journal().iter().filter_map(requested).collect();
        stage.simulator.clear_journal();
        sizes
    };
    let mut violations = Vec::new();
    let mut compare = |what: &str, terms: &[Term], requested: &BTreeSet<usize>| {
        let stated = |term: &&Term| term.only.is_none();
        let stated = terms.iter().filter(stated).filter_map(Term::page_size);
        let stated: BTreeSet<_> = stated.collect();
        let is_batch = |size: &&usize| BATCHES.contains(size);
        let unseen: Vec<_> = stated.difference(requested).filter(|size| !is_batch(size)).collect();
        // A request for one entry looks for the first one.
        let unstated = requested.difference(&stated).filter(|size| **size != 1);
        let unstated: Vec<_> = unstated.collect();
        if !unseen.is_empty() || !unstated.is_empty() {
            violations.push(format!("{what}: states {unseen:?}, requests {unstated:?}"));
        }
    };
    for row in STREAMS.iter() {
        let Cost { whole, changes } = row.cost();
        let mode =
            if changes.is_some() && row.cursor.is_some() { Mode::Incremental } else { Mode::Full };
        let catalog = Catalog::of(&[row.name], mode);
        let first = stage.read(&catalog).succeeded();
        compare(row.name, &whole, &sizes(&stage));
        if let (Mode::Incremental, Some(changes)) = (mode, changes) {
            stage.read_on(&catalog, &first.state()).succeeded();
            compare(&format!("changes of {}", row.name), &changes, &sizes(&stage));
        }
    }
    assert_eq!(violations, Vec::<String>::new());
}
