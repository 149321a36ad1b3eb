//! Builds and runs the release binary, and collects the output and resource usage of each run.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use hubspot_simulator::DEFAULT_TOKEN;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Result;
use crate::measure::{self, Taken};

const PACKAGE: &str = "source-hubspot";
const RECORD: &[u8] = br#"{"type":"RECORD""#;

/// The binary and a directory for its input files.
pub(crate) struct Connector {
    pub(crate) binary: PathBuf,
    files: TempDir,
}

/// Output and resource usage of one run.
pub(crate) struct Run {
    pub(crate) wall: Duration,
    pub(crate) taken: Taken,
    pub(crate) records: u64,
    /// Bytes written to stdout.
    pub(crate) bytes: u64,
    /// All messages other than RECORD.
    messages: Vec<Value>,
}

/// Statistics from the final log line of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) stream: String,
    /// Number of general, search and association requests.
    pub(crate) requests: [u64; 3],
}

/// A line of cargo's JSON output, reduced to the needed field.
#[derive(Deserialize)]
struct CargoLine {
    #[serde(default)]
    executable: Option<PathBuf>,
}

/// Returns the offset of the simulator's clock from the machine clock in milliseconds. The
/// connector is run with the same offset.
fn offset_ms(url: &str) -> Result<i64> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let request =
        format!("GET /_simulator/clock HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("the simulator does not tell the time")?;
    let told: Value = serde_json::from_str(body)?;
    let told_ms = told.get("now_ms").and_then(Value::as_i64).ok_or("the time is no number")?;
    let machine_ms = i64::try_from(SystemTime::UNIX_EPOCH.elapsed()?.as_millis())?;
    Ok(told_ms - machine_ms)
}

impl Connector {
    /// Builds the binary as `cargo build --release` does.
    pub(crate) fn build() -> Result<Self> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        cargo.args(["build", "--release", "--quiet", "--message-format=json-render-diagnostics"]);
        cargo.args(["--package", PACKAGE, "--bin", PACKAGE, "--manifest-path", manifest]);
        // `cargo run` sets variables that describe the benchmark package; build scripts of the
        // connector must not see them.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| text.starts_with(start)) {
                cargo.env_remove(&name);
            }
        }
        let output = cargo.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err("the connector cannot be built; cargo says why above".into());
        }
        let mut binary = None;
        for line in output.stdout.lines() {
            let line: CargoLine = serde_json::from_str(&line?)?;
            binary = line.executable.or(binary);
        }
        let binary = binary.ok_or("cargo built no program")?;
        Ok(Self { binary, files: tempfile::tempdir()? })
    }

    pub(crate) fn spec(&self) -> Result<Run> {
        self.run("", &["spec".into()])
    }

    /// Returns the streams of a portal as `discover` prints them.
    pub(crate) fn discover(&self, url: &str) -> Result<Vec<Value>> {
        let run = self.run(url, &["discover".into(), "--config".into(), self.config()?])?;
        let catalog = run.messages.iter().find_map(|message| message.get("catalog"));
        let streams = catalog.and_then(|catalog| catalog.get("streams")).and_then(Value::as_array);
        Ok(streams.ok_or("`discover` offers no streams")?.clone())
    }

    /// Reads the given streams, incrementally where supported. `states` are those of an earlier
    /// run.
    pub(crate) fn read(&self, url: &str, streams: &[Value], states: &[Value]) -> Result<Run> {
        let streams: Vec<_> = streams.iter().map(configured).collect();
        let catalog = self.file("catalog.json", &json!({ "streams": streams }))?;
        let states = self.file("states.json", &json!(states))?;
        let options = [
            ["--config".to_owned(), self.config()?],
            ["--catalog".to_owned(), catalog],
            ["--state".to_owned(), states],
        ];
        let arguments: Vec<_> =
            std::iter::once("read".to_owned()).chain(options.into_iter().flatten()).collect();
        self.run(url, &arguments)
    }

    fn config(&self) -> Result<String> {
        self.file(
            "config.json",
            &json!({
                "credentials": {
                    "credentials_title": "Private App Credentials",
                    "access_token": DEFAULT_TOKEN,
                },
                "enable_experimental_streams": true,
            }),
        )
    }

    fn file(&self, name: &str, content: &Value) -> Result<String> {
        let path = self.files.path().join(name);
        std::fs::write(&path, content.to_string())?;
        Ok(path.to_str().ok_or("the folder for files has an odd name")?.to_owned())
    }

    fn run(&self, url: &str, arguments: &[String]) -> Result<Run> {
        let report = self.files.path().join("taken.json");
        let mut command = measure::command(&self.binary, &report)?;
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        command.env("HUBSPOT_API_URL", url).env_remove("LOG_LEVEL");
        if url.is_empty() {
            command.env_remove("HUBSPOT_API_URL");
        } else {
            command.env("HUBSPOT_CLOCK_OFFSET_MS", offset_ms(url)?.to_string());
        }
        let begun = Instant::now();
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or("the output is not piped")?;
        let (mut records, mut bytes, mut messages) = (0, 0, Vec::new());
        let mut stdout = BufReader::with_capacity(1 << 20, stdout);
        let mut line = Vec::new();
        while stdout.read_until(b'\n', &mut line)? > 0 {
            bytes += line.len() as u64;
            if line.starts_with(RECORD) {
                records += 1;
            } else {
                messages.push(serde_json::from_slice(&line)?);
            }
            line.clear();
        }
        let status = child.wait()?;
        let wall = begun.elapsed();
        let run = Run { wall, taken: measure::read(&report)?, records, bytes, messages };
        if status.success() {
            return Ok(run);
        }
        let errors: Vec<_> =
            run.messages.iter().filter_map(|m| m.pointer("/trace/error/message")).collect();
        Err(format!("the connector ended with {status}: {errors:?}").into())
    }
}

impl Run {
    /// Returns the last state of every stream.
    pub(crate) fn states(&self) -> Vec<Value> {
        let mut last: BTreeMap<&str, &Value> = BTreeMap::new();
        for state in self.messages.iter().filter_map(|message| message.get("state")) {
            if let Some(Value::String(name)) = state.pointer("/stream/stream_descriptor/name") {
                last.insert(name, state);
            }
        }
        last.into_values().cloned().collect()
    }

    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let logs = self.messages.iter().filter_map(|message| message.pointer("/log/message"));
        logs.filter_map(Value::as_str).filter_map(receipt).collect()
    }
}

/// Parses the final log line of a stream; `None` for any other line.
fn receipt(line: &str) -> Option<Receipt> {
    let (stream, rest) = line.strip_prefix('`')?.split_once("`: ")?;
    let (counts, _) = rest.split_once("requests: ")?.1.split_once(';')?;
    let mut counts = counts.split(", ").map(|count| count.split(' ').next()?.parse().ok());
    let requests = [counts.next()??, counts.next()??, counts.next()??];
    Some(Receipt { stream: stream.to_owned(), requests })
}

/// Returns a catalog stream with just a name, which selects all columns.
pub(crate) fn named(name: &str) -> Value {
    json!({
        "name": name,
        "json_schema": {},
        "supported_sync_modes": ["full_refresh", "incremental"],
    })
}

fn configured(stream: &Value) -> Value {
    let modes = stream.get("supported_sync_modes").and_then(Value::as_array);
    let incremental = modes.is_some_and(|modes| modes.iter().any(|mode| mode == "incremental"));
    let cursor = stream.get("default_cursor_field").cloned().unwrap_or(json!([]));
    let key = stream.get("source_defined_primary_key").cloned().unwrap_or(json!([]));
    json!({
        "stream": stream,
        "sync_mode": if incremental { "incremental" } else { "full_refresh" },
        "destination_sync_mode": if incremental { "append_dedup" } else { "append" },
        "cursor_field": cursor,
        "primary_key": key,
    })
}

/// Returns the size of a file in bytes.
pub(crate) fn size(path: &Path) -> Result<u64> {
    Ok(path.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_are_told_from_other_lines() {
        let line = "`deals`: 12 records in 1.0 s; requests: 3 general, 1 search, 20 associations; \
                    0 retried, 0 throttled, 0.0 s waited for quota; 0 values nulled";
        let expected = Receipt { stream: "deals".to_owned(), requests: [3, 1, 20] };
        assert_eq!(receipt(line), Some(expected));
        for other in ["`deals` is skipped: no scope", "`deals`: 5 of 7 records", ""] {
            assert_eq!(receipt(other), None, "{other}");
        }
    }
}
