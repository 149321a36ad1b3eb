//! Runs the real binary against a simulator, and checks invariants of every run.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

pub(crate) mod canary;
mod catalog;
pub(crate) mod changes;
pub(crate) mod checked_simulator;
pub(crate) mod compatibility;
pub(crate) mod destination;
pub(crate) mod expected_records;
pub(crate) mod gateway;
pub(crate) mod golden;
pub(crate) mod interrupted_runs;
pub(crate) mod invariants;
pub(crate) mod list_streams;
pub(crate) mod openapi_comparison;
pub(crate) mod openapi_server;
pub(crate) mod output;
pub(crate) mod portals;
pub(crate) mod proxy;
pub(crate) mod python_connector;
pub(crate) mod random_json;
pub(crate) mod random_portals;
pub(crate) mod reading;
pub(crate) mod rng;
pub(crate) mod server;
pub(crate) mod spec_rules;
pub(crate) mod state_formats;
pub(crate) mod terminal;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use hubspot_simulator::{Access, ClockConfig, Config, DEFAULT_TOKEN, PortalSpec};
use hubspot_simulator::{Granted, OAuthApp, PrivateApp, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use catalog::{Catalog, Mode};
use checked_simulator::CheckedSimulator;
pub(crate) use output::Output;

/// Start of the simulated clock: 2026-09-21T14:13:20Z.
pub(crate) const START_MS: i64 = 1_790_000_000_000;

/// A configuration with an access token that belongs to no app.
pub(crate) const TOKEN_FORM: &str = r#"{"credentials":{"credentials_title":"Private App Credentials","access_token":"pat-canary-9"}}"#;

pub(crate) const CLIENT_ID: &str = "client-canary-1";
pub(crate) const CLIENT_SECRET: &str = "secret-canary-2";
pub(crate) const REFRESH_TOKEN: &str = "na1-canary-3";

/// Returns a simulator configuration without quotas, latency and index lag.
pub(crate) fn calm(portal: PortalSpec) -> Config {
    Config {
        portal,
        settings: Settings { quota: false, index_lag_ms: (0, 0), ..Settings::default() },
        clock: ClockConfig { start_ms: Some(START_MS), speed: 1.0 },
        ..Config::default()
    }
}

/// Returns a portal with a few pages of the larger types and a few records of the others.
pub(crate) fn few() -> PortalSpec {
    PortalSpec {
        contacts: 230,
        companies: 120,
        deals: 110,
        tickets: 40,
        properties: 0,
        ..PortalSpec::default()
    }
}

/// Returns access through an app that exchanges [`REFRESH_TOKEN`] for access tokens.
pub(crate) fn oauth_access() -> Access {
    let app = OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Granted::All);
    Access { private_apps: Vec::new(), oauth_apps: vec![app], ..Access::default() }
}

/// Returns access through a private app with only these scopes.
pub(crate) fn access_to(scopes: &[&str]) -> Access {
    let scopes = Granted::Only(scopes.iter().map(|&scope| scope.to_owned()).collect());
    Access { private_apps: vec![PrivateApp::new(DEFAULT_TOKEN, scopes)], ..Access::default() }
}

/// Returns a connector configuration with an access token.
pub(crate) fn token_config(token: &str) -> Value {
    json!({ "credentials": {
        "credentials_title": "Private App Credentials",
        "access_token": token,
    } })
}

/// Returns a connector configuration with OAuth credentials.
pub(crate) fn oauth_config() -> Value {
    json!({ "credentials": {
        "credentials_title": "OAuth Credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    } })
}

/// A simulator, and the files and environment of the connector.
pub(crate) struct Stage {
    pub(crate) simulator: CheckedSimulator,
    pub(crate) config: Value,
    /// Difference between the system clock and the simulator's clock, in milliseconds.
    pub(crate) machine_ahead_ms: i64,
    bench: Bench,
}

impl Stage {
    /// Starts a simulator. The connection uses its private app, or its OAuth app if there is no
    /// other.
    pub(crate) fn new(config: Config) -> Self {
        let is_oauth = config.access.private_apps.is_empty();
        let simulator = CheckedSimulator::start(config);
        let bench = Bench::new(&simulator.url());
        let config = if is_oauth { oauth_config() } else { token_config(DEFAULT_TOKEN) };
        Self { simulator, config, machine_ahead_ms: 0, bench }
    }

    /// Creates a stage for a portal without quotas, latency and index lag.
    pub(crate) fn calm(portal: PortalSpec) -> Self {
        Self::new(calm(portal))
    }

    /// Sets an environment variable for subsequent runs.
    pub(crate) fn set(&mut self, variable: &'static str, value: &str) {
        self.bench.environment.push((variable, value.to_owned()));
    }

    pub(crate) fn check(&self) -> Output {
        Output::of(self.command("check", &[("config", &self.config)]))
    }

    pub(crate) fn discover(&self) -> Output {
        Output::of(self.command("discover", &[("config", &self.config)]))
    }

    /// Returns the configured catalog of all streams that `discover` returns.
    pub(crate) fn catalog(&self, mode: Mode) -> Catalog {
        Catalog::discovered(&self.discover(), mode)
    }

    /// Reads without a state.
    pub(crate) fn read(&self, catalog: &Catalog) -> Output {
        self.read_on(catalog, &Value::Null)
    }

    /// Reads with a state: `null`, or the result of [`Output::state`].
    pub(crate) fn read_on(&self, catalog: &Catalog, state: &Value) -> Output {
        let files = [("config", &self.config), ("catalog", catalog.json()), ("state", state)];
        let files = if state.is_null() { files.get(..2) } else { files.get(..) };
        Output::of(self.command("read", files.unwrap_or_default()))
    }

    /// Returns the command of a read without running it.
    pub(crate) fn reading(&self, catalog: &Catalog, state: &Value) -> Command {
        let files = [("config", &self.config), ("catalog", catalog.json()), ("state", state)];
        let files = if state.is_null() { files.get(..2) } else { files.get(..) };
        self.command("read", files.unwrap_or_default())
    }

    /// Returns a command whose clock is that of the simulator, shifted by `machine_ahead_ms`.
    pub(crate) fn command(&self, command: &str, files: &[(&str, &Value)]) -> Command {
        let machine_ms = self.simulator.now_ms() + self.machine_ahead_ms;
        let mut binary = self.bench.command(command, files);
        binary.env("HUBSPOT_CLOCK_OFFSET_MS", (machine_ms - now_ms()).to_string());
        binary
    }
}

/// Returns the system time in milliseconds since the epoch.
fn now_ms() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("a time of today")
}

/// A directory for files, and an environment with an API host.
pub(crate) struct Bench {
    pub(crate) environment: Vec<(&'static str, String)>,
    files: TempDir,
    count: AtomicUsize,
}

impl Bench {
    pub(crate) fn new(api_url: &str) -> Self {
        Self {
            environment: vec![("HUBSPOT_API_URL", api_url.to_owned())],
            files: tempfile::tempdir().expect("a directory"),
            count: AtomicUsize::new(0),
        }
    }

    /// Writes a file with this content and returns its path.
    pub(crate) fn file(&self, content: &str) -> PathBuf {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let path = self.files.path().join(format!("{number}.json"));
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Returns a command of the binary with its files as options.
    pub(crate) fn command(&self, command: &str, files: &[(&str, &Value)]) -> Command {
        let mut binary = Command::new(env!("CARGO_BIN_EXE_source-hubspot"));
        binary.arg(command).env_clear().envs(self.environment.iter().cloned());
        binary.stdin(Stdio::null());
        // Allows running all tests with another log level.
        if let Ok(level) = std::env::var("LOG_LEVEL") {
            binary.env("LOG_LEVEL", level);
        }
        for (option, content) in files {
            binary.arg(format!("--{option}")).arg(self.file(&content.to_string()));
        }
        binary
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, command: &str, files: &[(&str, &Value)]) -> Output {
        Output::of(self.command(command, files))
    }

    /// Runs a command with files of exactly these contents.
    pub(crate) fn run_raw(&self, command: &str, files: &[(&str, &str)]) -> Output {
        let mut binary = self.command(command, &[]);
        for (option, content) in files {
            binary.arg(format!("--{option}")).arg(self.file(content));
        }
        Output::of(binary)
    }
}
