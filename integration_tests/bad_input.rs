//! Invalid configurations, catalogs and environment variables: every error has a message with the next step, a failure type and an exit code.

use serde_json::json;

use crate::support::{Bench, Catalog, Mode, Stage, TOKEN_FORM, few};

/// Runs `check` with exactly this configuration text.
fn check(config: &str) -> (String, Option<i32>) {
    let output = Bench::new("http://127.0.0.1:9").run_raw("check", &[("config", config)]);
    assert!(output.errors().is_empty());
    let (status, message) = output.connection();
    assert_eq!(status, "FAILED");
    (message.to_owned(), output.code)
}

#[test]
fn a_configuration_that_does_not_fit_is_a_failed_check_naming_every_field() {
    const TITLE: &str = "The configuration does not fit: `credentials.credentials_title` must be \
                         `OAuth Credentials` or `Private App Credentials`, or be left out; \
                         `credentials.api_key` is not a key of the configuration and is ignored \
                         (did you mean `access_token`?).";
    for (case, config, expected) in [
        (
            "not JSON",
            "{\"credentials\":",
            "The configuration does not fit: it is not JSON (it ends too early, at line 1 column 15).",
        ),
        ("empty", "", "The configuration does not fit: it is empty."),
        (
            "a list",
            "[]",
            "The configuration does not fit: it must be a JSON object {…}, not a list.",
        ),
        (
            "a token at the top level",
            r#"{"access_token":"pat-canary-9"}"#,
            "The configuration does not fit: `access_token` belongs inside `credentials`: \
             {\"credentials\": {\"access_token\": \"pat-na1-…\"}}.",
        ),
        (
            "the example of a token",
            r#"{"credentials":{"access_token":"pat-na1-..."}}"#,
            "The configuration does not fit: `credentials.access_token` is cut off or an example, \
             because it ends in an ellipsis; copy all of it from HubSpot.",
        ),
        ("no credentials", "{}", "The configuration does not fit: `credentials` is missing."),
        (
            "several fields",
            r#"{"lookback_window":-1,"num_worker":"many","credentials":{"credentials_title":"OAuth Credentials","client_id":7}}"#,
            "The configuration does not fit: `credentials.client_secret` is missing; \
             `credentials.refresh_token` is missing; \
             `credentials.client_id` is a number; write a text in double quotes; \
             `lookback_window` is too small; write a whole number from 0 to 576000; \
             `num_worker` is a text; write a whole number from 1 to 40 without quotes.",
        ),
        (
            "an unknown title",
            r#"{"credentials":{"credentials_title":"API Key Credentials","api_key":"pat-canary-9"}}"#,
            TITLE,
        ),
        (
            "a start date in words",
            r#"{"start_date":"soon","credentials":{"credentials_title":"Private App Credentials","access_token":"x"}}"#,
            "The configuration does not fit: `start_date` is not a date; write it like \
             2017-01-25T00:00:00Z.",
        ),
    ] {
        assert_eq!(check(config), (expected.to_owned(), Some(0)), "{case}");
    }
}

#[test]
fn a_configuration_that_does_not_fit_ends_other_commands_with_a_trace() {
    let bench = Bench::new("http://127.0.0.1:9");
    for (command, files) in [
        ("discover", vec![("config", "{}")]),
        ("read", vec![("config", "{}"), ("catalog", r#"{"streams":[]}"#)]),
    ] {
        let output = bench.run_raw(command, &files);
        let expected = "The configuration does not fit: `credentials` is missing.";
        assert_eq!(
            (output.error(), output.code),
            ((expected, "config_error"), Some(1)),
            "{command}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    let bench = Bench::new("http://127.0.0.1:9");
    let path = "/nonexistent/config.json";
    let expected = format!(
        "The configuration file `{path}` cannot be opened: No such file or directory (os error 2)."
    );
    let mut command = bench.command("check", &[]);
    command.args(["--config", path]);
    let output = crate::support::Output::of(command);
    assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
    let mut command = bench.command("discover", &[]);
    command.args(["--config", path]);
    let output = crate::support::Output::of(command);
    assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
}

#[test]
fn a_catalog_that_cannot_be_read_is_an_error() {
    let stage = Stage::calm(few());
    let modes = json!({ "streams": [{
        "stream": { "name": "deals", "json_schema": {} }, "sync_mode": "INVALID",
        "destination_sync_mode": "INVALID", "cursor_field": null, "primary_key": null,
    }] });
    let discovered = stage.discover();
    // The catalog that the message contains, and the failed output of another `discover`.
    let offered = discovered.catalog().to_string();
    let failed = Bench::new("http://127.0.0.1:9").run_raw("discover", &[("config", "{}")]).stdout;
    stage.simulator.clear_journal();
    let requests = stage.simulator.summary().requests;
    for (case, catalog, expected) in [
        ("empty", "", "is empty: the `discover` that should have filled it has probably failed"),
        (
            "not JSON",
            "streams",
            "is not JSON (a value is missing or misspelled, at line 1 column 1)",
        ),
        ("no streams", "{}", "has no list `streams`"),
        ("the output of `discover`", &discovered.stdout, "is the output of `discover`"),
        ("the output of a failed `discover`", &failed, "holds messages of the connector and no"),
        ("streams without a mode", &offered, "lists the streams that can be read, as `discover`"),
        ("a list of names", r#"["contacts"]"#, "is a list of names"),
        (
            "an invalid sync mode",
            &modes.to_string(),
            "has, in the entry of `deals`, the `sync_mode` \"INVALID\"; write `full_refresh` or \
             `incremental`",
        ),
    ] {
        let bench = Bench::new(&stage.simulator.url());
        let output = bench.run_raw("read", &[("config", TOKEN_FORM), ("catalog", catalog)]);
        let (message, failure_type) = output.error();
        assert_eq!((failure_type, output.code), ("config_error", Some(1)), "{case}");
        assert!(message.starts_with("The configured catalog `/"), "{case}: {message}");
        assert!(message.contains(&format!(".json` {expected}")), "{case}: {message}");
        let end = r#"; a catalog is {"streams":[{"stream":{"name":"contacts"},"sync_mode":"full_refresh"}]}; `source-hubspot catalog` prints one, and `read --streams contacts,deals` needs none."#;
        assert!(message.ends_with(end), "{case}: {message}");
    }
    assert_eq!(stage.simulator.summary().requests, requests);
}

#[test]
fn a_byte_order_mark_at_the_beginning_of_a_file_is_skipped() {
    let stage = Stage::calm(few());
    let catalog = Catalog::of(&["owners"], Mode::Full);
    let bench = Bench::new(&stage.simulator.url());
    let marked = |text: String| format!("\u{feff}{text}");
    let texts =
        [marked(stage.config.to_string()), marked(catalog.json().to_string()), marked("[]".into())];
    let files: Vec<_> = ["config", "catalog", "state"].into_iter().zip(&texts).collect();
    let files: Vec<_> = files.iter().map(|(option, text)| (*option, text.as_str())).collect();
    let output = bench.run_raw("read", &files).succeeded();
    assert_eq!(output.statuses("owners").last(), Some(&"COMPLETE"));
}

#[test]
fn ignored_keys_a_start_in_the_future_and_log_levels_are_warnings() {
    let mut stage = Stage::calm(few());
    stage.config["startdate"] = json!("2024-01-01");
    stage.config["pat-na1-canary-9"] = json!(true);
    stage.config["__airbyte_check_stream_names"] = json!([]);
    stage.config["start_date"] = json!("2030-01-01");
    stage.set("LOG_LEVEL", "debg");
    let expected = [
        "LOG_LEVEL is not a log level (did you mean `debug`?), so `info` is used; set it to \
         `error`, `warn`, `info` or `debug`",
        "a key, whose name is not shown because it could be a secret, is not a key of the \
         configuration and is ignored",
        "`startdate` is not a key of the configuration and is ignored (did you mean `start_date`?)",
        "`start_date` is in the future (2030-01-01T00:00:00Z): records that changed earlier are left \
         out, so nothing is read; set it to a date in the past, or leave it out",
    ];
    assert_eq!(stage.check().succeeded().warnings(), expected);
    assert_eq!(stage.discover().succeeded().warnings(), expected);
    let read = stage.read(&Catalog::of(&["contacts"], Mode::Full)).succeeded();
    assert_eq!(read.warnings(), expected);
    assert!(!read.stdout.contains("pat-na1-canary-9"));
}

#[test]
fn a_catalog_without_streams_is_a_warning() {
    let stage = Stage::calm(few());
    let output = stage.read(&Catalog::of(&[], Mode::Full)).succeeded();
    assert_eq!(output.warnings(), ["the catalog selects no streams, so nothing is read"]);
}

#[test]
fn a_column_that_does_not_exist_is_a_warning() {
    let mut stage = Stage::calm(few());
    let whole = stage.catalog(Mode::Full);
    let output = stage.read(&whole).succeeded();
    let is_about_columns = |warning: &&&str| warning.contains("has no column");
    assert_eq!(output.warnings().iter().find(is_about_columns), None, "as discovered");
    // Properties that the configuration excludes are columns of the stream.
    stage.config["properties_exclude"] = json!(["hs_*"]);
    let output = stage.read(&whole.only(&["contacts", "deals"])).succeeded();
    assert_eq!(output.warnings(), [""; 0]);
    let mut catalog = stage.catalog(Mode::Full).only(&["contacts", "deals", "owners"]);
    let columns = catalog.columns("contacts");
    columns.clear();
    columns.insert("properties_emial".into(), json!({}));
    catalog.columns("owners").insert("fristName".into(), json!({}));
    let output = stage.read(&catalog).succeeded();
    let mut warnings = output.warnings();
    warnings.sort_unstable();
    assert_eq!(
        warnings,
        [
            "`contacts` has no column `properties_emial` (did you mean `properties_email`?) (deleted \
             in HubSpot, or a typing error); its records come without it",
            "`owners` has no column `fristName` (did you mean `firstName`?) (deleted in HubSpot, or a \
             typing error); its records come without it",
        ]
    );
}

#[test]
fn a_stream_that_does_not_exist_fails_alone() {
    let stage = Stage::calm(few());
    let misspelled = stage.read(&Catalog::of(&["boat"], Mode::Full));
    let expected = "The stream `boat` does not exist in this portal (did you mean `boats`?); refresh \
                    the source schema, then select the stream again or leave it out.";
    assert_eq!((misspelled.error(), misspelled.code), ((expected, "config_error"), Some(1)));
    let output = stage.read(&Catalog::of(&["widgets", "deals"], Mode::Full));
    let expected = "The stream `widgets` does not exist in this portal; refresh the source schema, \
                    then select the stream again or leave it out.";
    assert_eq!((output.error(), output.code), ((expected, "config_error"), Some(1)));
    assert_eq!(output.errors()[0]["stream_descriptor"], json!({ "name": "widgets" }));
    assert_eq!(output.statuses("widgets"), ["INCOMPLETE"]);
    assert_eq!(output.statuses("deals"), ["STARTED", "RUNNING", "COMPLETE"]);
    assert_eq!(output.ids("deals").len(), 110);
    let last = output.lines.last().unwrap();
    assert!(
        last["trace"]["error"].is_object(),
        "the error comes last, for readers that stop there"
    );
}

#[test]
fn an_environment_that_cannot_work_is_named() {
    for (variable, value, problem) in [
        (
            "HUBSPOT_API_URL",
            "http://api.example.com",
            "must begin with https:// unless the host is this machine",
        ),
        ("HUBSPOT_API_URL", "ftp://127.0.0.1", "must begin with https://"),
        ("HUBSPOT_API_URL", "api.example.com", "is not a URL"),
        ("HUBSPOT_API_VERSION", "v3", "must be `dated` or `classic`"),
    ] {
        let mut bench = Bench::new("http://127.0.0.1:9");
        bench.environment.push((variable, value.to_owned()));
        let expected = format!("The environment variable {variable} {problem}.");
        let output = bench.run_raw("check", &[("config", TOKEN_FORM)]);
        assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
        let output = bench.run_raw("discover", &[("config", TOKEN_FORM)]);
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
    }
}
