//! Runs that are killed or terminated before they end, and the resulting contents of a destination.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::Value;

use super::canary::spawn;
use super::rng::Rng;

/// Longer than any of these runs takes; a run that exceeds it hangs.
const TOO_LONG: Duration = Duration::from_mins(2);

/// Point at which a run is killed or terminated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The run is not interrupted.
    Never,
    /// Right after the first STATE message; later output is not read.
    AtState,
    /// After `count` records and states. The remaining contents of the pipe are read if `drained`.
    AtLine { count: u64, drained: bool },
    /// SIGTERM after `count` records and states; all remaining output is read.
    Asked { count: u64 },
}

impl Stop {
    /// Draws a point, mostly among the first lines, where a run takes little time.
    pub(crate) fn random(rng: &mut Rng, lines: u64) -> Self {
        let below = if rng.once_in(8) { lines } else { lines.min(400) };
        let count = rng.between(0, below + 1);
        if rng.once_in(4) {
            // Before its first line the process may not have installed the signal handler.
            return Self::Asked { count: count.max(1) };
        }
        Self::AtLine { count, drained: rng.once_in(2) }
    }
}

/// Output of one run.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The lines of records and states, in order.
    pub(crate) lines: Vec<String>,
    /// The exit code; `None` if the run was killed or not read to its end.
    pub(crate) code: Option<i32>,
    /// The signal that terminated the run.
    pub(crate) signal: Option<i32>,
    /// An incomplete last line.
    pub(crate) half: Option<String>,
    /// Error lines, for failure messages.
    pub(crate) errors: Vec<String>,
}

impl Run {
    /// Runs a command until it ends or is killed.
    pub(crate) fn of(mut command: Command, stop: Stop) -> Self {
        let (mut child, canary) = spawn(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let lines = lines(&mut child);
        let mut run = Self::default();
        let mut count = 0;
        let mut is_killed = matches!(stop, Stop::AtLine { count: 0, .. });
        while !is_killed {
            let line = match lines.recv_timeout(TOO_LONG) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => {
                    run.end(&mut child);
                    return run;
                }
                Err(RecvTimeoutError::Timeout) => {
                    child.kill().expect("a process of ours");
                    panic!("it hangs; its last line: {:?}", run.lines.last());
                }
            };
            canary.look_at(&line);
            let is_state = is_state(&line);
            count += u64::from(run.take(line));
            is_killed = match stop {
                Stop::Never => false,
                Stop::AtState => is_state,
                Stop::AtLine { count: most, .. } | Stop::Asked { count: most } => count >= most,
            };
        }
        if matches!(stop, Stop::Asked { .. }) {
            signal("TERM", &child);
        } else {
            child.kill().expect("a process of ours");
        }
        let is_drained = matches!(stop, Stop::AtLine { drained: true, .. } | Stop::Asked { .. });
        if is_drained {
            while let Ok(line) = lines.recv_timeout(TOO_LONG) {
                canary.look_at(&line);
                run.take(line);
            }
        }
        run.end(&mut child);
        if !is_drained {
            // It may have ended before the kill, so the exit code is not meaningful.
            run.code = None;
        }
        run
    }

    fn end(&mut self, child: &mut Child) {
        let status = child.wait().expect("a status");
        (self.code, self.signal) = (status.code(), status.signal());
    }

    /// Returns `true` if the run was read to its end and succeeded.
    pub(crate) fn is_complete(&self) -> bool {
        assert!(matches!(self.code, None | Some(0)), "{:#?}", self.errors);
        self.code == Some(0)
    }

    /// Returns the last state of every stream, with `before` as the default.
    pub(crate) fn state(&self, before: &Value) -> Value {
        let mut last: BTreeMap<String, Value> = BTreeMap::new();
        let mut take = |state: Value| {
            let name = state["stream"]["stream_descriptor"]["name"].as_str().map(str::to_owned);
            last.insert(name.expect("a stream"), state);
        };
        before.as_array().into_iter().flatten().cloned().for_each(&mut take);
        self.states().for_each(take);
        if last.is_empty() { Value::Null } else { last.into_values().collect() }
    }

    /// Returns the states, in order.
    pub(crate) fn states(&self) -> impl Iterator<Item = Value> + '_ {
        let states = self.lines.iter().filter(|line| is_state(line));
        states.map(|line| serde_json::from_str::<Value>(line).expect(line)["state"].take())
    }

    /// Returns the lines of records, in order.
    pub(crate) fn records(&self) -> impl Iterator<Item = &str> + '_ {
        self.lines.iter().map(String::as_str).filter(|line| is_record(line))
    }

    fn take(&mut self, mut line: String) -> bool {
        if line.pop() != Some('\n') {
            self.half = Some(line);
            return false;
        }
        let is_kept = is_record(&line) || is_state(&line);
        if is_kept {
            self.lines.push(line);
        } else if line.contains("\"error\":{") {
            self.errors.push(line);
        }
        is_kept
    }
}

/// Number of times that each version of each record was received.
#[derive(Debug, Default, Clone)]
pub(crate) struct Received {
    counts: HashMap<String, u64>,
}

impl Received {
    pub(crate) fn take(&mut self, run: &Run) {
        for record in run.records() {
            *self.counts.entry(timeless(record)).or_default() += 1;
        }
    }

    /// Checks that every record of an uninterrupted run was received at least as often, and no
    /// other record.
    pub(crate) fn check(&self, whole: &Self, what: &str) {
        for (record, count) in &whole.counts {
            let found = self.counts.get(record).copied().unwrap_or_default();
            assert!(found >= *count, "{what}: {found} of {count} times: {record}");
        }
        for record in self.counts.keys() {
            assert!(whole.counts.contains_key(record), "{what}: only in a piece: {record}");
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }
}

/// Returns a record's line without `emitted_at`.
fn timeless(line: &str) -> String {
    const KEY: &str = "},\"emitted_at\":";
    let (data, rest) = line.rsplit_once(KEY).expect("the time of emission");
    format!("{data}{}", rest.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

fn is_record(line: &str) -> bool {
    line.starts_with("{\"type\":\"RECORD\"")
}

fn is_state(line: &str) -> bool {
    line.starts_with("{\"type\":\"STATE\"")
}

/// Sends a signal to a process.
pub(crate) fn signal(name: &str, child: &Child) {
    let mut kill = Command::new("kill");
    let status = kill.arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(status.expect("a tool of every Unix").success(), "SIG{name} is sent");
}

/// Returns the lines of stdout, including line ends. Few lines are buffered, so that a paused
/// reader blocks the connector.
fn lines(child: &mut Child) -> Receiver<String> {
    let mut pipe = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, receiver) = mpsc::sync_channel(8);
    std::thread::spawn(move || {
        let mut line = String::new();
        while matches!(pipe.read_line(&mut line), Ok(1..)) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                break;
            }
        }
    });
    receiver
}
