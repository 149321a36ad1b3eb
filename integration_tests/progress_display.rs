//! Output for people during a read: a live display and a table on a terminal, nothing otherwise.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use hubspot_simulator::{Config, PortalSpec};
use serde_json::{Value, json};

use crate::support::canary::spawn;
use crate::support::interrupted_runs::signal;
use crate::support::reading::state_of;
use crate::support::server::nobody;
use crate::support::terminal::{Sheet, Terminal};
use crate::support::{
    Bench, Catalog, Mode, Stage, access_to, calm, few, oauth_config, token_config,
};

/// Returns a stage whose read takes some seconds, with a terminal.
fn stage() -> Stage {
    let config = calm(PortalSpec { contacts: 6_000, deals: 2_000, properties: 0, ..few() });
    at_a_terminal(Config { latency: Duration::from_millis(150), ..config })
}

fn at_a_terminal(config: Config) -> Stage {
    let mut stage = Stage::new(config);
    stage.set("TERM", "xterm-256color");
    stage
}

/// Output of a run: stdout, and stderr as received by the terminal.
struct Said {
    code: Option<i32>,
    stdout: String,
    screen: String,
}

impl Said {
    /// Runs a command to its end in its own process group, with a terminal of this size on stderr.
    fn of(command: Command, size: (u16, u16)) -> Self {
        Self::signalled(command, size, None)
    }

    /// Runs a command and sends it a signal after this many bytes of stdout.
    fn signalled(
        mut command: Command,
        (columns, rows): (u16, u16),
        by: Option<(&str, usize)>,
    ) -> Self {
        let terminal = Terminal::new(columns, rows);
        command.process_group(0);
        let (mut child, canary) = spawn(command.stdout(Stdio::piped()).stderr(terminal.handle()));
        let mut pipe = child.stdout.take().expect("a pipe");
        let mut stdout = Vec::new();
        let screen = std::thread::spawn(move || terminal.written(command));
        if let Some((name, after)) = by {
            stdout.resize(after, 0);
            pipe.read_exact(&mut stdout).expect("so much of stdout");
            signal(name, &child);
        }
        pipe.read_to_end(&mut stdout).expect("the rest of stdout");
        let stdout = String::from_utf8(stdout).expect("UTF-8");
        let status = child.wait().expect("a status");
        let screen = screen.join().expect("all of stderr");
        canary.look_at(&screen);
        Self { code: status.code(), stdout, screen }
    }

    /// Returns the number of a stream's records on stdout.
    fn records(&self, stream: &str) -> usize {
        let begin = format!("{{\"type\":\"RECORD\",\"record\":{{\"stream\":\"{stream}\"");
        self.stdout.lines().filter(|line| line.starts_with(&begin)).count()
    }

    /// Returns the words of the first line of the sheet with this prefix.
    fn words(&self, beginning: &str) -> Vec<String> {
        let sheet = Sheet::of(&self.screen);
        let line = sheet.lines.iter().find(|line| line.starts_with(beginning));
        let line = line.unwrap_or_else(|| panic!("{beginning}: {sheet:#?}"));
        line.split_whitespace().map(str::to_owned).collect()
    }
}

/// Returns the lines that a screen shows at the end.
fn lines(screen: &str) -> Vec<String> {
    Sheet::of(screen).lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn number(grouped: &str) -> usize {
    grouped.replace(',', "").parse().expect(grouped)
}

#[test]
fn lines_move_and_the_table_counts_what_stdout_got() {
    let catalog = Catalog::of(&["contacts", "deals", "owners"], Mode::Full);
    let mut stage = stage();
    stage.set("NO_COLOR", "1");
    let said = Said::of(stage.reading(&catalog, &Value::Null), (100, 30));
    assert_eq!(said.code, Some(0));
    let mut counts = Vec::new();
    for moving in said.screen.split("› ").filter(|line| line.contains("contacts ")) {
        let figures = moving.split_once("contacts ").expect("its name").1;
        counts.push(number(figures.split_whitespace().next().expect("a figure")));
    }
    assert!(counts.len() > 3 && counts.is_sorted(), "{counts:?}");
    assert!(counts.first() < counts.last(), "{counts:?}");
    for shown in ["/s", " %", " s left", "HubSpot's quota: ", " of 5 searches/s"] {
        assert!(said.screen.contains(shown), "{shown}: {}", said.screen);
    }
    let mut all = 0;
    for stream in ["contacts", "deals", "owners"] {
        let words = said.words(&format!("✓ {stream}"));
        assert_eq!(number(&words[2]), said.records(stream), "{words:?}");
        assert_eq!(words.last().map(String::as_str), Some("complete"));
        all += said.records(stream);
    }
    assert_eq!(number(&said.words("  3 streams")[2]), all);
    let sheet = Sheet::of(&said.screen);
    assert_eq!(sheet.lines[0].trim_start().split(' ').next(), Some("stream"), "{sheet:#?}");
    assert_eq!(sheet.cursor, (7, 0), "below the table, and nothing of the board is left");
}

#[test]
fn whatever_ends_a_read_leaves_the_terminal_as_it_was() {
    let catalog = Catalog::of(&["contacts", "deals", "owners"], Mode::Full);
    let stage = stage();
    for (name, words) in [
        ("TERM", Some("the sync was asked to stop; the next sync resumes where it stopped")),
        ("INT", Some("the sync was asked to stop; the next sync resumes where it stopped")),
        ("KILL", None),
    ] {
        let reading = stage.reading(&catalog, &Value::Null);
        let said = Said::signalled(reading, (100, 30), Some((name, 200_000)));
        assert_eq!(said.code, None, "{name}");
        let sheet = Sheet::of(&said.screen);
        assert_eq!(sheet.cursor.1, 0, "{name}: {sheet:#?}");
        assert!(sheet.lines.len() <= sheet.cursor.0 + 1, "{name}: {sheet:#?}");
        assert!(!said.screen.contains("[?25l"), "{name}: the cursor is never hidden");
        if let Some(words) = words {
            let last = sheet.lines.iter().rfind(|line| !line.is_empty());
            assert_eq!(last.map(String::as_str), Some(&*format!("✗ {words}")), "{name}");
            let row = said.words("✗ contacts");
            assert_eq!(row.last().map(String::as_str), Some("interrupted"), "{name}");
            assert_eq!(number(&row[2]), said.records("contacts"), "{name}");
        }
    }
}

#[test]
fn where_nobody_looks_stderr_is_empty() {
    let catalog = Catalog::of(&["contacts", "owners"], Mode::Full);
    let stage = at_a_terminal(calm(few()));
    // Each of these calls checks that stderr is empty.
    assert_eq!(stage.check().code, Some(0));
    assert_eq!(stage.discover().code, Some(0));
    assert_eq!(stage.read(&catalog).code, Some(0));
    let files = [("config", &stage.config), ("catalog", catalog.json())];
    let bench = crate::support::Bench::new(&stage.simulator.url());
    for command in ["spec", "check", "discover"] {
        let mut run = bench.command(command, if command == "spec" { &[] } else { &files[..1] });
        run.env("TERM", "xterm-256color");
        let said = Said::of(run, (80, 24));
        assert_eq!((said.code, said.screen.as_str()), (Some(0), ""), "{command}");
    }
    for term in [None, Some(""), Some("dumb")] {
        let mut run = bench.command("read", &files);
        term.map(|term| run.env("TERM", term));
        let said = Said::of(run, (80, 24));
        assert_eq!((said.code, said.screen.as_str()), (Some(0), ""), "{term:?}");
    }
}

#[test]
fn nothing_comes_between_what_another_program_draws() {
    let catalog = Catalog::of(&["contacts", "owners"], Mode::Full);
    let stage = at_a_terminal(calm(few()));
    let reading = stage.reading(&catalog, &Value::Null);
    let mut program = Command::new("sh");
    program.args(["-c", "\"$@\"; exit $?", "sh"]).arg(reading.get_program());
    program
        .args(reading.get_args())
        .envs(reading.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let said = Said::of(program, (80, 24));
    assert_eq!((said.code, said.screen.as_str()), (Some(0), ""));
    assert_eq!(said.records("contacts"), 230);
}

#[test]
fn a_terminal_that_shows_the_records_shows_nothing_between_them() {
    let catalog = Catalog::of(&["owners"], Mode::Full);
    let stage = at_a_terminal(calm(few()));
    let terminal = Terminal::new(80, 24);
    let mut command = stage.reading(&catalog, &Value::Null);
    command.process_group(0);
    let (mut child, _) = spawn(command.stdout(terminal.handle()).stderr(terminal.handle()));
    let screen = std::thread::spawn(move || terminal.written(command));
    assert!(child.wait().expect("a status").success());
    for line in screen.join().expect("all of it").lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
}

#[test]
fn colours_are_left_out_on_demand() {
    let catalog = Catalog::of(&["contacts", "owners"], Mode::Full);
    for (no_color, expected) in [(None, true), (Some("1"), false)] {
        let mut stage = at_a_terminal(calm(few()));
        if let Some(value) = no_color {
            stage.set("NO_COLOR", value);
        }
        let said = Said::of(stage.reading(&catalog, &Value::Null), (80, 24));
        let is_coloured = said.screen.split("\x1b[").any(|piece| piece.starts_with("32m"));
        assert_eq!(is_coloured, expected, "{no_color:?}: {:?}", said.screen);
        assert!(said.screen.contains("contacts"));
    }
}

#[test]
fn what_is_not_complete_says_why() {
    let scopes = ["crm.objects.contacts.read", "crm.schemas.contacts.read", "oauth"];
    let catalog = Catalog::of(&["contacts", "deals"], Mode::Incremental);
    let stage = at_a_terminal(Config { access: access_to(&scopes), ..calm(few()) });
    let said = Said::of(stage.reading(&catalog, &Value::Null), (120, 24));
    assert_eq!(said.words("– deals").last().map(String::as_str), Some("skipped"));
    let why = said.words("– deals: ").join(" ");
    assert!(why.starts_with("– deals: needs the scope"), "{why}");
    let mut stage = at_a_terminal(calm(few()));
    stage.config = token_config("pat-refused");
    let said = Said::of(stage.reading(&catalog, &Value::Null), (120, 24));
    let lines = lines(&said.screen);
    let [line] = &*lines else { panic!("a table or more: {lines:#?}") };
    assert!(line.starts_with("✗ HubSpot refuses the credentials"), "{line}");
    stage.config = json!({});
    let said = Said::of(stage.reading(&catalog, &Value::Null), (120, 24));
    assert_eq!(
        Sheet::of(&said.screen).lines[0],
        "✗ the configuration does not fit: `credentials` is missing"
    );
}

#[test]
fn warnings_stand_below_the_table() {
    let mut stage = at_a_terminal(calm(few()));
    stage.config["startdate"] = json!("2024-01-01");
    let catalog = Catalog::of(&["contacts", "owners"], Mode::Incremental);
    let saved = state_of("contcts", &json!({ "updatedAt": "2026-09-01T00:00:00.000000Z" }));
    let said = Said::of(stage.reading(&catalog, &saved), (200, 24));
    assert_eq!(said.code, Some(0));
    let shown = lines(&said.screen);
    let (table, warnings) = shown.split_at(shown.len() - 2);
    assert!(table.last().is_some_and(|line| line.ends_with("all complete")), "{shown:#?}");
    assert_eq!(
        warnings,
        [
            "! `startdate` is not a key of the configuration and is ignored (did you mean \
             `start_date`?)",
            "! the state of `contcts` is not used: the configured catalog does not select it",
        ]
    );
    for key in 0..12 {
        stage.config[format!("unknown_{key}")] = json!(1);
    }
    let said = Said::of(stage.reading(&catalog, &Value::Null), (200, 24));
    let shown = lines(&said.screen);
    assert_eq!(shown.iter().filter(|line| line.starts_with("! `")).count(), 10, "{shown:#?}");
    assert_eq!(shown.last().map(String::as_str), Some("! and 3 more warnings in the log"));
}

#[test]
fn a_catalog_without_streams_has_a_line_instead_of_a_table() {
    let stage = at_a_terminal(calm(few()));
    let said = Said::of(stage.reading(&Catalog::of(&[], Mode::Full), &Value::Null), (80, 24));
    assert_eq!(said.code, Some(0));
    assert_eq!(lines(&said.screen), ["! the catalog selects no streams, so nothing is read"]);
}

#[test]
fn a_closed_pipe_leaves_nothing_on_the_terminal() {
    let stage = stage();
    let terminal = Terminal::new(100, 30);
    let mut command = stage.reading(&Catalog::of(&["contacts", "deals"], Mode::Full), &Value::Null);
    command.process_group(0);
    let (mut child, _) = spawn(command.stdout(Stdio::piped()).stderr(terminal.handle()));
    let mut pipe = child.stdout.take().expect("a pipe");
    let screen = std::thread::spawn(move || terminal.written(command));
    pipe.read_exact(&mut vec![0; 100_000]).expect("some records");
    drop(pipe);
    assert_eq!(child.wait().expect("a status").code(), Some(1));
    let screen = screen.join().expect("all of stderr");
    assert!(screen.contains("contacts"), "there was a live display");
    assert_eq!(lines(&screen), Vec::<String>::new());
}

#[test]
fn a_host_that_cannot_be_reached_is_named_with_the_cause() {
    let host = nobody();
    let mut bench = Bench::new(&format!("http://{host}"));
    bench.environment.push(("TERM", "xterm-256color".to_owned()));
    let (config, catalog) = (oauth_config(), Catalog::of(&["contacts", "owners"], Mode::Full));
    let files = [("config", &config), ("catalog", catalog.json())];
    let said = Said::of(bench.command("read", &files), (120, 24));
    let live = format!("! cannot reach {host}: connection refused; attempt ");
    assert!(said.screen.contains(&live[2..]), "{}", said.screen);
    let expected = format!(
        "✗ the host {host} (HUBSPOT_API_URL) refuses the connection; check the address, the firewall or \
         HTTPS_PROXY, then try again"
    );
    assert_eq!((said.code, lines(&said.screen)), (Some(1), vec![expected]));
    // The first line of stdout is the warning.
    let said = Said::signalled(bench.command("read", &files), (120, 24), Some(("INT", 60)));
    let shown = lines(&said.screen);
    let (table, rest) = shown.split_at(shown.len() - 2);
    assert!(table.iter().any(|line| line.ends_with("interrupted")), "{shown:#?}");
    assert_eq!(
        rest,
        [
            format!("! cannot reach {host}: connection refused; trying again for up to 20 s"),
            "✗ the sync was asked to stop; the next sync resumes where it stopped".to_owned(),
        ]
    );
}

#[test]
fn a_hundred_streams_keep_within_the_screen() {
    let config = calm(PortalSpec { contacts: 3_000, properties: 0, ..few() });
    let stage = at_a_terminal(Config { latency: Duration::from_millis(100), ..config });
    let catalog = stage.catalog(Mode::Full);
    let said = Said::of(stage.reading(&catalog, &Value::Null), (80, 15));
    let ups = said.screen.split("\x1b[").filter_map(|piece| piece.split_once('A'));
    let ups: Vec<usize> = ups.filter_map(|(number, _)| number.parse().ok()).collect();
    assert!(ups.len() > 2 && ups.iter().all(|up| *up < 15), "{ups:?}");
    assert!(said.screen.contains("… and "), "{}", said.screen);
    let rows = Sheet::of(&said.screen).lines;
    let rows = rows.iter().filter(|line| line.starts_with('✓')).count();
    assert!(rows >= 80, "{rows} streams are in the table");
}
