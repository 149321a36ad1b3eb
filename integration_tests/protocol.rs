//! What every run prints, down to the byte where it does not depend on time.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

mod support;

use hubspot_simulator::{ClockConfig, Config, CustomSpec, PortalSpec};
use serde_json::Value;
use support::golden::compare;
use support::{Bench, Catalog, Mode, START_MS, Stage, calm};

/// A portal of a few records whose clock stands still.
fn tiny() -> Config {
    let portal = PortalSpec {
        contacts: 3,
        companies: 2,
        deals: 2,
        tickets: 1,
        owners: 2,
        custom_objects: vec![CustomSpec { name: "boats".to_owned(), records: 1 }],
        properties: 0,
        ..PortalSpec::default()
    };
    Config { clock: ClockConfig { start_ms: Some(START_MS), speed: 0.0 }, ..calm(portal) }
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
    // A line for each stream, so that a difference can be read.
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
    let stage = Stage::calm(PortalSpec { deals: 0, ..support::few() });
    let output = stage.read(&Catalog::of(&["deals"], Mode::Incremental)).succeeded();
    assert_eq!(output.statuses("deals"), ["STARTED", "RUNNING", "COMPLETE"]);
    assert_eq!((output.records("deals").len(), output.states("deals").len()), (0, 1));
}

#[test]
fn a_stream_listed_twice_is_read_once() {
    let stage = Stage::new(tiny());
    let output = stage.read(&Catalog::of(&["deals", "deals"], Mode::Full)).succeeded();
    assert_eq!(output.ids("deals").len(), 2);
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

/// Lines without what differs from run to run. Streams are read at once and logs are written
/// when there is room, so lines are brought into the order of their streams, logs first.
fn filtered(stdout: &str) -> Vec<String> {
    let mut lines: Vec<_> = stdout
        .lines()
        .map(|line| {
            let json: Value = serde_json::from_str(line).expect("JSON");
            let streams = [
                "/record/stream",
                "/state/stream/stream_descriptor/name",
                "/trace/stream_status/stream_descriptor/name",
            ];
            let stream = streams.iter().find_map(|path| json.pointer(path)?.as_str());
            let text = match json["type"].as_str() {
                Some("STATE") => blanked(line, "\"updatedAt\":\"", '"'),
                Some("LOG") => without_times(line),
                _ => blanked(line, "\"emitted_at\":", ','),
            };
            (stream.map_or_else(|| text.clone(), |stream| format!("~{stream}")), text)
        })
        .collect();
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The line with what stands between `start` and the next `end` taken out.
fn blanked(line: &str, start: &str, end: char) -> String {
    let Some((before, rest)) = line.rsplit_once(start) else { return line.to_owned() };
    let after = rest.find([end, '}']).map_or("", |at| &rest[at..]);
    format!("{before}{start}{after}")
}

/// A log message with its seconds taken out.
fn without_times(message: &str) -> String {
    let is_time = |word: &str| word.contains('.') && word.parse::<f64>().is_ok();
    let words = message.split(' ').map(|word| if is_time(word) { "<time>" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
