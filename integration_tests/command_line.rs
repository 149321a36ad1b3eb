//! Commands for people and scripts, ways to pass the configuration, and output on stderr.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use hubspot_simulator::{Config, DEFAULT_TOKEN, Settings};
use serde_json::{Value, json};

use crate::support::canary::spawn;
use crate::support::output::Output;
use crate::support::terminal::Terminal;
use crate::support::{Catalog, Mode, Stage, access_to, calm, few, oauth_access, token_config};

/// Exit code and output of a command that prints a document.
#[derive(Debug)]
struct Printed {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Printed {
    fn of(mut command: Command) -> Self {
        let child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped())).0;
        let output = child.wait_with_output().expect("its output");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs a command with its stdout on a terminal of 80 columns. Returns the exit code and what was
    /// written to the terminal.
    fn at_a_terminal(mut command: Command) -> (Option<i32>, String) {
        let terminal = Terminal::new(80, 24);
        let mut child = spawn(command.stdout(terminal.handle()).stderr(terminal.handle())).0;
        let screen = std::thread::spawn(move || terminal.written(command));
        let code = child.wait().expect("a status").code();
        (code, screen.join().expect("all of it").replace("\r\n", "\n"))
    }
}

fn with<const N: usize>(mut command: Command, arguments: [&str; N]) -> Command {
    command.args(arguments);
    command
}

#[test]
fn named_streams_are_read_without_a_catalog_and_the_next_read_goes_on() {
    let stage = Stage::calm(few());
    let config = [("config", &stage.config)];
    let reading = || with(stage.command("read", &config), ["--streams", "contacts, owners"]);
    let first = Output::of(reading());
    assert_eq!(first.code, Some(0));
    let catalog = Catalog::of(&["contacts", "owners"], Mode::Incremental);
    assert_eq!(first.ids("contacts"), stage.read(&catalog).ids("contacts"));
    let folder = tempfile::tempdir().unwrap();
    let [messages, saved_states] =
        ["read.jsonl", "state.json"].map(|name| folder.path().join(name));
    for (text, streams) in [(&first.stdout, 2), (&String::new(), 2)] {
        fs::write(&messages, text).unwrap();
        let mut saving = stage.command("state", &[]);
        saving.arg("--update").args([&saved_states, &messages]);
        let saved = Printed::of(saving);
        assert_eq!((saved.code, &*saved.stdout, &*saved.stderr), (Some(0), "", ""));
        let saved: Value =
            serde_json::from_str(&fs::read_to_string(&saved_states).unwrap()).unwrap();
        assert_eq!(
            saved.as_array().map(Vec::len),
            Some(streams),
            "an output without states: {saved}"
        );
    }
    stage.simulator.advance(std::time::Duration::from_hours(2));
    let mut again = reading();
    again.arg("--state").arg(&saved_states);
    let second = Output::of(again);
    assert_eq!((second.code, second.ids("contacts")), (Some(0), Vec::new()));
    let mut full = with(reading(), ["--full-refresh", "--state"]);
    full.arg(&saved_states);
    assert_eq!(Output::of(full).ids("contacts").len(), 230);
}

#[test]
fn a_catalog_is_made_of_all_or_of_named_streams() {
    let stage = Stage::calm(few());
    let config = [("config", &stage.config)];
    let printed = Printed::of(stage.command("catalog", &config));
    assert_eq!((printed.code, &*printed.stderr), (Some(0), ""));
    let all: Value = serde_json::from_str(&printed.stdout).expect("one JSON document");
    let discovered = stage.discover();
    let offered = &discovered.lines.last().expect("a catalog")["catalog"]["streams"];
    assert_eq!(all["streams"].as_array().map(Vec::len), offered.as_array().map(Vec::len));
    let named = Printed::of(with(stage.command("catalog", &config), ["--streams", "deals,roles"]));
    let catalog: Value = serde_json::from_str(&named.stdout).expect("one JSON document");
    let modes = |stream: &Value| format!("{} {}", stream["stream"]["name"], stream["sync_mode"]);
    let found: Vec<_> = catalog["streams"].as_array().unwrap().iter().map(modes).collect();
    assert_eq!(found, ["\"deals\" \"incremental\"", "\"roles\" \"full_refresh\""]);
    let read = Output::of(stage.command("read", &[config[0], ("catalog", &catalog)]));
    assert_eq!((read.code, read.ids("deals").len()), (Some(0), 110));
    let unknown = Printed::of(with(stage.command("catalog", &config), ["--streams", "deal"]));
    assert_eq!((unknown.code, &*unknown.stdout), (Some(1), ""));
    assert_eq!(
        unknown.stderr,
        "error: the token can read no stream `deal` (did you mean `deals`?); `source-hubspot \
         catalog` lists the streams that it can read\n"
    );
}

#[test]
fn a_preview_is_csv_in_a_pipe_and_a_table_on_a_terminal() {
    let stage = Stage::calm(few());
    let config = [("config", &stage.config)];
    let preview = || with(stage.command("preview", &config), ["deals", "-n", "3"]);
    let before = stage.simulator.journal().len();
    let printed = Printed::of(preview());
    assert_eq!((printed.code, &*printed.stderr), (Some(0), ""));
    let requests = stage.simulator.journal().len() - before;
    assert!(requests < 12, "{requests} requests for three records");
    let lines: Vec<_> = printed.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", printed.stdout);
    assert!(lines[0].starts_with("id,properties_"), "{}", lines[0]);
    let chosen = with(preview(), ["--columns", "properties_dealname,id"]);
    let chosen = Printed::of(chosen).stdout;
    assert_eq!(chosen.lines().next(), Some("properties_dealname,id"));
    let (code, screen) = Printed::at_a_terminal(preview());
    assert_eq!(code, Some(0));
    let lines: Vec<_> = screen.lines().collect();
    assert!(lines[0].starts_with("id ") && lines.len() == 5, "{screen}");
    assert!(lines.iter().take(4).all(|line| line.chars().count() <= 80), "{screen}");
    assert!(lines[4].contains("columns; choose others with --columns"), "{screen}");
    let missing = with(stage.command("preview", &config), ["dealz"]);
    let missing = Printed::of(missing);
    assert_eq!((missing.code, &*missing.stdout), (Some(1), ""));
    assert!(missing.stderr.starts_with("error: ") && missing.stderr.contains("dealz"));
}

#[test]
fn a_preview_of_what_the_token_may_not_read_fails() {
    let scopes = ["crm.objects.contacts.read", "crm.schemas.contacts.read", "oauth"];
    let stage = Stage::new(Config { access: access_to(&scopes), ..calm(few()) });
    let config = [("config", &stage.config)];
    let printed = Printed::of(with(stage.command("preview", &config), ["deals"]));
    assert_eq!((printed.code, &*printed.stdout), (Some(1), ""));
    assert!(printed.stderr.contains("crm.objects.deals.read"), "{}", printed.stderr);
}

#[test]
fn the_configuration_comes_from_a_file_from_stdin_or_from_the_environment() {
    let mut stage = Stage::calm(few());
    let catalog = [("catalog", Catalog::of(&["owners"], Mode::Full).json().clone())];
    let catalog = [("catalog", &catalog[0].1)];
    let without = Output::of(stage.command("read", &catalog));
    assert_eq!(without.code, Some(1));
    assert!(without.stdout.contains("pass --config FILE, or set HUBSPOT_ACCESS_TOKEN"));
    let mut from_stdin = with(stage.command("read", &catalog), ["--config", "-"]);
    from_stdin.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = spawn(&mut from_stdin).0;
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(stage.config.to_string().as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait_with_output().expect("its output").status.success());
    stage.set("HUBSPOT_ACCESS_TOKEN", DEFAULT_TOKEN);
    assert_eq!(Output::of(stage.command("read", &catalog)).code, Some(0));
    stage.config = json!({ "start_date": "2024-01-01" });
    assert_eq!(stage.check().code, Some(0));
    // Credentials in the configuration take precedence.
    stage.config = token_config("pat-refused");
    assert!(stage.check().stdout.contains("FAILED"));
}

#[test]
fn a_replaced_refresh_token_is_printed_beside_the_document() {
    let settings = Settings { rotate_refresh_token: true, ..calm(few()).settings };
    let stage = Stage::new(Config { settings, access: oauth_access(), ..calm(few()) });
    let printed = Printed::of(stage.command("catalog", &[("config", &stage.config)]));
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let message: Value = serde_json::from_str(&printed.stderr).expect("one message");
    let config = &message["control"]["connectorConfig"]["config"];
    assert_ne!(
        config["credentials"]["refresh_token"],
        stage.config["credentials"]["refresh_token"]
    );
    let again = Printed::of(stage.command("catalog", &[("config", config)]));
    assert_eq!(again.code, Some(0), "the new token works: {}", again.stderr);
    assert!(!printed.stdout.contains("refresh_token"));
}

#[test]
fn check_prints_plain_text_on_a_terminal_and_fails_if_the_check_fails() {
    let scopes = ["crm.objects.contacts.read", "crm.schemas.contacts.read", "oauth"];
    let mut stage = Stage::new(Config { access: access_to(&scopes), ..calm(few()) });
    let check = |stage: &Stage| {
        Printed::at_a_terminal(stage.command("check", &[("config", &stage.config)]))
    };
    let (code, screen) = check(&stage);
    assert_eq!(code, Some(0));
    assert!(screen.starts_with("The HubSpot account "), "{screen}");
    assert!(screen.contains("\n  crm.objects.owners.read (owners)\n"), "{screen}");
    stage.config = token_config("pat-refused");
    let (code, screen) = check(&stage);
    assert_eq!(code, Some(1));
    assert!(screen.starts_with("error: HubSpot refuses the credentials"), "{screen}");
    assert_eq!(screen.lines().count(), 1, "{screen}");
}

#[test]
fn every_command_that_fails_gives_the_reason_on_stderr() {
    let mut stage = Stage::calm(few());
    stage.config = token_config("pat-refused");
    let files = [("config", &stage.config)];
    for command in ["discover", "catalog", "preview", "read"] {
        let run = stage.command(command, &files);
        let printed = Printed::of(match command {
            "preview" => with(run, ["deals"]),
            "read" => with(run, ["--streams", "deals"]),
            _ => run,
        });
        assert_eq!(printed.code, Some(1), "{command}");
        assert!(
            printed.stderr.starts_with("error: HubSpot refuses the credentials"),
            "{command}: {}",
            printed.stderr
        );
        assert_eq!(printed.stderr.lines().count(), 1, "{command}: {}", printed.stderr);
        let has_trace = printed.stdout.contains(r#""type":"ERROR""#);
        assert_eq!(has_trace, matches!(command, "discover" | "read"), "{command}");
    }
    let mut broken = stage.command("state", &[]);
    broken.arg("does-not-exist.jsonl");
    let broken = Printed::of(broken);
    assert_eq!((broken.code, broken.stderr.lines().count()), (Some(1), 1), "{broken:?}");
}

#[test]
fn completions_are_printed_for_every_shell() {
    let stage = Stage::calm(few());
    for shell in ["bash", "zsh", "fish"] {
        let printed = Printed::of(with(stage.command("completions", &[]), [shell]));
        assert_eq!(printed.code, Some(0));
        assert!(printed.stdout.contains("preview"), "{shell}");
    }
    let wrong = Printed::of(stage.command("raed", &[]));
    assert!(wrong.stderr.contains("'read'"), "{}", wrong.stderr);
}
