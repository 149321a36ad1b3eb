//! `cargo demo`: runs the connector on a simulated portal and checks what it read.
//!
//! Reading order: this file is the sequence of steps, `portal` is the portal and its changes,
//! `connector` builds and runs the binary, `reading` stores the result of one read, `checks`
//! compares it with the portal, `progress` and `table` produce the terminal output.

mod checks;
mod connector;
mod portal;
mod progress;
mod reading;
mod table;
mod text;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};

use checks::Check;
use connector::Connector;
use portal::{Changed, DemoPortal, Requests, STREAMS};
use reading::Reading;
use text::{bytes, grouped, seconds, step};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Runs the connector against a simulated HubSpot portal, twice, and checks what it read.
///
/// The demo builds the connector in release, starts a HubSpot stand-in on a free port of this
/// machine (50,000 records, the quotas of a professional account, 20 ms a request) and runs the
/// real binary: check, discover, a first read of eight streams. Then it changes about one percent
/// of the records (some are modified, created, archived, linked to others), lets the search index
/// catch up, and reads again from the states of the first read.
///
/// The files take about 250 MB. Nothing leaves this machine and no HubSpot account is needed.
/// Progress goes to stderr. A table and the checks go to stdout: the first read returned every
/// record, the second exactly the changes, both together equal the portal, and the quotas were
/// respected. The exit code is 1 if a check fails or the connector does.
#[derive(Debug, Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo")]
struct Arguments {
    /// Folder for the configuration, catalog, states and records of this run. Existing files of an
    /// earlier run are overwritten.
    #[arg(long, value_name = "DIR", default_value = "demo-output")]
    output: PathBuf,
    /// Only start the simulated portal, for your own experiments, and keep it running until Ctrl-C.
    #[arg(long)]
    serve: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = if arguments.serve { serve() } else { run(&arguments.output) };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nThe demo stopped: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the simulated portal and prints the commands that use it. Never returns, unless something
/// fails: the process ends with a signal.
#[expect(clippy::print_stdout, reason = "the commands are what this is for")]
fn serve() -> Result<bool> {
    let binary = connector::build()?;
    let portal = DemoPortal::start()?;
    introduce(&portal);
    eprintln!();
    eprintln!("The portal runs until Ctrl-C. Use it in another terminal, for example:");
    eprintln!();
    println!("export HUBSPOT_API_URL={}", portal.url());
    println!("export HUBSPOT_ACCESS_TOKEN={}", hubspot_simulator::DEFAULT_TOKEN);
    println!("{} preview deals", binary.display());
    println!("{} read --streams contacts,deals > read.jsonl", binary.display());
    loop {
        std::thread::park();
    }
}

/// Runs the demo. Returns `Ok(false)` if a check failed.
fn run(output: &Path) -> Result<bool> {
    eprintln!(
        "The HubSpot connector reads a simulated portal: first everything, then what changed."
    );
    eprintln!();
    fs::create_dir_all(output)
        .map_err(|error| format!("the folder {} cannot be made: {error}", output.display()))?;
    let binary = connector::build()?;
    let begun = Instant::now();
    let portal = DemoPortal::start()?;
    introduce(&portal);
    let config = json!({
        "credentials": {
            "credentials_title": "Private App Credentials",
            "access_token": hubspot_simulator::DEFAULT_TOKEN,
        },
    });
    write_json(&output.join("config.json"), &config)?;
    let connector = Connector::new(binary, portal.url(), output);
    step("check", &connector.check()?);
    let catalog = connector.discover()?;
    step("discover", &describe(&catalog));
    let names = STREAMS.map(|stream| stream.name);
    write_json(&output.join("catalog.json"), &connector::select_named(&catalog, &names))?;

    let touched = portal.touch_before_the_first_read();
    step("read 1", "everything, as a first sync does; eight streams at once");
    step("", &format!("{} contacts changed a minute ago: read 2 goes back", touched.len()));
    step("", "five minutes further than it must, so it brings them again");
    portal.forget_requests();
    let totals = STREAMS.map(|stream| stream.records);
    let first = Reading::run(&connector, "first", None, totals)?;
    let first_requests = portal.requests();
    write_json(&output.join("state-1.json"), &first.states())?;
    step("", &summary(&first, &first_requests));
    step("", &DemoPortal::least_time(&first_requests));
    let mut checks = checks::of_first(&portal, &first);

    let changed = portal.change_one_percent(&touched);
    introduce_changes(&changed);
    step("read 2", "what changed, from the states of read 1");
    let expected = changed.expected_counts();
    let second = Reading::run(&connector, "second", Some("state-1.json"), expected)?;
    let second_requests = portal.requests();
    write_json(&output.join("state-2.json"), &second.states())?;
    step("", &summary(&second, &second_requests));
    checks.extend(checks::of_second(&portal, &second, &changed));
    checks.push(checks::of_both(&portal, &first, &second, &changed));
    checks.extend(checks::of_conduct(&[&first_requests, &second_requests]));

    table::print(&first, &first_requests, &second, &second_requests);
    let all_hold = checks::print(&checks);
    table::print_files(output);
    conclude(&checks, begun.elapsed());
    Ok(all_hold)
}

fn introduce(portal: &DemoPortal) {
    let records = STREAMS.iter().map(|stream| stream.records).sum();
    step(
        "portal",
        &format!("{} records in {} streams, at {}", grouped(records), STREAMS.len(), portal.url()),
    );
    step("", &portal.terms());
}

fn describe(catalog: &Value) -> String {
    let streams = catalog.get("streams").and_then(Value::as_array).map_or(0, Vec::len);
    let names = STREAMS.map(|stream| stream.name).join(", ");
    format!("{streams} streams; the demo reads {names}")
}

fn introduce_changes(changed: &Changed) {
    let [modified, created, archived] = changed.totals().map(grouped);
    step("change", &format!("{modified} records modified, {created} created, {archived} archived"));
    step(
        "",
        &format!(
            "{} of the modified deals moved to another company; ten minutes pass",
            changed.moved_deals
        ),
    );
}

fn summary(reading: &Reading, requests: &Requests) -> String {
    format!(
        "{} records, {}, {} requests in {}",
        grouped(reading.records()),
        bytes(reading.bytes()),
        grouped(requests.total),
        seconds(reading.duration)
    )
}

#[expect(clippy::print_stdout, reason = "the verdict is what the demo is for")]
fn conclude(checks: &[Check], elapsed: Duration) {
    let failed = checks.iter().filter(|check| check.outcome.is_err()).count();
    let all = checks.len();
    println!();
    if failed == 0 {
        println!("All {all} checks hold. The demo took {} after the build.", seconds(elapsed));
    } else {
        println!("{failed} of {all} checks FAILED.");
    }
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    fs::write(path, text)
        .map_err(|error| format!("{} cannot be written: {error}", path.display()).into())
}
