//! LOG messages: the `log` facade, written through the one writer.

use log::{LevelFilter, Log, Metadata, Record};

use super::message::{Level, Message};
use super::sink::{Outlet, Tap};

/// Turns the project's own log records into LOG messages; those of libraries are left out.
pub struct Logger {
    tap: Tap,
}

impl Logger {
    /// Makes `outlet` the home of all log records up to `level`, for the rest of the process.
    pub fn install(outlet: &Outlet, level: LevelFilter) {
        if log::set_boxed_logger(Box::new(Self { tap: outlet.tap() })).is_ok() {
            log::set_max_level(level);
        }
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warn,
            log::Level::Info => Level::Info,
            log::Level::Debug => Level::Debug,
            log::Level::Trace => Level::Trace,
        };
        self.tap.say(&Message::log(level, &record.args().to_string()));
    }

    fn flush(&self) {}
}
