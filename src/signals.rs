//! SIGTERM and SIGINT during a read: it ends by itself, with its last states, and within two seconds.
//!
//! The other commands have nothing to save: there a signal does what it always does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Arriving;
use signal_hook::low_level::emulate_default_handler;

use crate::http::Stop;

/// Time for the last words. Whoever does not take them from stdout by then goes without.
const GRACE: Duration = Duration::from_millis(1_800);
const NONE: i32 = 0;

/// Waits for a signal, for as long as it lives.
pub struct Signals {
    caught: Arc<AtomicI32>,
    _alive: mpsc::Sender<()>,
}

impl Signals {
    /// From now on, the first signal asks for the stop. If this still lives when the grace is over,
    /// the signal ends the process.
    pub fn ask_for(stop: Stop) -> io::Result<Self> {
        let mut signals = Arriving::new([SIGTERM, SIGINT])?;
        let (alive, ended) = mpsc::channel::<()>();
        let caught = Arc::new(AtomicI32::new(NONE));
        let first = Arc::clone(&caught);
        thread::Builder::new().name("signals".into()).spawn(move || {
            let Some(signal) = signals.forever().next() else { return };
            first.store(signal, Ordering::Relaxed);
            stop.request();
            if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                end_by(signal);
            }
        })?;
        Ok(Self { caught, _alive: alive })
    }

    /// Ends the process by the signal that was caught, as whoever sent it expects. Without one it
    /// goes on.
    pub fn pass_on(&self) {
        let signal = self.caught.load(Ordering::Relaxed);
        if signal != NONE {
            end_by(signal);
        }
    }
}

fn end_by(signal: i32) {
    // It fails for signals that cannot be caught only.
    let _infallible = emulate_default_handler(signal);
}
