//! Claims of the demo, each compared with the actual portal.

use std::collections::BTreeSet;

use hubspot_simulator::Portal;

use crate::portal::{ALLOWED, Changed, DemoPortal, Requests, Stream};
use crate::reading::{Reading, Seen, StreamReading};
use crate::text::{count, grouped};

/// Number of 429 responses that are acceptable: the first requests are sent before the quota is
/// known.
const FORGIVEN: u64 = 5;

/// One claim and its result.
pub(crate) struct Check {
    pub(crate) claim: &'static str,
    /// Amount of data compared, or the first problem.
    pub(crate) outcome: Result<String, String>,
}

/// The first problem and the number of problems.
#[derive(Default)]
struct Problems {
    first: Option<String>,
    number: u64,
}

impl Problems {
    fn add(&mut self, problem: impl FnOnce() -> String) {
        self.number += 1;
        self.first.get_or_insert_with(problem);
    }

    fn check(self, claim: &'static str, detail: String) -> Check {
        let outcome = match self.first {
            None => Ok(detail),
            Some(first) => Err(format!("{}, the first: {first}", count(self.number, "problem"))),
        };
        Check { claim, outcome }
    }
}

/// Compares the first read with the portal, which has not changed since.
pub(crate) fn of_first(portal: &DemoPortal, first: &Reading) -> Vec<Check> {
    let mut missing = Problems::default();
    for (stream, reading) in first.by_stream() {
        if reading.records != stream.records {
            let (found, expected) = (grouped(reading.records), grouped(stream.records));
            missing.add(|| format!("{} has {found} records, not {expected}", stream.name));
        }
        let live = live_ids(portal, stream, reading);
        compare_ids(stream, &live, &ids(reading), &mut missing);
    }
    let detail = format!("{} records", grouped(first.records()));
    vec![
        missing.check("read 1: the whole portal, each record once", detail),
        contents(portal, first, "read 1: dates and associations are right"),
    ]
}

/// Compares the second read with the changes.
pub(crate) fn of_second(portal: &DemoPortal, second: &Reading, changed: &Changed) -> Vec<Check> {
    let mut wrong = Problems::default();
    let mut unmarked = Problems::default();
    let mut marked = 0;
    for ((stream, reading), changes) in second.by_stream().zip(&changed.streams) {
        let expected = if stream.is_crm { changes.expected() } else { live_without_date(stream) };
        compare_ids(stream, &expected, &ids(reading), &mut wrong);
        if reading.records != expected.len() as u64 {
            wrong.add(|| format!("{} has a record twice", stream.name));
        }
        for id in changes.modified.union(&changes.created) {
            marked += 1;
            if !reading.seen.get(id).is_some_and(|seen| seen.is_marked) {
                unmarked.add(|| format!("{} {id} has an older value", stream.name));
            }
        }
    }
    let [modified, created, _] = changed.totals();
    let overlap: usize = changed.streams.iter().map(|changes| changes.overlap.len()).sum();
    let detail =
        format!("{} modified, {} created, {overlap} repeated", grouped(modified), grouped(created));
    vec![
        wrong.check("read 2: what changed and nothing else", detail),
        unmarked.check("read 2: the new values", count(marked, "record")),
        contents(portal, second, "read 2: dates and associations are right"),
    ]
}

/// Compares the result of both reads, where the last version of a record wins, with the portal.
pub(crate) fn of_both(
    portal: &DemoPortal,
    first: &Reading,
    second: &Reading,
    changed: &Changed,
) -> Check {
    let mut problems = Problems::default();
    let (mut live_records, mut archived_records) = (0, 0);
    let readings = first.by_stream().zip(&second.streams).zip(&changed.streams);
    for (((stream, older), newer), changes) in readings {
        let union: BTreeSet<u64> = older.seen.keys().chain(newer.seen.keys()).copied().collect();
        let mut expected = live_ids(portal, stream, older);
        live_records += expected.len() as u64;
        for id in &expected {
            let Some(seen) = newer.seen.get(id).or_else(|| older.seen.get(id)) else { continue };
            let truth = portal.look(|portal| portal.modified_ms(stream.name, *id));
            if stream.is_crm && seen.modified_ms != truth {
                problems.add(|| format!("{} {id} is an older version", stream.name));
            }
        }
        // HubSpot's search does not return archived records, so they remain from the first read.
        archived_records += changes.archived.len() as u64;
        expected.extend(&changes.archived);
        compare_ids(stream, &expected, &union, &mut problems);
    }
    let detail = format!(
        "{} live records, {} archived since",
        grouped(live_records),
        grouped(archived_records)
    );
    problems.check("both: together the portal of now", detail)
}

/// Checks the load on HubSpot: writes, rejected requests, quota.
pub(crate) fn of_conduct(reads: &[&Requests]) -> Vec<Check> {
    let total: u64 = reads.iter().map(|requests| requests.total).sum();
    let writes: u64 = reads.iter().map(|requests| requests.writes).sum();
    let refused: u64 = reads.iter().map(|requests| requests.refused).sum();
    let peak = reads.iter().map(|requests| requests.peak).max().unwrap_or_default();
    let judge = |holds: bool, detail: String| if holds { Ok(detail) } else { Err(detail) };
    vec![
        Check {
            claim: "HubSpot: no request tried to write",
            outcome: judge(writes == 0, format!("{} requests, {writes} writes", grouped(total))),
        },
        Check {
            claim: "HubSpot: the quotas were kept",
            outcome: judge(
                refused <= FORGIVEN,
                format!("{refused} refusals; at most {peak} of {ALLOWED} in 10 s"),
            ),
        },
    ]
}

/// Compares the modified date and the associations of every record with the current ones.
fn contents(portal: &DemoPortal, reading: &Reading, claim: &'static str) -> Check {
    let mut problems = Problems::default();
    let (mut records, mut links) = (0, 0);
    for (stream, reading) in reading.by_stream().filter(|(stream, _)| stream.is_crm) {
        portal.look(|portal| {
            for (id, seen) in &reading.seen {
                records += 1;
                links += seen.links.iter().map(|ids| ids.len() as u64).sum::<u64>();
                compare(portal, stream, *id, seen, &mut problems);
            }
        });
    }
    problems.check(claim, format!("{} records, {} links", grouped(records), grouped(links)))
}

fn compare(portal: &Portal, stream: &Stream, id: u64, seen: &Seen, problems: &mut Problems) {
    if seen.modified_ms != portal.modified_ms(stream.name, id) {
        problems.add(|| format!("{} {id} has another modified date", stream.name));
    }
    for (object, ids) in stream.associations.iter().zip(&seen.links) {
        let truth = portal.associations(stream.name, id, object);
        if *ids != truth {
            problems.add(|| {
                format!("{} {id} has {} of {} {object}", stream.name, ids.len(), truth.len())
            });
        }
    }
}

fn compare_ids(
    stream: &Stream,
    expected: &BTreeSet<u64>,
    found: &BTreeSet<u64>,
    problems: &mut Problems,
) {
    for id in expected.difference(found) {
        problems.add(|| format!("{} {id} is missing", stream.name));
    }
    for id in found.difference(expected) {
        problems.add(|| format!("{} {id} should not be there", stream.name));
    }
}

fn ids(reading: &StreamReading) -> BTreeSet<u64> {
    reading.seen.keys().copied().collect()
}

/// Returns the ids of a stream's live records. Owners and the account do not change in the demo, so
/// for these the ids of the first read are used.
fn live_ids(portal: &DemoPortal, stream: &Stream, reading: &StreamReading) -> BTreeSet<u64> {
    if stream.is_crm {
        portal.look(|portal| portal.ids(stream.name).collect())
    } else {
        ids(reading)
    }
}

/// Returns the expected ids of a stream other than CRM objects if nothing changed: the account,
/// which has no modified date, and no owners.
fn live_without_date(stream: &Stream) -> BTreeSet<u64> {
    if stream.name == "account_details" { BTreeSet::from([0]) } else { BTreeSet::new() }
}

/// Prints every check. Returns `true` if all succeeded.
#[expect(clippy::print_stdout, reason = "the checks are what the demo is for")]
pub(crate) fn print(checks: &[Check]) -> bool {
    let width = checks.iter().map(|check| check.claim.len()).max().unwrap_or_default();
    println!();
    println!("  Checks against the portal");
    for Check { claim, outcome } in checks {
        match outcome {
            Ok(detail) => println!("    ok      {claim:<width$}  {detail}"),
            Err(problem) => println!("    FAILED  {claim:<width$}  {problem}"),
        }
    }
    checks.iter().all(|check| check.outcome.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_and_a_surplus_record_are_both_found() {
        let [stream, ..] = &crate::portal::STREAMS;
        for (case, expected, found, outcome) in [
            ("equal", vec![1, 2], vec![1, 2], Ok("fine")),
            ("missing", vec![1, 2], vec![1], Err("1 problem, the first: contacts 2 is missing")),
            (
                "surplus",
                vec![1],
                vec![1, 2],
                Err("1 problem, the first: contacts 2 should not be there"),
            ),
            ("both", vec![1], vec![2], Err("2 problems, the first: contacts 1 is missing")),
        ] {
            let mut problems = Problems::default();
            compare_ids(
                stream,
                &expected.into_iter().collect(),
                &found.into_iter().collect(),
                &mut problems,
            );
            let check = problems.check("the ids are equal", "fine".to_owned());
            assert_eq!(check.outcome.as_deref().map_err(String::as_str), outcome, "{case}");
        }
    }

    #[test]
    fn a_write_or_a_storm_of_refusals_fails() {
        let requests = |writes, refused| Requests {
            by_stream: Default::default(),
            shared: 0,
            total: 9,
            general: 9,
            refused,
            writes,
            peak: 9,
        };
        for (writes, refused, expected) in
            [(0, FORGIVEN, [true, true]), (1, 0, [false, true]), (0, FORGIVEN + 1, [true, false])]
        {
            let checks = of_conduct(&[&requests(0, 0), &requests(writes, refused)]);
            let held: Vec<bool> = checks.iter().map(|check| check.outcome.is_ok()).collect();
            assert_eq!(held, expected, "{writes} writes, {refused} refused");
        }
    }
}
