//! Unreachable hosts and slow or closed readers: error messages and exit codes.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use hubspot_simulator::{Config, CustomSpec, Fault, Kind, PortalSpec, Which};

use crate::support::canary::spawn;
use crate::support::output::{finish, peak_memory_kb};
use crate::support::server::{Certificate, json_answer, nobody, serve};
use crate::support::{Bench, Catalog, Mode, Stage, TOKEN_FORM, calm, few};

#[test]
fn a_host_that_refuses_connections_is_a_passing_fault() {
    let bench = Bench::new(&format!("http://{}", nobody()));
    let output = bench.run_raw("check", &[("config", TOKEN_FORM)]);
    let (message, failure_type) = output.error();
    let beginning = "HubSpot did not answer `account_details` (GET /account-info/2026-09/details) \
                     in 4 attempts over ";
    let end = " (the connection failed: Connection refused (os error 111)); run the sync again \
               later.";
    assert!(message.starts_with(beginning) && message.ends_with(end), "{message}");
    assert_eq!((failure_type, output.code), ("transient_error", Some(1)));
}

#[test]
fn connections_that_cannot_be_made_safe_are_refused() {
    let certificate = Certificate::new();
    let ok = json_answer(r#"{"portalId":7,"results":[]}"#);
    let advice = "if a proxy inspects traffic here, point SSL_CERT_FILE at its certificate.";
    for (case, host, problem) in [
        (
            "no TLS behind an https address",
            serve("HTTP/1.1 400 Bad Request\r\n\r\n", None),
            "what answers there does not speak TLS",
        ),
        (
            "a certificate nobody has signed",
            serve(&ok, Some(&certificate)),
            "nobody who is trusted here has signed its certificate",
        ),
    ] {
        let url = format!("https://{host}");
        let output = Bench::new(&url).run_raw("check", &[("config", TOKEN_FORM)]);
        let expected = format!("No secure connection to {url}: {problem}; {advice}");
        let found = (output.connection(), output.code);
        assert_eq!(found, (("FAILED", expected.as_str()), Some(0)), "{case}");
        let catalog = Catalog::of(&["deals"], Mode::Full).json().to_string();
        let files = [("config", TOKEN_FORM), ("catalog", &catalog)];
        let output = Bench::new(&url).run_raw("read", &files);
        let found = (output.error(), output.code);
        assert_eq!(found, ((expected.as_str(), "config_error"), Some(1)), "{case}");
    }
}

#[test]
fn ssl_cert_file_adds_a_trusted_certificate() {
    let certificate = Certificate::new();
    let ok = json_answer(r#"{"portalId":7,"results":[]}"#);
    let mut bench = Bench::new(&format!("https://{}", serve(&ok, Some(&certificate))));
    let file = bench.file(&certificate.pem).display().to_string();
    bench.environment.push(("SSL_CERT_FILE", file));
    let output = bench.run_raw("check", &[("config", TOKEN_FORM)]).succeeded();
    assert_eq!(output.connection().0, "SUCCEEDED");
}

#[test]
fn answers_that_make_no_sense_are_told_apart() {
    let host = serve(&json_answer(r#"{"hello":"world"}"#), None);
    let output = Bench::new(&format!("http://{host}")).run_raw("check", &[("config", TOKEN_FORM)]);
    let expected = "This version cannot read the response to `account_details` (GET \
                    /account-info/2026-09/details); update the connector, or report the error.";
    assert_eq!((output.error(), output.code), ((expected, "system_error"), Some(1)));

    let faults = vec![Fault::new(Which::all(), Kind::Garbage)];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    let output = stage.check();
    let (message, failure_type) = output.error();
    assert!(message.contains(" in 4 attempts over "), "{message}");
    assert!(message.contains("its last answer was damaged: "), "{message}");
    assert_eq!((failure_type, output.code), ("transient_error", Some(1)));
}

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
    // Wait until all pages requested ahead of the reader have arrived.
    let (mut requests, mut memory) = (0, 0);
    while (requests, memory) != now(&stage) {
        (requests, memory) = now(&stage);
        read_slowly(1);
    }
    read_slowly(3);
    let (requests_later, memory_later) = now(&stage);
    drop(stdout);
    child.wait().unwrap();
    assert!((1..40).contains(&requests), "{requests} of 80 pages are asked for");
    assert!(requests_later <= requests + 1, "{requests_later} after {requests}");
    assert!(memory < 64_000, "{memory} kB");
    assert!(memory_later < memory + memory / 10, "{memory_later} kB after {memory} kB");
}

#[expect(clippy::disallowed_methods, reason = "a slow reader is one that pauses")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn an_environment_that_cannot_work_is_named() {
    for (variable, value, problem) in [
        (
            "HUBSPOT_API_URL",
            "http://api.example.com",
            "must begin with https:// unless the host is this machine",
        ),
        ("HUBSPOT_API_URL", "ftp://127.0.0.1", "must begin with https://"),
        ("HUBSPOT_API_URL", "api.example.com", "is not a URL"),
        ("HUBSPOT_API_VERSION", "v3", "must be `dated` or `classic`"),
    ] {
        let mut bench = Bench::new("http://127.0.0.1:9");
        bench.environment.push((variable, value.to_owned()));
        let expected = format!("The environment variable {variable} {problem}.");
        let output = bench.run_raw("check", &[("config", TOKEN_FORM)]);
        assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
        let output = bench.run_raw("discover", &[("config", TOKEN_FORM)]);
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
    }
}
