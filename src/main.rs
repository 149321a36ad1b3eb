//! The binary: parses the command line, runs the command, and returns an exit code.

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use source_hubspot::cli::{self, Cli, ExitStatus};
use source_hubspot::error::Error;

fn main() -> ExitCode {
    let cli = Cli::parse();
    keep_memory_private();
    let output_kind = cli.output_kind();
    // A panic is reported like any other failure: on stdout, the orchestrator reads it.
    panic::set_hook(Box::new(move |panic| {
        output_kind.report(&Error::Bug { detail: panic.to_string() });
    }));
    match panic::catch_unwind(|| cli::run(cli)) {
        Ok(ExitStatus::Success) => ExitCode::SUCCESS,
        Ok(ExitStatus::Failure) | Err(_) => ExitCode::FAILURE,
    }
}

/// Disables core dumps and memory access by other processes of the user, because memory contains
/// tokens. Has no effect on a kernel without support for it.
#[cfg(target_os = "linux")]
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _unsupported = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(not(target_os = "linux"))]
fn keep_memory_private() {}
