//! Slow and closed readers of stdout: no further requests, flat memory, nothing lost.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use hubspot_simulator::{CustomSpec, PortalSpec};

use crate::support::canary::spawn;
use crate::support::output::{finish, peak_memory_kb};
use crate::support::{Bench, Catalog, Mode, Stage, few};

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    let stage = Stage::calm(PortalSpec { contacts: 3_000, ..few() });
    let catalog = Catalog::of(&["contacts", "deals"], Mode::Full);
    let bench = Bench::new(&stage.simulator.url());
    let files = [("config", &stage.config), ("catalog", catalog.json())];
    let mut command = bench.command("read", &files);
    let (mut child, canary) = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..20 {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        canary.look_at(&line);
    }
    drop(stdout);
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(1), ""));
    let listed = stage.simulator.summary().endpoints["objects.list"].requests;
    assert!(listed < 30, "it went on for {listed} pages");
}

#[test]
fn a_slow_reader_gets_everything() {
    let objects = (0..8).map(|n| CustomSpec { name: format!("boats_{n}"), records: 150 });
    let portal = PortalSpec { custom_objects: objects.collect(), ..few() };
    let stage = Stage::calm(portal);
    let boats: Vec<_> = (0..8).map(|n| format!("boats_{n}")).collect();
    let others = ["account_details", "companies", "contacts", "deals", "owners", "tickets"];
    let names: Vec<_> = boats.iter().map(String::as_str).chain(others).collect();
    let catalog = Catalog::of(&names, Mode::Full);
    let bench = Bench::new(&stage.simulator.url());
    let files = [("config", &stage.config), ("catalog", catalog.json())];
    let mut command = bench.command("read", &files);
    let (child, canary) = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let (status, stdout, stderr) = finish(child, Duration::from_millis(5));
    canary.look_at(&stdout);
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
    let records = stdout.lines().filter(|line| line.starts_with(r#"{"type":"RECORD""#)).count();
    assert_eq!(records, 1 + 20 + 230 + 120 + 110 + 40 + 8 * 150);
}

/// Reads 100 KB per second, while a page of these contacts is about one megabyte: less than one
/// page leaves the pipe during the test.
#[test]
fn while_a_reader_is_slow_nothing_more_is_asked_for_and_memory_stays_flat() {
    const STEP: usize = 10_000;
    let stage = Stage::calm(PortalSpec { contacts: 8_000, properties: 150, ..few() });
    let catalog = Catalog::of(&["contacts"], Mode::Full);
    let bench = Bench::new(&stage.simulator.url());
    let files = [("config", &stage.config), ("catalog", catalog.json())];
    let mut command = bench.command("read", &files);
    let mut child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::null())).0;
    let mut stdout = child.stdout.take().unwrap();
    let mut read_slowly = |seconds: usize| {
        for _ in 0..seconds * 10 {
            stdout.read_exact(&mut [0; STEP]).unwrap();
            pause(Duration::from_millis(100));
        }
    };
    let now = |stage: &Stage| {
        let summary = stage.simulator.summary();
        let requests = summary.endpoints.get("objects.list").map_or(0, |list| list.requests);
        (requests, peak_memory_kb(child.id()).expect("a process of ours"))
    };
    // Until all pages requested ahead of the reader have arrived, and some time longer.
    let (mut requests, mut memory) = (0, 0);
    while (requests, memory) != now(&stage) {
        (requests, memory) = now(&stage);
        read_slowly(1);
    }
    read_slowly(3);
    (requests, memory) = now(&stage);
    drop(stdout);
    child.wait().unwrap();
    assert!((1..40).contains(&requests), "{requests} of 80 pages are asked for");
    assert!(memory < 64_000, "{memory} kB");
}

#[expect(clippy::disallowed_methods, reason = "a slow reader is one that pauses")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
