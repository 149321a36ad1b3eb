//! The command line and the execution of its commands.
//!
//! `spec`, `check`, `discover` and `read` are the commands of the Airbyte protocol and print messages
//! to stdout. `catalog`, `preview`, `state` and `completions` are for people and scripts: they print a
//! document to stdout, and warnings to stderr. `check` does that too if stdout is a terminal.

mod args;
mod catalog;
mod inputs;
mod last_states;
mod preview;
mod stderr;

use clap::CommandFactory;
use log::LevelFilter;
use tokio_util::sync::CancellationToken;

use crate::config::SPEC;
use crate::env::{EnvArgs, access_token};
use crate::error::{Error, FailureType};
use crate::http::RetryBudget;
use crate::progress::{Line, RowStyle, Screen};
use crate::protocol::{
    ConfiguredCatalog, ConnectionStatus, DestinationSyncMode, IncomingState, Logger, Message,
    MessageSender, StdoutWriter, SyncMode, TraceError, stdout_is_terminal, write_document,
    write_message,
};
use crate::signals::ShutdownSignals;
use crate::sync::{self, FailedStream, ReadInputs, Session};
use args::{Command, ConfigFile, ConnectedCommand, PreviewArgs, ReadArgs};
use inputs::{read_catalog, read_config, read_state};
use preview::{Collected, Collector};
use stderr::{StderrLogger, print_error, print_failure};

pub use args::Cli;

/// Outcome of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    Success,
    Failure,
}

/// Kind of output that a command writes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// Airbyte protocol messages, including logs and errors.
    Messages,
    /// A document; logs and errors go to stderr.
    Document,
}

impl OutputKind {
    /// Reports the failure of a command: as a TRACE message, if the command writes messages, and as a
    /// line on stderr.
    pub fn report(self, error: &Error) {
        self.trace(error);
        print_failure(error);
    }

    fn trace(self, error: &Error) {
        if self == Self::Messages && !matches!(error, Error::OutputClosed) {
            let _closed = write_message(&Message::error(TraceError::new(error, None)));
        }
    }
}

impl Cli {
    pub fn output_kind(&self) -> OutputKind {
        match &self.command {
            Command::Connected(ConnectedCommand::Check(_)) if stdout_is_terminal() => {
                OutputKind::Document
            }
            Command::Spec(_)
            | Command::Connected(
                ConnectedCommand::Check(_)
                | ConnectedCommand::Discover(_)
                | ConnectedCommand::Read(_),
            ) => OutputKind::Messages,
            Command::State(_)
            | Command::Completions { .. }
            | Command::Connected(ConnectedCommand::Catalog(_) | ConnectedCommand::Preview(_)) => {
                OutputKind::Document
            }
        }
    }
}

/// Failure of a command.
struct Failure {
    error: Error,
    /// `true` if the progress display has shown the error.
    is_shown: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, is_shown: false }
    }
}

/// Runs one command to its end and reports its failure.
pub fn run(cli: Cli) -> ExitStatus {
    let kind = cli.output_kind();
    match execute(cli, kind) {
        Ok(status) => status,
        Err(Failure { error, is_shown }) => {
            if is_shown {
                kind.trace(&error);
            } else {
                kind.report(&error);
            }
            ExitStatus::Failure
        }
    }
}

fn execute(cli: Cli, kind: OutputKind) -> Result<ExitStatus, Failure> {
    match cli.command {
        Command::Spec(_) => print_spec()?,
        Command::State(args) => last_states::run(&args)?,
        Command::Completions { shell } => print_completions(shell)?,
        Command::Connected(command) => {
            let level = log_level(kind, cli.debug, &cli.env);
            return Connection::open(kind, level, cli.env, &command)?.run(&command);
        }
    }
    Ok(ExitStatus::Success)
}

/// Returns the level of the log: beside a document, only warnings unless more is asked for.
fn log_level(kind: OutputKind, debug: bool, env: &EnvArgs) -> LevelFilter {
    match (debug, kind) {
        (true, _) => LevelFilter::Debug,
        (false, OutputKind::Messages) => env.log_level(),
        (false, OutputKind::Document) => env.log_level().min(LevelFilter::Warn),
    }
}

/// Everything that a command with requests needs besides its arguments.
struct Connection {
    kind: OutputKind,
    env: EnvArgs,
    stop: CancellationToken,
    signals: Option<ShutdownSignals>,
    sender: MessageSender,
    writer: StdoutWriter,
    collected: Collected,
}

/// Remaining work of a command that has sent its last message.
enum Finish {
    Exit(ExitStatus),
    /// Print this document.
    Print(String),
    /// Print the collected records.
    PrintRecords,
}

impl Connection {
    fn open(
        kind: OutputKind,
        level: LevelFilter,
        env: EnvArgs,
        command: &ConnectedCommand,
    ) -> Result<Self, Error> {
        let wanted = match command {
            ConnectedCommand::Preview(args) => usize::try_from(args.records).unwrap_or(usize::MAX),
            ConnectedCommand::Check(_)
            | ConnectedCommand::Discover(_)
            | ConnectedCommand::Read(_)
            | ConnectedCommand::Catalog(_) => usize::MAX,
        };
        let (collector, collected) = Collector::new(wanted);
        let started = match kind {
            OutputKind::Messages => StdoutWriter::stdout(),
            OutputKind::Document => StdoutWriter::start(collector),
        };
        let (sender, writer) = started.map_err(|error| machine_error("thread", error))?;
        match kind {
            OutputKind::Messages => Logger::install(&sender, level),
            OutputKind::Document => StderrLogger::install(level),
        }
        let stop = CancellationToken::new();
        let signals = match command {
            ConnectedCommand::Read(_) => {
                let signals = ShutdownSignals::catch(stop.clone(), writer.gate());
                Some(signals.map_err(|error| machine_error("thread for signals", error))?)
            }
            ConnectedCommand::Check(_)
            | ConnectedCommand::Discover(_)
            | ConnectedCommand::Catalog(_)
            | ConnectedCommand::Preview(_) => None,
        };
        Ok(Self { kind, env, stop, signals, sender, writer, collected })
    }

    fn run(self, command: &ConnectedCommand) -> Result<ExitStatus, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| machine_error("event queue", error))?;
        let outcome = runtime.block_on(self.execute(command));
        drop(self.sender);
        // A request that hangs in the system's name lookup must not delay the exit.
        runtime.shutdown_background();
        let finish = match (outcome, self.writer.finish()) {
            // The collector closes as soon as it has enough records, however the read ends then.
            (_, Err(_)) if matches!(command, ConnectedCommand::Preview(_)) => Finish::PrintRecords,
            (Ok(finish), Ok(())) => finish,
            (_, Err(closed)) => return Err(closed.into()),
            (Err(failure), Ok(())) => {
                if let (Error::Stopped, Some(signals)) = (&failure.error, self.signals) {
                    signals.end_process();
                }
                return Err(failure);
            }
        };
        match (finish, command) {
            (Finish::Exit(status), _) => return Ok(status),
            (Finish::Print(document), _) => write_document(&document)?,
            (Finish::PrintRecords, ConnectedCommand::Preview(args)) => {
                write_document(&preview::render(&self.collected.take(), &args.columns))?;
            }
            (Finish::PrintRecords, _) => {}
        }
        Ok(ExitStatus::Success)
    }

    async fn execute(&self, command: &ConnectedCommand) -> Result<Finish, Failure> {
        match command {
            ConnectedCommand::Check(args) => Ok(Box::pin(self.check(&args.file)).await?),
            ConnectedCommand::Discover(args) => {
                let session = self.session(&args.file, RetryBudget::INTERACTIVE)?;
                let streams = sync::discover(&session).await?;
                self.sender.message(&Message::catalog(&streams)).await?;
                Ok(Finish::Exit(ExitStatus::Success))
            }
            ConnectedCommand::Catalog(args) => {
                let session = self.session(&args.file, RetryBudget::INTERACTIVE)?;
                let streams = sync::discover(&session).await?;
                let document = catalog::configured(&streams, &args.streams, args.full_refresh)?;
                Ok(Finish::Print(document))
            }
            ConnectedCommand::Preview(args) => Ok(Box::pin(self.preview(args)).await?),
            ConnectedCommand::Read(args) => {
                let terminal_type = std::env::var("TERM").ok();
                let screen = Screen::of_stderr(terminal_type.as_deref(), stdout_is_terminal());
                let outcome = self.read(args, screen.as_ref()).await;
                let failed = outcome.map_err(|error| {
                    let is_shown = screen.as_ref().is_some_and(|screen| show(screen, &error));
                    Failure { error, is_shown }
                })?;
                if screen.is_none()
                    && let Some(summary) = summary(&failed)
                {
                    print_error(&summary);
                }
                let all_succeeded = failed.is_empty();
                Ok(Finish::Exit(if all_succeeded {
                    ExitStatus::Success
                } else {
                    ExitStatus::Failure
                }))
            }
        }
    }

    fn session(&self, file: &ConfigFile, retry_budget: RetryBudget) -> Result<Session, Error> {
        let env = self.env.validate()?;
        let config = read_config(file.config.as_deref(), access_token().as_ref())?;
        Session::open(config, &env, retry_budget, self.stop.clone(), &self.sender)
    }

    /// Runs `check`. In the protocol, problems that the user can fix are a FAILED status of a command
    /// that succeeds; all other problems are errors. On a terminal, every problem is an error.
    async fn check(&self, file: &ConfigFile) -> Result<Finish, Error> {
        let outcome = match self.session(file, RetryBudget::INTERACTIVE) {
            Ok(session) => sync::check(&session).await,
            Err(error) => Err(error),
        };
        if self.kind == OutputKind::Document {
            return outcome.map(|report| Finish::Print(report.lines()));
        }
        let connection_status = match outcome {
            Ok(report) => ConnectionStatus::Succeeded { message: report.sentence() },
            Err(error) if error.failure_type() == FailureType::Config => {
                print_failure(&error);
                ConnectionStatus::failed(&error)
            }
            Err(error) => return Err(error),
        };
        self.sender.message(&Message::ConnectionStatus { connection_status }).await?;
        Ok(Finish::Exit(ExitStatus::Success))
    }

    async fn preview(&self, args: &PreviewArgs) -> Result<Finish, Error> {
        let session = self.session(&args.file, RetryBudget::INTERACTIVE)?;
        let names = std::slice::from_ref(&args.stream);
        let mut catalog = catalog::select(names, &args.columns, SyncMode::FullRefresh);
        for stream in &mut catalog.streams {
            // Otherwise a stream without its scope would be skipped.
            stream.destination_sync_mode = DestinationSyncMode::Overwrite;
        }
        let inputs = ReadInputs { catalog, state: IncomingState::default() };
        let mut failed = sync::read(&session, &inputs, &self.sender, None).await?;
        failed.pop().map_or(Ok(Finish::PrintRecords), |stream| Err(stream.error))
    }

    async fn read(
        &self,
        args: &ReadArgs,
        screen: Option<&Screen>,
    ) -> Result<Vec<FailedStream>, Error> {
        let session = self.session(&args.file, RetryBudget::READ)?;
        let inputs =
            ReadInputs { catalog: selected(args)?, state: read_state(args.state.as_deref())? };
        sync::read(&session, &inputs, &self.sender, screen).await
    }
}

/// Returns the error for a system resource that is not available.
fn machine_error(resource: &'static str, error: std::io::Error) -> Error {
    Error::Machine { what: resource, source: error.into() }
}

/// Shows the error that ended a read below its progress. Returns `true` if it needs no other report.
fn show(screen: &Screen, error: &Error) -> bool {
    if !matches!(error, Error::OutputClosed) {
        screen.draw_final(vec![Line::new(RowStyle::Failed, &error.to_string())]);
    }
    true
}

fn selected(args: &ReadArgs) -> Result<ConfiguredCatalog, Error> {
    let mode = if args.full_refresh { SyncMode::FullRefresh } else { SyncMode::Incremental };
    match &args.selection.catalog {
        Some(path) => read_catalog(path),
        None => Ok(catalog::select(&args.selection.streams, &[], mode)),
    }
}

/// Returns one line about the streams that failed; `None` if there are none.
fn summary(failed: &[FailedStream]) -> Option<String> {
    let first = failed.first()?;
    let more = match failed.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more failed, see the ERROR messages on stdout"),
    };
    Some(format!("stream `{}` failed: {}{more}", first.name, first.error))
}

fn print_spec() -> Result<(), Error> {
    let spec = serde_json::from_str(SPEC)
        .map_err(|error| Error::Bug { detail: format!("spec.json cannot be parsed: {error}") })?;
    write_message(&Message::Spec { spec: &spec })
}

fn print_completions(shell: clap_complete::Shell) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "source-hubspot", &mut script);
    write_document(&String::from_utf8_lossy(&script))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn help_and_the_documentation_list_all_environment_variables() {
        let mut command = Cli::command();
        let variables: Vec<_> = command
            .get_arguments()
            .filter_map(|arg| Some(arg.get_env()?.to_str().expect("ASCII").to_owned()))
            .collect();
        assert_eq!(variables.len(), 5);
        let help = command.render_help().to_string();
        for variable in &variables {
            assert!(help.contains(&format!("[env: {variable}]")), "{variable}: {help}");
            let documentation = include_str!("../../docs/configuration.md");
            assert!(documentation.contains(&format!("| `{variable}` |")), "{variable}");
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
