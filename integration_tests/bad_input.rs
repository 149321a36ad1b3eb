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
                         `OAuth Credentials` or `Private App Credentials`.";
    for (case, config, expected) in [
        (
            "not JSON",
            "{\"credentials\":",
            "The configuration does not fit: it is not JSON (EOF while parsing a value at line 1 column 15).",
        ),
        (
            "empty",
            "",
            "The configuration does not fit: it is not JSON (EOF while parsing a value at line 1 column 0).",
        ),
        ("a list", "[]", "The configuration does not fit: it has the wrong type."),
        ("no credentials", "{}", "The configuration does not fit: `credentials` is missing."),
        (
            "several fields",
            r#"{"lookback_window":-1,"num_worker":"many","credentials":{"credentials_title":"OAuth Credentials","client_id":7}}"#,
            "The configuration does not fit: `credentials.client_secret` is missing; \
             `credentials.refresh_token` is missing; \
             `credentials.client_id` has the wrong type; \
             `lookback_window`: the value is less than the minimum of 0; \
             `num_worker` has the wrong type.",
        ),
        ("no title", r#"{"credentials":{"access_token":"pat-canary-9"}}"#, TITLE),
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
    for (case, catalog, expected) in [
        ("not JSON", "streams".to_owned(), "expected value at line 1 column 1"),
        ("no streams", "{}".to_owned(), "missing field `streams` at line 1 column 2"),
        (
            "an invalid sync mode",
            modes.to_string(),
            "unknown variant `INVALID`, expected `full_refresh` or `incremental` at line 1 column 150",
        ),
    ] {
        let bench = Bench::new(&stage.simulator.url());
        let output = bench.run_raw("read", &[("config", TOKEN_FORM), ("catalog", &catalog)]);
        let expected = format!("The configured catalog cannot be read: {expected}.");
        assert_eq!(
            (output.error(), output.code),
            ((expected.as_str(), "config_error"), Some(1)),
            "{case}"
        );
    }
    assert_eq!(stage.simulator.summary().requests, 0);
}

#[test]
fn a_stream_that_does_not_exist_fails_alone() {
    let stage = Stage::calm(few());
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
