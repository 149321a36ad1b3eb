//! Messages to people on stderr: the reason for a failure, and warnings of the commands that print a
//! document instead of protocol messages.
//!
//! Each command that fails writes one line, so that the reason is seen where stdout is redirected, and
//! so does a `check` with the status FAILED, whose exit code is 0.
//! The exceptions are a closed stdout, as with `| head`, a read that was stopped by a signal, and a
//! read whose progress display has shown the reason.

use log::{LevelFilter, Log, Metadata, Record};

use crate::error::Error;
use crate::protocol::NOT_KEPT;

/// Writes the reason for a failure as one line.
pub(super) fn print_failure(error: &Error) {
    if !matches!(error, Error::OutputClosed | Error::Stopped) {
        print_error(&error.to_string());
    }
}

/// Writes one line beginning with `error: `.
pub(super) fn print_error(message: &str) {
    eprintln!("error: {}", one_line(message));
}

/// Replaces line ends and control characters, which could come from a response and move the cursor.
pub(super) fn one_line(message: &str) -> String {
    message.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// Backend of the `log` facade that writes to stderr, except about failed streams: their command
/// reports them as its own failure.
pub(super) struct StderrLogger;

impl StderrLogger {
    /// Writes log records of this crate up to `level` for the rest of the process.
    pub(super) fn install(level: LevelFilter) {
        if log::set_logger(&Self).is_ok() {
            log::set_max_level(level);
        }
    }
}

impl Log for StderrLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        target.starts_with(env!("CARGO_CRATE_NAME")) && target != NOT_KEPT
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = match record.level() {
                log::Level::Error => "error",
                log::Level::Warn => "warning",
                log::Level::Info => "info",
                log::Level::Debug | log::Level::Trace => "debug",
            };
            eprintln!("{level}: {}", one_line(&record.args().to_string()));
        }
    }

    fn flush(&self) {}
}
