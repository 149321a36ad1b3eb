//! LOG messages: a backend of the `log` facade that writes through the stdout writer and keeps the
//! first warnings for a terminal.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{LazyLock, Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};

use super::message::{Level, Message};
use super::stdout::{MessageSender, OutOfBandSender};

/// Target of warnings about streams, which a terminal shows in another way: they are not kept.
pub const NOT_KEPT: &str = concat!(env!("CARGO_CRATE_NAME"), "::not_kept");

/// Maximum number of warnings that are kept.
const KEPT: usize = 10;
/// Maximum number of different warnings that are counted.
const COUNTED: usize = 10_000;

static WARNINGS: LazyLock<Mutex<KeptWarnings>> = LazyLock::new(Mutex::default);

/// The different warnings that the process has logged.
#[derive(Debug, Clone, Default)]
pub struct KeptWarnings {
    /// The first of them.
    pub first: Vec<String>,
    seen: HashSet<u64>,
}

impl KeptWarnings {
    fn keep(&mut self, warning: &str) {
        let mut hasher = DefaultHasher::new();
        warning.hash(&mut hasher);
        let is_new = self.seen.len() < COUNTED && self.seen.insert(hasher.finish());
        if is_new && self.first.len() < KEPT {
            self.first.push(warning.to_owned());
        }
    }

    /// Returns the number of different warnings besides the first ones.
    pub fn others(&self) -> usize {
        self.seen.len() - self.first.len()
    }
}

/// Returns the warnings that the process has logged so far.
pub fn kept_warnings() -> KeptWarnings {
    WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

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
        let message = record.args().to_string();
        if record.level() == log::Level::Warn && record.target() != NOT_KEPT {
            WARNINGS.lock().unwrap_or_else(PoisonError::into_inner).keep(&message);
        }
        self.out_of_band.say(&Message::log(level, &message));
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_warnings_are_kept_once_and_then_counted() {
        let mut warnings = KeptWarnings::default();
        for number in (0..12).chain(0..12) {
            warnings.keep(&number.to_string());
        }
        assert_eq!(warnings.first, (0..10).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(warnings.others(), 2);
    }
}
