//! `cargo performance`: measures speed and resource usage of the connector against a simulated
//! portal.
//!
//! Reading order: this file selects the measurements; `figure` is the result type; `page`, `syncs`,
//! `every` and `work` measure; `usage` evaluates the simulator's request journal; `connector` and
//! `measure` run the binary; `portal` sets up the simulator; `chart` and `document` write the
//! results.

mod chart;
mod connector;
mod document;
mod every;
mod figure;
mod measure;
mod page;
mod portal;
mod syncs;
mod usage;
mod work;

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use chart::Charts;
use connector::Connector;
use figure::{Figure, seconds, table};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures the connector against a simulated HubSpot on this machine.
///
/// Builds the connector in release mode and prints a table with each measured value, its target,
/// and whether the target is met. Takes about fifteen minutes, because the simulator enforces
/// HubSpot's quotas. Requires two idle cores and no network access.
#[derive(Debug, Parser)]
#[command(name = "cargo performance", bin_name = "cargo performance")]
struct Arguments {
    /// Measure small portals only, in about a minute; exit with code 1 if a target that does not
    /// depend on the machine is missed
    #[arg(long, conflicts_with = "charts")]
    small: bool,
    /// Write the charts to docs/performance/*.svg and the table into docs/performance.md
    #[arg(long)]
    charts: bool,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let result = if arguments.next().is_some_and(|first| first == measure::FLAG) {
        measure::run(arguments)
    } else {
        run(&Arguments::parse())
    };
    result.unwrap_or_else(|error| {
        eprintln!("\nThe measurement stopped: {error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let begun = Instant::now();
    step("building the connector");
    let connector = Connector::build()?;
    let figures = if arguments.small {
        small(&connector)?
    } else {
        let (figures, charts) = whole(&connector)?;
        if arguments.charts {
            document::write(&table(&figures), &charts)?;
        }
        figures
    };
    let wrong = figures.iter().filter(|figure| figure.is_wrong()).count();
    print(&table(&figures), &seconds(begun.elapsed()));
    if arguments.small && wrong > 0 {
        return Err(format!("{wrong} of the bars that every machine has to keep are missed").into());
    }
    Ok(ExitCode::SUCCESS)
}

/// Measurements for CI.
fn small(connector: &Connector) -> Result<Vec<Figure>> {
    let mut figures = step_of("a page to lines", || page::measure(50))?;
    figures.extend(step_of("the program itself", || work::program(connector))?);
    figures.extend(step_of("memory", || work::memory(connector, &[10_000, 50_000]))?.0);
    figures.extend(step_of("CPU", || work::cpu(connector, 5_000))?);
    figures.extend(step_of("a choice of columns", || work::columns(connector, 2_000))?.figures);
    figures.extend(step_of("all streams", || every::counted(connector))?);
    figures.extend(step_of("what changed", || syncs::changes(connector, 20_000, 3_000))?);
    figures.extend(step_of("a first read", || syncs::first(connector, 20_000, 1))?.figures);
    Ok(figures)
}

/// All measurements.
fn whole(connector: &Connector) -> Result<(Vec<Figure>, Charts)> {
    let mut figures = step_of("a page to lines", || page::measure(300))?;
    figures.extend(step_of("the program itself", || work::program(connector))?);
    figures.extend(step_of("CPU", || work::cpu(connector, 50_000))?);
    let choice = step_of("a choice of columns", || work::columns(connector, 20_000))?;
    figures.extend(choice.figures);
    let sizes = [10_000, 100_000, 1_000_000, 10_000_000];
    let (memory, memory_by_records) = step_of("memory", || work::memory(connector, &sizes))?;
    figures.extend(memory);
    figures.extend(step_of("all streams", || every::timed(connector))?);
    let load = step_of("a first read, true scale", || syncs::first(connector, 100_000, 1))?;
    figures.extend(load.figures);
    let scaled =
        step_of("a first read, ten times as fast", || syncs::first(connector, 1_000_000, 10))?;
    figures.extend(scaled.figures);
    figures.extend(step_of("what changed", || syncs::changes(connector, 1_000_000, 100_000))?);
    let charts = Charts { rates: load.rates, memory_by_records, bytes_by_columns: choice.bytes };
    Ok((figures, charts))
}

fn step(what: &str) {
    eprintln!("  {what}");
}

fn step_of<T>(what: &str, measure: impl FnOnce() -> Result<T>) -> Result<T> {
    step(what);
    measure().map_err(|error| format!("{what}: {error}").into())
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn print(table: &str, elapsed: &str) {
    println!("{table}\nMeasured in {elapsed}.");
}
