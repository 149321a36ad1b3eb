//! Exact output of every command, except for parts that depend on time.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::time::Duration;

use hubspot_simulator::{Config, PortalSpec, Records};
use serde_json::{Value, json};

use crate::support::changes::modify;
use crate::support::golden::compare;
use crate::support::invariants::instant_ms;
use crate::support::portals::{every_stream, stopped};
use crate::support::{Bench, Catalog, Mode, Stage};

/// Returns a simulator configuration with a few records in every stream and a stopped clock.
fn tiny() -> Config {
    stopped(every_stream())
}

#[test]
fn spec_is_golden() {
    let bench = Bench::new("https://unused.example");
    let output = bench.run("spec", &[]).succeeded();
    assert_eq!(output.lines.len(), 1);
    compare("spec", &[output.stdout.trim_end().to_owned()]);
    let lenient = bench.run_raw("spec", &[("config", "{}"), ("catalog", "{}"), ("state", "[]")]);
    assert_eq!(lenient.stdout, output.stdout, "options that other commands take are ignored");
}

#[test]
fn check_is_golden() {
    let output = Stage::new(tiny()).check().succeeded();
    assert_eq!(output.connection().0, "SUCCEEDED");
    compare("check", &filtered(&output.stdout));
}

#[test]
fn discover_is_golden_and_the_same_twice() {
    let stage = Stage::new(tiny());
    let output = stage.discover().succeeded();
    assert_eq!(stage.discover().stdout, output.stdout);
    // One line per stream, so that differences are readable.
    let line = output.stdout.trim_end().replace(",{\"name\":", "\n,{\"name\":");
    compare("discover", &line.lines().map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn read_is_golden() {
    let stage = Stage::new(tiny());
    let output = stage.read(&stage.catalog(Mode::Incremental)).succeeded();
    compare("read", &filtered(&output.stdout));
}

#[test]
fn each_stream_starts_runs_and_completes() {
    let stage = Stage::new(tiny());
    for mode in [Mode::Full, Mode::Incremental] {
        let catalog = stage.catalog(mode);
        let output = stage.read(&catalog).succeeded();
        for name in catalog.names() {
            assert_eq!(output.statuses(name), ["STARTED", "RUNNING", "COMPLETE"], "{name}");
            assert!(!output.records(name).is_empty(), "{name}");
            assert!(!output.states(name).is_empty(), "{name}");
        }
    }
}

#[test]
fn a_stream_without_records_runs_and_has_a_state() {
    let stage = Stage::calm(PortalSpec { deals: 0, ..crate::support::few() });
    let output = stage.read(&Catalog::of(&["deals"], Mode::Incremental)).succeeded();
    assert_eq!(output.statuses("deals"), ["STARTED", "RUNNING", "COMPLETE"]);
    assert_eq!((output.records("deals").len(), output.states("deals").len()), (0, 1));
}

#[test]
fn what_hubspot_counts_is_estimated_once_if_it_is_more_than_a_page() {
    let stage = Stage::calm(PortalSpec { deals: 1_000, ..crate::support::few() });
    let catalog = Catalog::of(&["companies", "deals", "owners"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    let all = json!({ "name": "deals", "type": "STREAM", "row_estimate": 1_000 });
    assert_eq!(first.estimates(), [&all], "the others are read before anybody has to count them");
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(second.estimates(), <[&Value; 0]>::default(), "nothing has changed");
    stage.simulator.advance(Duration::from_hours(1));
    stage.simulator.change(&modify("deals", Records::Sample { share: 0.4, seed: 1 }));
    stage.simulator.advance(Duration::from_hours(3));
    let third = stage.read_on(&catalog, &first.state()).succeeded();
    let changed = third.records("deals").len();
    assert!(changed > 200, "more than a page: {changed}");
    let changed = json!({ "name": "deals", "type": "STREAM", "row_estimate": changed });
    assert_eq!(third.estimates(), [&changed]);
}

#[test]
fn a_stream_listed_twice_is_read_once() {
    let stage = Stage::new(tiny());
    let output = stage.read(&Catalog::of(&["deals", "deals"], Mode::Full)).succeeded();
    assert_eq!(output.ids("deals").len(), 5);
}

#[test]
fn debug_logs_name_requests_but_no_query_and_no_token() {
    let mut stage = Stage::new(tiny());
    stage.set("LOG_LEVEL", "debug");
    let output = stage.read(&Catalog::of(&["contacts"], Mode::Full)).succeeded();
    let logs = output.logs("DEBUG");
    let list = "GET /crm/objects/2026-09/contacts 200 in ";
    assert!(logs.iter().any(|log| log.starts_with(list)), "{logs:?}");
    assert!(logs.iter().all(|log| !log.contains('?')), "{logs:?}");
}

/// Returns the lines without the parts that differ between runs. Analytics messages repeat the
/// reports in the logs and are omitted. Streams are read concurrently and logs are written when
/// there is room, so lines are sorted by stream, logs first.
fn filtered(stdout: &str) -> Vec<String> {
    let mut lines: Vec<_> = stdout
        .lines()
        .filter(|line| !line.contains(r#""type":"ANALYTICS""#))
        .map(|line| {
            let json: Value = serde_json::from_str(line).expect("JSON");
            let streams = [
                "/record/stream",
                "/state/stream/stream_descriptor/name",
                "/trace/stream_status/stream_descriptor/name",
            ];
            let stream = streams.iter().find_map(|path| json.pointer(path)?.as_str());
            let text = match json["type"].as_str() {
                Some("STATE") => blanked_state(&json, line),
                Some("LOG") => without_times(line),
                _ => blanked(line, "\"emitted_at\":", ','),
            };
            (stream.map_or_else(|| text.clone(), |stream| format!("~{stream}")), text)
        })
        .collect();
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    // Concurrent requests may be answered in any order.
    let are_records = |(one, first): &(String, String), (other, second): &(String, String)| {
        one == other && [first, second].iter().all(|line| line.starts_with(r#"{"type":"RECORD""#))
    };
    lines.chunk_by_mut(are_records).for_each(<[_]>::sort);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Removes the instants from a STATE message.
fn blanked_state(json: &Value, line: &str) -> String {
    fn instants(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.values().for_each(|value| instants(value, found)),
            Value::Array(values) => values.iter().for_each(|value| instants(value, found)),
            Value::String(_) | Value::Number(_) if instant_ms(value).is_some() => {
                found.push(value.to_string());
            }
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Number(_) => {}
        }
    }
    let mut found = Vec::new();
    instants(&json["state"]["stream"]["stream_state"], &mut found);
    found.iter().fold(line.to_owned(), |line, instant| line.replace(instant, "\"<time>\""))
}

/// Removes the text between the last `start` and the next `end` from a line.
fn blanked(line: &str, start: &str, end: char) -> String {
    let Some((before, rest)) = line.rsplit_once(start) else { return line.to_owned() };
    let after = rest.find([end, '}']).map_or("", |at| &rest[at..]);
    format!("{before}{start}{after}")
}

/// Removes the seconds from a log message, and the number of general requests from a report: which
/// of two streams of one object type requests its properties is not deterministic.
fn without_times(message: &str) -> String {
    let is_time = |word: &str| word.contains('.') && word.parse::<f64>().is_ok();
    let words = message.split(' ').map(|word| if is_time(word) { "<time>" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    let (Some((before, rest)), Some((_, after))) =
        (text.split_once("requests: "), text.split_once(" general"))
    else {
        return text;
    };
    let counted = rest.split_once(" general").map_or("", |(count, _)| count);
    assert!(counted.parse::<u64>().is_ok(), "{text}");
    format!("{before}requests: <count> general{after}")
}
