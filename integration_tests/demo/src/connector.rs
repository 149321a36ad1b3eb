//! The real binary: builds it, runs its commands, and parses its output.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::Result;
use crate::text::{bytes, seconds, step};

const PACKAGE: &str = "source-hubspot";

/// Maximum time without output from the connector. The quotas alone can delay it for ten seconds.
const SILENCE: Duration = Duration::from_mins(1);

/// The relevant fields of a line of cargo's JSON output.
#[derive(Deserialize)]
struct CargoLine {
    reason: String,
    #[serde(default)]
    executable: Option<PathBuf>,
}

/// Builds the connector like `cargo build --release`. Returns the path of the binary.
pub(crate) fn build() -> Result<PathBuf> {
    let begun = Instant::now();
    let spinner = spinner();
    let mut child = Running(cargo().stdout(Stdio::piped()).spawn()?);
    let mut crates = 0_u64;
    let mut binary = None;
    for line in child.lines()? {
        let line: CargoLine = serde_json::from_str(&line?)?;
        if line.reason == "compiler-artifact" {
            crates += 1;
            spinner.set_message(format!("{PACKAGE}, in release: {crates} crates done"));
            binary = line.executable.or(binary);
        }
    }
    let status = child.0.wait()?;
    spinner.finish_and_clear();
    let binary = binary.filter(|_| status.success());
    let binary = binary.ok_or("the connector cannot be built; cargo says why above")?;
    let size = bytes(binary.metadata()?.len());
    step("build", &format!("{PACKAGE}, in release: {size}, {}", seconds(begun.elapsed())));
    Ok(binary)
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    cargo.args(["build", "--release", "--quiet", "--message-format=json-render-diagnostics"]);
    cargo.args(["--package", PACKAGE, "--manifest-path", manifest]);
    // `cargo run` sets variables that describe this package; build scripts must not see them.
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name_text.starts_with(start)) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

fn spinner() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        step("build", &format!("{PACKAGE}, in release; the first time takes some minutes"));
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  build     {msg} ({elapsed})");
    let spinner =
        ProgressBar::new_spinner().with_style(style.expect("the template is well formed"));
    spinner.set_message(format!("{PACKAGE}, in release"));
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}

/// A child process that is killed on drop.
struct Running(Child);

impl Running {
    fn lines(&mut self) -> Result<impl Iterator<Item = std::io::Result<String>> + Send + use<>> {
        Ok(BufReader::new(self.0.stdout.take().ok_or("the output is not piped")?).lines())
    }

    /// Returns the lines as they arrive; fails if none arrives for more than [`SILENCE`].
    fn prompt_lines(&mut self) -> Result<impl Iterator<Item = Result<String>> + use<>> {
        let lines = self.lines()?;
        let (sender, receiver) = mpsc::sync_channel(1_000);
        thread::spawn(move || {
            // Ends when the process ends or the receiver is dropped.
            for line in lines {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(std::iter::from_fn(move || match receiver.recv_timeout(SILENCE) {
            Ok(line) => Some(line.map_err(Into::into)),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                Some(Err(format!("it said nothing for {} s", SILENCE.as_secs()).into()))
            }
        }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both calls fail if the process has already ended, which is fine.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// One output line of the connector.
#[derive(Deserialize)]
pub(crate) struct Message<'line> {
    #[serde(borrow)]
    pub(crate) record: Option<RecordMessage<'line>>,
    pub(crate) state: Option<Value>,
    pub(crate) trace: Option<Trace>,
    catalog: Option<Value>,
    #[serde(rename = "connectionStatus")]
    connection_status: Option<ConnectionStatus>,
}

#[derive(Deserialize)]
pub(crate) struct RecordMessage<'line> {
    #[serde(borrow)]
    pub(crate) stream: Cow<'line, str>,
    #[serde(borrow)]
    pub(crate) data: &'line RawValue,
}

#[derive(Deserialize)]
pub(crate) struct Trace {
    pub(crate) stream_status: Option<StreamStatus>,
    error: Option<TraceError>,
}

#[derive(Deserialize)]
pub(crate) struct StreamStatus {
    pub(crate) stream_descriptor: Descriptor,
    pub(crate) status: String,
}

#[derive(Deserialize)]
pub(crate) struct Descriptor {
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct TraceError {
    message: String,
}

#[derive(Deserialize)]
struct ConnectionStatus {
    status: String,
    message: Option<String>,
}

/// The binary, the URL of its portal, and the folder of its files.
pub(crate) struct Connector {
    binary: PathBuf,
    url: String,
    pub(crate) folder: PathBuf,
}

impl Connector {
    pub(crate) fn new(binary: PathBuf, url: String, folder: &Path) -> Self {
        Self { binary, url, folder: folder.to_owned() }
    }

    /// Runs `check`. Returns the connector's message if it succeeded.
    pub(crate) fn check(&self) -> Result<String> {
        let mut found = None;
        self.run("check", [], |_, message| {
            found = message.connection_status.or(found.take());
            Ok(())
        })?;
        let ConnectionStatus { status, message } =
            found.ok_or("the connector's check ended without a verdict")?;
        let message = message.unwrap_or_default();
        if status == "SUCCEEDED" {
            Ok(if message.is_empty() { status } else { message })
        } else {
            Err(format!("the connector's check says {status}: {message}").into())
        }
    }

    pub(crate) fn discover(&self) -> Result<Value> {
        let mut found = None;
        self.run("discover", [], |_, message| {
            found = message.catalog.or(found.take());
            Ok(())
        })?;
        found.ok_or_else(|| "the connector's discover ended without a catalog".into())
    }

    /// Reads the streams of `catalog.json` and passes every line to `take` as it arrives.
    pub(crate) fn read(
        &self,
        state: Option<&str>,
        take: impl FnMut(&str, Message<'_>) -> Result<()>,
    ) -> Result<Duration> {
        let catalog = self.folder.join("catalog.json");
        let state = state.map(|state| self.folder.join(state));
        let mut arguments = vec![OsStr::new("--catalog"), catalog.as_os_str()];
        if let Some(state) = &state {
            arguments.extend([OsStr::new("--state"), state.as_os_str()]);
        }
        self.run("read", arguments, take)
    }

    /// Runs one command to its end. An error contains the connector's error messages.
    fn run<'a>(
        &self,
        command: &str,
        arguments: impl IntoIterator<Item = &'a OsStr>,
        mut take: impl FnMut(&str, Message<'_>) -> Result<()>,
    ) -> Result<Duration> {
        let begun = Instant::now();
        let mut process = Command::new(&self.binary);
        process.arg(command).arg("--config").arg(self.folder.join("config.json"));
        process.args(arguments).env("HUBSPOT_API_URL", &self.url).stdout(Stdio::piped());
        let mut child = Running(process.spawn()?);
        let mut errors = Vec::new();
        for line in child.prompt_lines()? {
            let line =
                line.map_err(|error| format!("the connector's {command} failed: {error}"))?;
            let message: Message<'_> = serde_json::from_str(&line)
                .map_err(|error| format!("a line of `{command}` is no message: {error}"))?;
            if let Some(error) = message.trace.as_ref().and_then(|trace| trace.error.as_ref()) {
                errors.push(error.message.clone());
            }
            take(&line, message)?;
        }
        let status = child.0.wait()?;
        if status.success() && errors.is_empty() {
            return Ok(begun.elapsed());
        }
        Err(format!("the connector's {command} ended with {status}. {}", errors.join(" ")).into())
    }
}

/// Returns the configured catalog of the streams with these names, incremental where supported.
pub(crate) fn select_named(catalog: &Value, names: &[&str]) -> Value {
    let streams = catalog.get("streams").and_then(Value::as_array);
    let is_named = |stream: &&Value| {
        stream.get("name").and_then(Value::as_str).is_some_and(|name| names.contains(&name))
    };
    let configured: Vec<Value> =
        streams.into_iter().flatten().filter(is_named).map(select).collect();
    json!({ "streams": configured })
}

fn select(stream: &Value) -> Value {
    let modes = stream.get("supported_sync_modes").and_then(Value::as_array);
    let incremental = modes.is_some_and(|modes| modes.iter().any(|mode| mode == "incremental"));
    let mut configured = json!({
        "stream": stream,
        "sync_mode": if incremental { "incremental" } else { "full_refresh" },
        "destination_sync_mode": if incremental { "append_dedup" } else { "overwrite" },
    });
    for (from, to) in
        [("default_cursor_field", "cursor_field"), ("source_defined_primary_key", "primary_key")]
    {
        if let (Some(value), Some(fields)) = (stream.get(from), configured.as_object_mut()) {
            fields.insert(to.to_owned(), value.clone());
        }
    }
    configured
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_read_incrementally_where_they_can_be() {
        let catalog = json!({ "streams": [
            { "name": "deals", "supported_sync_modes": ["full_refresh", "incremental"],
              "default_cursor_field": ["updatedAt"], "source_defined_primary_key": [["id"]] },
            { "name": "forms", "supported_sync_modes": ["full_refresh", "incremental"] },
            { "name": "account_details", "supported_sync_modes": ["full_refresh"] },
        ] });
        let configured = select_named(&catalog, &["account_details", "deals"]);
        assert_eq!(configured["streams"][0]["sync_mode"], "incremental");
        assert_eq!(configured["streams"][0]["cursor_field"], json!(["updatedAt"]));
        assert_eq!(configured["streams"][0]["primary_key"], json!([["id"]]));
        assert_eq!(configured["streams"][1]["sync_mode"], "full_refresh");
        assert_eq!(configured["streams"][1].get("cursor_field"), None);
    }
}
