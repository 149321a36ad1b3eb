//! CPU time and peak memory of a child process, as reported by the operating system.
//!
//! The peak memory reported for a process is at least that of its parent process, and a benchmark
//! with a simulated portal of a million records is large. The program is therefore started from a
//! small process in between: this binary, with [`FLAG`] as its first argument.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

use crate::Result;

/// `FLAG REPORT PROGRAM ARGUMENT...` runs the program and writes its resource usage to REPORT.
pub(crate) const FLAG: &str = "--measure";

/// Resource usage of a process.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Taken {
    wall_us: u64,
    cpu_us: u64,
    pub(crate) peak_bytes: u64,
}

impl Taken {
    /// Returns the elapsed time from start to exit.
    pub(crate) fn wall(self) -> Duration {
        Duration::from_micros(self.wall_us)
    }

    pub(crate) fn cpu(self) -> Duration {
        Duration::from_micros(self.cpu_us)
    }
}

/// Returns a command that runs `program` and writes its [`Taken`] to `report`.
pub(crate) fn command(program: &Path, report: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([OsStr::new(FLAG), report.as_os_str(), program.as_os_str()]);
    Ok(command)
}

pub(crate) fn read(report: &Path) -> Result<Taken> {
    Ok(serde_json::from_slice(&std::fs::read(report)?)?)
}

/// Runs the program as the intermediate process.
pub(crate) fn run(mut arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let (Some(report), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err("expected a file for the report and a program".into());
    };
    let begun = Instant::now();
    let status = Command::new(program).args(arguments).status()?;
    let wall_us = u64::try_from(begun.elapsed().as_micros())?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    std::fs::write(report, serde_json::to_vec(&taken(wall_us, &usage))?)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn taken(wall_us: u64, usage: &Usage) -> Taken {
    // Linux reports KiB, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1_024 };
    let peak = u64::try_from(usage.max_rss()).unwrap_or_default();
    let cpu_us = micros(usage.user_time()) + micros(usage.system_time());
    Taken { wall_us, cpu_us, peak_bytes: peak * unit }
}

fn micros(time: TimeVal) -> u64 {
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    part(time.tv_sec()) * 1_000_000 + part(time.tv_usec())
}
