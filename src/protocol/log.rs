//! LOG messages: a backend of the `log` facade that writes through the stdout writer.

use log::{LevelFilter, Log, Metadata, Record};

use super::message::{Level, Message};
use super::stdout::{MessageSender, OutOfBandSender};

/// Converts this crate's log records to LOG messages and drops those of other crates.
pub struct Logger {
    out_of_band: OutOfBandSender,
}

impl Logger {
    /// Sends all log records up to `level` to `sender` for the rest of the process.
    pub fn install(sender: &MessageSender, level: LevelFilter) {
        if log::set_boxed_logger(Box::new(Self { out_of_band: sender.out_of_band() })).is_ok() {
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
        self.out_of_band.say(&Message::log(level, &record.args().to_string()));
    }

    fn flush(&self) {}
}
