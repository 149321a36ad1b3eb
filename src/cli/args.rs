//! Definition of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::env::EnvArgs;

/// Examples and variables at the end of `--help`.
const AFTER_HELP: &str = "\
Examples:
  export HUBSPOT_ACCESS_TOKEN=pat-na1-...
  source-hubspot check
  source-hubspot preview deals -n 5
  source-hubspot read --streams contacts,deals > read.jsonl
  source-hubspot state --update state.json read.jsonl
  source-hubspot read --streams contacts,deals --state state.json > read.jsonl

Environment:
  HUBSPOT_ACCESS_TOKEN  access token, used if the configuration has no `credentials`
  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, NO_COLOR  as usual

Documentation: https://github.com/source-hubspot/source-hubspot#readme";

/// Airbyte source connector for HubSpot.
///
/// `spec`, `check`, `discover` and `read` print Airbyte protocol messages as JSON lines to stdout.
/// The other commands are for people and scripts.
#[derive(Debug, Parser)]
#[command(name = "source-hubspot", version, arg_required_else_help = true)]
#[command(after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Also log every request: method, path, status, milliseconds.
    #[arg(long, global = true)]
    pub(super) debug: bool,
    #[command(flatten)]
    pub(super) env: EnvArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the specification of the configuration.
    Spec(IgnoredArgs),
    #[command(flatten)]
    Connected(ConnectedCommand),
    /// Print the last state of each stream in the output of earlier reads, as a file for --state.
    State(StateArgs),
    /// Print a completion script for a shell.
    Completions {
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
}

/// Commands that send requests.
#[derive(Debug, Subcommand)]
pub(super) enum ConnectedCommand {
    /// Check that the configuration is valid and the account can be read.
    Check(ConfigArgs),
    /// Print the catalog: all readable streams with their columns.
    Discover(ConfigArgs),
    /// Print the records and states of the selected streams.
    Read(ReadArgs),
    /// Print a configured catalog, as a file for `read --catalog`.
    Catalog(CatalogArgs),
    /// Show the first records of a stream: a table on a terminal, CSV otherwise.
    Preview(PreviewArgs),
}

/// Options that are accepted and ignored: test harnesses pass the same options to every command.
#[derive(Debug, Args)]
pub(super) struct IgnoredArgs {
    #[arg(long, hide = true)]
    config: Option<PathBuf>,
    #[arg(long, hide = true)]
    catalog: Option<PathBuf>,
    #[arg(long, hide = true)]
    state: Option<PathBuf>,
}

/// The configuration; without a file, it has no key but `credentials`, from
/// `HUBSPOT_ACCESS_TOKEN`.
#[derive(Debug, Args)]
pub(super) struct ConfigFile {
    /// JSON file with the configuration; `-` for stdin. May be left out if `HUBSPOT_ACCESS_TOKEN`
    /// is set.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    pub(super) file: ConfigFile,
    #[arg(long, hide = true)]
    catalog: Option<PathBuf>,
    #[arg(long, hide = true)]
    state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ReadArgs {
    #[command(flatten)]
    pub(super) file: ConfigFile,
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    /// Read everything, not only what has changed since the state.
    #[arg(long, requires = "streams")]
    pub(super) full_refresh: bool,
    /// JSON file with the states of a previous read, to resume from.
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
}

/// The selected streams: from a file or by name.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct SelectionArgs {
    /// JSON file with the configured catalog: the selected streams and their sync modes.
    #[arg(long, value_name = "FILE")]
    pub(super) catalog: Option<PathBuf>,
    /// Streams to read with all of their columns, incrementally where possible.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(super) streams: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct CatalogArgs {
    #[command(flatten)]
    pub(super) file: ConfigFile,
    /// Streams to select; all that the token can read if left out.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(super) streams: Vec<String>,
    /// Select full refresh for all streams, rather than incremental sync where possible.
    #[arg(long)]
    pub(super) full_refresh: bool,
}

#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    #[command(flatten)]
    pub(super) file: ConfigFile,
    /// Name of the stream.
    #[arg(value_name = "STREAM")]
    pub(super) stream: String,
    /// Number of records.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) records: u32,
    /// Columns to show; no others are requested from HubSpot.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(super) columns: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct StateArgs {
    /// Output files of `read`, or earlier state files, oldest first; stdin if none is given, and
    /// for `-`.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// State file to update: its states stay unless a FILE has later ones. It is replaced only after
    /// everything has been read. Without this option, the states are printed.
    #[arg(long, value_name = "FILE")]
    pub(super) update: Option<PathBuf>,
}
