//! Runs a simulator until it receives a signal or, with `--exit-with-stdin`, until stdin ends.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use hubspot_simulator::{
    Access, AccountSpec, ClockConfig, Config, CustomSpec, DEFAULT_TOKEN, Fault, Granted,
    JournalConfig, MarketingSpec, OAuthApp, PortalSpec, PrivateApp, Script, Settings, Simulator,
    Tier,
};
use serde::de::DeserializeOwned;
use serde_json::json;

/// A simulator of HubSpot's REST API. Prints one JSON line with its URL and token to stderr.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port on 127.0.0.1; any free one if left out
    #[arg(long)]
    port: Option<u16>,
    /// Seed of all generated data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Contacts at the start
    #[arg(long)]
    contacts: Option<u64>,
    /// Companies at the start
    #[arg(long)]
    companies: Option<u64>,
    /// Deals at the start
    #[arg(long)]
    deals: Option<u64>,
    /// Tickets at the start
    #[arg(long)]
    tickets: Option<u64>,
    /// Owners, archived ones not counted
    #[arg(long)]
    owners: Option<u32>,
    /// Property definitions per object type
    #[arg(long)]
    properties: Option<u32>,
    /// Minimum length of the names of generated properties
    #[arg(long)]
    property_name_chars: Option<usize>,
    /// Share of archived records, between 0 and 1
    #[arg(long)]
    archived_share: Option<f64>,
    /// Contacts associated with the first company
    #[arg(long)]
    hub: Option<u64>,
    /// A custom object type and its records; may be repeated, replaces the default ones
    #[arg(long, value_name = "NAME=N", value_parser = pair)]
    custom: Vec<(String, u64)>,
    /// Records of another standard type, or of `all` others; may be repeated
    #[arg(long, value_name = "TYPE=N", value_parser = pair)]
    other: Vec<(String, u64)>,
    #[command(flatten)]
    marketing: MarketingSpec,
    #[command(flatten)]
    account: AccountSpec,
    /// Simulated delay of every response, in milliseconds
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Maximum additional random delay, in simulated milliseconds
    #[arg(long, default_value_t = 0)]
    jitter_ms: u64,
    /// The account's subscription
    #[arg(long, value_enum, default_value_t = TierName::Professional)]
    tier: TierName,
    /// API Limit Increase packs
    #[arg(long, default_value_t = 0)]
    packs: u64,
    /// Enforce no quota at all
    #[arg(long)]
    no_quota: bool,
    /// Simulated seconds per real second
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// First simulated instant in epoch milliseconds; now if left out
    #[arg(long)]
    start_ms: Option<i64>,
    /// JSON file with a list of faults
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// JSON file with settings that differ from their defaults
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Random changes while running, per simulated minute
    #[arg(long, value_name = "SEED,PER_MINUTE", value_parser = script)]
    script: Option<Script>,
    /// Token of the private app
    #[arg(long, default_value = DEFAULT_TOKEN)]
    token: String,
    /// An OAuth app in addition to the private one; may be repeated
    #[arg(long, value_name = "CLIENT,SECRET,REFRESH", value_parser = triple)]
    oauth: Vec<[String; 3]>,
    /// Scopes of all apps, separated by commas; all scopes if left out
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// Maximum number of journal entries kept
    #[arg(long, default_value_t = 200_000)]
    journal: usize,
    /// Exit when stdin ends, so that the process does not outlive its parent
    #[arg(long)]
    exit_with_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TierName {
    Free,
    Starter,
    Professional,
    Enterprise,
}

impl From<TierName> for Tier {
    fn from(name: TierName) -> Self {
        match name {
            TierName::Free => Self::Free,
            TierName::Starter => Self::Starter,
            TierName::Professional => Self::Professional,
            TierName::Enterprise => Self::Enterprise,
        }
    }
}

fn pair(text: &str) -> Result<(String, u64), String> {
    let (name, count) = text.split_once('=').ok_or("expected NAME=N")?;
    let count = count.parse().map_err(|_| format!("`{count}` is not a number of records"))?;
    Ok((name.to_owned(), count))
}

fn triple(text: &str) -> Result<[String; 3], String> {
    let parts: Vec<String> = text.split(',').map(str::to_owned).collect();
    parts.try_into().map_err(|_| "expected CLIENT,SECRET,REFRESH".to_owned())
}

fn script(text: &str) -> Result<Script, String> {
    let parsed = text.split_once(',').and_then(|(seed, per_minute)| {
        Some(Script { seed: seed.parse().ok()?, per_minute: per_minute.parse().ok()? })
    });
    parsed.ok_or_else(|| "expected SEED,PER_MINUTE".to_owned())
}

impl Arguments {
    fn config(&self) -> Result<Config, String> {
        let mut settings: Settings = load(self.settings.as_ref())?;
        settings.quota &= !self.no_quota;
        Ok(Config {
            judged: false,
            portal: self.portal(),
            settings,
            access: self.access(),
            faults: load::<Vec<Fault>>(self.faults.as_ref())?,
            clock: ClockConfig { start_ms: self.start_ms, speed: self.speed },
            journal: JournalConfig { keep: self.journal, ..JournalConfig::default() },
            latency: Duration::from_millis(self.latency_ms),
            jitter: Duration::from_millis(self.jitter_ms),
            script: self.script,
            port: self.port,
        })
    }

    fn portal(&self) -> PortalSpec {
        let base = PortalSpec::default();
        let custom_objects = if self.custom.is_empty() {
            base.custom_objects
        } else {
            let custom = self.custom.iter().cloned();
            custom.map(|(name, records)| CustomSpec { name, records }).collect()
        };
        PortalSpec {
            seed: self.seed,
            contacts: self.contacts.unwrap_or(base.contacts),
            companies: self.companies.unwrap_or(base.companies),
            deals: self.deals.unwrap_or(base.deals),
            tickets: self.tickets.unwrap_or(base.tickets),
            owners: self.owners.unwrap_or(base.owners),
            properties: self.properties.unwrap_or(base.properties),
            property_name_chars: self.property_name_chars.unwrap_or(base.property_name_chars),
            archived_share: self.archived_share.unwrap_or(base.archived_share),
            hub: self.hub,
            marketing: self.marketing.clone(),
            account: self.account.clone(),
            custom_objects,
            others: self.other.iter().cloned().collect(),
            ..base
        }
    }

    fn access(&self) -> Access {
        let granted =
            if self.scopes.is_empty() { Granted::All } else { Granted::Only(self.scopes.clone()) };
        let oauth_apps = self
            .oauth
            .iter()
            .map(|[client, secret, refresh]| {
                OAuthApp::new(client, secret, refresh, granted.clone())
            })
            .collect();
        Access {
            tier: self.tier.into(),
            increase_packs: self.packs,
            private_apps: vec![PrivateApp::new(&self.token, granted)],
            oauth_apps,
        }
    }
}

/// Reads a JSON file. Returns the default if no file is given.
fn load<T: DeserializeOwned + Default>(file: Option<&PathBuf>) -> Result<T, String> {
    let Some(file) = file else { return Ok(T::default()) };
    let name = file.display();
    let text = std::fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("{name}: {error}"))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    let simulator = Simulator::start(arguments.config()?).map_err(text)?;
    eprintln!("{}", json!({"url": simulator.url(), "token": arguments.token}));
    let ended = runtime.block_on(shutdown_signal(arguments.exit_with_stdin)).map_err(text);
    // A read of stdin may still be blocked.
    runtime.shutdown_background();
    ended
}

/// Waits for a signal or, if `watch_stdin` is set, for the end of stdin.
async fn shutdown_signal(watch_stdin: bool) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stdin = async {
        if watch_stdin {
            let drained = tokio::task::spawn_blocking(|| {
                let mut scratch = [0; 1_024];
                while std::io::stdin().read(&mut scratch).is_ok_and(|count| count > 0) {}
            });
            let _ = drained.await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stdin => {}
    }
    Ok(())
}
