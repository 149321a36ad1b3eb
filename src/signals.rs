//! SIGTERM and SIGINT during a read: it ends by itself, with its last states, and within two seconds.
//! If stdout is not taken that fast, it ends behind the line that is being written, within eight.
//!
//! The other commands have nothing to save: there a signal does what it always does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Arriving;
use signal_hook::low_level::emulate_default_handler;

use crate::http::Stop;
use crate::protocol::LineGate;

/// Time for the last words. Whoever does not take them from stdout by then goes without.
const GRACE: Duration = Duration::from_millis(1_800);
/// Further time for the end of the line that is being written: a half line is of no use to a reader.
/// Together they are less than the ten seconds that container runtimes give.
const LINE_GRACE: Duration = Duration::from_secs(6);
const LOOK: Duration = Duration::from_millis(10);
const NONE: i32 = 0;

/// Waits for a signal, for as long as it lives.
pub struct Signals {
    caught: Arc<AtomicI32>,
    _alive: mpsc::Sender<()>,
}

impl Signals {
    /// From now on, the first signal asks for the stop. If this still lives when the grace is over,
    /// the signal ends the process.
    ///
    /// The process then ends at the end of a line: `gate` is what keeps stdout there.
    pub fn ask_for(stop: Stop, gate: LineGate) -> io::Result<Self> {
        let mut signals = Arriving::new([SIGTERM, SIGINT])?;
        let (alive, ended) = mpsc::channel::<()>();
        let caught = Arc::new(AtomicI32::new(NONE));
        let first = Arc::clone(&caught);
        thread::Builder::new().name("signals".into()).spawn(move || {
            let Some(signal) = signals.forever().next() else { return };
            first.store(signal, Ordering::Relaxed);
            stop.request();
            if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                let latest = Instant::now() + LINE_GRACE;
                // Once it is held, nothing more is written.
                let mut held = gate.try_lock().ok();
                while held.is_none() && Instant::now() < latest {
                    if ended.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                    held = gate.try_lock().ok();
                }
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
