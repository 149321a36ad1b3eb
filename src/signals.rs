//! Graceful shutdown on SIGTERM and SIGINT during a read.
//!
//! The read ends by itself within two seconds and emits its last states. If stdout is not drained
//! that fast, the process ends within eight seconds, after the line being written. Other commands
//! have nothing to save and keep the default signal handling.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Arriving;
use signal_hook::low_level::emulate_default_handler;

use crate::http::CancellationToken;
use crate::protocol::LineGate;

/// Time for the last messages. Those not read from stdout by then are lost.
const GRACE: Duration = Duration::from_millis(1_800);
/// Additional time to finish the line being written, since a partial line is of no use to a reader.
/// Together with `GRACE`, it is below the ten seconds that container runtimes allow.
const LINE_GRACE: Duration = Duration::from_secs(6);
const LOOK: Duration = Duration::from_millis(10);
const NONE: i32 = 0;

/// Handles signals until it is dropped.
pub struct Signals {
    caught: Arc<AtomicI32>,
    _alive: mpsc::Sender<()>,
}

impl Signals {
    /// Requests the stop on the first signal. If the returned value is still alive after the grace
    /// period, the process is ended by the signal.
    ///
    /// `gate` is locked first, so that the process ends between two lines.
    pub fn ask_for(stop: CancellationToken, gate: LineGate) -> io::Result<Self> {
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
                // Nothing is written while the gate is held.
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

    /// Ends the process by the signal that was caught, as its sender expects. Does nothing if no
    /// signal was caught.
    pub fn pass_on(&self) {
        let signal = self.caught.load(Ordering::Relaxed);
        if signal != NONE {
            end_by(signal);
        }
    }
}

fn end_by(signal: i32) {
    // This only fails for signals that cannot be caught.
    let _infallible = emulate_default_handler(signal);
}
