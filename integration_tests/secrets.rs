//! Secrets are not printed, nothing is written to a portal, and violations of both fail the tests.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};

use hubspot_simulator::{Config, Fault, Kind, Policy, Which};
use serde_json::Value;
use source_hubspot::http::READ_REQUESTS;

use crate::support::canary::{Canary, spawn};
use crate::support::checked_simulator::CheckedSimulator;
use crate::support::server::{json_answer, serve};
use crate::support::{Bench, Catalog, Mode, Output, Stage, TOKEN_FORM, calm, few, oauth_access};

const STREAMS: &[&str] = &["companies", "contacts", "deals", "forms", "owners", "workflows"];

/// Runs a command at debug level; the output of every run is searched for secrets.
fn debug(stage: &Stage, command: &str, catalog: &Catalog) -> Output {
    let bench = Bench::new(&stage.simulator.url());
    let files: [(&str, &Value); 2] = [("config", &stage.config), ("catalog", catalog.json())];
    let mut command = bench.command(command, &files);
    command.arg("--debug");
    Output::of(command)
}

#[test]
fn debug_lines_tell_of_requests_and_of_nothing_in_them() {
    for access in [Config::default().access, oauth_access()] {
        let stage = Stage::new(Config { access, ..calm(few()) });
        let catalog = Catalog::of(STREAMS, Mode::Incremental);
        for command in ["spec", "check", "discover", "read"] {
            let output = debug(&stage, command, &catalog).succeeded();
            let lines = output.logs("DEBUG");
            assert_eq!(lines.is_empty(), command == "spec", "{command}");
            for line in lines {
                let words: Vec<_> = line.split(' ').collect();
                let [method, path, status, "in", ms, "ms,", "correlation", id] = words[..] else {
                    panic!("{line}");
                };
                assert!(matches!(method, "GET" | "POST") && path.starts_with('/'), "{line}");
                assert!(!path.contains(['?', '@', '=']), "{line}");
                assert!(status.parse::<u16>().is_ok() && ms.parse::<u64>().is_ok(), "{line}");
                assert!(!id.is_empty());
            }
        }
        assert!(stage.read(&catalog).logs("DEBUG").is_empty(), "without the option");
    }
}

#[test]
fn no_fault_brings_a_secret_to_light() {
    let status = |code| Kind::Status { code, retry_after_s: None };
    let refused = |code, message: &str| Kind::Refused {
        code,
        category: "SOME".into(),
        message: message.to_owned(),
    };
    let catalog = Catalog::of(&["deals", "owners", "workflows"], Mode::Full);
    for kind in [
        status(503),
        status(530),
        refused(400, "not like this"),
        // HubSpot: older endpoints repeat the token in the error response.
        refused(
            403,
            &format!("This oauth-token ({}) is not enough", hubspot_simulator::DEFAULT_TOKEN),
        ),
        refused(404, &format!("no such thing for {}", hubspot_simulator::DEFAULT_TOKEN)),
        Kind::RateLimited { policy: Policy::Daily, retry_after_s: None },
        Kind::Redirect { to: "https://example.com/".into() },
        Kind::Gone { code: 404 },
        Kind::Garbage,
        Kind::ResetAfter { bytes: 20 },
        Kind::ExpiredToken,
    ] {
        for access in [Config::default().access, oauth_access()] {
            let faults = vec![Fault::new(Which::nth(2), kind.clone()).times(3)];
            let stage = Stage::new(Config { access, faults, ..calm(few()) });
            for command in ["check", "read"] {
                debug(&stage, command, &catalog);
            }
        }
    }
}

#[test]
fn a_token_answer_that_makes_no_sense_is_not_shown() {
    for body in [r#"{"access_token":["CJsim-1"]}"#, r#"{"access_token":"CJsim-1""#, "CJsim-1"] {
        let bench = Bench::new(&format!("http://{}", serve(&json_answer(body), None)));
        let config = crate::support::oauth_config();
        let mut command = bench.command("check", &[("config", &config)]);
        command.arg("--debug");
        let output = Output::of(command);
        assert_eq!((output.errors().len(), output.code), (1, Some(1)), "{body}");
    }
}

#[test]
fn a_leak_would_be_noticed() {
    let bench = Bench::new("http://127.0.0.1:9");
    let mut command = bench.command("check", &[]);
    command.arg("--config").arg(bench.file(TOKEN_FORM));
    let canary = Canary::of(&command);
    canary.look_at("nothing to see");
    for said in ["the token pat-canary-9", "Bearer CJsim-000001-000001", "na1-sim-000001"] {
        assert!(catch_unwind(AssertUnwindSafe(|| canary.look_at(said))).is_err(), "{said}");
    }
}

#[test]
fn a_write_and_a_request_that_hubspot_does_not_describe_would_be_noticed() {
    let search = r#"{"filterGroups":[],"properties":[],"sorts":[],"limit":1,"after":"0"}"#;
    for (request, body, fits) in [
        ("GET /crm/v3/objects/deals", "", true),
        ("POST /crm/v3/objects/deals/search", search, true),
        ("POST /crm/v3/objects/deals", "", false),
        ("PATCH /crm/v3/objects/deals/1", "", false),
        ("DELETE /crm/v3/objects/deals/1/search", "", false),
        ("GET /crm/v3/objects/deals?depth=1", "", false),
        ("GET /crm/v3/objects/deals?limit=ten", "", false),
        ("GET /crm/v3/nothing", "", false),
        ("POST /crm/v3/objects/deals/search", r#"{"filterGroups":[]}"#, false),
    ] {
        let simulator = CheckedSimulator::start(calm(few()));
        let host = simulator.url().replace("http://", "");
        let mut stream = TcpStream::connect(&host).unwrap();
        let length = body.len();
        let rest =
            format!("Host: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        write!(stream, "{request} HTTP/1.1\r\n{rest}").unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
        simulator.clear_journal();
        let end = catch_unwind(AssertUnwindSafe(|| drop(simulator)));
        assert_eq!(end.is_ok(), fits, "{request} {body}");
    }
}

#[test]
fn the_security_page_lists_what_may_be_sent() {
    let text = include_str!("../SECURITY.md");
    let listed: Vec<_> =
        text.lines().filter(|line| line.contains('…') && line.starts_with('|')).collect();
    let rows = READ_REQUESTS.iter();
    let rows = rows.map(|read| {
        format!("| {} | `{}…{}` | {} |", read.method, read.start, read.end, read.purpose)
    });
    assert_eq!(listed, rows.collect::<Vec<_>>());
}

#[test]
fn no_core_is_left() {
    // A host that accepts connections and never responds.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let bench = Bench::new(&format!("http://{}", silent.local_addr().unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let direct = bench.command("check", &[]);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$0\" \"$@\""]).arg(direct.get_program());
    command.args(direct.get_args()).arg("--config").arg(bench.file(TOKEN_FORM));
    command.env_clear().envs(bench.environment.iter().cloned()).current_dir(folder.path());
    let (mut child, _) = spawn(command.stdout(Stdio::null()).stderr(Stdio::null()));
    let _connected = silent.accept().unwrap();
    let kill = Command::new("kill").arg("-ABRT").arg(child.id().to_string()).status();
    assert!(kill.unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a core");
}
