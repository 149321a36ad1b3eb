//! The command line and the execution of its commands.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use log::LevelFilter;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, SPEC};
use crate::env::EnvArgs;
use crate::error::{Error, FailureType};
use crate::http::RetryBudget;
use crate::progress::{Line, RowStyle, Screen};
use crate::protocol::{
    ConfiguredCatalog, ConnectionStatus, IncomingState, Logger, Message, MessageSender,
    StdoutWriter, TraceError, stdout_is_terminal, write_message,
};
use crate::signals::ShutdownSignals;
use crate::sync::{self, ReadInputs, Session};

/// Airbyte source connector for HubSpot. Writes protocol messages as JSON lines to stdout.
#[derive(Debug, Parser)]
#[command(name = "source-hubspot", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Also log every request: method, path, status, milliseconds.
    #[arg(long, global = true)]
    debug: bool,
    #[command(flatten)]
    env: EnvArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the specification of the configuration.
    Spec(IgnoredArgs),
    #[command(flatten)]
    Connected(ConnectedCommand),
}

/// Commands that send requests.
#[derive(Debug, Subcommand)]
enum ConnectedCommand {
    /// Check that the configuration is valid and the account can be read.
    Check(ConfigArgs),
    /// Print the catalog: all readable streams with their columns.
    Discover(ConfigArgs),
    /// Print the records and states of the selected streams.
    Read(ReadArgs),
}

/// Options that are accepted and ignored: test harnesses pass the same options to every command.
#[derive(Debug, Args)]
struct IgnoredArgs {
    #[arg(long, hide = true)]
    config: Option<PathBuf>,
    #[arg(long, hide = true)]
    catalog: Option<PathBuf>,
    #[arg(long, hide = true)]
    state: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// JSON file with the configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[arg(long, hide = true)]
    catalog: Option<PathBuf>,
    #[arg(long, hide = true)]
    state: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ReadArgs {
    /// JSON file with the configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// JSON file with the configured catalog: the selected streams and their sync modes.
    #[arg(long, value_name = "FILE")]
    catalog: PathBuf,
    /// JSON file with the states of a previous read, to resume from.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// Outcome of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    Success,
    Failure,
}

/// Runs one command to its end.
///
/// # Errors
/// If the command failed as a whole. The error has not been reported yet; the caller passes it to
/// `print_fatal`.
pub fn run(cli: Cli) -> Result<ExitStatus, Error> {
    let command = match cli.command {
        Command::Spec(_) => return print_spec(),
        Command::Connected(command) => command,
    };
    let (sender, sink) = StdoutWriter::stdout().map_err(|error| machine_error("thread", error))?;
    let level = if cli.debug { LevelFilter::Debug } else { cli.env.log_level() };
    Logger::install(&sender, level);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| machine_error("event queue", error))?;
    let stop = CancellationToken::new();
    let signals = match command {
        ConnectedCommand::Read(_) => {
            let signals = ShutdownSignals::catch(stop.clone(), sink.gate());
            Some(signals.map_err(|error| machine_error("thread for signals", error))?)
        }
        ConnectedCommand::Check(_) | ConnectedCommand::Discover(_) => None,
    };
    let options = SessionOptions { env: cli.env, stop, sender: &sender };
    let result = runtime.block_on(execute(command, options));
    drop(sender);
    // A request that hangs in the system's name lookup must not delay the exit.
    runtime.shutdown_background();
    match (result, sink.finish()) {
        (Ok(status), Ok(())) => Ok(status),
        (_, Err(closed)) => Err(closed),
        (Err(error), Ok(())) => {
            if let (Error::Stopped, Some(signals)) = (&error, signals) {
                signals.end_process();
            }
            Err(error)
        }
    }
}

/// Returns the error for a system resource that is not available.
fn machine_error(resource: &'static str, error: std::io::Error) -> Error {
    Error::Machine { what: resource, source: error.into() }
}

async fn execute(
    command: ConnectedCommand,
    options: SessionOptions<'_>,
) -> Result<ExitStatus, Error> {
    match command {
        ConnectedCommand::Check(args) => Box::pin(check(&args.config, options)).await,
        ConnectedCommand::Discover(args) => {
            let session = options.open(&args.config, RetryBudget::INTERACTIVE)?;
            let streams = sync::discover(&session).await?;
            options.sender.message(&Message::catalog(&streams)).await?;
            Ok(ExitStatus::Success)
        }
        ConnectedCommand::Read(args) => {
            let terminal_type = std::env::var("TERM").ok();
            let screen = Screen::of_stderr(terminal_type.as_deref(), stdout_is_terminal());
            let outcome = read(&args, options, screen.as_ref()).await;
            if let (Some(screen), Err(error)) = (&screen, &outcome) {
                screen.draw_final(vec![Line::new(RowStyle::Failed, &error.to_string())]);
            }
            outcome
        }
    }
}

/// Runs `check`. Problems that the user can fix are reported as a FAILED status, and the command
/// succeeds; all other problems are errors.
async fn check(config: &Path, options: SessionOptions<'_>) -> Result<ExitStatus, Error> {
    let outcome = match options.open(config, RetryBudget::INTERACTIVE) {
        Ok(session) => sync::check(&session).await,
        Err(error) => Err(error),
    };
    let connection_status = match outcome {
        Ok(message) => ConnectionStatus::Succeeded { message },
        Err(error) if error.failure_type() == FailureType::Config => {
            ConnectionStatus::failed(&error)
        }
        Err(error) => return Err(error),
    };
    options.sender.message(&Message::ConnectionStatus { connection_status }).await?;
    Ok(ExitStatus::Success)
}

async fn read(
    args: &ReadArgs,
    options: SessionOptions<'_>,
    screen: Option<&Screen>,
) -> Result<ExitStatus, Error> {
    let session = options.open(&args.config, RetryBudget::READ)?;
    let catalog = read_catalog(&args.catalog)?;
    let state = read_state(args.state.as_deref())?;
    let inputs = ReadInputs { catalog, state };
    let all_succeeded = sync::read(&session, &inputs, options.sender, screen).await?;
    Ok(if all_succeeded { ExitStatus::Success } else { ExitStatus::Failure })
}

/// Values that every session is opened with, besides its configuration.
struct SessionOptions<'a> {
    env: EnvArgs,
    stop: CancellationToken,
    sender: &'a MessageSender,
}

impl SessionOptions<'_> {
    fn open(&self, config: &Path, retry_budget: RetryBudget) -> Result<Session, Error> {
        let env = self.env.validate()?;
        let config = Config::parse(&read_file("configuration", config)?)?;
        Session::open(config, &env, retry_budget, self.stop.clone(), self.sender)
    }
}

fn read_catalog(path: &Path) -> Result<ConfiguredCatalog, Error> {
    serde_json::from_str(&read_file("catalog", path)?)
        .map_err(|error| Error::Catalog { problem: format!("cannot be read: {error}") })
}

fn read_state(path: Option<&Path>) -> Result<IncomingState, Error> {
    let Some(path) = path else { return Ok(IncomingState::default()) };
    IncomingState::parse(&read_file("state", path)?).map_err(|problem| Error::Input {
        file: "state",
        path: path.display().to_string(),
        problem,
    })
}

fn read_file(file: &'static str, path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::Input {
        file,
        path: path.display().to_string(),
        problem: format!("cannot be opened: {error}"),
    })
}

fn print_spec() -> Result<ExitStatus, Error> {
    let spec = serde_json::from_str(SPEC)
        .map_err(|error| Error::Bug { detail: format!("spec.json cannot be parsed: {error}") })?;
    write_message(&Message::Spec { spec: &spec })?;
    Ok(ExitStatus::Success)
}

/// Prints the reason that the command failed, unless stdout is closed.
pub fn print_fatal(error: &Error) {
    if !matches!(error, Error::OutputClosed) {
        let _closed = write_message(&Message::error(TraceError::new(error, None)));
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn help_and_the_readme_list_all_environment_variables() {
        let mut command = Cli::command();
        let variables: Vec<_> = command
            .get_arguments()
            .filter_map(|arg| Some(arg.get_env()?.to_str().expect("ASCII").to_owned()))
            .collect();
        assert_eq!(variables.len(), 5);
        let help = command.render_help().to_string();
        for variable in &variables {
            assert!(help.contains(&format!("[env: {variable}]")), "{variable}: {help}");
            assert!(include_str!("../README.md").contains(&format!("| `{variable}` |")));
        }
    }

    #[test]
    fn options_set_what_the_environment_variables_set() {
        let given = "source-hubspot --debug check --config c.json --api-url http://localhost:1/ \
                     --api-version classic --all-streams 1 --clock-offset-ms -5 --log-level warn";
        let cli = Cli::try_parse_from(given.split_whitespace()).expect("valid options");
        let env = cli.env.validate().expect("valid settings");
        assert_eq!(env.api_url, "http://localhost:1");
        assert!(env.classic && env.all_streams);
        assert_eq!(env.clock_offset.num_milliseconds(), -5);
        assert_eq!((cli.debug, cli.env.log_level()), (true, LevelFilter::Warn));
    }

    #[test]
    fn invalid_settings_are_left_to_the_command() {
        let given = "source-hubspot check --config c.json --api-url ftp://x --all-streams maybe";
        let cli = Cli::try_parse_from(given.split_whitespace()).expect("not validated here");
        assert!(matches!(
            cli.env.validate(),
            Err(Error::Environment { variable: "HUBSPOT_API_URL", .. })
        ));
    }
}
