//! The binary: parse, run, and turn how it ended into an exit code.

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use source_hubspot::cli::{self, Cli, Ending};
use source_hubspot::error::Error;

fn main() -> ExitCode {
    let cli = Cli::parse();
    keep_memory_private();
    // stderr stays silent: what a panic says goes where the orchestrator reads it.
    panic::set_hook(Box::new(|panic| {
        cli::last_word(&Error::Bug { detail: panic.to_string() });
    }));
    match panic::catch_unwind(|| cli::run(cli)) {
        Ok(Ok(Ending::Success)) => ExitCode::SUCCESS,
        Ok(Ok(Ending::Failure)) | Err(_) => ExitCode::FAILURE,
        Ok(Err(error)) => {
            cli::last_word(&error);
            ExitCode::FAILURE
        }
    }
}

/// The memory holds tokens: no core is written of it, and other processes of the user cannot read
/// it. A kernel that does not know how changes nothing.
#[cfg(target_os = "linux")]
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _unknown_to_the_kernel = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(not(target_os = "linux"))]
fn keep_memory_private() {}
