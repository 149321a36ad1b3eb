//! Output of a run of the binary.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

use super::canary::spawn;

/// The messages of one run. The invariants checked by [`Output::of`] hold for every test.
pub(crate) struct Output {
    pub(crate) lines: Vec<Value>,
    pub(crate) stdout: String,
    pub(crate) code: Option<i32>,
}

impl Output {
    /// Runs a command and checks the invariants of every run: stderr is empty, or has the reason for
    /// a failure, including that of a check, on one line; stdout has one JSON message per line, acceptable for strict parsers and databases and for readers that split at
    /// Unicode line separators; no explicit nulls outside of data; no secrets except in a new
    /// configuration; states count their records; statuses are in order.
    pub(crate) fn of(mut command: Command) -> Self {
        let (run, canary) = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let (status, stdout, stderr) = finish(run, Duration::ZERO);
        if status.code() == Some(1) || stdout.contains(r#""connectionStatus":{"status":"FAILED""#) {
            let is_one_line = stderr.starts_with("error: ") && stderr.lines().count() == 1;
            assert!(is_one_line && stderr.ends_with('\n'), "stderr: {stderr:?}");
        } else {
            assert_eq!(stderr, "", "stderr");
        }
        canary.look_at(&stdout);
        canary.look_at(&stderr);
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let lines = stdout.lines().map(parse).collect();
        let output = Self { lines, stdout, code: status.code() };
        output.check_lines();
        output.check_counts();
        output.check_statuses();
        output
    }

    fn check_lines(&self) {
        assert!(self.stdout.is_empty() || self.stdout.ends_with('\n'), "the last line ends");
        assert!(!self.stdout.contains(['\u{85}', '\u{2028}', '\u{2029}', '\r']), "separators");
        for (line, text) in self.lines.iter().zip(self.stdout.lines()) {
            let payload = match line["type"].as_str() {
                Some("RECORD") => "record",
                Some("STATE") => "state",
                Some("LOG") => "log",
                Some("TRACE") => "trace",
                Some("SPEC") => "spec",
                Some("CATALOG") => "catalog",
                Some("CONNECTION_STATUS") => "connectionStatus",
                Some("CONTROL") => "control",
                _ => panic!("no known type: {text}"),
            };
            assert!(line[payload].is_object(), "{text}");
            assert!(!has_null(line), "an explicit null: {text}");
            assert!(payload == "control" || !has_nul(line), "U+0000: {text}");
            let data = line["record"]["data"].as_object().into_iter().flatten();
            for (column, value) in data {
                let impossible = value.as_str().filter(|value| is_impossible_date(value));
                assert_eq!(impossible, None, "{column}: {text}");
            }
            if matches!(payload, "record" | "trace") {
                assert!(line[payload]["emitted_at"].as_i64() > Some(1_700_000_000_000), "{text}");
            }
            if payload == "state" {
                let count = text.rsplit_once("\"recordCount\":").expect("a record count").1;
                assert!(count.trim_end_matches('}').ends_with(".0"), "a float: {text}");
            }
        }
    }

    /// Checks that every STATE counts the records of its stream since the previous one.
    fn check_counts(&self) {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for line in &self.lines {
            if let Some(stream) = line["record"]["stream"].as_str() {
                *counts.entry(stream).or_default() += 1;
            }
            if let Some(stream) = state_stream(line) {
                let counted = counts.remove(stream).unwrap_or_default().to_string();
                let said = line["state"]["sourceStats"]["recordCount"].as_f64();
                assert_eq!(said.map(|said| said.to_string()), Some(counted), "records of {stream}");
            }
        }
        for (stream, _) in counts {
            let statuses = self.statuses(stream);
            assert!(!statuses.contains(&"COMPLETE"), "records of {stream} after its last state");
        }
    }

    /// Checks the order STARTED, RUNNING, records and states, COMPLETE or INCOMPLETE, with nothing
    /// after that. A stream may fail before STARTED or RUNNING.
    fn check_statuses(&self) {
        let mut at: BTreeMap<&str, &str> = BTreeMap::new();
        let mut with_state: Vec<&str> = Vec::new();
        for line in &self.lines {
            let (stream, now) = if let Some(stream) = line["record"]["stream"].as_str() {
                (stream, "record")
            } else if let Some(stream) = state_stream(line) {
                with_state.push(stream);
                (stream, "state")
            } else if let Some((stream, status)) = status(line) {
                (stream, status)
            } else {
                continue;
            };
            let before = at.get(stream).copied().unwrap_or_default();
            let fits = match now {
                "STARTED" => before.is_empty(),
                "RUNNING" => before == "STARTED",
                "record" | "state" => before == "RUNNING",
                "COMPLETE" => before == "RUNNING" && with_state.contains(&stream),
                "INCOMPLETE" => matches!(before, "" | "STARTED" | "RUNNING"),
                _ => false,
            };
            assert!(fits, "{now} of {stream} after {before:?}");
            if !matches!(now, "record" | "state") {
                at.insert(stream, now);
            }
        }
        for (stream, last) in at {
            assert!(matches!(last, "COMPLETE" | "INCOMPLETE"), "{stream} ends {last}");
        }
    }

    /// Returns the data of a stream's records, in order.
    pub(crate) fn records(&self, stream: &str) -> Vec<&Value> {
        let records = self.lines.iter().map(|line| &line["record"]);
        records.filter(|record| record["stream"] == stream).map(|record| &record["data"]).collect()
    }

    /// Returns the ids of a stream's records, ascending.
    pub(crate) fn ids(&self, stream: &str) -> Vec<u64> {
        let mut ids: Vec<_> = self.records(stream).into_iter().map(id).collect();
        ids.sort_unstable();
        ids
    }

    /// Returns the ids of the records that precede the first state of their stream.
    pub(crate) fn ids_before_state(&self, stream: &str) -> Vec<u64> {
        let before = self
            .lines
            .iter()
            .take_while(|line| line["state"]["stream"]["stream_descriptor"]["name"] != stream);
        let records = before.filter(|line| line["record"]["stream"] == stream);
        records.map(|line| id(&line["record"]["data"])).collect()
    }

    /// Returns the distinct ids of a stream's records, ascending.
    pub(crate) fn distinct_ids(&self, stream: &str) -> Vec<u64> {
        let mut ids = self.ids(stream);
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Returns the records by stream as sorted texts, without `emitted_at`.
    pub(crate) fn content(&self) -> BTreeMap<String, Vec<String>> {
        let mut content: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in self.lines.iter().map(|line| &line["record"]).filter(|r| r.is_object()) {
            let stream = record["stream"].as_str().expect("a stream").to_owned();
            let text = format!("{} {}", record["data"], record["meta"]);
            content.entry(stream).or_default().push(text);
        }
        for records in content.values_mut() {
            records.sort_unstable();
        }
        content
    }

    /// Returns the states of a stream, in order.
    pub(crate) fn states(&self, stream: &str) -> Vec<&Value> {
        let states = self.lines.iter().filter(|line| state_stream(line) == Some(stream));
        states.map(|line| &line["state"]["stream"]["stream_state"]).collect()
    }

    /// Returns the last state of a stream.
    pub(crate) fn last_state(&self, stream: &str) -> &Value {
        self.states(stream).last().copied().unwrap_or_else(|| panic!("no state of {stream}"))
    }

    /// Returns the end of the range that a stream has read, in epoch milliseconds, according to its
    /// last state.
    pub(crate) fn position_ms(&self, stream: &str) -> i64 {
        end_ms(self.last_state(stream)).expect("the end of a finished read")
    }

    /// Returns the last state of every stream, as input for the next read.
    pub(crate) fn state(&self) -> Value {
        let mut last: BTreeMap<&str, Value> = BTreeMap::new();
        for line in &self.lines {
            if let Some(stream) = state_stream(line) {
                last.insert(stream, line["state"].clone());
            }
        }
        last.into_values().collect()
    }

    /// Returns the statuses of a stream, in order.
    pub(crate) fn statuses(&self, stream: &str) -> Vec<&str> {
        let statuses = self.lines.iter().filter_map(status);
        statuses.filter(|(name, _)| *name == stream).map(|(_, status)| status).collect()
    }

    /// Returns the estimates of the number of records.
    pub(crate) fn estimates(&self) -> Vec<&Value> {
        let estimates = self.lines.iter().map(|line| &line["trace"]["estimate"]);
        estimates.filter(|estimate| estimate.is_object()).collect()
    }

    /// Returns the payloads of all error traces.
    pub(crate) fn errors(&self) -> Vec<&Value> {
        let errors = self.lines.iter().map(|line| &line["trace"]["error"]);
        errors.filter(|error| error.is_object()).collect()
    }

    /// Returns message and failure type of the only error.
    pub(crate) fn error(&self) -> (&str, &str) {
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let text = |key: &str| errors.first().and_then(|error| error[key].as_str());
        (text("message").expect("a message"), text("failure_type").expect("a failure type"))
    }

    /// Returns the log messages of a level.
    pub(crate) fn logs(&self, level: &str) -> Vec<&str> {
        let logs = self.lines.iter().map(|line| &line["log"]).filter(|log| log["level"] == level);
        logs.filter_map(|log| log["message"].as_str()).collect()
    }

    /// Returns the analytics report of a stream.
    pub(crate) fn receipt(&self, stream: &str) -> Option<Value> {
        let values = self.lines.iter().filter_map(|line| {
            let analytics = &line["trace"]["analytics"];
            let value = analytics["value"].as_str()?;
            assert_eq!(analytics["type"], "source-hubspot-receipt");
            serde_json::from_str::<Value>(value).ok()
        });
        values.into_iter().find(|receipt| receipt["stream"] == stream)
    }

    /// Returns the configurations from CONTROL messages.
    pub(crate) fn configs(&self) -> Vec<&Value> {
        let controls = self.lines.iter().map(|line| &line["control"]);
        let controls = controls.filter(|control| control["type"] == "CONNECTOR_CONFIG");
        controls.map(|control| &control["connectorConfig"]["config"]).collect()
    }

    /// Returns the names of the streams that `discover` returned.
    pub(crate) fn offered(&self) -> Vec<&str> {
        let streams = self.catalog()["streams"].as_array().expect("streams");
        streams.iter().map(|stream| stream["name"].as_str().expect("a name")).collect()
    }

    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.logs("WARN")
    }

    /// Returns the result of `check`: status and message.
    pub(crate) fn connection(&self) -> (&str, &str) {
        let statuses: Vec<_> = self.lines.iter().map(|line| &line["connectionStatus"]).collect();
        let mut statuses = statuses.into_iter().filter(|status| status.is_object());
        let status = statuses.next().expect("a connection status");
        assert!(statuses.next().is_none(), "one connection status");
        let text = |key: &str| status[key].as_str();
        (text("status").expect("a status"), text("message").expect("a message"))
    }

    /// Returns the result of `discover`.
    pub(crate) fn catalog(&self) -> &Value {
        let mut catalogs = self.lines.iter().map(|line| &line["catalog"]).filter(|c| c.is_object());
        let catalog = catalogs.next().unwrap_or_else(|| panic!("no catalog: {}", self.stdout));
        assert!(catalogs.next().is_none(), "one catalog");
        catalog
    }

    /// Asserts that the run succeeded: exit code 0, no error, no incomplete stream.
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!((self.errors(), self.code), (Vec::new(), Some(0)), "{:?}", self.warnings());
        let broken: Vec<_> = self.lines.iter().filter_map(status).collect();
        let broken = broken.into_iter().filter(|(_, status)| *status == "INCOMPLETE");
        assert_eq!(broken.count(), 0, "{:?}", self.warnings());
        self
    }
}

/// Longer than any run of these tests takes, on a busy machine too; a run that exceeds it hangs.
const TOO_LONG: Duration = Duration::from_mins(4);

/// Reads all output of a process, with a pause after every chunk of stdout, and waits for its end.
pub(crate) fn finish(mut child: Child, pause: Duration) -> (ExitStatus, String, String) {
    let stdout = reader(child.stdout.take().expect("a pipe"), pause);
    let stderr = reader(child.stderr.take().expect("a pipe"), Duration::ZERO);
    let Ok(stdout) = stdout.recv_timeout(TOO_LONG) else {
        child.kill().expect("it still runs");
        let said = stdout.recv().unwrap_or_default();
        let last = said.lines().last().unwrap_or_default();
        panic!("it hangs; its last line: {}", last.chars().take(300).collect::<String>());
    };
    let status = child.wait().expect("a status");
    (status, stdout, stderr.recv().expect("stderr ends with the process"))
}

/// Reads a pipe to its end on a separate thread.
#[expect(clippy::disallowed_methods, reason = "a slow reader is one that pauses")]
fn reader(mut pipe: impl Read + Send + 'static, pause: Duration) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut all, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
        while let Ok(length @ 1..) = pipe.read(&mut chunk) {
            all.extend_from_slice(chunk.get(..length).unwrap_or_default());
            std::thread::sleep(pause);
        }
        let _nobody_waits = sender.send(String::from_utf8(all).expect("UTF-8"));
    });
    receiver
}

/// Returns the peak memory usage of a running process so far, in kilobytes.
pub(crate) fn peak_memory_kb(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Returns the end of the range that has been read, from the state of a finished read.
pub(crate) fn end_ms(state: &Value) -> Option<i64> {
    let text = state["source_hubspot"]["end"].as_str()?;
    Some(chrono::DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis())
}

/// Returns the id of a record.
pub(crate) fn id(record: &Value) -> u64 {
    record["id"].as_str().expect("an id").parse().expect("a number")
}

fn state_stream(line: &Value) -> Option<&str> {
    line["state"]["stream"]["stream_descriptor"]["name"].as_str()
}

fn status(line: &Value) -> Option<(&str, &str)> {
    let status = &line["trace"]["stream_status"];
    Some((status["stream_descriptor"]["name"].as_str()?, status["status"].as_str()?))
}

/// Returns `true` if a text contains U+0000. JSON allows it, but Postgres accepts it neither in
/// text nor in jsonb. Unpaired surrogates, numbers beyond a double and excessive nesting cannot
/// occur here: `serde_json` rejects the line.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| key.contains('\0') || has_nul(value))
        }
    }
}

/// Returns `true` for a date in the year 0, or a time with second 60 or hour 24.
fn is_impossible_date(text: &str) -> bool {
    let date = text.get(..10).unwrap_or_default();
    let digits = date.bytes().filter(u8::is_ascii_digit).count();
    let is_date = digits == 8 && date.get(4..5) == Some("-") && date.get(7..8) == Some("-");
    let time = text.get(11..19).unwrap_or_default();
    is_date && (date.starts_with("0000") || time.starts_with("24") || time.ends_with(":60"))
}

/// Keys whose values are opaque to the protocol.
const OPAQUE: &[&str] = &["data", "stream_state", "config"];

/// Returns `true` if there is a null outside of values that are opaque to the protocol.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| !OPAQUE.contains(&key.as_str()) && has_null(value))
        }
    }
}
