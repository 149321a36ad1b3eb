//! Commands that receive SIGTERM or SIGINT: a read emits its last states and exits, the others just
//! exit.

use std::io::Read;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hubspot_simulator::{Config, PortalSpec};
use serde_json::{Value, json};

use crate::support::canary::spawn;
use crate::support::interrupted_runs::{Received, Run, Stop, signal};
use crate::support::{Bench, Catalog, Mode, Stage, calm, few, token_config};

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// Returns a stage whose read takes some time.
fn stage() -> Stage {
    let config = calm(PortalSpec { contacts: 9_000, deals: 4_000, properties: 0, ..few() });
    Stage::new(Config { latency: Duration::from_millis(30), ..config })
}

fn start(mut command: Command) -> Child {
    spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped())).0
}

#[test]
fn a_read_that_is_asked_to_end_claims_what_it_has_written_and_goes_on_later() {
    let stage = stage();
    let catalog = Catalog::of(&["contacts", "deals"], Mode::Incremental);
    let mut whole = Received::default();
    whole.take(&Run::of(stage.reading(&catalog, &Value::Null), Stop::Never));
    for count in [1, 700, 2_900] {
        let asked = Run::of(stage.reading(&catalog, &Value::Null), Stop::Asked { count });
        assert_eq!((asked.signal, &asked.half), (Some(SIGTERM), &None), "after {count}");
        assert_eq!(asked.errors, Vec::<String>::new(), "after {count}");
        let late = asked.lines.iter().rev().take_while(|line| !line.contains("\"STATE\""));
        assert_eq!(late.count(), 0, "after {count}: a record that no state claims");
        let read = asked.records().count();
        assert!(read < 9_000, "after {count}: {read} records");
        let rest = Run::of(stage.reading(&catalog, &asked.state(&Value::Null)), Stop::Never);
        assert!(rest.is_complete());
        let again = read + rest.records().count() - whole.len();
        assert_eq!(again, 0, "after {count}: what was claimed is not read again");
        let mut both = Received::default();
        both.take(&asked);
        both.take(&rest);
        both.check(&whole, "after SIGTERM");
    }
}

#[test]
fn nothing_is_asked_for_after_the_signal_and_every_stream_says_how_it_ended() {
    let stage = stage();
    let catalog = Catalog::of(&["contacts", "deals", "owners"], Mode::Incremental);
    let mut child = start(stage.reading(&catalog, &Value::Null));
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut beginning = vec![0; 100_000];
    stdout.read_exact(&mut beginning).expect("some records");
    signal("INT", &child);
    let mut text = String::from_utf8(beginning).expect("UTF-8");
    stdout.read_to_string(&mut text).expect("UTF-8");
    let status = child.wait().expect("a status");
    assert_eq!((status.code(), status.signal()), (None, Some(SIGINT)));
    assert!(text.ends_with('\n'));
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for (stream, expected) in
        [("contacts", "INCOMPLETE"), ("deals", "INCOMPLETE"), ("owners", "COMPLETE")]
    {
        let statuses = lines.iter().map(|line| &line["trace"]["stream_status"]);
        let mut own = statuses.filter(|status| status["stream_descriptor"]["name"] == stream);
        assert_eq!(own.next_back().expect(stream)["status"], expected, "{stream}");
    }
    let said: Vec<_> = lines.iter().filter_map(|line| line["log"]["message"].as_str()).collect();
    let sentence = "the sync was asked to stop; the next sync resumes where it stopped";
    assert!(said.contains(&sentence), "{said:?}");
    let requests = stage.simulator.summary().endpoints["objects.list"].requests;
    assert!(requests < 100, "{requests} of 130 pages");
}

#[test]
fn a_read_whose_reader_stands_still_ends_all_the_same() {
    let stage = stage();
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    let mut child = start(stage.reading(&catalog, &Value::Null));
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0; 1_000]).expect("some records");
    signal("TERM", &child);
    let status = child.wait().expect("a status");
    assert_eq!((status.code(), status.signal()), (None, Some(SIGTERM)));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the reader that is slow")]
fn a_read_with_a_slow_reader_ends_behind_a_whole_line() {
    let stage = stage();
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    let mut child = start(stage.reading(&catalog, &Value::Null));
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut text = vec![0; 1_000];
    stdout.read_exact(&mut text).expect("some records");
    signal("TERM", &child);
    // Reads about 200 KB per second, with far more than that waiting to be written.
    let mut chunk = [0; 8 * 1024];
    loop {
        match stdout.read(&mut chunk).expect("a pipe") {
            0 => break,
            length => text.extend_from_slice(&chunk[..length]),
        }
        std::thread::sleep(Duration::from_millis(40));
    }
    let status = child.wait().expect("a status");
    assert_eq!((status.code(), status.signal()), (None, Some(SIGTERM)));
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(text.ends_with('\n'), "{:?}", text.lines().next_back());
    for line in text.lines() {
        serde_json::from_str::<Value>(line).expect("a whole line");
    }
}

#[test]
fn the_other_commands_end_without_a_word() {
    // Accepts connections and never responds.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("an address");
    let bench = Bench::new(&format!("http://{address}"));
    let config = token_config("pat-canary-9");
    for command in ["check", "discover"] {
        let child = start(bench.command(command, &[("config", &config)]));
        let (_connection, _) = silent.accept().expect("a request");
        signal("TERM", &child);
        let output = child.wait_with_output().expect("a status");
        assert_eq!(output.status.signal(), Some(SIGTERM), "{command}");
        assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()), "{command}");
    }
    let catalog = Catalog::of(&["contacts"], Mode::Full);
    let child = start(bench.command("read", &[("config", &config), ("catalog", catalog.json())]));
    let (_connection, _) = silent.accept().expect("a request");
    signal("TERM", &child);
    let output = child.wait_with_output().expect("a status");
    assert_eq!(output.status.signal(), Some(SIGTERM), "read");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!text.contains(&json!("ERROR").to_string()), "{text}");
}
