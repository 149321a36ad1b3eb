//! Graceful shutdown on SIGTERM and SIGINT during a read.
//!
//! The read ends by itself within two seconds and emits its last states. If stdout is not drained
//! that fast, the process ends within eight seconds, after the line being written. Other commands
//! have nothing to save and keep the default signal handling.
//!
//! A thread waits for the signals rather than a task of the runtime, since it also has to end a
//! process whose runtime is blocked by a terminal or already shut down. `tokio::signal` could not
//! end it by the signal either, because it does not restore the default action.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tokio_util::sync::CancellationToken;

use crate::protocol::LineGate;

/// Time for the last messages. Those not read from stdout by then are lost.
const GRACE: Duration = Duration::from_millis(1_800);
/// Additional time to finish the line being written, since a partial line is of no use to a reader.
/// Together with `GRACE`, it is below the ten seconds that container runtimes allow.
const LINE_GRACE: Duration = Duration::from_secs(6);
/// Interval between two attempts to lock the gate.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Handles signals until it is dropped.
pub struct ShutdownSignals {
    /// Number of the first signal.
    caught: Arc<OnceLock<i32>>,
    /// Disconnects the thread when dropped.
    _alive: mpsc::Sender<()>,
}

impl ShutdownSignals {
    /// Cancels `stop` on the first signal. If the returned value is still alive after the grace
    /// period, the process is ended by the signal.
    ///
    /// `gate` is locked first, so that the process ends between two lines.
    pub fn catch(stop: CancellationToken, gate: LineGate) -> io::Result<Self> {
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let (alive, ended) = mpsc::channel::<()>();
        let caught = Arc::new(OnceLock::new());
        let first = Arc::clone(&caught);
        thread::Builder::new().name("signals".into()).spawn(move || {
            let Some(signal) = signals.forever().next() else { return };
            let _only_once = first.set(signal);
            stop.cancel();
            if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                let latest = Instant::now() + LINE_GRACE;
                // Nothing is written while the gate is held.
                let mut held = gate.try_lock().ok();
                while held.is_none() && Instant::now() < latest {
                    if ended.recv_timeout(POLL_INTERVAL) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                    held = gate.try_lock().ok();
                }
                end_process_by(signal);
            }
        })?;
        Ok(Self { caught, _alive: alive })
    }

    /// Ends the process by the signal that was caught, as its sender expects. Does nothing if no
    /// signal was caught.
    pub fn end_process(&self) {
        if let Some(signal) = self.caught.get() {
            end_process_by(*signal);
        }
    }
}

fn end_process_by(signal: i32) {
    // This only fails for signals that cannot be caught.
    let _infallible = emulate_default_handler(signal);
}
